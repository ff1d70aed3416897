"""Slope and relative indices of inequality (SII, RII) of groups ranked on a social scale.

Source: docs/methodologie.md; Mackenbach & Kunst 1997 (Soc Sci Med 44:757) for the two indices, Schlotheuber &
Hosseinpoor 2022 (Int J Environ Res Public Health 19:3697) for the logistic form, Low & Low 2004
(J Public Health 26:388) and OHID's public-health methods for the intervals that propagate each
group's own standard error.

Everywhere: groups run from the most disadvantaged (position 0) to the most advantaged (position 1),
SII = predicted level at 1 - predicted level at 0, RII = the first over the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, stdtrit

from diagnostic.social_groups import (
    MIN_GROUPS,
    SEED,
    BoolArray,
    FloatArray,
    Vector,
    check_labels,
    check_proportions,
    checked_errors,
    checked_population,
    checked_values,
    normal_quantile,
)

Result: TypeAlias = float | FloatArray

TRANSFORMS = ("none", "log", "logit")
METHODS = ("linear", "logit")
DRAWS = 100_000
CELLS_AT_ONCE = 500_000
NEWTON_STEPS, NEWTON_LIMIT, CONVERGED = 60, 4.0, 1e-10


@dataclass(frozen=True)
class SlopeIndex:
    """Indices of one indicator (numbers) or of k indicators (arrays of shape (k,)).

    ``sii`` with its standard error ``se`` and bounds ``low``, ``high``, in the unit of the value;
    ``rii`` (ratio) with ``rii_se``, the standard error of ln(RII), and ``rii_low``, ``rii_high``;
    ``start`` and ``end``: predicted levels at positions 0 and 1. NaN = not calculable.
    """

    sii: Result
    se: Result
    low: Result
    high: Result
    rii: Result
    rii_se: Result
    rii_low: Result
    rii_high: Result
    start: Result
    end: Result


@dataclass(frozen=True)
class Line:
    """Predicted levels at both ends on the scale of the link, and the pull of each group on them.

    ``start``, ``end``: shape (k,). ``pull_start``, ``pull_end``: shape (groups, k), derivative of
    each end with respect to the group's value. ``weights``: regression weights, sum 1 a column.
    """

    start: FloatArray
    end: FloatArray
    pull_start: FloatArray
    pull_end: FloatArray
    weights: FloatArray


def slope_index(
    value: Vector,
    se: Vector | None,
    population: Vector,
    transform: str = "none",
    method: str = "linear",
    *,
    scale: float = 1.0,
    weights: Vector | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = SEED,
    allow_missing: bool = False,
) -> SlopeIndex:
    """SII and RII of groups given from the most to the least disadvantaged (docs/methodologie.md).

    ``value``: shape (groups,) or (groups, k) for k indicators at once. ``se``: standard error of
    each value, same shape and unit (never on the log or logit scale), or None. ``population``:
    shape (groups,) or that of ``value``. ``scale``: what a proportion of 1 is worth in the unit of
    ``value`` (100 for %), for the two logit forms only. ``weights``: regression weights when they
    are not the population; positions always come from the population.

    ``method="linear"``: weighted least squares on the position, of the value (``transform="none"``),
    its logarithm (rates) or its logit (proportions), predictions being brought back to the value's
    unit. ``method="logit"``: binomial model of the proportions weighted by population, predicted
    level at 1 - predicted level at 0.

    Intervals carry each group's standard error through the line, whose two ends are then normal
    (to first order for ``method="logit"``). For a plain line the quantiles are closed forms,
    Fieller's for the RII: what a simulation tends to. Otherwise ``draws`` seeded draws of both ends
    are taken. Without ``se``, a plain line gets the residual variance with Student's t on (groups
    - 2) degrees of freedom; the others get no interval (NaN).

    A missing value makes its indicator NaN, unless ``allow_missing``: its group is then left out.
    Groups without inhabitants are ignored. The RII is NaN when a predicted level is not positive.
    Raises ValueError, in French, for fewer than 3 groups and ill-formed inputs.
    """
    if transform not in TRANSFORMS or method not in METHODS:
        raise ValueError("Transformation : none, log ou logit ; méthode : linear ou logit.")
    if method == "logit" and transform != "none":
        raise ValueError("La régression logistique ne se combine pas avec une transformation.")
    check_labels(value, se, population, weights)
    values = checked_values(value)
    single = values.ndim == 1
    values = values[:, np.newaxis] if single else values
    people = checked_population(_matching(population, values, "La population"))
    errors = None if se is None else checked_errors(_matching(se, values, "L'erreur type"))
    own = None if weights is None else _matching(weights, values, "Le poids")
    if own is not None and not (own >= 0).all():
        raise ValueError("Les poids doivent être des nombres positifs ou nuls.")
    if ((people > 0).sum(axis=0) < MIN_GROUPS).any():
        raise ValueError("L'indice de pente demande au moins 3 groupes habités.")
    used = (people > 0) & ~np.isnan(values) if allow_missing else people > 0
    people = np.where(used, people, 0.0)
    share = people / np.where(used.any(axis=0), people.sum(axis=0), np.nan)
    position = np.cumsum(share, axis=0) - share / 2
    fitted = fit(
        np.where(used, values, 0.0),
        None if errors is None else np.where(used, errors, 0.0),
        position,
        share if own is None else np.where(used, own, 0.0),
        link="logit" if method == "logit" else transform,
        method=method,
        scale=scale,
        level=level,
        draws=draws,
        seed=seed,
    )
    if not single:
        return fitted
    return SlopeIndex(*(float(np.asarray(number)[0]) for number in vars(fitted).values()))


def fit(
    values: FloatArray,
    errors: FloatArray | None,
    position: FloatArray,
    weights: FloatArray,
    *,
    link: str,
    method: str = "linear",
    scale: float = 1.0,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = SEED,
) -> SlopeIndex:
    """The work of :func:`slope_index` on checked arrays of shape (groups, k); rows in any order.

    ``position``: :func:`midrank`. ``link``: "none", "log" or "logit". A group of weight 0 counts
    for nothing, whatever its value.
    """
    quantile: Result = normal_quantile(level)
    if draws < 1:
        raise ValueError("Une simulation demande au moins un tirage.")
    counted = weights > 0
    groups = counted.sum(axis=0)
    shares = weights / np.where(groups >= MIN_GROUPS, weights.sum(axis=0), np.nan)
    y, s = _to_link(values, errors, counted, link, method, scale)
    line = _logistic(y, position, shares) if method == "logit" else _linear(y, position, shares)
    if s is None and link == "none":
        s = _residual_errors(y, position, line, groups)
        quantile = np.asarray(stdtrit(np.maximum(groups - 2, 1), 0.5 + level / 2), dtype=float)
    spread = _covariance(line, s, counted)
    if link == "none":
        return _plain(line, spread, quantile)
    return _back(line, spread, link, scale, level, draws, seed)


def _matching(numbers: Vector, values: FloatArray, name: str) -> FloatArray:
    """Numbers brought to the shape of the values: one column for all, or one column each."""
    table = checked_values(numbers)
    table = table[:, np.newaxis] if table.ndim == 1 else table
    if table.ndim != 2 or len(table) != len(values) or table.shape[1] not in (1, values.shape[1]):
        raise ValueError(f"{name} n'a pas la même forme que les valeurs.")
    return np.broadcast_to(table, values.shape)


def _to_link(
    values: FloatArray,
    errors: FloatArray | None,
    counted: BoolArray,
    link: str,
    method: str,
    scale: float,
) -> tuple[FloatArray, FloatArray | None]:
    """Values and standard errors on the scale where the line is fitted (delta method)."""
    known = counted & ~np.isnan(values)
    if link == "log":
        if (values[known] <= 0).any():
            raise ValueError("Le logarithme demande des valeurs strictement positives.")
        safe = np.where(counted, values, 1.0)
        return np.log(safe), None if errors is None else errors / safe
    if link == "none":
        return values, errors
    check_proportions(values[known], scale)
    share = np.where(counted, values, scale / 2) / scale
    scaled = None if errors is None else errors / scale
    if method == "logit":
        return share, scaled
    if ((share == 0) | (share == 1)).any():
        raise ValueError("La transformation logit demande des proportions ni nulles ni totales.")
    return np.asarray(logit(share)), None if scaled is None else scaled / (share * (1 - share))


def _linear(y: FloatArray, position: FloatArray, shares: FloatArray) -> Line:
    """Weighted least squares of y on the position: each end is a fixed combination of the y."""
    centre = (shares * position).sum(axis=0)
    away = position - centre
    square = (shares * away**2).sum(axis=0)
    slope = shares * away / np.where(square > 0, square, np.nan)
    start = shares - slope * centre
    end = start + slope
    return Line((start * y).sum(axis=0), (end * y).sum(axis=0), start, end, shares)


def _logistic(y: FloatArray, position: FloatArray, shares: FloatArray) -> Line:
    """Binomial model of proportions y by Newton's method, every column at once.

    Columns without a finite maximum (all 0, all 1, a perfect step) come out as NaN.
    """
    mean = (shares * y).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        a, b = np.asarray(logit(mean)), np.zeros(y.shape[1])
        for _ in range(NEWTON_STEPS):
            p = np.asarray(expit(a + b * position))
            w, r = shares * p * (1 - p), shares * (y - p)
            h0, h1, h2 = w.sum(axis=0), (w * position).sum(axis=0), (w * position**2).sum(axis=0)
            g0, g1 = r.sum(axis=0), (r * position).sum(axis=0)
            det = h0 * h2 - h1**2
            da, db = (h2 * g0 - h1 * g1) / det, (h0 * g1 - h1 * g0) / det
            step = np.maximum(np.abs(da), np.abs(db))
            shorter = np.minimum(1.0, NEWTON_LIMIT / np.maximum(step, CONVERGED))
            a, b = a + shorter * da, b + shorter * db
            if not (step > CONVERGED).any():
                break
        done = np.where(step <= CONVERGED, 1.0, np.nan)
        start = shares * (h2 - h1 * position) / det
        slope = shares * (h0 * position - h1) / det
    return Line(a * done, (a + b) * done, start * done, (start + slope) * done, shares)


def _residual_errors(
    y: FloatArray, position: FloatArray, line: Line, groups: npt.NDArray[np.int_]
) -> FloatArray:
    """Standard errors that the scatter around the line implies: sigma^2 / weight."""
    predicted = line.start + (line.end - line.start) * position
    square = (line.weights * (y - predicted) ** 2).sum(axis=0)
    sigma = np.sqrt(square / np.maximum(groups - 2, 1))
    counted = line.weights > 0
    return np.where(counted, sigma / np.sqrt(np.where(counted, line.weights, 1.0)), 0.0)


def _covariance(
    line: Line, errors: FloatArray | None, counted: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Variances of both ends and their covariance; NaN when a standard error is unknown."""
    if errors is None:
        unknown = np.full(line.start.shape, np.nan)
        return unknown, unknown, unknown
    variance = np.where(counted, errors, 0.0) ** 2
    return (
        (line.pull_start**2 * variance).sum(axis=0),
        (line.pull_end**2 * variance).sum(axis=0),
        (line.pull_start * line.pull_end * variance).sum(axis=0),
    )


