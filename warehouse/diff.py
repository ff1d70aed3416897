"""What changed between two builds: sources, indicators and periods, values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.errors import WarehouseError

SOURCES = """
SELECT coalesce(a.id, b.id) AS id,
       a.id IS NULL OR a.state = 'non chargé' AS absent_before,
       b.id IS NULL OR b.state = 'non chargé' AS absent_after,
       a.vintage, b.vintage, a.rows, b.rows
FROM avant.source a FULL JOIN apres.source b ON b.id = a.id
WHERE (a.state, a.vintage, a.rows, a.sha256) IS DISTINCT FROM (b.state, b.vintage, b.rows, b.sha256)
  AND NOT (absent_before AND absent_after)
ORDER BY 1
"""
PERIODS = """
SELECT indicator_id, period, count(*) AS figures FROM {one}.observation o
WHERE NOT EXISTS (
    FROM {other}.observation p WHERE p.indicator_id = o.indicator_id AND p.period = o.period
)
GROUP BY ALL ORDER BY ALL
"""
GAINED = """
SELECT DISTINCT indicator_id FROM {one}.observation
WHERE indicator_id NOT IN (SELECT indicator_id FROM {other}.observation)
ORDER BY 1
"""
# Sums differ in their last digits from one build to the next: that is no change.
VALUES = """
SELECT count(*) FILTER (WHERE a.indicator_id IS NULL),
       count(*) FILTER (WHERE b.indicator_id IS NULL),
       count(*) FILTER (
           WHERE a.indicator_id IS NOT NULL AND b.indicator_id IS NOT NULL
             AND (a.state <> b.state
                  OR (a.value IS NULL) <> (b.value IS NULL)
                  OR abs(a.value - b.value) > 1e-9 * greatest(1, abs(a.value)))
       )
FROM avant.observation a
FULL JOIN apres.observation b USING (indicator_id, level, code, period)
"""


@dataclass(frozen=True)
class SourceChange:
    """A source added, removed or changed; 0 rows and no vintage on the side that has it not."""

    id: str
    what: str
    vintages: tuple[str, str]
    rows: tuple[int, int]


@dataclass(frozen=True)
class PeriodChange:
    """An indicator's period that only one of the builds has, with its number of figures."""

    indicator_id: str
    period: str
    what: str
    figures: int


@dataclass(frozen=True)
class Difference:
    """From a build to another. ``added``, ``removed`` and ``changed`` count figures.

    ``gained`` and ``lost`` are indicators that only one of the builds has a figure of.
    """

    before: Path
    after: Path
    sources: tuple[SourceChange, ...]
    periods: tuple[PeriodChange, ...]
    added: int
    removed: int
    changed: int
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class UnknownBuild(WarehouseError):
    """A build that is not there, or that cannot be compared."""


def last_builds(folder: Path) -> tuple[Path, Path]:
    """The two last builds of ``folder``, the older first. Raises UnknownBuild."""
    builds = sorted(folder.glob("warehouse-*.duckdb"), key=lambda path: path.stat().st_mtime)
    if len(builds) < 2:
        raise UnknownBuild("Il faut deux constructions pour les comparer ; il n'y en a pas deux.")
    return builds[-2], builds[-1]


def find_build(folder: Path, name: str) -> Path:
    """The file of a build by its path or its identifier. Raises UnknownBuild."""
    for path in (folder / f"warehouse-{name}.duckdb", Path(name)):
        if path.is_file():
            return path
    raise UnknownBuild(f"Construction introuvable : {name}. Donnez un identifiant ou un chemin.")


def compare(before: Path, after: Path) -> Difference:
    """What changed from ``before`` to ``after``. Raises UnknownBuild for one of another structure."""
    with duckdb.connect() as connection:
        try:
            for name, path in (("avant", before), ("apres", after)):
                quoted = str(path).replace("'", "''")
                connection.execute(f"ATTACH '{quoted}' AS {name} (READ_ONLY)")
            return _compare(connection, before, after)
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise UnknownBuild(f"Comparaison impossible : {reason}") from error


def _compare(connection: duckdb.DuckDBPyConnection, before: Path, after: Path) -> Difference:
    sources = [
        SourceChange(
            name,
            "ajoutée" if absent_before else "retirée" if absent_after else "modifiée",
            ("" if absent_before else old, "" if absent_after else new),
            (0 if absent_before else rows, 0 if absent_after else new_rows),
        )
        for name, absent_before, absent_after, old, new, rows, new_rows in connection.execute(
            SOURCES
        ).fetchall()
    ]
    periods = [
        PeriodChange(indicator, period, what, figures)
        for what, one, other in (("ajoutée", "apres", "avant"), ("retirée", "avant", "apres"))
        for indicator, period, figures in connection.execute(
            PERIODS.format(one=one, other=other)
        ).fetchall()
    ]
    added, removed, changed = connection.execute(VALUES).fetchone() or (0, 0, 0)
    gained, lost = (
        tuple(
            name for (name,) in connection.execute(GAINED.format(one=one, other=other)).fetchall()
        )
        for one, other in (("apres", "avant"), ("avant", "apres"))
    )
    return Difference(
        before,
        after,
        tuple(sources),
        tuple(periods),
        added=int(added),
        removed=int(removed),
        changed=int(changed),
        gained=gained,
        lost=lost,
    )
