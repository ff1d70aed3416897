"""``python -m bench``: speed and size of Gradient, each beside its limit.

Server times are medians of warm runs of the real pages. National measures need the producers'
files (``--depot``). The first screen and what a recolouring sends are measured in Chromium where it
is installed; otherwise they are said to be skipped.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from streamlit.testing.v1 import AppTest

from bench import comparer, inequality, maps
from bench.access import measure_access
from bench.browser import measure_in_browser
from bench.importing import measure_importing
from bench.livrables import measure_livrables
from bench.national import bench_national
from bench.need import measure_need
from bench.reunion import measure_reunion
from bench.sliders import report_slider
from pages.menu import PAGES as MENU
from warehouse.build import build
from warehouse.paths import ROOT, published
from warehouse.read import Warehouse

GRAND_QUERCY = (
    "epci:200023737,epci:200035327,epci:200039519,epci:244600433,epci:244600482,"
    "epci:244600532,epci:244600573"
)
REPEATS = 5


PAGES = tuple(name for entries in MENU.values() for name, *_ in entries)


def median_seconds(action: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median duration of ``action`` after one run that warms the caches."""
    action()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def report(label: str, value: float, unit: str, limit: float | None = None) -> None:
    """One line: what, how much, and the limit when there is one."""
    verdict = (
        ""
        if limit is None
        else f"  (limite {limit:g} {unit}, {'tenue' if value <= limit else 'DÉPASSÉE'})"
    )
    print(f"{label:<58} {value:>9.3f} {unit}{verdict}")


def bench_build() -> None:
    """Seconds of a build from nothing, and its ratio to reading the same files with pandas."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        built = build(folder=Path(folder))
        report("Construction de l'entrepôt embarqué", time.perf_counter() - start, "s", 60)
        report("Taille de l'entrepôt", built.published.path.stat().st_size / 1e6, "Mo", 200)


def bench_profile() -> None:
    """The mart behind the portrait, as a ratio to the plain pandas way."""
    warehouse = Warehouse(published().path)
    members = warehouse.mart("members")
    wanted = [part.split(":")[1] for part in GRAND_QUERCY.split(",")]
    codes = members.loc[members["parent_code"].isin(wanted), "commune_code"].tolist()
    with duckdb.connect(str(warehouse.path), read_only=True) as connection:
        observations = connection.execute("SELECT * FROM observation WHERE level = 'commune'").df()

    def with_pandas() -> object:
        mine = observations[observations["code"].isin(codes)]
        sums = mine.groupby(["indicator_id", "period"])[["numerator", "denominator", "value"]].sum()
        return sums["numerator"] / sums["denominator"]

    ours = median_seconds(
        lambda: warehouse.mart("profile", codes=codes, whole_level="", whole_code="")
    )
    plain = median_seconds(with_pandas)
    report("Profil de 147 communes (règles, états et couverture)", ours, "s")
    report("… rapporté à une somme groupée en pandas", ours / plain, "fois")
    warehouse.close()


def bench_pages() -> None:
    """Server time of each page on 147 communes, caches warm."""
    for page in PAGES:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        app.query_params["p"] = GRAND_QUERCY
        app.run()
        app.switch_page(f"pages/{page}.py")
        seconds = median_seconds(app.run)
        if app.exception:
            raise RuntimeError(f"la page {page} a échoué : {app.exception[0].message}")
        report(f"Page {page}, 147 communes, côté serveur", seconds, "s", 0.4)


def bench_science() -> None:
    """The calculations of diagnostic/, on made-up countries, beside their peers."""
    inequality.run(report)
    for measured in (*measure_need(), *measure_access()):
        report(*measured)


def bench_importing() -> None:
    """A visitor's file, read and recognised within time and memory."""
    warehouse = Warehouse(published().path)
    members = warehouse.mart("members")
    codes = sorted(members.loc[members["parent_level"] == "commune", "commune_code"])
    warehouse.close()
    for measured in measure_importing(codes):
        report(*measured)


def asked() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Vitesse et taille.")
    parser.add_argument("--depot", type=Path, help="dossier des fichiers des producteurs")
    parser.add_argument("--national", action="store_true", help="les mesures nationales seules")
    parser.add_argument(
        "--maps", action="store_true", help="les cartes seules, sur l'entrepôt publié"
    )
    parser.add_argument("--science", action="store_true", help="les calculs de diagnostic/ seuls")
    return parser.parse_args()


def main() -> None:
    """Run every measure."""
    options = asked()
    depot = options.depot.resolve() if options.depot else None
    os.chdir(ROOT)
    if options.maps:
        maps.run(report)
        return
    if not options.national:
        bench_science()
    if options.science:
        return
    bench_national(depot, PAGES, report)
    if options.national:
        return
    bench_build()
    subprocess.run([sys.executable, "-m", "warehouse", "build"], check=True, capture_output=True)
    bench_profile()
    bench_importing()
    bench_pages()
    report_slider("147 communes, 1 000 tirages", GRAND_QUERCY, 0.5, report)
    comparer.run(report)
    measure_livrables(GRAND_QUERCY, report)
    maps.run(report)
    if shutil.which("chromium") is None:
        print("Chromium absent : premier écran, mémoire et recoloriage non mesurés.")
        return
    for measured in (*measure_in_browser(GRAND_QUERCY, PAGES), *measure_reunion(GRAND_QUERCY)):
        report(*measured)


if __name__ == "__main__":
    main()
