"""Small-area rates: published formulas worked by hand, properties, refusals (docs/methodologie.md)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from diagnostic import rates as rt

QUICK = settings(deadline=None, max_examples=25)
Z = 1.959963984540054  # normal quantile of .975
LEVELS = st.sampled_from([0.8, 0.95, 0.998])
COUNTS = st.lists(st.integers(0, 400), min_size=1, max_size=8)


def contained(estimate: rt.Estimate) -> bool:
    return bool(
        (estimate.low <= estimate.value * (1 + 1e-12)).all()
        and (estimate.value <= estimate.high * (1 + 1e-12)).all()
    )


# ---- proportions -----------------------------------------------------------------------------


def test_wilson_by_hand() -> None:
    """3 of 10: (6 + z2 -+ z sqrt(z2 + 12 x 0.7)) / (2 (10 + z2)), z2 = 3.841459."""
    value, low, high = rt.proportion(3, 10)
    root = Z * math.sqrt(3.841459 + 8.4)
    assert value == pytest.approx(0.3)
    assert low == pytest.approx((9.841459 - root) / 27.682918, rel=1e-6)
    assert high == pytest.approx((9.841459 + root) / 27.682918, rel=1e-6)


def test_proportion_at_the_ends() -> None:
    """x = 0: low 0, high z2/(n + z2) (the formula with its root equal to z)."""
    value, low, high = rt.proportion([0, 8], [8, 8], level=0.998)
    z2 = 3.090232306**2
    assert value.tolist() == [0.0, 1.0]
    assert low == pytest.approx([0.0, 8 / (8 + z2)], rel=1e-8)
    assert high == pytest.approx([z2 / (8 + z2), 1.0], rel=1e-8)
    assert low[0] == 0.0
    assert high[1] == 1.0


def test_unknown_and_empty_give_nan() -> None:
    for estimate in (
        rt.proportion([np.nan, 1, 0], [5, np.nan, 0]),
        rt.proportion([0, 0, np.nan], [np.nan, 0, np.nan]),
        rt.crude_rate([np.nan, 1, 3], [5, np.nan, 0], 1000),
        rt.crude_rate([np.nan, 0, 0], [5, np.nan, 0], 1000),
    ):
        for part in estimate:
            assert np.isnan(part).all()


@QUICK
@given(st.integers(0, 200), st.integers(1, 200), LEVELS)
def test_proportion_properties(x: int, n: int, level: float) -> None:
    assume(x <= n)
    here = rt.proportion(x, n, level)
    assert contained(here)
    assert 0 <= here.low <= here.high <= 1
    # The complement has the mirrored interval.
    mirror = rt.proportion(n - x, n, level)
    assert (mirror.low, mirror.high) == pytest.approx((1 - here.high, 1 - here.low), abs=1e-12)
    # The interval narrows with n at the same proportion, and widens with the level.
    larger = rt.proportion(4 * x, 4 * n, level)
    assert larger.high - larger.low < here.high - here.low
    wider = rt.proportion(x, n, 0.999)
    assert wider.low <= here.low
    assert wider.high >= here.high
    # More cases, higher value and limits.
    if x < n:
        more = rt.proportion(x + 1, n, level)
        assert all(a > b for a, b in zip(more, here, strict=True))
    per_cent = rt.proportion(x, n, level, multiplier=100)
    assert per_cent == pytest.approx([100 * part for part in here])


# ---- counts and crude rates ------------------------------------------------------------------


def test_exact_limits_by_hand() -> None:
    """Closed forms: P(X = 0) = exp(-E), so high(0) = -ln(.025) and low(1) = -ln(.975)."""
    low, high = rt.count_interval([0, 1])
    assert low == pytest.approx([0.0, -math.log(0.975)])
    assert high[0] == pytest.approx(-math.log(0.025))
    # high(1): exp(-E)(1 + E) = .025.
    assert math.exp(-high[1]) * (1 + high[1]) == pytest.approx(0.025)


def test_exact_below_ten_and_byar_from_ten() -> None:
    low, high = rt.count_interval([9.999999, 10])
    byar_low = 10 * (1 - 1 / 90 - Z / (3 * math.sqrt(10))) ** 3
    byar_high = 11 * (1 - 1 / 99 + Z / (3 * math.sqrt(11))) ** 3
    assert (low[1], high[1]) == pytest.approx((byar_low, byar_high), rel=1e-12)
    # 9.999999 takes the exact formula: low(10) = 4.7954, Byar 4.7874 (Garwood's table).
    assert low[0] == pytest.approx(4.795389, abs=1e-5)
    assert byar_low == pytest.approx(4.787450, abs=1e-5)


def test_crude_rate_by_hand() -> None:
    value, low, high = rt.crude_rate([0, 20], [500, 4000], 100_000)
    assert value == pytest.approx([0, 500])
    assert low[0] == 0
    assert high[0] == pytest.approx(-math.log(0.025) * 200)
    assert low[1] == pytest.approx(25 * 20 * (1 - 1 / 180 - Z / (3 * math.sqrt(20))) ** 3)


@QUICK
@given(COUNTS, LEVELS, st.randoms())
def test_rate_properties(counts: list[int], level: float, random: object) -> None:
    events = np.array(counts, dtype=float)
    people = np.linspace(500, 9000, len(counts))
    here = rt.crude_rate(events, people, 1000, level)
    assert contained(here)
    assert (here.low >= 0).all()
    order = np.argsort(-people)
    shuffled = rt.crude_rate(events[order], people[order], 1000, level)
    for part, other in zip(here, shuffled, strict=True):
        assert part[order].tolist() == other.tolist()
    wider = rt.crude_rate(events, people, 1000, 0.999)
    assert (wider.low <= here.low).all()
    assert (wider.high > here.high).all()
    larger = rt.crude_rate(events * 20, people * 20, 1000, level)
    assert (larger.high - larger.low < here.high - here.low).all()


@QUICK
@given(st.integers(0, 60))
def test_limits_rise_with_the_count(count: int) -> None:
    low, high = rt.count_interval([count, count + 1])
    # Byar's limits at 10 are under the exact ones of 10 but above the exact ones of 9.
    assert low[0] < low[1]
    assert high[0] < high[1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rt.proportion(3, 2), "plus grand que son dénominateur"),
        (lambda: rt.proportion([1, -1], [2, 2]), "négatif"),
        (lambda: rt.proportion(1, np.inf), "infinie"),
        (lambda: rt.proportion(1, 2, level=1), "niveau de confiance"),
        (lambda: rt.proportion(1, 2, multiplier=0), "multiplicateur"),
        (lambda: rt.crude_rate(-1, 2, 100), "négatif"),
        (lambda: rt.crude_rate(1, -2, 100), "négatif"),
        (lambda: rt.crude_rate(1, 2, np.nan), "multiplicateur"),
        (lambda: rt.count_interval([-1]), "négatif"),
        (
            lambda: rt.proportion(pd.Series([1], index=["a"]), pd.Series([2], index=["b"])),
            "mêmes territoires",
        ),
    ],
)
def test_bad_counts_are_refused(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]


# ---- direct standardisation ------------------------------------------------------------------


def test_direct_standardisation_by_hand() -> None:
    """Shares 1/4 and 3/4 of rates .08 and .03: .0425. Var = 8/16/1e4 + 9 x 12/16/1.6e5."""
    value, low, high = rt.directly_standardised([8, 12], [100, 400], [1, 3], multiplier=1)
    assert value == pytest.approx(0.0425)
    spread = math.sqrt((8 / 16 / 1e4 + 9 * 12 / 16 / 1.6e5) / 20)
    count_low, count_high = rt.count_interval(20)
    assert low == pytest.approx(0.0425 + spread * (count_low - 20))
    assert high == pytest.approx(0.0425 + spread * (count_high - 20))


def test_one_band_is_the_crude_rate() -> None:
    direct = rt.directly_standardised([[12], [40]], [[3000], [5000]], [7])
    crude = rt.crude_rate([12, 40], [3000, 5000], 100_000)
    for part, other in zip(direct, crude, strict=True):
        assert part == pytest.approx(other)


def test_no_standardised_rate_without_enough_to_go_on() -> None:
    people = np.full((5, 2), 1000.0)
    people[1, 0] = 0
    people[2, 1] = np.nan
    events = np.array([[4, 5], [10, 10], [10, 10], [np.nan, 50], [5, 5]])
    result = rt.directly_standardised(events, people, [1, 1])
    for part in result:
        assert np.isnan(part).tolist() == [True, True, True, True, False]


def test_repeated_events_widen_the_interval_only() -> None:
    once = rt.directly_standardised([30, 50], [900, 800], [1, 1])
    twice = rt.directly_standardised([30, 50], [900, 800], [1, 1], event_variance=[60, 100])
    assert twice.value == once.value
    assert twice.value - twice.low == pytest.approx(math.sqrt(2) * (once.value - once.low))
    with pytest.raises(ValueError, match="plus petite que leur nombre"):
        rt.directly_standardised([30, 50], [900, 800], [1, 1], event_variance=[29, 100])


def test_low_limit_never_goes_below_zero() -> None:
    """One event in a band of 1 person that weighs all: the formula alone gives a negative rate."""
    result = rt.directly_standardised([1, 200], [1, 1e6], [1, 1], multiplier=1)
    count_low, _ = rt.count_interval(201)
    spread = math.sqrt((0.25 * 1 + 0.25 * 200 / 1e12) / 201)
    assert result.value + spread * (count_low - 201) < 0
    assert result.low == 0


@QUICK
@given(st.integers(0, 10_000), st.floats(0.01, 0.3), LEVELS)
def test_standardised_rate_properties(seed: int, rate: float, level: float) -> None:
    draw = np.random.default_rng(seed)
    people = draw.uniform(200, 5000, (4, 19))
    weights = draw.uniform(0.1, 9, 19)
    # The same rate at every age is the standardised rate, whatever the standard population.
    flat = rt.directly_standardised(rate * people, people, weights, 1, level)
    assert flat.value == pytest.approx([rate] * 4)
    events = draw.integers(1, 60, (4, 19)).astype(float)
    here = rt.directly_standardised(events, people, weights, 1000, level)
    assert contained(here)
    # Order of the bands, of the territories, and unit of the standard population do not matter.
    bands, rows = draw.permutation(19), draw.permutation(4)
    other = rt.directly_standardised(
        events[rows][:, bands], people[rows][:, bands], 50 * weights[bands], 1000, level
    )
    for part, shuffled in zip(here, other, strict=True):
        assert part[rows] == pytest.approx(shuffled)
    larger = rt.directly_standardised(events * 9, people * 9, weights, 1000, level)
    assert (larger.high - larger.low < here.high - here.low).all()


def test_european_standard_population() -> None:
    assert rt.ESP2013.sum() == 100_000
    assert len(rt.ESP2013) == 19
    events = pd.DataFrame([[3.0] * 19], index=["95"], columns=rt.ESP2013.index)
    people = events * 500
    assert rt.directly_standardised(events, people).value == pytest.approx([200])
    wrong = events[sorted(events.columns)]  # alphabetical order: 10-14 before 5-9
    with pytest.raises(ValueError, match="dans son ordre : 0-4, 5-9"):
        rt.directly_standardised(wrong, wrong * 500)


@pytest.mark.parametrize(
    ("events", "people", "standard", "message"),
    [
        ([1, 2], [3, 4], [1, 2, 3], "mêmes classes d'âge"),
        ([[1, 2]], [3, 4], [1, 2], "mêmes classes d'âge"),
        (1, 2, [1], "mêmes classes d'âge"),
        ([1, -2], [3, 4], [1, 2], "négatif"),
        ([1, 2], [3, -4], [1, 2], "négatif"),
        ([1, 2], [3, 4], [1, -2], "population type"),
        ([1, 2], [3, 4], [1, np.nan], "population type"),
        ([1, 2], [3, 4], [0, 0], "population type"),
        (
            pd.DataFrame([[1, 2]], columns=["0-4", "5-9"]),
            pd.DataFrame([[1, 2]], columns=["5-9", "0-4"]),
            [1, 2],
            "dans les deux tableaux",
        ),
    ],
)
def test_bad_direct_inputs_are_refused(
    events: object, people: object, standard: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        rt.directly_standardised(events, people, standard)


# ---- indirect standardisation ----------------------------------------------------------------


def test_indirect_standardisation_by_hand() -> None:
    """Reference rates 1 % and 5 %; 200 and 100 people: 2 + 5 = 7 expected, 14 observed."""
    reference = [10, 100], [1000, 2000]
    assert rt.expected_events([200, 100], *reference) == pytest.approx(7)
    value, low, high = rt.indirectly_standardised(14, [200, 100], *reference)
    count_low, count_high = rt.count_interval(14)
    assert (value, low, high) == pytest.approx((2, count_low / 7, count_high / 7))
    rate = rt.indirectly_standardised(14, [200, 100], *reference, multiplier=1000, rate=True)
    assert rate.value == pytest.approx(2 * 1000 * 110 / 3000)


def test_indirect_standardisation_takes_totals_or_bands() -> None:
    people = pd.DataFrame([[200, 100], [0, 50], [0, 0], [np.nan, 3]], index=list("abcd"))
    bands = pd.DataFrame([[4, 10], [1, 2], [0, 0], [0, 1]], index=list("abcd"))
    reference = [10, 100], [1000, 2000]
    by_band = rt.indirectly_standardised(bands, people, *reference, multiplier=100)
    by_total = rt.indirectly_standardised(bands.sum(axis=1), people, *reference, multiplier=100)
    for part, other in zip(by_band, by_total, strict=True):
        np.testing.assert_array_equal(part, other)
    assert by_total.value[:2] == pytest.approx([200, 120])
    assert np.isnan(by_total.value).tolist() == [False, False, True, True]
    with pytest.raises(ValueError, match="mêmes territoires"):
        rt.indirectly_standardised(bands.sum(axis=1)[::-1], people, *reference)


@QUICK
@given(st.integers(0, 10_000), st.floats(0.2, 5))
def test_indirect_standardisation_properties(seed: int, factor: float) -> None:
    draw = np.random.default_rng(seed)
    people = draw.uniform(10, 500, (5, 6))
    reference_people = draw.uniform(1e4, 1e5, 6)
    reference_events = draw.uniform(50, 5000, 6)
    rates = reference_events / reference_people
    # A territory with factor times the reference's rates at each age has that ratio.
    ratio = rt.indirectly_standardised(
        (factor * rates * people).sum(axis=1), people, reference_events, reference_people
    )
    assert ratio.value == pytest.approx([factor] * 5)
    assert contained(ratio)
    # The reference against itself is 1, and its rate is its crude rate.
    itself = rt.indirectly_standardised(
        reference_events, reference_people, reference_events, reference_people, rate=True
    )
    assert itself.value == pytest.approx(reference_events.sum() / reference_people.sum())
    bands = draw.permutation(6)
    shuffled = rt.expected_events(
        people[:, bands], reference_events[bands], reference_people[bands]
    )
    assert shuffled == pytest.approx(rt.expected_events(people, reference_events, reference_people))


@pytest.mark.parametrize(
    ("events", "people", "reference", "message"),
    [
        (1, [1, 2, 3], ([1, 1], [9, 9]), "diffèrent en nombre"),
        (1, 5, ([1], [9]), "diffèrent en nombre"),
        ([1, 2], [[1, 2]], ([1, 1], [9, 9]), "mêmes territoires"),
        (1, [1, 2], ([1, 1], [9, 0]), "Chaque classe"),
        (1, [1, 2], ([1, np.nan], [9, 9]), "Chaque classe"),
        (1, [1, 2], ([[1, 1]], [[9, 9]]), "pour chaque classe"),
        (-1, [1, 2], ([1, 1], [9, 9]), "négatif"),
        (1, [1, -2], ([1, 1], [9, 9]), "négatif"),
        (
            [1],
            pd.DataFrame([[1, 2]], columns=["F", "H"]),
            (pd.Series([1, 1], index=["H", "F"]), [9, 9]),
            "celles de la référence",
        ),
    ],
)
def test_bad_indirect_inputs_are_refused(
    events: object, people: object, reference: tuple[object, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        rt.indirectly_standardised(events, people, *reference)


# ---- life expectancy -------------------------------------------------------------------------

PEOPLE = [7060, 35059, 46974, 48489, 43219, 38561, 46009, 57208, 61435, 55601, 50209, 56416,
          46411, 39820, 37978, 37039, 33288, 23306, 11936, 11936]  # fmt: skip
DEATHS = [17, 9, 4, 8, 20, 15, 24, 33, 50, 71, 100, 163, 263, 304, 536, 872, 1390, 1605, 1936,
          1937]  # fmt: skip


@pytest.mark.parametrize(
    ("age", "printed"),
    [
        (0, (80.16960813, 79.88268548, 80.45653078)),
        (1, (79.36245674, 79.0898816, 79.63503188)),
        (65, (18.76856852, 18.57570352, 18.96143352)),
        (90, (6.16210635, 5.887683386, 6.436529314)),
    ],
)
def test_life_expectancy_example_printed_by_ohid(age: int, printed: tuple[float, ...]) -> None:
    """Example of phe_life_expectancy's help page; answers printed in its test suite.

    Its limits were worked out with z = 1.96, ours with 1.959964: 5e-6 years apart, found by
    rescaling. No age table stands in ../shared, whose LE_testdata.csv has no ages.
    """
    value, low, high = rt.life_expectancy(DEATHS, PEOPLE, age=age)
    assert value == pytest.approx(printed[0], abs=1e-8)
    assert (value - low) * 1.96 / Z == pytest.approx(printed[0] - printed[1], abs=1e-8)
    assert (high - value) * 1.96 / Z == pytest.approx(printed[2] - printed[0], abs=1e-8)
    assert (low, high) == pytest.approx(printed[1:], abs=1e-5)


@pytest.mark.parametrize("age", [0, 1, 40, 90])
def test_constant_mortality_is_its_inverse(age: int) -> None:
    """In Chiang's table D = M L in every band; with M constant, sum(L) = sum(D)/M = l/M."""
    people = np.array(PEOPLE, dtype=float)
    assert rt.life_expectancy(0.02 * people, people, age=age).value == pytest.approx(50)


