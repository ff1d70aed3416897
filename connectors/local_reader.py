"""Reading one file a visitor brought, in a process apart: bytes on the standard input, tables out.

Run by :mod:`connectors.fichier_local` alone. It bounds its own memory before it parses anything,
and ends with the file. Out: one line of JSON (the refusal, or
what each table is), then each table as an Arrow stream.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import python_calamine as calamine

from connectors.local_layout import (
    SAVE_AS,
    SEARCHED_NOTES,
    SEARCHED_ROWS,
    SMALLER,
    NoTable,
    find_layout,
    numbered,
    titles,
)
from connectors.sniff import DAMAGES, guess_separator, kind_of

MAX_MEMBERS = 2_000
MAX_RATIO = 250
CHUNK = 20_000
HEAD = 64 * 1024
BLOCK = 2 * 1024**2
TITLES = "Écrivez une ligne de titres au-dessus des données, comme dans le modèle."
LINE = "__ligne__"

_KINDS = {
    "html": "une page web",
    "json": "un fichier JSON",
    "gzip": "une archive",
    "parquet": "un fichier Parquet",
    "empty": "vide",
}
_UTF16 = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f\x7f]")
# What ``str.split`` takes for a space, but one space inside a cell.
_UNTIDY = r"^ | $|  |[^\S ]|[\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x0b\x1c-\x1f]"
_TRAP = re.compile(rb"<!(DOCTYPE|ENTITY)", re.I)


class Refused(Exception):
    """The file is refused; ``reason`` and ``remedy`` are French."""

    def __init__(self, reason: str, remedy: str = SAVE_AS) -> None:
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


@dataclass
class Grid:
    """Rows that are not blank with their line numbers, kept by columns to be small in memory."""

    rows_limit: int
    columns_limit: int
    width: int = 0
    _count: int = 0
    _numbers: list[int] = field(default_factory=list)
    _rows: list[list[str]] = field(default_factory=list)
    _lines: list[pa.Array] = field(default_factory=list)
    _chunks: list[list[pa.Array]] = field(default_factory=list)

    def add(self, line: int, cells: list[str]) -> None:
        """One more row. Raises Refused past the limits."""
        if not any(cells):
            return
        while not cells[-1]:
            cells.pop()
        if len(cells) > self.columns_limit:
            raise Refused(f"il a plus de {self.columns_limit} colonnes.", SMALLER)
        self.width = max(self.width, len(cells))
        self._count += 1
        self._numbers.append(line)
        self._rows.append(cells)
        if self._count > self.rows_limit + SEARCHED_ROWS:
            raise self.too_long()
        if len(self._rows) >= CHUNK:
            self._flush()

    def add_chunk(self, first: int, columns: list[pa.Array]) -> bool:
        """Rows of one width, tidy, on lines that follow one another from ``first`` on.

        False, and nothing is added, when a row is blank or they are past the limits: :meth:`add`
        tells them apart.
        """
        while columns and not pc.any(pc.not_equal(columns[-1], "")).as_py():
            columns.pop()
        if not columns or len(columns) > self.columns_limit:
            return False
        count = len(columns[0])
        blank = pc.equal(columns[0], "")
        for column in columns[1:]:
            if not pc.any(blank).as_py():
                break
            blank = pc.and_(blank, pc.equal(column, ""))
        if pc.any(blank).as_py() or self._count + count > self.rows_limit + SEARCHED_ROWS:
            return False
        if self._rows:
            self._flush()
        self.width = max(self.width, len(columns))
        self._count += count
        self._lines.append(pa.array(np.arange(first, first + count)))
        self._chunks.append(columns)
        return True

    def too_long(self) -> Refused:
        """The refusal of a file of too many rows."""
        return Refused(
            f"il a plus de {self.rows_limit} lignes ou {self.columns_limit} colonnes.", SMALLER
        )

    def _flush(self) -> None:
        width = max(map(len, self._rows))
        for row in self._rows:
            row.extend([""] * (width - len(row)))
        self._chunks.append(
            [pa.array(column, pa.string()) for column in zip(*self._rows, strict=True)]
        )
        self._lines.append(pa.array(self._numbers, pa.int64()))
        self._rows, self._numbers = [], []

    def table(self) -> pa.Table:
        """Every row: the line numbers, then one column of text a position."""
        if self._rows:
            self._flush()
        columns: dict[str, Any] = {LINE: pa.chunked_array(self._lines, pa.int64())}
        for position in range(self.width):
            columns[str(position)] = pa.chunked_array(
                [
                    chunk[position] if position < len(chunk) else pa.array([""] * len(chunk[0]))
                    for chunk in self._chunks
                ],
                pa.string(),
            )
        return pa.table(columns)


def main(order: dict[str, int]) -> None:
    """Read the standard input, write the answer."""
    _bound_memory(order["memory"])
    content = sys.stdin.buffer.read()
    try:
        found = read(content, order)
    except Refused as refusal:
        _say({"refused": refusal.reason, "remedy": refusal.remedy})
        return
    facts, streams = [], []
    for told, table in found:
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        facts.append(told | {"bytes": sink.tell()})
        streams.append(sink)
    _say({"tables": facts})
    for sink in streams:
        sys.stdout.buffer.write(sink.getbuffer())


def read(content: bytes, order: dict[str, int]) -> list[tuple[dict[str, Any], pa.Table]]:
    """Every table of ``content``, with what stands around it. Raises Refused."""
    return list(_tables(content, order))


def is_text(content: bytes) -> bool:
    """Whether ``content`` is a text file, which cannot swell. Raises Refused for a program."""
    return _kind(content) == "csv"


def _say(answer: dict[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")


def _bound_memory(limit: int) -> None:
    """Bound what this process may address, where the system knows how (not Windows)."""
    try:
        resource: Any = import_module("resource")
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _tables(content: bytes, order: dict[str, int]) -> Iterator[tuple[dict[str, Any], pa.Table]]:
    kind = _kind(content)
    if kind == "csv":
        yield _recognised("", _csv_grid(content, order), [])
        return
    if kind not in ("zip", "xls"):
        what = _KINDS.get(kind, "d'un format que Gradient ne lit pas ici")
        raise Refused(f"ce n'est pas une table (XLSX, XLS, ODS, CSV), le fichier est {what}.")
    remarks = _open_archive(content, order) if kind == "zip" else []
    yield from _workbook(content, order, remarks)


def _kind(content: bytes) -> str:
    if content.startswith(tuple(mark for mark, _ in _UTF16)):
        return "csv"
    if content.startswith(b"MZ") or content.startswith(b"\x7fELF"):
        raise Refused("c'est un programme, pas une table.", "N'ouvrez pas ce fichier.")
    return kind_of(content[:HEAD])


def _csv_grid(content: bytes, order: dict[str, int]) -> Grid:
    text = _decoded(content)
    grid = Grid(order["rows"], order["columns"])
    separator = guess_separator(text[:HEAD])
    line, start = 0, 0
    try:
        while start < len(text):
            end = _block_end(text, start)
            block = text[start:end]
            if not _simply_quoted(block, separator):
                # A cell may go on over several lines: the rest is read as one.
                _add_rows(grid, text[start:], separator, line)
                break
            lines = block.count("\n") + (not block.endswith("\n"))
            columns = _columns(block, separator, lines)
            if columns is None or not grid.add_chunk(line + 1, columns):
                _add_rows(grid, block, separator, line)
            line, start = line + lines, end
    except csv.Error as error:
        raise Refused("le CSV est mal formé (un guillemet jamais refermé ?).") from error
    return grid


def _add_rows(grid: Grid, text: str, separator: str, line: int) -> None:
    """The rows of ``text``, whatever they are like; ``line``: how many lines stand before it."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    for cells in reader:
        grid.add(line + reader.line_num, [_tidy(cell) for cell in cells])


