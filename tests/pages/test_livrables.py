"""Livrables: every number of every file is the screen's; one failure loses nothing; same bytes again."""

from __future__ import annotations

import io
import re

import pytest
from docx import Document
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import check, open_page, rows_of

CERGY = "epci:249500109"
QUERCY = (
    "epci:200023737,epci:200035327,epci:200039519,"
    "epci:244600433,epci:244600482,epci:244600532,epci:244600573"
)
MADE = "livrables"


def squeezed(text: str) -> str:
    """Text with one kind of space."""
    return re.sub(r"[\s\u00a0\u202f\u2009]+", " ", text).strip()


def made(test: AppTest) -> dict[str, bytes]:
    """The files, made by a click on the button."""
    button = next(one for one in test.button if one.label == "Préparer les documents")
    button.click().run(timeout=120)
    assert not test.exception
    assert not [one.value for one in test.warning]
    _, files, failed, _ = test.session_state[MADE]
    assert not failed
    return {kind: file.content for kind, file in files.items()}


def spine_of(test: AppTest) -> list[tuple[str, str, str]]:
    """Label, value and comparator of every row of the spine on the page Ce qui ressort."""
    rows = [row for row in rows_of(test) if len(row) == 5 and row[0] != "Indicateur"]
    return [(squeezed(row[0]), squeezed(row[1]), squeezed(row[2])) for row in rows]


def docx_rows(content: bytes) -> list[list[str]]:
    document = Document(io.BytesIO(content))
    return [
        [squeezed(cell.text) for cell in row.cells]
        for table in document.tables
        for row in table.rows
    ]


@pytest.mark.parametrize("asked", [CERGY, QUERCY], ids=["P1", "P2"])
def test_every_figure_of_the_screen_is_in_every_file(app_test: AppTest, asked: str) -> None:
    screen = spine_of(open_page(app_test, "ce_qui_ressort", asked))
    assert len(screen) > 20
    test = open_page(app_test, "livrables", asked)
    check(test, "livrables")
    files = made(test)
    portrait = [row for row in docx_rows(files["word"]) if len(row) == 6]
    pdf = squeezed(
        " ".join(page.extract_text() for page in PdfReader(io.BytesIO(files["pdf"])).pages)
    )
    for label, own, other in screen:
        (row,) = [one for one in portrait if one[0] == label or one[0].startswith(f"{label} (")]
        assert (row[1], row[3]) == (own, other), label
        assert own in pdf and other in pdf, label
