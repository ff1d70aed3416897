"""A refresh of the data behind the screen: one job at a time, in a process of its own.

The work (warehouse.refresh_worker) is heavy: apart, it leaves the pages their interpreter. It tells
its progress in lines of JSON; the end of its standard input, be it a cancellation or the death of
the server, stops it. What is downloaded stays, and a build is published whole or not at all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from warehouse.errors import NotBuilt, WarehouseError
from warehouse.paths import ROOT, data_dir, published

Phase = Literal["telechargement", "construction", "fini", "arrete", "echec"]
LOCK = "actualisation.lock"
BUSY = (
    "Un chargement est déjà en cours sur cette machine : attendez qu'il se termine, ou annulez-le."
)
INTERRUPTED = (
    "Le chargement s'est interrompu avant la fin. Les données affichées n'ont pas changé, et ce qui "
    "était téléchargé est gardé : relancez-le, il reprendra où il en était. Si cela se répète, le "
    "détail est dans le terminal qui a lancé Gradient."
)
# Asking for files takes longer than the build that follows, on most networks.
FETCH_SHARE = 0.6


@dataclass(frozen=True)
class Order:
    """What to load: ``sources`` for ``departements`` (the whole country when empty).

    Without a source nothing is asked for: the build takes what was dropped and had before.
    """

    sources: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gap:
    """A file that could not be had or read, why and what to do, in French.

    For a format that changed, the columns that are ``missing`` and those that are ``extra``.
    """

    file_name: str
    reason: str
    remedy: str = ""
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Gap:
        """From the worker's JSON."""
        columns = {key: tuple(found[key]) for key in ("missing", "extra")}
        return cls(**{**found, **columns})


@dataclass(frozen=True)
class SourceResult:
    """What became of one source: what was had of it, what was missing, what the build left aside.

    ``where``: as ``fetch.SourceFetch.where``, or « déposé ».
    """

    source_id: str
    where: str
    files: int = 0
    oldest: str = ""
    gaps: tuple[Gap, ...] = ()
    told: tuple[str, ...] = ()
    aside: tuple[Gap, ...] = ()


@dataclass(frozen=True)
class Left:
    """A file that no source took, and why."""

    file_name: str
    reason: str


@dataclass(frozen=True)
class State:
    """Where a refresh is. ``fraction`` goes from 0 to 1; ``bytes_had`` are those of this run."""

    order: Order
    phase: Phase
    source_id: str = ""
    file_name: str = ""
    position: int = 0
    done: int = 0
    total: int | None = None
    bytes_had: int = 0
    step: int = 0
    steps: int = 0
    results: tuple[SourceResult, ...] = ()
    left: tuple[Left, ...] = ()
    before: Path | None = None
    after: Path | None = None
    sentence: str = ""
    seconds: float = 0.0

    @property
    def running(self) -> bool:
        """Whether the work goes on."""
        return self.phase in ("telechargement", "construction")

    @property
    def fraction(self) -> float:
        """Share of the work that is done."""
        share = FETCH_SHARE if self.order.sources else 0.0
        if self.phase == "telechargement":
            within = self.done / self.total if self.total else 0.0
            past = max(self.position - 1, 0) + min(within, 1.0)
            return share * past / max(len(self.order.sources), 1)
        built = self.step / self.steps if self.steps else 0.0
        return share + (1 - share) * min(built, 1.0)


class RefreshInProgress(WarehouseError):
    """A refresh is under way."""

    def __init__(self) -> None:
        super().__init__(BUSY)


