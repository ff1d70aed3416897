"""SQL of the health sources on a few rows: secrecy, merged communes, states, shared keys."""

from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest

from connectors.columns import VINTAGE
from tests.conftest import ROOT

SQL = ROOT / "sql"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Communes 46042 and 95127, former commune 46900 now in 46042, one arrondissement of Paris."""
    with duckdb.connect() as one:
        one.execute(
            "CREATE TABLE territory (level TEXT, code TEXT, commune_code TEXT, population INT)"
        )
        one.execute(
            "INSERT INTO territory VALUES ('commune', '46042', NULL, 20000),"
            "('commune', '95127', NULL, 70000), ('commune', '75056', NULL, 100),"
            "('arm', '75101', '75056', 100)"
        )
        one.execute("CREATE TABLE passage AS SELECT '46900' AS old_code, '46042' AS code")
        one.execute((SQL / "2_core/30_published.sql").read_text("utf-8"))
        yield one


def raw(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, str]]) -> None:
    """Offer ``rows`` as raw_<table>, every column that data/columns announces, "" by default."""
    columns = pd.read_csv(ROOT / f"data/columns/{table}.csv", nrows=0).columns.drop(VINTAGE)
    cells = [[row.get(name, "") for name in columns] for row in rows]
    connection.register(f"raw_{table}", pd.DataFrame(cells, columns=columns, dtype=str))


def run(connection: duckdb.DuckDBPyConnection, *scripts: str) -> None:
    for script in scripts:
        connection.execute((SQL / f"{script}.sql").read_text("utf-8"))


def iris(code: str, households: str, rsa: str) -> dict[str, str]:
    figures = {"foyers_allocataires": households, "foyers_rsa": rsa}
    return {"iris": code, "codgeo": code[:5], "annee": "2020", "note": "0"} | figures


def test_a_commune_with_a_masked_iris_has_no_sum(connection: duckdb.DuckDBPyConnection) -> None:
    """Two masked IRIS leave bounds; with one, total minus bound would be the secret."""
    rows = [iris("951270101", "100", "10"), iris("951270102", "200", "")]
    rows += [iris("951270103", "", ""), iris("460420101", "50", "5"), iris("751010101", "40", "")]
    raw(connection, "caf_iris", rows)
    run(connection, "1_staging/caf_iris", "2_core/33_published_caf_iris", "2_core/45_caf_iris")
    published = connection.execute(
        "SELECT level, code, indicator_id, value FROM published ORDER BY ALL"
    ).fetchall()
    assert published == [("arm", "75101", "foyers_allocataires", 40.0)]
    bounds = connection.execute(
        "SELECT code, indicator_id, masked_iris, low, high, state FROM caf_iris_commune "
        "WHERE indicator_id IN ('foyers_allocataires', 'foyers_rsa') ORDER BY ALL"
    ).fetchall()
    assert ("95127", "foyers_rsa", 2, 10.0, None, "secret") in bounds
    assert ("95127", "foyers_allocataires", 1, None, None, "secret") in bounds
    assert ("75101", "foyers_rsa", 1, None, None, "secret") in bounds
    assert ("46042", "foyers_rsa", 0, 5.0, 5.0, "ok") in bounds


def test_a_masked_number_is_at_most_the_households_of_its_iris(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows = [
        iris("951270101", "100", "10"),
        iris("951270102", "200", ""),
        iris("951270103", "30", ""),
    ]
    raw(connection, "caf_iris", rows)
    run(connection, "1_staging/caf_iris", "2_core/45_caf_iris")
    bounds = connection.execute(
        "SELECT low, high FROM caf_iris_commune WHERE indicator_id = 'foyers_rsa'"
    ).fetchone()
    assert bounds == (10.0, 240.0)


@pytest.mark.parametrize(("part", "expected"), [("3", [("46042", 3.0)]), ("1", [])])
def test_radon_of_a_merged_commune(
    connection: duckdb.DuckDBPyConnection, part: str, expected: list[tuple[str, float]]
) -> None:
    """All parts agree, or the commune has no category."""
    rows = [{"codgeo": "46042", "categorie": "3"}, {"codgeo": "46900", "categorie": part}]
    raw(connection, "radon_fichier", [row | {"annee": "2019"} for row in rows])
    raw(
        connection,
        "lignes_refusees",
        [{"source": "irsn_radon_fichier", "ligne": "4", "raison": "x"}],
    )
    run(
        connection,
        "1_staging/irsn_radon_fichier",
        "2_core/33_published_irsn_radon_fichier",
        "2_core/45_refused_row",
    )
    assert connection.execute("SELECT code, value FROM published").fetchall() == expected
    assert connection.execute("SELECT line, reason FROM refused_row").fetchall() == [(4, "x")]


def test_a_blank_of_2015_is_secret_or_absent_never_zero(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    one = {"code_qp": "QP095001", "quartier": "Noyer Crapaud"}
    raw(connection, "qpv_2015_demographie", [])
    raw(connection, "qpv_2015_insertion", [])
    raw(connection, "qpv_2015_revenus", [one | {"taux_pauvrete": "26.0", "note_filosofi": "0"}])
    run(connection, "1_staging/insee_qpv_2015", "2_core/16_qpv_2015_observation")
    states = dict(connection.execute("SELECT variable, state FROM qpv_2015_observation").fetchall())
    assert states["taux_pauvrete"] == "ok"
    assert states["mediane_niveau_vie"] == "secret"
    assert states["assures_maladie"] == "absent"


PLACES = """
CREATE OR REPLACE TABLE territory (
    level TEXT, code TEXT, name TEXT, type TEXT, departement_code TEXT, region_code TEXT,
    epci_code TEXT, ept_code TEXT, commune_code TEXT, population BIGINT, lon DOUBLE, lat DOUBLE
);
INSERT INTO territory (level, code, name, departement_code, region_code, commune_code) VALUES
    ('commune', '95127', 'Cergy', '95', '11', NULL),
    ('commune', '13055', 'Marseille', '13', '93', NULL),
    ('arm', '13201', 'Marseille 1er Arrondissement', '13', '93', '13055'),
    ('commune', '69149', 'Oullins-Pierre-Bénite', '69', '84', NULL),
    ('commune', '69001', 'Twin', '69', '84', NULL), ('commune', '69002', 'Twin', '69', '84', NULL);
