"""The work of a refresh: fetch, then the national build. ``python -m warehouse.refresh_worker``.

Reads its order, one line of JSON, on the standard input, writes its progress on the standard
output, and stops when the input ends. warehouse.refresh drives it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from connectors.base import Scope
from connectors.cache import META
from connectors.errors import ConnectorError, SchemaDrift, SourceUnavailable
from connectors.http import Client
from warehouse.build import NATIONAL, Aside, Report, Step, build
from warehouse.errors import WarehouseError
from warehouse.fetch import RAW, FetchStep, SourceFetch, fetch
from warehouse.paths import data_dir, drop_folder
from warehouse.refresh import BUSY, LOCK

NICENESS = 5
TOLD_EVERY = 0.2
GRACE = 5.0
NOTHING = (
    "Aucun fichier n'a pu être obtenu, et aucun n'est déposé : il n'y a rien à construire. Les "
    "données affichées n'ont pas changé."
)


def tell(kind: str, **facts: Any) -> None:
    """One line to whoever drives; without a reader left, there is no point in going on."""
    try:
        sys.stdout.write(json.dumps({"kind": kind, **facts}, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    except OSError:
        os._exit(1)


class _Lifeline(threading.Thread):
    """Reads the standard input: an order, then its end, which interrupts the work."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.order: dict[str, Any] = {}
        self.cut = threading.Event()
        self._ready = threading.Event()

    def run(self) -> None:
        """Wait for the order, then for the end."""
        text = b""
        while chunk := os.read(0, 64 * 1024):
            text += chunk
            if b"\n" in text and not self._ready.is_set():
                self.order = json.loads(text.partition(b"\n")[0])
                self._ready.set()
        self.cut.set()
        self._ready.set()
        _interrupt()
        time.sleep(GRACE)
        os._exit(130)

    def wait_for_order(self) -> dict[str, Any]:
        """The order; empty when the input ended without one."""
        self._ready.wait()
        return self.order


def _interrupt() -> None:
    """Ctrl-C, in the main thread: a read that waits for the network ends too."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)


class _Teller:
    """Progress of a download, said often enough to be followed."""

    def __init__(self) -> None:
        self._last, self._what = 0.0, ("", "")

    def show(self, step: FetchStep) -> None:
        """Tell ``step`` unless one was just told of the same file; a file's end always is."""
        what = (step.source_id, step.file_name)
        whole = step.total is not None and step.done >= step.total
        now = time.monotonic()
        if what == self._what and not whole and now - self._last < TOLD_EVERY:
            return
        self._last, self._what = now, what
        tell(
            "file",
            source_id=step.source_id,
            file_name=step.file_name,
            position=step.position,
            done=step.done,
            total=step.total,
        )


def _tell_source(one: SourceFetch) -> None:
    gaps = [
        {"file_name": m.file_name, "reason": m.reason, "remedy": m.remedy, **_NO_COLUMNS}
        for m in one.missing
    ]
    tell(
        "source",
        source_id=one.source_id,
        where=one.where,
        files=len(one.files),
        oldest=one.oldest,
        gaps=gaps,
        told=one.told,
    )


_NO_COLUMNS: dict[str, list[str]] = {"missing": [], "extra": []}


def _gap(aside: Aside) -> dict[str, Any]:
    """Why the build went on without a file."""
    error = aside.error
    gap = {"file_name": aside.name, "reason": str(error), "remedy": "", **_NO_COLUMNS}
    if isinstance(error, SourceUnavailable):
        return gap | {"reason": error.reason, "remedy": error.remedy}
    if isinstance(error, SchemaDrift):
        return gap | {"missing": list(error.missing), "extra": list(error.extra)}
    return gap


def _tell_built(report: Report, folder: Path) -> None:
    dropped = drop_folder(folder)
    by_source = Counter(
        one.recognition.source_id
        for one in report.files.found
        if one.raw.path.is_relative_to(dropped)
    )
    tell(
        "built",
        path=str(report.published.path),
        fresh=report.fresh,
        aside=[{"source_id": one.source_id, "gap": _gap(one)} for one in report.aside],
        dropped=by_source,
        left=[{"file_name": one.path.name, "reason": one.reason} for one in report.files.unknown],
    )


def _work(order: dict[str, Any], folder: Path) -> None:
    if order["sources"]:
        scope = Scope(tuple(order["departements"]))
        with Client() as client:
            fetch(order["sources"], scope, folder, client, _Teller().show, each=_tell_source)
    if not _has_files(folder):
        tell("refused", sentence=NOTHING)
        return

    def show(step: Step) -> None:
        tell("step", done=step.done, total=step.total, label=step.label)

    tell("step", done=0, total=1, label="")
    _tell_built(build(NATIONAL, folder, show, go_on=True), folder)


def _has_files(folder: Path) -> bool:
    """Whether anything was fetched or dropped, now or before."""
    kept = drop_folder(folder)
    return any((folder / RAW).glob(f"*/*{META}")) or (kept.is_dir() and any(kept.iterdir()))


def main() -> int:
    """Carry out one order; 0 when it went well."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    lifeline = _Lifeline()
    lifeline.start()
    folder = data_dir()
    try:
        order = lifeline.wait_for_order()
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK, timeout=0):
            _work(order, folder)
    except KeyboardInterrupt:
        tell("stopped")
        return 130
    except Timeout:
        tell("refused", sentence=BUSY)
        return 1
    except (WarehouseError, ConnectorError) as error:
        tell("refused", sentence=str(error))
        return 1
    except OSError as error:
        reason = error.strerror or str(error)
        tell("refused", sentence=f"Le dossier des données n'est pas utilisable : {reason}.")
        return 1
    except duckdb.Error:
        if lifeline.cut.is_set():
            tell("stopped")
            return 130
        raise
    return 0


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
