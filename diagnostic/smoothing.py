"""Empirical Bayes smoothing of small-area rates: global and local (docs/methodologie.md).

Source: Marshall (1991), *Mapping disease and mortality rates using empirical Bayes estimators*,
Applied Statistics 40(2). With events x, population n, reference rate b and variance a between
territories:

    smoothed_i = b + C_i (x_i / n_i - b),    C_i = a / (a + b / n_i)

Publish the count, the smoothed value and the words "estimation lissée" together.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from diagnostic.spatial import Nature, Weights, aligned, refuse_nature

FloatArray = npt.NDArray[np.float64]

SMOOTHED, NO_EXCESS, NOT_AVAILABLE, NOBODY, NO_NEIGHBOUR = (
    "estimation lissée",
    "ramené à la référence",
    "valeur indisponible",
    "population nulle",
    "sans voisin connu",
)
LOCAL_VARIANT = "Marshall local (esda Spatial_Empirical_Bayes = spdep EBlocal geoda=TRUE)"

_REFUSED = {
    "suppressed": "elles sont masquées par le secret statistique et ne se devinent pas",
    "smoothed": "elles sont déjà lissées",
    "modelled": "elles sortent déjà d'un modèle, comme l'APL ou Filosofi",
}


def empirical_bayes(
    events: pd.Series,
    population: pd.Series,
    *,
    nature: Nature,
    multiplier: float = 1.0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Rates drawn towards the overall rate, the more so the smaller the population (Marshall 1991).

    ``events`` (counts) and ``population``: Series on the same index, NaN = not available; rates
    are per ``multiplier`` inhabitants. ``nature`` says what the counts are; only "observed" is
    accepted. b = sum(x) / sum(n); a = sum(n (x/n - b)^2) / sum(n) - b / mean(n), 0 when negative:
    all are then at the overall rate.

    Columns: ``rate``, ``smoothed``, ``shrinkage`` (1 - C: 0 = untouched, 1 = the reference),
    ``reference`` (b), ``low``, ``high``, ``flag``. Unknown counts or populations stay NaN and
    inform nothing. Interval: quantiles of the gamma posterior (Clayton & Kaldor 1987), whose mean
    is exactly Marshall's estimate when the gamma prior has mean b and variance a. It takes a and
    b as known, so it is a little too narrow with few territories; NaN when a is 0. Raises
    ValueError, in French, for other natures, negative or infinite inputs, or no known event.
    """
    refuse_nature(nature, _REFUSED, "Pas de lissage de ces valeurs")
    count, people = _checked(events, population)
    if not 0 < level < 1 or not 0 < multiplier < np.inf:
        raise ValueError("Le niveau de confiance ou le multiplicateur est hors de ses bornes.")
    known = ~np.isnan(count) & (people > 0)
    x, n = count[known], people[known]
    if not x.sum() > 0:
        raise ValueError("Aucun événement connu : il n'y a pas de taux à lisser.")
    mean = x.sum() / n.sum()
    variance = max((n * (x / n - mean) ** 2).sum() / n.sum() - mean / n.mean(), 0.0)
    table = _table(count, people, np.full(len(count), mean), np.full(len(count), variance))
    if variance > 0:
        shape, rate = mean**2 / variance + count, mean / variance + people
        tail = (1 - level) / 2
        low, high = (stats.gamma.ppf(q, shape, scale=1 / rate) for q in (tail, 1 - tail))
        table["low"], table["high"] = np.where(known, low, np.nan), np.where(known, high, np.nan)
    return _scaled(table, multiplier).set_axis(events.index)


