"""Trends over few points: Mann-Kendall, Sen's slope, chi-square trend, detectable change.

Source: docs/methodologie.md. Mann 1945 (*Econometrica* 13:245), Kendall 1975 (*Rank Correlation Methods*),
Sen 1968 (*JASA* 63:1379), Gilbert 1987 (*Statistical Methods for Environmental Pollution
Monitoring*, ch. 16), Armitage 1955 (*Biometrics* 11:375), Fleiss, Levin & Paik 2003 (*Statistical
Methods for Rates and Proportions*, ch. 4). A series that breaks or whose periods overlap is refused;
under eight points no verdict is given. A trend is not an effect of any action.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from statistics import NormalDist
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2 as chi_square

FloatArray = npt.NDArray[np.float64]

MIN_POINTS = 8
EXACT_BELOW = 10
INCREASING, DECREASING, NO_TREND = "en hausse", "en baisse", "pas de tendance démontrée"

_NORMAL = NormalDist()
_YEARS = re.compile(r"(\d{4})(?:[-–](\d{4}))?")
_HALVINGS = 100


class BrokenSeries(ValueError):
    """The points belong to several series; the message, in French, says where and why."""


class OverlappingPeriods(ValueError):
    """Two points share a part of their period, so they are not independent; French message."""


class MannKendall(NamedTuple):
    """``n`` points, ``s``, ``variance`` of s with ties, ``z``, two-sided ``p`` and its ``method``.

    ``method``: ``exact`` or ``normal``; ``tau_b``: Kendall's rank correlation with time, ties
    discounted, NaN when all values are equal.
    """

    n: int
    s: int
    variance: float
    z: float
    p: float
    method: Literal["exact", "normal"]
    tau_b: float


class SenSlope(NamedTuple):
    """``slope`` per unit of time, ``intercept`` at time 0, interval ``low`` to ``high``."""

    slope: float
    intercept: float
    low: float
    high: float


class ProportionTrend(NamedTuple):
    """``statistic`` (chi-square, ``df`` 1), ``p``, ``slope`` of the proportion per unit of time."""

    statistic: float
    df: int
    p: float
    slope: float


class DetectableChange(NamedTuple):
    """Smallest ``decrease`` and ``increase``, positive, in the unit of the baseline."""

    decrease: FloatArray
    increase: FloatArray


@dataclass(frozen=True)
class Assessment:
    """What a series allows to say.

    ``points``: columns ``period``, ``time`` (middle, in years), ``value``, ordered, known values
    only. ``verdict``: one of INCREASING, DECREASING, NO_TREND, or None when the points are too few:
    show them alone. ``reason``: French sentence when there is no verdict, else empty. ``test`` and
    ``slope`` are None with the verdict.
    """

    points: pd.DataFrame
    verdict: str | None
    reason: str
    test: MannKendall | None
    slope: SenSlope | None


def assess(
    values: Sequence[float] | pd.Series,
    periods: Sequence[str],
    series: Sequence[str] | None = None,
    notes: Mapping[str, str] | None = None,
    *,
    window: int = 1,
    level: float = 0.95,
) -> Assessment:
    """Verdict on a series of one indicator in one territory (docs/methodologie.md).

    ``periods``: text of the warehouse: ``2019``, ``2019-2021``, ``2025-09-01/2026-08-31``, any
    order. ``window``: years that a point dated by one year covers (5 for the census). ``series``:
    label of the series of each point; ``notes``: label -> why that series begins. NaN values
    (secret, absent) are left out with their period. Verdict: Mann-Kendall at ``level``, with Sen's
    slope per year; None under 8 points. Raises BrokenSeries, OverlappingPeriods, and ValueError for
    ill-formed inputs.
    """
    _level_z(level)
    known = _known(values)
    starts, ends = _independent(periods, known, series, notes, window)
    points = pd.DataFrame(
        {
            "period": np.asarray(periods, dtype=object)[known],
            "time": (starts + ends) / 2,
            "value": np.asarray(values, dtype=float)[known],
        }
    )
    points = points.sort_values("time", ignore_index=True)
    if len(points) < MIN_POINTS:
        reason = (
            f"{len(points)} point(s) connu(s) : il en faut au moins {MIN_POINTS} pour parler de"
            " tendance. Les points sont montrés sans conclusion."
        )
        return Assessment(points, None, reason, None, None)
    test = mann_kendall(points["value"], points["time"])
    verdict = NO_TREND
    if test.p <= 1 - level:
        verdict = INCREASING if test.s > 0 else DECREASING
    return Assessment(points, verdict, "", test, sen_slope(points["value"], points["time"], level))


def mann_kendall(
    values: npt.ArrayLike, times: npt.ArrayLike | None = None, continuity: bool = True
) -> MannKendall:
    """Mann-Kendall test of a monotonic trend (docs/methodologie.md; Mann 1945, Kendall 1975).

    ``values``: 1-d; ``times``: distinct numbers, 0, 1, 2... by default. NaN values are left out
    with their time. S = sum of the signs of later minus earlier values. Two-sided p:

    * under 10 points, exact: share of the distinct orders of the values observed for which abs(S)
      is at least as large. Ties are kept as they are, so the count runs over the permutations of a
      multiset: discordant pairs follow the Gaussian multinomial coefficient.
    * from 10, normal with Var = (n(n-1)(2n+5) - sum t(t-1)(2t+5)) / 18 over ties of size t, and z =
      (S - sign S) / sqrt(Var); ``continuity=False`` leaves S as it is, as R's ``cor.test``.

    Assumes independent points: serial correlation makes p too small. Raises ValueError under two
    known values.
    """
    value, _ = _ordered(values, times)
    n, ties = len(value), np.unique(value, return_counts=True)[1]
    s = int(np.sign(value[None, :] - value[:, None])[np.triu_indices(n, 1)].sum())
    variance = _variance(n, ties)
    shifted = s - int(np.sign(s)) if continuity else s
    z = shifted / math.sqrt(variance) if variance > 0 else 0.0
    exact = n < EXACT_BELOW
    p = _exact_p(s, ties) if exact else 2 * _NORMAL.cdf(-abs(z))
    pairs = n * (n - 1) // 2
    untied = pairs - int((ties * (ties - 1) // 2).sum())
    tau_b = s / math.sqrt(pairs * untied) if untied else math.nan
    return MannKendall(n, s, variance, z, p, "exact" if exact else "normal", tau_b)


def sen_slope(
    values: npt.ArrayLike, times: npt.ArrayLike | None = None, level: float = 0.95
) -> SenSlope:
    """Sen's slope: median of the slopes between all pairs of points (Sen 1968; docs/methodologie.md).

    Intercept = median of the values - slope x median of the times (Conover 1980). Interval: the
    L-th smallest and L-th largest of the N slopes. From 10 points L = (N - z sqrt(Var S)) / 2,
    rounded down (Gilbert 1987, outward), under 10 the largest L for which P(abs(S) >= N - 2L + 2)
    <= 1 - level in the exact distribution without ties; no such L (under five points at 95 %): the
    interval is unbounded. NaN values are left out with their time. Raises ValueError under two.
    """
    value, time = _ordered(values, times)
    early, late = np.triu_indices(len(value), 1)
    slopes = np.sort((value[late] - value[early]) / (time[late] - time[early]))
    slope = float(np.median(slopes))
    rank = _interval_rank(value, level)
    low, high = (
        (float(slopes[rank - 1]), float(slopes[-rank])) if rank > 0 else (-math.inf, math.inf)
    )
    return SenSlope(slope, float(np.median(value) - slope * np.median(time)), low, high)


def proportion_trend(
    events: npt.ArrayLike,
    population: npt.ArrayLike,
    periods: Sequence[str] | None = None,
    series: Sequence[str] | None = None,
    notes: Mapping[str, str] | None = None,
    *,
    window: int = 1,
) -> ProportionTrend:
    """Chi-square test of a linear trend in proportions (Armitage 1955; docs/methodologie.md).

    With scores s (middle of the ``periods`` in years, or 0, 1, 2...), counts x of n and p = sum x /
    sum n: T = sum s (x - n p), D = sum n s^2 - (sum n s)^2 / sum n; statistic = T^2 / (p(1-p)D), 1
    d.f.; slope = T / D. Points of which a count is NaN are left out. ``periods``, ``series``,
    ``notes`` and ``window`` are checked as in :func:`assess`. Raises BrokenSeries,
    OverlappingPeriods, and ValueError for impossible counts or fewer than three points.
    """
    x, n = (np.asarray(a, dtype=float) for a in (events, population))
    if x.shape != n.shape or x.ndim != 1:
        raise ValueError("Les événements et les effectifs n'ont pas la même longueur.")
    known = ~(np.isnan(x) | np.isnan(n))
    x_known, n_known = x[known], n[known]
    if np.isinf(n_known).any() or not ((x_known >= 0) & (x_known <= n_known) & (n_known > 0)).all():
        raise ValueError("Chaque nombre d'événements est compris entre 0 et son effectif, positif.")
    score = np.flatnonzero(known).astype(float)
    if periods is not None:
        starts, ends = _independent(periods, known, series, notes, window)
        score = (starts + ends) / 2
    if len(score) < 3:
        raise ValueError("Il faut au moins trois points pour une tendance de proportions.")
    return _armitage(x_known, n_known, score - score.mean())


def minimum_detectable_change(
    baseline: npt.ArrayLike,
    n_before: npt.ArrayLike,
    n_after: npt.ArrayLike | None = None,
    *,
    kind: Literal["proportion", "rate"] = "proportion",
    scale: float = 1.0,
    power: float = 0.8,
    level: float = 0.95,
) -> DetectableChange:
    """Smallest change between two independent periods that a test would probably see (docs/methodologie.md).

    ``baseline``: proportion or rate, in units of ``scale`` (100 for a %, 100 000 for a rate per 100
    000). ``n_before``, ``n_after`` (same as before by default): persons, or person-years for a
    rate; shapes broadcast. The change d solves (Fleiss, Levin & Paik 2003, 4.2, equal to R's
    ``power.prop.test`` for equal sizes)

    d = z_(1-alpha/2) sqrt(V(m) (1/n1 + 1/n2)) + z_power sqrt(V(p1)/n1 + V(p2)/n2), p2 = p1 +- d,

    m = pooled value, V(p) = p(1-p); for a rate the same with the Poisson variance V(r) = r. NaN in
    a direction where no possible change is large enough, and for NaN inputs. Normal approximation:
    read it as an order of magnitude under ten events. Raises ValueError out of bounds.
    """
    alpha_z = _level_z(level)
    if not 0.5 <= power < 1:
        raise ValueError("La puissance est comprise entre 0,5 et 1.")
    if kind not in ("proportion", "rate"):
        raise ValueError(f"Nature de mesure inconnue : {kind}.")
    if not 0 < scale < math.inf:
        raise ValueError("L'échelle doit être un nombre positif.")
    after = n_before if n_after is None else n_after
    p, before, later = np.broadcast_arrays(
        *(np.asarray(a, dtype=float) for a in (baseline, n_before, after))
    )
    p = p / scale
    if (p < 0).any() or np.isinf(p).any() or (kind == "proportion" and (p > 1).any()):
        raise ValueError("La valeur de départ est impossible dans cette échelle.")
    if (before <= 0).any() or (later <= 0).any():
        raise ValueError("Les effectifs doivent être positifs.")
    power_z = _NORMAL.inv_cdf(power)
    needed = _needed_change(p, before, later, kind, alpha_z, power_z)
    if kind == "proportion":
        room = 1 - p
    else:
        # d <= (za + zb) sqrt((p + d) (1/n1 + 1/n2)): the root of the equality bounds d.
        c = (alpha_z + power_z) ** 2 * (1 / before + 1 / later)
        room = (c + np.sqrt(c**2 + 4 * c * p)) / 2 * (1 + 1e-9)
    decrease, increase = _root(lambda d: d - needed(-d), p), _root(lambda d: d - needed(d), room)
    return DetectableChange(decrease * scale, increase * scale)


def check_periods(periods: Sequence[str], window: int = 1) -> FloatArray:
    """Middle of each period, in years, once it is known that no two overlap (docs/methodologie.md).

    ``periods`` and ``window`` as in :func:`assess`. Raises OverlappingPeriods: the rolling census,
    averages over several years; ValueError for a text that is not a period.
    """
    starts, ends = _independent(periods, np.ones(len(periods), dtype=bool), None, None, window)
    middles: FloatArray = (starts + ends) / 2
    return middles


def independent_periods(periods: Sequence[str], window: int = 1) -> list[str]:
    """The latest of ``periods``, then those before it that share no year with one already kept.

    Oldest first; ``window`` as in :func:`assess`. Raises ValueError for a text that is not a period.
    """
    bounds = {str(period): _bounds(str(period), window) for period in periods}
    kept: list[str] = []
    for period in sorted(bounds, key=lambda one: bounds[one], reverse=True):
        if not kept or bounds[period][1] <= bounds[kept[-1]][0] + 1e-6:
            kept.append(period)
    return kept[::-1]


def _known(values: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or np.isinf(array).any():
        raise ValueError("Les valeurs forment une seule série de nombres finis.")
    known: npt.NDArray[np.bool_] = ~np.isnan(array)
    return known


def _ordered(values: npt.ArrayLike, times: npt.ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    """Known values and their times, in the order of time."""
    known = _known(values)
    value = np.asarray(values, dtype=float)
    time = np.arange(len(value), dtype=float) if times is None else np.asarray(times, dtype=float)
    if time.shape != value.shape:
        raise ValueError("Les valeurs et les dates n'ont pas la même longueur.")
    value, time = value[known], time[known]
    if len(value) < 2:
        raise ValueError("Il faut au moins deux valeurs connues.")
    if not np.isfinite(time).all() or len(np.unique(time)) < len(time):
        raise ValueError("Les dates doivent être connues et toutes différentes.")
    order = np.argsort(time)
    return value[order], time[order]


def _independent(
    periods: Sequence[str],
    known: npt.NDArray[np.bool_],
    series: Sequence[str] | None,
    notes: Mapping[str, str] | None,
    window: int,
) -> tuple[FloatArray, FloatArray]:
    """Start and end of the known points' periods: one series, no overlap."""
    if len(periods) != len(known) or (series is not None and len(series) != len(known)):
        raise ValueError("Les valeurs, les périodes et les séries n'ont pas la même longueur.")
    if window < 1:
        raise ValueError("Un point couvre au moins une année.")
    texts, places = [str(period) for period in periods], np.flatnonzero(known).tolist()
    bounds = np.array([_bounds(texts[place], window) for place in places]).reshape(-1, 2)
    order = np.argsort(bounds[:, 0], kind="stable")
    ordered = [places[position] for position in order]
    names = [texts[place] for place in ordered]
    if series is not None:
        labels = list(series)
        _check_break(names, [labels[place] for place in ordered], notes or {})
    starts, ends = bounds[order, 0], bounds[order, 1]
    overlaps = np.flatnonzero(starts[1:] < ends[:-1] - 1e-6)
    if len(overlaps):
        first, second = names[overlaps[0]], names[overlaps[0] + 1]
        raise OverlappingPeriods(
            f"Les périodes {first} et {second} ont des années communes : ces points ne sont pas"
            " indépendants et ne disent pas de tendance d'une année à l'autre. Gardez des périodes"
            " disjointes."
        )
    return bounds[:, 0], bounds[:, 1]


