"""Build the warehouse in a temporary file, check it, then publish it in one step."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import duckdb
import pandas as pd
from filelock import FileLock, Timeout

from connectors import data_france, france_opendata
from connectors.cards import DATA, load_sources
from connectors.depot import Found, Unknown, scan
from connectors.errors import ConnectorError
from connectors.geometry import sketched
from warehouse.errors import BuildInProgress, ChecksFailed, NotBuilt, UnusableData
from warehouse.fetch import Refused, held
from warehouse.indicators import IndicatorCard, card_rows, load_indicators
from warehouse.loading import EMBEDDED, Loader, connectors, digest_of
from warehouse.paths import ROOT, SQL, Published, data_dir, drop_folder, point_to, published

LAYERS = ("1_staging", "2_core", "3_marts")
CODE = ("connectors", "warehouse")
PACKAGES = (data_france.PACKAGE, france_opendata.PACKAGE)
KEPT_BUILDS = 2
# Past this, DuckDB writes to the workshop: a national build fits in an ordinary laptop.
BUILD_SETTINGS: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "1500MB"}
NATIONAL = "national"


@dataclass(frozen=True)
class Step:
    """One step done, for whoever shows the progress."""

    done: int
    total: int
    label: str
    rows: int = 0
    seconds: float = 0.0


Progress = Callable[[Step], None]


@dataclass(frozen=True)
class Files:
    """Producers' files of a build: those a connector knows, and those left aside with a reason."""

    found: tuple[Found, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True)
class Aside:
    """A file that a build went on without, and why."""

    name: str
    source_id: str
    error: ConnectorError

    @property
    def reason(self) -> str:
        """Why, in French."""
        return str(self.error)


@dataclass(frozen=True)
class Report:
    """What a build did."""

    published: Published
    fresh: bool
    seconds: float
    rows: int
    files: Files = Files()
    aside: tuple[Aside, ...] = ()


def fingerprint(profile: str, files: Files = Files()) -> str:
    """Sixteen hexadecimal digits that change when code, SQL, cards or figures change."""
    digest = hashlib.sha256(profile.encode())
    digest.update(digest_of(files.found).encode())
    for path in _inputs():
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for package in PACKAGES:
        digest.update(f"{package}=={_installed_version(package)}".encode())
    return digest.hexdigest()[:16]