def test_standard_error_by_hand() -> None:
    """Three bands: 0, 1-89, 90 and over; every step written out."""
    deaths, people = [10.0, 600.0, 90.0], [1000.0, 50_000.0, 600.0]
    q0 = 0.01 / (1 + 0.9 * 0.01)
    q1 = 89 * 0.012 / (1 + 0.5 * 89 * 0.012)
    l1, l2 = 1 - q0, (1 - q0) * (1 - q1)
    e2 = 600 / 90
    e1 = 89 * (1 + (1 - q1)) / 2 + (1 - q1) * e2
    e0 = l1 + 0.1 * q0 + l1 * e1
    var = (0.9 + e1) ** 2 * q0**2 * (1 - q0) / 10
    var += (l1 * (0.5 * 89 + e2)) ** 2 * q1**2 * (1 - q1) / 600
    var += l2**2 * e2**2 / 90  # Silcocks: Var(1/M) = 1 / (D M^2)
    value, low, high = rt.life_expectancy(deaths, people, ages=(0, 1, 90), level=0.8)
    assert value == pytest.approx(e0)
    assert high - value == pytest.approx(1.2815515655 * math.sqrt(var))
    assert value - low == pytest.approx(high - value)
    at_one = rt.life_expectancy(deaths, people, ages=(0, 1, 90), age=1, level=0.8)
    var1 = (0.5 * 89 + e2) ** 2 * q1**2 * (1 - q1) / 600 + (1 - q1) ** 2 * e2**2 / 90
    assert at_one.value == pytest.approx(e1)
    assert at_one.high - at_one.value == pytest.approx(1.2815515655 * math.sqrt(var1))


