"""Ce qui ressort on the national build: similar territories, the core tartan, the first paint."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Sequence

from bench.browser import first_paints
from diagnostic.perimeter import Part, Perimeter
from pages import similar
from pages.comparator import place_comparator
from pages.reading import assessed, territories
from pages.shared import mart, resolved, use_published
from warehouse.core import load_core

NEIGHBOURS, TARTAN, PAINT = 0.5, 1.0, 3.0
Report = Callable[[str, float, str, float | None], None]


def neighbours(codes: Sequence[str]) -> list[float]:
    """Seconds to find the territories similar to each EPCI, nothing of it remembered."""
    times = []
    for code in codes:
        found = resolved(Perimeter((Part("epci", code),)))
        similar.similar(found)
        similar._similar.clear()
        start = time.perf_counter()
        similar.similar(found)
        times.append(time.perf_counter() - start)
    return times


def tartan(departement: str) -> tuple[int, float]:
    """EPCI of a département, and seconds to assess them on the core indicators, all remembered apart."""
    found = resolved(Perimeter((Part("departement", departement),)))
    comparator = place_comparator(found, found.comparators[0])
    bodies = list(mart("departement_epci", departements=[departement])["code"])
    core = [name for one in load_core() for name in one.indicators]

    def once() -> None:
        frame = assessed(found, comparator)
        frame = frame[frame.index.isin(core)]
        territories(["epci"] * len(bodies), bodies, frame["period"], frame["other"])

    once()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        once()
        times.append(time.perf_counter() - start)
    return len(bodies), statistics.median(times)


def run(codes: Sequence[str], report: Report) -> None:
    """Every measure on the build now published in GRADIENT_DATA_DIR."""
    use_published()
    found = neighbours(codes)
    report(
        f"Territoires similaires, {len(codes)} EPCI, médiane", statistics.median(found), "s", None
    )
    report("… au pire", max(found), "s", NEIGHBOURS)
    for departement in ("95", "62", "59"):
        bodies, seconds = tartan(departement)
        label = f"Indicateurs de base des {bodies} EPCI du département {departement}"
        report(label, seconds, "s", TARTAN)
    if shutil.which("chromium") is None:
        print("Chromium absent : premier affichage de Ce qui ressort non mesuré.")
        return
    paints = first_paints([f"epci:{code}" for code in codes[:6]])
    report(
        "Ce qui ressort, premier affichage dans Chromium, médiane",
        statistics.median(paints),
        "s",
        None,
    )
    report("… au pire", max(paints), "s", PAINT)
