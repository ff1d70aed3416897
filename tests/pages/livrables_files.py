"""The documents as a reader has them: their texts, their tables, their numbers; the click that makes them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from docx import Document
from lxml import html
from pptx import Presentation
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import html_of

CERGY = "epci:249500109"
QUERCY = (
    "epci:200023737,epci:200035327,epci:200039519,"
    "epci:244600433,epci:244600482,epci:244600532,epci:244600573"
)
MADE = "livrables"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
NUMBER = re.compile(r"\d{1,3}(?:\u202f\d{3})+(?:,\d+)?|\d+(?:,\d+)?")
# What a document counts of itself.
OWN_COUNTS = re.compile(r"(?:Figure|Tableau|page)\s\d+(?: sur \d+)?")


def squeezed(text: str) -> str:
    """Text with one kind of space."""
    return re.sub(r"[\s\u00a0\u202f\u2009]+", " ", text.replace("\u00ad", "")).strip()


def numbers(text: str) -> set[str]:
    """The numbers of a text, as they are written; thousands are joined by a narrow space."""
    return set(NUMBER.findall(OWN_COUNTS.sub("", text)))


def typed_numbers(text: str) -> set[str]:
    """The same for a text of a screen, where thousands may be apart by any space."""
    plain = re.sub(r"\\(.)", r"\1", text)
    return set(NUMBER.findall(re.sub(r"(?<=\d)[ \u00a0](?=\d{3}(?!\d))", "\u202f", plain)))


def make(
    test: AppTest, label: str = "Préparer les documents"
) -> tuple[dict[str, bytes], list[str]]:
    """The files made by a click on the button, and what failed."""
    button = next(one for one in test.button if one.label.startswith(label))
    button.click().run(timeout=180)
    assert not test.exception
    _, files, failed, _ = test.session_state[MADE]
    return {kind: file.content for kind, file in files.items()}, failed


@dataclass(frozen=True)
class Grid:
    """A table as a reader has it: its columns, its rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def keeping(self, columns: Iterable[str]) -> set[tuple[str, ...]]:
        """Its rows with some of its columns."""
        places = [self.columns.index(name) for name in columns]
        return {
            tuple(row[place] for place in places) for row in self.rows if len(row) > max(places)
        }


def grid_of(rows: list[list[str]]) -> Grid:
    return Grid(tuple(rows[0]), tuple(map(tuple, rows[1:])))


def screen_grids(test: AppTest) -> list[Grid]:
    """Every table of the page, what a fold holds left out."""
    grids = []
    for table in html.fromstring(f"<div>{html_of(test)}</div>").iter("table"):
        for fold in [*table.iter("details")]:
            fold.drop_tree()
        rows = [
            [squeezed(str(cell.text_content())) for cell in row.iter("th", "td")]
            for row in table.iter("tr")
        ]
        if rows:
            grids.append(grid_of(rows))
    return grids


def docx_rows(content: bytes) -> list[list[str]]:
    return [[*row] for grid in docx_grids(content) for row in (grid.columns, *grid.rows)]


def docx_grids(content: bytes) -> list[Grid]:
    body = Document(io.BytesIO(content)).element.body
    return [
        grid_of(
            [
                [squeezed("".join(cell.itertext(f"{W}t"))) for cell in row.iter(f"{W}tc")]
                for row in table.iter(f"{W}tr")
            ]
        )
        for table in body.iter(f"{W}tbl")
    ]


def docx_texts(content: bytes) -> Iterator[str]:
    """Every paragraph, cells included, header, footer, and alternative text."""
    document = Document(io.BytesIO(content))
    body = document.element.body
    section = document.sections[0]
    for root in (body, section.header._element, section.footer._element):
        for paragraph in root.iter(f"{W}p"):
            yield "".join(paragraph.itertext(f"{W}t"))
    for drawn in body.iter(DRAWN):
        yield str(drawn.get("descr", ""))


def docx_text(content: bytes) -> str:
    body = Document(io.BytesIO(content)).element.body
    return squeezed(" ".join("".join(p.itertext(f"{W}t")) for p in body.iter(f"{W}p")))


def pdf_texts(content: bytes) -> list[str]:
    """Text of each page."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def pdf_text(content: bytes) -> str:
    return squeezed(" ".join(pdf_texts(content)))


def deck_texts(content: bytes) -> Iterator[str]:
    """Every text of every slide, cells, alternative texts and notes."""
    for slide in Presentation(io.BytesIO(content)).slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                yield shape.text_frame.text
            yield str(shape._element.xpath(".//p:cNvPr")[0].get("descr") or "")
        assert slide.notes_slide.notes_text_frame is not None
        yield slide.notes_slide.notes_text_frame.text


def slides_text(content: bytes) -> list[str]:
    """Texts of each slide: title first."""
    return [
        squeezed(" ".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame))
        for slide in Presentation(io.BytesIO(content)).slides
    ]


def zip_names(content: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(content)).namelist()
