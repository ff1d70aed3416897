"""Statistical secrecy: which counts of a hierarchy must not be shown.

Source: docs/methodologie.md (French rules: no cell under 11 units for data on persons, one contributor above
85 %, secondary suppression) and Hundepool et al., *Statistical Disclosure Control* (2012), chapter
4, for the secondary step. The cells are counts at every level (commune, EPCI, département...); a
total equals the sum of its children, and a child may belong to several overlapping totals.

A published table is a set of linear equations. A hidden cell is safe when no combination of them
gives it: when its unit vector is not in their row space.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

SHOWN, SECRET, ABSENT, ZERO = "ok", "secret", "absent", "zero"
# States of the warehouse that carry a value to judge.
JUDGED: Final = (SHOWN, "approx", ZERO)


@dataclass(frozen=True)
class _Equations:
    """total - sum of children = 0, one row a displayed total, as (row, cell, is_total) triples."""

    row: IntArray
    cell: IntArray
    is_total: BoolArray
    count: int

    def per_row(self, weight: FloatArray | BoolArray) -> FloatArray:
        """Sum by equation of one number a triple."""
        return np.bincount(self.row, weights=weight, minlength=self.count).astype(float)

    def only(self, kept: BoolArray) -> _Equations:
        """The same equations without the other triples."""
        return _Equations(self.row[kept], self.cell[kept], self.is_total[kept], self.count)


def suppress(
    counts: pd.Series,
    parents: pd.Series | pd.DataFrame,
    state: pd.Series | None = None,
    threshold: float = 11.0,
    largest_share: pd.Series | None = None,
    dominance: float = 0.85,
    protect_sums: bool = True,
) -> pd.Series:
    """State of each cell, 'ok', 'secret', 'absent' or 'zero', after both steps of suppression.

    ``counts``: units (persons, stays, households) of every cell to be shown, children and totals,
    labels unique; NaN = no value. ``parents``: label of the total of each child, one column a
    grouping (a commune in its EPCI, in its département; an EPCI in its région); a Series for one
    grouping; missing = in none. One column gives every child of its totals. ``state``: warehouse
    state of cells already 'secret' (hidden by the producer, value known or not) or 'absent'.

    Primary: 0 < count < ``threshold``, or the largest contributor above ``dominance`` of the cell
    (``largest_share``, from 0 to 1, NaN = unknown). Zero is not a secret. Secondary, until
    nothing changes: where a displayed total has one hidden cell among itself and its children, or
    hidden children that add up to less than ``threshold`` (their sum is itself a small count that
    a subtraction gives; ``protect_sums=False`` leaves this out), the smallest other positive
    child is hidden, else the total; then cells, and small sums of interchangeable cells, that only
    a combination of several totals gives are looked for, and the smallest shown cell of the
    combination is hidden. A zero or an absent cell never serves as cover.

    The result is safe against exact linear reconstruction from these cells alone, not against
    bounds, nor another table on the same people, nor a rate shown with its population: hide
    every figure drawn from a hidden count. Why a cell is hidden must not be published either.
    The result does not depend on the order of the rows. ValueError for ill-formed inputs and for
    a total that is not the sum of its children (rounding to the unit allowed).
    """
    _check_labels(counts, parents, state, largest_share)
    order = np.argsort(np.array([str(label) for label in counts.index]), kind="stable")
    ordered = counts.iloc[order]
    count, hidden, absent = _initial(ordered, state, largest_share, threshold, dominance)
    equations = _equations(ordered.index, parents, absent)
    _check_totals(ordered, count, equations)
    hidden = _protected(equations, count, hidden, absent, threshold if protect_sums else -np.inf)
    label = np.select([hidden, absent, count == 0], [SECRET, ABSENT, ZERO], SHOWN)
    return pd.Series(label, index=ordered.index, dtype=object).iloc[np.argsort(order)]


def derivable(state: pd.Series, parents: pd.Series | pd.DataFrame) -> pd.Series:
    """Whether a reader gets the exact value of a 'secret' cell from the others, True = leak.

    ``state``: as :func:`suppress` returns it, ``parents`` as given to it: to check a table before
    it is shown or exported. An absent cell is unknown to the reader too.
    """
    _check_labels(state, parents, None, None)
    secret = (state == SECRET).to_numpy()
    absent = (state == ABSENT).to_numpy()
    equations = _equations(state.index, parents, absent)
    return pd.Series(_derivable(equations, secret | absent) & secret, index=state.index)


def _check_labels(
    cells: pd.Series,
    parents: pd.Series | pd.DataFrame,
    state: pd.Series | None,
    largest_share: pd.Series | None,
) -> None:
    if not cells.index.is_unique or not parents.index.is_unique:
        raise ValueError("Une cellule figure deux fois dans le tableau.")
    for series in (state, largest_share):
        if series is not None and not series.index.equals(cells.index):
            raise ValueError("Les effectifs et leurs états ne portent pas sur les mêmes cellules.")
    unknown = parents.index.difference(cells.index)
    if len(unknown):
        raise ValueError(f"Cellule absente du tableau : {', '.join(map(str, unknown))}.")


def _initial(
    counts: pd.Series,
    state: pd.Series | None,
    largest_share: pd.Series | None,
    threshold: float,
    dominance: float,
) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Counts, cells hidden by the producer or the primary rules, cells without a value."""
    count = counts.to_numpy(dtype=float, na_value=np.nan)
    if (count < 0).any() or np.isinf(count).any():
        raise ValueError("Un effectif doit être un nombre positif ou nul.")
    if not threshold >= 1 or not 0 < dominance <= 1:
        raise ValueError("Le seuil du secret est d'au moins 1, la dominance entre 0 et 1.")
    hidden = (count > 0) & (count < threshold)
    absent = np.isnan(count)
    if largest_share is not None:
        share = largest_share.reindex(counts.index).to_numpy(dtype=float, na_value=np.nan)
        if ((share < 0) | (share > 1)).any():
            raise ValueError("La part du plus gros contributeur est comprise entre 0 et 1.")
        hidden |= (count > 0) & (share > dominance)
    if state is not None:
        given = state.reindex(counts.index)
        if not given.isin([SECRET, ABSENT, *JUDGED]).all():
            raise ValueError("Un état vaut « ok », « approx », « zero », « secret » ou « absent ».")
        secret = (given == SECRET).to_numpy()
        absent = (absent | (given == ABSENT).to_numpy()) & ~secret
        hidden = (hidden | secret) & ~absent
    return np.where(absent, np.nan, count), hidden, absent


