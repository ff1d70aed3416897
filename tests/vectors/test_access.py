"""Floating catchments against pysal's ``access`` on its three-hospital example (shared/vectors/access).

R7: 2SFCA and E2SFCA to 1e-9, and conservation, in each scenario of travel times and each decay.
3SFCA differs where the peer lets sites beyond the catchment count among the choices.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from access import weights as pysal_weights
from access.fca import two_stage_fca

from diagnostic import access as ac

pytestmark = pytest.mark.shared

LIMIT = 60.0  # the peer's catchment; the costs of its scenarios go up to 80
Shape = Callable[[np.ndarray], np.ndarray]
SHAPES: dict[str, Shape] = {
    "step_APL_10_15_20": ac.APL_2015.weigh,
    "step_30_60_90": ac.steps({30: 1, 60: 0.42, 90: 0.09}).weigh,
    "gravity_-1": np.reciprocal,
    "gaussian_20": ac.gaussian(20, np.inf).weigh,
}
SCENARIOS = ["gridlock", "in_faster", "out_faster", "sym_fast"]


@pytest.fixture(scope="module")
def vectors(shared_dir: Path) -> Path:
    return shared_dir / "vectors" / "access"


@pytest.fixture(scope="module")
def tracts(vectors: Path) -> pd.DataFrame:
    return pd.read_csv(vectors / "hospital_example_tracts.csv", dtype={"geoid": str}).set_index(
        "geoid"
    )


def travel(vectors: Path, scenario: str) -> pd.DataFrame:
    table = pd.read_csv(vectors / "hospital_example_costs.csv", dtype={"origin": str, "dest": str})
    return table[table["scenario"] == scenario].rename(columns={"dest": "destination"})


def expected(vectors: Path, scenario: str, weight: str) -> pd.DataFrame:
    table = pd.read_csv(
        vectors / "hospital_example_expected_access_lib.csv", dtype={"geoid": str}
    ).set_index("geoid")
    return table[(table["scenario"] == scenario) & (table["weight"] == weight)]


def test_every_scenario_and_decay_is_covered(vectors: Path) -> None:
    table = pd.read_csv(vectors / "hospital_example_expected_access_lib.csv")
    assert set(table["weight"]) == set(SHAPES)
    assert set(table["scenario"]) == set(SCENARIOS)
    assert len(table) == 3 * len(SHAPES) * len(SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("weight", list(SHAPES))
def test_two_stage_and_enhanced(
    vectors: Path, tracts: pd.DataFrame, scenario: str, weight: str
) -> None:
    peer = expected(vectors, scenario, weight)
    costs = travel(vectors, scenario)
    # The peer's two-stage run takes no decay: all pairs within the limit count the same.
    for column, decay in (
        ("t2_doc", ac.binary(LIMIT)),
        ("e2_doc", ac.Decay(weight, LIMIT, SHAPES[weight])),
    ):
        ours = ac.floating_catchment(tracts["doc"], tracts["pop"], costs, decay)
        assert np.allclose(ours[peer.index], peer[column], rtol=0, atol=1e-9)
        assert (ours * tracts["pop"]).sum() == pytest.approx(tracts["doc"].sum(), rel=1e-9)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("weight", list(SHAPES))
def test_three_stage_chooses_within_the_catchment(
    vectors: Path, tracts: pd.DataFrame, scenario: str, weight: str
) -> None:
    """The chance of choosing j is shared between the sites of the catchment (Wan et al. 2012).

    The peer also counts those beyond it (here at 80, when its decay gives them a weight), where
    nobody goes: its 3SFCA is ours with the APL steps, which stop before, and not otherwise.
    """
    peer = expected(vectors, scenario, weight)["t3_doc"]
    shape = SHAPES[weight]
    costs = travel(vectors, scenario)
    matrix = costs.pivot(index="origin", columns="destination", values="cost").to_numpy(dtype=float)
    values = shape(matrix.ravel()).reshape(matrix.shape)
    within = values * (matrix <= LIMIT)

    def by_formula(choice: np.ndarray) -> np.ndarray:
        share = within * within / choice.sum(axis=1, keepdims=True)
        return share @ (tracts["doc"].to_numpy() / (tracts["pop"].to_numpy() @ share))

    ours = ac.floating_catchment(
        tracts["doc"], tracts["pop"], costs, ac.Decay(weight, LIMIT, shape), selection=True
    )
    assert np.allclose(ours, by_formula(within), rtol=0, atol=1e-9)
    assert np.allclose(peer, by_formula(values), rtol=0, atol=1e-9)
    same = np.allclose(ours, peer, rtol=0, atol=1e-9)
    assert same == (weight == "step_APL_10_15_20")
    assert (ours * tracts["pop"]).sum() == pytest.approx(tracts["doc"].sum(), rel=1e-9)


def test_country_of_pairs_drawn_at_random() -> None:
    """Against the peer run here, with origins that it leaves out: unknown when not listed, else 0."""
    random = np.random.default_rng(3)
    codes = pd.Index([f"{i:04d}" for i in range(400)])
    pairs = random.choice(400 * 400, 9000, replace=False)
    costs = pd.DataFrame(
        {
            "origin": codes[pairs // 400],
            "destination": codes[pairs % 400],
            "cost": random.integers(0, 60, 9000),
        }
    )
    costs = costs[~costs["origin"].isin(codes[:3])]
    costs.loc[costs["origin"] == codes[3], "cost"] = 30
    supply = pd.Series(random.poisson(2, 400) + 0.0, index=codes)
    demand = pd.Series(random.integers(50, 5000, 400) + 0.0, index=codes)
    peer = two_stage_fca(
        demand.rename_axis("geoid").to_frame("demand"),
        supply.rename_axis("geoid").to_frame("supply"),
        costs,
        max_cost=20,
        demand_index=True,
        cost_dest="destination",
        weight_fn=pysal_weights.step_fn({10: 1, 15: 2 / 3, 20: 1 / 3}),
    )
    ours = ac.floating_catchment(supply, demand, costs, ac.APL_2015)
    assert ours[:3].isna().all()
    assert ours.iloc[3] == 0
    assert not peer.index.isin(codes[:4]).any()
    assert np.allclose(ours[peer.index], peer, rtol=1e-9, atol=0)
    left_out = ours.drop(peer.index)
    assert (left_out.isna() | (left_out == 0)).all()
