"""How far a place in the need index depends on its choices: the simulation behind it.

Source: docs/methodologie.md, after the OECD/JRC *Handbook* (2008), step 7, and Saisana, Saltelli &
Tarantola (2005, J R Stat Soc A 168:307-323): draw the disputable choices together, read what
moves. Each draw takes other domain weights, a normalisation, an aggregation, leaves one indicator
out, and adds to every value an error of its stated size.

Every number of a territory follows from its own values, its code, the seed and the country: the
noise is a hash of (seed, draw, indicator, code), and the sums run indicator by indicator. So the
order of the rows, or who else is there, changes no digit. :mod:`diagnostic.need` is the way in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]
KeyArray = npt.NDArray[np.uint32]
Progress = Callable[[float], None]
Normalisation = Literal["z", "minmax", "rank"]
Aggregation = Literal["arithmetic", "geometric"]

Z_LIMIT = 3.0
CELLS = 2048  # of the score in a draw, between its national minimum and maximum
THREADS = 2
DRAWS_AT_ONCE = 8
BLOCK = 16_384  # draws x territories worked on at a time: they fit in a processor's cache
RANK_LIMIT, RANK_CELLS = 6.0, 4096  # the national distribution function, between -6 and +6 sd
NORMAL_BITS = 12
_quantiles = ndtri((np.arange(2**NORMAL_BITS) + 0.5) / 2**NORMAL_BITS)
NORMAL = (_quantiles / _quantiles.std()).astype(np.float32)


@dataclass(frozen=True)
class Choices:
    """What the draws vary; a single value in a tuple holds that choice still.

    ``weights``: "band" multiplies each weight by a uniform number within 1 +- ``band``;
    "dirichlet" draws them around the nominal ones, uniformly over all possible weights when these
    are equal (concentration = number of domains x share). "rank" is the population position.
    The geometric mean bears on domain scores from 1 to 100.
    """

    weights: Literal["band", "dirichlet", "fixed"] = "band"
    band: float = 0.25
    normalisations: tuple[Normalisation, ...] = ("z", "minmax", "rank")
    aggregations: tuple[Aggregation, ...] = ("arithmetic", "geometric")
    leave_one_out: bool = True


@dataclass(frozen=True)
class Plan:
    """The choices of each draw, one row a draw; ``left_out`` = -1 when nothing is."""

    weights: Float32Array
    normalisation: npt.NDArray[np.str_]
    geometric: npt.NDArray[np.bool_]
    left_out: IntArray
    keys: KeyArray


@dataclass(frozen=True)
class Indicators:
    """Oriented z of the territories (indicator x territory), unclipped, 0 where unknown."""

    z: Float32Array
    error: Float32Array | None
    known: Float32Array
    domain: IntArray
    keys: KeyArray


@dataclass(frozen=True)
class Scales:
    """National landmarks of each indicator: extreme z, and its distribution function by cell."""

    low: FloatArray
    high: FloatArray
    ranks: Float32Array


@dataclass(frozen=True)
class Curves:
    """National distribution of the score in each draw: its start, cells per unit, mid-positions
    of the cells (share of the population with less need), and the scores at the cuts."""

    start: FloatArray
    per_unit: FloatArray
    position: Float32Array
    cuts: Float32Array


def draw_plan(
    shares: Sequence[float], domain: IntArray, choices: Choices, draws: int, seed: int
) -> Plan:
    """Draw the choices; ``shares`` are the positive domain weights, summing to 1.

    Each normalisation, each aggregation is as likely as another; with ``leave_one_out``, so are
    each indicator and none.
    """
    _check_choices(choices, draws)
    source = np.random.default_rng(seed)
    nominal = np.asarray(shares, dtype=float)
    size = (draws, len(nominal))
    if choices.weights == "band":
        weights = nominal * source.uniform(1 - choices.band, 1 + choices.band, size)
    elif choices.weights == "dirichlet":
        weights = np.maximum(source.standard_gamma(nominal * len(nominal), size), 1e-12)
    else:
        weights = np.broadcast_to(nominal, size)
    indicators = len(domain)
    left = source.integers(-1, indicators, draws)
    if not choices.leave_one_out or indicators == 1:
        left[:] = -1
    return Plan(
        (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32),
        source.choice(choices.normalisations, draws),
        source.choice(choices.aggregations, draws) == "geometric",
        left,
        source.integers(0, 2**32, (draws, (indicators + 1) // 2), dtype=np.uint32),
    )


def territory_keys(labels: pd.Index) -> KeyArray:
    """32 bits of each label, the same whatever the other labels are."""
    hashed = pd.util.hash_array(labels.astype(str).to_numpy(dtype=object))
    return (hashed ^ (hashed >> np.uint64(32))).astype(np.uint32)


def national_scales(indicators: Indicators, population: FloatArray) -> Scales:
    """Landmarks of each indicator over the country, from its known values."""
    low, high, ranks = [], [], []
    for z, known in zip(indicators.z, indicators.known > 0, strict=True):
        value, people = z[known].astype(float), population[known]
        if not people.sum() > 0 or value.min() == value.max():
            raise ValueError("Un indicateur est constant ou inconnu dans le pays de référence.")
        low.append(value.min())
        high.append(value.max())
        held = _held(_rank_cell(value), people, RANK_CELLS)
        ranks.append(_mid_positions(held))
    return Scales(np.array(low), np.array(high), np.array(ranks, dtype=np.float32))


def simulate(
    indicators: Indicators,
    plan: Plan,
    scales: Scales,
    country: FloatArray | Curves,
    cuts: tuple[float, float],
    progress: Progress | None = None,
) -> tuple[Float32Array, IntArray, Curves]:
    """Positions (draw x territory), draws under each cut (2 x territory), curves of the country.

    ``country``: the populations of these territories when they are the country, else the curves
    of a former run on it with the same plan. ``progress``: told the part done, 0 to 1, in the
    calling thread.
    """
    draws, size = len(plan.left_out), indicators.z.shape[1]
    curves = country if isinstance(country, Curves) else _empty_curves(draws)
    positions = np.empty((draws, size), dtype=np.float32)
    scaled = {m: scaled_by(indicators, scales, m) for m in np.unique(plan.normalisation).tolist()}

    def run(rows: IntArray) -> IntArray:
        under = np.zeros((2, size), dtype=np.intp)
        part = scaled[str(plan.normalisation[rows[0]])]
        for draw, score in zip(rows, _all_scores(part, plan, scales, rows), strict=True):
            if not isinstance(country, Curves):
                _measure(curves, int(draw), score, country, cuts)
            cell = _cell(score, curves.start[draw], curves.per_unit[draw])
            positions[draw] = curves.position[draw].take(cell)
            under += score <= curves.cuts[draw][:, None]
        return under

    total = np.zeros((2, size), dtype=np.intp)
    with ThreadPoolExecutor(THREADS) as pool:  # a draw fills its own rows: no order matters
        blocks = list(blocks_of(plan))
        for done, under in enumerate(pool.map(run, blocks), start=1):
            total += under
            if progress is not None:
                progress(done / len(blocks))
    return positions, total, curves


def band(positions: Float32Array, level: float = 0.9) -> FloatArray:
    """Low, median and high position of each territory: observed values, outward at the ends."""
    last = len(positions) - 1
    tail = (1 - level) / 2 * last
    wanted = [math.floor(tail), last // 2, math.ceil(last - tail)]
    result = np.empty((3, positions.shape[1]))
    for start in range(0, positions.shape[1], 1024):
        part = np.ascontiguousarray(positions[:, start : start + 1024].T)
        part.partition(wanted, axis=1)
        result[:, start : start + 1024] = part[:, wanted].T
    return result


def _check_choices(choices: Choices, draws: int) -> None:
    if draws < 1:
        raise ValueError("Il faut au moins un tirage.")
    if not 0 <= choices.band < 1:
        raise ValueError("La variation des poids est comprise entre 0 et 1 (exclu).")
    if choices.weights not in ("band", "dirichlet", "fixed"):
        raise ValueError(f"Tirage des poids inconnu : {choices.weights}.")
    for given, known in (
        (choices.normalisations, ("z", "minmax", "rank")),
        (choices.aggregations, ("arithmetic", "geometric")),
    ):
        wrong = [one for one in given if one not in known]
        if wrong or not given:
            raise ValueError(f"Choix inconnu ou absent ({', '.join(known)}) : {', '.join(wrong)}.")


def blocks_of(plan: Plan) -> Iterator[IntArray]:
    """A few rows of draws at a time, that share every choice but the weights."""
    order = np.lexsort([plan.left_out, plan.geometric, plan.normalisation])
    same = (
        (np.diff(plan.left_out[order]) == 0)
        & (np.diff(plan.geometric[order].astype(int)) == 0)
        & (plan.normalisation[order][1:] == plan.normalisation[order][:-1])
    )
    for rows in np.split(order, np.flatnonzero(~same) + 1):
        for start in range(0, len(rows), DRAWS_AT_ONCE):
            yield rows[start : start + DRAWS_AT_ONCE]


def scaled_by(indicators: Indicators, scales: Scales, method: str) -> Indicators:
    """z and its error on the 0-1 scale of a normalisation; in cells for the position."""
    low, high, top = -Z_LIMIT * np.ones(1), Z_LIMIT * np.ones(1), 1.0
    if method == "minmax":
        low, high = scales.low, scales.high
    elif method == "rank":
        low, high, top = low / Z_LIMIT * RANK_LIMIT, high / Z_LIMIT * RANK_LIMIT, RANK_CELLS
    factor = (top / (high - low)).astype(np.float32)[:, None]
    error = None if indicators.error is None else indicators.error * factor
    z = (indicators.z - low.astype(np.float32)[:, None]) * factor
    return replace(indicators, z=z, error=error)


def _all_scores(scaled: Indicators, plan: Plan, scales: Scales, rows: IntArray) -> Float32Array:
    """:func:`_scores`, a cacheful of territories at a time."""
    size = scaled.z.shape[1]
    width = BLOCK // len(rows)
    result = np.empty((len(rows), size), np.float32)
    for start in range(0, size, width):
        here = slice(start, start + width)
        part = replace(
            scaled,
            z=scaled.z[:, here],
            error=None if scaled.error is None else scaled.error[:, here],
            known=scaled.known[:, here],
            keys=scaled.keys[here],
        )
        result[:, here] = _scores(part, plan, scales, rows)
    return result


def _scores(scaled: Indicators, plan: Plan, scales: Scales, rows: IntArray) -> Float32Array:
    """Score of each territory in the draws of a block (draw x territory)."""
    total, covered = (np.zeros((len(rows), scaled.z.shape[1]), np.float32) for _ in range(2))
    for domain, (term, holds) in enumerate(domain_terms(scaled, plan, scales, rows)):
        weight = plan.weights[rows, domain][:, None] * holds
        term *= weight
        total += term
        covered += weight
    total /= covered
    return total


def domain_terms(
    scaled: Indicators, plan: Plan, scales: Scales, rows: IntArray
) -> Iterator[tuple[Float32Array, npt.NDArray[np.bool_]]]:
    """Each domain in turn, in the draws of a block: its score before any weight, and who has one."""
    first, size = rows[0], scaled.z.shape[1]
    terms = _terms(scaled, plan, scales, rows)
    for domain in range(plan.weights.shape[1]):
        summed, count = np.zeros((len(rows), size), np.float32), np.zeros(size, np.float32)
        for indicator in np.flatnonzero(scaled.domain == domain):
            term, known = next(terms), scaled.known[indicator]
            if indicator != plan.left_out[first]:
                term *= known
                summed += term
                count += known
        summed /= np.maximum(count, np.float32(1))
        if plan.geometric[first]:
            summed *= 99
            summed += 1
            np.log(summed, out=summed)
        yield summed, count > 0


def _terms(
    scaled: Indicators, plan: Plan, scales: Scales, rows: IntArray
) -> Iterator[Float32Array]:
    """Each indicator in turn, with its error, from 0 to 1; to be used up at once."""
    method = plan.normalisation[rows[0]]
    noise = (np.zeros(0, np.float32), np.zeros(0, np.float32))
    for indicator, value in enumerate(scaled.z):
        term = value.copy()
        if scaled.error is not None:
            if indicator % 2 == 0:
                noise = _normals(scaled.keys, plan.keys[rows, indicator // 2])
            term = noise[indicator % 2]
            term *= scaled.error[indicator]
            term += value
        if method == "rank":
            np.clip(term, 0, RANK_CELLS - 1, out=term)
            yield scales.ranks[indicator].take(term.astype(np.intp), mode="clip")
        else:
            yield np.clip(term, 0, 1, out=term)


def _normals(keys: KeyArray, draw_keys: KeyArray) -> tuple[Float32Array, Float32Array]:
    """Two independent standard normals for each draw and territory, by hashing their keys.

    The hash is a 32-bit mixer of two multiplications; 12 bits choose one of 4 096 equally likely
    normal quantiles.
    """
    mixed = draw_keys[:, None] ^ keys
    for shift, factor in ((16, 0x21F0AAAD), (15, 0x735A2D97)):
        mixed ^= mixed >> np.uint32(shift)
        mixed *= np.uint32(factor)
    mixed ^= mixed >> np.uint32(15)
    low = (mixed & np.uint32(2**NORMAL_BITS - 1)).astype(np.intp)
    high = (mixed >> np.uint32(32 - NORMAL_BITS)).astype(np.intp)
    return NORMAL.take(low, mode="clip"), NORMAL.take(high, mode="clip")


def _rank_cell(z: npt.NDArray[np.floating]) -> IntArray:
    cell = (z + RANK_LIMIT) * (RANK_CELLS / (2 * RANK_LIMIT))
    return np.clip(cell, 0, RANK_CELLS - 1).astype(np.intp)


def _cell(score: Float32Array, start: float, per_unit: float) -> IntArray:
    cell = (score - np.float32(start)) * np.float32(per_unit)
    return np.clip(cell, 0, CELLS - 1).astype(np.intp)


def _held(cell: IntArray, population: FloatArray, cells: int) -> FloatArray:
    """People in each cell."""
    return np.bincount(cell, weights=population, minlength=cells).astype(float)


def _mid_positions(held: FloatArray) -> FloatArray:
    """Share of the population below each cell, plus half of the cell's own."""
    return (np.cumsum(held) - held / 2) / held.sum()


