"""Tables as files: what DuckDB writes is what the table holds, ready for a French spreadsheet."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from views.donnees import TABLES, documented_tables
from warehouse.export import ZIPPED_ROWS, can_narrow, count, write
from warehouse.paths import ROOT


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A small file of the same shape as a build."""
    path = tmp_path / "base.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """
            CREATE TABLE observation AS SELECT * FROM (VALUES
                ('commune', '95127', 1234.5::DOUBLE, '=1+1', ['a', 'b']),
                ('commune', '46042', NULL, 'masqué ; « x »', []),
                ('epci', '95127', 0::DOUBLE, NULL, NULL)
            ) AS t(level, code, value, reason, caveats);
            CREATE TABLE large AS SELECT i AS n FROM range(100001) AS r(i);
            CREATE TABLE member AS SELECT '95127' AS commune_code, 'x' AS "un ""nom"" long";
            """
        )
    return path


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_a_csv_reads_in_a_french_spreadsheet(base: Path) -> None:
    written = write(base, "observation", "csv")
    assert written.content.startswith(b"\xef\xbb\xbflevel;code;")
    first, second, third = rows_of(written.content)
    assert first == {
        "level": "commune",
        "code": "95127",
        "value": "1234,5",
        "reason": "'=1+1",
        "caveats": '["a","b"]',
    }
    assert (second["value"], second["reason"]) == ("", "masqué ; « x »")
    assert third["value"] == "0,0", "a zero is not a missing value"


def test_a_perimeter_keeps_its_communes_alone(base: Path) -> None:
    assert can_narrow(base, "observation") and can_narrow(base, "member")
    assert not can_narrow(base, "large")
    assert count(base, "observation") == 3
    assert count(base, "observation", ["95127"]) == 1
    assert count(base, "member", ["46042"]) == 0
    assert count(base, "large", ["46042"]) == 100_001, "the whole table"
    (row,) = rows_of(write(base, "observation", "csv", ["46042"]).content)
    assert row["code"] == "46042"


def test_parquet_keeps_types(base: Path) -> None:
    table = pq.read_table(io.BytesIO(write(base, "observation", "parquet").content))
    assert table.num_rows == 3
    assert table.column("value").to_pylist() == [1234.5, None, 0.0]
    assert table.column("caveats").to_pylist()[0] == ["a", "b"]


def test_a_long_csv_is_zipped(base: Path) -> None:
    assert ZIPPED_ROWS == 100_000
    written = write(base, "large", "csv")
    assert written.file_name == "large.csv.zip"
    with zipfile.ZipFile(io.BytesIO(written.content)) as archive:
        assert archive.namelist() == ["large.csv"]
        assert archive.read("large.csv").count(b"\n") == 100_002


@pytest.mark.parametrize("name", ["absente", "duckdb_tables", 'x"; DROP TABLE observation; --'])
def test_an_unknown_table_is_refused(base: Path, name: str) -> None:
    for call in (lambda: count(base, name), lambda: write(base, name, "csv")):
        with pytest.raises(ValueError, match="table inconnue"):
            call()


def test_every_offered_table_is_described_and_written(embedded_warehouse: Path) -> None:
    described = documented_tables((ROOT / "docs" / "entrepot.md").read_text("utf-8"))
    assert set(TABLES) <= set(described), "a table that is gone"
    for name, (sentence, columns) in described.items():
        assert sentence, name
        small = count(embedded_warehouse, name) < 5_000
        content = write(embedded_warehouse, name, "parquet", None if small else ["95127"]).content
        assert pq.read_schema(io.BytesIO(content)).names == list(columns["Colonne"])
