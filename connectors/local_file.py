"""A small table that a visitor brings (CSV or XLSX), read from its bytes in memory.

Nothing is written to the disk. Workbooks give the values that were saved in them: a formula or a
macro is never run. Size, rows, columns and what an archive holds are bounded before anything is
parsed.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pandas as pd
import python_calamine as calamine

from connectors.errors import ImportRejected
from connectors.sniff import DAMAGES, decode_head, guess_separator, kind_of

MAX_BYTES = 5 * 1024**2
MAX_UNZIPPED_BYTES = 80 * 1024**2
MAX_MEMBERS = 2_000
MAX_ROWS = 20_000
MAX_COLUMNS = 60
HEADER_ROWS = 20
SHOWN_CHARACTERS = 40

_SAVE_AS = "Enregistrez la feuille au format CSV ou XLSX, puis déposez-la de nouveau."
_SMALLER = "Gardez une ligne par territoire, sans les feuilles ni les colonnes inutiles."
_TITLES = "Écrivez une ligne de titres au-dessus des données, comme dans le modèle."
_KINDS = {
    "xls": "un classeur d'avant 2007",
    "html": "une page web",
    "json": "un fichier JSON",
    "gzip": "une archive",
    "parquet": "un fichier Parquet",
    "empty": "vide",
}
_CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=[\"']([A-Za-z]{1,3})(\d{1,7})[\"']")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.I)
_DATA_CELL = re.compile(r"[-+]?\d[\d .]*([.,]\d+)?|\d[\dAB]\d{3}|QN\w{5,6}")
_YEAR = re.compile(r"(19|20)\d\d")


@dataclass(frozen=True)
class LocalTable:
    """The rows of a file under their titles, every cell text.

    ``rows``: one column a title, in the order of the file; its index is the line number in the
    file. ``sheet``: the sheet of the workbook, empty for a CSV.
    """

    name: str
    rows: pd.DataFrame
    sheet: str = ""

    @property
    def columns(self) -> list[str]:
        """Titles, in the order of the file."""
        return [str(name) for name in self.rows.columns]


def read_tables(content: bytes, name: str) -> tuple[LocalTable, ...]:
    """The table in ``content``; of a workbook, every sheet that holds one.

    Raises ImportRejected when there is none, or when it does not stand within the bounds above.
    """
    if len(content) > MAX_BYTES:
        raise ImportRejected(name, f"il dépasse {MAX_BYTES // 1024**2} Mo.", _SMALLER)
    kind = kind_of(content)
    if kind == "csv":
        return (LocalTable(name, _frame(_csv_rows(content, name), name)),)
    if kind == "zip" and _is_workbook(content, name):
        return _workbook_tables(content, name)
    what = _KINDS.get(kind, "d'un format que Gradient ne lit pas ici")
    raise ImportRejected(
        name, f"ce n'est pas une table CSV ou XLSX, le fichier est {what}.", _SAVE_AS
    )


def shown(text: str) -> str:
    """A cell as it may be quoted: short, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…"


def _csv_rows(content: bytes, name: str) -> list[tuple[int, list[str]]]:
    text = decode_head(content)
    if text is None:
        raise ImportRejected(name, "ses caractères ne se lisent pas.", _SAVE_AS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=guess_separator(text))
    rows = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((reader.line_num, [_text(cell) for cell in cells]))
            if len(rows) > MAX_ROWS + HEADER_ROWS:
                raise _too_long(name)
    except csv.Error as error:
        raise ImportRejected(name, "le CSV est mal formé.", _SAVE_AS) from error
    return rows


