"""Rates of small areas with their intervals, and what may be said of them against a benchmark.

Source: docs/methodologie.md; Wilson (1927) for proportions, Breslow & Day (1987) for Byar's interval, Dobson
et al. (1991) for directly standardised rates, Chiang (1968) and Silcocks et al. (2001) for life
expectancy, Spiegelhalter (2005) for funnels, Benjamini & Hochberg (1995) for the false discovery
rate.

Everything works on arrays of any shape. NaN is "no value" (absent or secret, the caller's state
says which): it comes out as NaN, or None for a label, never as 0. A quantity that its method
refuses (too few events, no population) is NaN too; an input that makes no sense is a ValueError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammainc, gammaincc, gammaincinv, gdtrib, logit, ndtr, ndtri

from diagnostic.suppression import suppress as suppress  # a name of this module

FloatArray: TypeAlias = npt.NDArray[np.float64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
LabelArray: TypeAlias = npt.NDArray[np.object_]
Numbers: TypeAlias = pd.Series | pd.DataFrame | npt.ArrayLike
FunnelKind: TypeAlias = Literal["proportion", "rate", "ratio"]
Scale: TypeAlias = Literal["identity", "log", "logit"]

HIGHER, LOWER, SAME = "plus haut", "plus bas", "non différent"
EXACT_BELOW = 10
DSR_MINIMUM_EVENTS = 10
LIFE_MINIMUM_POPULATION = 5_000
LIFE_MAXIMUM_WIDTH = 20.0
LIFE_OPEN_AGE = 90
INFANT_SHARE = 0.1
FUNNEL_LEVELS = (0.95, 0.998)

# European standard population 2013 (Eurostat, Revision of the European Standard Population, 2013):
# people per 100 000, five-year bands, 90 and over together.
ESP2013: Final = pd.Series(
    {
        "0-4": 5000.0,
        "5-9": 5500.0,
        "10-14": 5500.0,
        "15-19": 5500.0,
        "20-24": 6000.0,
        "25-29": 6000.0,
        "30-34": 6500.0,
        "35-39": 7000.0,
        "40-44": 7000.0,
        "45-49": 7000.0,
        "50-54": 7000.0,
        "55-59": 6500.0,
        "60-64": 6000.0,
        "65-69": 5500.0,
        "70-74": 5000.0,
        "75-79": 4000.0,
        "80-84": 2500.0,
        "85-89": 1500.0,
        "90+": 1000.0,
    }
)
# First ages of the abridged life table: under 1, 1-4, then five-year bands, 90 and over.
LIFE_AGES: Final = (0, 1, *range(5, 91, 5))


class Estimate(NamedTuple):
    """A value and its interval: three arrays of one shape."""

    value: FloatArray
    low: FloatArray
    high: FloatArray


class FunnelLimits(NamedTuple):
    """Control limits at 95 % (.025 on each side) and 99.8 % (.001), arrays of one shape."""

    low_95: FloatArray
    high_95: FloatArray
    low_998: FloatArray
    high_998: FloatArray


class FunnelLabels(NamedTuple):
    """Place of each point in the funnel at both levels: HIGHER, LOWER, SAME or None."""

    at_95: LabelArray
    at_998: LabelArray


def proportion(x: Numbers, n: Numbers, level: float = 0.95, multiplier: float = 1.0) -> Estimate:
    """Proportion x / n with its Wilson interval, times ``multiplier`` (100 for per cent).

    low, high = (2x + z^2 -+ z sqrt(z^2 + 4x(1 - x/n))) / (2(n + z^2)), within [0, 1]
    (Wilson 1927; docs/methodologie.md). ``x`` people out of ``n``, any shapes that broadcast, not
    necessarily whole (census weights). NaN in gives NaN out, and so does n = 0. ValueError, in
    French, for a negative or infinite number, for x > n and for a level outside ]0, 1[.
    """
    count, base = _floats(x, n)
    _refuse_negative(count, base)
    if (count > base).any():
        raise ValueError("Une proportion a un numérateur plus grand que son dénominateur.")
    z, scale = _z(level), _multiplier(multiplier)
    value = _ratio(count, base)
    centre = 2 * count + z**2
    spread = z * np.sqrt(z**2 + 4 * count * (1 - value))
    low = np.where(value == 0, 0.0, (centre - spread) / (2 * (base + z**2)))
    high = np.where(value == 1, 1.0, (centre + spread) / (2 * (base + z**2)))
    known = ~np.isnan(value)
    return _estimate(scale, value, np.where(known, low, np.nan), np.where(known, high, np.nan))


def crude_rate(
    events: Numbers, population: Numbers, multiplier: float, level: float = 0.95
) -> Estimate:
    """Events per ``multiplier`` person-years, exact interval under 10 events, Byar's from 10.

    ``events`` and ``population`` (people, or people times years) broadcast. NaN in gives NaN out,
    and so does a population of 0. A rate may exceed one event a person. Interval: see
    :func:`count_interval` (docs/methodologie.md). ValueError for a negative or infinite number.
    """
    count, people = _floats(events, population)
    _refuse_negative(count, people)
    scale = _multiplier(multiplier)
    low, high = count_interval(count, level)
    return _estimate(scale, *(_ratio(number, people) for number in (count, low, high)))


def count_interval(events: Numbers, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Interval of a Poisson count: exact (chi-square) under 10 events, Byar's from 10.

    Exact: low = chi2(alpha/2; 2O)/2, high = chi2(1-alpha/2; 2O+2)/2 (Garwood 1936). Byar:
    low = O (1 - 1/(9O) - z/(3 sqrt(O)))^3, high the same with O + 1 and + (Breslow & Day 1987).
    Byar's low limit is half the exact one at 1 event and within 1 % of it from 5: docs/methodologie.md switches
    at 10. NaN in gives NaN out.
    """
    (count,) = _floats(events)
    _refuse_negative(count)
    tail, z = _tail(level), _z(level)
    few = count < EXACT_BELOW
    many = np.where(few, EXACT_BELOW, count)
    # gammaincinv(0, p) is undefined: no event leaves a low limit of exactly 0.
    exact_low = np.where(count > 0, gammaincinv(np.where(few & (count > 0), count, 1), tail), 0)
    exact_high = gammaincinv(np.where(few, count, 0) + 1, 1 - tail)
    low = np.where(few, exact_low, _byar(many, -z))
    return low, np.where(few, exact_high, _byar(many + 1, z))


def directly_standardised(
    events: Numbers,
    population: Numbers,
    standard: pd.Series | npt.ArrayLike = ESP2013,
    multiplier: float = 100_000.0,
    level: float = 0.95,
    event_variance: Numbers | None = None,
) -> Estimate:
    """Directly standardised rate with Dobson's interval, one number a territory.

    ``events`` and ``population``: arrays (..., bands), or frames whose columns are the bands;
    ``standard``: the standard population of the same bands, in the same order, any unit.

    DSR = sum(w r)/sum(w); low = DSR + sqrt(Var/O)(O_low - O), Var = sum(w^2 O_i/n_i^2)/(sum w)^2,
    O_low and O_high by :func:`count_interval` on the total O (Dobson et al. 1991; docs/methodologie.md).
    ``event_variance``: sum of f^2 over the people who had f events, by band, when one person may
    count several times (stays in hospital); it replaces O_i in Var and widens the interval.

    NaN for a territory of under 10 events (no reliable rate), with an empty band (its rate is
    unknown: widen the bands) or an unknown number. ValueError for a negative or infinite number
    and for bands that do not match the standard population.
    """
    count, people = _floats(events, population)
    _refuse_negative(count, people)
    share = _standard_shares(standard, events, count, people)
    variance = count if event_variance is None else _floats(events, event_variance)[1]
    _refuse_negative(variance)
    if (variance < count).any():
        raise ValueError("La variance des événements est plus petite que leur nombre.")
    total = count.sum(axis=-1)
    value = (share * _ratio(count, people)).sum(axis=-1)
    value = np.where(total >= DSR_MINIMUM_EVENTS, value, np.nan)
    spread = np.sqrt(_ratio((share**2 * _ratio(variance, people**2)).sum(axis=-1), total))
    low, high = count_interval(total, level)
    # Where a few people weigh a lot, the formula goes below 0, which no rate does.
    low = np.maximum(value + spread * (low - total), 0.0)
    return _estimate(_multiplier(multiplier), value, low, value + spread * (high - total))


def expected_events(
    population: Numbers, reference_events: Numbers, reference_population: Numbers
) -> FloatArray:
    """Events that each territory would have at the reference's rates: sum of n_i x R_i.

    ``population``: (..., bands); reference: 1-d, one number a band (age, or age and sex). NaN
    when a band of the territory is unknown. ValueError for a reference band without population.
    """
    (people,) = _floats(population)
    _refuse_negative(people)
    rates, _ = _reference_rates(population, reference_events, reference_population)
    if people.ndim == 0 or people.shape[-1] != rates.size:
        raise ValueError("Les classes d'âge du territoire et de la référence diffèrent en nombre.")
    return np.asarray(people @ rates)


def indirectly_standardised(
    events: Numbers,
    population: Numbers,
    reference_events: Numbers,
    reference_population: Numbers,
    level: float = 0.95,
    multiplier: float = 1.0,
    rate: bool = False,
) -> Estimate:
    """Observed over expected events (SMR), or the indirectly standardised rate.

    ``population``: (..., bands), age or age and sex; ``events``: the total of each territory,
    one dimension less, or the events by band, summed here. Reference: 1-d, one number a band.
    The ratio is times ``multiplier`` (1, or 100 for the French ICM); with ``rate`` it is also
    times the reference's crude rate (``multiplier`` = 100 000 for a rate per 100 000).

    E = :func:`expected_events`; the interval is that of O (exact under 10, else Byar's) over E, E
    being taken as known (docs/methodologie.md). NaN when a number is unknown or E = 0. Two such ratios must
    not be compared with each other, only with the reference: each has its own age weights.
    """
    expected = expected_events(population, reference_events, reference_population)
    (observed,) = _floats(events)
    _refuse_negative(observed)
    if observed.ndim == expected.ndim + 1:
        _same_labels(events, population)
        observed = observed.sum(axis=-1)
    elif isinstance(events, pd.Series) and isinstance(population, pd.DataFrame):
        _same_index(events, population)
    if observed.shape != expected.shape:
        raise ValueError(
            "Les événements et la population ne portent pas sur les mêmes territoires."
        )
    scale = _multiplier(multiplier)
    if rate:
        scale *= _reference_rates(population, reference_events, reference_population)[1]
    low, high = count_interval(observed, level)
    return _estimate(scale, *(_ratio(number, expected) for number in (observed, low, high)))


def life_expectancy(
    deaths: Numbers,
    population: Numbers,
    ages: Sequence[int] = LIFE_AGES,
    age: int = 0,
    level: float = 0.95,
) -> Estimate:
    """Years left to live at ``age`` under the mortality of the period (Chiang II, Silcocks).

    ``deaths`` and ``population`` (person-years): (..., bands), or frames whose columns are the
    bands; ``ages``: first age of each band, 0, 1, ... up to an open band that starts at 90 or
    later. With M = D/n, width k and share lived a (0.1 under 1 year, else 0.5):
    q = kM / (1 + (1-a)kM), l the product of 1 - q, L = k(l' + a(l - l')), L = l/M in the open
    band, e = sum(L)/l (Chiang 1968). Var(e) = [sum l^2 ((1-a)k + e')^2 q^2(1-q)/D + l_w^2/(D_w
    M_w^2)]/l^2: the last term, for the open band, is Silcocks's (2001). Symmetric interval.

    NaN, value and interval, for: a total population under 5 000 (Toson & Baker 2003), an empty
    band, more deaths than people in a band or a probability of death of 1, no death in the open
    band, a 95 % interval wider than 20 years, an unknown number (docs/methodologie.md). ValueError for a
    negative or infinite number and for ages that are not those of an abridged life table.
    """
    count, people = _floats(deaths, population)
    _refuse_negative(count, people)
    start = _life_ages(ages, age, count, people)
    usable = _usable_table(count, people)
    # Placeholders keep the arithmetic finite; their results are masked below.
    count = np.where(usable[..., None], count, 1.0)
    people = np.where(usable[..., None], people, 1_000.0)
    value, error, possible = _life_table(count, people, np.asarray(ages, dtype=float), start)
    usable &= possible & (2 * _z(0.95) * error <= LIFE_MAXIMUM_WIDTH)
    value = np.where(usable, value, np.nan)
    half = _z(level) * error
    return _estimate(1.0, value, value - half, value + half)


def funnel_limits(
    denominator: Numbers, baseline: float, kind: FunnelKind, multiplier: float = 1.0
) -> FunnelLimits:
    """Limits between which a territory of that size falls by chance alone, at 95 % and 99.8 %.

    ``denominator``: people for a proportion or a rate, expected events for a ratio (0 gives NaN).
    ``baseline``: the common value, in the unit of ``multiplier`` (22.4 with 100, for per cent; 1
    for a ratio with 1). For a directly standardised rate, pass events x multiplier / rate as the
    denominator, and no territory of under 10 events.

    Proportion: p -+ z sqrt(p(1-p)/n) within [0, 1], which is where the Wilson interval of x/n
    leaves p out. Rate and ratio: O/E where the exact Poisson interval of O just touches the
    expected E, solved for a continuous O (Spiegelhalter 2005; docs/methodologie.md). The labels of a chart
    and its limits thus agree. The z are those of .025 and .001, not 2 and 3.
    """
    (size,) = _floats(denominator)
    _refuse_negative(size)
    scale = _multiplier(multiplier)
    centre = float(baseline) / scale
    if kind not in ("proportion", "rate", "ratio"):
        raise ValueError("Un entonnoir porte sur une proportion, un taux ou un rapport.")
    if kind == "proportion" and not 0 <= centre <= 1:
        raise ValueError("La valeur de référence d'une proportion est comprise entre 0 et 1.")
    if not 0 <= centre < math.inf:
        raise ValueError("La valeur de référence d'un entonnoir est un nombre positif ou nul.")
    limits = _proportion_limits if kind == "proportion" else _poisson_limits
    size = np.where(size > 0, size, np.nan)
    bounds = [bound for at in FUNNEL_LEVELS for bound in limits(size, centre, at)]
    return FunnelLimits(*(np.asarray(bound * scale) for bound in bounds))


def funnel_labels(
    observed: Numbers,
    denominator: Numbers,
    baseline: float,
    kind: FunnelKind,
    multiplier: float = 1,
) -> FunnelLabels:
    """Whether each territory lies outside the limits of :func:`funnel_limits`, at both levels.

    ``observed``: the count (numerator, events); the other arguments are those of the limits. None
    where a number is unknown or the denominator is 0. A territory at 99.8 % is so at 95 % too.
    """
    count, size = _floats(observed, denominator)
    _refuse_negative(count)
    if kind == "proportion" and (count > size).any():
        raise ValueError("Une proportion a un numérateur plus grand que son dénominateur.")
    limits = funnel_limits(size, baseline, kind, multiplier)
    value = _ratio(count, size) * multiplier
    return FunnelLabels(
        _labels(value, value > limits.high_95, value < limits.low_95),
        _labels(value, value > limits.high_998, value < limits.low_998),
    )


def significance(
    value: Numbers,
    low: Numbers,
    high: Numbers,
    benchmark: Numbers,
    level: float = 0.95,
    at: float | None = None,
    scale: Scale = "identity",
    fdr: bool = False,
    p_values: Numbers | None = None,
) -> LabelArray:
    """'plus haut', 'plus bas' or 'non différent' from the benchmark; None where it is unknown.

    ``low`` and ``high``: the interval of ``value`` at ``level``. ``at``: level of the decision,
    ``level`` by default. By default a value differs when its interval leaves the benchmark out.
    To decide at another level (99.8 %) or with ``fdr``, the p-values are ``p_values`` if given
    (see :func:`poisson_p_values`, :func:`proportion_p_values`), else those of
    :func:`interval_p_values` on ``scale``; a value then differs when p <= 1 - at. ``fdr``: the
    p-values known are first adjusted together (Benjamini & Hochberg 1995), so that at most a
    share 1 - at of the differences announced is expected to be false: the rule for a map of 35 000
    communes, of which 5 % would differ by chance (docs/methodologie.md).

    The benchmark is taken as exact and independent of the territory: leave the territory out of
    it, or say so, when it weighs more than 10 %. Overlapping intervals of two territories are not
    a test between them. ValueError when the interval does not contain the value.
    """
    centre, lower, upper, mark = _intervals(value, low, high, benchmark)
    chosen = level if at is None else at
    threshold = 2 * _tail(chosen)
    if p_values is None and not fdr and chosen == level:
        return _labels(centre + mark, lower > mark, upper < mark)
    if p_values is None:
        p = interval_p_values(centre, lower, upper, mark, level, scale)
    else:
        p = _checked_p_values(p_values, centre)
    if fdr:
        from scipy.stats import false_discovery_control  # half a second, for this rare choice only

        known = ~np.isnan(p)
        p[known] = false_discovery_control(p[known])
    # 2 * tail is 1 - at up to rounding: a p-value exactly at the threshold counts.
    differs = p <= threshold * (1 + 1e-12)
    return _labels(p + centre + mark, differs & (centre > mark), differs & (centre < mark))


def interval_p_values(
    value: Numbers,
    low: Numbers,
    high: Numbers,
    benchmark: Numbers,
    level: float = 0.95,
    scale: Scale = "identity",
) -> FloatArray:
    """Two-sided normal p-values of value = benchmark, from the interval's own width on ``scale``.

    The standard error is the half-interval on the benchmark's side over z, so that p < 1 - level
    exactly where the interval leaves the benchmark out, even when it is not symmetric. Scales:
    "identity", "log" (rates, ratios), "logit" (proportions); the scale matters only for decisions
    at another level. Approximate: exact p-values are better for counts under about 10. NaN where
    a number is unknown. ValueError where the scale has no such value (log of 0).
    """
    centre, lower, upper, mark = _intervals(value, low, high, benchmark)
    transform = _transform(scale, centre, mark)
    with np.errstate(divide="ignore", invalid="ignore"):
        inner, outer = transform(centre), transform(np.where(mark < centre, lower, upper))
        distance = np.abs(inner - transform(mark))
        # A limit out of the scale (0 for log) is infinitely far: no difference can be shown.
        half = np.where(np.isnan(outer) & ~np.isnan(inner), np.inf, np.abs(outer - inner))
        p = 2 * ndtr(-_z(level) * distance / half)
    return np.asarray(np.where(distance == 0, 1.0, p))


def poisson_p_values(observed: Numbers, expected: Numbers) -> FloatArray:
    """Exact two-sided p-values of a count against its expected number: min(1, twice the tail).

    p < alpha exactly where the exact interval of O at 1 - alpha leaves E out (Garwood 1936). NaN
    where a number is unknown or E = 0.
    """
    count, mean = _floats(observed, expected)
    _refuse_negative(count, mean)
    count, mean = np.broadcast_arrays(count, np.where(mean > 0, mean, np.nan))
    # gammainc(0, E) is undefined: P(X >= 0) = 1.
    at_least = np.where(count == 0, 1.0, gammainc(np.where(count == 0, 1.0, count), mean))
    p = np.minimum(1.0, 2 * np.minimum(at_least, gammaincc(count + 1, mean)))
    return np.asarray(np.where(np.isnan(mean), np.nan, p))


def proportion_p_values(x: Numbers, n: Numbers, benchmark: Numbers) -> FloatArray:
    """Two-sided p-values of the score test of x / n against a proportion strictly within ]0, 1[.

    p < alpha exactly where the Wilson interval at 1 - alpha leaves the benchmark out (Wilson
    1927). NaN where a number is unknown or n = 0.
    """
    value = proportion(x, n).value
    base, mark = _floats(n, benchmark)
    if ((mark <= 0) | (mark >= 1)).any():
        raise ValueError("La proportion de référence doit être comprise entre 0 et 1, exclus.")
    z = (value - mark) / np.sqrt(mark * (1 - mark) / np.where(base > 0, base, np.nan))
    return np.asarray(2 * ndtr(-np.abs(z)))


def _floats(*inputs: Numbers) -> list[FloatArray]:
    """Inputs as float arrays, once their labels agree and no number is infinite."""
    _same_labels(*inputs)
    arrays = [
        v.to_numpy(dtype=float, na_value=np.nan)
        if isinstance(v, (pd.Series, pd.DataFrame))
        else np.asarray(v, dtype=float)
        for v in inputs
    ]
    if any(np.isinf(array).any() for array in arrays):
        raise ValueError("Une valeur infinie figure dans les données.")
    return arrays


def _same_labels(*inputs: Numbers) -> None:
    """Rows of the labelled inputs of one kind agree, and the columns of the frames."""
    for kind in (pd.Series, pd.DataFrame):
        labelled = [v for v in inputs if isinstance(v, kind)]
        for other in labelled[1:]:
            _same_index(labelled[0], other)
            if isinstance(other, pd.DataFrame) and not other.columns.equals(labelled[0].columns):
                raise ValueError("Les classes d'âge ne sont pas les mêmes dans les deux tableaux.")


def _same_index(one: pd.Series | pd.DataFrame, other: pd.Series | pd.DataFrame) -> None:
    if not one.index.equals(other.index):
        raise ValueError(
            "Les données ne portent pas sur les mêmes territoires, dans le même ordre."
        )


def _bands(numbers: Numbers) -> list[object] | None:
    """Labels of the last dimension: the bands of one territory or of the columns, if labelled."""
    if isinstance(numbers, pd.DataFrame):
        return list(numbers.columns)
    return list(numbers.index) if isinstance(numbers, pd.Series) else None


def _same_bands(one: Numbers, other: Numbers) -> bool:
    bands, others = _bands(one), _bands(other)
    return bands is None or others is None or bands == others


def _refuse_negative(*arrays: FloatArray) -> None:
    if any((array < 0).any() for array in arrays):
        raise ValueError("Un nombre négatif figure dans les effectifs.")


def _tail(level: float) -> float:
    """Probability left on each side of an interval at ``level``."""
    if not 0 < level < 1:
        raise ValueError(
            "Le niveau de confiance doit être compris entre 0 et 1 (0,95 par exemple)."
        )
    return (1 - level) / 2


def _z(level: float) -> float:
    return float(-ndtri(_tail(level)))


def _multiplier(multiplier: float) -> float:
    if not 0 < multiplier < math.inf:
        raise ValueError("Le multiplicateur doit être un nombre positif.")
    return float(multiplier)


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """numerator / denominator, NaN where the denominator is 0 or unknown."""
    return np.asarray(numerator / np.where(denominator > 0, denominator, np.nan))


def _estimate(scale: float, value: FloatArray, low: FloatArray, high: FloatArray) -> Estimate:
    return Estimate(np.asarray(value * scale), np.asarray(low * scale), np.asarray(high * scale))


def _byar(count: FloatArray, z: float) -> FloatArray:
    limit: FloatArray = count * (1 - 1 / (9 * count) + z / (3 * np.sqrt(count))) ** 3
    return limit


def _standard_shares(
    standard: pd.Series | npt.ArrayLike, events: Numbers, count: FloatArray, people: FloatArray
) -> FloatArray:
    """Shares of the standard population, checked against the bands of the events."""
    (weight,) = _floats(standard)
    if count.ndim == 0 or count.shape != people.shape or weight.shape != count.shape[-1:]:
        raise ValueError(
            "Les événements, la population et la population type n'ont pas les mêmes classes d'âge."
        )
    if not _same_bands(events, standard):
        names = ", ".join(map(str, _bands(standard) or ()))
        raise ValueError(
            f"Les classes d'âge ne sont pas celles de la population type, dans son ordre : {names}."
        )
    if not (weight >= 0).all() or not weight.sum() > 0:
        raise ValueError(
            "La population type doit être connue, positive ou nulle dans chaque classe."
        )
    shares: FloatArray = weight / weight.sum()
    return shares


def _reference_rates(
    population: Numbers, reference_events: Numbers, reference_population: Numbers
) -> tuple[FloatArray, float]:
    """Rates of the reference by band and its crude rate."""
    count, people = _floats(reference_events, reference_population)
    if not all(_same_bands(population, v) for v in (reference_events, reference_population)):
        raise ValueError("Les classes d'âge de la population ne sont pas celles de la référence.")
    if count.ndim != 1 or count.shape != people.shape:
        raise ValueError("La référence doit donner événements et population pour chaque classe.")
    if not (people > 0).all() or not (count >= 0).all():
        raise ValueError(
            "Chaque classe de la référence doit avoir une population et des événements."
        )
    return count / people, float(count.sum() / people.sum())


def _life_ages(ages: Sequence[int], age: int, count: FloatArray, people: FloatArray) -> int:
    """Position of ``age`` in the table, once its bands are known to be those it needs."""
    first = list(ages)
    if first[:2] != [0, 1] or first != sorted(set(first)):
        raise ValueError("La table de mortalité commence par les âges 0 et 1, puis monte.")
    if first[-1] < LIFE_OPEN_AGE:
        raise ValueError("La dernière classe de la table de mortalité doit être 90 ans et plus.")
    if count.shape != people.shape or count.shape[-1:] != (len(first),):
        raise ValueError("Décès et population doivent avoir une colonne par classe d'âge.")
    if age not in first:
        raise ValueError("L'espérance de vie se demande au début d'une classe d'âge.")
    return first.index(age)


def _usable_table(count: FloatArray, people: FloatArray) -> BoolArray:
    """Territories large enough, with people in each band and a death in the open one."""
    return np.asarray(
        (people.sum(axis=-1) >= LIFE_MINIMUM_POPULATION)
        & (people > 0).all(axis=-1)
        & (count <= people).all(axis=-1)
        & (count[..., -1] > 0)
    )


def _life_table(
    count: FloatArray, people: FloatArray, ages: FloatArray, start: int
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Life expectancy at band ``start``, its standard error, and whether every q is under 1."""
    width = np.diff(ages)
    lived = np.where(ages[:-1] == 0, INFANT_SHARE, 0.5)
    closed, mortality = count[..., :-1], count / people
    risk = width * mortality[..., :-1]
    q = risk / (1 + (1 - lived) * risk)
    possible = np.asarray((q < 1).all(axis=-1))
    q = np.where(possible[..., None], q, 0.0)
    one = np.ones((*count.shape[:-1], 1))
    alive = np.concatenate([one, np.cumprod(1 - q, axis=-1)], axis=-1)
    after = alive[..., 1:]
    years = width * (after + lived * (alive[..., :-1] - after))
    years = np.concatenate([years, alive[..., -1:] / mortality[..., -1:]], axis=-1)
    left = np.cumsum(years[..., ::-1], axis=-1)[..., ::-1] / alive
    risk_variance = q**2 * (1 - q) / np.where(closed > 0, closed, 1.0)
    terms = (alive[..., :-1] * ((1 - lived) * width + left[..., 1:])) ** 2 * risk_variance
    last = alive[..., -1] ** 2 / (count[..., -1] * mortality[..., -1] ** 2)
    variance = terms[..., start:].sum(axis=-1) + last
    return left[..., start], np.sqrt(variance) / alive[..., start], possible


def _proportion_limits(
    size: FloatArray, centre: float, level: float
) -> tuple[FloatArray, FloatArray]:
    half = _z(level) * np.sqrt(centre * (1 - centre) / size)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def _poisson_limits(size: FloatArray, centre: float, level: float) -> tuple[FloatArray, FloatArray]:
    """Counts O, over the size, whose exact high (low) limit is the expected number.

    high(O) = E is P(O + 1, E) = 1 - tail and low(O) = E is P(O, E) = tail, with P the regularised
    incomplete gamma function: gdtrib solves both for its shape.
    """
    expected, tail = size * centre, _tail(level)
    low = np.maximum(gdtrib(1.0, 1 - tail, expected) - 1, 0.0)
    return low / size, gdtrib(1.0, tail, expected) / size


def _labels(known: FloatArray, higher: BoolArray, lower: BoolArray) -> LabelArray:
    """Three states, None where ``known`` is NaN."""
    label = np.full(np.shape(known), SAME, dtype=object)
    label[np.asarray(higher)] = HIGHER
    label[np.asarray(lower)] = LOWER
    label[np.isnan(known)] = None
    return label


def _intervals(value: Numbers, low: Numbers, high: Numbers, benchmark: Numbers) -> list[FloatArray]:
    """The four as arrays of one shape, NaN together, each interval around its value."""
    arrays = np.broadcast_arrays(*_floats(value, low, high, benchmark))
    centre, lower, upper, mark = arrays
    slack = 1e-9 * (np.abs(centre) + 1e-9)
    if ((lower > centre + slack) | (upper < centre - slack)).any():
        raise ValueError("Un intervalle ne contient pas sa valeur.")
    known = ~np.isnan(sum(arrays))
    return [np.where(known, array, np.nan) for array in (centre, lower, upper, mark)]


def _transform(
    scale: Scale, centre: FloatArray, mark: FloatArray
) -> Callable[[FloatArray], FloatArray]:
    """The function of ``scale``, once the values compared are within its range."""
    ends = {"identity": (-math.inf, math.inf), "log": (0.0, math.inf), "logit": (0.0, 1.0)}
    if scale not in ends:
        raise ValueError("L'échelle est « identity », « log » ou « logit ».")
    low, high = ends[scale]
    if any(((array <= low) | (array >= high)).any() for array in (centre, mark)):
        raise ValueError(
            f"L'échelle « {scale} » n'a pas de place pour 0 (ni pour 1 en « logit ») : "
            "donnez les valeurs p exactes, ou l'échelle « identity »."
        )
    functions: dict[str, Callable[[FloatArray], FloatArray]] = {
        "identity": lambda x: x,
        "log": np.log,
        "logit": logit,
    }
    return functions[scale]


def _checked_p_values(p_values: Numbers, centre: FloatArray) -> FloatArray:
    """A copy of the p-values, NaN where the comparison is unknown."""
    (p,) = _floats(p_values)
    if p.shape != centre.shape:
        raise ValueError("Il faut une valeur p par comparaison.")
    if ((p < 0) | (p > 1)).any():
        raise ValueError("Une valeur p est comprise entre 0 et 1.")
    return np.where(np.isnan(centre), np.nan, p)