def _plain(
    line: Line, spread: tuple[FloatArray, FloatArray, FloatArray], quantile: Result
) -> SlopeIndex:
    """Closed forms of a straight line; the RII's bounds are Fieller's (1954)."""
    start, end = line.start, line.end
    v0, v1, v01 = spread
    sii = end - start
    se = np.sqrt(np.maximum(v0 + v1 - 2 * v01, 0.0))
    positive = (start > 0) & (end > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        rii = np.where(positive, end / start, np.nan)
        log_variance = v0 / start**2 + v1 / end**2 - 2 * v01 / (start * end)
        rii_se = np.where(positive, np.sqrt(np.maximum(log_variance, 0.0)), np.nan)
        q2 = np.square(quantile)
        square = start**2 - q2 * v0
        half = end * start - q2 * v01
        root = np.sqrt(np.maximum(half**2 - square * (end**2 - q2 * v1), 0.0))
        bounded = positive & (square > 0)
        low = np.where(bounded, np.maximum((half - root) / square, 0.0), np.nan)
        high = np.where(bounded, (half + root) / square, np.nan)
    return SlopeIndex(
        sii, se, sii - quantile * se, sii + quantile * se, rii, rii_se, low, high, start, end
    )


def _back(
    line: Line,
    spread: tuple[FloatArray, FloatArray, FloatArray],
    link: str,
    scale: float,
    level: float,
    draws: int,
    seed: int,
) -> SlopeIndex:
    """Indices in the unit of the value, with intervals simulated on the scale of the link."""
    start, end = (_inverse(eta, link, scale) for eta in (line.start, line.end))
    v0, v1, v01 = spread
    # Derivatives of the inverse links: exp' = exp; expit' = expit (1 - expit).
    g0, g1 = (1.0, 1.0) if link == "log" else (1 - start / scale, 1 - end / scale)
    d0, d1 = start * g0, end * g1
    se = np.sqrt(np.maximum(d0**2 * v0 + d1**2 * v1 - 2 * d0 * d1 * v01, 0.0))
    rii_se = np.sqrt(np.maximum(g0**2 * v0 + g1**2 * v1 - 2 * g0 * g1 * v01, 0.0))
    bounds = np.full((4, len(start)), np.nan)
    for columns, first, last in _drawn_ends(line, spread, draws, seed):
        low, high = (_inverse(eta, link, scale) for eta in (first, last))
        probabilities = [0.5 - level / 2, 0.5 + level / 2]
        bounds[:2, columns] = np.quantile(high - low, probabilities, axis=1, overwrite_input=True)
        bounds[2:, columns] = np.quantile(high / low, probabilities, axis=1, overwrite_input=True)
    return SlopeIndex(
        end - start, se, bounds[0], bounds[1], end / start, rii_se, bounds[2], bounds[3], start, end
    )


def _drawn_ends(
    line: Line, spread: tuple[FloatArray, FloatArray, FloatArray], draws: int, seed: int
) -> Iterator[tuple[npt.NDArray[np.intp], FloatArray, FloatArray]]:
    """Draws of both ends, a few columns at a time: (columns, starts, ends), shape (columns, draws).

    The ends being joint normal, two numbers a draw say all that one per group would. Every column
    uses the same draws, so that an indicator's interval does not depend on its neighbours.
    """
    v0, v1, v01 = spread
    drawable = np.flatnonzero(np.isfinite(v0 + v1 + v01 + line.start + line.end))
    if not drawable.size:
        return
    normal = _normal_draws(draws, seed)
    first = np.sqrt(v0)
    with np.errstate(divide="ignore", invalid="ignore"):
        shared = np.where(v0 > 0, v01 / first, 0.0)
        rest = np.sqrt(np.maximum(v1 - shared**2, 0.0))
    at_once = max(1, CELLS_AT_ONCE // draws)
    for begin in range(0, drawable.size, at_once):
        columns = drawable[begin : begin + at_once]
        pick = (columns, np.newaxis)
        starts = line.start[pick] + first[pick] * normal[0]
        ends = line.end[pick] + shared[pick] * normal[0] + rest[pick] * normal[1]
        yield columns, starts, ends


@lru_cache(maxsize=2)
def _normal_draws(draws: int, seed: int) -> FloatArray:
    """Two standard normal numbers a draw; kept, since every indicator of a table uses them."""
    return np.random.default_rng(seed).standard_normal((2, draws))


def _inverse(eta: FloatArray, link: str, scale: float) -> FloatArray:
    return np.exp(eta) if link == "log" else np.asarray(scale * expit(eta))
