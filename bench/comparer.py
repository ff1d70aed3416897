"""Comparer: the tartan of a département's intercommunalités, and its workbook, on the open build.

The 34 core indicators of the product are fewer than what a national build holds: every comparable
indicator that has a figure is drawn, which is the longer work.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from warehouse.paths import ROOT, published
from warehouse.read import Warehouse

LIMIT, REPEATS = 1.0, 5
SIX = ";".join(
    f"epci:{code}"
    for code in ("249500109", "200058485", "200056380", "200055655", "200058519", "200035970")
)


def largest_tartan() -> str:
    """Code of the département whose intercommunalités have the most cells."""
    opened = Warehouse(published().path)
    try:
        found = opened.mart("searchable")
        cells = {}
        for code in found.loc[found["level"] == "departement", "code"]:
            bodies = list(opened.mart("departement_epci", departements=[code])["code"])
            rows = opened.mart("level_values", levels=["epci"] * len(bodies), codes=bodies)
            cells[code] = len(rows[["code", "indicator_id"]].drop_duplicates())
        return max(cells, key=lambda code: cells[code])
    finally:
        opened.close()


def page_seconds(**parameters: str) -> float:
    """Median server time of the page at this address, caches warm."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["p"] = "epci:249500109"
    app.run()
    app.switch_page("pages/comparer.py")
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    if app.exception:
        raise RuntimeError(f"la page Comparer a échoué : {app.exception[0].message}")
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        app.run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def run(report: Callable[..., None]) -> None:
    """Every measure of this module; ``report(label, value, unit, limit=None)`` prints one."""
    code = largest_tartan()
    for departement in dict.fromkeys(("95", code)):
        seconds = page_seconds(vue="departement", dep=departement)
        report(f"Comparer : tartan du département {departement}, côté serveur", seconds, "s", LIMIT)
    report("Comparer : six intercommunalités côte à côte", page_seconds(t=SIX), "s", LIMIT)