def altered(**cells: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    deaths, people = np.array(DEATHS, dtype=float), np.array(PEOPLE, dtype=float)
    for name, (band, number) in cells.items():
        (deaths if name == "deaths" else people)[band] = number
    return deaths, people


def small(deaths: float, people: float) -> tuple[np.ndarray, np.ndarray]:
    """The example in a territory of about 5 000 people, with its 90 and over."""
    both = np.array(DEATHS) / 145, np.array(PEOPLE) / 145
    both[0][-1], both[1][-1] = deaths, people
    return both


@pytest.mark.parametrize(
    ("deaths", "people"),
    [
        altered(people=(5, 0)),
        altered(people=(5, np.nan)),
        altered(deaths=(5, np.nan)),
        altered(deaths=(19, 0)),  # nobody died at 90 and over: its mean length is unknown
        altered(people=(19, 1500)),  # more deaths than people
        altered(deaths=(17, 0.5 * 23306)),  # q = 5 x .5 / (1 + 2.5 x .5) > 1
        (np.array(DEATHS) / 160, np.array(PEOPLE) / 160),  # 4 667 people
        small(deaths=1, people=100),  # one death among 100 at 90 and over: 20 years too wide
    ],
)
def test_life_expectancies_that_are_not_given(deaths: np.ndarray, people: np.ndarray) -> None:
    both = rt.life_expectancy(np.stack([deaths, DEATHS]), np.stack([people, PEOPLE]))
    for part, alone in zip(both, rt.life_expectancy(DEATHS, PEOPLE), strict=True):
        assert np.isnan(part[0])
        assert part[1] == pytest.approx(alone)


def test_small_territories_are_refused_for_what_is_said() -> None:
    assert 4_600 < sum(PEOPLE) / 160 < 5_000 < small(1, 100)[1].sum()
    assert np.isfinite(rt.life_expectancy(*small(1, 15)).value)


def test_width_is_judged_at_95_whatever_the_level() -> None:
    at_95 = rt.life_expectancy(*small(1, 15))
    at_998 = rt.life_expectancy(*small(1, 15), level=0.998)
    assert at_95.high - at_95.low < 20 < at_998.high - at_998.low


@QUICK
@given(st.integers(0, 10_000))
def test_life_expectancy_properties(seed: int) -> None:
    draw = np.random.default_rng(seed)
    people = np.array(PEOPLE) * draw.uniform(0.5, 1.5, (3, 20))
    deaths = np.minimum(np.array(DEATHS) * draw.uniform(0.5, 1.5, (3, 20)), 0.3 * people)
    here = rt.life_expectancy(deaths, people)
    assert contained(here)
    # More deaths at any one age shorten life; ten times the people narrow the interval.
    more = deaths.copy()
    more[:, draw.integers(0, 20)] *= 1.05
    assert (rt.life_expectancy(more, people).value < here.value).all()
    larger = rt.life_expectancy(10 * deaths, 10 * people)
    assert larger.value == pytest.approx(here.value)
    assert (larger.high - larger.low) * math.sqrt(10) == pytest.approx(here.high - here.low)
    order = draw.permutation(3)
    assert rt.life_expectancy(deaths[order], people[order]).value == pytest.approx(
        here.value[order]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ages": (0, 5, 90)}, "âges 0 et 1"),
        ({"ages": (0, 1, 90, 80)}, "âges 0 et 1"),
        ({"ages": (0, 1, 85)}, "90 ans et plus"),
        ({"ages": (0, 1, 50, 90)}, "une colonne par classe"),
        ({"ages": (0, 1, 90), "age": 2}, "début d'une classe"),
        ({"ages": (0, 1, 90), "population": [[1, 2, 3]]}, "une colonne par classe"),
        ({"ages": (0, 1, 90), "deaths": [1, 2, -3]}, "négatif"),
        ({"ages": (0, 1, 90), "population": [1, 2, -3]}, "négatif"),
    ],
)
def test_bad_life_tables_are_refused(arguments: dict[str, object], message: str) -> None:
    numbers = {"deaths": [1, 2, 3], "population": [1000, 9000, 30], **arguments}
    with pytest.raises(ValueError, match=message):
        rt.life_expectancy(**numbers)  # type: ignore[arg-type]


