"""The draws of the need index made ready before any weight, so that moving one costs a product.

A draw (:mod:`diagnostic.robustness`) takes a normalisation, an aggregation, an indicator left out
and an error for every value: none depends on the weights asked for, which only add the scores of
the domains up. So these scores are kept for every draw, and a move redoes the sum alone.

The two group limits of each draw are measured again on a sample of the country: ``POINTS`` points
of equal population, taken at regular steps along the need at equal weights (systematic sampling
with probability proportional to population), so that any commune larger than a step is in it and
every level of need is held in its share. They are the only difference from the exact calculation,
:func:`diagnostic.need.national_draws`; tests and ``bench`` measure it. The same data, seed and
weights give the same result, and no territory's result depends on who else is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from diagnostic import need
from diagnostic.robustness import (
    THREADS,
    Choices,
    Float32Array,
    FloatArray,
    Indicators,
    IntArray,
    Plan,
    Progress,
    Scales,
    blocks_of,
    domain_terms,
    draw_plan,
    national_scales,
    scaled_by,
)

POINTS = 2000
PART = 2000  # territories whose draws are held at once: 40 MB


@dataclass(frozen=True)
class Terms:
    """What territories bring to each draw: score of each domain before its weight, 0 without one.

    ``values``: domain x draw x territory. ``holds``: domain x case x territory, where a case is the
    indicator left out (0 = none): whether the territory has that domain. ``classable``: which rows
    of the frame the territories are.
    """

    values: Float32Array
    holds: npt.NDArray[np.bool_]
    classable: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Ready:
    """A country whose draws wait for the weights of ``weighted``, the domains that count."""

    domains: need.Domains
    weighted: tuple[str, ...]
    reference: pd.DataFrame
    plan: Plan
    scales: Scales
    sample: Terms

    @property
    def equal(self) -> dict[str, float]:
        """The same weight for each domain that counts, none for the others."""
        return {name: float(name in self.weighted) for name in self.domains}


def make_ready(
    frame: pd.DataFrame,
    population: pd.Series,
    domains: need.Domains,
    weighted: Sequence[str],
    reference: pd.DataFrame,
    *,
    errors: need.Errors = None,
    draws: int = 1000,
    seed: int = need.SEED,
    points: int = POINTS,
) -> Ready:
    """Draw the choices and sample the country; arguments as in :func:`need.national_draws`.

    Raises ValueError, in French, where nobody lives in a classable territory or an indicator is
    constant.
    """
    equal = {name: float(name in weighted) for name in domains}
    result = need.index(frame, domains, equal, reference)
    known = result["classable"].to_numpy()
    people = population.to_numpy(dtype=float)[known]
    if not people.sum() > 0:
        raise ValueError("Aucun habitant dans les territoires classables : pays inutilisable.")
    indicators, _ = need.prepared(frame, result, domains, equal, reference, errors)
    shares = [share for share in need.normalised_weights(domains, equal).values() if share > 0]
    plan = _by_case(draw_plan(shares, indicators.domain, Choices(), draws, seed))
    scales = national_scales(indicators, people)
    chosen = _sampled(result.loc[known, "need"].to_numpy(dtype=float), people, points)
    distinct, place = np.unique(chosen, return_inverse=True)
    sample = _terms(_only(indicators, distinct), plan, scales, np.ones(len(distinct), dtype=bool))
    sample = replace(sample, values=sample.values[:, :, place], holds=sample.holds[:, :, place])
    return Ready(domains, tuple(weighted), reference, plan, scales, sample)


def terms(frame: pd.DataFrame, ready: Ready, errors: need.Errors = None) -> Terms:
    """What the territories of ``frame`` bring to each draw; ``errors`` as those of the country."""
    result = need.index(frame, ready.domains, ready.equal, ready.reference)
    indicators, _ = need.prepared(
        frame, result, ready.domains, ready.equal, ready.reference, errors
    )
    return _terms(indicators, ready.plan, ready.scales, result["classable"].to_numpy())


def limits(ready: Ready, weights: need.Weights) -> Float32Array:
    """Score at the two group limits in each draw (draw x 2), over the sample of the country."""
    points = ready.sample.values.shape[2]
    # The smallest point at or below which that share of the points stands.
    places = [max(int(np.ceil(cut * points * (1 - 1e-12))) - 1, 0) for cut in need.GROUP_CUTS]
    result = np.empty((len(ready.plan.left_out), 2), np.float32)
    for rows, score in _scores(ready, ready.sample, weights):
        score.partition(places, axis=1)
        result[rows] = score[:, places]
    return result


def under_limits(
    ready: Ready, here: Terms, weights: need.Weights, cuts: Float32Array
) -> FloatArray:
    """Share of the draws in which each territory is at or under each limit (2 x territory)."""
    under = np.zeros((2, here.values.shape[2]), dtype=np.intp)
    for rows, score in _scores(ready, here, weights):
        for place in range(2):
            under[place] += (score <= cuts[rows, place, None]).sum(axis=0)
    return under / len(cuts)


def under_by_parts(
    frame: pd.DataFrame,
    ready: Ready,
    weights: need.Weights,
    cuts: Float32Array,
    errors: pd.DataFrame,
    progress: Progress,
) -> FloatArray:
    """:func:`under_limits` of many territories, ``PART`` at a time: nothing is kept of their draws.

    ``progress`` is told the part done, 0 to 1, in the calling thread.
    """

    def read(start: int) -> FloatArray:
        here = slice(start, start + PART)
        part = terms(frame.iloc[here], ready, errors.iloc[here])
        return under_limits(ready, part, weights, cuts)

    found, starts = [], range(0, len(frame), PART)
    with ThreadPoolExecutor(THREADS) as pool:
        for done, part in enumerate(pool.map(read, starts), start=1):
            found.append(part)
            progress(done / len(starts))
    return np.concatenate(found, axis=1)


def _by_case(plan: Plan) -> Plan:
    """The draws in the order of the indicator left out: those of a case stand together."""
    order = np.argsort(plan.left_out, kind="stable")
    return Plan(
        plan.weights[order],
        plan.normalisation[order],
        plan.geometric[order],
        plan.left_out[order],
        plan.keys[order],
    )


def _sampled(score: FloatArray, people: FloatArray, points: int) -> IntArray:
    """Territory that holds each of ``points`` equal steps of population, by growing score."""
    order = np.argsort(score, kind="stable")
    reached = np.cumsum(people[order])
    steps = (np.arange(points) + 0.5) / points * reached[-1]
    return order[np.searchsorted(reached, steps)]


def _only(indicators: Indicators, kept: IntArray) -> Indicators:
    return Indicators(
        indicators.z[:, kept],
        None if indicators.error is None else indicators.error[:, kept],
        indicators.known[:, kept],
        indicators.domain,
        indicators.keys[kept],
    )


def _terms(
    indicators: Indicators, plan: Plan, scales: Scales, classable: npt.NDArray[np.bool_]
) -> Terms:
    domains, draws, size = plan.weights.shape[1], len(plan.left_out), indicators.z.shape[1]
    scaled = {m: scaled_by(indicators, scales, m) for m in np.unique(plan.normalisation).tolist()}
    values = np.empty((domains, draws, size), np.float32)
    holds = np.zeros((domains, len(indicators.domain) + 1, size), dtype=bool)
    for rows in blocks_of(plan):
        part, case = scaled[str(plan.normalisation[rows[0]])], plan.left_out[rows[0]] + 1
        for domain, (term, known) in enumerate(domain_terms(part, plan, scales, rows)):
            values[domain, rows] = term
            holds[domain, case] = known
    return Terms(values, holds, classable)


def _scores(ready: Ready, here: Terms, weights: need.Weights) -> list[tuple[slice, Float32Array]]:
    """Draws of each case, and the score of each territory in them (draw x territory)."""
    shares = need.normalised_weights(ready.domains, weights)
    nominal = np.array([shares[name] for name in ready.domains if name in ready.weighted])
    drawn = ready.plan.weights * (nominal * len(nominal)).astype(np.float32)
    result = []
    for case in np.unique(ready.plan.left_out) + 1:
        first, last = np.searchsorted(ready.plan.left_out, [case - 1, case])
        rows = slice(int(first), int(last))
        weight = drawn[rows].T[:, :, None]
        total, covered = (np.zeros_like(here.values[0, rows]) for _ in range(2))
        # Domain by domain, each number by itself: who else is read changes no digit.
        for share, value, known in zip(
            weight, here.values[:, rows], here.holds[:, case], strict=True
        ):
            total += share * value
            covered += share * known
        total /= covered
        result.append((rows, total))
    return result