def _block_end(text: str, start: int) -> int:
    """Past the end of a line: the first block is the head, where titles are, the others larger."""
    end = text.find("\n", start + (BLOCK if start else HEAD))
    return len(text) if end < 0 else end + 1


def _simply_quoted(block: str, separator: str) -> bool:
    """Whether each line of ``block`` is a row: quotes, if any, stand around whole cells."""
    if block.count("\r") != block.count("\r\n"):
        return False
    if '"' not in block:
        return True
    one = re.escape(separator)
    cell = re.compile(rf'(?:(?<=[{one}\n])|^)"[^"\r\n]*"(?=[{one}\r\n]|$)')
    return '"' not in cell.sub("", block)


def _columns(block: str, separator: str, lines: int) -> list[pa.Array] | None:
    """The tidy columns of ``lines`` rows of one width; None when they are not."""
    width = len(next(csv.reader([block[: block.find("\n") + 1] or block], delimiter=separator), ()))
    names = [str(at) for at in range(width)]
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(block.encode()),
            arrow_csv.ReadOptions(
                use_threads=False, column_names=names, block_size=2 * len(block.encode()) + 1
            ),
            arrow_csv.ParseOptions(delimiter=separator, ignore_empty_lines=False),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        ).combine_chunks()
    except pa.ArrowInvalid:
        return None
    if table.num_rows != lines:
        return None
    columns = [column.combine_chunks() for column in table.columns]
    if any(pc.max(pc.binary_length(column)).as_py() > csv.field_size_limit() for column in columns):
        return None
    return [_tidied(column) for column in columns]


