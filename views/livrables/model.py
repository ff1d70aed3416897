"""A document before any file format: sections of texts, tables and pictures, and its facts.

Every number is already a text, written by the functions that the screens use: writers place texts,
they never format a figure. What a visitor typed stays as typed; each writer escapes for its format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from views.text import NO_BREAK


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; ``strong``: the sentence that carries the section."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """A caution about what stands above."""

    text: str


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table of texts; the first column heads its row.

    ``numeric``: columns aligned on the right; ``shares``: relative widths, equal when empty;
    ``total``: the last row is a total.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    shares: tuple[float, ...] = ()
    total: bool = False

    @property
    def widths(self) -> tuple[float, ...]:
        """Share of the width of each column, summing to 1."""
        shares = self.shares or (1.0,) * len(self.columns)
        return tuple(share / sum(shares) for share in shares)


@dataclass(frozen=True)
class Figure:
    """A picture (PNG), what it shows in words for who does not see it, and its caption.

    ``source``: what it comes from, where a slide has to write it (on a page the picture does).
    """

    png: bytes
    alt: str
    caption: str
    source: str = ""


Block = Paragraph | Bullets | Note | Heading | Table | Figure


@dataclass(frozen=True)
class Section:
    """A part of the document; ``key`` names it in the address of the page."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    new_page: bool = False


@dataclass(frozen=True)
class Slide:
    """One message (``title``), what supports it, and what the speaker says: source and caution.

    ``screen``: the page of Gradient that shows the same, empty when none does.
    """

    title: str
    blocks: tuple[Block, ...]
    notes: str
    screen: str = ""


@dataclass(frozen=True)
class Reach:
    """Where another machine finds the screens: address of Gradient, choices that reopen them."""

    base: str
    query: str

    def of(self, screen: str) -> str:
        """Address of a page, with the choices of the documents."""
        return f"{self.base}/{screen}?{self.query}"


@dataclass(frozen=True)
class Facts:
    """What every page carries. ``built``: date of the data build, that of the files' properties."""

    title: str
    perimeter: str
    comparator: str
    vintage: str
    written: date
    built: date
    build: str
    version: str
    authors: str = ""
    logo: bytes | None = None
    reach: Reach | None = None

    @property
    def header(self) -> str:
        """First line of every page: what, where, beside whom."""
        return f"{self.perimeter} · comparé à : {self.comparator}"

    @property
    def footer(self) -> str:
        """Last line of every page: vintage, date, data build, version of the application."""
        return (
            f"{self.vintage} · écrit le {french_date(self.written)} · données {self.build} · "
            f"Gradient {self.version}"
        )


@dataclass(frozen=True)
class Report:
    """A whole document: facts of every page, sections, slides."""

    facts: Facts
    sections: tuple[Section, ...]
    slides: tuple[Slide, ...] = field(default=())


_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
    "novembre", "décembre",
)  # fmt: skip


def french_date(day: date) -> str:
    """« 3 mars 2026 », « 1er mars 2026 »."""
    return f"{'1er' if day.day == 1 else day.day}{NO_BREAK}{_MONTHS[day.month - 1]}{NO_BREAK}{day.year}"


FAILED = (
    "Cette partie n'a pas pu être écrite : le détail est dans le terminal qui a lancé Gradient. Le reste "
    "du document est complet."
)


def failed_section(key: str, title: str) -> Section:
    """What stands in the document where a section could not be made."""
    return Section(key, title, (Note(FAILED),))


def failed_slide(title: str) -> Slide:
    """The same, for a slide."""
    return Slide(title, (Note(FAILED),), FAILED)


def plain(text: str) -> str:
    """A sentence without the marks of Markdown that screens draw (bold), for files."""
    return text.replace("**", "")


def table_of(
    frame: pd.DataFrame,
    caption: str,
    numeric: Sequence[str] = (),
    shares: Sequence[float] = (),
    *,
    total: bool = False,
) -> Table:
    """A table out of a frame of texts (a DataFrame), as a screen shows it."""
    columns = tuple(str(name) for name in frame.columns)
    return Table(
        caption,
        columns,
        tuple(tuple(str(value) for value in row) for row in frame.itertuples(index=False)),
        frozenset(position for position, name in enumerate(columns) if name in numeric),
        tuple(shares),
        total,
    )