def _check_break(names: list[str], labels: list[str], notes: Mapping[str, str]) -> None:
    """Refuse points of several series; an unknown series (None, NaN) is refused too."""
    if any(not isinstance(label, str) for label in labels):
        raise ValueError("La série d'un point n'est pas connue : tendance impossible.")
    for position, (before, after) in enumerate(pairwise(labels)):
        if before != after:
            why = notes.get(after) or f"passage de la série {before} à la série {after}."
            raise BrokenSeries(
                f"Rupture de série entre {names[position]} et {names[position + 1]} : {why}"
                " Aucune tendance ne se lit de part et d'autre."
            )


def _bounds(period: str, window: int) -> tuple[float, float]:
    """Start and end (excluded) of a period, in years."""
    years = _YEARS.fullmatch(period.strip())
    if years:
        first = int(years[1])
        last = int(years[2]) if years[2] else first + window - 1
        start, end = float(first), float(last + 1)
    else:
        try:
            first_day, last_day = (date.fromisoformat(day) for day in period.split("/"))
        except ValueError as error:
            raise ValueError(f"« {period} » n'est pas une période (2019, 2019-2021).") from error
        start, end = _decimal_year(first_day), _decimal_year(last_day + timedelta(days=1))
    if start >= end:
        raise ValueError(f"La période « {period} » finit avant de commencer.")
    return start, end


