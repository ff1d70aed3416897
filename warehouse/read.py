"""Read access: one read-only connection a process, one cursor a query, results as DataFrames."""

from __future__ import annotations

import json
import re
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from warehouse.indicators import IndicatorCard, load_indicators
from warehouse.paths import SQL

_MACRO = re.compile(r"CREATE MACRO (\w+)\(([^)]*)\) AS TABLE")


@lru_cache(maxsize=1)
def marts() -> dict[str, tuple[str, ...]]:
    """Every query that pages may ask, with its parameters: the table macros of sql/3_marts."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((SQL / "3_marts").glob("*.sql")):
        for name, parameters in _MACRO.findall(path.read_text("utf-8")):
            found[name] = tuple(part.strip() for part in parameters.split(",") if part.strip())
    return found


class Warehouse:
    """A published build, opened for reading. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Open ``path`` read-only; a build that is replaced stays readable while it is open."""
        self.path = path
        self._root = duckdb.connect(str(path), read_only=True)
        self._lock = threading.Lock()

    def mart(self, name: str, **parameters: Any) -> pd.DataFrame:
        """Rows of mart ``name``. Raises ValueError for an unknown mart or wrong parameters."""
        expected = marts().get(name)
        if expected is None or set(parameters) != set(expected):
            raise ValueError(f"mart {name}({', '.join(expected or ())}), reçu {sorted(parameters)}")
        bound = ", ".join(f"${parameter}" for parameter in expected)
        with self._lock:
            cursor = self._root.cursor()
        try:
            return cursor.execute(f"SELECT * FROM {name}({bound})", parameters).df()
        finally:
            cursor.close()

    @property
    def facts(self) -> dict[str, str]:
        """Identity of the build: build_id, profil, construit_le."""
        frame = self.mart("build_facts")
        return dict(zip(frame["key"], frame["value"], strict=True))

    def indicator_cards(self) -> dict[str, IndicatorCard]:
        """Cards of the indicators, in display order."""
        return load_indicators()

    def close(self) -> None:
        """Release the file."""
        self._root.close()


def as_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of ``frame`` as plain dictionaries (missing values as None)."""
    records: list[dict[str, Any]] = json.loads(frame.to_json(orient="records"))
    return records
