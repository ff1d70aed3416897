"""Speed and memory of the robustness of the need index, on an imaginary country."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd

from diagnostic import redraw
from diagnostic.need import national_draws, national_reference

Measure = tuple[str, float, str, float | None]
COMMUNES, DOMAINS, INDICATORS_EACH, DRAWS, ON_PAGE = 35_000, 5, 4, 1000, 150


def imaginary_country(seed: int = 1) -> tuple[pd.DataFrame, pd.Series, dict[str, dict[str, int]]]:
    """Communes x correlated indicators, 3 % of values missing, populations as skewed as in life."""
    draw = np.random.default_rng(seed)
    codes = pd.Index([f"{number:05d}" for number in range(COMMUNES)])
    names = [f"i{number:02d}" for number in range(DOMAINS * INDICATORS_EACH)]
    values = 0.5 * draw.normal(size=(COMMUNES, 1)) + draw.normal(size=(COMMUNES, len(names)))
    values[draw.random(values.shape) < 0.03] = np.nan
    population = pd.Series(np.round(np.exp(draw.normal(6.2, 1.3, COMMUNES))) + 1, index=codes)
    domains = {f"d{number}": dict.fromkeys(names[number::DOMAINS], 1) for number in range(DOMAINS)}
    return pd.DataFrame(values, index=codes, columns=names), population, domains


def measure_need() -> Iterator[Measure]:
    """Each measure as (label, value, unit, limit)."""
    frame, population, domains = imaginary_country()
    weights = dict.fromkeys(domains, 1.0)
    errors = dict.fromkeys(frame.columns, 0.2)
    reference = national_reference(frame, population)
    start, used = time.perf_counter(), time.process_time()
    national = national_draws(
        frame, population, domains, weights, reference, errors=errors, draws=DRAWS
    )
    label = f"Besoin national, {COMMUNES} communes, {DRAWS} tirages"
    yield label, time.perf_counter() - start, "s", 10
    yield "… temps de processeur", time.process_time() - used, "s", None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
    yield "… mémoire la plus haute du processus", peak, "Go", 2
    yield from measure_moves(frame, population, domains, reference, errors, national.table)


def measure_moves(
    frame: pd.DataFrame,
    population: pd.Series,
    domains: dict[str, dict[str, int]],
    reference: pd.DataFrame,
    errors: dict[str, float],
    exact: pd.DataFrame,
) -> Iterator[Measure]:
    """Draws made ready, then a move of the weights, and how far the sample is from the country."""
    start = time.perf_counter()
    ready = redraw.make_ready(
        frame, population, domains, list(domains), reference, errors=errors, draws=DRAWS
    )
    page = frame.iloc[:ON_PAGE]
    terms = redraw.terms(page, ready, errors)
    label = f"Tirages apprêtés : {redraw.POINTS} points de France, {ON_PAGE} communes"
    yield label, time.perf_counter() - start, "s", 2
    weights = dict.fromkeys(domains, 1.0)
    start = time.perf_counter()
    under = redraw.under_limits(ready, terms, weights, redraw.limits(ready, weights))
    yield f"… un mouvement des poids, {DRAWS} tirages", time.perf_counter() - start, "s", 0.2
    gap = (under[0] - exact["p_socle"].iloc[:ON_PAGE].dropna()).abs().max()
    yield "… plus grand écart d'une probabilité au calcul complet", float(100 * gap), "points", 5