def _equations(
    labels: pd.Index, parents: pd.Series | pd.DataFrame, absent: BoolArray
) -> _Equations:
    """One equation a displayed total and grouping; an absent total tells nothing."""
    frame = parents.to_frame("0") if isinstance(parents, pd.Series) else parents
    rows, cells, totals, number = [], [], [], 0
    for column in sorted(frame.columns, key=str):
        given = frame[column].dropna()
        total = labels.get_indexer(pd.Index(given))
        child = labels.get_indexer(given.index)
        if (total < 0).any():
            missing = sorted({str(name) for name in given[total < 0]})
            raise ValueError(f"Total absent du tableau : {', '.join(missing)}.")
        if (total == child).any():
            raise ValueError("Une cellule ne peut pas être son propre total.")
        displayed = ~absent[total]
        total, child = total[displayed], child[displayed]
        distinct, row = np.unique(total, return_inverse=True)
        rows += [number + np.arange(len(distinct)), number + row]
        cells += [distinct, child]
        totals += [np.ones(len(distinct), dtype=bool), np.zeros(len(child), dtype=bool)]
        number += len(distinct)
    if not number:
        none = np.zeros(0, dtype=np.int64)
        return _Equations(none, none, none.astype(bool), 0)
    return _Equations(np.concatenate(rows), np.concatenate(cells), np.concatenate(totals), number)


def _check_totals(counts: pd.Series, count: FloatArray, equations: _Equations) -> None:
    """Refuse a total whose known children add up to something else, rounding apart."""
    sign = np.where(equations.is_total, 1.0, -1.0)
    gap = np.abs(equations.per_row(sign * count[equations.cell]))
    size = equations.per_row(np.ones(len(equations.row)))
    wrong = gap > 0.5 * size  # half a unit for the total and each child; unknown (NaN) passes
    if wrong.any():
        cells = equations.cell[equations.is_total & wrong[equations.row]]
        names = ", ".join(map(str, counts.index[np.unique(cells)][:5]))
        raise ValueError(f"Ce total n'est pas la somme de ses parties : {names}.")


