"""Column maps (data/columns/*.csv): a row a vintage, a column a name of ours, a value a name of theirs.

A producer that renames a column costs one row of data here, and no code.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from connectors.cards import DATA
from connectors.errors import InvalidCard, SchemaDrift

VINTAGE = "millesime"


def column_map(table: str, vintage: str, folder: Path = DATA / "columns") -> dict[str, str]:
    """Names of ``table`` in ``vintage``: theirs -> ours. Raises InvalidCard when not described."""
    path = folder / f"{table}.csv"
    if not path.is_file():
        raise InvalidCard(f"La table {table} n'a pas de description dans data/columns/.")
    described = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows = described[described[VINTAGE] == vintage]
    if len(rows) != 1:
        raise InvalidCard(
            f"data/columns/{table}.csv : une ligne attendue pour le millésime {vintage}."
        )
    ours = rows.drop(columns=VINTAGE).iloc[0]
    return {theirs: name for name, theirs in ours.items() if theirs}


def rename(
    frame: pd.DataFrame, source_id: str, table: str, vintage: str, *, strict: bool = True
) -> pd.DataFrame:
    """Give our names to the columns of ``frame`` and keep those alone.

    Raises SchemaDrift naming missing columns and, when ``strict``, unknown ones.
    """
    names = column_map(table, vintage)
    missing = [name for name in names if name not in frame.columns]
    extra = [str(name) for name in frame.columns if strict and name not in names]
    if missing or extra:
        raise SchemaDrift(source_id, table, vintage, missing=missing, extra=extra)
    return frame[list(names)].rename(columns=names)
