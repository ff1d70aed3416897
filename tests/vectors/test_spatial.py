"""Moran, LISA and Getis-Ord against spdep and esda on the sudden infant deaths of North Carolina.

R5: Moran, EB Moran, G and G* to 1e-8; LISA x n/(n - 1). The global values are those printed in
docs/methodologie.md. Permutation p-values have no reference to the digit: they are compared with esda's
draws, and its default p is shown to be wrong where values are tied.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from esda.getisord import G_Local
from esda.moran import Moran_Local
from scipy.stats import false_discovery_control

from diagnostic import spatial as sp

pytestmark = [
    pytest.mark.shared,
    pytest.mark.filterwarnings("ignore:The alternative hypothesis:DeprecationWarning"),
]

HYDE = "37055"


@pytest.fixture(scope="module")
def counties(shared_dir: Path) -> pd.DataFrame:
    path = shared_dir / "vectors" / "spatial" / "nc_sids_spdep_expected.csv"
    return pd.read_csv(path, dtype={"fips": str}).set_index("fips")


@pytest.fixture(scope="module")
def weights(shared_dir: Path, counties: pd.DataFrame) -> sp.Weights:
    pairs = pd.read_csv(shared_dir / "vectors" / "spatial" / "nc_sids_edges.csv", dtype=str)
    return sp.contiguity(pairs.set_axis(["code", "neighbour"], axis=1), counties.index)


@pytest.fixture(scope="module")
def local(counties: pd.DataFrame, weights: sp.Weights) -> sp.LocalTest:
    return sp.lisa(counties["raw"], weights, nature="observed", permutations=39_999)


def esda_local(counties: pd.DataFrame, weights: sp.Weights, permutations: int) -> Moran_Local:
    values = counties.loc[weights.codes, "raw"].to_numpy()
    return Moran_Local(values, weights.graph(), permutations=permutations, seed=1)


def test_global_moran_of_rates_and_of_standardised_rates(
    counties: pd.DataFrame, weights: sp.Weights
) -> None:
    plain = sp.moran(counties["raw"], weights, nature="observed")
    assert plain.statistic == pytest.approx(0.238517, abs=5e-7)
    assert (plain.n, plain.islands) == (100, ())
    rates = sp.moran_rates(counties["sids74"], counties["births74"], weights, nature="observed")
    assert rates.statistic == pytest.approx(0.254231, abs=5e-7)
    assert plain.p == rates.p == 2 / 1000


def test_lisa_is_spdep_s_but_for_its_factor(
    counties: pd.DataFrame, weights: sp.Weights, local: sp.LocalTest
) -> None:
    ours = local.table["statistic"]
    assert np.allclose(ours, counties["lisa_Ii"] * 99 / 100, rtol=0, atol=1e-8)
    assert np.allclose(local.table["lag"], counties["lagW"], rtol=0, atol=1e-12)
    esda = esda_local(counties, weights, permutations=0)
    assert np.allclose(ours[weights.codes], esda.Is, rtol=0, atol=1e-8)


@pytest.mark.parametrize(("star", "column"), [(False, "localG"), (True, "localGstar")])
def test_getis_ord_is_spdep_s(
    counties: pd.DataFrame, weights: sp.Weights, star: bool, column: str
) -> None:
    ours = sp.getis_ord(counties["raw"], weights, nature="observed", star=star).table
    assert np.allclose(ours["statistic"], counties[column], rtol=0, atol=1e-8)
    esda = G_Local(
        counties.loc[weights.codes, "raw"].to_numpy(),
        weights.graph(),
        transform="B",
        star=star,
        permutations=0,
    )
    assert np.allclose(ours["statistic"][weights.codes], esda.Zs, rtol=0, atol=1e-8)


def test_permutation_p_is_that_of_esda_s_own_draws(
    counties: pd.DataFrame, weights: sp.Weights, local: sp.LocalTest
) -> None:
    """esda's simulated statistics, read on both sides, ties included."""
    esda = esda_local(counties, weights, permutations=39_999)
    above = (esda.sim >= esda.Is - 1e-9).sum(axis=0)
    below = (esda.sim <= esda.Is + 1e-9).sum(axis=0)
    two_sided = np.minimum(1, 2 * (np.minimum(above, below) + 1) / 40_000)
    ours = local.table["p"][weights.codes]
    assert np.allclose(ours, two_sided, rtol=0, atol=0.02)


def test_without_fdr_the_map_is_noise(
    counties: pd.DataFrame, weights: sp.Weights, local: sp.LocalTest
) -> None:
    """docs/methodologie.md: 9 of 100 analytically, 19-20 by esda's permutations, 1 or 0 after FDR."""
    assert (counties["lisa_p_analytic"] < 0.05).sum() == 9
    for permutations in (999, 9_999):
        esda = esda_local(counties, weights, permutations)
        assert (esda.p_sim < 0.05).sum() in (19, 20)
        assert (false_discovery_control(esda.p_sim) < 0.05).sum() in (0, 1)
    # Read on both sides, as the analytic p is, the permutations agree with it.
    assert (local.table["p"] < 0.05).sum() in (8, 9)
    assert (local.table["p_fdr"] < 0.05).sum() == 0
    assert set(local.table["class"]) == {sp.NOT_SIGNIFICANT}


def test_the_one_that_esda_keeps_is_an_artefact_of_ties(
    counties: pd.DataFrame, weights: sp.Weights, local: sp.LocalTest
) -> None:
    """Hyde has no case, nor has its only neighbour: 12 of the 99 others have none either.

    Such a draw happens 12 times in 99, p = 24/99. esda counts #>= = every draw, folds it to 0 and
    gives 1/(permutations + 1), which passes FDR at 9 999 permutations.
    """
    esda = esda_local(counties, weights, permutations=9_999)
    kept = false_discovery_control(esda.p_sim) < 0.05
    assert weights.codes[kept].tolist() == [HYDE]
    assert esda.p_sim[kept] == pytest.approx(1 / 10_000)
    assert local.table.loc[HYDE, "neighbours"] == 1
    assert local.table.loc[HYDE, ["value", "lag"]].tolist() == [0, 0]
    others = counties["raw"].drop(HYDE)
    assert local.table.loc[HYDE, "p"] == pytest.approx(2 * (others == 0).mean(), abs=0.01)
