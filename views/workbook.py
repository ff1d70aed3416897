"""Excel workbooks: real numbers, headings that stay in sight, and no cell that a spreadsheet runs.

Every text is written as a text (never parsed as a formula or a link); a figure that does not exist is
an empty cell beside its state, never a zero.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from views.text import STATES

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What Excel refuses in the name of a sheet, and how long it may be.
_REFUSED_IN_NAME = re.compile(r"[\[\]:*?/\\]")
_LONGEST_NAME = 31
_LONGEST_TEXT = 32_767
_WIDEST = 60
# A file made twice from the same state is the same, byte for byte: its date is not that of the click.
_NO_DATE = datetime(2000, 1, 1)

# What each column of figures() is called; its keys are the columns expected, in order.
FIGURE_COLUMNS = {
    "theme": "Thème",
    "label": "Indicateur",
    "territory": "Territoire",
    "code": "Code",
    "value": "Valeur",
    "unit": "Unité",
    "numerator": "Numérateur",
    "denominator": "Dénominateur",
    "low": "Borne basse à 95 %",
    "high": "Borne haute à 95 %",
    "interval": "Intervalle",
    "state": "État",
    "reason": "Précision",
    "coverage": "Population couverte",
    "significance": "Par rapport au territoire de comparaison",
    "tone": "Lecture",
    "comparator": "Territoire de comparaison",
    "other": "Valeur de comparaison",
    "period": "Période",
    "source": "Source",
    "licence": "Licence",
}
_NUMBERS = ("value", "low", "high", "other")
_COUNTS = ("numerator", "denominator")
_INTERVALS = {
    "wilson": "Wilson, proportion",
    "byar": "exact ou Byar, événements",
    "publié": "publié par le producteur",
    "aucun": "aucun",
}
_TONES = {"favorable": "plus favorable", "defavorable": "moins favorable"}


@dataclass(frozen=True)
class Sheet:
    """One sheet: a line of title, a heading row that stays, the rows of ``frame``.

    Numbers of ``frame`` stay numbers; texts are texts; missing values are empty cells. ``formats``:
    number format of a column, one for all its cells or one a row. ``widths``: in characters.
    """

    name: str
    title: str
    frame: pd.DataFrame
    formats: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    widths: Mapping[str, int] = field(default_factory=dict)


def workbook(sheets: Sequence[Sheet], title: str) -> bytes:
    """The sheets as an XLSX file; the same content gives the same bytes."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_numbers": False})
    book.set_properties({"title": title, "author": "Gradient", "created": _NO_DATE})
    styles = _Styles(book)
    for sheet, name in zip(sheets, _sheet_names(sheets), strict=True):
        _write_sheet(book.add_worksheet(name), sheet, styles)
    book.close()
    return buffer.getvalue()


