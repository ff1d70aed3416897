"""Livrables: every number of every file is the screen's; one failure loses nothing; same bytes again.

The whole set of P1 and of P2 is made once for all the tests of this file, with the screens it comes from.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from docx import Document
from openpyxl import load_workbook
from PIL import Image
from pptx import Presentation
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from diagnostic.perimeter import Perimeter
from diagnostic.project import Project
from diagnostic.records import Action, Entry, Priority, Vote
from pages import chapters, deck
from pages.maps_drawn import SLIDE_SCALE
from pages.menu import PAGES as MENU
from tests import mortality_country as country
from tests.conftest import ROOT
from tests.pages.livrables_files import (
    CERGY,
    DRAWN,
    QUERCY,
    Grid,
    deck_texts,
    docx_grids,
    docx_rows,
    docx_text,
    docx_texts,
    make,
    numbers,
    pdf_text,
    pdf_texts,
    screen_grids,
    slides_text,
    squeezed,
    typed_numbers,
    zip_names,
)
from tests.pages.test_pages import check, html_of, open_page, rows_of, texts_of
from tests.pages.test_reunion import frame_of, french
from views.classification import palette
from views.lexicon import refused_words
from views.livrables.figures import POINTS
from views.livrables.model import FAILED
from views.livrables.slides import LEAST
from views.qr import qr_png
from warehouse.indicators import load_indicators
from warehouse.paths import published
from warehouse.read import Warehouse

SCREENS = (
    "perimetre",
    "ce_qui_ressort",
    "portrait",
    "inegalites",
    "acces_aux_soins",
    "carte",
    "cibles",
    "intensite",
    "mortalite",
    "diagnostic_partage",
    "donnees",
)
# A map as a slide has it: its width before it is reduced, its smallest letters (its scale).
MAP_INCHES, MAP_POINTS = 10, 9 * SLIDE_SCALE
NUMBER = re.compile(r"[−+]?\d[\d ]*(?:,\d+)?")
BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
EMBEDDED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}embed"
BOTH = pytest.mark.parametrize("asked", [CERGY, QUERCY], ids=["P1", "P2"])


@dataclass(frozen=True)
class Screen:
    """What a page shows: its texts, its tables, its sentences."""

    texts: str
    grids: list[Grid]
    sentences: list[str]


@dataclass(frozen=True)
class Made:
    """The six documents of a perimeter and the screens that they come from."""

    files: dict[str, bytes]
    screens: dict[str, Screen]
    frame: pd.DataFrame

    @property
    def grids(self) -> list[Grid]:
        return [grid for screen in self.screens.values() for grid in screen.grids]

    @property
    def known(self) -> set[str]:
        """Every number of the screens; the intervals are those of the figures that they draw."""
        found = {one for screen in self.screens.values() for one in typed_numbers(screen.texts)}
        cards = load_indicators()
        for row in self.frame.dropna(subset=["low", "high"]).itertuples():
            found |= {french(row.low, cards[row.Index].decimals).lstrip("−")}
            found |= {french(row.high, cards[row.Index].decimals).lstrip("−")}
        return found


def screen_of(test: AppTest) -> Screen:
    said = [squeezed(re.sub(r"\\(.)", r"\1", one.value)) for one in test.markdown]
    return Screen(f"{texts_of(test)}\n{html_of(test)}", screen_grids(test), said)


def gradients_of(content: bytes) -> list[str]:
    """Indicators whose gradient the chapter draws: a heading « label, year » each."""
    names = {card.label: card.id for card in load_indicators().values()}
    titles = [
        squeezed(one.text).rpartition(", ")[0]
        for one in Document(io.BytesIO(content)).paragraphs
        if one.style and one.style.name == "Heading 2"
    ]
    return [names[title] for title in titles if title in names]


@pytest.fixture(scope="module")
def made(embedded_data_dir: Path) -> Iterator[Callable[[str], Made]]:
    """The documents of a perimeter, made at the first call."""

    @cache
    def of(asked: str) -> Made:
        test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        screens = {name: screen_of(open_page(test, name, asked)) for name in SCREENS}
        page = open_page(test, "livrables", asked)
        check(page, "livrables")
        files, failed = make(page)
        assert not failed
        for name in gradients_of(files["word"]):
            other = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
            shown = open_page(other, "inegalites", asked, indicateur=name)
            screens[f"inegalites:{name}"] = screen_of(shown)
        return Made(files, screens, frame_of(asked))

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIENT_DATA_DIR", str(embedded_data_dir))
        patch.chdir(ROOT)
        yield of


def first_number(text: str) -> float:
    """The first number of a French text."""
    found = NUMBER.search(text)
    assert found, text
    return float(found.group(0).replace(" ", "").replace(",", ".").replace("−", "-"))


def findings_of(screen: Screen) -> list[str]:
    """Sentences of the findings on the page Ce qui ressort."""
    return [
        one
        for one in screen.sentences
        if re.match(r"(La|Le|L'|Les) .* (est|de|:)", one) and "Périmètre" not in one
    ]


def spine_of(screen: Screen) -> list[tuple[str, ...]]:
    """Label, value, comparator and verdict of every row of the spine."""
    return [
        (row[0], row[1], row[2], row[4])
        for grid in screen.grids
        for row in grid.rows
        if len(row) == 5
    ]


@BOTH
def test_no_number_of_a_document_is_not_on_a_screen(
    made: Callable[[str], Made], asked: str
) -> None:
    """All of them: texts, cells, notes of the speaker, alternative texts."""
    found = made(asked)
    known, files = found.known, found.files
    for texts in (
        deck_texts(files["diapos"]),
        docx_texts(files["word"]),
        pdf_texts(files["pdf"]),
        pdf_texts(files["feuillet"]),
    ):
        told = {(one, text) for text in texts for one in numbers(text)}
        assert len(told) >= 50  # figures of the build's own name included
        assert [one for one in told if one[0] not in known] == []


@BOTH
def test_no_table_of_a_screen_is_changed_in_the_chapter(
    made: Callable[[str], Made], asked: str
) -> None:
    """Every table that a screen has too: the same rows, none left out, none more."""
    found = made(asked)
    compared = set()
    for grid in docx_grids(found.files["word"]):
        for other in found.grids:
            shared = [name for name in grid.columns if name in other.columns]
            same = grid.columns[0] == other.columns[0] and 2 * len(shared) > len(grid.columns)
            if same and grid.keeping(shared) == other.keeping(shared):
                compared.add(grid)
        if grid.columns[:2] == ("Commune", "Code"):
            (listed,) = [
                one for one in found.screens["perimetre"].grids if one.columns[0] == "Commune"
            ]
            said = {(f"{name} ({code})", body, people) for name, code, body, people in grid.rows}
            assert said == listed.keeping(["Commune", "Intercommunalité", "Habitants"])
            compared.add(grid)
    left = [grid for grid in docx_grids(found.files["word"]) if grid not in compared]
    # Portrait, EPCI, sources and annex: read below, cell by cell.
    assert {grid.columns[0] for grid in left} == {"Indicateur", "Intercommunalité", "Source"}
    assert all(
        grid.columns[1] == "Ici" or "Licence" in grid.columns
        for grid in left
        if grid.columns[0] != "Intercommunalité"
    )
    assert {grid.columns[0] for grid in compared} == {
        "Au plus proche", "Commune", "Groupe de communes", "Indicateur", "Profession", "Territoire",
        "Élément",
    }  # fmt: skip


@BOTH
def test_no_figure_of_the_screen_is_missing(made: Callable[[str], Made], asked: str) -> None:
    found = made(asked)
    files, ressort = found.files, found.screens["ce_qui_ressort"]
    screen, said = spine_of(ressort), findings_of(ressort)
    assert len(screen) > 20 and len(said) >= 3
    word, pdf, handout = (
        docx_text(files["word"]), pdf_text(files["pdf"]), pdf_text(files["feuillet"]),
    )  # fmt: skip
    assert FAILED not in word
    portrait = [row for row in docx_rows(files["word"]) if len(row) == 6]
    for label, own, other, verdict in screen:
        (row,) = [one for one in portrait if one[0] == label or one[0].startswith(f"{label} (")]
        assert (row[1], row[3], row[4]) == (own, other, verdict), label
        assert own in pdf and other in pdf, label
    for sentence in said:
        assert sentence in word and sentence in pdf and sentence in handout
    groups = [one for one in found.screens["cibles"].sentences if one.startswith("Socle")]
    assert groups and all(one in word and one in pdf for one in groups[:1])
    slides = " ".join(slides_text(files["diapos"]))
    shown = [one for one in said if "communes les moins favorisées" not in one][:2]
    assert shown and all(one in slides for one in shown)


@BOTH
def test_the_workbook_holds_every_number_and_state(made: Callable[[str], Made], asked: str) -> None:
    """Real numbers, all of those that the screens draw and no other; no formula."""
    found = made(asked)
    book = load_workbook(io.BytesIO(found.files["excel"]))
    figures: dict[str, dict[str, Any]] = {}
    for sheet in book.worksheets:
        assert sheet.freeze_panes == "A4" and not [
            cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"
        ]
        head = [cell.value for cell in sheet[3]]
        if "Valeur" in head and "Numérateur" in head:
            for line in sheet.iter_rows(min_row=4, values_only=True):
                figures[str(line[head.index("Indicateur")])] = dict(zip(head, line, strict=True))
    assert {"Population", "Déterminants sociaux"} <= set(book.sheetnames)
    cards = load_indicators()
    assert set(figures) == {cards[name].label for name in found.frame.index}
    columns = {
        "Valeur": "value", "Numérateur": "numerator", "Dénominateur": "denominator",
        "Borne basse à 95 %": "low", "Borne haute à 95 %": "high", "Valeur de comparaison": "other",
    }  # fmt: skip
    for name, row in found.frame.iterrows():
        for title, column in columns.items():
            written = figures[cards[str(name)].label][title]
            assert (
                written is None if pd.isna(row[column]) else written == pytest.approx(row[column])
            ), (name, title)
    assert {row["État"] for row in figures.values()} >= {"publié", "approché"}
    for label, own, other, _ in spine_of(found.screens["ce_qui_ressort"]):
        row = figures[label]
        for said, value in ((own, row["Valeur"]), (other, row["Valeur de comparaison"])):
            text = NUMBER.search(said)
            assert text and isinstance(value, int | float)
            decimals = len(text.group(0).partition(",")[2])
            assert first_number(said) == pytest.approx(
                round(value, decimals), abs=10.0**-decimals / 2 + 1e-9
            )
    words = {grid.columns: grid for grid in docx_grids(found.files["word"])}
    split = words[next(columns for columns in words if "Proportionné" in columns)]
    sheet = book["Répartition"]
    head = [cell.value for cell in sheet[3]]
    for line in sheet.iter_rows(min_row=4, values_only=True):
        said_row = next(row for row in split.rows if row[0] == line[0])
        for title, value in zip(head, line, strict=True):
            if title in split.columns and title != "Territoire" and value is not None:
                written = said_row[split.columns.index(title)]
                decimals = len(written.partition(",")[2])
                assert first_number(written) == pytest.approx(value, abs=10.0**-decimals / 2 + 1e-9)
    groups = list(book["Groupes de besoin"].iter_rows(min_row=4, values_only=True))
    assert len(groups) == len(book["Communes"]["A"]) - 3
    assert all(isinstance(row[-1], int) for row in groups)


def test_a_secret_is_a_state_of_the_workbook(made: Callable[[str], Made]) -> None:
    book = load_workbook(io.BytesIO(made(QUERCY).files["excel"]))
    sheet = book["Déterminants sociaux"]
    head = [cell.value for cell in sheet[3]]
    rows = [
        dict(zip(head, line, strict=True)) for line in sheet.iter_rows(min_row=4, values_only=True)
    ]
    (poverty,) = [row for row in rows if row["Indicateur"] == "Taux de pauvreté au seuil de 60 %"]
    assert poverty["Valeur"] is None and poverty["État"] == "pas de chiffre"
    assert "secret" in str(poverty["Précision"])


def test_the_open_files_describe_themselves(made: Callable[[str], Made]) -> None:
    archive = zipfile.ZipFile(io.BytesIO(made(QUERCY).files["ouvertes"]))

    def read(name: str) -> list[dict[str, str]]:
        text = archive.read(name).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text), delimiter=";"))

    described = {(row["fichier"], row["colonne"]) for row in read("dictionnaire.csv")}
    for name in ("perimetre.csv", "communes.csv", "territoires.csv"):
        rows = read(name)
        assert rows and {(name, column) for column in rows[0]} <= described
    secret = [row for row in read("communes.csv") if row["etat"] == "secret statistique"]
    assert secret and not any(row["valeur"] or row["numerateur"] for row in secret)
    assert {row["indicateur"] for row in read("communes.csv")} <= {
        row["indicateur"] for row in read("indicateurs.csv")
    }
    project = json.loads(archive.read("perimetre.json"))
    assert project["perimetre"] == QUERCY and "paroles" not in project


def test_regenerating_gives_the_same_bytes(app_test: AppTest, made: Callable[[str], Made]) -> None:
    """Another session, the same address: each of the six files, byte for byte."""
    again, _ = make(open_page(app_test, "livrables", CERGY))
    assert len(again) == 6 and again == made(CERGY).files


def test_choices_order_and_facts_are_kept(app_test: AppTest) -> None:
    """Sections in the order of the address, the comparator and the weights of the other pages."""
    test = open_page(
        app_test, "livrables", CERGY, parties="sources.ressort", documents="word.pdf",
        comparateur="region:11", finalite="general", poids_education="90",
    )  # fmt: skip
    day = next(one for one in test.text_input if one.label == "Date du document")
    day.input("31/02/2026").run()
    assert "31/02/2026" in test.error[0].value.replace("\\", "")
    day.input("3/3/2026").run()
    files, _ = make(test)
    document = Document(io.BytesIO(files["word"]))
    titles = [
        one.text for one in document.paragraphs if one.style and one.style.name == "Heading 1"
    ]
    assert titles == ["Sources", "Ce qui ressort"]
    pages = PdfReader(io.BytesIO(files["pdf"])).pages
    for page in pages:
        text = squeezed(page.extract_text())
        for fact in (
            "CA de Cergy-Pontoise",
            "Île-de-France",
            "Millésimes",
            "données embarque-",
            "Gradient ",
        ):
            assert fact in text
    header = squeezed(" ".join(one.text for one in document.sections[0].header.paragraphs))
    footer = squeezed(" ".join(one.text for one in document.sections[0].footer.paragraphs))
    assert header == "CA de Cergy-Pontoise · comparé à : Île-de-France"
    assert "données embarque-" in footer and "écrit le 3 mars 2026" in footer


def test_one_failing_section_loses_no_other(
    app_test: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> list[object]:
        raise ValueError("essai")

    monkeypatch.setitem(chapters.BUILDERS, "inegalites", fails)
    parties = "perimetre.inegalites.ressort"
    test = open_page(app_test, "livrables", CERGY, documents="word.pdf", parties=parties)
    files, failed = make(test)
    assert not failed
    text = docx_text(files["word"])
    assert text.count(squeezed(FAILED)) == 1 and "Ces constats sont les écarts" in text
    assert squeezed(FAILED) in pdf_text(files["pdf"])


def test_word_is_built_of_styles_fields_and_alternatives(made: Callable[[str], Made]) -> None:
    files = made(CERGY).files
    document = Document(io.BytesIO(files["word"]))
    core = document.core_properties
    assert (core.language, core.author) == ("fr-FR", "Gradient") and "Cergy" in core.title
    styles = {one.style.name for one in document.paragraphs if one.style}
    assert {"Title", "Heading 1", "Heading 2", "Caption", "List Bullet"} <= styles
    xml = document.element.body.xml
    assert xml.count("SEQ Tableau") == len(document.tables) > 8
    assert xml.count("SEQ Figure") == len(document.inline_shapes) >= 8
    assert 'w:lang w:val="fr-FR"' in document.styles.element.xml
    described = [*document.element.body.iter(DRAWN)]
    assert described and all(len(one.get("descr", "")) > 20 for one in described)
    for table in document.tables:
        assert "w:tblHeader" in table.rows[0]._tr.xml
    relations = "".join(
        zipfile.ZipFile(io.BytesIO(files["word"])).read(name).decode()
        for name in zip_names(files["word"])
        if name.endswith(".rels")
    )
    assert 'TargetMode="External"' not in relations


def test_the_map_of_a_document_has_the_classes_of_the_screen(
    made: Callable[[str], Made],
) -> None:
    """Colour by colour, the picture covers what the communes of each fifth cover on the ground."""
    document = Document(io.BytesIO(made(CERGY).files["word"]))
    drawn = next(
        one
        for one in document.element.body.iter(DRAWN)
        if one.get("descr", "").startswith("Carte\u00a0: Accessibilité potentielle localisée")
    )
    part = document.part.related_parts[next(drawn.getparent().iter(BLIP)).get(EMBEDDED)]
    picture = np.asarray(Image.open(io.BytesIO(part.blob)).convert("RGB")).astype(int)
    picture = picture[:, : int(picture.shape[1] * 0.68)]

    warehouse = Warehouse(published().path)
    codes = warehouse.mart("members").query("parent_code == '249500109'")["commune_code"].tolist()
    name = "apl_medecins_generalistes"
    periods = warehouse.mart("periods_of", codes=codes).query("indicator_id == @name")
    rows = warehouse.mart(
        "map_values", codes=codes, indicator=name, at_period=periods["period"].max()
    ).set_index("code")
    shapes = warehouse.mart("layer_communes", departements=["78", "95"]).set_index("code")
    warehouse.close()
    ground = gpd.GeoSeries.from_wkb(shapes["geometry"].map(bytes), crs=4326).to_crs(2154).area
    values = rows["value"].dropna()
    fifth = np.searchsorted(np.quantile(values, [0.2, 0.4, 0.6, 0.8]), values, side="left")
    covered = np.array([ground[values.index[fifth == rank]].sum() for rank in range(5)])
    wanted = [[int(one[at : at + 2], 16) for at in (1, 3, 5)] for one in palette("favorable", 5)]
    pixels = np.array([(np.abs(picture - one) <= 1).all(axis=2).sum() for one in wanted])
    assert pixels.sum() > 100_000
    assert pixels / pixels.sum() == pytest.approx(covered / covered.sum(), abs=0.02)


def objects(of: Any, seen: set[int]) -> Iterator[dict[str, Any]]:
    """Every dictionary of the structure tree of a PDF, from its root."""
    one = of.get_object() if hasattr(of, "get_object") else of
    if isinstance(one, list):
        for child in one:
            yield from objects(child, seen)
    elif isinstance(one, dict) and id(one) not in seen:
        seen.add(id(one))
        yield one
        yield from objects(one.get("/K", []), seen)


@BOTH
def test_pdf_can_be_read_aloud(made: Callable[[str], Made], asked: str) -> None:
    """What a PDF/UA checker looks at first: title, language, tags, alternative texts, fonts inside."""
    files = made(asked).files
    for content in (files["pdf"], files["feuillet"]):
        reader = PdfReader(io.BytesIO(content))
        root: Any = reader.trailer["/Root"]
        assert root["/Lang"] in ("fr-FR", "fr") and root["/MarkInfo"]["/Marked"]
        assert root["/ViewerPreferences"]["/DisplayDocTitle"]
        assert reader.metadata and str(reader.metadata.title).strip()
        described = reader.xmp_metadata
        assert described is not None and described.dc_title
        said = root["/Metadata"].get_object().get_data().decode("utf-8")
        assert re.search(r"pdfuaid:part(>|=\")1", said)
        tree = [*objects(root["/StructTreeRoot"], set())]
        kinds = [str(one.get("/S", "")) for one in tree]
        assert {"/Document", "/P", "/Table", "/TR", "/TH", "/TD", "/Figure", "/H1"} <= set(kinds)
        pictures = [one for one in tree if one.get("/S") == "/Figure"]
        assert all(len(str(one.get("/Alt", ""))) > 20 for one in pictures)
        levels = [int(one[2:]) for one in kinds if re.fullmatch(r"/H[1-6]", one)]
        assert levels[0] == 1 and all(after - before <= 1 for before, after in pairwise(levels))
        pages: list[Any] = list(reader.pages)
        for page in pages:
            assert page["/Tabs"] == "/S"
            for font in page["/Resources"]["/Font"].values():
                assert embedded(font.get_object())
            for note in page.get("/Annots", ()):
                assert "http" not in str(note.get_object().get("/A", ""))


def embedded(font: Any) -> bool:
    """Whether the glyphs of a font are in the file, and what they say in text."""
    inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
    described = inner["/FontDescriptor"].get_object()
    held = {"/FontFile", "/FontFile2", "/FontFile3"} & set(described)
    return bool(held) and "/ToUnicode" in font


def check_slides(content: bytes) -> None:
    """Each slide: one title, its notes, nothing under twelve points, charts enlarged enough."""
    shown = Presentation(io.BytesIO(content))
    assert 6 <= len(shown.slides) <= 12
    for slide in shown.slides:
        assert slide.shapes.title is not None and slide.shapes.title.text_frame.text
        assert slide.has_notes_slide and slide.notes_slide.notes_text_frame.text
        for shape in slide.shapes:
            assert shape.left >= 0 and shape.left + shape.width <= shown.slide_width
            assert shape.top >= 0 and shape.top + shape.height <= shown.slide_height
            for paragraph in shape.text_frame.paragraphs if shape.has_text_frame else ():
                assert all(run.font.size.pt >= LEAST for run in paragraph.runs)
            if hasattr(shape, "image"):
                inches = shape.image.size[0] / shape.image.dpi[0]
                smallest = MAP_POINTS if inches == MAP_INCHES else POINTS
                code = shape.width == shape.height  # a QR code has no letters
                assert code or smallest * shape.width / 914400 / inches >= LEAST


@pytest.mark.parametrize("asked", ["com:46009", "dep:974", "reg:06"])
def test_the_portrait_holds_on_two_pages_and_the_deck_on_twelve(
    app_test: AppTest, asked: str
) -> None:
    files, failed = make(open_page(app_test, "livrables", asked, documents="feuillet.diapos"))
    assert not failed
    assert len(PdfReader(io.BytesIO(files["feuillet"])).pages) <= 2
    check_slides(files["diapos"])


@BOTH
def test_eight_to_twelve_slides_with_data(made: Callable[[str], Made], asked: str) -> None:
    files = made(asked).files
    assert len(PdfReader(io.BytesIO(files["feuillet"])).pages) <= 2
    assert 8 <= len(slides_text(files["diapos"])) <= 12
    check_slides(files["diapos"])
    # Whatever is noted in the project: a cover, then at most one slide a builder.
    assert 1 + len(deck.BUILDERS) <= 12


@BOTH
def test_a_portrait_loses_nothing_in_black_and_white(
    made: Callable[[str], Made], asked: str
) -> None:
    """No colour carries anything: letters and figures are inks and greys."""
    pages: list[Any] = list(PdfReader(io.BytesIO(made(asked).files["feuillet"])).pages)
    pictures = [one.image.convert("RGB") for page in pages for one in page.images]
    assert pictures
    for picture in pictures:
        small = np.asarray(picture.resize((200, 200))).astype(int)
        assert np.ptp(small, axis=2).max() < 40
    for page in pages:
        paints = re.findall(
            rb"([\d.]+) ([\d.]+) ([\d.]+) (?:rg|RG|sc|SC|scn|SCN)\b", page.get_contents().get_data()
        )
        shades = [tuple(map(float, one)) for one in paints]
        assert shades and all(max(one) - min(one) < 0.16 for one in shades), set(shades)


def addresses_of(content: bytes) -> list[str]:
    """Where the code of each slide leads: the picture is that of the link below it."""
    found = []
    for slide in Presentation(io.BytesIO(content)).slides:
        links = [
            run.hyperlink.address
            for shape in slide.shapes
            if shape.has_text_frame
            for paragraph in shape.text_frame.paragraphs
            for run in paragraph.runs
            if run.hyperlink.address
        ]
        pictures = [shape.image.blob for shape in slide.shapes if hasattr(shape, "image")]
        assert all(qr_png(link) in pictures for link in links)
        found += links
    return found


def test_every_slide_opens_its_screen_on_a_telephone(app_test: AppTest) -> None:
    """The choices of the documents, and nothing of what was typed; no code without an address."""
    choices = {"comparateur": "region:11", "finalite": "general", "base": "40"}
    test = open_page(app_test, "livrables", CERGY, documents="diapos", **choices)
    assert any("ne portent pas de code" in one.value for one in test.caption)
    box = next(one for one in test.text_input if one.label.startswith("Adresse de Gradient"))
    box.input("http://127.0.0.1:8501").run()
    assert any("cet ordinateur" in one.value for one in test.error)
    files, _ = make(test)
    assert addresses_of(files["diapos"]) == []
    box.input("https://gradient.exemple.fr/sante/").run()
    files, _ = make(test)
    check_slides(files["diapos"])
    parts = [urlsplit(one) for one in addresses_of(files["diapos"])]
    assert {(one.scheme, one.netloc) for one in parts} == {("https", "gradient.exemple.fr")}
    pages = [one.path.removeprefix("/sante/") for one in parts]
    assert pages[:3] == ["reunion", "portrait", "ce-qui-ressort"] and pages[-1] == "donnees"
    assert set(pages) <= {name.replace("_", "-") for kind in MENU.values() for name, *_ in kind}
    for one in parts:
        assert dict(parse_qsl(one.query)) == {
            "p": CERGY, "comparateur": "region:11", "base": "40",
        }  # fmt: skip


def test_hostile_names_are_only_text(app_test: AppTest) -> None:
    """A name that a spreadsheet, a browser or Typst would run is written as it was typed."""
    name = '=HYPERLINK("http://x") <script>alert(1)</script> #read("/etc/passwd") \\'
    app_test.query_params["nom"] = name
    parties = "perimetre.sources"
    test = open_page(app_test, "livrables", CERGY, nom=name, parties=parties)
    files, failed = make(test)
    assert not failed
    for text in (
        docx_text(files["word"]),
        pdf_text(files["pdf"]),
        " ".join(slides_text(files["diapos"])),
    ):
        assert "<script>alert(1)</script>" in text and '#read("/etc' in text
    book = load_workbook(io.BytesIO(files["excel"]))
    assert not [c for s in book for row in s.iter_rows() for c in row if c.data_type == "f"]
    assert not any("<script>" in block for block in [html_of(test)])


def test_fiches_start_from_the_figures(app_test: AppTest) -> None:
    test = open_page(app_test, "livrables", QUERCY, livrable="fiches")
    files, failed = make(test, "Préparer les fiches")
    assert not failed
    rows = docx_rows(files["fiches"])
    titles = [row[1] for row in rows if row[0] == "Intitulé"]
    assert titles[0] == "Agir dans les communes du groupe intensif" and len(titles) == 3
    aimed = [row[1] for row in rows if row[0] == "Population cible"]
    counts = [first_number(one.partition(": ")[2]) for one in aimed]
    assert sum(counts) == 93_414
    found = [
        row
        for row in rows
        if len(row) == 5 and row[0].startswith("Part des 15 ans et plus sans diplôme")
    ]
    assert len(found) == 3
    for row in found:
        value = first_number(row[1])
        one, whole = (int(part.replace(" ", "")) for part in row[2].split(" sur "))
        assert value == pytest.approx(100 * one / whole, abs=0.05)
        low, high = (first_number(part) for part in row[3].split(";"))
        assert low < value < high
    assert len(zip_names(files["fiches-zip"])) == 3


def test_too_many_fiches_are_told(app_test: AppTest) -> None:
    test = open_page(app_test, "livrables", QUERCY, livrable="fiches", fiches="communes")
    box = next(one for one in test.multiselect if one.label == "Lesquelles")
    assert len(box.value) == 15
    box.set_value(list(box.options[:16])).run()
    assert any("16 fiches" in one.value for one in test.warning)


def test_a_departement_gives_a_portrait_each(app_test: AppTest) -> None:
    test = open_page(app_test, "livrables", "dep:46", livrable="departement", dep="46")
    expected = next(one.label for one in test.button if one.label.startswith("Préparer"))
    files, failed = make(test, "Préparer")
    assert not failed
    count = int(first_number(expected))
    assert len(zip_names(files["portraits"])) == count > 5
    assert len(slides_text(files["diaporama"])) == count + 2
    book = load_workbook(io.BytesIO(files["classeur"]))
    codes = {row[3] for row in book["Données"].iter_rows(min_row=4, values_only=True)}
    states = {row[11] for row in book["Données"].iter_rows(min_row=4, values_only=True)}
    assert len(codes) == count and "approché" in states


def fullest_project() -> Project:
    """Everything that a project may hold, more of it than a slide does."""
    place, day = "com:95127", date(2026, 3, 1)
    said = [
        ("offre", "Trois mois d'attente chez le dentiste"),
        *(("", f"Parole {n}") for n in range(8)),
    ]
    votes = (("Accès aux dentistes", 12), *((f"Thème {n}", n + 1) for n in range(8)))
    return Project(
        Perimeter(()),
        entries=tuple(
            Entry(theme=theme, text=text, territory=place, saying="probleme")
            for theme, text in said
        ),
        votes=(Vote(priorities=votes, held_on=day, where="Cergy"),),
        priorities=(Priority(title="Accès aux dentistes", theme="offre"),),
        actions=(Action(title="Bus dentaire", territories=(place,)),),
    )


def test_mortality_has_its_section_and_slide_once_loaded(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the imaginary country: the ratio of the page, in the chapter and in the deck."""
    folder = country.build_with_country(tmp_path_factory)
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(folder))
    monkeypatch.chdir(ROOT)
    test = open_page(
        AppTest.from_file(str(ROOT / "app.py"), default_timeout=120), "mortalite", CERGY
    )
    said = [squeezed(re.sub(r"\\(.)", r"\1", one.value)).strip("*") for one in test.markdown]
    opening = next(one for one in said if "attendus" in one and re.search(r"\d", one))
    table = [[squeezed(cell) for cell in row] for row in rows_of(test) if row[:1] == ["Cergy"]]
    test.session_state["project"] = fullest_project()
    test = open_page(
        test, "livrables", CERGY, documents="word.diapos.pdf", parties="mortalite.methode"
    )
    files, failed = make(test)
    assert not failed
    # With everything loaded and noted: twelve slides, nothing lost.
    check_slides(files["diapos"])
    slides = slides_text(files["diapos"])
    assert len(slides) == 12
    (voices,) = [one for one in slides if one.startswith("Parmi les sujets")]
    assert "Trois mois d'attente" in voices and "Opportunités :" in voices
    (asked,) = [one for one in slides if one.startswith("Question à trancher")]
    assert "Accès aux dentistes : " in asked and "12 voix" in asked
    told = " ".join(deck_texts(files["diapos"]))
    assert all(f"Parole {rank}" in told and f"Thème {rank}" in told for rank in range(8))
    assert opening in docx_text(files["word"]) and opening in pdf_text(files["pdf"])
    assert any(opening in one for one in slides_text(files["diapos"]))
    assert table and all(row in docx_rows(files["word"]) for row in table)