def _decimal_year(day: date) -> float:
    first, following = date(day.year, 1, 1), date(day.year + 1, 1, 1)
    return day.year + (day - first).days / (following - first).days


def _level_z(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError("Le niveau de confiance est compris entre 0 et 1.")
    return _NORMAL.inv_cdf(0.5 + level / 2)


def _variance(n: int, ties: npt.NDArray[np.int64]) -> float:
    """Variance of S under no trend, ties of the given sizes (Kendall 1975)."""
    return (n * (n - 1) * (2 * n + 5) - int((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18


@lru_cache(maxsize=256)
def _gaussian_binomial(n: int, k: int) -> tuple[int, ...]:
    """Orders of n - k zeros and k ones, counted by number of inversions."""
    if k in (0, n):
        return (1,)
    counts = [0] * (k * (n - k) + 1)
    for position, number in enumerate(_gaussian_binomial(n - 1, k - 1)):
        counts[position] += number
    for position, number in enumerate(_gaussian_binomial(n - 1, k)):
        counts[position + k] += number
    return tuple(counts)


def _null_distribution(ties: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Values of S and their probabilities when every order of the values is as likely."""
    counts, placed = np.ones(1), 0
    for size in map(int, ties):
        placed += size
        counts = np.convolve(counts, _gaussian_binomial(placed, size))
    s = len(counts) - 1 - 2 * np.arange(len(counts))
    return s, counts / counts.sum()


def _exact_p(s: int, ties: npt.NDArray[np.int64]) -> float:
    possible, probability = _null_distribution(ties)
    return min(1.0, float(probability[np.abs(possible) >= abs(s)].sum()))


def _interval_rank(value: FloatArray, level: float) -> int:
    """Rank L of the slope that bounds the interval; 0 when none does."""
    n, z = len(value), _level_z(level)
    pairs = n * (n - 1) // 2
    if n >= EXACT_BELOW:
        variance = _variance(n, np.unique(value, return_counts=True)[1])
        return max(math.floor((pairs - z * math.sqrt(variance)) / 2), 0)
    possible, probability = _null_distribution(np.ones(n, dtype=np.int64))
    ranks = range((pairs + 1) // 2, 0, -1)
    tails = (float(probability[np.abs(possible) >= pairs - 2 * rank + 2].sum()) for rank in ranks)
    # Rounding in 1 - level must not lose a rank whose tail equals it.
    return next((r for r, tail in zip(ranks, tails, strict=True) if tail <= 1 - level + 1e-12), 0)


def _armitage(x: FloatArray, n: FloatArray, score: FloatArray) -> ProportionTrend:
    pooled = x.sum() / n.sum()
    if pooled in (0, 1):
        raise ValueError("La proportion ne varie pas : tous les points valent 0 ou 100 %.")
    covariance = float(score @ (x - n * pooled))
    spread = float(n @ score**2 - (n @ score) ** 2 / n.sum())
    statistic = covariance**2 / (pooled * (1 - pooled) * spread)
    p = float(chi_square.sf(statistic, 1))
    return ProportionTrend(float(statistic), 1, p, covariance / spread)


def _needed_change(
    p: FloatArray, before: FloatArray, later: FloatArray, kind: str, alpha_z: float, power_z: float
) -> Callable[[FloatArray], FloatArray]:
    """Change that would be detected if the second value were p + d, as a function of d."""

    def variance(value: FloatArray) -> FloatArray:
        return value * (1 - value) if kind == "proportion" else value

    def needed(d: FloatArray) -> FloatArray:
        # Rounding may take a bound a hair outside [0, 1].
        pooled, second = (
            np.maximum(variance(v), 0) for v in (p + d * later / (before + later), p + d)
        )
        under_null = np.sqrt(pooled * (1 / before + 1 / later))
        under_change = np.sqrt(variance(p) / before + second / later)
        wanted: FloatArray = alpha_z * under_null + power_z * under_change
        return wanted

    return needed


def _root(excess: Callable[[FloatArray], FloatArray], room: FloatArray) -> FloatArray:
    """Where the convex ``excess``, negative at first, crosses zero in ]0, room]; NaN if it does not."""
    low, high = np.zeros_like(room), np.array(room, dtype=float)
    reachable = (high > 0) & (excess(high) >= 0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = excess(middle) >= 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.where(reachable, high, np.nan)
