"""The national profile on the producers' real files, with the embedded default under it."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from warehouse.build import Report, build
from warehouse.read import Warehouse

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def national(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return build("national", tmp_path_factory.mktemp("national"), depot=shared_dir / "open-data")


@pytest.fixture(scope="module")
def base(national: Report) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(national.published.path), read_only=True) as connection:
        yield connection


def one(base: duckdb.DuckDBPyConnection, sql: str) -> tuple:
    row = base.execute(sql).fetchone()
    assert row is not None
    return row


def figure(base: duckdb.DuckDBPyConnection, indicator: str, level: str, code: str, period: str):
    row = base.execute(
        "SELECT value, state, coverage FROM observation "
        "WHERE indicator_id = ? AND level = ? AND code = ? AND period = ?",
        [indicator, level, code, period],
    ).fetchone()
    assert row is not None
    return row


def test_every_data_file_is_recognised(national: Report) -> None:
    """What is left aside holds no figures: recorded answers, layouts, headers, documents."""
    left = {unknown.path.name for unknown in national.files.unknown}
    assert len(national.files.found) >= 35
    assert not {name for name in left if name.endswith((".xlsx", ".zip", ".parquet"))}
    assert "cc_filosofi_2021_COM.csv" not in left
    assert "README.md" in left


def test_a_mean_weighs_with_its_own_population(base: duckdb.DuckDBPyConnection) -> None:
    """DREES publishes 3.745 for France and 2.410 for the Val-d'Oise, on standardised people."""
    value, state, _ = figure(base, "apl_medecins_generalistes", "departement", "95", "2023")
    assert (value, state) == (pytest.approx(2.410, abs=5e-4), "ok")
    weighted = one(
        base,
        "SELECT sum(value * weight) / sum(weight) FROM observation "
        "WHERE indicator_id = 'apl_medecins_generalistes' AND level = 'commune' AND period = '2023'",
    )[0]
    assert weighted == pytest.approx(3.745, abs=5e-4)


def test_people_under_the_zoning_mark(base: duckdb.DuckDBPyConnection) -> None:
    """Counted in total population, strictly under 2.5, as the note of the workbook defines it."""
    value, state, coverage = figure(base, "part_population_apl_moins_2_5", "france", "FR", "2023")
    assert value == pytest.approx(16.63, abs=0.01)
    assert state == "ok"
    assert coverage > 0.99


def test_a_fuller_file_replaces_a_rounded_row(base: duckdb.DuckDBPyConnection) -> None:
    source = one(
        base,
        "SELECT source_id FROM observation WHERE indicator_id = 'apl_medecins_generalistes' "
        "AND level = 'commune' AND code = '95127' AND period = '2023'",
    )[0]
    assert source == "drees_apl_classeur"
    newest = figure(base, "apl_medecins_generalistes", "commune", "95127", "2024")
    assert newest[0] == 3.0  # the workbook stops at 2023: the embedded row stays


def test_secrets_of_filosofi_stay_secret(base: duckdb.DuckDBPyConnection) -> None:
    published, secret = one(
        base,
        "SELECT count(*) FILTER (state = 'ok'), count(*) FILTER (state = 'secret') FROM observation "
        "WHERE indicator_id = 'taux_pauvrete' AND period = '2021' AND level IN ('commune', 'arm')",
    )
    assert published == pytest.approx(4397, abs=12)  # some have merged since
    assert secret == pytest.approx(30500, abs=120)


def test_every_epci_has_a_portrait(base: duckdb.DuckDBPyConnection) -> None:
    without = base.execute(
        "SELECT code FROM territory WHERE level = 'epci' AND code NOT IN ("
        "SELECT code FROM observation WHERE level = 'epci' AND state IN ('ok', 'approx') "
        "GROUP BY code HAVING count(DISTINCT indicator_id) >= 10) "
        "AND departement_code <> '976'"  # Mayotte: hardly any source covers it
    ).fetchall()
    assert without == []
    unexplained = one(
        base, "SELECT count(*) FROM observation WHERE state = 'absent' AND reason IS NULL"
    )
    assert unexplained[0] == 0


def test_a_petr_is_one_pick(national: Report, base: duckdb.DuckDBPyConnection) -> None:
    communes, people = one(
        base,
        "SELECT count(*), sum(t.population) FROM territory_member m "
        "JOIN territory t ON t.level = 'commune' AND t.code = m.commune_code "
        "WHERE m.parent_level = 'petr' AND m.parent_code = '200052405'",
    )
    assert (communes, people) == (147, 93414)
    warehouse = Warehouse(national.published.path)
    found = warehouse.mart("searchable")
    warehouse.close()
    assert "200052405" in set(found.loc[found["level"] == "petr", "code"])


def test_repaired_and_refused_rows_are_accounted_for(base: duckdb.DuckDBPyConnection) -> None:
    refused = one(base, "SELECT count(*) FROM refused_row WHERE source_id = 'irsn_radon_fichier'")
    assert refused[0] == 131


def test_size_of_the_file(national: Report) -> None:
    assert national.published.path.stat().st_size < 200e6