@BOTH
def test_no_word_that_hurts(made: Callable[[str], Made], asked: str) -> None:
    files = made(asked).files
    for text in (*docx_texts(files["word"]), *deck_texts(files["diapos"])):
        assert refused_words(text) == [], text


def test_libreoffice_reads_every_document(made: Callable[[str], Made], tmp_path: Path) -> None:
    """Opened by another office: whole pages, the facts and the heading of a long table on each."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice n'est pas installé")
    wanted = {
        "p1.docx": (CERGY, "word"), "p1.pptx": (CERGY, "diapos"), "p1.xlsx": (CERGY, "excel"),
        "p2.docx": (QUERCY, "word"), "p2.pptx": (QUERCY, "diapos"),
    }  # fmt: skip
    for kind in ("docx", "pptx", "xlsx"):
        (tmp_path / kind).mkdir()
    for name, (asked, kind) in wanted.items():
        (tmp_path / name.partition(".")[2] / name).write_bytes(made(asked).files[kind])
    for kind in ("docx", "pptx", "xlsx"):
        folder = tmp_path / kind
        done = subprocess.run(
            [office, f"-env:UserInstallation=file://{tmp_path / 'profil'}", "--headless",
             "--convert-to", "pdf", "--outdir", str(folder), *map(str, sorted(folder.iterdir()))],
            capture_output=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    for name, place in (("p1", "Cergy-Pontoise"), ("p2", "Grand Cahors")):
        chapter = pdf_texts((tmp_path / "docx" / f"{name}.pdf").read_bytes())
        assert all(place in page and "embarque-" in page for page in chapter)
        assert all(len(page.split()) > 60 for page in chapter)  # no page but header and footer
        asked, kind = wanted[f"{name}.pptx"]
        shown = pdf_texts((tmp_path / "pptx" / f"{name}.pdf").read_bytes())
        assert len(shown) == len(slides_text(made(asked).files[kind]))
        check_pictures(tmp_path / "docx" / f"{name}.pdf")
        check_pictures(tmp_path / "pptx" / f"{name}.pdf")
    listed = [page for page in chapter if re.search(r"46\d{3} (CA|CC) ", squeezed(page))]
    assert len(listed) >= 3 and all("Intercommunalité" in page for page in listed)
    assert "Valeur" in " ".join(pdf_texts((tmp_path / "xlsx" / "p1.pdf").read_bytes()))


def check_pictures(document: Path) -> None:
    """Each page as an image: written upon, and nothing in its outer margin."""
    draw = shutil.which("pdftoppm")
    if draw is None:
        return
    subprocess.run(
        [draw, "-r", "30", "-gray", "-png", document, document.with_suffix("")], check=True
    )
    drawn = sorted(document.parent.glob(f"{document.stem}-*.png"))
    assert drawn
    for one in drawn:
        with Image.open(one) as image:
            ink = np.asarray(image.convert("L")) < 200
        assert 0.004 < ink.mean() < 0.6, one
        edge = np.concatenate(
            [ink[:4].ravel(), ink[-4:].ravel(), ink[:, :4].ravel(), ink[:, -4:].ravel()]
        )
        assert not edge.any(), one


def test_wrong_choices_in_the_address_are_told(app_test: AppTest) -> None:
    test = open_page(app_test, "livrables", CERGY, documents="word.exe", parties="rien")
    told = " ".join(one.value for one in test.warning)
    assert "exe" in told and "rien" in told
    check(test, "livrables")
