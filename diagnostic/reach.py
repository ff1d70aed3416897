"""Who an action reaches: share of the people reached beside share of need (docs/methodologie.md).

The need of a territory weighs its inhabitants as the need-driven part of the allocation does:
P x I, with I from 1 (least need) to K (most need). Expected numbers are those of the same people
reached, spread so. Over-reach is never a fault: only what is missing is looked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from diagnostic import allocation
from diagnostic.gaps import concentration_curve
from diagnostic.inequality import measures
from diagnostic.rates import (
    HIGHER,
    LOWER,
    Estimate,
    count_interval,
    poisson_p_values,
    proportion,
    significance,
)

UNDER, OVER, NEAR, TOO_FEW = "moins", "plus", "proche", "trop peu"
LEAST_EXPECTED = 5.0
"""Expected people below which a territory alone supports no conclusion."""
LEAST_TERRITORIES = 3
EXAMPLE_RATE = (0.03, 0.01)
EXAMPLE_LEAST = 5


@dataclass(frozen=True)
class Concentration:
    """Relative concentration index of an amount per head on need, with its 95 % interval.

    Negative: the amount goes more to where need is higher. ``needed``: that of the need itself,
    which the amount would have if it followed need exactly. ``freedom``: degrees of freedom of the
    interval (weighted regression, Student's t). NaN when it cannot be computed.
    """

    index: float
    low: float
    high: float
    needed: float
    freedom: int


@dataclass(frozen=True)
class Neediest:
    """What the inhabitants of the territories of highest need weigh: shares from 0 to 1.

    ``reached``: share of the amount, with its Wilson interval when the amount is people.
    """

    codes: tuple[str, ...]
    population: float
    need: float
    reached: Estimate


@dataclass(frozen=True)
class Followed:
    """Whether resources followed need, against the rule that was announced (docs/methodologie.md)."""

    readout: allocation.Readout
    concentration: Concentration
    planned_index: float


def compare(
    frame: pd.DataFrame, reference: tuple[float, float], ratio: float = 3.0
) -> pd.DataFrame:
    """Shares and expected numbers of each territory.

    ``frame``: index = code; ``population`` (positive), ``need``, ``reached`` (people), all known.
    ``reference``: national (q05, q95) of need; ``ratio``: K. Adds ``population_share``,
    ``need_share``, ``reached_share`` and ``expected`` = people reached in all x need share.
    """
    if frame[["population", "need", "reached"]].isna().any(axis=None):
        raise ValueError(
            "La population, le besoin et le nombre de chaque territoire doivent être connus."
        )
    if not (frame["population"] > 0).all():
        raise ValueError("Un territoire sans habitant ne se compare pas.")
    weighed = allocation.allocate(
        1, frame["population"], frame["need"], base_share=0.0, ratio=ratio, reference=reference
    )
    total = float(frame["reached"].sum())
    return frame.assign(
        population_share=frame["population"] / frame["population"].sum(),
        need_share=weighed["continuous"],
        reached_share=frame["reached"] / total if total else math.nan,
        expected=total * weighed["continuous"],
    )


def pooled(table: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Territories of :func:`compare` added up by group (EPCI); ``need``: mean by inhabitant."""
    sums = ["population", "reached", "expected", "population_share", "need_share", "reached_share"]
    weighted = table.assign(need=table["need"] * table["population"])
    added = weighted[[*sums, "need"]].groupby(groups.reindex(table.index).to_numpy()).sum()
    return added.assign(need=added["need"] / added["population"])


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """Reached over expected with its Poisson interval, and what it allows to say.

    Adds ``ratio``, ``low``, ``high`` (exact under 10 people, Byar from 10) and ``verdict``: 'trop
    peu' under :data:`LEAST_EXPECTED` people expected; 'moins' or 'plus' when the exact Poisson
    p-values, adjusted together for the number of territories (Benjamini & Hochberg), stay under
    5 %; else 'proche'. The intervals are not adjusted.
    """
    enough = (table["expected"] >= LEAST_EXPECTED).to_numpy()
    expected = table["expected"].where(table["expected"] > 0)
    low, high = (bound / expected for bound in count_interval(table["reached"]))
    result = table.assign(ratio=table["reached"] / expected, low=low, high=high)
    p_values = np.where(enough, poisson_p_values(table["reached"], table["expected"]), np.nan)
    said = significance(
        result["ratio"].to_numpy(dtype=float),
        result["low"].to_numpy(dtype=float),
        result["high"].to_numpy(dtype=float),
        np.ones(len(table)),
        fdr=True,
        p_values=p_values,
    )
    words = {HIGHER: OVER, LOWER: UNDER, None: TOO_FEW}
    return result.assign(verdict=[words.get(one, NEAR) for one in said])


def few_together(table: pd.DataFrame) -> pd.DataFrame:
    """Territories of too few expected people, as one row with its verdict; empty when none."""
    few = table[table["verdict"] == TOO_FEW]
    if len(few) < 2:
        return few.iloc[:0]
    sums = few[["population", "reached", "expected"]].sum().to_frame().T
    return verdicts(sums)


def curves(table: pd.DataFrame) -> pd.DataFrame:
    """Concentration curves from the most need on: ``population_share``, ``need_share``,
    ``reached_share``, cumulated from 0 to 1, territories of equal need making one point."""
    rank = (-table["need"]).rank(method="dense")
    reached, need = (
        concentration_curve(table[name] / table["population"], table["population"], rank)
        for name in ("reached", "need_share")
    )
    return pd.DataFrame(
        {
            "population_share": reached["population_share"],
            "need_share": need["outcome_share"],
            "reached_share": reached["outcome_share"],
        }
    )


def neediest(table: pd.DataFrame, share: float = 0.2) -> Neediest:
    """The territories of highest need whose inhabitants come closest to ``share`` of them all.

    Whole territories only, at least one and not all: the true share is given, never interpolated.
    """
    held = table.groupby("need")["population"].sum().sort_index(ascending=False).cumsum()
    parts = (held / held.iloc[-1]).iloc[:-1]
    least = (parts - share).abs().idxmin() if len(parts) else held.index[-1]
    chosen = table[table["need"] >= least]
    people, everyone = float(chosen["reached"].sum()), float(table["reached"].sum())
    return Neediest(
        tuple(str(code) for code in chosen.index),
        float(chosen["population_share"].sum()),
        float(chosen["need_share"].sum()),
        proportion(people, everyone),
    )


def concentration(table: pd.DataFrame, amount: str = "reached") -> Concentration:
    """Index of ``amount`` per head on need (docs/methodologie.md: RCI, weighted regression), and of need."""
    found = [_index(table, name) for name in (amount, "need_share")]
    (index, low, high), (needed, _, _) = found
    return Concentration(index, low, high, needed, len(table) - 2)


def followed(
    table: pd.DataFrame,
    reference: tuple[float, float],
    base_share: float,
    ratio: float,
    amount: str = "reached",
) -> Followed:
    """Whether ``amount`` (sessions, euros) followed need, beside the announced base and ratio."""
    rule = allocation.allocate(1, table["population"], table["need"], base_share, ratio, reference)
    planned = allocation.readout(rule, reference, base_share, ratio)
    return Followed(
        allocation.readout(table, reference, base_share, ratio, table[amount]),
        concentration(table, amount),
        planned.rci,
    )


def example_counts(
    population: pd.Series, need: pd.Series, reference: tuple[float, float]
) -> pd.Series:
    """Invented people reached, fewer where need is higher: to try the page, never to describe."""
    low, high = reference
    position = ((need.clip(low, high) - low) / (high - low)).fillna(0.5)
    rate = EXAMPLE_RATE[0] + (EXAMPLE_RATE[1] - EXAMPLE_RATE[0]) * position
    counts = (population * rate).round().astype(int)
    return counts.where(counts >= EXAMPLE_LEAST, EXAMPLE_LEAST).where(population > 0, 0)


def _index(table: pd.DataFrame, amount: str) -> tuple[float, float, float]:
    """RCI of an amount per head and its interval; NaN with fewer than three different needs."""
    enough = table["need"].nunique() >= LEAST_TERRITORIES
    if not enough or not table[amount].sum() > 0:
        return math.nan, math.nan, math.nan
    rank = (-table["need"]).rank(method="dense")
    rows = measures(table[amount] / table["population"], table["population"], rank)
    found = rows.set_index("measure").loc["rci"]
    # An amount that is never negative has an index between -1 and 1, whatever the line says.
    low, high = max(float(found["low"]), -1.0), min(float(found["high"]), 1.0)
    return float(found["estimate"]), low, high