# ---- funnels ---------------------------------------------------------------------------------


def test_funnel_of_a_proportion_by_hand() -> None:
    limits = rt.funnel_limits([100, 1, 0, np.nan], 50, "proportion", 100)
    assert limits.low_95[0] == pytest.approx(50 - 5 * Z)
    assert limits.high_998[0] == pytest.approx(50 + 5 * 3.090232306)
    assert (limits.low_95[1], limits.high_95[1]) == (0, 100)  # 1 person: beyond the ends
    for limit in limits:
        assert np.isnan(limit[2:]).all()


def test_funnel_of_a_ratio_by_hand() -> None:
    """E = -ln(.025): its low limit is exactly 0 event, since P(X = 0) = .025. E = -ln(.975): its
    high limit is 1 event, since P(X >= 1) = .025."""
    expected = [-math.log(0.025), -math.log(0.975), 5.0]
    limits = rt.funnel_limits(expected, 1, "ratio")
    assert limits.low_95[:2] == pytest.approx([0, 0], abs=1e-12)
    assert limits.low_95[2] > 0
    assert limits.high_95[1] == pytest.approx(1 / expected[1])


@pytest.mark.parametrize("kind", ["proportion", "rate", "ratio"])
def test_funnel_narrows_and_holds_its_baseline(kind: rt.FunnelKind) -> None:
    sizes = np.geomspace(1, 1e7, 60)
    limits = rt.funnel_limits(sizes, 0.3, kind)
    assert (np.diff(limits.high_95) <= 0).all()
    assert (np.diff(limits.low_95) >= 0).all()
    assert (limits.low_998 <= limits.low_95).all()
    assert (limits.low_95 < 0.3).all()
    assert (limits.high_95 > 0.3).all()
    assert (limits.high_998 >= limits.high_95).all()
    assert limits.high_998[-1] - limits.low_998[-1] < 0.002
    scaled = rt.funnel_limits(sizes, 30, kind, 100)
    assert scaled.low_95 == pytest.approx(100 * limits.low_95)