def _empty_curves(draws: int) -> Curves:
    return Curves(
        np.empty(draws),
        np.empty(draws),
        np.empty((draws, CELLS), dtype=np.float32),
        np.empty((draws, 2), dtype=np.float32),
    )


def _measure(
    curves: Curves,
    draw: int,
    score: Float32Array,
    population: FloatArray,
    cuts: tuple[float, float],
) -> None:
    """Fill the curve of one draw: cells of equal width, then the exact score at each cut.

    The cut is the smallest score at or below which that share of the population lives, as
    :func:`diagnostic.need.weighted_quantiles` has it; only the cell that holds it is sorted.
    """
    start, end = float(score.min()), float(score.max())
    curves.start[draw] = start
    curves.per_unit[draw] = CELLS / (end - start) if end > start else 0.0
    cell = _cell(score, start, curves.per_unit[draw])
    held = _held(cell, population, CELLS)
    curves.position[draw] = _mid_positions(held)
    reached = np.cumsum(held)
    for place, cut in enumerate(cuts):
        wanted = cut * reached[-1] * (1 - 1e-12)
        holder = int(np.searchsorted(reached, wanted))
        inside = np.flatnonzero(cell == holder)
        inside = inside[np.argsort(score[inside], kind="stable")]
        within = reached[holder] - held[holder] + np.cumsum(population[inside])
        found = min(int(np.searchsorted(within, wanted)), len(inside) - 1)
        curves.cuts[draw, place] = score[inside[found]]
