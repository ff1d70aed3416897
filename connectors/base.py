"""What every connector of a producer's files shares: a file, its sample, how it is recognised.

A connector is a module of this folder with:

* ``recognise(sample) -> Recognition | None``: is this file one of ours, by its content (a name is
  a hint, never a proof), and of which vintage;
* ``parse(raw, found) -> dict[str, DataFrame]``: raw tables, by name, with the columns that
  ``data/columns/<table>.csv`` announces, codes as text;
* ``downloads(card, scope) -> list[Download]``: what to ask for when there is a network.

Four more functions, where a service needs them; the fetch looks for each by its name:

* ``following(raw, source_id) -> str | None``: address of the page that follows a JSON answer;
* ``listing(card) -> str``: address of a catalogue to read first; ``downloads`` then takes it as a
  third argument, empty when it could not be had;
* ``elsewhere(card, url, read) -> str | None``: where what stood at ``url`` has moved to; ``read``
  gives the bytes of an address;
* ``why_not(sample) -> str``: why a file that looks like one of ours is not; empty for any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import pandas as pd

from connectors.cards import SourceCard

Origin = Literal["direct", "cache", "depot", "embarque"]
Kind = Literal["csv", "json", "xlsx", "xls", "zip", "gzip", "parquet", "html", "empty", "unknown"]


@dataclass(frozen=True)
class RawFile:
    """Bytes of a producer, as they came: where they are, where from, when."""

    path: Path
    name: str
    url: str
    origin: Origin
    retrieved_at: str
    sha256: str


@dataclass(frozen=True)
class Sample:
    """What a file shows before it is parsed.

    ``head``: its first 64 kB decoded (csv, json), the first texts of a workbook, else empty. ``columns``: those of a parquet file,
    or the cells of the first line of a csv. ``members``: names inside a zip, sheets of a workbook.
    """

    name: str
    kind: Kind
    head: str = ""
    columns: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recognition:
    """A file known by its content: its source, the dataset within it, its vintage.

    ``part`` tells what share of the dataset the file holds (a profession, a département); empty for
    the whole. A file replaces another of the same part, and the whole replaces every part.
    """

    source_id: str
    dataset: str
    vintage: str
    part: str = ""


@dataclass(frozen=True)
class Scope:
    """What to fetch: départements (codes), or the whole country when empty."""

    departements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Download:
    """One request: where, and the name to keep the bytes under. ``fallbacks`` are tried in order."""

    url: str
    file_name: str
    fallbacks: tuple[str, ...] = ()


class Connector(Protocol):
    """A module of this folder, seen by the warehouse."""

    def recognise(self, sample: Sample) -> Recognition | None: ...
    def parse(self, raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]: ...
    def downloads(self, card: SourceCard, scope: Scope) -> list[Download]: ...
