"""The national build and its pages: seconds, memory and size, each beside its limit.

The producers' files are those of ``--depot``, of ``GRADIENT_BENCH_DEPOT``, or of the sibling folder
``../shared/open-data``; without them these measures are skipped.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from streamlit.testing.v1 import AppTest

from bench import standing_out
from bench.sliders import report_slider
from connectors.depot import Found, scan
from warehouse.loading import connectors
from warehouse.paths import ROOT, published
from warehouse.read import Warehouse

DEPOT = "GRADIENT_BENCH_DEPOT"
SIBLING = ROOT.parent / "shared" / "open-data"
DRAWN = 20
SEED = 20_240_101
MAYOTTE = "976"

Report = Callable[[str, float, str, float | None], None]


@dataclass(frozen=True)
class Run:
    """What a command took: seconds of clock and of processor, bytes of memory at most."""

    seconds: float
    processor: float
    peak_bytes: int


def depot_folder(asked: Path | None) -> Path | None:
    """The producers' files, or None when they are not on this machine."""
    folder = asked or Path(os.environ.get(DEPOT) or SIBLING)
    return folder.resolve() if folder.is_dir() else None


def run(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Run:
    """Run Python on ``arguments`` and measure it alone (Linux, macOS). Raises on failure."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        if process.returncode:
            said.seek(0)
            raise RuntimeError(said.read().decode("utf-8", errors="replace"))
    # ru_maxrss counts kibibytes on Linux, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)


def bench_build(depot: Path, folder: Path, report: Report) -> None:
    """The build into ``folder``, and its ratio to reading the recognised files, run just after."""
    built = run(
        ["-m", "warehouse", "build", "--profil", "national", "--depot", str(depot)],
        {"GRADIENT_DATA_DIR": str(folder)},
    )
    paths = [str(one.raw.path) for one in scan(depot, connectors()) if isinstance(one, Found)]
    plain = run(["-m", "bench.plain", *paths])
    report("Construction nationale", built.seconds, "s", 120)
    report("… temps de processeur", built.processor, "s", None)
    report("… mémoire au plus", built.peak_bytes / 1e9, "Go", 3)
    report("… rapportée à la lecture des mêmes fichiers", built.seconds / plain.seconds, "fois", 4)
    report("… taille de l'entrepôt", published(folder).path.stat().st_size / 1e6, "Mo", 200)


@contextmanager
def data_folder(folder: Path) -> Iterator[None]:
    """``folder`` as the data folder of the application, for the time of a block."""
    before = os.environ.get("GRADIENT_DATA_DIR")
    os.environ["GRADIENT_DATA_DIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["GRADIENT_DATA_DIR"]
        else:
            os.environ["GRADIENT_DATA_DIR"] = before


def sample_of_epci(warehouse: Warehouse) -> list[str]:
    """The largest, the smallest, the one with most communes, overseas, Mayotte, and twenty drawn."""
    found = warehouse.mart("searchable").query("level == 'epci'").set_index("code").sort_index()
    people = found["population"].astype(float)
    members = warehouse.mart("members").query("parent_level == 'epci'")["parent_code"]
    overseas = found["departement"].str.startswith("97") & (found["departement"] != MAYOTTE)
    chosen = [
        people.idxmax(),
        people.idxmin(),
        members.value_counts().idxmax(),
        *_one_a_departement(found[overseas]),
        *_one_a_departement(found[found["departement"] == MAYOTTE]),
        *random.Random(SEED).sample(list(found.index), DRAWN),
    ]
    return list(dict.fromkeys(map(str, chosen)))


def _one_a_departement(frame: pd.DataFrame) -> list[str]:
    return [str(group.index[0]) for _, group in frame.groupby("departement")]


@dataclass(frozen=True)
class Visit:
    """Seconds of a page on an EPCI: shown first, then again (clock and processor)."""

    first: float
    warm: float
    processor: float


def bench_pages(folder: Path, pages: Sequence[str], report: Report) -> None:
    """Server time of each page on each EPCI of the sample, warm: median and worst.

    « À la première visite » is the first time that a warm server shows that EPCI.
    """
    with data_folder(folder):
        warehouse = Warehouse(published().path)
        codes = sample_of_epci(warehouse)
        warehouse.close()
        standing_out.run(codes, report)
        for page in pages:
            _visit(page, codes[-1])
            visits = [_visit(page, code) for code in codes]
            warm, first = [one.warm for one in visits], [one.first for one in visits]
            label = f"Page {page}, {len(codes)} EPCI de France"
            report(f"{label}, médiane", statistics.median(warm), "s", None)
            report(f"{label}, au pire", max(warm), "s", 0.4)
            report("… processeur, au pire", max(one.processor for one in visits), "s", None)
            report("… à la première visite, médiane", statistics.median(first), "s", None)
            report("… à la première visite, au pire", max(first), "s", None)


def _visit(page: str, code: str) -> Visit:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["p"] = f"epci:{code}"
    app.run()
    app.switch_page(f"pages/{page}.py")
    clock, processor = [], []
    for _ in range(4):
        start, busy = time.perf_counter(), time.process_time()
        app.run()
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - busy)
    if app.exception:
        raise RuntimeError(f"la page {page} a échoué sur {code} : {app.exception[0].message}")
    return Visit(clock[0], statistics.median(clock[1:]), statistics.median(processor[1:]))


def bench_national(asked: Path | None, pages: Sequence[str], report: Report) -> None:
    """Every national measure, or one line that says why there is none."""
    depot = depot_folder(asked)
    if depot is None:
        print(
            f"Mesures nationales sautées : le dossier {asked or SIBLING} est absent. Donnez celui des "
            f"fichiers des producteurs avec --depot ou {DEPOT}."
        )
        return
    if not hasattr(os, "wait4"):
        print("Mesures nationales sautées : ce système ne dit pas la mémoire d'une commande.")
        return
    with tempfile.TemporaryDirectory() as name:
        bench_build(depot, Path(name), report)
        bench_pages(Path(name), pages, report)
        with data_folder(Path(name)):
            report_slider("France entière, 1 000 tirages", "france:FR", 10, report, (30, 35))
