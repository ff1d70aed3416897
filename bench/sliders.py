"""A slider of Cibler moved on the real page: every move is one that no cache knows."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

from streamlit.testing.v1 import AppTest

from warehouse.paths import ROOT

Report = Callable[[str, float, str, float | None], None]
MOVES = (30, 35, 40, 45, 50)


def measure_slider(perimeter: str, moves: Sequence[int] = MOVES) -> tuple[float, float]:
    """Median seconds of clock and of processor of a move, the 1 000 draws included."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    app.query_params["p"] = perimeter
    app.run()
    app.switch_page("pages/cibles.py")
    app.run()
    clock, processor = [], []
    for value in moves:
        app.slider[0].set_value(value)
        start, busy = time.perf_counter(), time.process_time()
        app.run()
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - busy)
    if app.exception:
        raise RuntimeError(f"la page Cibler a échoué : {app.exception[0].message}")
    return statistics.median(clock), statistics.median(processor)


def report_slider(
    label: str, perimeter: str, limit: float, report: Report, moves: Sequence[int] = MOVES
) -> None:
    """One measure beside its limit, and the time of the processor."""
    clock, processor = measure_slider(perimeter, moves)
    report(f"Curseur de Cibler, {label}", clock, "s", limit)
    report("… temps de processeur", processor, "s", None)