def local_empirical_bayes(
    events: pd.Series,
    population: pd.Series,
    weights: Weights,
    *,
    nature: Nature,
    multiplier: float = 1.0,
) -> pd.DataFrame:
    """Rates drawn towards that of their neighbourhood, the territory included (Marshall 1991).

    Variant pinned: ``LOCAL_VARIANT``. In the neighbourhood of i (itself and its neighbours with a
    known rate): b_i = sum(x) / sum(n); a_i = sum(n (x/n - b_i)^2) / sum(n) - b_i / mean(n), 0
    when negative. spdep's own default defines the variance otherwise and differs by up to 28 % on
    its example. Arguments, columns and refusals as :func:`empirical_bayes`; ``reference`` is b_i.
    A territory without a known neighbour is NaN ('sans voisin connu'). No interval (``low`` and
    ``high`` are NaN): a_i rests on a handful of territories and no sound one is published.
    """
    refuse_nature(nature, _REFUSED, "Pas de lissage de ces valeurs")
    count, people = _checked(aligned(events, weights), aligned(population, weights))
    if not 0 < multiplier < np.inf:
        raise ValueError("Le multiplicateur est hors de ses bornes.")
    known = ~np.isnan(count) & (people > 0)
    x, n = np.where(known, count, 0.0), np.where(known, people, 0.0)
    pairs = weights.adjacency.tocoo()
    linked = known[pairs.row] & known[pairs.col]
    own = np.flatnonzero(known)
    row = np.concatenate([pairs.row[linked], own])
    col = np.concatenate([pairs.col[linked], own])
    size = len(x)
    members, total = np.bincount(row, minlength=size), np.bincount(row, n[col], size)
    mean, spread = np.full(size, np.nan), np.full(size, np.nan)
    np.divide(np.bincount(row, x[col], size), total, out=mean, where=members > 1)
    squares = np.bincount(row, n[col] * (x[col] / n[col] - mean[row]) ** 2, size)
    np.divide(squares - mean * members, total, out=spread, where=members > 1)
    table = _table(count, people, mean, np.maximum(spread, 0.0))
    table["flag"] = table["flag"].mask(known & (members == 1), NO_NEIGHBOUR)
    return _scaled(table, multiplier).set_axis(weights.codes).loc[events.index]


def _checked(events: pd.Series, population: pd.Series) -> tuple[FloatArray, FloatArray]:
    """Counts and populations as floats, after checking them."""
    if not events.index.equals(population.index) or not events.index.is_unique:
        raise ValueError(
            "Les événements et la population ne portent pas sur les mêmes territoires."
        )
    count, people = (
        series.to_numpy(dtype=float, na_value=np.nan) for series in (events, population)
    )
    for column in (count, people):
        if np.isinf(column).any() or (column < 0).any():
            raise ValueError("Les événements et la population sont des nombres positifs ou nuls.")
    return count, people


def _table(
    count: FloatArray, people: FloatArray, mean: FloatArray, variance: FloatArray
) -> pd.DataFrame:
    """Marshall's estimate per inhabitant; NaN where the rate or the reference is unknown."""
    rate, own = np.full(len(count), np.nan), np.full(len(count), np.nan)
    np.divide(count, people, out=rate, where=people > 0)
    usable = ~np.isnan(rate) & ~np.isnan(mean)
    # C = a / (a + b/n); 0 where a is, also in a neighbourhood without any event (0 / 0).
    np.divide(variance * people, variance * people + mean, out=own, where=usable & (variance > 0))
    own[usable & (variance == 0)] = 0.0
    flag = np.select(
        [people == 0, np.isnan(rate), variance == 0], [NOBODY, NOT_AVAILABLE, NO_EXCESS], SMOOTHED
    )
    return pd.DataFrame(
        {
            "rate": rate,
            "smoothed": mean + own * (rate - mean),
            "shrinkage": 1 - own,
            "reference": np.where(usable, mean, np.nan),
            "low": np.nan,
            "high": np.nan,
            "flag": flag,
        }
    )


def _scaled(table: pd.DataFrame, multiplier: float) -> pd.DataFrame:
    """Rates of the table per ``multiplier`` inhabitants."""
    columns = ["rate", "smoothed", "reference", "low", "high"]
    return table.assign(**{name: table[name] * multiplier for name in columns})
