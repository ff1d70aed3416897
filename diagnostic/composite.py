"""Building blocks of composite indices: treatment, normalisation, aggregation, diagnosis.

Source: docs/methodologie.md, after the OECD/JRC *Handbook on Constructing Composite Indicators* (2008),
chapters 1.5 to 1.7, and Becker et al. (2017, Ecol Indic 80:12-22) for effective weights. The
national index itself is in :mod:`diagnostic.need`; these serve its alternatives, its read-out and
the comparison with COINr. Higher stays higher: orient the values first (value x direction).
Columns are indicators, rows territories; a missing value stays missing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import kurtosis, skew

FloatArray = npt.NDArray[np.float64]
SKEW_LIMIT, KURTOSIS_LIMIT = 2.0, 3.5
MAX_POINTS = 5


def standardised(frame: pd.DataFrame) -> pd.DataFrame:
    """z-scores: (x - mean) / sd, with the unweighted sample sd (n - 1), as COINr has it.

    The need index does not use it: its mean and sd are national and population-weighted.
    """
    return (frame - frame.mean()) / _spread(frame.std(), frame)


def min_max(frame: pd.DataFrame, low: float = 0.0, high: float = 100.0) -> pd.DataFrame:
    """Each column stretched from ``low`` (its minimum) to ``high`` (its maximum)."""
    stretched = (frame - frame.min()) / _spread(frame.max() - frame.min(), frame)
    return low + (high - low) * stretched


def scaled(frame: pd.DataFrame, low: float, high: float) -> pd.DataFrame:
    """100 x (x - low) / (high - low): fixed bounds, which values may exceed."""
    if not low < high:
        raise ValueError("Les bornes de l'échelle doivent être croissantes.")
    return 100 * (frame - low) / (high - low)


def ranks(frame: pd.DataFrame) -> pd.DataFrame:
    """Rank from 1 (lowest); equal values share the lowest rank."""
    return frame.rank(method="min")


def borda(frame: pd.DataFrame) -> pd.DataFrame:
    """Borda points: rank minus 1."""
    return ranks(frame) - 1


def percentile_ranks(frame: pd.DataFrame) -> pd.DataFrame:
    """Borda points over the highest possible, from 0 to 1, among the known values."""
    return borda(frame) / _spread(frame.count() - 1.0, frame)


def distance_to_max(frame: pd.DataFrame) -> pd.DataFrame:
    """1 - (max - x) / (max - min): 1 at the maximum, 0 at the minimum."""
    return 1 - (frame.max() - frame) / _spread(frame.max() - frame.min(), frame)


def needs_treatment(values: npt.ArrayLike) -> bool:
    """Whether outliers bend a column: \\|skewness\\| > 2 and excess kurtosis > 3.5.

    Bias-corrected moments G1 and G2 (Joanes & Gill 1998), known values only; the two conditions
    together are COINr's rule. False under four known values or without spread.
    """
    known = _known(values)
    if len(known) < 4 or np.ptp(known) == 0:
        return False
    return bool(
        abs(skew(known, bias=False)) > SKEW_LIMIT and kurtosis(known, bias=False) > KURTOSIS_LIMIT
    )


def winsorised(values: npt.ArrayLike, max_points: int = MAX_POINTS) -> tuple[FloatArray, int]:
    """Pull in the fewest extreme values that :func:`needs_treatment` asks for, one at a time.

    On the side of the skew, the n most extreme values take the next one. Returns the values and
    n; after ``max_points`` without success, the values as given and -1: the index then relies on
    its clipping at +-3.
    """
    given = np.asarray(values, dtype=float).ravel()
    if not needs_treatment(given):
        return given.copy(), 0
    known = np.flatnonzero(~np.isnan(given))
    right = skew(given[known], bias=False) > 0
    order = known[np.argsort(-given[known] if right else given[known], kind="stable")]
    for points in range(1, min(max_points, len(order) - 1) + 1):
        pulled = given.copy()
        pulled[order[:points]] = given[order[points]]
        if not needs_treatment(pulled):
            return pulled, points
    return given.copy(), -1


def arithmetic(frame: pd.DataFrame, weights: npt.ArrayLike) -> pd.Series:
    """Weighted arithmetic mean of each row: full compensation. NaN when a value is missing."""
    return pd.Series(frame.to_numpy(dtype=float) @ _shares(frame, weights), index=frame.index)


def geometric(frame: pd.DataFrame, weights: npt.ArrayLike) -> pd.Series:
    """Weighted geometric mean of each row, of positive values: a low value weighs more."""
    return _through(frame, weights, np.log, np.exp)


def harmonic(frame: pd.DataFrame, weights: npt.ArrayLike) -> pd.Series:
    """Weighted harmonic mean of each row, of positive values: a low value weighs most."""
    return _through(frame, weights, np.reciprocal, np.reciprocal)


def correlations(frame: pd.DataFrame, population: pd.Series) -> pd.DataFrame:
    """Population-weighted Pearson correlations, each on the rows known in both columns.

    NaN where fewer than two territories, or no spread, are left.
    """
    people = population.reindex(frame.index).to_numpy(dtype=float)
    columns = frame.to_numpy(dtype=float).T
    size = len(columns)
    result = np.eye(size)
    for one in range(size):
        for other in range(one):
            result[one, other] = result[other, one] = _correlation(
                columns[one], columns[other], people
            )
    return pd.DataFrame(result, index=frame.columns, columns=frame.columns)


def effective_weights(frame: pd.DataFrame, score: pd.Series, population: pd.Series) -> pd.Series:
    """What each indicator really weighs: its share of the squared correlations with the score.

    Nominal weights say what was meant; correlated indicators weigh more than that (Becker 2017).
    They sum to 1.
    """
    people = population.reindex(frame.index).to_numpy(dtype=float)
    values = score.to_numpy(dtype=float)
    together = {
        name: _correlation(frame[name].to_numpy(dtype=float), values, people)
        for name in frame.columns
    }
    squared = pd.Series(together, dtype=float) ** 2
    return squared / squared.sum()


def correlated_pairs(
    frame: pd.DataFrame, population: pd.Series, threshold: float = 0.9
) -> pd.DataFrame:
    """Pairs of columns with \\|r\\| above ``threshold``: ``first``, ``second``, ``correlation``.

    They say nearly the same thing and count it twice. Strongest first, then by name.
    """
    together = correlations(frame, population)
    one, other = np.triu_indices(len(together), 1)
    pairs = pd.DataFrame(
        {
            "first": together.index[one],
            "second": together.index[other],
            "correlation": together.to_numpy()[one, other],
        }
    )
    strong = pairs[pairs["correlation"].abs() > threshold]
    order = strong.assign(size=-strong["correlation"].abs()).sort_values(
        ["size", "first", "second"]
    )
    return order.drop(columns="size").reset_index(drop=True)


def _spread(spread: pd.Series, frame: pd.DataFrame) -> pd.Series:
    """A divisor by column, refused when a column has no spread."""
    flat = frame.columns[~(spread > 0)]
    if len(flat):
        raise ValueError(f"Indicateur constant ou inconnu : {', '.join(map(str, flat))}.")
    return spread


def _known(values: npt.ArrayLike) -> FloatArray:
    array = np.asarray(values, dtype=float).ravel()
    return array[~np.isnan(array)]


def _shares(frame: pd.DataFrame, weights: npt.ArrayLike) -> FloatArray:
    given = np.asarray(weights, dtype=float)
    if given.shape != (frame.shape[1],):
        raise ValueError("Il faut un poids par indicateur.")
    if not ((given >= 0).all() and 0 < given.sum() < np.inf):
        raise ValueError("Les poids doivent être positifs ou nuls, et non tous nuls.")
    shares: FloatArray = given / given.sum()
    return shares


def _through(
    frame: pd.DataFrame,
    weights: npt.ArrayLike,
    transform: Callable[[FloatArray], FloatArray],
    back: Callable[[FloatArray], FloatArray],
) -> pd.Series:
    """Weighted mean of transformed values, transformed back."""
    values = frame.to_numpy(dtype=float)
    if (values <= 0).any():
        raise ValueError("Cette moyenne ne porte que sur des valeurs strictement positives.")
    return pd.Series(back(transform(values) @ _shares(frame, weights)), index=frame.index)


def _correlation(one: FloatArray, other: FloatArray, people: FloatArray) -> float:
    known = ~np.isnan(one) & ~np.isnan(other) & (people > 0)
    if known.sum() < 2 or np.ptp(one[known]) == 0 or np.ptp(other[known]) == 0:
        return float("nan")
    covariance = np.cov(one[known], other[known], aweights=people[known])
    return float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))
