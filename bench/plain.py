"""``python -m bench.plain FILE…``: files read whole by the usual tools, without looking further."""

from __future__ import annotations

import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import duckdb
import openpyxl

# Producers write lines before the header, cells without a header and codes that look like numbers:
# every cell is read as text, the loosest and quickest way.
LOOSE_CSV = "all_varchar = true, null_padding = true, strict_mode = false, ignore_errors = true"
LARGEST_JSON = 1 << 28


def read_plainly(paths: Iterable[Path]) -> int:
    """Read each file into memory with DuckDB, or with openpyxl for workbooks; number of rows."""
    with duckdb.connect() as connection, tempfile.TemporaryDirectory() as folder:
        return sum(_read(connection, path, Path(folder)) for path in paths)


def _read(connection: duckdb.DuckDBPyConnection, path: Path, folder: Path) -> int:
    kind = path.suffix.lower()
    if kind == ".zip":
        return sum(_read(connection, one, folder) for one in _extract(path, folder))
    if kind == ".xlsx":
        return _read_workbook(path)
    return len(connection.sql(_query(kind), params=[str(path)]).to_arrow_table())


def _query(kind: str) -> str:
    if kind == ".parquet":
        return "SELECT * FROM read_parquet($1)"
    if kind in (".json", ".geojson"):
        return f"SELECT * FROM read_json($1, maximum_object_size = {LARGEST_JSON})"
    return f"SELECT * FROM read_csv($1, {LOOSE_CSV})"


def _extract(archive: Path, folder: Path) -> list[Path]:
    inside = folder / archive.stem
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(inside)
    return sorted(path for path in inside.rglob("*") if path.is_file())


def _read_workbook(path: Path) -> int:
    """Rows of every sheet, in the mode of openpyxl that is made for reading."""
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        return sum(1 for sheet in book.worksheets for _ in sheet.iter_rows(values_only=True))
    finally:
        book.close()


if __name__ == "__main__":
    print(read_plainly(Path(argument) for argument in sys.argv[1:]))
