"""Inequality measures on a France of 1 254 EPCI; slope index beside a loop of statsmodels fits."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import statsmodels.api as sm

from diagnostic.inequality import measures, midrank, slope_index

EPCI, INDICATORS, DECILES, COLUMNS = 1_254, 100, 10, 300


def seconds(action: Callable[[], object], repeats: int = 3) -> float:
    """Shortest duration of ``action``, after one run that warms it."""
    action()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def run(report: Callable[..., None]) -> None:
    """Every measure of this module; ``report(label, value, unit, limit=None)`` prints one."""
    draw = np.random.default_rng(1)
    bench_measures(report, draw)
    bench_slopes(report, draw)


def bench_measures(report: Callable[..., None], draw: np.random.Generator) -> None:
    """All 23 measures with their intervals, for 100 indicators ranked by deprivation."""
    people, rank = draw.lognormal(10, 1, EPCI), draw.permutation(EPCI) + 1
    values, errors = draw.uniform(5, 30, (INDICATORS, EPCI)), draw.uniform(0.2, 2, EPCI)

    def whole_country() -> None:
        for value in values:
            measures(value, people, rank, errors, favourable=False, scale=100, reference=0)

    design = sm.add_constant(midrank(people, rank))

    def fits() -> None:
        for value in values:
            sm.WLS(value, design, weights=people).fit().conf_int()

    start = time.process_time()
    ours = seconds(whole_country, 1)
    processor = (time.process_time() - start) / 2  # one warming run and one timed run
    report(f"Inégalités : {INDICATORS} indicateurs, {EPCI} EPCI", ours, "s", 5)
    report("… dont temps de processeur", processor, "s")
    report("… rapporté à une seule droite statsmodels chacun", ours / seconds(fits), "fois")


def bench_slopes(report: Callable[..., None], draw: np.random.Generator) -> None:
    """The same deciles of many indicators: all at once, and one statsmodels fit each."""
    people = draw.lognormal(9, 0.2, DECILES)
    values = draw.uniform(0.05, 0.4, (DECILES, COLUMNS))
    errors = 0.05 * values
    design = sm.add_constant(midrank(people))

    def loop_wls() -> None:
        for column in values.T:
            sm.WLS(column, design, weights=people).fit().conf_int()

    def loop_glm() -> None:
        for column in values.T:
            sm.GLM(column, design, sm.families.Binomial(), var_weights=people / people.sum()).fit()

    line = seconds(lambda: slope_index(values, errors, people))
    report("Pente : boucle statsmodels / slope_index", seconds(loop_wls) / line, "fois")
    report("… slope_index / boucle statsmodels", line / seconds(loop_wls), "fois", 1 / 50)
    curve = seconds(lambda: slope_index(values, None, people, method="logit"))
    glm = seconds(loop_glm)
    report("Pente logistique : boucle statsmodels / slope_index", glm / curve, "fois")
    report("… slope_index / boucle statsmodels", curve / glm, "fois", 1 / 50)
    drawn = seconds(lambda: slope_index(values, errors, people, method="logit"), 1)
    report(f"… avec 100 000 tirages pour chacun des {COLUMNS} indicateurs", drawn, "s")
