"""What an action covers: whom it serves, how much of the need, whether its intensity follows it.

Source: docs/methodologie.md. Universal, targeted and proportionate are read off the coverage (Marmot,
2010; Carey, Crammond & De Leeuw, 2015), never off the name that the action bears.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from diagnostic.allocation import allocate

# Ratio of the quantities per head under which they are taken as equal.
EQUAL_RATIO = 1.1
# Correlation with need, weighted by people, from which an intensity follows it.
FOLLOWS = 0.5
INTENSIVE, BASE = "intensif", "socle"

Grading = Literal["inconnue", "egale", "suit", "sans lien", "inverse"]
Kind = Literal["universelle", "ciblee", "proportionnee", "inegale", "nulle"]


@dataclass(frozen=True)
class Intensity:
    """Quantity per head of each unit, from the most need to the least, and how it goes with need.

    ``table``: index = unit; ``people``, ``need``, ``quantity``, ``per_head``, ``neediest`` (the unit
    holds a commune of the intensive group). ``ratio``: most over least per head. ``correlation``: with
    need, weighted by people. ``short``: units of the intensive group under the mean per head.
    """

    table: pd.DataFrame
    ratio: float
    correlation: float
    grading: Grading
    short: tuple[str, ...]


@dataclass(frozen=True)
class Coverage:
    """Communes that an action serves, among those where somebody of its public lives.

    ``people``, ``need``: shares of the public and of its need that live there, 0 to 1. ``missed``:
    communes of the intensive group left out; ``beyond``: served ones of the base group; ``unread``:
    served ones of no known group. ``kind``: what the coverage is, whatever the action is called.
    """

    served: tuple[str, ...]
    left_out: tuple[str, ...]
    people: float
    need: float
    missed: tuple[str, ...]
    beyond: tuple[str, ...]
    unread: tuple[str, ...]
    intensity: Intensity
    kind: Kind


def coverage(
    frame: pd.DataFrame,
    served: Collection[str],
    units: Mapping[str, Collection[str]],
    quantities: Mapping[str, float | None],
    reference: tuple[float, float],
    ratio: float = 3.0,
) -> Coverage:
    """Read the coverage of an action.

    ``frame``: index = commune; ``people`` (of the public), ``need`` (NaN = unknown), ``group``.
    ``units``: unit that received a quantity -> its communes; ``quantities``: unit -> quantity.
    ``reference``: national (q05, q95) of need; ``ratio``: K. The need of a commune is its people
    times its intensity, as :func:`diagnostic.allocation.allocate` has it without a base.
    """
    lived = frame[frame["people"] > 0]
    weighed = allocate(
        1, lived["people"], lived["need"], base_share=0.0, ratio=ratio, reference=reference
    )
    inside = lived.index.isin(list(served))
    intensity = _intensity(lived, units, quantities)
    groups = lived["group"]
    return Coverage(
        served=tuple(lived.index[inside]),
        left_out=tuple(lived.index[~inside]),
        people=float(lived["people"][inside].sum() / lived["people"].sum())
        if len(lived)
        else math.nan,
        need=float(weighed["continuous"][inside].sum()) if len(lived) else math.nan,
        missed=tuple(lived.index[~inside & (groups == INTENSIVE)]),
        beyond=tuple(lived.index[inside & (groups == BASE)]),
        unread=tuple(lived.index[inside & lived["need"].isna()]),
        intensity=intensity,
        kind=_kind(inside, intensity.grading),
    )


def _kind(inside: np.ndarray, grading: Grading) -> Kind:
    if not inside.any():
        return "nulle"
    if not inside.all():
        return "ciblee"
    if grading == "suit":
        return "proportionnee"
    return "inegale" if grading in ("sans lien", "inverse") else "universelle"


def _intensity(
    frame: pd.DataFrame,
    units: Mapping[str, Collection[str]],
    quantities: Mapping[str, float | None],
) -> Intensity:
    """Quantity per head of the units where it is known."""
    rows = {}
    for unit, codes in units.items():
        here = frame[frame.index.isin(list(codes))]
        quantity, people = quantities.get(unit), float(here["people"].sum())
        if quantity is None or people == 0:
            continue
        known = here.dropna(subset=["need"])
        need = (
            float(np.average(known["need"].astype(float), weights=known["people"]))
            if len(known)
            else math.nan
        )
        neediest = bool((here["group"] == INTENSIVE).any())
        rows[unit] = (people, need, float(quantity), float(quantity) / people, neediest)
    columns = ["people", "need", "quantity", "per_head", "neediest"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    table = table.sort_values("need", ascending=False, kind="stable")
    spread, linked = _spread(table), _correlation(table)
    short: tuple[str, ...] = ()
    if len(table) > 1 and table["quantity"].sum() > 0:
        mean = table["quantity"].sum() / table["people"].sum()
        under = table["neediest"].astype(bool) & (table["per_head"] < mean)
        short = tuple(table.index[under])
    return Intensity(table, spread, linked, _grading(spread, linked), short)


def _spread(table: pd.DataFrame) -> float:
    """Most over least per head; NaN with fewer than two units or nothing given."""
    if len(table) < 2 or table["quantity"].sum() <= 0:
        return math.nan
    least = float(table["per_head"].min())
    return float(table["per_head"].max()) / least if least > 0 else math.inf


def _correlation(table: pd.DataFrame) -> float:
    """Correlation of need and quantity per head, weighted by people; NaN when one does not vary."""
    known = table.dropna(subset=["need"])
    if len(known) < 2:
        return math.nan
    people = known["people"].to_numpy(dtype=float)
    pair = known[["need", "per_head"]].to_numpy(dtype=float)
    spread = np.cov(pair.T, aweights=people)
    scale = math.sqrt(spread[0, 0] * spread[1, 1])
    return float(spread[0, 1] / scale) if scale > 0 else math.nan


def _grading(spread: float, linked: float) -> Grading:
    if math.isnan(spread):
        return "inconnue"
    if spread < EQUAL_RATIO:
        return "egale"
    if math.isnan(linked):
        return "sans lien"
    return "suit" if linked >= FOLLOWS else "inverse" if linked <= -FOLLOWS else "sans lien"
