"""Floating catchments on a country's worth of communes, beside pysal's `access` on the same pairs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from access import weights as pysal_weights
from access.fca import two_stage_fca
from scipy.spatial import cKDTree

from diagnostic.access import APL_2015, floating_catchment

Measure = tuple[str, float, str, float | None]

COMMUNES, NEIGHBOURS, REPEATS = 35_000, 86, 5
SIDE_KM, MINUTES_PER_KM = 740.0, 1.2


def country(communes: int = COMMUNES) -> tuple[pd.Series, pd.Series, pd.DataFrame]:
    """Supply, demand and travel times drawn at random: a square country, roads as straight lines.

    The 86 nearest communes (itself among them) reach as far as the 20 minutes of the APL.
    """
    random = np.random.default_rng(4)
    codes = pd.Index([f"{number:05d}" for number in range(communes)])
    places = random.random((communes, 2)) * SIDE_KM * np.sqrt(communes / COMMUNES)
    distance, near = cKDTree(places).query(places, k=NEIGHBOURS)
    costs = pd.DataFrame(
        {
            "origin": codes.take(np.repeat(np.arange(communes), NEIGHBOURS)),
            "destination": codes.take(near.ravel()),
            "cost": distance.ravel() * MINUTES_PER_KM,
        }
    )
    supply = pd.Series(random.poisson(1.5, communes).astype(float), index=codes)
    demand = pd.Series(np.ceil(random.lognormal(6, 1.2, communes)), index=codes)
    return supply, demand, costs


def with_pysal(supply: pd.Series, demand: pd.Series, costs: pd.DataFrame) -> pd.Series:
    """E2SFCA by pysal's `access`, same steps."""
    found = two_stage_fca(
        demand.rename_axis("geoid").to_frame("demand"),
        supply.rename_axis("geoid").to_frame("supply"),
        costs,
        max_cost=20,
        demand_index=True,
        cost_dest="destination",
        weight_fn=pysal_weights.step_fn({10: 1, 15: 2 / 3, 20: 1 / 3}),
    )
    return found.reindex(demand.index)


def median_seconds(action: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median duration of ``action``."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure_access() -> Iterator[Measure]:
    """E2SFCA on 35 000 communes and 3 million pairs: seconds, ratio to pysal, largest difference."""
    supply, demand, costs = country()
    ours = floating_catchment(supply, demand, costs, APL_2015)
    theirs = with_pysal(supply, demand, costs)
    seconds = median_seconds(lambda: floating_catchment(supply, demand, costs, APL_2015))
    pysal = median_seconds(lambda: with_pysal(supply, demand, costs), 2)
    difference = float(np.abs(ours - theirs).max() / ours.max())
    yield f"E2SFCA, {COMMUNES} communes, {len(costs) / 1e6:.1f} M de trajets", seconds, "s", None
    yield "… le même calcul par pysal access", pysal, "s", None
    yield "… rapporté à pysal access", seconds / pysal, "fois", 0.1
    yield "… plus grand écart relatif avec pysal access", difference, "", 1e-9
