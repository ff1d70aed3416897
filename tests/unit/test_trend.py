"""Trends: exact and normal Mann-Kendall, Sen, chi-square, detectable change, refusals (docs/methodologie.md)."""

from __future__ import annotations

import math
from itertools import combinations, permutations
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from diagnostic import trend as tr

TIED = st.lists(st.integers(0, 3).map(float), min_size=2, max_size=6)
DISTINCT = st.integers(5, 9).flatmap(lambda n: st.permutations(list(map(float, range(n)))))
LONG = st.lists(st.integers(-8, 8).map(float), min_size=10, max_size=30)


def score(values: tuple[float, ...] | list[float]) -> int:
    return sum((b > a) - (b < a) for a, b in combinations(values, 2))


def test_mann_kendall_by_hand() -> None:
    # 1 3 2: two pairs rise, one falls. Of the six orders |S| is 3 twice, else 1.
    assert tr.mann_kendall([1, 3, 2])[:2] == (3, 1)
    assert tr.mann_kendall([1, 3, 2]).p == pytest.approx(1)
    assert tr.mann_kendall([1, 2, 3]).p == pytest.approx(2 / 6)
    # 1 1 2: three distinct orders, S = 2, 0, -2.
    tied = tr.mann_kendall([1, 1, 2])
    assert (tied.s, tied.method) == (2, "exact")
    assert tied.p == pytest.approx(2 / 3)
    assert tied.variance == pytest.approx((3 * 2 * 11 - 2 * 9) / 18)
    assert tied.tau_b == pytest.approx(2 / math.sqrt(3 * 2))


def test_constant_series_has_no_trend() -> None:
    for length in (4, 12):
        flat = tr.mann_kendall([5.0] * length)
        assert (flat.s, flat.variance, flat.z, flat.p) == (0, 0, 0, 1)
        assert math.isnan(flat.tau_b)
        slope = tr.sen_slope([5.0] * 12)
        assert slope[:] == (0, 5, 0, 0)


@settings(deadline=None, max_examples=60)
@given(TIED)
def test_exact_p_counts_the_orders_of_the_values(values: list[float]) -> None:
    orders = [abs(score(order)) for order in permutations(values)]
    expected = np.mean([value >= abs(score(values)) for value in orders])
    result = tr.mann_kendall(values)
    assert result.s == score(values)
    assert result.p == pytest.approx(expected)


@settings(deadline=None, max_examples=30)
@given(DISTINCT)
def test_exact_p_is_kendalls_without_ties(values: list[float]) -> None:
    peer = kendalltau(range(len(values)), values, method="exact")
    result = tr.mann_kendall(values)
    assert result.p == pytest.approx(peer.pvalue)
    assert result.tau_b == pytest.approx(peer.statistic)


@settings(deadline=None, max_examples=30)
@given(LONG)
def test_normal_p_from_ten_points(values: list[float]) -> None:
    result = tr.mann_kendall(values, continuity=False)
    assert result.method == "normal"
    if result.variance > 0:
        peer = kendalltau(range(len(values)), values, method="asymptotic")
        assert result.p == pytest.approx(peer.pvalue)
        # The correction takes one from |S|, so it can only raise p.
        assert tr.mann_kendall(values).p >= result.p - 1e-12


@settings(deadline=None, max_examples=40)
@given(st.one_of(TIED, LONG), st.integers(0, 1000), st.floats(0.1, 50), st.floats(-50, 50))
def test_invariances(values: list[float], seed: int, scale: float, shift: float) -> None:
    times = np.cumsum(np.random.default_rng(seed).integers(1, 4, size=len(values))).astype(float)
    test, slope = tr.mann_kendall(values, times), tr.sen_slope(values, times)
    order = np.random.default_rng(seed + 1).permutation(len(values))
    array = np.array(values)
    assert tr.mann_kendall(array[order], times[order]) == test
    assert tr.sen_slope(array[order], times[order]) == pytest.approx(slope)
    flipped, mirrored = tr.mann_kendall(-array, times), tr.sen_slope(-array, times)
    assert (flipped.s, flipped.p) == (-test.s, test.p)
    assert mirrored.slope == pytest.approx(-slope.slope)
    assert (mirrored.low, mirrored.high) == pytest.approx((-slope.high, -slope.low))
    moved = tr.sen_slope(array * scale + shift, times / 10)
    assert moved.slope == pytest.approx(slope.slope * scale * 10)
    assert slope.low <= slope.slope <= slope.high
    wider = tr.sen_slope(values, times, level=0.99)
    assert wider.low <= slope.low <= slope.high <= wider.high


