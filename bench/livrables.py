"""The full set of documents of a large perimeter: seconds and memory."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from warehouse.paths import ROOT

SECONDS, GIGABYTES = 30.0, 1.0
Report = Callable[..., None]


def measure_livrables(perimeter: str, report: Report) -> None:
    """Word, slides, PDF, workbook and open data of ``perimeter``, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.livrables", perimeter],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, memory = map(float, done.stdout.split()[-2:])
    report("Livrables : les six documents, depuis rien", seconds, "s", SECONDS)
    report("Livrables : mémoire du processus", memory, "Go", GIGABYTES)


def _once(perimeter: str) -> tuple[float, float]:
    """Seconds of a first click, nothing remembered, and the most memory used by the process."""
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    test.query_params["p"] = perimeter
    test.run()
    test.switch_page("pages/livrables.py")
    test.query_params["p"] = perimeter
    test.run()
    button = next(one for one in test.button if one.label == "Préparer les documents")
    start = time.perf_counter()
    button.click().run()
    seconds = time.perf_counter() - start
    _, files, failed, _ = test.session_state["livrables"]
    if failed or len(files) != 6:
        raise RuntimeError(f"documents manquants : {failed}")
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    print(*_once(sys.argv[1]))
