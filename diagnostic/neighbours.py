"""Nearest statistical neighbours: the territories that resemble one another most.

Source: docs/methodologie.md, after CIPFA's *Nearest Neighbours Model* and the ONS statistical neighbours:
z-scores, Euclidean distance, 10 to 15 neighbours of the same type. The distance describes
territories, never the outcome studied. The relation is not symmetric: A may be the nearest of B
without B being among the nearest of A.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]

PART_PREFIX = "part:"
# Two distances that agree to so many decimals are a tie, settled by code.
_DIGITS = 10
_PAIRS_AT_ONCE = 4_000_000
# Points of a leaf of the tree: measured fastest on 35 000 communes and 4 to 8 variables.
_LEAF = 64


def nearest(
    frame: pd.DataFrame,
    k: int = 10,
    weights: Mapping[str, float] | None = None,
    *,
    reference: pd.DataFrame | None = None,
    log: Collection[str] = (),
    groups: pd.Series | None = None,
    outcomes: Collection[str] = (),
    rebase: bool = False,
    of: Collection[str] | None = None,
) -> pd.DataFrame:
    """The k nearest territories of each, and what sets them apart (docs/methodologie.md).

    ``frame``: one row a territory (index = code), one column a variable. ``weights``: variable ->
    non-negative number (1 when not named). ``log``: variables taken in logarithm (population,
    density). ``reference``: ``mean`` and ``sd`` per variable, after the logarithm; pass the national
    ones when the frame is not the country. By default those of the frame, sd with n - 1 (R's
    ``scale``). ``groups``: type of each territory, neighbours have the same. ``outcomes``: the
    indicators under study, refused as variables. ``rebase``: distances divided by the largest one
    within the type, so that the farthest pair is at 1 (CIPFA). ``of``: codes to answer for, all by
    default; the others stay candidates.

    Distance = sqrt(sum of weight x (difference of z) squared). Ties are ordered by code. Index
    (``code``, ``rank`` 1 to k), in the order of ``frame``; columns ``neighbour``,
    ``distance`` and, per variable, ``part:<name>``: its share of the squared distance (sum 1, NaN
    between identical territories). A territory with a missing variable or type has no neighbour and
    is nobody's; ranks beyond the candidates are NaN. Raises ValueError, in French.
    """
    if k < 1:
        raise ValueError("Il faut demander au moins un voisin.")
    points = _points(frame, weights, reference, log, outcomes)
    types = _types(groups, frame)
    asked = _asked(of, frame)
    neighbour = np.full((len(frame), k), -1, dtype=np.intp)
    distance = np.full((len(frame), k), np.nan)
    types[np.isnan(points).any(axis=1)] = -1
    by_code = np.argsort(frame.index.astype(str), kind="stable")
    for members in _members(by_code, types):
        wanted = np.flatnonzero(asked[members])
        if len(wanted):
            found, far = _search(points[members], wanted, k)
            width, rows = found.shape[1], members[wanted]
            neighbour[rows, :width] = members[found]
            scale = _diameter(points[members]) if rebase else 1.0
            distance[rows, :width] = far / scale if scale > 0 else far
    shown = np.flatnonzero(asked)
    return _table(frame, points, shown, neighbour[shown], distance[shown])


def range_of(values: pd.Series, neighbours: pd.DataFrame) -> pd.DataFrame:
    """Minimum, median and maximum of an indicator among each territory's neighbours.

    ``values``: index = code; ``neighbours``: rows of :func:`nearest`. Index: code, in order;
    columns ``minimum``, ``median``, ``maximum``, ``known``: number of neighbours with a value. What
    neighbours have, never what the territory should have (docs/methodologie.md).
    """
    if not values.index.is_unique:
        raise ValueError("Un territoire figure deux fois dans les valeurs.")
    found = values.reindex(pd.Index(neighbours["neighbour"])).to_numpy(dtype=float, na_value=np.nan)
    grouped = pd.Series(found).groupby(neighbours.index.get_level_values("code"), sort=False)
    return pd.DataFrame(
        {
            "minimum": grouped.min(),
            "median": grouped.median(),
            "maximum": grouped.max(),
            "known": grouped.count(),
        }
    )


def _points(
    frame: pd.DataFrame,
    weights: Mapping[str, float] | None,
    reference: pd.DataFrame | None,
    log: Collection[str],
    outcomes: Collection[str],
) -> FloatArray:
    """Coordinates whose plain Euclidean distance is the distance asked for."""
    if not frame.index.is_unique or not frame.columns.is_unique:
        raise ValueError("Un territoire ou une variable figure deux fois dans le tableau.")
    circular = [name for name in frame.columns if name in set(outcomes)]
    if circular:
        raise ValueError(
            "Les voisins ne se choisissent pas sur l'indicateur étudié, le raisonnement serait"
            f" circulaire. Retirez : {', '.join(circular)}."
        )
    values = _logged(frame, log)
    factors = _factors(frame.columns, weights)
    means, sds = _scale(frame.columns, values, reference)
    points: FloatArray = (values - means) / sds * np.sqrt(factors)
    return points


def _logged(frame: pd.DataFrame, log: Collection[str]) -> FloatArray:
    unknown = [name for name in log if name not in frame.columns]
    if unknown:
        raise ValueError(f"Variable à prendre en logarithme, absente : {', '.join(unknown)}.")
    values = frame.to_numpy(dtype=float, na_value=np.nan, copy=True)
    if np.isinf(values).any():
        raise ValueError("Une variable de ressemblance a une valeur infinie.")
    for position in np.flatnonzero(frame.columns.isin(list(log))):
        if (values[:, position] <= 0).any():
            raise ValueError(
                f"{frame.columns[position]} : le logarithme demande des valeurs positives."
            )
        values[:, position] = np.log(values[:, position])
    return values


def _factors(columns: pd.Index, weights: Mapping[str, float] | None) -> FloatArray:
    """Weight of each variable, 1 when not named."""
    given = dict(weights or {})
    unknown = [name for name in given if name not in columns]
    if unknown:
        raise ValueError(f"Pondération d'une variable inconnue : {', '.join(unknown)}.")
    factors = np.array([float(given.get(name, 1.0)) for name in columns])
    if not (np.isfinite(factors) & (factors >= 0)).all() or not factors.sum() > 0:
        raise ValueError(
            "Les pondérations doivent être positives ou nulles, une au moins positive."
        )
    return factors


def _scale(
    columns: pd.Index, values: FloatArray, reference: pd.DataFrame | None
) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of each variable."""
    if reference is None:
        described = pd.DataFrame(values, columns=columns)
        # A constant column has a sd of rounding noise, not always of 0.
        sd = described.std(ddof=1)
        sd = sd.where(sd > 1e-12 * described.abs().max(), 0.0)
        reference = pd.DataFrame({"mean": described.mean(), "sd": sd})
    absent = [name for name in columns if name not in reference.index]
    if absent:
        raise ValueError(f"Référence nationale absente pour : {', '.join(absent)}.")
    means, sds = (reference.loc[columns, c].to_numpy(dtype=float) for c in ("mean", "sd"))
    wrong = columns[~(np.isfinite(means) & np.isfinite(sds) & (sds > 0))]
    if len(wrong):
        raise ValueError(f"Aucun écart-type utilisable pour : {', '.join(map(str, wrong))}.")
    return means, sds


