"""Treatment, normalisation, aggregation and diagnosis of composites, by hand and by properties."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic import composite as co

SMALL = pd.DataFrame({"a": [2.0, 8.0, np.nan, 4.0, 4.0], "b": [1.0, 2.0, 3.0, 4.0, 5.0]})
NORMALISERS = (
    co.standardised,
    co.min_max,
    co.ranks,
    co.borda,
    co.percentile_ranks,
    co.distance_to_max,
)


def test_each_normaliser_by_hand() -> None:
    # Column a: known values 2, 8, 4, 4; mean 4.5; sum of squares 6.25+12.25+0.25+0.25 = 19.
    expected = {
        co.standardised: np.array([-2.5, 3.5, np.nan, -0.5, -0.5]) / np.sqrt(19 / 3),
        co.min_max: np.array([0, 100, np.nan, 100 / 3, 100 / 3]),
        co.ranks: np.array([1, 4, np.nan, 2, 2]),
        co.borda: np.array([0, 3, np.nan, 1, 1]),
        co.percentile_ranks: np.array([0, 1, np.nan, 1 / 3, 1 / 3]),
        co.distance_to_max: np.array([0, 1, np.nan, 1 / 3, 1 / 3]),
    }
    for normaliser, column in expected.items():
        np.testing.assert_allclose(
            normaliser(SMALL)["a"], column, rtol=1e-12, err_msg=str(normaliser)
        )
    assert co.min_max(SMALL, 1, 10)["a"].tolist()[:2] == [1, 10]
    assert co.scaled(SMALL, 0, 8)["a"].tolist()[:2] == [25, 100]


@pytest.mark.parametrize("normaliser", NORMALISERS)
@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 100), shift=st.floats(-50, 50))
def test_order_units_and_missing(
    normaliser: Callable[[pd.DataFrame], pd.DataFrame], seed: int, scale: float, shift: float
) -> None:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.normal(size=(12, 2)), columns=["a", "b"])
    frame.iloc[3, 0] = np.nan
    result = normaliser(frame)
    assert (result.isna() == frame.isna()).all().all()
    np.testing.assert_allclose(normaliser(frame * scale + shift), result, rtol=1e-6, atol=1e-6)
    pd.testing.assert_frame_equal(normaliser(frame[::-1])[::-1], result)
    pd.testing.assert_frame_equal(result.rank(), frame.rank())  # monotone


@pytest.mark.parametrize(
    "normaliser", [co.standardised, co.min_max, co.percentile_ranks, co.distance_to_max]
)
def test_a_constant_column_is_refused(
    normaliser: Callable[[pd.DataFrame], pd.DataFrame],
) -> None:
    with pytest.raises(ValueError, match="constant ou inconnu : b"):
        normaliser(pd.DataFrame({"a": [1.0, 2.0], "b": [np.nan, 3.0]}))


def test_fixed_bounds_are_increasing() -> None:
    with pytest.raises(ValueError, match="croissantes"):
        co.scaled(SMALL, 1, 1)


def test_treatment_pulls_in_as_few_points_as_it_takes() -> None:
    plain = np.arange(20.0)
    treated, points = co.winsorised(plain)
    assert points == 0
    assert treated.tolist() == plain.tolist()
    outlier = np.append(np.arange(1.0, 20.0), [400.0, np.nan])
    treated, points = co.winsorised(outlier)
    assert points == 1
    assert treated[:20].tolist() == [*range(1, 20), 19.0]
    assert np.isnan(treated[20])
    mirrored, points = co.winsorised(-outlier)
    assert points == 1
    np.testing.assert_array_equal(mirrored, -treated)


def test_treatment_gives_up_and_says_so() -> None:
    many = np.append(np.arange(60.0), [1000.0, 2000.0, 4000.0])
    treated, points = co.winsorised(many, max_points=1)
    assert points == -1
    assert treated.tolist() == many.tolist()
    assert co.winsorised(many)[1] == 3


def test_both_conditions_are_needed() -> None:
    skewed_only = np.array([0.0] * 8 + [1.0])  # G1 = 3, G2 = 9: both
    assert co.needs_treatment(skewed_only)
    peaked = np.array([-9.0, *[0.0] * 40, 9.0])  # symmetric: no skew, heavy tails
    assert not co.needs_treatment(peaked)
    assert not co.needs_treatment([1.0, 1.0, 50.0])
    assert not co.needs_treatment([2.0] * 9)


def test_means_by_hand() -> None:
    frame = pd.DataFrame({"a": [1.0, 4.0], "b": [8.0, np.nan]}, index=["x", "y"])
    assert co.arithmetic(frame, [2, 1])["x"] == pytest.approx(10 / 3)
    assert co.geometric(frame, [2, 1])["x"] == pytest.approx(2)
    assert co.harmonic(frame, [2, 1])["x"] == pytest.approx(3 / (2 + 1 / 8))
    for mean in (co.arithmetic, co.geometric, co.harmonic):
        assert np.isnan(mean(frame, [2, 1])["y"])


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.floats(0.1, 100), st.floats(0.1, 10)), min_size=1, max_size=6),
    st.floats(0.1, 10),
)
def test_means_are_ordered_and_scale(pairs: list[tuple[float, float]], scale: float) -> None:
    values, weights = (np.array(column) for column in zip(*pairs, strict=True))
    frame = pd.DataFrame([values])
    low, middle, high = (
        mean(frame, weights).item() for mean in (co.harmonic, co.geometric, co.arithmetic)
    )
    assert values.min() * (1 - 1e-9) <= low <= middle * (1 + 1e-9)
    assert middle <= high * (1 + 1e-9) <= values.max() * (1 + 1e-8)
    for mean in (co.harmonic, co.geometric, co.arithmetic):
        assert mean(frame * scale, weights * 3).item() == pytest.approx(
            scale * mean(frame, weights).item()
        )


@pytest.mark.parametrize("weights", [[1, 1, 1], [1, -1], [0, 0], [np.nan, 1]])
def test_weights_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="poids"):
        co.arithmetic(SMALL, weights)


def test_only_positive_values_have_a_geometric_mean() -> None:
    for mean in (co.geometric, co.harmonic):
        with pytest.raises(ValueError, match="strictement positives"):
            mean(pd.DataFrame({"a": [0.0]}), [1])


def test_weighted_correlations_are_those_of_repeated_rows() -> None:
    draw = np.random.default_rng(3)
    frame = pd.DataFrame(draw.normal(size=(30, 3)), columns=list("abc"))
    people = pd.Series(draw.integers(1, 6, 30))
    repeated = frame.loc[frame.index.repeat(people)]
    pd.testing.assert_frame_equal(co.correlations(frame, people), repeated.corr())
    frame.loc[4, "a"] = np.nan
    pairwise = co.correlations(frame, people)
    whole = co.correlations(frame.drop(4), people)
    assert pairwise.loc["a", "b"] == pytest.approx(whole.loc["a", "b"])
    assert np.isnan(co.correlations(frame.assign(a=1.0), people).loc["a", "b"])


def test_effective_weights_tell_what_double_counting_does() -> None:
    """Two copies of one indicator and an independent one: the copies weigh more than 2/3.

    z1 = z2, z3 independent, equal weights: r with the mean is 2/sqrt(5) and 1/sqrt(5), squared
    4/5, 4/5 and 1/5: shares 4/9, 4/9, 1/9.
    """
    one, other = np.array([1.0, 1, -1, -1]), np.array([1.0, -1, 1, -1])
    frame = pd.DataFrame({"a": one, "b": one, "c": other})
    people = pd.Series(1.0, index=frame.index)
    effective = co.effective_weights(frame, frame.mean(axis=1), people)
    np.testing.assert_allclose(effective, [4 / 9, 4 / 9, 1 / 9])
    pairs = co.correlated_pairs(frame, people)
    assert pairs[["first", "second"]].to_numpy().tolist() == [["a", "b"]]
    assert pairs["correlation"].tolist() == pytest.approx([1])
    assert co.correlated_pairs(frame.assign(b=-one), people)["correlation"].item() < 0