def test_an_absent_year_is_left_out_with_its_date() -> None:
    with_hole = tr.sen_slope([1, np.nan, 3, 4], [2010, 2011, 2012, 2013])
    assert with_hole.slope == pytest.approx(1)  # not 1.5, as if 2012 came right after 2010
    assert tr.mann_kendall([1, np.nan, 3, 4]).n == 3


def test_sen_by_hand() -> None:
    """1.26 1.27 1.12 1.16 1.03 (Hollander & Wolfe, cloud seeding): ten slopes, sorted

    -.15 -.13 -.08 -.07 -.0575 -.055 -.045 -.0333 .01 .04. Median -.05625. P(|S| = 10) = 2/120 and
    P(|S| >= 8) = 10/120: the extremes at 95 %, the second from each end at 91 %.
    """
    values = [1.26, 1.27, 1.12, 1.16, 1.03]
    result = tr.sen_slope(values)
    assert result.slope == pytest.approx(-0.05625)
    assert result.intercept == pytest.approx(1.16 + 2 * 0.05625)
    assert (result.low, result.high) == pytest.approx((-0.15, 0.04))
    inner = tr.sen_slope(values, level=1 - 10 / 120)
    assert (inner.low, inner.high) == pytest.approx((-0.13, 0.01))


def test_sen_interval_from_ten_points_by_hand() -> None:
    """n = 10 without ties: N = 45, Var S = 125, L = floor((45 - 1.96 x 11.18) / 2) = 11."""
    values = np.array([3, 1, 4, 15, 9, 2, 6, 5, 35, 8], dtype=float)
    slopes = sorted((values[j] - values[i]) / (j - i) for i, j in combinations(range(10), 2))
    result = tr.sen_slope(values)
    assert (result.low, result.high) == pytest.approx((slopes[10], slopes[-11]))


def test_sen_interval_is_unbounded_when_no_points_can_prove_it() -> None:
    for values, level in (([1.0, 2, 3, 4], 0.95), (list(map(float, range(10))), 0.999999999)):
        result = tr.sen_slope(values, level=level)
        assert (result.low, result.high) == (-math.inf, math.inf)
        assert result.slope == 1