@dataclass
class Job:
    """One refresh of the data of ``folder``. Safe between threads."""

    order: Order
    folder: Path
    _state: State = field(init=False)

    def __post_init__(self) -> None:
        """Start the worker."""
        self._lock = threading.Lock()
        self._since = time.monotonic()
        self._bytes: dict[tuple[str, str], int] = {}
        self._cancelled = False
        phase: Phase = "telechargement" if self.order.sources else "construction"
        self._state = State(self.order, phase, before=_published_file(self.folder))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "warehouse.refresh_worker"],
            cwd=ROOT,
            env=os.environ | {"GRADIENT_DATA_DIR": str(self.folder), "PYTHONUTF8": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(self.order)) + "\n")
        self._process.stdin.flush()
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    @property
    def state(self) -> State:
        """Where the work is at this moment."""
        with self._lock:
            state = self._state
        if not state.running:
            return state
        return replace(state, seconds=time.monotonic() - self._since)

    @property
    def pid(self) -> int:
        """Process of the worker."""
        return self._process.pid

    def cancel(self) -> None:
        """Ask the worker to stop; what was downloaded stays, and nothing is published."""
        with self._lock:
            self._cancelled = True
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()

    def wait(self, seconds: float) -> State:
        """The state once the work has ended, or after ``seconds``."""
        self._reader.join(seconds)
        return self.state

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = _message(line)
            if message:
                self._apply(message)
        self._process.wait()
        self._process.stdout.close()
        with self._lock:
            if self._state.running:
                self._end("arrete" if self._cancelled else "echec", INTERRUPTED)

    def _end(self, phase: Phase, sentence: str = "") -> None:
        seconds = time.monotonic() - self._since
        self._state = replace(self._state, phase=phase, sentence=sentence, seconds=seconds)

    def _apply(self, message: Mapping[str, Any]) -> None:
        kind = message["kind"]
        with self._lock:
            if kind == "file":
                self._progress(message)
            elif kind == "source":
                self._state = replace(self._state, results=(*self._state.results, _result(message)))
            elif kind == "step":
                self._state = replace(
                    self._state,
                    phase="construction",
                    step=int(message["done"]),
                    steps=int(message["total"]),
                )
            elif kind == "built":
                self._built(message)
            elif kind == "refused":
                self._end("echec", str(message["sentence"]))
            elif kind == "stopped":
                self._end("arrete")

    def _progress(self, message: Mapping[str, Any]) -> None:
        key = (str(message["source_id"]), str(message["file_name"]))
        self._bytes[key] = int(message["done"])
        self._state = replace(
            self._state,
            source_id=key[0],
            file_name=key[1],
            position=int(message["position"]),
            done=int(message["done"]),
            total=message["total"],
            bytes_had=sum(self._bytes.values()),
        )

    def _built(self, message: Mapping[str, Any]) -> None:
        aside: dict[str, list[Gap]] = {}
        for one in message["aside"]:
            aside.setdefault(one["source_id"], []).append(Gap.read(one["gap"]))
        results = [
            replace(one, aside=tuple(aside.pop(one.source_id, ()))) for one in self._state.results
        ]
        for source_id, files in message["dropped"].items():
            kept = [one for one in results if one.source_id != source_id or one.gaps or one.aside]
            gaps = tuple(aside.pop(source_id, ()))
            results = [*kept, SourceResult(source_id, "déposé", int(files), aside=gaps)]
        results += [SourceResult(name, "cache", aside=tuple(gaps)) for name, gaps in aside.items()]
        self._state = replace(
            self._state,
            results=tuple(results),
            left=tuple(Left(**one) for one in message["left"]),
            after=Path(message["path"]),
        )
        self._end("fini")


def _message(line: str) -> dict[str, Any]:
    """A line of the worker; empty for what is not one."""
    try:
        read = json.loads(line)
    except ValueError:
        return {}
    return read if isinstance(read, dict) and "kind" in read else {}


def _result(message: Mapping[str, Any]) -> SourceResult:
    return SourceResult(
        source_id=message["source_id"],
        where=message["where"],
        files=int(message["files"]),
        oldest=message["oldest"],
        gaps=tuple(Gap.read(one) for one in message["gaps"]),
        told=tuple(message["told"]),
    )


def _published_file(folder: Path) -> Path | None:
    try:
        return published(folder).path
    except NotBuilt:
        return None


_jobs: dict[Path, Job] = {}
_starting = threading.Lock()


def job(folder: Path | None = None) -> Job | None:
    """The refresh of ``folder`` that this server runs, or the last one it ran."""
    return _jobs.get((folder or data_dir()).resolve())


def start(order: Order, folder: Path | None = None) -> Job:
    """Start a refresh. Raises RefreshInProgress when this server already runs one.

    One that another program runs is told by the state of the job, which then fails at once.
    """
    where = (folder or data_dir()).resolve()
    with _starting:
        current = _jobs.get(where)
        if current is not None and current.state.running:
            raise RefreshInProgress
        _jobs[where] = Job(order, where)
        return _jobs[where]
