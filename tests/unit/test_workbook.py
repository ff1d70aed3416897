"""XLSX files read back by another library: numbers, texts, no formula, empty where nothing is known."""

from __future__ import annotations

import io

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from views.workbook import (
    FIGURE_COLUMNS,
    HEAD_ROW,
    Sheet,
    about_sheet,
    cards_sheet,
    figures_sheet,
    number_format,
    workbook,
)

FIGURE = {
    "theme": "Déterminants sociaux",
    "label": "Part des 15 ans et plus sans diplôme",
    "territory": "CA de Cergy-Pontoise",
    "code": "249500109",
    "value": 18.412345678,
    "unit": "%",
    "numerator": 26098.4,
    "denominator": 141749.0,
    "low": 18.21,
    "high": 18.61,
    "interval": "wilson",
    "state": "ok",
    "reason": None,
    "coverage": 1.0,
    "significance": "plus bas",
    "tone": "favorable",
    "comparator": "Val-d'Oise",
    "other": 20.7,
    "period": "2023",
    "source": "Insee, Recensement",
    "licence": "Licence Ouverte 2.0",
    "decimals": 1,
}
MISSING = FIGURE | {
    "value": float("nan"),
    "numerator": None,
    "denominator": None,
    "low": float("nan"),
    "high": float("nan"),
    "interval": "aucun",
    "state": "secret",
    "reason": "secret statistique",
    "significance": None,
    "tone": "neutre",
}


def opened(*sheets: Sheet) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(workbook(sheets, "Essai")))


def cells(sheet: Sheet) -> list[list[object]]:
    """Values of the rows below the headings."""
    found = opened(sheet).worksheets[0]
    return [[cell.value for cell in row] for row in found.iter_rows(min_row=HEAD_ROW + 2)]


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=40))
def test_a_text_is_never_a_formula(text: str) -> None:
    for dangerous in (text, f"={text}", f"+{text}", f"-{text}", f"@{text}", f"http://{text}"):
        book = opened(Sheet("Feuille", dangerous, pd.DataFrame({dangerous: [dangerous]})))
        for row in book.worksheets[0].iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert cell.hyperlink is None
        assert book.worksheets[0].cell(HEAD_ROW + 2, 1).value == dangerous


def test_numbers_stay_numbers_with_all_their_digits() -> None:
    sheet = figures_sheet(pd.DataFrame([FIGURE]), "Données", "Chiffres")
    (row,) = cells(sheet)
    told = dict(zip(FIGURE_COLUMNS, row, strict=True))
    assert told["value"] == pytest.approx(18.412345678, abs=1e-12)
    assert isinstance(told["numerator"], float) and told["denominator"] == 141749
    assert told["code"] == "249500109"
    assert told["state"] == "publié"
    assert told["tone"] == "plus favorable"


def test_a_missing_figure_is_empty_beside_its_state() -> None:
    sheet = figures_sheet(pd.DataFrame([FIGURE, MISSING]), "Données", "Chiffres")
    told = dict(zip(FIGURE_COLUMNS, cells(sheet)[1], strict=True))
    for name in ("value", "numerator", "denominator", "low", "high"):
        assert told[name] is None, name
    assert told["state"] == "secret statistique"
    assert told["significance"] == "non comparé"
    assert told["tone"] in (None, "")
    assert told["interval"] == "aucun"


def test_zero_is_written_as_zero() -> None:
    (row,) = cells(
        Sheet("F", "t", pd.DataFrame({"a": [0.0], "b": [float("nan")], "c": [float("inf")]}))
    )
    assert row == [0, None, None]


def test_headings_stay_in_sight_and_can_be_filtered() -> None:
    found = opened(figures_sheet(pd.DataFrame([FIGURE]), "Données", "Chiffres")).worksheets[0]
    assert found.freeze_panes == f"A{HEAD_ROW + 2}"
    assert found.auto_filter.ref.startswith(f"A{HEAD_ROW + 1}")
    headings = [cell.value for cell in found[HEAD_ROW + 1]]
    assert headings == list(FIGURE_COLUMNS.values())
    value = found.cell(HEAD_ROW + 2, 1 + list(FIGURE_COLUMNS).index("value"))
    assert value.number_format == "#,##0.0"


def test_names_of_sheets_are_those_that_excel_takes() -> None:
    frame = pd.DataFrame({"a": [1]})
    names = ["Données", "données", "a/b:c*d?[e]", "x" * 40, "x" * 40, ""]
    found = opened(*(Sheet(name, "t", frame) for name in names)).sheetnames
    assert len({name.casefold() for name in found}) == len(names)
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in found)
    assert found[0] == "Données"


def test_the_same_content_gives_the_same_bytes() -> None:
    made = [
        workbook([figures_sheet(pd.DataFrame([FIGURE]), "Données", "Chiffres")], "Essai")
        for _ in range(2)
    ]
    assert made[0] == made[1]


def test_an_empty_table_and_a_long_text_are_no_error() -> None:
    assert opened(Sheet("F", "t", pd.DataFrame({"a": []}))).worksheets[0].max_row == HEAD_ROW + 1
    (row,) = cells(Sheet("F", "t", pd.DataFrame({"a": ["é" * 40_000]})))
    assert len(str(row[0])) == 32_767


def test_cards_and_reading_notes() -> None:
    cards = cards_sheet(
        [{"label": "Natalité", "licence": "Licence Ouverte 2.0", "caveats": "=1+1"}]
    )
    assert cells(cards)[0][0] == "Natalité"
    about = cells(about_sheet("Contenu", ["A", "B"], "Val-d'Oise", "construction-1"))
    assert ["Territoires", "A, B"] in about
    assert any("zéro" in str(row[1]) for row in about)


@pytest.mark.parametrize(("decimals", "code"), [(0, "#,##0"), (1, "#,##0.0"), (3, "#,##0.000")])
def test_number_formats(decimals: int, code: str) -> None:
    assert number_format(decimals) == code
