"""Tables as files and on screen: what went in comes out, and nothing of it runs."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from views.tables import csv_file, html_table, safe_cell

FORMULAS = ["=1+1", "+33 1", "-5", "@SOMME(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")']
# Text as data holds it: no control characters (a name cannot hold any), any punctuation.
texts = st.text(st.characters(exclude_categories=["C"]), max_size=20)


def rows_of(content: bytes) -> list[list[str]]:
    """Cells as a spreadsheet reads them."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


@settings(deadline=None)
@given(st.lists(st.tuples(texts, st.one_of(st.none(), st.floats(-1e9, 1e9))), max_size=8))
@example([("=1+1", 0.5), ('Saint "A"; B\n', None)])
def test_a_table_comes_back_as_it_went(rows: list[tuple[str, float | None]]) -> None:
    """Text, decimals and missing cells; a formula gains a quote and keeps its text."""
    frame = pd.DataFrame(rows, columns=["Commune", "Valeur"]).astype({"Valeur": float})
    header, *cells = rows_of(csv_file(frame))
    assert header == ["Commune", "Valeur"]
    assert len(cells) == len(rows)
    for (name, value), (read_name, read_value) in zip(rows, cells, strict=True):
        dangerous = name.startswith(("=", "+", "-", "@"))
        assert read_name == (f"'{name}" if dangerous else name)
        if value is None:
            assert read_value == ""
        else:
            assert float(read_value.replace(",", ".")) == value
            assert "." not in read_value


def test_a_french_spreadsheet_opens_it() -> None:
    """A byte order mark for Excel, semicolons, decimal commas, Windows lines; codes keep zeros."""
    frame = pd.DataFrame({"Code": ["01001"], "Nom": ["L'Haÿ"], "Part": [97.98], "Foyers": [3]})
    content = csv_file(frame)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig") == "Code;Nom;Part;Foyers\r\n01001;L'Haÿ;97,98;3\r\n"
    back = pd.read_csv(io.BytesIO(content), sep=";", decimal=",", dtype={"Code": str})
    pd.testing.assert_frame_equal(back, frame, check_dtype=False)


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_text_in_cells_and_headers(formula: str) -> None:
    assert safe_cell(formula) == f"'{formula}"
    header, cells = rows_of(csv_file(pd.DataFrame({formula: [formula]})))
    assert header == [f"'{formula}"]
    assert cells == [f"'{formula}"]


@pytest.mark.parametrize("value", [-5, -0.5, None, np.nan, True, "5 - 3", "a=b", "–", "\u22125"])
def test_what_is_no_formula_is_kept(value: object) -> None:
    assert safe_cell(value) is value


def test_negative_numbers_stay_numbers() -> None:
    assert rows_of(csv_file(pd.DataFrame({"Écart": [-1.5]}))) == [["Écart"], ["-1,5"]]


def test_a_missing_cell_is_neither_zero_nor_a_word() -> None:
    frame = pd.DataFrame({"Valeur": [1.0, np.nan], "Précision": ["secret statistique", None]})
    assert rows_of(csv_file(frame))[2] == ["", ""]


class Table(HTMLParser):
    """Tags, attributes and cells that a browser would see."""

    def __init__(self, content: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.rows: list[list[str]] = []
        self._inside = ""
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("td", "th"):
            self.rows[-1][-1] += data


@settings(deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=5), texts)
@example([("<script>alert(1)</script>", '"><img onerror=x>')], "</caption><script>")
def test_html_cells_show_as_they_are(rows: list[tuple[str, str]], caption: str) -> None:
    frame = pd.DataFrame(rows, columns=["Nom <b>", "Valeur & co"])
    table = Table(html_table(frame, caption, numeric=["Valeur & co"], total=True))
    assert table.rows == [["Nom <b>", "Valeur & co"], *[list(row) for row in rows]]
    assert set(table.tags) == {
        "style",
        "div",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert {name for name, _ in table.attributes} <= {
        "class", "scope", "tabindex", "role", "aria-label",
    }  # fmt: skip
    assert ("aria-label", caption) in table.attributes
    assert [value for name, value in table.attributes if name == "scope"].count("row") == len(rows)
