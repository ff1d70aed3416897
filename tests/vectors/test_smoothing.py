"""Empirical Bayes against spdep on the sudden infant deaths of North Carolina (shared/vectors/spatial).

R5: to 1e-8. The local variant is pinned: spdep's ``geoda=TRUE``, which is esda's; spdep's default
is another estimator, 28 % apart on these counties.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from esda.smoothing import Empirical_Bayes

from diagnostic import smoothing as sm
from diagnostic.spatial import Weights, contiguity

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def counties(shared_dir: Path) -> pd.DataFrame:
    path = shared_dir / "vectors" / "spatial" / "nc_sids_spdep_expected.csv"
    return pd.read_csv(path, dtype={"fips": str}).set_index("fips")


@pytest.fixture(scope="module")
def weights(shared_dir: Path, counties: pd.DataFrame) -> Weights:
    pairs = pd.read_csv(shared_dir / "vectors" / "spatial" / "nc_sids_edges.csv", dtype=str)
    return contiguity(pairs.set_axis(["code", "neighbour"], axis=1), counties.index)


def test_global_is_spdep_s_marshall_and_esda_s(counties: pd.DataFrame) -> None:
    ours = sm.empirical_bayes(counties["sids74"], counties["births74"], nature="observed")
    assert len(ours) == 100
    assert np.allclose(ours["rate"], counties["raw"], rtol=1e-8, atol=0)
    assert np.allclose(ours["smoothed"], counties["eb_global_marshall"], rtol=1e-8, atol=0)
    esda = Empirical_Bayes(counties["sids74"], counties["births74"]).r.ravel()
    assert np.allclose(ours["smoothed"], esda, rtol=1e-8, atol=0)
    assert ((ours["low"] <= ours["smoothed"]) & (ours["smoothed"] <= ours["high"])).all()


def test_local_is_spdep_s_geoda_variant(counties: pd.DataFrame, weights: Weights) -> None:
    ours = sm.local_empirical_bayes(
        counties["sids74"], counties["births74"], weights, nature="observed"
    )
    peer = counties["eb_local_geoda"]
    # One county: spdep has 0 / 0 where no neighbour has any event. Zero is known, not absent.
    assert peer.isna().sum() == 1
    assert (ours.loc[peer.isna(), ["smoothed", "reference"]] == 0).all(axis=None)
    known = peer.notna()
    assert np.allclose(ours["smoothed"][known], peer[known], rtol=1e-8, atol=0)
    apart = np.abs(ours["smoothed"] / counties["eb_local_marshall"] - 1).max()
    assert apart == pytest.approx(0.28, abs=0.005)
