"""A published build and, beside it, the figures that one visitor brought: never written to it.

The build is attached read-only to a database in memory that lives and dies with the session. Local
rows go through the very SQL of the build (aggregation, absences, references), and every mart then
answers for both.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from warehouse.indicators import IndicatorCard, card_rows
from warehouse.paths import SQL
from warehouse.read import Warehouse

KEY = ["indicator_id", "period"]
JOINED = ("observation", "indicator", "source", "reference")
AGGREGATION = ("50_aggregate.sql", "55_absent.sql", "60_reference.sql")
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "700MB",
    "temp_directory": "",
}


@dataclass(frozen=True)
class LocalFigures:
    """What a session adds: cards by id, rows of ``source`` and rows of ``observation``."""

    cards: Mapping[str, IndicatorCard]
    sources: pd.DataFrame
    observations: pd.DataFrame


class LocalWarehouse(Warehouse):
    """The marts of a build, where local figures stand beside the published ones."""

    def __init__(self, path: Path, local: LocalFigures) -> None:
        """Attach ``path`` and join ``local`` to it; nothing is written to the disk."""
        self.path = path
        self.local = local
        self._lock = threading.Lock()
        self._root = duckdb.connect(":memory:", config=SETTINGS)
        self._attach()
        self._fill()
        self._join()

    def indicator_cards(self) -> dict[str, IndicatorCard]:
        """Published cards, then local ones."""
        return super().indicator_cards() | dict(self.local.cards)

    def mart(self, name: str, **parameters: Any) -> pd.DataFrame:
        """The mart of the build; the profile of several whole EPCI has what only they were given."""
        frame = super().mart(name, **parameters)
        if name != "profile":
            return frame
        more = super().mart(
            "whole_epci", codes=parameters["codes"], indicators=list(self.local.cards)
        )
        known = pd.MultiIndex.from_frame(frame.loc[frame["value"].notna(), KEY])
        more = more[~pd.MultiIndex.from_frame(more[KEY]).isin(known)]
        if more.empty:
            return frame
        replaced = pd.MultiIndex.from_frame(frame[KEY]).isin(pd.MultiIndex.from_frame(more[KEY]))
        return pd.concat([frame[~replaced], more], ignore_index=True)

    def _attach(self) -> None:
        # ATTACH binds no parameter: quotes in the path are doubled.
        path = str(self.path).replace("'", "''")
        self._root.execute(f"ATTACH '{path}' AS published (READ_ONLY)")
        tables = self._root.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'published'"
        ).fetchall()
        for (name,) in tables:
            if name not in JOINED:
                self._root.execute(f"CREATE VIEW {name} AS FROM published.{name}")

    def _fill(self) -> None:
        """The local tables, completed by the aggregation of the build."""
        root = self._root
        for name in ("observation", "indicator", "source"):
            root.execute(f"CREATE TABLE {name} AS FROM published.{name} LIMIT 0")
        root.register("brought", self.local.observations)
        root.execute("INSERT INTO observation BY NAME SELECT * FROM brought")
        ((last,),) = root.execute("SELECT max(position) FROM published.indicator").fetchall()
        rows = pd.DataFrame(card_rows(self.local.cards, int(last) + 1)).convert_dtypes()
        root.register("cards", rows)
        root.execute("INSERT INTO indicator BY NAME SELECT * FROM cards")
        root.register("origins", self.local.sources)
        root.execute("INSERT INTO source BY NAME SELECT * FROM origins")
        # No national reference was published for a local indicator.
        root.execute("CREATE TEMP VIEW stg_reference AS FROM published.reference WHERE false")
        for script in AGGREGATION:
            root.execute((SQL / "2_core" / script).read_text("utf-8"))
        for name in ("brought", "cards", "origins"):
            root.unregister(name)

    def _join(self) -> None:
        """Each name now means both the build and the local rows."""
        for name in JOINED:
            self._root.execute(f"ALTER TABLE {name} RENAME TO local_{name}")
            self._root.execute(
                f"CREATE VIEW {name} AS FROM published.{name} UNION ALL BY NAME FROM local_{name}"
            )
        for script in sorted((SQL / "3_marts").glob("*.sql")):
            self._root.execute(script.read_text("utf-8"))