def _protected(
    equations: _Equations,
    count: FloatArray,
    hidden: BoolArray,
    absent: BoolArray,
    threshold: float,
) -> BoolArray:
    """Hidden cells, with those added until no hidden cell can be rebuilt (secondary step)."""
    hidden = hidden.copy()
    chosen = np.flatnonzero(hidden)
    while chosen.size:
        hidden[chosen] = True
        available = ~hidden & ~absent & (count > 0)
        exposed = _exposed_rows(equations, count, hidden, absent, threshold)
        chosen = _cover(equations, count, available, exposed, hidden)
        if not chosen.size:
            chosen = _breaking(equations, count, available, hidden, absent, threshold)
    return hidden


def _exposed_rows(
    equations: _Equations,
    count: FloatArray,
    hidden: BoolArray,
    absent: BoolArray,
    threshold: float,
) -> BoolArray:
    """Equations with exactly one hidden cell, or hidden children of a small sum."""
    cell, is_total = equations.cell, equations.is_total
    hidden_here, value = hidden[cell], np.nan_to_num(count[cell])
    number = equations.per_row(hidden_here)
    shown = ~hidden_here
    by_subtraction = equations.per_row(np.where(is_total, 1.0, -1.0) * value * shown)
    by_addition = equations.per_row(value * (hidden_here & ~is_total))
    with_absent = equations.per_row(absent[cell]) > 0
    total_shown = equations.per_row(is_total & shown) > 0
    # With an absent child the subtraction gives hidden + absent: judge what is known of the hidden.
    together = np.where(with_absent, by_addition, by_subtraction)
    small = total_shown & (number > 0) & (together < threshold - 1e-9)
    return np.asarray((number == 1) | small)


def _cover(
    equations: _Equations,
    count: FloatArray,
    available: BoolArray,
    rows: BoolArray,
    to_cover: BoolArray,
) -> IntArray:
    """One more cell to hide in each of the ``rows``: the smallest child, else the total.

    Rows that share a cell to cover are served one at a time, the shortest first: what is hidden
    for one may do for the other.
    """
    usable = rows & (equations.per_row(available[equations.cell]) > 0)
    if not usable.any():
        return np.zeros(0, dtype=np.int64)
    size = equations.per_row(np.ones(len(equations.row)))
    rank = np.empty(equations.count, dtype=np.int64)
    rank[np.lexsort((np.arange(equations.count), size))] = np.arange(equations.count)
    covering = usable[equations.row] & to_cover[equations.cell]
    row, cell = equations.row[covering], equations.cell[covering]
    first = np.full(len(count), equations.count)
    np.minimum.at(first, cell, rank[row])
    waits = np.bincount(row, weights=first[cell] < rank[row], minlength=equations.count) > 0
    return _smallest(equations, count, available, usable & ~waits)


def _smallest(
    equations: _Equations, count: FloatArray, available: BoolArray, rows: BoolArray
) -> IntArray:
    """The available cell of each of the ``rows`` that costs least: children first, then counts."""
    kept = equations.only(rows[equations.row] & available[equations.cell])
    order = np.lexsort((kept.cell, count[kept.cell], kept.is_total, kept.row))
    _, first = np.unique(kept.row[order], return_index=True)
    return np.unique(kept.cell[order][first])


def _breaking(
    equations: _Equations,
    count: FloatArray,
    available: BoolArray,
    hidden: BoolArray,
    absent: BoolArray,
    threshold: float,
) -> IntArray:
    """For each hidden cell, or small sum of some, that can be rebuilt, a shown cell that helps.

    The smallest of them. Rebuilding is a weight y on the equations A with y A = unit vector on the unknown cells; the
    shown cells k used are those where (y A)_k is not 0. Hiding one of them ends that combination.
    """
    reading = _reading(equations, hidden | absent)
    covered = hidden[reading.cells]
    # A count that only the producer knows is taken as large: that rule was the producer's.
    value = np.where(covered, np.nan_to_num(count[reading.cells], nan=np.inf), 0.0)
    small = np.bincount(reading.column, weights=value) < threshold - 1e-9
    concerned = np.bincount(reading.column, weights=covered) > 0
    leaks = np.flatnonzero(reading.known & concerned & ((reading.size == 1) | small))
    matrix = _matrix(equations.row, equations.cell, equations.is_total, len(count), equations.count)
    chosen = [np.zeros(0, dtype=np.int64)]
    for weight in _combinations(reading, leaks):
        used = np.flatnonzero((np.abs(matrix.T @ weight) > 1e-6) & available)
        chosen.append(used[np.lexsort((used, count[used]))][:1])
    return np.unique(np.concatenate(chosen))


