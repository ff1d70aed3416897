"""The story of a meeting: its screens as data, one message and one figure each.

Nothing here is decided: pages/story.py brings the numbers, views/story_words.py the words, and
views/story_html.py draws them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from views.shapes import Shapes

# A room reads a sentence, not a paragraph.
MOST_WORDS = 25
_WORD = re.compile(r"[^\W_]")
_THOUSANDS = re.compile(r"(?<=\d)[\u202f\u00a0](?=[\d%€])")


@dataclass(frozen=True)
class Bar:
    """One line of a comparison: its value, that of the comparator (None when there is none).

    ``kind``: favorable, defavorable, differs or same (views.spine.mark_class). ``said``: in words.
    """

    label: str
    own: float
    own_text: str
    other: float | None
    other_text: str
    kind: str = "differs"
    said: str = ""


@dataclass(frozen=True)
class Bars:
    """Lines of values, beside those of another territory. ``own_name``, ``other_name``: headings.

    ``one_scale``: every line measures the same thing; otherwise each has a scale of its own.
    """

    own_name: str
    other_name: str
    rows: tuple[Bar, ...]
    caption: str
    one_scale: bool = False


@dataclass(frozen=True)
class Columns:
    """Values from the least to the most favoured group of communes, with their names."""

    names: tuple[str, ...]
    values: tuple[float, ...]
    texts: tuple[str, ...]
    caption: str


@dataclass(frozen=True)
class Swatch:
    """One line of the key of a map: the characters that it explains, its colour, its words.

    ``pattern``: stripes (secret), dots (approximate) or nothing.
    """

    characters: str
    colour: str
    label: str
    pattern: str = ""


@dataclass(frozen=True)
class Grid:
    """The key of two crossed indicators: nine cells, ``colours`` row by row from the lowest of both.

    ``across`` grows to the right, ``up`` grows upwards.
    """

    colours: tuple[str, ...]
    across: str
    up: str


@dataclass(frozen=True)
class Map:
    """Communes coloured: one character a commune, in the order of the shapes, and the key.

    ``heading``: what is measured, over the key. ``caption`` says in a sentence what the map shows,
    for who does not see it.
    """

    heading: str
    characters: str
    key: tuple[Swatch, ...]
    caption: str
    grid: Grid | None = None


@dataclass(frozen=True)
class Ballot:
    """Priorities to choose among, as they will be written in the project."""

    options: tuple[str, ...]


Figure = Bars | Columns | Map | Ballot


@dataclass(frozen=True)
class View:
    """What is on the wall: a title, a sentence, a figure."""

    title: str
    said: str
    figure: Figure

    def __post_init__(self) -> None:
        count = words(f"{self.title} {self.said}")
        if count > MOST_WORDS:
            raise ValueError(f"{count} mots à l'écran, {MOST_WORDS} au plus : {self.title}.")


@dataclass(frozen=True)
class Extra:
    """A question that the room may ask: one view an answer, chosen under ``choice`` when several.

    ``key``: letter of the keyboard. ``start``: which answer is shown first.
    """

    name: str
    key: str
    button: str
    views: tuple[tuple[str, View], ...]
    choice: str = ""
    start: int = 0


@dataclass(frozen=True)
class Screen:
    """One screen. ``notes``: what the presenter may say; ``sources``: where its figures come from."""

    name: str
    title: str
    view: View
    extras: tuple[Extra, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """« Et ma commune ? »: what is said of one commune on each screen that has a map."""

    code: str
    name: str
    where: str
    said: dict[str, str]


@dataclass(frozen=True)
class Story:
    """All the screens, in order, and what they stand on.

    ``dropped``: screens that could not be built, and why. ``facts``: perimeter, comparator, build of
    the data, said in the notes. ``address``: where the story can be opened again; empty when unknown.
    """

    label: str
    screens: tuple[Screen, ...]
    shapes: Shapes | None
    answers: tuple[Answer, ...]
    dropped: tuple[str, ...]
    facts: tuple[str, ...]
    address: str = ""
    warnings: tuple[str, ...] = field(default=())

    def screen(self, name: str) -> Screen | None:
        """The screen of this name, if it was built."""
        return next((one for one in self.screens if one.name == name), None)


def words(text: str) -> int:
    """Words that a reader counts: « 220 279 » and « 12,0 % » are one each, a sign alone is none."""
    whole = _THOUSANDS.sub("", text)
    return sum(1 for word in whole.split() if _WORD.search(word))


def fitting(title: str, sentences: Sequence[str]) -> str:
    """The first of ``sentences``, the fullest first, that leaves the screen under its number of words.

    The last one is taken whatever its length: View refuses it if it is still too long.
    """
    fits = (one for one in sentences if words(f"{title} {one}") <= MOST_WORDS)
    return next(fits, sentences[-1])