@QUICK
@given(st.integers(0, 200), st.floats(0.5, 200))
def test_labels_agree_with_exact_intervals(observed: int, expected: float) -> None:
    """A point is outside the funnel exactly where the exact interval of its count leaves E out."""
    labels = rt.funnel_labels(observed, expected, 100, "ratio", 100)
    p = rt.poisson_p_values(observed, expected)
    for label, level in ((labels.at_95, 0.95), (labels.at_998, 0.998)):
        outside = rt.HIGHER if observed > expected else rt.LOWER
        assert label == (outside if p < 1 - level else rt.SAME)
    if observed < 10:
        low, high = rt.count_interval(observed)
        assert labels.at_95 == rt.significance(observed, low, high, expected)


@QUICK
@given(st.integers(0, 300), st.integers(1, 300), st.floats(0.01, 0.99))
def test_labels_of_proportions_agree_with_wilson(x: int, n: int, benchmark: float) -> None:
    assume(x <= n)
    labels = rt.funnel_labels(x, n, benchmark, "proportion")
    p = rt.proportion_p_values(x, n, benchmark)
    for label, level in ((labels.at_95, 0.95), (labels.at_998, 0.998)):
        assume(abs(p - (1 - level)) > 1e-9)
        assert label == rt.significance(*rt.proportion(x, n, level), benchmark)
        assert (label != rt.SAME) == (p < 1 - level)


