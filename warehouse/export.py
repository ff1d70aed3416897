"""Tables of a build as files: written by DuckDB row group by row group, whatever their length."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

Kind = Literal["csv", "parquet"]
# Past this many rows a CSV goes into a ZIP: it takes ten times less room.
ZIPPED_ROWS = 100_000
BOM = "\ufeff"
# What a spreadsheet would run as a formula.
FORMULA = r"^[=+\-@\t\r]"


@dataclass(frozen=True)
class Written:
    """A file ready to be sent."""

    content: bytes
    file_name: str


def can_narrow(path: Path, name: str) -> bool:
    """Whether the rows of a table may be kept for some communes alone."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return bool(_narrowed(_columns(connection, name)))


def count(path: Path, name: str, codes: Sequence[str] | None = None) -> int:
    """Rows of a table; of the communes ``codes`` alone when given. Raises ValueError if unknown."""
    with duckdb.connect(str(path), read_only=True) as connection:
        source, bound = _source(connection, name, codes)
        row = connection.execute(f"SELECT count(*) FROM {source}", bound).fetchone()
    return int(row[0]) if row else 0


def write(path: Path, name: str, kind: Kind, codes: Sequence[str] | None = None) -> Written:
    """A table of the build at ``path`` as a file. Raises ValueError for an unknown table.

    CSV: semicolons, decimal comma, UTF-8 with BOM, empty cells for what is missing, lists as JSON.
    """
    rows = count(path, name, codes)
    with tempfile.TemporaryDirectory(prefix="gradient-") as folder:
        target = Path(folder) / f"{name}.{kind}"
        _copy(path, name, kind, codes, target)
        if kind == "csv" and rows > ZIPPED_ROWS:
            target = _zipped(target)
        return Written(target.read_bytes(), target.name)


def _copy(path: Path, name: str, kind: Kind, codes: Sequence[str] | None, target: Path) -> None:
    with duckdb.connect(str(path), read_only=True) as connection:
        source, bound = _source(connection, name, codes)
        shown = "*" if kind == "parquet" else _cells(_columns(connection, name))
        form = "FORMAT parquet" if kind == "parquet" else "FORMAT csv, DELIMITER ';', HEADER"
        connection.execute(
            f"COPY (SELECT {shown} FROM {source}) TO $target ({form})",
            bound | {"target": str(target)},
        )


def _columns(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    """Columns of a table and their types, in order. Raises ValueError when there is no such table."""
    rows = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() "
        "WHERE table_name = $name AND NOT internal ORDER BY column_index",
        {"name": name},
    ).fetchall()
    if not rows:
        raise ValueError(f"table inconnue : {name}")
    return dict(rows)


def _narrowed(columns: dict[str, str]) -> str:
    """The condition that keeps the rows of communes; empty when the table has none."""
    if "commune_code" in columns:
        return "commune_code IN (SELECT unnest($codes))"
    if {"level", "code"} <= set(columns):
        return "level = 'commune' AND code IN (SELECT unnest($codes))"
    return ""


def _source(
    connection: duckdb.DuckDBPyConnection, name: str, codes: Sequence[str] | None
) -> tuple[str, dict[str, object]]:
    """The table, under a name that the catalogue gave, its condition, and what the latter binds."""
    condition = _narrowed(_columns(connection, name))
    if codes is None or not condition:
        return _quoted(name), {}
    return f"{_quoted(name)} WHERE {condition}", {"codes": list(codes)}


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _cells(columns: dict[str, str]) -> str:
    """The columns as a French spreadsheet reads them. The first name carries the BOM."""
    cells = []
    for position, (name, kind) in enumerate(columns.items()):
        alias = _quoted(f"{BOM if position == 0 else ''}{name}")
        cells.append(f"{_cell(_quoted(name), kind)} AS {alias}")
    return ", ".join(cells)


def _cell(name: str, kind: str) -> str:
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        return f"replace({name}::VARCHAR, '.', ',')"
    if kind.endswith("[]") or kind.startswith("STRUCT"):
        return f"to_json({name})::VARCHAR"
    if kind == "BLOB":
        return f"hex({name})"
    if kind == "VARCHAR":
        return f"if(regexp_matches({name}, '{FORMULA}'), '''' || {name}, {name})"
    return name


def _zipped(path: Path) -> Path:
    archive = path.with_name(f"{path.name}.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as target:
        target.write(path, path.name)
    return archive
