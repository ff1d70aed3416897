"""The embedded warehouse, opened once for the SQL tests, and its commune figures as frames."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from warehouse.read import Warehouse


@pytest.fixture(scope="session")
def warehouse(embedded_warehouse: Path) -> Iterator[Warehouse]:
    """The published build, as pages open it."""
    opened = Warehouse(embedded_warehouse)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def database(embedded_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file, for queries that no mart asks."""
    with duckdb.connect(str(embedded_warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def commune_figures(database: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Observations of communes, all indicators and periods."""
    return database.execute("SELECT * FROM observation WHERE level = 'commune'").df()


@pytest.fixture(scope="session")
def populations(database: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Inhabitants of each commune of today; the uninhabited ones of overseas count zero."""
    rows = database.execute(
        "SELECT code, coalesce(population, 0) FROM territory WHERE level = 'commune'"
    ).fetchall()
    return dict(rows)