def test_labels_of_unknown_points() -> None:
    labels = rt.funnel_labels([np.nan, 3, 0, 40], [10, np.nan, 0, 10], 1, "ratio")
    assert labels.at_95.tolist() == [None, None, None, rt.HIGHER]
    assert labels.at_998.tolist() == [None, None, None, rt.HIGHER]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rt.funnel_limits([1], 1, "mean"), "entonnoir porte sur"),  # type: ignore[arg-type]
        (lambda: rt.funnel_limits([1], 1.1, "proportion"), "entre 0 et 1"),
        (lambda: rt.funnel_limits([1], -1, "rate"), "positif ou nul"),
        (lambda: rt.funnel_limits([1], np.nan, "rate"), "positif ou nul"),
        (lambda: rt.funnel_limits([-1], 1, "rate"), "négatif"),
        (lambda: rt.funnel_labels([3], [2], 0.5, "proportion"), "plus grand que son"),
        (lambda: rt.funnel_labels([-3], [2], 0.5, "rate"), "négatif"),
    ],
)
def test_bad_funnels_are_refused(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]


# ---- significance ----------------------------------------------------------------------------


def test_three_states_and_none() -> None:
    value, low, high = [10, 10, 10, np.nan, 10], [8, 8, 8, 8, np.nan], [12, 12, 12, 12, 12]
    labels = rt.significance(value, low, high, [7, 12, 13, 10, 10])
    assert labels.tolist() == ["plus haut", "non différent", "plus bas", None, None]
    assert rt.significance(10, 8, 12, np.nan).item() is None


