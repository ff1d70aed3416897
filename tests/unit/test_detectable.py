"""The smallest detectable change: textbook sizes, and a simulation that finds it as often as said."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_effectsize

from diagnostic.detectable import events_change, proportion_change

Z = norm.isf(0.025)


def found(first: float, second: float, size: int, draws: int = 20_000) -> float:
    """How often the two-sided z test of two samples finds the change."""
    random = np.random.default_rng(1)
    one = random.binomial(size, first, draws) / size
    two = random.binomial(size, second, draws) / size
    mean = (one + two) / 2
    error = np.sqrt(2 * mean * (1 - mean) / size)
    return float(np.mean(np.abs(one - two) > Z * error))


@pytest.mark.parametrize("first, size", [(0.2, 1000), (0.5, 400), (0.08, 3000)])
def test_a_simulation_finds_the_change_four_times_in_five(first: float, size: int) -> None:
    change = proportion_change(first * size, size)
    assert found(first, change.below, size) == pytest.approx(0.8, abs=0.015)
    assert found(first, change.above, size) == pytest.approx(0.8, abs=0.015)


def test_another_formula_asks_for_nearly_the_same_number() -> None:
    change = proportion_change(300, 1000)
    effect = proportion_effectsize(0.3, change.above)
    size = NormalIndPower().solve_power(abs(effect), alpha=0.05, power=0.8)
    assert size == pytest.approx(1000, rel=0.02)


def test_the_scale_only_changes_the_unit() -> None:
    one, hundred = proportion_change(190, 1000), proportion_change(190, 1000, 100)
    assert hundred.below == pytest.approx(100 * one.below)
    assert hundred.above == pytest.approx(100 * one.above)


@pytest.mark.parametrize("first", [0.1, 0.3, 0.7])
def test_more_people_tell_smaller_changes(first: float) -> None:
    gaps = [proportion_change(first * n, n).above - first for n in (200, 2_000, 20_000)]
    assert gaps == sorted(gaps, reverse=True)


def test_favourable_and_not_are_mirrors() -> None:
    one, other = proportion_change(100, 500), proportion_change(400, 500)
    assert one.below == pytest.approx(1 - other.above)
    assert one.above == pytest.approx(1 - other.below)


def test_too_few_people_tell_no_decrease() -> None:
    change = proportion_change(2, 20)
    assert math.isnan(change.below) and 0.1 < change.above < 1
    assert math.isnan(events_change(3, 1000).below)


def test_events_are_found_four_times_in_five() -> None:
    change = events_change(100, 1.0)
    random = np.random.default_rng(2)
    for second in (change.below, change.above):
        one, two = random.poisson(100, 20_000), random.poisson(second, 20_000)
        score = np.abs(np.sqrt(one) - np.sqrt(two)) / math.sqrt(0.5)
        assert np.mean(score > Z) == pytest.approx(0.8, abs=0.015)


@pytest.mark.parametrize("numerator, denominator", [(3, 2), (-1, 5), (0, 0)])
def test_impossible_counts_are_refused(numerator: float, denominator: float) -> None:
    with pytest.raises(ValueError, match="part"):
        proportion_change(numerator, denominator)


@pytest.mark.parametrize("events, population", [(-1, 10), (1, 0)])
def test_impossible_events_are_refused(events: float, population: float) -> None:
    with pytest.raises(ValueError, match="taux"):
        events_change(events, population)