def _types(groups: pd.Series | None, frame: pd.DataFrame) -> IntArray:
    """Type of each territory as a number, -1 when unknown."""
    if groups is None:
        return np.zeros(len(frame), dtype=np.intp)
    if not groups.index.equals(frame.index):
        raise ValueError("Les types et les variables ne portent pas sur les mêmes territoires.")
    return np.array(pd.factorize(groups)[0], dtype=np.intp)


def _asked(of: Collection[str] | None, frame: pd.DataFrame) -> BoolArray:
    """Territories to answer for."""
    if of is None:
        return np.ones(len(frame), dtype=bool)
    unknown = [code for code in of if code not in frame.index]
    if unknown:
        raise ValueError(f"Territoire absent du tableau : {', '.join(map(str, unknown))}.")
    return np.asarray(frame.index.isin(list(of)))


def _members(by_code: IntArray, types: IntArray) -> list[IntArray]:
    """Rows of each known type that has at least two territories, in the order of the codes."""
    rows = by_code[types[by_code] >= 0]
    rows = rows[np.argsort(types[rows], kind="stable")]
    parts = np.split(rows, np.flatnonzero(np.diff(types[rows])) + 1)
    return [part for part in parts if len(part) > 1]


def _search(points: FloatArray, queries: IntArray, k: int) -> tuple[IntArray, FloatArray]:
    """Rows and distances of the k nearest of each query, a row too; ties in the order of the rows.

    The tree returns equal distances in any order and may leave some out: a query is settled once
    the last point returned is farther than its k-th neighbour; the others are asked again, for more.
    """
    # Points near one another stored side by side, and asked about in turn: a third less time.
    place = cKDTree(points, leafsize=_LEAF).indices
    tree, count = cKDTree(points[place], leafsize=_LEAF), len(points)
    wanted = min(k, count - 1)
    rows = np.empty((len(queries), wanted), dtype=np.intp)
    distances = np.empty((len(queries), wanted))
    pending, asked = np.argsort(np.argsort(place)[queries]), min(wanted + 2, count)
    while len(pending):
        left = []
        for block in np.array_split(pending, -(-len(pending) * asked // _PAIRS_AT_ONCE)):
            far, found = tree.query(points[queries[block]], k=asked, workers=-1)
            found = place[found]
            own = found == queries[block, None]
            reached = np.round(far[:, -1], _DIGITS)
            far[own] = np.inf
            order = np.lexsort((found, np.round(far, _DIGITS)), axis=1)[:, :wanted]
            rows[block] = np.take_along_axis(found, order, axis=1)
            distances[block] = np.take_along_axis(far, order, axis=1)
            settled = reached > np.round(distances[block, -1], _DIGITS)
            left.append(block[~settled] if asked < count else block[:0])
        pending, asked = np.concatenate(left), min(2 * asked, count)
    return rows, distances


def _diameter(points: FloatArray) -> float:
    """Largest distance between two points.

    Two points are no farther apart than the sum of their distances to the centre: taken from the
    outermost inwards, the search ends when no such sum exceeds the largest distance met.
    """
    radius = np.sqrt(((points - points.mean(axis=0)) ** 2).sum(axis=1))
    order = np.argsort(-radius, kind="stable")
    ordered, radius = points[order], radius[order]
    best, start, step = 0.0, 0, 256
    while start < len(ordered) and radius[start] + radius[0] > best:
        reach = np.count_nonzero(radius + radius[start] > best)
        best = max(best, float(cdist(ordered[start : start + step], ordered[:reach]).max()))
        start += step
    return best


def _table(
    frame: pd.DataFrame,
    points: FloatArray,
    shown: IntArray,
    neighbour: IntArray,
    distance: FloatArray,
) -> pd.DataFrame:
    """One row a territory shown and rank."""
    count, k = neighbour.shape
    index = pd.MultiIndex(
        levels=[frame.index[shown], pd.RangeIndex(1, k + 1)],
        codes=[np.repeat(np.arange(count), k), np.tile(np.arange(k), count)],
        names=["code", "rank"],
    )
    flat = neighbour.ravel()
    codes = pd.Series(frame.index).take(np.maximum(flat, 0)).where(flat >= 0).to_numpy()
    squares = (np.repeat(points[shown], k, axis=0) - points[flat]) ** 2
    squares[flat < 0] = np.nan
    total = squares.sum(axis=1, keepdims=True)
    parts = np.divide(squares, total, out=np.full_like(squares, np.nan), where=total > 0)
    table = pd.DataFrame({"neighbour": codes, "distance": distance.ravel()}, index=index)
    table[[f"{PART_PREFIX}{name}" for name in frame.columns]] = parts
    return table