def test_p_values_by_hand() -> None:
    """value 10, interval 10 -+ 1.96 x 1, benchmark 7: z = 3, p = .0027. Poisson: 0 against 2."""
    p = rt.interval_p_values(10, 10 - Z, 10 + Z, [7, 10, np.nan])
    assert p[0] == pytest.approx(math.erfc(3 / math.sqrt(2)))
    assert p[1] == 1
    assert np.isnan(p[2])
    # On the log scale 8 with limits 8/2 and 8x2 against 2 is twice the half-interval away.
    assert rt.interval_p_values(8, 4, 16, 2, scale="log") == pytest.approx(
        math.erfc(2 * Z / math.sqrt(2))
    )
    assert rt.interval_p_values(0.5, 0.2, 0.8, 0.2, scale="logit") == pytest.approx(0.05)
    poisson = rt.poisson_p_values([0, 2, 1, np.nan, 3], [2, 2, 0, 1, np.nan])
    assert poisson[0] == pytest.approx(2 * math.exp(-2))
    assert poisson[1] == 1  # both tails hold 2: their double is over 1
    assert np.isnan(poisson[2:]).all()
    score = rt.proportion_p_values([60, 0, np.nan], [100, 0, 5], 0.5)
    assert score[0] == pytest.approx(math.erfc(2 / math.sqrt(2)))
    assert np.isnan(score[1:]).all()


def test_degenerate_intervals() -> None:
    """A limit off the scale shows nothing; an interval of no width shows any difference."""
    assert rt.interval_p_values(3, 0, 9, 1, scale="log") == 1
    assert rt.interval_p_values(3, -1, 9, 1, scale="log") == 1
    assert rt.interval_p_values(3, 3, 3, [3, 4]).tolist() == [1, 0]


