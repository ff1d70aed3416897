"""What a map shows, in the same words and colours on the screen and in a picture."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import pandas as pd

from views.classification import (
    ABSENT,
    GRID_CLASSES,
    INSIDE,
    MAX_CLASSES,
    OUTSIDE,
    SECRET,
    Classes,
    class_characters,
)

Format = Literal["png", "svg"]

# Circles, and the territories under them.
SYMBOL_COLOUR, SYMBOL_GROUND = "#12407a", "#e1e8ef"


@dataclass(frozen=True)
class LineStyle:
    """Outlines over the colours: their name in the legend, their look (``width`` in pixels)."""

    label: str
    colour: str
    width: float
    dash: str | None = None


QUARTERS = LineStyle("Quartiers prioritaires", "#0d151e", 2.0, "5 3")
LIMITS = LineStyle("Limites des intercommunalités", "#52606d", 1.2)


@dataclass(frozen=True)
class PictureLine:
    """Outlines drawn over the colours of a picture: shapes in degrees, and their look."""

    shapes: gpd.GeoDataFrame
    style: LineStyle

    @property
    def width(self) -> float:
        """In points, for a picture as wide as the map on a screen."""
        return 0.7 * self.style.width

    @property
    def dashes(self) -> str | tuple[float, tuple[float, float]]:
        """As matplotlib names them."""
        return (0, (4, 2)) if self.style.dash else "solid"


@dataclass(frozen=True)
class Symbols:
    """Circles whose area is proportional to a count.

    ``values``: the counts above zero, by code. ``legend``: a few round counts and their label,
    the largest first. The circle of ``largest`` has the largest radius.
    """

    values: pd.Series
    largest: float
    legend: tuple[tuple[float, str], ...]
    colour: str = SYMBOL_COLOUR

    def share(self, value: float) -> float:
        """Radius of a count, as a share of the largest one (0 to 1)."""
        return float((value / self.largest) ** 0.5) if self.largest > 0 else 0.0


@dataclass(frozen=True)
class Grid:
    """The key of two crossed indicators: what grows to the right, what grows upwards.

    ``counts`` holds the territories of the nine cells, row after row from the lowest.
    """

    across: str
    up: str
    counts: tuple[int, ...]


@dataclass(frozen=True)
class MapContent:
    """One character a code (see ``class_characters``), and what the legend says of them."""

    characters: pd.Series
    title: str
    colours: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    symbols: Symbols | None = None
    grid: Grid | None = None
    approximate_label: str = "Valeur approchée"
    absent_label: str = "Donnée absente"

    def __post_init__(self) -> None:
        """Raises ValueError, in French, when colours and labels do not match."""
        if len(self.colours) != len(self.labels):
            raise ValueError(
                f"La légende attend autant de libellés que de couleurs ; reçu {len(self.colours)} "
                f"couleurs et {len(self.labels)} libellés."
            )

    def along(self, codes: Sequence[str]) -> str:
        """One character a code, in the order given; outside for the codes that are not shown."""
        return "".join(self.characters.reindex(list(codes)).fillna(OUTSIDE))


def choropleth(
    codes: Sequence[str],
    *,
    classes: Classes | None,
    values: pd.Series,
    states: pd.Series,
    colours: Sequence[str],
    labels: Sequence[str],
    inside: Collection[str],
    title: str,
    approximate_label: str = "Valeur approchée",
    absent_label: str = "Donnée absente",
) -> MapContent:
    """Classes of values over ``codes``. Raises ValueError when legend and classes do not match."""
    expected = 0 if classes is None else classes.size
    if len(colours) != expected or len(labels) != expected:
        raise ValueError(
            f"La légende attend {expected} couleurs et libellés ; "
            f"reçu {len(colours)} couleurs et {len(labels)} libellés."
        )
    if expected > MAX_CLASSES:
        raise ValueError(f"Une carte porte au plus {MAX_CLASSES} classes, pas {expected}.")
    characters = class_characters(codes, classes, values, states, inside)
    return MapContent(
        pd.Series(list(characters), index=pd.Index(codes, dtype=object), dtype=object),
        title,
        tuple(colours),
        tuple(labels),
        approximate_label=approximate_label,
        absent_label=absent_label,
    )


def proportional_symbols(
    codes: Sequence[str],
    *,
    values: pd.Series,
    states: pd.Series,
    inside: Collection[str],
    title: str,
    write: Callable[[float], str],
    largest: float | None = None,
) -> MapContent:
    """Counts over ``codes`` as circles: a count is never a colour, since large places would win.

    ``write`` gives the French text of a count. A zero has no circle, and a secret or absent count
    has its own look. ``largest`` fixes the scale, for maps that are read side by side.
    """
    index = pd.Index(codes, dtype=object)
    wanted = set(inside)
    within = pd.Series([code in wanted for code in codes], index=index, dtype=bool)
    state = states.reindex(index).fillna("absent")
    numbers = pd.to_numeric(values.reindex(index))
    known = state.isin(["ok", "approx"]) & numbers.notna() & within
    characters = pd.Series(ABSENT, index=index, dtype=object)
    characters[known] = INSIDE
    characters[state == "secret"] = SECRET
    characters[~within] = OUTSIDE
    drawn = numbers[known & (numbers > 0)]
    largest = largest or (float(drawn.max()) if len(drawn) else 0.0)
    rounded = _round_counts(largest) if largest else ()
    return MapContent(
        characters,
        title,
        symbols=Symbols(drawn, largest, tuple((one, write(one)) for one in rounded)),
    )


def crossed(
    codes: Sequence[str],
    *,
    first: pd.Series,
    second: pd.Series,
    approximate: Collection[str],
    secret: Collection[str],
    inside: Collection[str],
    title: str,
    across: str,
    up: str,
    colours: Sequence[str],
    names: Sequence[str],
) -> MapContent:
    """Two indicators crossed: ``first`` and ``second`` hold the third (0 to 2) of each code.

    ``colours`` and ``names`` hold the nine cells, row after row from the lowest ``second``. A
    territory with one secret figure is secret, one without a figure is absent.
    """
    position = 3 * second + first
    counts = position.dropna().astype(int).value_counts()
    characters = class_characters(
        codes,
        GRID_CLASSES,
        position,
        _states(position, approximate, secret),
        inside,
    )
    return MapContent(
        pd.Series(list(characters), index=pd.Index(codes, dtype=object), dtype=object),
        title,
        tuple(colours),
        tuple(names),
        grid=Grid(across, up, tuple(int(counts.get(cell, 0)) for cell in range(9))),
    )


def _states(
    position: pd.Series, approximate: Collection[str], secret: Collection[str]
) -> pd.Series:
    states = pd.Series("ok", index=position.index, dtype=object)
    states[position.isna()] = "absent"
    states[states.index.isin(list(approximate)) & position.notna()] = "approx"
    hidden = pd.Series("secret", index=pd.Index(sorted(secret)), dtype=object)
    return pd.concat([states[~states.index.isin(list(secret))], hidden])


def _round_counts(largest: float) -> tuple[float, ...]:
    """Up to three round counts at most ``largest``, the largest first: 2 000, 500, 100."""
    steps = [step * 10.0**power for power in range(9) for step in (1, 2, 5)]
    top = max((one for one in steps if one <= largest), default=largest)
    wanted = (top, top / 4, top / 20)
    chosen: list[float] = [top]
    for one in wanted[1:]:
        below = [step for step in steps if step <= one]
        if below and below[-1] < chosen[-1]:
            chosen.append(below[-1])
    return tuple(chosen)
