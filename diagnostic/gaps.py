"""What a gap between groups is worth: in persons, as a curve, and how it changes in time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from diagnostic.slope import Result, SlopeIndex
from diagnostic.social_groups import (
    FloatArray,
    Vector,
    check_labels,
    check_proportions,
    checked_population,
    checked_ranks,
    checked_values,
    normal_quantile,
    reference_position,
    standard_errors,
    top_weights,
    unit_weights,
)


@dataclass(frozen=True)
class PersonsGap:
    """Persons concerned by a gap: total, standard error, bounds, and the part of each group."""

    persons: float
    se: float
    low: float
    high: float
    by_group: FloatArray


@dataclass(frozen=True)
class GapChange:
    """Change of a gap between two dates: absolute (SII) and relative (RII), never one alone.

    ``sii_change`` = SII after - SII before, with ``se``, ``low``, ``high``; ``rii_ratio`` = RII
    after / RII before, with ``rii_se`` (of its logarithm), ``rii_low``, ``rii_high``.
    """

    sii_change: Result
    se: Result
    low: Result
    high: Result
    rii_ratio: Result
    rii_se: Result
    rii_low: Result
    rii_high: Result


def gap_in_persons(
    value: Vector,
    population: Vector,
    rank: Vector | None = None,
    se: Vector | None = None,
    favourable: bool | None = None,
    scale: float | None = None,
    reference: object = None,
    *,
    level: float = 0.95,
) -> PersonsGap:
    """Persons concerned if every group had the level of the reference (docs/methodologie.md, PAR in persons).

    sum_j P_j (y_ref - y_j) / scale when high is good, the opposite when low is: positive = persons
    who would gain, or be spared. The reference is ``reference`` if given (label, position or one
    True per group), else the most advantaged group if there is a ``rank`` (1 = most disadvantaged),
    else the best one. Groups that do better than it count with a negative sign: nothing is
    truncated, and a negative total says that the reference does worse than the whole.

    ``population``: those whom the proportion bears on. ``scale``, required: value of a proportion
    of 1 (100 for %, 1 000 for per thousand). ``favourable``, required. The interval carries
    independent standard errors and ignores the choice of the best group. It counts a distance, not
    what an action would do. A missing value gives NaN throughout. Raises ValueError in French.
    """
    if favourable is None:
        raise ValueError("Dites si une valeur haute est favorable : le signe en dépend.")
    if scale is None:
        raise ValueError("Donnez l'échelle de la proportion (1, 100 ou 1 000).")
    check_labels(value, population, rank, se)
    people = checked_population(population)
    y, s = checked_values(value, people), standard_errors(se, people)
    inhabited = people > 0
    check_proportions(y[~np.isnan(y)], scale)
    z = normal_quantile(level)
    target = _target(y, people, rank, favourable, reference_position(reference, value, len(y)))
    used = inhabited | (target > 0)
    if np.isnan(y[used]).any():
        nan = math.nan
        return PersonsGap(nan, nan, nan, nan, np.full(len(y), nan))
    y = np.where(used, y, 0.0)
    sign = 1 if favourable else -1
    by_group = sign * people * (target @ y - y) / scale
    persons, error = float(by_group.sum()), math.nan
    if s is not None:
        pull = (people.sum() * target - people) / scale
        error = float(np.sqrt(((pull * np.where(used, s, 0.0)) ** 2).sum()))
    return PersonsGap(persons, error, persons - z * error, persons + z * error, by_group)


def concentration_curve(value: Vector, population: Vector, rank: Vector) -> pd.DataFrame:
    """Concentration curve (docs/methodologie.md; Wagstaff, Paci & van Doorslaer 1991, Soc Sci Med 33:545).

    From the most disadvantaged on (rank 1): ``population_share`` and ``outcome_share``, cumulated
    from 0 to 1, one point a rank after the origin (equal ranks make one point). Below the diagonal,
    the outcome is concentrated among the advantaged; rci = 1 - 2 x the area under the curve. Raises
    ValueError for a missing or negative value, since shares would have no meaning.
    """
    check_labels(value, population, rank)
    people = checked_population(population)
    y, order = checked_values(value, people), checked_ranks(rank, people)
    y = np.where(people > 0, y, 0.0)
    if not (y >= 0).all() or not (people * y).sum() > 0:
        raise ValueError(
            "La courbe de concentration demande une valeur connue, positive ou nulle,"
            " dans chaque groupe, et au moins une non nulle."
        )
    _, group = np.unique(order, return_inverse=True)
    columns = {"population_share": people, "outcome_share": people * y}
    return pd.DataFrame(
        {
            name: np.concatenate([[0.0], np.cumsum(np.bincount(group, weights=mass)) / mass.sum()])
            for name, mass in columns.items()
        }
    )


def gap_change(before: SlopeIndex, after: SlopeIndex, level: float = 0.95) -> GapChange:
    """Absolute and relative change of a gap between two independent dates (docs/methodologie.md).

    SE of the SII difference = sqrt(se1^2 + se2^2); the RII ratio is treated the same way on the log
    scale. Both changes are given because they can move apart. The two dates must not share data
    (rolling census, pooled years) and the groups must be ranked on the same variable. NaN wherever
    an index or its standard error is.
    """
    z = normal_quantile(level)
    change, se = np.subtract(after.sii, before.sii), np.hypot(before.se, after.se)
    ratio, rii_se = np.divide(after.rii, before.rii), np.hypot(before.rii_se, after.rii_se)
    numbers = (
        *(change, se, change - z * se, change + z * se),
        *(ratio, rii_se, ratio * np.exp(-z * rii_se), ratio * np.exp(z * rii_se)),
    )
    return GapChange(*(float(n) if np.ndim(n) == 0 else np.asarray(n, float) for n in numbers))


def _target(
    y: FloatArray,
    people: FloatArray,
    rank: Vector | None,
    favourable: bool,
    chosen: int | None,
) -> FloatArray:
    """Weights that give the level of the reference when applied to the values."""
    if chosen is not None:
        return unit_weights(len(y), chosen)
    if rank is not None:
        return top_weights(people, checked_ranks(rank, people))
    worst = -math.inf if favourable else math.inf
    candidates = np.where((people > 0) & ~np.isnan(y), y, worst)
    best = candidates.argmax() if favourable else candidates.argmin()
    return unit_weights(len(y), int(best))