@QUICK
@given(st.floats(1, 50), st.floats(0.1, 0.9), st.floats(1.1, 5), st.floats(0.5, 60))
def test_p_values_agree_with_the_interval(
    value: float, down: float, up: float, benchmark: float
) -> None:
    low, high = value * down, value * up
    for scale in ("identity", "log"):
        p = rt.interval_p_values(value, low, high, benchmark, 0.95, scale)
        assume(abs(p - 0.05) > 1e-9)
        differs = rt.significance(value, low, high, benchmark) != rt.SAME
        assert differs == (p < 0.05)
        at_998 = rt.significance(value, low, high, benchmark, at=0.998, scale=scale)
        assert (at_998 != rt.SAME) == (p < 0.002)


def test_false_discovery_rate_by_hand() -> None:
    """Benjamini-Hochberg on .001, .02, .04, .3 (m = 4): .004, .04, .0533, .3."""
    value = np.array([5.0, -5, 5, 5, np.nan])
    p = np.array([0.001, 0.02, 0.04, 0.3, 0.001])
    arguments = (value, value - 1, value + 1, 0.0)
    assert rt.significance(*arguments, p_values=p).tolist() == [
        rt.HIGHER, rt.LOWER, rt.HIGHER, rt.SAME, None]  # fmt: skip
    assert rt.significance(*arguments, p_values=p, fdr=True).tolist() == [
        rt.HIGHER, rt.LOWER, rt.SAME, rt.SAME, None]  # fmt: skip
    assert rt.significance(*arguments, p_values=p, fdr=True, at=0.998).tolist() == [
        rt.SAME, rt.SAME, rt.SAME, rt.SAME, None]  # fmt: skip
    assert p.tolist() == [0.001, 0.02, 0.04, 0.3, 0.001]


def test_false_discovery_rate_on_pure_noise() -> None:
    """2 000 territories without any difference: 5 % differ one by one, none or few with FDR."""
    draw = np.random.default_rng(3)
    observed = draw.poisson(400, 2000).astype(float)
    low, high = rt.count_interval(observed)
    alone = rt.significance(observed, low, high, 400.0) != rt.SAME
    assert 60 < alone.sum() < 140
    assert (rt.significance(observed, low, high, 400.0, fdr=True) != rt.SAME).sum() <= 2
    assert rt.significance(np.nan, 1, 2, 1, fdr=True).item() is None


@QUICK
@given(st.integers(0, 10_000))
def test_fdr_only_removes_differences(seed: int) -> None:
    draw = np.random.default_rng(seed)
    value = draw.normal(0, 3, 30)
    arguments = (value, value - 2, value + 2, 0.0)
    plain, adjusted = rt.significance(*arguments), rt.significance(*arguments, fdr=True)
    assert ((adjusted == plain) | (adjusted == rt.SAME)).all()
    order = draw.permutation(30)
    shuffled = rt.significance(value[order], value[order] - 2, value[order] + 2, 0.0, fdr=True)
    assert shuffled.tolist() == adjusted[order].tolist()
    # Opposite signs, opposite words.
    opposite = {rt.HIGHER: rt.LOWER, rt.LOWER: rt.HIGHER, rt.SAME: rt.SAME}
    flipped = rt.significance(-value, -value - 2, -value + 2, 0.0, fdr=True)
    assert flipped.tolist() == [opposite[label] for label in adjusted]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rt.significance(5, 6, 7, 1), "ne contient pas sa valeur"),
        (lambda: rt.significance(5, 4, 6, 1, at=1.5), "niveau de confiance"),
        (lambda: rt.significance(5, 4, 6, 1, scale="sqrt", fdr=True), "L'échelle est"),  # type: ignore[arg-type]
        (lambda: rt.significance(0, 0, 6, 1, scale="log", fdr=True), "pas de place pour 0"),
        (lambda: rt.significance(0.5, 0, 1, 1, scale="logit", fdr=True), "pas de place pour 0"),
        (lambda: rt.significance(5, 4, 6, 1, p_values=[0.1, 0.2]), "une valeur p par"),
        (lambda: rt.significance([5], [4], [6], 1, p_values=[1.2]), "entre 0 et 1"),
        (lambda: rt.proportion_p_values(1, 2, 1), "entre 0 et 1, exclus"),
        (lambda: rt.poisson_p_values(-1, 2), "négatif"),
    ],
)
def test_bad_comparisons_are_refused(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]


def test_nullable_columns_and_suppress_are_at_hand() -> None:
    count = pd.Series([3, None], dtype="Int64")
    assert np.isnan(rt.proportion(count, pd.Series([10, 10])).value).tolist() == [False, True]
    assert rt.suppress(pd.Series({"a": 3.0}), pd.Series(dtype=object)).tolist() == ["secret"]