class _Styles:
    """Formats of a workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._numbers: dict[str, Format] = {}
        self.title = book.add_format({"bold": True, "font_size": 13})
        self.head = book.add_format(
            {"bold": True, "bg_color": "#EEF1F4", "text_wrap": True, "valign": "top", "border": 1}
        )
        self.text = book.add_format({"valign": "top", "text_wrap": True})

    def number(self, code: str) -> Format:
        if code not in self._numbers:
            self._numbers[code] = self._book.add_format({"num_format": code, "valign": "top"})
        return self._numbers[code]


HEAD_ROW = 2  # the title, a blank line, then the headings


def _write_sheet(target: Worksheet, sheet: Sheet, styles: _Styles) -> None:
    target.write_string(0, 0, _text(sheet.title), styles.title)
    columns = list(sheet.frame.columns)
    for position, column in enumerate(columns):
        target.write_string(HEAD_ROW, position, _text(column), styles.head)
        target.set_column(position, position, _width(sheet, column))
        codes = sheet.formats.get(column, "General")
        for row, value in enumerate(sheet.frame[column].tolist()):
            code = codes if isinstance(codes, str) else codes[row]
            _write_cell(target, HEAD_ROW + 1 + row, position, value, code, styles)
    target.freeze_panes(HEAD_ROW + 1, 0)
    if columns and len(sheet.frame):
        target.autofilter(HEAD_ROW, 0, HEAD_ROW + len(sheet.frame), len(columns) - 1)
    target.set_landscape()
    target.repeat_rows(HEAD_ROW)
    target.fit_to_pages(1, 0)


def _write_cell(
    target: Worksheet, row: int, column: int, value: object, code: str, styles: _Styles
) -> None:
    if value is None or value is pd.NA or value is pd.NaT:
        return
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if math.isfinite(value):
            target.write_number(row, column, value, styles.number(code))
        return
    target.write_string(row, column, _text(value), styles.text)


def _text(value: object) -> str:
    return str(value)[:_LONGEST_TEXT]


def _width(sheet: Sheet, column: str) -> int:
    if column in sheet.widths:
        return sheet.widths[column]
    texts = [str(value) for value in sheet.frame[column].tolist() if isinstance(value, str)]
    longest = max(map(len, texts), default=0)
    return min(_WIDEST, max(11, min(len(column), 18) + 2, longest + 2))


def _sheet_names(sheets: Sequence[Sheet]) -> list[str]:
    """Names that Excel takes, all different."""
    names: list[str] = []
    for sheet in sheets:
        base = _REFUSED_IN_NAME.sub(" ", sheet.name).strip(" '")[:_LONGEST_NAME] or "Feuille"
        name, again = base, 2
        while name.casefold() in {one.casefold() for one in names}:
            suffix = f" {again}"
            name, again = base[: _LONGEST_NAME - len(suffix)] + suffix, again + 1
        names.append(name)
    return names


def number_format(decimals: int) -> str:
    """Format of a number with this many decimals; Excel shows it in the reader's own language."""
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def figures_sheet(rows: pd.DataFrame, name: str, title: str) -> Sheet:
    """Figures of territories, one row an indicator and a territory, with all that they stand on.

    ``rows``: the keys of FIGURE_COLUMNS, and ``decimals`` of each indicator. State, tone and origin
    of the interval are written in French words; a missing figure leaves its cell empty.
    """
    said = rows.assign(
        state=rows["state"].map(lambda state: STATES.get(state, state) or "publié"),
        tone=[
            _TONES.get(tone, "") if significance in ("plus haut", "plus bas") else ""
            for tone, significance in zip(rows["tone"], rows["significance"], strict=True)
        ],
        interval=rows["interval"].map(_INTERVALS),
        significance=rows["significance"].where(rows["significance"].notna(), "non comparé"),
        reason=rows["reason"].where(rows["reason"].notna(), ""),
    )
    decimals = [number_format(int(count)) for count in rows["decimals"]]
    formats: dict[str, str | Sequence[str]] = {FIGURE_COLUMNS[one]: decimals for one in _NUMBERS}
    formats |= {FIGURE_COLUMNS[one]: "#,##0" for one in _COUNTS}
    formats[FIGURE_COLUMNS["coverage"]] = "0.0%"
    return Sheet(name, title, said[list(FIGURE_COLUMNS)].rename(columns=FIGURE_COLUMNS), formats)


CARD_COLUMNS = {
    "label": "Indicateur",
    "theme": "Thème",
    "definition": "Définition",
    "direction": "Sens",
    "numerator": "Numérateur",
    "denominator": "Dénominateur",
    "caveats": "Mises en garde",
    "title": "Source",
    "producer": "Producteur",
    "vintage": "Millésime",
    "licence": "Licence",
    "page": "Page",
}


def cards_sheet(rows: Sequence[Mapping[str, object]]) -> Sheet:
    """What each indicator is and where it comes from: the keys of CARD_COLUMNS, one row each."""
    frame = pd.DataFrame(list(rows), columns=list(CARD_COLUMNS)).rename(columns=CARD_COLUMNS)
    return Sheet("Indicateurs", "Les indicateurs et leurs sources", frame)


def about_sheet(title: str, territories: Sequence[str], comparator: str, build: str) -> Sheet:
    """What the file holds and how to read it, for who receives it alone."""
    told = {
        "Contenu": title,
        "Territoires": ", ".join(territories),
        "Territoire de comparaison": comparator,
        "Entrepôt": build,
        "Période": "pour chaque indicateur, la dernière que tous les territoires montrés ont ensemble",
        FIGURE_COLUMNS["significance"]: (
            "avec un intervalle : plus haut ou plus bas s'il exclut la valeur de comparaison ; sans "
            "intervalle : si l'écart atteint un cinquième d'écart-type entre communes de France"
        ),
        "Entre territoires": (
            "chacun est comparé au territoire de comparaison, pas aux autres : deux intervalles qui se "
            "chevauchent ne prouvent pas une ressemblance"
        ),
        "Case vide": "aucun chiffre : la colonne État dit s'il est secret ou absent ; ce n'est pas zéro",
    }
    frame = pd.DataFrame({"Point": list(told), "Précision": list(told.values())})
    return Sheet(
        "Lisez-moi", "À lire avant d'utiliser ce fichier", frame, widths={"Précision": 100}
    )