@settings(deadline=None, max_examples=40)
@given(DISTINCT, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_the_exact_interval_leaves_zero_out_when_the_exact_test_says_so(
    values: list[float], level: float
) -> None:
    interval, test = tr.sen_slope(values, level=level), tr.mann_kendall(values)
    assert (interval.low > 0 or interval.high < 0) == (test.p <= 1 - level + 1e-12)


def test_the_interval_shrinks_with_points() -> None:
    noise = np.tile([0.5, -0.5, 0.2, -0.2], 25)
    widths = []
    for n in (8, 12, 24, 100):
        result = tr.sen_slope(np.arange(n) + noise[:n])
        widths.append(result.high - result.low)
    assert widths == sorted(widths, reverse=True)


def test_rank_tests_refuse_bad_input() -> None:
    with pytest.raises(ValueError, match="deux valeurs connues"):
        tr.mann_kendall([1.0, np.nan])
    with pytest.raises(ValueError, match="toutes différentes"):
        tr.sen_slope([1, 2, 3], [2010, 2010, 2011])
    with pytest.raises(ValueError, match="toutes différentes"):
        tr.sen_slope([1, 2, 3], [2010, np.nan, 2011])
    with pytest.raises(ValueError, match="même longueur"):
        tr.mann_kendall([1, 2, 3], [2010, 2011])
    with pytest.raises(ValueError, match="nombres finis"):
        tr.mann_kendall([1, np.inf, 3])
    with pytest.raises(ValueError, match="niveau de confiance"):
        tr.sen_slope([1, 2, 3], level=95)


def test_armitage_by_hand() -> None:
    """x = 10, 20, 30 of 100, s = -1, 0, 1: p = .2, T = 20, D = 200, statistic 400/(.16 x 200)."""
    result = tr.proportion_trend([10, 20, 30], [100, 100, 100])
    assert result.statistic == pytest.approx(12.5)
    assert result.df == 1
    assert result.p == pytest.approx(2 * NormalDist().cdf(-math.sqrt(12.5)))
    assert result.slope == pytest.approx(0.1)
    unequal = tr.proportion_trend([10, 20, 40], [100, 100, 100], ["2010", "2012", "2016"])
    assert unequal.slope == pytest.approx(0.05)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_proportions_and_their_complements_tell_the_same(seed: int) -> None:
    draw = np.random.default_rng(seed)
    n = draw.integers(50, 500, size=6)
    x = draw.binomial(n, 0.3)
    base = tr.proportion_trend(x, n)
    other = tr.proportion_trend(n - x, n)
    assert other.statistic == pytest.approx(base.statistic)
    assert other.slope == pytest.approx(-base.slope)
    backwards = tr.proportion_trend(x[::-1], n[::-1])
    assert backwards.statistic == pytest.approx(base.statistic)
    assert backwards.slope == pytest.approx(-base.slope)
    # Ten times the persons, ten times the evidence.
    assert tr.proportion_trend(10 * x, 10 * n).statistic == pytest.approx(10 * base.statistic)
    periods = [str(2010 + 2 * i) for i in range(6)]
    dated = tr.proportion_trend(x, n, periods)
    assert dated.statistic == pytest.approx(base.statistic)
    assert dated.slope == pytest.approx(base.slope / 2)


def test_an_unknown_count_is_left_out_with_its_period() -> None:
    holed = tr.proportion_trend([10, np.nan, 30, 40], [100, 100, 100, 100])
    assert holed.slope == pytest.approx(0.1)
    dated = tr.proportion_trend(
        [10, np.nan, 30, 40], [100] * 4, ["2010", "2011", "2012", "2013"], ["a", "b", "a", "a"]
    )
    assert dated == pytest.approx(holed)


def test_proportions_refuse_bad_input() -> None:
    with pytest.raises(ValueError, match="même longueur"):
        tr.proportion_trend([1, 2], [10, 10, 10])
    for x, n in (([11, 1, 1], [10] * 3), ([-1, 1, 1], [10] * 3), ([0, 1, 1], [0, 10, 10])):
        with pytest.raises(ValueError, match="entre 0 et son effectif"):
            tr.proportion_trend(x, n)
    with pytest.raises(ValueError, match="entre 0 et son effectif"):
        tr.proportion_trend([1, 1, 1], [10, 10, np.inf])
    with pytest.raises(ValueError, match="trois points"):
        tr.proportion_trend([1, 2, np.nan], [10, 10, 10])
    with pytest.raises(ValueError, match="ne varie pas"):
        tr.proportion_trend([0, 0, 0], [10, 10, 10])
    with pytest.raises(tr.OverlappingPeriods):
        tr.proportion_trend([1, 2, 3], [10] * 3, ["2019", "2020", "2021"], window=5)


YEARS = [str(year) for year in range(2012, 2022)]
RISING = [3.0, 5, 4, 6, 8, 7, 9, 10, 12, 11]


def test_a_verdict_needs_eight_points() -> None:
    few = tr.assess(RISING[:7], YEARS[:7])
    assert few.verdict is None
    assert few.test is None
    assert few.slope is None
    assert few.reason.startswith("7 point(s) connu(s) : il en faut au moins 8")
    assert few.points["value"].tolist() == RISING[:7]
    enough = tr.assess(RISING[:8], YEARS[:8])
    assert enough.verdict == tr.INCREASING
    assert enough.reason == ""
    holed = tr.assess([*RISING[:7], np.nan], YEARS[:8])
    assert holed.verdict is None
    assert len(holed.points) == 7


def test_verdicts_and_slope_per_year() -> None:
    up = tr.assess(pd.Series(RISING, index=YEARS), YEARS[:10])
    assert up.verdict == tr.INCREASING
    assert up.test == tr.mann_kendall(RISING)
    assert up.slope is not None
    assert up.slope.slope == pytest.approx(tr.sen_slope(RISING).slope)
    assert tr.assess([-v for v in RISING], YEARS).verdict == tr.DECREASING
    assert tr.assess([1.0, 2] * 5, YEARS).verdict == tr.NO_TREND
    assert tr.assess(RISING, YEARS, level=0.9999999).verdict == tr.NO_TREND
    with pytest.raises(ValueError, match="niveau de confiance"):
        tr.assess(RISING[:3], YEARS[:3], level=2)


def test_periods_of_any_form_and_order() -> None:
    spans = [f"{year}-{year + 2}" for year in range(1995, 2019, 3)]
    base = tr.assess(RISING[:8], spans)
    assert base.points["time"].tolist() == [year + 1.5 for year in range(1995, 2019, 3)]
    assert base.slope is not None
    yearly = tr.sen_slope(RISING[:8])
    assert base.slope.slope == pytest.approx(yearly.slope / 3)
    backwards = tr.assess(RISING[7::-1], spans[::-1])
    assert backwards.verdict == base.verdict
    pd.testing.assert_frame_equal(backwards.points, base.points)
    dates = ["2024-07-01/2024-12-31", "2025-01-01/2025-12-31", "2026", "2023–2024"]
    # 1 July 2024 is day 182 of 366, counting from 0.
    middles = tr.check_periods(dates[:3])
    assert middles.tolist() == pytest.approx([2024 + 274 / 366, 2025.5, 2026.5], abs=1e-9)
    with pytest.raises(tr.OverlappingPeriods):
        tr.check_periods(dates)


def test_overlapping_periods_are_refused() -> None:
    with pytest.raises(tr.OverlappingPeriods, match="2019-2021 et 2020-2022 ont des années"):
        tr.assess([1, 2, 3], ["2020-2022", "2019-2021", "2023"])
    with pytest.raises(tr.OverlappingPeriods, match="2012 et 2013"):
        tr.assess(RISING, YEARS, window=5)  # the census
    assert tr.check_periods(["2011", "2016", "2021"], window=5).tolist() == [2013.5, 2018.5, 2023.5]
    with pytest.raises(tr.OverlappingPeriods):
        tr.check_periods(["2011", "2011"])
    # A period whose value is unknown overlaps nothing.
    assert len(tr.assess([1, np.nan, 3], ["2019", "2019-2021", "2021"]).points) == 2


def test_a_broken_series_is_refused_with_its_reason() -> None:
    series = ["ancienne"] * 6 + ["nouvelle"] * 4
    with pytest.raises(tr.BrokenSeries, match="entre 2017 et 2018 : passage de la série ancienne"):
        tr.assess(RISING, YEARS, series)
    with pytest.raises(tr.BrokenSeries, match=r"2018 : Filosofi 2\. Aucune tendance"):
        tr.assess(RISING, YEARS, series, {"nouvelle": "Filosofi 2."})
    with pytest.raises(tr.BrokenSeries):
        tr.proportion_trend(range(1, 11), [50] * 10, YEARS, series)
    assert tr.assess(RISING, YEARS, ["une"] * 10).verdict == tr.INCREASING
    unknown: Any = ["une"] * 9 + [None]
    with pytest.raises(ValueError, match="n'est pas connue"):
        tr.assess(RISING, YEARS, unknown)


def test_periods_refuse_bad_input() -> None:
    for text in ("janvier", "2019-03", "2020-01-01", "2020-01-01/2020-13-01"):
        with pytest.raises(ValueError, match="n'est pas une période"):
            tr.check_periods([text])
    with pytest.raises(ValueError, match="finit avant de commencer"):
        tr.check_periods(["2021-2019"])
    with pytest.raises(ValueError, match="au moins une année"):
        tr.check_periods(["2019"], window=0)
    with pytest.raises(ValueError, match="même longueur"):
        tr.assess([1.0], ["2019", "2020"])
    with pytest.raises(ValueError, match="même longueur"):
        tr.assess([1.0], ["2019"], ["a", "b"])


def power_of(p1: float, p2: float, n1: float, n2: float, kind: str) -> float:
    """Power written the other way round: from the two values to the probability."""

    def variance(p: float) -> float:
        return p * (1 - p) if kind == "proportion" else p

    pooled = (n1 * p1 + n2 * p2) / (n1 + n2)
    null = NormalDist().inv_cdf(0.975) * math.sqrt(variance(pooled) * (1 / n1 + 1 / n2))
    return NormalDist().cdf(
        (abs(p2 - p1) - null) / math.sqrt(variance(p1) / n1 + variance(p2) / n2)
    )


def test_change_that_r_documents() -> None:
    """R's help of power.prop.test: .50 to .75 at 90 % needs 76.7 per group; 50 give a power .740."""
    assert tr.minimum_detectable_change(0.5, 76.7, power=0.9).increase == pytest.approx(
        0.25, abs=5e-5
    )
    assert tr.minimum_detectable_change(0.5, 50, power=0.740).increase == pytest.approx(
        0.25, abs=2e-4
    )


def test_change_by_hand() -> None:
    """From a rate of 0 both variances are d/T: d = (1.959964 + .841621)^2 / T."""
    rate = tr.minimum_detectable_change(0, 1000, kind="rate")
    assert rate.increase == pytest.approx((1.959964 + 0.841621) ** 2 / 1000, rel=1e-6)
    assert np.isnan(rate.decrease)
    # Large numbers: d tends to (za + zb) sqrt(2 p q / n).
    many = tr.minimum_detectable_change(20, 1e10, scale=100)
    expected = 100 * 2.801585 * math.sqrt(2 * 0.16 / 1e10)
    assert many.increase == pytest.approx(expected, rel=1e-4)
    assert many.decrease == pytest.approx(expected, rel=1e-4)


@settings(deadline=None, max_examples=40)
@given(
    st.floats(0.02, 0.9),
    st.floats(20, 1e5),
    st.floats(20, 1e5),
    st.sampled_from(["proportion", "rate"]),
)
def test_the_change_found_has_the_power_asked(p: float, n1: float, n2: float, kind: Any) -> None:
    found = tr.minimum_detectable_change(p, n1, n2, kind=kind)
    for change in (float(found.increase), -float(found.decrease)):
        if not math.isnan(change):
            assert power_of(p, p + change, n1, n2, kind) == pytest.approx(0.8, abs=1e-6)
    percent = tr.minimum_detectable_change(100 * p, n1, n2, kind=kind, scale=100)
    assert percent.increase / 100 == pytest.approx(found.increase, nan_ok=True)
    more = tr.minimum_detectable_change(p, 2 * n1, 2 * n2, kind=kind)
    assert not more.increase > found.increase
    surer = tr.minimum_detectable_change(p, n1, n2, kind=kind, power=0.9)
    assert not surer.increase < found.increase
    if kind == "proportion":
        mirrored = tr.minimum_detectable_change(1 - p, n1, n2)
        assert mirrored.decrease == pytest.approx(found.increase, nan_ok=True, rel=1e-6)


def test_impossible_and_unknown_changes_are_nan() -> None:
    # R's own example: from .9 with 30 persons nothing up to 1 is detectable.
    tiny = tr.minimum_detectable_change([0.9, np.nan, 1.0], 30)
    assert np.isnan(tiny.increase).all()
    assert not np.isnan(tiny.decrease[0])
    assert tr.minimum_detectable_change(0.2, [100, np.nan]).increase.shape == (2,)
    assert np.isnan(tr.minimum_detectable_change(0.2, [100, np.nan]).increase).tolist() == [
        False,
        True,
    ]


def test_change_refuses_bad_input() -> None:
    kind: Any = "moyenne"
    with pytest.raises(ValueError, match="inconnue : moyenne"):
        tr.minimum_detectable_change(0.2, 100, kind=kind)
    with pytest.raises(ValueError, match="impossible dans cette échelle"):
        tr.minimum_detectable_change(20, 100)
    with pytest.raises(ValueError, match="impossible dans cette échelle"):
        tr.minimum_detectable_change(-1, 100, kind="rate")
    with pytest.raises(ValueError, match="effectifs doivent être positifs"):
        tr.minimum_detectable_change(0.2, 0)
    with pytest.raises(ValueError, match="puissance"):
        tr.minimum_detectable_change(0.2, 100, power=80)
    with pytest.raises(ValueError, match="échelle doit être"):
        tr.minimum_detectable_change(0.2, 100, scale=0)
    with pytest.raises(ValueError, match="niveau de confiance"):
        tr.minimum_detectable_change(0.2, 100, level=0)


def test_independent_periods_start_from_the_latest() -> None:
    """A census point covers five years: 2018 to 2022, then 2021 to 2025 overlap."""
    census = ["2012", "2017", "2018", "2021", "2023"]
    assert tr.independent_periods(census, window=5) == ["2012", "2018", "2023"]
    assert tr.independent_periods(census) == census
    assert tr.independent_periods(["2013-2017", "2021-2025", "2016-2020"]) == [
        "2016-2020",
        "2021-2025",
    ]
    assert tr.independent_periods([]) == []
    with pytest.raises(ValueError, match="n'est pas une période"):
        tr.independent_periods(["hier"])
