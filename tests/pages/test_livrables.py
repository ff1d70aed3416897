"""Livrables: every number of every file is the screen's; one failure loses nothing; same bytes again."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook
from pptx import Presentation
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from pages import chapters
from tests import mortality_country as country
from tests.conftest import ROOT
from tests.pages.test_pages import check, html_of, open_page, rows_of, texts_of
from views.lexicon import refused_words
from views.livrables.model import FAILED

CERGY = "epci:249500109"
QUERCY = (
    "epci:200023737,epci:200035327,epci:200039519,"
    "epci:244600433,epci:244600482,epci:244600532,epci:244600573"
)
MADE = "livrables"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
NUMBER = re.compile(r"[−+]?\d[\d ]*(?:,\d+)?")


def squeezed(text: str) -> str:
    """Text with one kind of space."""
    return re.sub(r"[\s\u00a0\u202f\u2009]+", " ", text.replace("\u00ad", "")).strip()


def make(
    test: AppTest, label: str = "Préparer les documents"
) -> tuple[dict[str, bytes], list[str]]:
    """The files made by a click on the button, and what failed."""
    button = next(one for one in test.button if one.label.startswith(label))
    button.click().run(timeout=180)
    assert not test.exception
    _, files, failed, _ = test.session_state[MADE]
    return {kind: file.content for kind, file in files.items()}, failed


def first_number(text: str) -> float:
    """The first number of a French text."""
    found = NUMBER.search(text)
    assert found, text
    return float(found.group(0).replace(" ", "").replace(",", ".").replace("−", "-"))


def docx_rows(content: bytes) -> list[list[str]]:
    return [
        [squeezed(cell.text) for cell in row.cells]
        for table in Document(io.BytesIO(content)).tables
        for row in table.rows
    ]


def docx_text(content: bytes) -> str:
    root = Document(io.BytesIO(content)).element.body
    return squeezed(" ".join("".join(p.itertext(f"{W}t")) for p in root.iter(f"{W}p")))


def pdf_text(content: bytes) -> str:
    return squeezed(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def slides_text(content: bytes) -> list[str]:
    """Texts of each slide: title first."""
    return [
        squeezed(" ".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame))
        for slide in Presentation(io.BytesIO(content)).slides
    ]


def zip_names(content: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


def findings_of(test: AppTest) -> list[str]:
    """Sentences of the findings on the page Ce qui ressort."""
    said = [squeezed(re.sub(r"\\(.)", r"\1", one.value)) for one in test.markdown]
    return [
        one
        for one in said
        if re.match(r"(La|Le|L'|Les) .* (est|de|:)", one) and "Périmètre" not in one
    ]


def spine_of(test: AppTest) -> list[tuple[str, ...]]:
    """Label, value, comparator and verdict of every row of the spine."""
    rows = [row for row in rows_of(test) if len(row) == 5 and row[0] != "Indicateur"]
    return [
        (squeezed(row[0]), squeezed(row[1]), squeezed(row[2]), squeezed(row[4])) for row in rows
    ]


@pytest.mark.parametrize("asked", [CERGY, QUERCY], ids=["P1", "P2"])
def test_every_figure_of_the_screen_is_in_every_file(app_test: AppTest, asked: str) -> None:
    ressort = open_page(app_test, "ce_qui_ressort", asked)
    screen, said = spine_of(ressort), findings_of(ressort)
    assert len(screen) > 20 and len(said) >= 3
    groups = {squeezed(one.value) for one in open_page(app_test, "cibles", asked).markdown}
    rows = rows_of(open_page(app_test, "intensite", asked))
    start = next(at for at, row in enumerate(rows) if row[:1] == ["Territoire"] and "Base" in row)
    end = next(at for at, row in enumerate(rows) if at > start and row[:1] == ["Total"])
    split = [[squeezed(cell) for cell in row] for row in rows[start : end + 1]]
    test = open_page(app_test, "livrables", asked)
    check(test, "livrables")
    files, failed = make(test)
    assert not failed and FAILED not in docx_text(files["word"])

    word, pdf = docx_text(files["word"]), pdf_text(files["pdf"])
    rows = docx_rows(files["word"])
    portrait = [row for row in rows if len(row) == 6]
    for label, own, other, verdict in screen:
        (row,) = [one for one in portrait if one[0] == label or one[0].startswith(f"{label} (")]
        assert (row[1], row[3], row[4]) == (own, other, verdict), label
        assert own in pdf and other in pdf, label
    for sentence in said:
        assert sentence in word and sentence in pdf
    # Groups and split: the same sentences and the same rows, the total with them.
    assert any(one.startswith("Socle") and one in word and one in pdf for one in groups)
    for row in split:
        assert row in rows, row
    deck = " ".join(slides_text(files["diapos"]))
    shown = [one for one in said if "communes les moins favorisées" not in one][:2]
    assert shown and all(one in deck for one in shown)
    handout = pdf_text(files["feuillet"])
    assert all(one in handout for one in said)


def test_the_workbook_holds_real_numbers_and_states(app_test: AppTest) -> None:
    screen = spine_of(open_page(app_test, "ce_qui_ressort", QUERCY))
    files, _ = make(open_page(app_test, "livrables", QUERCY, documents="excel.ouvertes"))
    book = load_workbook(io.BytesIO(files["excel"]))
    figures: dict[str, dict[str, object]] = {}
    for sheet in book.worksheets:
        assert sheet.freeze_panes == "A4" and not [
            cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"
        ]
        head = [cell.value for cell in sheet[3]]
        if "Valeur" in head and "Numérateur" in head:
            for line in sheet.iter_rows(min_row=4, values_only=True):
                figures[str(line[head.index("Indicateur")])] = dict(zip(head, line, strict=True))
    assert {"Population", "Déterminants sociaux"} <= set(book.sheetnames)
    for label, own, other, _ in screen:
        row = figures[label]
        for said, value in ((own, row["Valeur"]), (other, row["Valeur de comparaison"])):
            found = NUMBER.search(said)
            assert found and isinstance(value, int | float)
            text = found.group(0).replace(" ", "").replace(",", ".").replace("−", "-")
            decimals = len(text.partition(".")[2])
            assert float(text) == pytest.approx(
                round(value, decimals), abs=10.0**-decimals / 2 + 1e-9
            )
    poverty = figures["Taux de pauvreté au seuil de 60 %"]
    assert poverty["Valeur"] is None and poverty["État"] == "pas de chiffre"
    assert "secret" in str(poverty["Précision"])


def test_the_open_files_describe_themselves(app_test: AppTest) -> None:
    files, _ = make(open_page(app_test, "livrables", QUERCY, documents="ouvertes"))
    archive = zipfile.ZipFile(io.BytesIO(files["ouvertes"]))

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


def test_regenerating_gives_the_same_bytes(app_test: AppTest) -> None:
    test = open_page(app_test, "livrables", CERGY, parties="ressort.inegalites.cibles")
    first, _ = make(test)
    again, _ = make(test)
    assert len(first) == 6 and first == again


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
    test = open_page(app_test, "livrables", CERGY, documents="word.pdf")
    files, failed = make(test)
    assert not failed
    text = docx_text(files["word"])
    assert text.count(squeezed(FAILED)) == 1 and "Portrait par thème" in text
    assert squeezed(FAILED) in pdf_text(files["pdf"])


def test_word_is_built_of_styles_fields_and_alternatives(app_test: AppTest) -> None:
    files, _ = make(open_page(app_test, "livrables", CERGY, documents="word"))
    document = Document(io.BytesIO(files["word"]))
    core = document.core_properties
    assert (core.language, core.author) == ("fr-FR", "Gradient") and "Cergy" in core.title
    styles = {one.style.name for one in document.paragraphs if one.style}
    assert {"Title", "Heading 1", "Heading 2", "Caption", "List Bullet"} <= styles
    xml = document.element.body.xml
    assert xml.count("SEQ Tableau") == len(document.tables) > 8
    assert xml.count("SEQ Figure") == len(document.inline_shapes) >= 8
    assert 'w:lang w:val="fr-FR"' in document.styles.element.xml
    described = document.element.body.findall(
        ".//" + "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
    )
    assert described and all(len(one.get("descr", "")) > 20 for one in described)
    for table in document.tables:
        assert "w:tblHeader" in table.rows[0]._tr.xml
    relations = "".join(
        zipfile.ZipFile(io.BytesIO(files["word"])).read(name).decode()
        for name in zip_names(files["word"])
        if name.endswith(".rels")
    )
    assert 'TargetMode="External"' not in relations


def test_pdf_is_tagged_titled_and_french(app_test: AppTest) -> None:
    files, _ = make(open_page(app_test, "livrables", CERGY, documents="pdf.feuillet"))
    for content in files.values():
        reader = PdfReader(io.BytesIO(content))
        root: Any = reader.trailer["/Root"]
        assert root["/Lang"] in ("fr-FR", "fr") and root["/MarkInfo"]["/Marked"]
        assert root["/ViewerPreferences"]["/DisplayDocTitle"] and "/StructTreeRoot" in root
        assert reader.metadata and "Cergy" in str(reader.metadata.title)
        assert b"http" not in b"".join(
            str(note.get_object().get("/A", "")).encode()
            for page in reader.pages
            for note in page.get("/Annots", ())
        )


@pytest.mark.parametrize("asked", [QUERCY, "com:46009", "dep:974", "reg:06"])
def test_the_portrait_holds_on_two_pages_and_the_deck_on_twelve(
    app_test: AppTest, asked: str
) -> None:
    files, failed = make(open_page(app_test, "livrables", asked, documents="feuillet.diapos"))
    assert not failed
    assert len(PdfReader(io.BytesIO(files["feuillet"])).pages) <= 2
    deck = Presentation(io.BytesIO(files["diapos"]))
    assert 6 <= len(deck.slides) <= 12
    for slide in deck.slides:
        assert slide.shapes.title is not None and slide.shapes.title.text_frame.text
        assert slide.has_notes_slide and slide.notes_slide.notes_text_frame.text


def test_eight_to_twelve_slides_with_data(app_test: AppTest) -> None:
    files, _ = make(open_page(app_test, "livrables", CERGY, documents="diapos"))
    assert 8 <= len(slides_text(files["diapos"])) <= 12


def test_hostile_names_are_only_text(app_test: AppTest) -> None:
    """A name that a spreadsheet, a browser or Typst would run is written as it was typed."""
    name = '=HYPERLINK("http://x") <script>alert(1)</script> #read("/etc/passwd") \\'
    app_test.query_params["nom"] = name
    test = open_page(app_test, "livrables", CERGY, nom=name)
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


def test_mortality_has_its_section_and_slide_once_loaded(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the imaginary country: the ratio of the page, in the chapter and in the deck."""
    folder = country.build_with_country(tmp_path_factory)
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(folder))
    monkeypatch.chdir(ROOT)
    test = open_page(
        AppTest.from_file(str(ROOT / "app.py"), default_timeout=60), "mortalite", CERGY
    )
    said = [squeezed(re.sub(r"\\(.)", r"\1", one.value)).strip("*") for one in test.markdown]
    opening = next(one for one in said if "attendus" in one and re.search(r"\d", one))
    table = [[squeezed(cell) for cell in row] for row in rows_of(test) if row[:1] == ["Cergy"]]
    test = open_page(
        test, "livrables", CERGY, documents="word.diapos.pdf", parties="mortalite.methode"
    )
    files, failed = make(test)
    assert not failed
    assert opening in docx_text(files["word"]) and opening in pdf_text(files["pdf"])
    assert any(opening in one for one in slides_text(files["diapos"]))
    assert table and all(row in docx_rows(files["word"]) for row in table)


def sentences(files: dict[str, bytes]) -> Iterator[str]:
    yield docx_text(files["word"])
    yield from slides_text(files["diapos"])


def test_no_word_that_hurts(app_test: AppTest) -> None:
    test = open_page(app_test, "livrables", QUERCY, documents="word.diapos")
    files, _ = make(test)
    for text in (*sentences(files), texts_of(test)):
        assert refused_words(text) == []


def test_wrong_choices_in_the_address_are_told(app_test: AppTest) -> None:
    test = open_page(app_test, "livrables", CERGY, documents="word.exe", parties="rien")
    told = " ".join(one.value for one in test.warning)
    assert "exe" in told and "rien" in told
    check(test, "livrables")