def _installed_version(package: str) -> str:
    """Version of a data package; one that is missing is told by its connector, with the remedy."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _inputs() -> Iterator[Path]:
    yield from sorted(SQL.rglob("*.sql"))
    yield from sorted(DATA.glob("*.yml"))
    for folder in ("sources", "columns", "embarque"):
        yield from sorted(path for path in (DATA / folder).iterdir() if path.is_file())
    for folder in CODE:
        yield from sorted((ROOT / folder).glob("*.py"))


def build(
    profile: str = "embarque",
    folder: Path | None = None,
    progress: Progress = lambda step: None,
    *,
    depot: Path | None = None,
    force: bool = False,
    go_on: bool = False,
    wait_seconds: float = 300.0,
) -> Report:
    """Build ``profile`` into ``folder`` and publish it; do nothing when it is up to date.

    ``depot`` is a drop folder whose files, known by their content, come over the embedded default;
    the national profile also takes what was dropped from the page Données and what was fetched.
    With ``go_on``, a producer's file that cannot be read is set aside, and the report names it;
    without, the build stops on it. A build that fails or is killed leaves the published one as it
    was. Raises ConnectorError (a source), ChecksFailed (a rule of the contract), BuildInProgress
    (lock held for longer than ``wait_seconds``).
    """
    folder = folder or data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    files = _dropped(depot) if depot else Files()
    if profile == NATIONAL:
        files = _with_kept(files, drop_folder(folder))
        files = _with_held(files, folder)
    if files.refused and not go_on:
        raise files.refused[0].error
    try:
        with FileLock(folder / "construction.lock", timeout=wait_seconds):
            return _build_locked(profile, folder, files, progress, force, go_on, start)
    except Timeout as error:
        raise BuildInProgress from error


def _dropped(depot: Path) -> Files:
    results = scan(depot, connectors())
    return Files(
        tuple(one for one in results if isinstance(one, Found)),
        tuple(one for one in results if isinstance(one, Unknown)),
    )


def _with_kept(files: Files, kept: Path) -> Files:
    """The files of ``--depot``, then those dropped from the page that they do not replace."""
    if not kept.is_dir():
        return files
    more = _dropped(kept)
    found, left = list(files.found), list(files.unknown + more.unknown)
    for one in more.found:
        replaced = (other for other in files.found if other.recognition == one.recognition)
        first = next(replaced, None)
        if first is None:
            found.append(one)
        elif first.raw.sha256 != one.raw.sha256:
            left.append(Unknown(one.raw.path, f"{first.raw.name}, de --depot, le remplace."))
    return Files(tuple(found), tuple(left))


def _with_held(files: Files, folder: Path) -> Files:
    """The files dropped, then those of the raw cache that they do not replace."""
    more = held(folder, files.found)
    return Files(files.found + more.found, files.unknown + more.unknown, more.refused)


def _build_locked(
    profile: str,
    folder: Path,
    files: Files,
    progress: Progress,
    force: bool,
    go_on: bool,
    start: float,
) -> Report:
    try:
        current = None if force else published(folder)
    except NotBuilt:
        current = None
    aside = [Aside(one.name, one.error.source_id, one.error) for one in files.refused]

    def report(fresh: bool, build: Published, rows: int = 0) -> Report:
        return Report(build, fresh, time.monotonic() - start, rows, files, tuple(aside))

    build_id = f"{profile}-{fingerprint(profile, files)}"
    if current is not None and current.build_id == build_id:
        return report(False, current)
    with _workshop(folder) as workshop:
        work = _Work(workshop, files, progress)
        read = work.load(aside if go_on else None)
        build_id = f"{profile}-{fingerprint(profile, replace(files, found=read))}"
        if current is not None and current.build_id == build_id:
            return report(False, current)
        rows = work.fill(profile, build_id)
        final = folder / f"warehouse-{build_id}.duckdb"
        work.database.replace(final)
        point_to(folder, build_id, final)
    _forget_old_builds(folder, keep=final)
    return report(True, Published(build_id, final), rows)


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """A private folder for this build; those that killed builds left behind are removed."""
    for left_behind in folder.glob(".construction-*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    path = Path(tempfile.mkdtemp(prefix=".construction-", dir=folder))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _forget_old_builds(folder: Path, keep: Path) -> None:
    builds = sorted(folder.glob("warehouse-*.duckdb"), key=lambda path: path.stat().st_mtime)
    for old in builds[:-KEPT_BUILDS]:
        if old != keep:
            old.unlink(missing_ok=True)


class _Work:
    """One build: sources into parquet, then the SQL, one step told at a time."""

    def __init__(self, workshop: Path, files: Files, progress: Progress) -> None:
        self.database = workshop / "warehouse.duckdb"
        self._loader, self._files, self._progress = Loader(workshop), files, progress
        cards = load_sources().values()
        self._embedded = [card for card in cards if card.connector in EMBEDDED]
        self._scripts = [path for layer in LAYERS for path in sorted((SQL / layer).glob("*.sql"))]
        self._total = len(self._embedded) + len(files.found) + len(self._scripts) + 2
        self._done = 0

    def _tell(self, label: str, rows: int, since: float) -> None:
        self._done += 1
        seconds = time.monotonic() - since
        self._progress(Step(self._done, self._total, label, rows, seconds))

    def load(self, aside: list[Aside] | None) -> tuple[Found, ...]:
        """Read every source; the files that were read.

        A file that cannot be is added to ``aside``. Raises its ConnectorError when that is None.
        """
        for card in self._embedded:
            since = time.monotonic()
            self._tell(card.title, self._loader.load_embedded(card), since)
        known = connectors() if self._files.found else {}
        read: list[Found] = []
        for found in self._files.found:
            since = time.monotonic()
            try:
                rows = self._loader.load_file(found, known[found.connector])
                read.append(found)
            except ConnectorError as error:
                if aside is None:
                    raise
                rows = 0
                aside.append(Aside(found.raw.name, found.recognition.source_id, error))
            self._tell(found.raw.name, rows, since)
        self._loader.locate()
        return tuple(read)

    def fill(self, profile: str, build_id: str) -> int:
        """Run the SQL and the checks; the number of observations."""
        with duckdb.connect(str(self.database), config=BUILD_SETTINGS) as connection:
            self._loader.register(connection)
            _register_cards(connection, load_indicators())
            _write_build_info(connection, profile, build_id)
            for script in self._scripts:
                since = time.monotonic()
                _run(connection, script)
                self._tell(f"SQL {script.parent.name}/{script.name}", 0, since)
            since = time.monotonic()
            rows = _sketch(connection)
            self._tell("Contours à l'échelle du pays", rows, since)
            since = time.monotonic()
            run_checks(connection)
            self._tell("Contrôles", 0, since)
            row = connection.execute("SELECT count(*) FROM observation").fetchone()
            connection.execute("CHECKPOINT")
        return int(row[0]) if row else 0


def _run(connection: duckdb.DuckDBPyConnection, script: Path) -> None:
    try:
        connection.execute(script.read_text("utf-8"))
    except (duckdb.ConversionException, duckdb.ConstraintException) as error:
        raise UnusableData(
            f"{script.parent.name}/{script.name}", str(error).splitlines()[0]
        ) from error


def _sketch(connection: duckdb.DuckDBPyConnection) -> int:
    """Fill territory_sketch from territory_geometry; the number of contours."""
    drawn = connection.execute(
        "SELECT level, code, geometry FROM territory_geometry "
        "WHERE level IN ('commune', 'arm') ORDER BY ALL"
    ).df()
    connection.register("raw_sketch", sketched(drawn))
    connection.execute("INSERT INTO territory_sketch SELECT level, code, geometry FROM raw_sketch")
    connection.unregister("raw_sketch")
    return len(drawn)


def _register_cards(
    connection: duckdb.DuckDBPyConnection, indicators: dict[str, IndicatorCard]
) -> None:
    connection.register("raw_indicator", pd.DataFrame(card_rows(indicators)).convert_dtypes())
    types = pd.read_csv(DATA / "columns" / "bpe_types.csv", dtype=str)
    connection.register("raw_bpe_types", types)


def _write_build_info(connection: duckdb.DuckDBPyConnection, profile: str, build_id: str) -> None:
    connection.execute("CREATE TABLE build_info (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
    connection.executemany(
        "INSERT INTO build_info VALUES (?, ?)",
        [
            ("build_id", build_id),
            ("profil", profile),
            ("construit_le", datetime.now(UTC).replace(microsecond=0).isoformat()),
        ],
    )


def checks(published_only: bool) -> list[Path]:
    """Queries of sql/checks, in order."""
    found = sorted((SQL / "checks").glob("*.sql"))
    return [path for path in found if not (published_only and path.name.startswith("build_"))]


def run_checks(connection: duckdb.DuckDBPyConnection, *, published_only: bool = False) -> None:
    """Run sql/checks: each query returns the offending rows. Raises ChecksFailed with all of them.

    ``published_only`` leaves out those that read the staging views of a build (build_*.sql).
    """
    offending: list[tuple[str, str, str]] = []
    for path in checks(published_only):
        rows = connection.execute(path.read_text("utf-8")).fetchall()
        offending += [(path.stem, str(problem), str(detail)) for problem, detail in rows]
    if offending:
        raise ChecksFailed(offending)