def _is_workbook(content: bytes, name: str) -> bool:
    """Is it an XLSX? Raises ImportRejected for an archive that is damaged or would swell."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            swollen = sum(member.file_size for member in members) > MAX_UNZIPPED_BYTES
            if swollen or len(members) > MAX_MEMBERS:
                raise ImportRejected(name, "il est démesuré une fois ouvert.", _SMALLER)
            names = [member.filename for member in members]
            if not any(one.lower().startswith("xl/workbook") for one in names):
                return False
            for member in filter(_SHEET.fullmatch, names):
                _refuse_vast(archive.read(member), name)
    except DAMAGES as error:
        raise ImportRejected(name, "le classeur est abîmé ou protégé.", _SAVE_AS) from error
    return True


def _refuse_vast(xml: bytes, name: str) -> None:
    """Refuse a sheet whose furthest cell would make a table of billions of blanks."""
    for column, row in _CELL.findall(xml):
        if int(row) > MAX_ROWS + HEADER_ROWS or _position(column) > 4 * MAX_COLUMNS:
            raise _too_long(name)


def _position(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - ord("A") + 1
    return number


def _workbook_tables(content: bytes, name: str) -> tuple[LocalTable, ...]:
    try:
        book = calamine.CalamineWorkbook.from_object(io.BytesIO(content))
        sheets = {
            one: _numbered(book.get_sheet_by_name(one).to_python(skip_empty_area=False))
            for one in book.sheet_names
        }
    except (calamine.CalamineError, OSError) as error:
        raise ImportRejected(name, "le classeur est abîmé ou protégé.", _SAVE_AS) from error
    tables, refusals = [], []
    for sheet, rows in sheets.items():
        try:
            tables.append(LocalTable(name, _frame(rows, name), sheet))
        except ImportRejected as refusal:
            refusals.append(refusal)
    if not tables:
        raise refusals[0]
    return tuple(tables)


def _numbered(cells: Sequence[Sequence[object]]) -> list[tuple[int, list[str]]]:
    """Rows with something in them, with their line number in the sheet."""
    texts = ((line, [_text(cell) for cell in row]) for line, row in enumerate(cells, start=1))
    return [(line, row) for line, row in texts if any(row)]


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "vrai" if cell else "faux"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return " ".join(str(cell).split())


def _frame(rows: list[tuple[int, list[str]]], name: str) -> pd.DataFrame:
    """The rows below the titles; a row with more cells than titles keeps its own under « … »."""
    at = _header(rows, name)
    titles = rows[at][1]
    kept = [position for position, title in enumerate(titles) if title]
    if len(kept) > MAX_COLUMNS:
        raise ImportRejected(name, f"il a plus de {MAX_COLUMNS} colonnes.", _SMALLER)
    names = [titles[position] for position in kept]
    if repeated := sorted({one for one in names if names.count(one) > 1}):
        reason = f"deux colonnes ont le même titre : {shown(repeated[0])}."
        raise ImportRejected(name, reason, "Renommez l'une des deux.")
    body = rows[at + 1 :]
    if not body:
        raise ImportRejected(name, "il n'a que ses titres, aucune ligne.", _TITLES)
    if len(body) > MAX_ROWS:
        raise _too_long(name)
    _refuse_untitled(titles, body, name)
    cells = [[row[at] if at < len(row) else "" for at in kept] for _, row in body]
    index = pd.Index([line for line, _ in body], name="ligne")
    return pd.DataFrame(cells, columns=names, index=index, dtype=str)


def _refuse_untitled(titles: list[str], body: list[tuple[int, list[str]]], name: str) -> None:
    """Refuse cells under no title: what they hold cannot be checked, nor left out in silence."""
    for line, row in body:
        if any(cell and not (at < len(titles) and titles[at]) for at, cell in enumerate(row)):
            reason = f"ligne {line}, une case est remplie sous une colonne sans titre."
            raise ImportRejected(name, reason, "Donnez un titre à la colonne, ou videz-la.")


def _header(rows: list[tuple[int, list[str]]], name: str) -> int:
    """Position of the titles: the first row of at least two cells, none of which is data."""
    for position, (_, cells) in enumerate(rows[:HEADER_ROWS]):
        filled = [cell for cell in cells if cell]
        if len(filled) < 2:
            continue
        if any(_DATA_CELL.fullmatch(one) and not _YEAR.fullmatch(one) for one in filled):
            break
        return position
    reason = "les titres des colonnes sont introuvables (au moins deux colonnes)."
    raise ImportRejected(name, reason, _TITLES)


def _too_long(name: str) -> ImportRejected:
    reason = f"il a plus de {MAX_ROWS} lignes ou {MAX_COLUMNS} colonnes."
    return ImportRejected(name, reason, _SMALLER)
