"""R12: pyMannKendall's own assertions, R's Kendall and prop.trend.test."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from diagnostic import trend as tr

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def vectors(shared_dir: Path) -> Path:
    return shared_dir / "vectors" / "trend"


@pytest.fixture(scope="module")
def published(vectors: Path) -> pd.Series:
    """Values that pyMannKendall's authors assert, checked by them against R packages."""
    table = pd.read_csv(vectors / "pymk_expected_assertions.csv")
    return table.set_index(["test", "field"])["expected"].map(ast.literal_eval)


@pytest.fixture(scope="module")
def arbitrary(vectors: Path) -> np.ndarray:
    return pd.read_csv(vectors / "pymk_arbitrary_1d.csv")["y"].to_numpy()


@pytest.fixture(scope="module")
def kendall(vectors: Path) -> pd.DataFrame:
    return pd.read_csv(vectors / "kendall_R_expected.csv", index_col="series")


@pytest.fixture(scope="module")
def series(vectors: Path) -> dict[str, pd.DataFrame]:
    return dict(list(pd.read_csv(vectors / "kendall_R_input.csv").groupby("series")))


def test_mann_kendall_is_pymannkendalls(published: pd.Series, arbitrary: np.ndarray) -> None:
    """The original test only: its modified versions (serial correlation, seasons) are not ours."""
    expected = published["test_original_test"]
    ours = tr.mann_kendall(arbitrary)
    assert ours.method == "normal"
    assert ours.s == expected["s"]
    assert ours.variance == pytest.approx(expected["var_s"], rel=1e-12)
    assert ours.z == pytest.approx(expected["z"], rel=1e-12)
    assert ours.p == pytest.approx(expected["p"], rel=1e-10)
    assert (ours.p <= 0.05) == expected["h"]
    # Its Tau divides by all pairs; ours leaves tied pairs out of the values' side (tau-b).
    pairs = ours.n * (ours.n - 1) / 2
    assert ours.s / pairs == pytest.approx(expected["Tau"], rel=1e-12)
    assert abs(ours.tau_b) > abs(expected["Tau"])


def test_sen_slope_is_pymannkendalls(published: pd.Series, arbitrary: np.ndarray) -> None:
    expected = published["test_sens_slope"]
    ours = tr.sen_slope(arbitrary)
    assert ours.slope == pytest.approx(expected["slope"], rel=1e-12)
    assert ours.intercept == pytest.approx(expected["intercept"], rel=1e-12)
    assert ours.low < ours.slope < ours.high
    assert ours.low < 0 < ours.high  # no trend


@pytest.mark.parametrize("name", ["nile", "short5", "short8", "ties"])
def test_kendall_is_rs(kendall: pd.DataFrame, series: dict[str, pd.DataFrame], name: str) -> None:
    expected, data = kendall.loc[name], series[name]
    ours = tr.mann_kendall(data["y"], data["t"], continuity=False)
    assert ours.n == expected["n"]
    assert ours.tau_b == pytest.approx(expected["tau_b"], rel=1e-12)
    assert ours.z == pytest.approx(expected["z"], rel=1e-12)
    assert 2 * NormalDist().cdf(-abs(ours.z)) == pytest.approx(expected["p_normal"], rel=1e-9)
    assert ours.p == pytest.approx(expected["p_exact"], rel=1e-9)
    assert ours.method == ("exact" if ours.n < 10 else "normal")


def test_under_ten_points_the_normal_p_is_wrong(
    kendall: pd.DataFrame, series: dict[str, pd.DataFrame]
) -> None:
    """pyMannKendall has the normal p only: .050 and .0030 where the count gives .083 and .0017."""
    for name, normal, exact in (("short5", 0.0500, 0.0833), ("short8", 0.0030, 0.0017)):
        assert kendall.loc[name, "p_normal"] == pytest.approx(normal, abs=5e-5)
        ours = tr.mann_kendall(series[name]["y"], series[name]["t"])
        assert ours.p == pytest.approx(exact, abs=5e-5)


def test_trend_of_proportions_is_rs(vectors: Path) -> None:
    counts = pd.read_csv(vectors / "prop_trend_input.csv")
    expected = pd.read_csv(vectors / "prop_trend_R_expected.csv", index_col="set")
    for name, data in counts.groupby("set"):
        ours = tr.proportion_trend(data["x"], data["n"])
        assert ours.statistic == pytest.approx(expected.loc[name, "chisq"], rel=1e-10)
        assert ours.df == expected.loc[name, "df"]
        assert ours.p == pytest.approx(expected.loc[name, "p"], rel=1e-10)
    smokers = counts[counts["set"] == "R_smokers"]
    assert round(tr.proportion_trend(smokers["x"], smokers["n"]).statistic, 4) == 8.2249