def _derivable(equations: _Equations, unknown: BoolArray) -> BoolArray:
    """Unknown cells whose unit vector is in the row space of the equations."""
    reading = _reading(equations, unknown)
    found = np.zeros(len(unknown), dtype=bool)
    found[reading.cells] = (reading.known & (reading.size == 1))[reading.column]
    return found


@dataclass(frozen=True)
class _Reading:
    """What the equations tell of the unknown cells.

    Cells of the same equations are interchangeable: only their sum can be rebuilt, so that they
    share one ``column`` of ``matrix`` (equations x columns), of ``size`` cells; ``known``: columns
    whose sum can be rebuilt. ``steps``: (equations, columns) that each give one column once those
    of the steps before are known. ``core``: the columns left, a few straddling groupings, and
    ``inverse`` (core columns x equations) the pseudo-inverse of their part of the matrix.
    """

    cells: IntArray
    column: IntArray
    size: IntArray
    known: BoolArray
    matrix: csr_array
    steps: list[tuple[IntArray, IntArray]]
    core: IntArray
    inverse: FloatArray


def _reading(equations: _Equations, unknown: BoolArray) -> _Reading:
    part = equations.only(unknown[equations.cell])
    cells, degree = np.unique(part.cell, return_counts=True)
    order = np.lexsort((part.row, part.cell))
    owner = np.repeat(np.arange(len(cells)), degree)
    place = np.arange(len(order)) - np.repeat(np.cumsum(degree) - degree, degree)
    pattern = np.full((len(cells), int(degree.max(initial=0))), -1, dtype=np.int64)
    pattern[owner, place] = 2 * part.row[order] + part.is_total[order]
    _, first, column, size = np.unique(
        pattern, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    kept = order[np.isin(owner, first)]
    position = column[np.searchsorted(cells, part.cell[kept])]
    matrix = _matrix(part.row[kept], position, part.is_total[kept], len(first), part.count)
    steps, known = _steps(matrix)
    core = np.flatnonzero(~known)
    inverse = _pseudo_inverse(matrix[:, core])
    known[core] = np.abs(1 - (matrix[:, core].T * inverse).sum(axis=1)) < 1e-9
    return _Reading(cells, column, size, known, matrix, steps, core, inverse)


def _matrix(
    row: IntArray, column: IntArray, is_total: BoolArray, columns: int, rows: int
) -> csr_array:
    return csr_array((np.where(is_total, 1.0, -1.0), (row, column)), shape=(rows, columns))


def _steps(matrix: csr_array) -> tuple[list[tuple[IntArray, IntArray]], BoolArray]:
    """Columns that some equation gives once those already given are taken out, step by step."""
    known = np.zeros(matrix.shape[1], dtype=bool)
    steps: list[tuple[IntArray, IntArray]] = []
    while True:
        left = matrix[:, np.flatnonzero(~known)].tocsr()
        rows = np.flatnonzero(np.diff(left.indptr) == 1)
        columns = np.flatnonzero(~known)[left.indices[left.indptr[rows]]]
        columns, which = np.unique(columns, return_index=True)
        if not columns.size:
            return steps, known
        steps.append((rows[which], columns))
        known[columns] = True


def _pseudo_inverse(matrix: csr_array) -> FloatArray:
    """Pseudo-inverse (columns x rows), component by component."""
    inverse = np.zeros(matrix.shape[::-1])
    presence = abs(matrix)
    number, label = connected_components(presence.T @ presence, directed=False)
    for component in range(number):
        columns = np.flatnonzero(label == component)
        rows = np.flatnonzero(presence[:, columns].sum(axis=1))
        block = np.ix_(columns, rows)
        inverse[block] = np.linalg.pinv(matrix[:, columns].toarray()[rows])
    return inverse


def _combinations(reading: _Reading, columns: IntArray) -> FloatArray:
    """Weights on the equations that rebuild each of the ``columns`` (columns x equations)."""
    matrix = reading.matrix
    weight = np.zeros((len(columns), matrix.shape[0]))
    at = np.searchsorted(reading.core, columns)
    in_core = np.isin(columns, reading.core)
    weight[in_core] = reading.inverse[at[in_core]]
    target = np.zeros((len(columns), matrix.shape[1]))
    target[np.arange(len(columns)), columns] = 1.0
    for rows, given in reversed(reading.steps):
        missing = target - (matrix.T @ weight.T).T
        coefficient = matrix[rows][:, given].diagonal()
        weight[:, rows] += missing[:, given] * coefficient  # coefficients are their own inverses
    return weight
