"""Strengths, weaknesses, opportunities, threats (AFOM) out of findings, trends and entries.

Nothing is invented: a finding is a strength or a weakness, as its tone says; opportunities and threats
come from trends that a test established and from what people wrote. People choose what to keep, and
where their own words stand; a figure never changes sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from diagnostic.findings import ATOUT, FRAGILITE, INEGALITE
from diagnostic.records import Entry, Placement, Quadrant, Vote, clean_line
from diagnostic.trend import DECREASING, INCREASING
from diagnostic.triangulation import MEANS, SPOKEN, stable_id

Origin = Literal["constat", "tendance", "parole"]
QUADRANTS: tuple[Quadrant, ...] = ("atout", "faiblesse", "opportunite", "menace")


@dataclass(frozen=True)
class Element:
    """Something that may stand in a square: ``proposed`` is where the rule puts it, None nowhere.

    ``text``: the sentence, as the screens write it; ``label``: the same in a few words; ``theme``: for
    priorities.
    """

    key: str
    origin: Origin
    theme: str
    text: str
    proposed: Quadrant | None
    label: str = ""

    @property
    def allowed(self) -> tuple[Quadrant, ...]:
        """Squares where people may put it: a figure stays where its tone puts it."""
        if self.origin == "parole":
            return QUADRANTS
        return (self.proposed,) if self.proposed else ()


def finding_key(indicator: str, kind: str) -> str:
    """Name of a finding in a project file."""
    return f"constat:{indicator}:{kind}"


def trend_key(indicator: str) -> str:
    """Name of a trend in a project file."""
    return f"tendance:{indicator}"


def entry_key(entry: Entry) -> str:
    """Name of an entry among the elements."""
    return f"parole:{entry.id}"


def placement_id(key: str) -> str:
    """Identifier of the place given to an element, the same for two colleagues."""
    return stable_id("place", key)


def finding_quadrant(kind: str, gradient: str = "") -> Quadrant | None:
    """A strength, a weakness; an inequality is one when the less advantaged have the worse level.

    What is uncertain stands nowhere.
    """
    if kind == ATOUT:
        return "atout"
    usual = kind == INEGALITE and gradient == "usuel"
    return "faiblesse" if kind == FRAGILITE or usual else None


def trend_quadrant(verdict: str | None, direction: str) -> Quadrant | None:
    """An established trend that goes the right way is an opportunity, the wrong way a threat."""
    if direction not in ("favorable", "defavorable") or verdict not in (INCREASING, DECREASING):
        return None
    return "opportunite" if (verdict == INCREASING) == (direction == "favorable") else "menace"


def entry_quadrant(entry: Entry) -> Quadrant | None:
    """Where an entry stands until people move it: as its author says; what exists is a strength."""
    if entry.kind in MEANS:
        return "atout"
    if entry.kind in SPOKEN and entry.saying in ("va_bien", "probleme"):
        return "atout" if entry.saying == "va_bien" else "faiblesse"
    return None


def placed(element: Element, placements: Sequence[Placement]) -> Quadrant | None:
    """Where an element stands: where people put it if they may, else where the rule does."""
    given = [one for one in placements if one.item == element.key]
    if not given:
        return element.proposed
    last = max(given, key=lambda one: (one.written, one.id)).quadrant
    return last if last is None or last in element.allowed else element.proposed


def squares(
    elements: Sequence[Element], placements: Sequence[Placement]
) -> dict[Quadrant, tuple[Element, ...]]:
    """The elements of each square, in their order."""
    where = [(placed(one, placements), one) for one in elements]
    return {name: tuple(one for place, one in where if place == name) for name in QUADRANTS}


def voices(names: Sequence[str], votes: Sequence[Vote]) -> list[tuple[Vote, int]]:
    """Each vote that names one of ``names``, and how many voices it gave, the latest first.

    Case and spaces do not count. A vote without that name gives nothing, which is not zero voice.
    """
    wanted = {_plain(name) for name in names}
    found = [
        (vote, sum(count for text, count in vote.priorities if _plain(text) in wanted))
        for vote in votes
        if any(_plain(text) in wanted for text, _ in vote.priorities)
    ]
    return sorted(
        found, key=lambda one: (one[0].held_on or one[0].written, one[0].id), reverse=True
    )


def unclaimed(names: Sequence[str], votes: Sequence[Vote]) -> list[tuple[str, int, Vote]]:
    """What was voted under none of ``names``: text, voices, vote."""
    known = {_plain(name) for name in names}
    return [
        (text, count, vote)
        for vote in votes
        for text, count in vote.priorities
        if _plain(text) not in known
    ]


def _plain(text: str) -> str:
    return clean_line(text).casefold()