CREATE OR REPLACE TABLE territory_member (parent_level TEXT, parent_code TEXT, commune_code TEXT);
CREATE OR REPLACE TABLE commune_event (old_code TEXT, code TEXT, old_name TEXT, name TEXT);
CREATE OR REPLACE TABLE passage (old_code TEXT, code TEXT);
INSERT INTO passage VALUES ('69152', '69149');
INSERT INTO commune_event VALUES ('69152', '69149', 'Pierre-Bénite', 'Oullins-Pierre-Bénite');
"""


def test_the_quartiers_of_2015_find_their_communes_by_name(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Several communes, an arrondissement, a commune merged since; never one name out of two."""
    named = {
        "QP095011": "Cergy",
        "QP013032": "Marseille 1er Arrondissement",
        "QP069014": "Pierre-Bénite, Twin",
        "QP069015": "Twin",
        "QP069016": "Nulle-Part",
    }
    rows = [{"code_qp": code, "quartier": code, "commune": name} for code, name in named.items()]
    connection.execute(PLACES)
    raw(connection, "qpv_2015_demographie", rows)
    raw(connection, "qpv_2015_insertion", [])
    insured = {"assures_maladie": "200", "beneficiaires_css_sans_participation": "30"}
    raw(
        connection,
        "qpv_2015_revenus",
        [
            {"code_qp": "QP095011", **insured, "beneficiaires_css_avec_participation": "10"},
            {"code_qp": "QP013032", **insured, "note_cnam": "5", "taux_pauvrete": "40.5"},
        ],
    )
    run(
        connection,
        "1_staging/insee_qpv_2015",
        "2_core/15_qpv_2015",
        "2_core/16_qpv_2015_observation",
        "2_core/33_published_insee_qpv_2015",
    )
    members = connection.execute(
        "SELECT parent_code, commune_code FROM territory_member ORDER BY ALL"
    ).fetchall()
    assert members == [("QP013032", "13055"), ("QP069014", "69149"), ("QP095011", "95127")]
    found = {
        (row[0], row[1]): row[2:]
        for row in connection.execute(
            "SELECT indicator_id, code, period, value, numerator, denominator, state FROM published"
        ).fetchall()
    }
    assert found["part_c2s", "QP095011"] == ("édition 2022", None, 40.0, 200.0, "ok")
    assert found["part_c2s", "QP013032"] == ("édition 2022", None, None, None, "secret")
    assert found["taux_pauvrete", "QP013032"] == ("2019", 40.5, None, None, "ok")
    assert not [one for one in found if one[1] not in ("QP095011", "QP013032", "QP069014")]


