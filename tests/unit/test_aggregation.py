"""What adds up, what is approximate, what is refused (docs/methodologie.md)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic import aggregation as ag

PARTS = list("abcd")
GROUPS = pd.Series(["n", "n", "s", None], index=PARTS)


def series(*values: float) -> pd.Series:
    return pd.Series(values, index=PARTS, dtype=float)


def test_a_ratio_is_the_ratio_of_the_sums() -> None:
    table = ag.ratio(series(10, 90, 3, 1), series(100, 300, 0, 1), GROUPS)
    assert table.loc["n"].tolist() == pytest.approx([25, 100, 400])  # not (10 + 30)/2
    assert np.isnan(table.loc["s", "value"])  # nobody at risk
    assert table.index.tolist() == ["n", "s"]


def test_an_unknown_part_is_not_a_zero() -> None:
    table = ag.ratio(series(10, np.nan, 3, 1), series(100, 300, 30, 1), GROUPS, scale=1)
    assert np.isnan(table.loc["n", "value"])
    assert np.isnan(table.loc["n", "numerator"])
    assert table.loc["s", "value"] == pytest.approx(0.1)


def test_means_say_what_they_cover_and_what_they_are() -> None:
    table = ag.mean(series(10, np.nan, 7, 1), series(100, 300, 30, 1), GROUPS, "rate")
    assert table.loc["n", ["value", "weight", "covered", "parts"]].tolist() == [10, 100, 0.25, 1]
    assert table["flag"].tolist() == [ag.ROUNDED, ""]
    median = ag.mean(series(20, 30, 7, 1), series(1, 3, 30, 1), GROUPS, "median")
    assert median.loc["n", "value"] == pytest.approx(27.5)
    assert median.loc["n", "flag"].startswith("≈")
    nothing = ag.mean(series(np.nan, np.nan, 7, 1), series(1, 3, 0, 1), GROUPS, "score")
    assert nothing["value"].isna().all()
    assert nothing.loc["n", "covered"] == 0
    assert np.isnan(nothing.loc["s", "covered"])


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_a_mean_of_rates_is_the_ratio_of_the_sums(seed: int, scale: float) -> None:
    draw = np.random.default_rng(seed)
    below = pd.Series(draw.integers(1, 500, size=20).astype(float))
    cases = (below * draw.random(20)).round()
    groups = pd.Series(draw.integers(0, 4, size=20))
    exact = ag.ratio(cases, below, groups)["value"]
    mean = ag.mean(100 * cases / below, below * scale, groups, "rate")
    pd.testing.assert_series_equal(mean["value"], exact)
    assert mean["covered"].to_numpy() == pytest.approx(1)
    order = draw.permutation(20)
    mixed = ag.ratio(cases.iloc[order], below.iloc[order], groups.iloc[order])["value"]
    pd.testing.assert_series_equal(mixed, exact)


def test_deciles_are_refused_and_so_are_bad_inputs() -> None:
    ones: Any = series(1, 1, 1, 1)
    with pytest.raises(ag.NotAggregable, match="prenez le chiffre publié"):
        ag.mean(ones, ones, GROUPS, "dispersion")
    kind: Any = "mode"
    with pytest.raises(ValueError, match="inconnue : mode"):
        ag.mean(ones, ones, GROUPS, kind)
    with pytest.raises(ValueError, match="poids doivent être connus"):
        ag.mean(ones, series(1, 1, np.nan, 1), GROUPS, "rate")
    with pytest.raises(ValueError, match="négatif"):
        ag.ratio(series(1, 1, 1, -1), ones, GROUPS)
    with pytest.raises(ValueError, match="mêmes parts"):
        ag.ratio(ones, ones.iloc[::-1], GROUPS)
    double = pd.concat([ones, ones])
    with pytest.raises(ValueError, match="deux fois"):
        ag.ratio(double, double, pd.concat([GROUPS, GROUPS]))