def _tidied(column: pa.Array) -> pa.Array:
    """:func:`_tidy` on each cell that needs it."""
    untidy = pc.match_substring_regex(column, _UNTIDY)
    if not pc.any(untidy).as_py():
        return column
    cells = [_tidy(cell) for cell in column.filter(untidy).to_pylist()]
    return pc.replace_with_mask(column, untidy, pa.array(cells, pa.string()))


def _tidy(cell: str) -> str:
    """Without spaces around, and only single ones inside; a no-break space is one."""
    return cell if cell.isalnum() else " ".join(cell.split())


def _decoded(content: bytes) -> str:
    for mark, encoding in _UTF16:
        if content.startswith(mark):
            return _decode(content, encoding)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _decode(content, "cp1252")
    if _CONTROL.search(text):
        raise Refused("ses caractères ne se lisent pas.")
    return text


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused("ses caractères ne se lisent pas.") from error


def _open_archive(content: bytes, order: dict[str, int]) -> list[str]:
    """What is to be told of a workbook. Raises Refused for what would swell or is no workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _refuse_swollen(members, order["unzipped"])
            names = [member.filename for member in members]
            if not any(_is_book(name) for name in names):
                raise Refused("c'est une archive, pas un classeur.", "Sortez-en la table d'abord.")
            for member in members:
                if member.filename.lower().endswith((".xml", ".rels")):
                    with archive.open(member) as stream:
                        if _TRAP.search(stream.read(HEAD)):
                            raise Refused(
                                "il contient des définitions XML, qu'un classeur n'a jamais et qui "
                                "servent à piéger un lecteur."
                            )
    except DAMAGES as error:
        raise Refused("le classeur est abîmé ou protégé.") from error
    return _remarks(names)


def _is_book(name: str) -> bool:
    return name.lower().startswith("xl/workbook") or name == "content.xml"


def _refuse_swollen(members: Sequence[zipfile.ZipInfo], unzipped: int) -> None:
    swollen = any(
        member.file_size > MAX_RATIO * max(member.compress_size, 1) and member.file_size > HEAD * 16
        for member in members
    )
    if swollen or len(members) > MAX_MEMBERS or sum(one.file_size for one in members) > unzipped:
        raise Refused("il est démesuré une fois ouvert.", SMALLER)


def _remarks(names: Iterable[str]) -> list[str]:
    said = []
    lowered = [name.lower() for name in names]
    if any("vbaproject" in name or name.startswith("basic/") for name in lowered):
        said.append("Ce classeur contient des macros : elles n'ont pas été lues.")
    if any("externallinks/" in name for name in lowered):
        said.append(
            "Ce classeur renvoie à d'autres fichiers : seules les valeurs enregistrées sont lues."
        )
    return said


def _workbook(
    content: bytes, order: dict[str, int], remarks: list[str]
) -> Iterator[tuple[dict[str, Any], pa.Table]]:
    refusals: list[Refused] = []
    found = 0
    try:
        book = calamine.CalamineWorkbook.from_object(io.BytesIO(content))
        for name in book.sheet_names:
            try:
                sheet = book.get_sheet_by_name(name)
                yield _recognised(name, _sheet_grid(sheet, order), remarks)
                found += 1
            except Refused as refusal:
                refusals.append(refusal)
    except calamine.PasswordError as error:
        raise Refused("le classeur est protégé par un mot de passe.") from error
    except (calamine.CalamineError, OSError) as error:
        raise Refused("le classeur est abîmé ou protégé.") from error
    if not found:
        raise refusals[0] if refusals else Refused("le classeur n'a aucune feuille.")


def _sheet_grid(sheet: Any, order: dict[str, int]) -> Grid:
    grid = Grid(order["rows"], order["columns"])
    if sheet.total_height > order["rows"] + SEARCHED_ROWS:
        raise grid.too_long()
    first = sheet.start or (0, 0)
    merged = _merged_texts(sheet)
    pending: dict[tuple[int, int], str] = {}
    for line, row in enumerate(sheet.iter_rows(), start=first[0]):
        cells = [""] * first[1] + [_text(cell) for cell in row]
        if merged:
            _fill_merged(line, cells, merged, pending)
        grid.add(line + 1, cells)
    return grid


def _merged_texts(sheet: Any) -> dict[int, list[tuple[tuple[int, int], tuple[int, int]]]]:
    """First row -> the merged ranges that begin on it."""
    found: dict[int, list[tuple[tuple[int, int], tuple[int, int]]]] = {}
    for start, end in sheet.merged_cell_ranges or ():
        found.setdefault(start[0], []).append((start, end))
    return found


def _fill_merged(
    line: int,
    cells: list[str],
    merged: dict[int, list[tuple[tuple[int, int], tuple[int, int]]]],
    pending: dict[tuple[int, int], str],
) -> None:
    """Write in each cell of a merged range that goes down the text of its first cell."""
    for (_, left), (bottom, right) in merged.get(line, ()):
        if bottom == line or left >= len(cells):
            continue
        text = cells[left]
        if text and not _is_number(text):
            for below in range(line + 1, bottom + 1):
                for column in range(left, right + 1):
                    pending[below, column] = text if column == left else ""
    for column in range(len(cells)):
        if not cells[column]:
            cells[column] = pending.pop((line, column), "")


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[-+]?\d+([.,]\d+)?", text)) and not re.fullmatch(
        r"\d{5}|\d{9}", text
    )


def _text(cell: object) -> str:
    if isinstance(cell, str):
        return " ".join(cell.split())
    if isinstance(cell, bool):
        return "vrai" if cell else "faux"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)


def _recognised(sheet: str, grid: Grid, remarks: list[str]) -> tuple[dict[str, Any], pa.Table]:
    """The table of a sheet, its columns under their titles, and what stands around it."""
    if not grid.width:
        raise Refused("il n'y a rien dedans." if sheet else "le fichier est vide.", TITLES)
    table = grid.table()
    head = _rows(table.slice(0, SEARCHED_ROWS))
    start = max(0, table.num_rows - SEARCHED_NOTES)
    last = table.slice(start)
    tail = list(zip(last[LINE].to_pylist(), _rows(last), strict=True))
    try:
        layout = find_layout(head, tail, table.num_rows)
    except NoTable as reason:
        raise Refused(str(reason), TITLES) from reason
    names, units = titles([head[at] for at in layout.header], grid.width)
    body = table.slice(layout.body, layout.end - layout.body)
    if body.num_rows > grid.rows_limit:
        raise grid.too_long()
    filled = [_first_filled(body, position) for position in range(grid.width)]
    untitled = [first for name, first in zip(names, filled, strict=True) if first and not name]
    kept = [at for at in range(grid.width) if names[at] or filled[at]]
    (_, *distinct), repeated = numbered([LINE, *(names[at] or f"Colonne {at + 1}" for at in kept)])
    lines = table[LINE].to_pylist() if layout.end < table.num_rows else []
    below = [
        (lines[at], " ".join(filter(None, tail[at - start][1])))
        for at in range(layout.end, table.num_rows)
    ]
    facts: dict[str, Any] = {
        "sheet": sheet,
        "above": [" ".join(filter(None, head[at])) for at in layout.above],
        "below": below,
        "units": {
            title: units[at] for title, at in zip(distinct, kept, strict=True) if at in units
        },
        "header_rows": len(layout.header),
        "repeated": list(repeated),
        "untitled": min(untitled, default=0),
        "remarks": remarks,
    }
    columns = [body[LINE], *(body[str(at)] for at in kept)]
    return facts, pa.table(columns, names=[LINE, *distinct])


def _rows(table: pa.Table) -> list[list[str]]:
    columns = [table[at].to_pylist() for at in range(1, table.num_columns)]
    return [list(cells) for cells in zip(*columns, strict=True)]


def _first_filled(body: pa.Table, position: int) -> int:
    """Line of the first filled cell of a column, 0 when it has none."""
    at = pc.index(pc.not_equal(body[str(position)], ""), True).as_py()
    return int(body[LINE][at].as_py()) if at >= 0 else 0


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