def test_a_quartier_without_a_released_income_is_secret(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    raw(connection, "qpv_revenus", [{"code_qp": "QN09511M", "gini": "0.35", "note": "0"}])
    run(connection, "1_staging/insee_qpv", "2_core/33_published_insee_qpv")
    found = connection.execute("SELECT indicator_id, value, state FROM published").fetchall()
    assert ("gini_revenu_declare", 0.35, "ok") in found
    assert ("mediane_revenu_declare", None, "secret") in found


def test_what_was_not_communicated_is_absent(connection: duckdb.DuckDBPyConnection) -> None:
    row = {
        "codgeo": "95",
        "annee": "2024",
        "grippe_65_ans_et_plus": "50.8",
        "grippe_65_74_ans": "NC",
    }
    raw(connection, "vaccination_departement", [row])
    run(connection, "1_staging/odisse_vaccination", "2_core/33_published_odisse_vaccination")
    found = connection.execute("SELECT indicator_id, value, state FROM published").fetchall()
    assert sorted(found) == [
        ("couverture_grippe_65_74_ans", None, "absent"),
        ("couverture_grippe_65_ans_et_plus", 50.8, "ok"),
    ]


def test_all_causes_are_a_sum_only_when_none_is_missing(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows = [
        {
            "codgeo": code,
            "annee": "2023",
            "sexe": "ensemble",
            "cause_numero": str(cause),
            "taux": "10.0",
        }
        for code, causes in (("95", 18), ("46", 17))
        for cause in range(1, causes + 1)
    ]
    raw(connection, "mortalite_cause", rows)
    run(connection, "1_staging/cepidc", "2_core/33_published_cepidc", "2_core/45_mortality")
    found = connection.execute(
        "SELECT code, value, state FROM published WHERE indicator_id = 'taux_mortalite_standardise'"
    ).fetchall()
    assert found == [("95", 180.0, "approx")]


def test_a_secret_number_of_patients_has_no_value(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [
        {
            "codgeo": "95",
            "annee": "2023",
            "pathologie": name,
            "effectif": count,
            "population": "1000",
        }
        for name, count in (("Diabète", "60"), ("Cancers", "NS"))
    ]
    raw(connection, "ameli_effectifs", rows)
    run(connection, "1_staging/ameli_pathologies", "2_core/33_published_ameli_pathologies")
    found = connection.execute("SELECT indicator_id, numerator, state FROM published").fetchall()
    assert sorted(found) == [
        ("prevalence_cancers", None, "secret"),
        ("prevalence_diabete", 60.0, "ok"),
    ]


def test_sites_without_a_number_have_a_key_of_their_own(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    site = {"rs": "Pharmacie", "categorie": "pharmacies", "lat": "49.0", "lon": "2.5"}
    numbered = site | {"finess": "750000001", "codgeo": "75101"}
    placed = site | {"lat": "49.1", "codgeo_contour": "46900"}
    raw(connection, "finess_sites", [site, placed, numbered])
    run(connection, "1_staging/finess", "2_core/45_site")
    found = connection.execute(
        "SELECT site_id, commune_code, commune_by FROM site ORDER BY 1"
    ).fetchall()
    assert found == [
        ("750000001", "75056", "code"),
        ("sans-numero-1", None, None),
        ("sans-numero-2", "46042", "contour"),
    ]
