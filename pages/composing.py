"""A document composed from what is on screen: its facts, its sections, each failing alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import duckdb
import pandas as pd

from pages.comparator import Comparator
from pages.dosing import Settings
from pages.local_data import exportable
from pages.reading import assessed
from pages.shared import Current, warehouse
from pages.standing_out import StandingOut, standing_out
from pages.version import app_version
from pages.weighing import Chosen
from views.livrables.model import (
    Block,
    Facts,
    Reach,
    Section,
    Slide,
    failed_section,
    failed_slide,
)
from views.livrables.words import vintage_text

# What a section may raise: wrong or missing figures, a drawing that fails, a warehouse gone.
FAILURES = (
    ValueError,
    LookupError,
    ArithmeticError,
    TypeError,
    AttributeError,
    OSError,
    RuntimeError,
    duckdb.Error,
)
Progress = Callable[[float, str], object]


@dataclass(frozen=True)
class Asked:
    """The state of the screens: everything that the documents follow from.

    ``need``: purpose and weights, None when no domain has figures; ``people``: the population aimed
    at, by commune; ``settings``, ``mesh``: the resource shared and the territories it goes to.
    """

    found: Current
    comparator: Comparator
    need: Chosen | None
    target: str
    people: pd.Series
    cut: str
    cut_text: str
    settings: Settings | None
    mesh: str

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Every indicator beside the comparator, as the screens have it (remembered).

        Without the local figures that the visitor keeps out of files.
        """
        return exportable(assessed(self.found, self.comparator))

    @cached_property
    def standing(self) -> StandingOut:
        """The findings, as the page Ce qui ressort lists them."""
        return standing_out(self.found, self.frame)


@dataclass(frozen=True)
class Cover:
    """What the visitor gives for the cover: authors, logo, date, where telephones find Gradient."""

    authors: str
    logo: bytes | None
    written: date
    reach: Reach | None = None


def facts_of(asked: Asked, title: str, cover: Cover) -> Facts:
    """What every page of the documents carries."""
    build = warehouse().facts
    known = asked.frame[asked.frame["value"].notna()]
    return Facts(
        title=title,
        perimeter=asked.found.label,
        comparator=asked.comparator.name,
        vintage=vintage_text(sorted(set(known["period"].astype(str)))),
        written=cover.written,
        built=date.fromisoformat(build["construit_le"][:10]),
        build=build["build_id"],
        version=app_version(),
        authors=cover.authors,
        logo=cover.logo,
        reach=cover.reach,
    )


Builder = Callable[[Asked], Sequence[Block]]


def sections(
    asked: Asked, titles: Mapping[str, str], builders: Mapping[str, Builder], tell: Progress
) -> tuple[Section, ...]:
    """The sections of ``titles`` (key -> title), in order; one that fails says so in its place and
    loses no other."""
    made = []
    for position, (key, title) in enumerate(titles.items()):
        tell(position / len(titles), title)
        try:
            made.append(Section(key, title, tuple(builders[key](asked))))
        except FAILURES:
            logging.getLogger("gradient").exception("section %s", key)
            made.append(failed_section(key, title))
    return tuple(made)


def slides(
    asked: Asked, builders: Sequence[tuple[str, Callable[[Asked], Slide | None]]], tell: Progress
) -> tuple[Slide, ...]:
    """The slides, in order; one without figures is left out, one that fails says so."""
    made = []
    for position, (title, build) in enumerate(builders):
        tell(position / len(builders), title)
        try:
            slide = build(asked)
        except FAILURES:
            logging.getLogger("gradient").exception("slide %s", title)
            slide = failed_slide(title)
        if slide is not None:
            made.append(slide)
    return tuple(made)
