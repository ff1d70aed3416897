"""The files of the documents, away from any page: uploads, no-break spaces, ZIP, figures, LibreOffice."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import numpy as np
import pandas as pd
import pytest
from docx import Document
from PIL import Image
from pptx import Presentation

from views.livrables import pdf, slides, word
from views.livrables.figures import (
    gradient_figure,
    heads_figure,
    series_figure,
    spine_figure,
)
from views.livrables.model import (
    Bullets,
    Facts,
    Figure,
    Heading,
    Note,
    Paragraph,
    Report,
    Section,
    Slide,
    Table,
    french_date,
)
from views.livrables.package import printable, rezipped, zipped
from views.livrables.uploads import RefusedFile, checked_logo, checked_template
from views.livrables.words import vintage_text
from views.observation import Reading
from views.spine import SpineRow

DAY = date(2026, 3, 1)
FACTS = Facts(
    "Diagnostic",
    "CLS d'essai",
    "Val-d'Oise",
    "Millésimes 2019 à 2024",
    DAY,
    DAY,
    "embarque-1",
    "1.0",
)
SHARE = Reading("%", 1, "ratio")


def png(width: int = 40, height: int = 20, mode: str = "RGBA") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (width, height), "navy").save(buffer, "PNG")
    return buffer.getvalue()


def report(rows: int = 60) -> Report:
    """Every kind of block, and a table longer than a page."""
    table = Table(
        "Longue table",
        ("Indicateur", "Ici", "Ailleurs"),
        tuple(
            (f"Ligne {n} : un libellé qui prend de la place", f"{n},5 %", "–") for n in range(rows)
        ),
        frozenset({1, 2}),
        (3, 1, 1),
        total=True,
    )
    blocks = (
        Paragraph("Une phrase forte.", strong=True),
        Paragraph("Une phrase."),
        Heading("Sous-titre"),
        Bullets(("Un point ;", "un autre.")),
        table,
        Figure(png(1200, 700, "RGB"), "Une image bleue, pour essai.", "Un carré"),
        Note("Une prudence."),
    )
    sections = (Section("un", "Première partie", blocks), Section("deux", "Seconde", blocks[:4]))
    deck = (Slide("Un message", blocks[:1] + blocks[5:6], "Source et prudence."),)
    return Report(FACTS, sections, deck)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("« mot » : oui ?", "«\u00a0mot\u00a0»\u00a0: oui\u00a0?"),
        ("12 %", "12\u00a0%"),
        ("10 000 habitants", "10\u202f000 habitants"),
        ("≈ 2,5", "≈\u00a02,5"),
        ("en 2019 2020", "en 2019 2020"),
        ("a\x00b\x1fc\nd\u200be", "abc de"),
    ],
)
def test_printable_text(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_dates_and_vintages() -> None:
    assert french_date(DAY) == "1er\u00a0mars\u00a02026"
    assert vintage_text(["2019", "2021-2025", "2025-09-01/2026-08-31"]) == "Millésimes 2019 à 2026"
    assert vintage_text(["2023"]) == "Millésime 2023" and vintage_text([]) == "Aucun chiffre"


def test_zip_bytes_do_not_depend_on_the_moment() -> None:
    one = zipped({"a": b"1", "b": b"2"}, DAY)
    assert one == zipped({"a": b"1", "b": b"2"}, DAY) == rezipped(one, DAY)
    assert zipfile.ZipFile(io.BytesIO(one)).infolist()[0].date_time[:3] == (2026, 3, 1)


def test_a_logo_keeps_only_its_pixels() -> None:
    image = Image.new("RGB", (3000, 900), "white")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", comment=b"secret")
    kept = checked_logo(buffer.getvalue())
    again = Image.open(io.BytesIO(kept))
    assert again.format == "PNG" and max(again.size) == 1000 and b"secret" not in kept
    assert checked_logo(png()) == checked_logo(png())


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    "content, why",
    [
        (SVG, "PNG ou JPEG"),
        (b"", "PNG ou JPEG"),
        (b"GIF89a" + b"0" * 50, "PNG ou JPEG"),
        (png()[:60], "abîmée"),
        (b"0" * 2_000_001, "2 Mo"),
        (png(6000, 4000, "1"), "pixels"),
    ],
    ids=["svg", "vide", "gif", "tronqué", "gros", "pixels"],
)
def test_hostile_logos_are_refused(content: bytes, why: str) -> None:
    with pytest.raises(RefusedFile, match=why):
        checked_logo(content)


def changed(content: bytes, **entries: bytes) -> bytes:
    """A ZIP with entries added or replaced (« __ » stands for a slash, « _dot_ » for a point)."""
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        kept = {name: source.read(name) for name in source.namelist()}
    names = {name.replace("__", "/").replace("_dot_", "."): text for name, text in entries.items()}
    return zipped(kept | names, DAY)


OUTSIDE = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="x" Type="image" Target="http://x/y.png" TargetMode="External"/></Relationships>'
)


@pytest.mark.parametrize(
    "content, why",
    [
        (b"rien", "lisible"),
        (zipped({"a.txt": b"1"}, DAY), "lisible"),
        (b"0" * 3_000_001, "3 Mo"),
        (changed(word.blank_template(), word__vbaProject_dot_bin=b"1"), "macro"),
        (
            changed(word.blank_template(), word___rels__document_dot_xml_dot_rels=OUTSIDE),
            "ailleurs",
        ),
        (
            changed(
                word.blank_template(), word__document_dot_xml=b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"
            ),
            "définition",
        ),
        (changed(word.blank_template(), word__bombe_dot_bin=b"0" * 31_000_000), "trop gros"),
        (slides.write(report()), "Word"),
    ],
    ids=["texte", "zip", "gros", "macro", "dehors", "entité", "bombe", "diaporama"],
)
def test_hostile_templates_are_refused(content: bytes, why: str) -> None:
    with pytest.raises(RefusedFile, match=why):
        checked_template(content)


def test_a_template_gives_its_styles_and_none_of_its_text() -> None:
    document = Document(io.BytesIO(word.blank_template()))
    document.styles["Heading 1"].font.name = "Georgia"
    document.add_paragraph("Texte du modèle")
    buffer = io.BytesIO()
    document.save(buffer)
    made = Document(io.BytesIO(word.write(report(), checked_template(buffer.getvalue()))))
    assert made.styles["Heading 1"].font.name == "Georgia"
    assert "Texte du modèle" not in [one.text for one in made.paragraphs]
    assert [one.text for one in made.paragraphs if one.style and one.style.name == "Heading 1"] == [
        "Première partie",
        "Seconde",
    ]


def test_word_files_are_the_same_twice() -> None:
    assert word.write(report()) == word.write(report())
    assert slides.write(report()) == slides.write(report())
    assert pdf.write(report(5)) == pdf.write(report(5))


def rows_of_spine() -> list[SpineRow]:
    nan = np.nan
    return [
        SpineRow("T", "Un libellé assez long pour être coupé en deux lignes sans déborder", "12,3 %",
                 "11,0 %", "plus haut", "favorable", True, 0.8, 0.5, 1.1, -0.5, 0.9),
        SpineRow("T", "Sans intervalle", "1", "2", "plus bas", "defavorable", True, -9.0, nan, nan),
    ]  # fmt: skip


def test_figures_are_drawn_the_same_twice_and_differ_in_grey() -> None:
    groups = pd.DataFrame(
        {
            "value": [10.0, np.nan, 14.0],
            "low": [9.0, np.nan, np.nan],
            "high": [11.0, np.nan, np.nan],
        }
    )
    series = pd.DataFrame(
        {"period": ["2019", "2021", "2022"], "value": [1.0, 2.0, 3.0], "low": np.nan, "high": np.nan,
         "series": ["0", "0", "1"]}
    )  # fmt: skip
    drawings = {
        "spine": lambda: spine_figure(rows_of_spine(), "Val-d'Oise"),
        "gris": lambda: spine_figure(rows_of_spine(), "Val-d'Oise", grey=True),
        "gradient": lambda: gradient_figure(groups, ["Les moins favorisées", "2", "3"], SHARE),
        "série": lambda: series_figure([("Ici", series), ("Là", series)], SHARE),
        "tête": lambda: heads_figure(["Cergy", "$x^2$ <b>"], [1.2, 3.4], 2.0, 1),
    }
    made = {name: draw() for name, draw in drawings.items()}
    assert made == {name: draw() for name, draw in drawings.items()}
    assert len(set(made.values())) == len(made)
    grey = np.asarray(Image.open(io.BytesIO(made["gris"])).convert("RGB")).astype(int)
    assert np.ptp(grey, axis=2).max() < 40  # no colour but the bluish greys of the ink


@pytest.mark.parametrize("letters", [10, 200, 600, 1500])
def test_longer_texts_are_smaller_on_a_slide(letters: int) -> None:
    sizes = [slides.fitting(["mot " * (letters // 4)], width, 5.0) for width in (4.0, 8.0, 12.0)]
    assert sizes == sorted(sizes)
    assert slides.fitting(["x" * letters], 6.0, 5.0) >= slides.fitting(
        ["x" * letters] * 3, 6.0, 5.0
    )


def test_what_does_not_hold_on_a_slide_goes_to_the_notes() -> None:
    """Never smaller than twelve points, never out of the slide, never lost."""
    long = tuple(f"Point {n} : " + "un libellé qui prend de la place, " * 6 for n in range(30))
    made = Presentation(
        io.BytesIO(slides.write(Report(FACTS, (), (Slide("T", (Bullets(long),), "N"),))))
    )
    slide = made.slides[1]
    body = next(shape for shape in slide.shapes if "Point 0" in shape.text_frame.text)
    shown = [paragraph.text for paragraph in body.text_frame.paragraphs]
    assert shown[-1] == slides.MORE and 3 < len(shown) < 31
    assert {run.font.size.pt for one in body.text_frame.paragraphs for run in one.runs} == {12}
    assert slide.notes_slide.notes_text_frame is not None
    notes = slide.notes_slide.notes_text_frame.text
    assert notes.startswith("N ") and all(
        any(f"Point {n}\u00a0:" in text for text in (*shown, notes)) for n in range(30)
    )
