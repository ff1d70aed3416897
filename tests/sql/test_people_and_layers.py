"""Core tables fed by several sources: ages and civil events by commune, layers, health territories."""

from collections.abc import Callable, Iterator, Mapping

import duckdb
import pandas as pd
import pytest

from warehouse.loading import described_tables
from warehouse.paths import SQL

STAGING = (
    "00_macros", "sources", "melodi", "insee_rp_extraits", "insee_comparateur", "atlasante",
    "prodige", "observatoire_territoires", "geoclip_export", "france_travail",
    "insee_table_appartenance",
)  # fmt: skip
CORE = (
    "30_published", "33_published_france_travail", "33_published_melodi", "45_civil_event",
    "45_layer_feature", "45_population_age",
)  # fmt: skip
TERRITORIES = [
    ("commune", "95127", None, 70000), ("commune", "46042", None, 20000),
    ("commune", "75056", None, 2000000), ("arm", "75101", "75056", 16000),
]  # fmt: skip
Filled = Callable[..., duckdb.DuckDBPyConnection]


@pytest.fixture
def filled() -> Iterator[Filled]:
    """Run these scripts over raw tables, those not given being empty; 46900 is now in 46042."""
    opened = []

    def run(tables: Mapping[str, pd.DataFrame], *more: str) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        opened.append(connection)
        known = described_tables()
        bare = {name: pd.DataFrame(columns=cols, dtype="str") for name, cols in known.items()}
        bare["bpe_types"] = pd.DataFrame(columns=["equipement", "indicator_id"], dtype="str")
        for name, frame in {**bare, **tables}.items():
            connection.register(f"raw_{name}", frame)
        connection.execute(
            "CREATE TABLE territory (level TEXT, code TEXT, commune_code TEXT, population INT)"
        )
        connection.executemany("INSERT INTO territory VALUES (?, ?, ?, ?)", TERRITORIES)
        connection.execute("CREATE TABLE passage AS SELECT '46900' AS old_code, '46042' AS code")
        connection.execute("CREATE TABLE source (id TEXT, priority INT)")
        names = {
            "melodi_population_age": 10, "insee_rp_population": 0, "atlasante_populations": -1,
            "melodi_etat_civil": 10, "insee_etat_civil": 0, "insee_rp_extraits": 10,
            "insee_comparateur": 10,
        }  # fmt: skip
        connection.executemany("INSERT INTO source VALUES (?, ?)", list(names.items()))
        connection.execute(
            "CREATE TEMP VIEW stg_cog_communes AS SELECT NULL::TEXT AS code, NULL::TEXT AS type, "
            "NULL::DOUBLE AS population WHERE false"
        )
        for folder, scripts in (("1_staging", STAGING), ("2_core", (*CORE, *more))):
            for script in scripts:
                connection.execute((SQL / folder / f"{script}.sql").read_text("utf-8"))
        return connection

    yield run
    for connection in opened:
        connection.close()


def raw(table: str, *rows: Mapping[str, object]) -> dict[str, pd.DataFrame]:
    """``rows`` under every column that data/columns announces, "" by default."""
    columns = described_tables()[table]
    return {table: pd.DataFrame([{name: row.get(name, "") for name in columns} for row in rows])}


def people(code: str, age: str, value: float, sex: str = "femmes", **other: object) -> dict:
    place = {"niveau": "commune", "codgeo": code, "annee": "2023", "mesure": sex}
    return place | {"age": age, "valeur": value, "etat": "ok"} | other


def ages(connection: duckdb.DuckDBPyConnection) -> list[tuple]:
    return connection.execute(
        "SELECT commune_code, sex, age_from, age_to, population, source_id FROM population_age"
    ).fetchall()


def test_years_of_age_make_bands_and_merged_communes_add_up(filled: Filled) -> None:
    whole = [people("46042", "Y0T4", 10.0), people("46900", "Y0T4", 5.0)]
    years = [people("95127", f"Y{age}", 2.0) for age in range(5)]
    lacking = [people("95127", f"Y{age}", 2.0) for age in range(5, 9)]
    oldest = [people("95127", f"Y{age}", 1.0) for age in range(95, 100)]
    oldest.append(people("95127", "Y_GE100", 3.0))
    secret = [people("95127", "Y10T14", 1.0, etat="absent")]
    other = [people("95", "Y0T4", 900.0, niveau="departement")]
    table = raw("melodi_population_age", *whole, *years, *lacking, *oldest, *secret, *other)
    assert ages(filled(table)) == [
        ("46042", "F", 0, 4, 15.0, "melodi_population_age"),
        ("95127", "F", 0, 4, 10.0, "melodi_population_age"),
        ("95127", "F", 95, None, 8.0, "melodi_population_age"),
    ]


def test_a_fuller_source_gives_all_the_bands_of_a_commune(filled: Filled) -> None:
    embedded = {"codgeo": "95127", "age_debut": "00", "femmes": "7.1", "hommes": "8.2"}
    former = {"codgeo": "46042", "age_debut": "95", "femmes": "1.5", "hommes": "0"}
    odd = [
        {"codgeo": "75056", "annee": "2023", "age": age, "sexe": "1", "population": "4"}
        for age in ("0", "1", "TOTAL")
    ]
    tables = {
        **raw("melodi_population_age", people("95127", "Y0T4", 7.0)),
        **raw("population_age_sexe", embedded, former),
        **raw("atlasante_populations", *odd),
    }
    assert ages(filled(tables)) == [
        ("46042", "F", 95, None, 1.5, "insee_rp_population"),
        ("46042", "M", 95, None, 0.0, "insee_rp_population"),
        ("75056", "M", 0, 4, 8.0, "atlasante_populations"),
        ("95127", "F", 0, 4, 7.0, "melodi_population_age"),
    ]


def test_the_share_of_75_and_over_needs_every_band(filled: Filled) -> None:
    bands = [f"Y{age}T{age + 4}" for age in range(0, 95, 5)] + ["Y_GE95"]
    cells = [people("95127", age, 1.0, sex) for age in bands for sex in ("femmes", "hommes")]
    short = [people("46042", age, 1.0) for age in bands]
    connection = filled(raw("melodi_population_age", *cells, *short))
    assert connection.execute(
        "SELECT code, numerator, denominator FROM published WHERE indicator_id = 'part_75_ans_et_plus'"
    ).fetchall() == [("95127", 10.0, 40.0)]


def test_events_of_a_year_come_from_the_best_source(filled: Filled) -> None:
    melodi = [
        {"niveau": "commune", "codgeo": code, "annee": "2022", "mesure": what, "valeur": 5.0, "etat": "ok"}
        for code in ("46042", "46900")
        for what in ("naissances", "deces")
    ]  # fmt: skip
    embedded = {"codgeo": "46042", "annee": "2022", "naissances": "1", "deces": "1"}
    part = {"codgeo": "46900", "annee": "2021", "naissances": "", "deces": "3"}
    extract = {"codgeo": "95127", "population": "1", "naissances": "1237", "deces": "272"}
    former = {
        "codgeo": "95127",
        "annee_recensement": "2018",
        "naissances_annee": "9",
        "deces_annee": "8",
    }
    tables = {
        **raw("melodi_etat_civil", *melodi),
        **raw("etat_civil", embedded, part | {"naissances": None}),
        **{k: v.replace("", None) for k, v in raw("rp_communes", extract).items()},
        **{k: v.replace("", None) for k, v in raw("comparateur", former).items()},
    }
    assert filled(tables).execute("SELECT * FROM civil_event").fetchall() == [
        ("46042", 2021, None, 3.0, "insee_etat_civil"),
        ("46042", 2022, 10.0, 10.0, "melodi_etat_civil"),
        ("95127", 2020, 9.0, 8.0, "insee_comparateur"),
        ("95127", 2022, 1237.0, 272.0, "insee_rp_extraits"),
    ]


def test_registered_jobseekers_are_counted_where_they_are_published(filled: Filled) -> None:
    rows = [
        {"date": "2024-T4", "codgeo": code, "inscrits": number}
        for code, number in (("95127", "6540"), ("75101", "900"), ("46042", ""))
    ]
    found = filled(raw("france_travail", *rows)).execute(
        "SELECT level, code, period, value FROM published ORDER BY ALL"
    )
    assert found.fetchall() == [
        ("arm", "75101", "2024", 900.0),
        ("commune", "95127", "2024", 6540.0),
    ]


def test_a_feature_met_on_two_pages_counts_once(filled: Filled) -> None:
    one = {
        "source": "atlasante_defibrillateurs",
        "code": "1",
        "codgeo": "46900",
        "lon": 1.5,
        "lat": 44.5,
    }
    rows = [
        one | {"date": "2026-01"},
        one | {"date": "2026-02"},
        one | {"code": "2", "codgeo": "75101"},
    ]
    table = raw("prodige", *rows)
    table["prodige"]["geometry"] = None
    found = filled(table).execute(
        "SELECT code, commune_code, as_of FROM layer_feature ORDER BY ALL"
    )
    assert found.fetchall() == [("1", "46042", "2026-02"), ("2", "75056", None)]


def test_health_territories_are_zones(filled: Filled) -> None:
    geography = [
        {"codgeo": code, "tds": zone, "tds_nom": f"TDS {zone}", "tds_millesime": "2021"}
        for code, zone in (
            ("95127", "11-1"),
            ("46042", "76-1"),
            ("46900", "76-2"),
            ("75101", "11-2"),
        )
    ]
    tables = raw("atlasante_geographie", *geography)
    connection = filled(tables, "45_zone", "45_zone_atlasante")
    members = connection.execute("SELECT zone_code, commune_code FROM zone_member ORDER BY ALL")
    assert members.fetchall() == [("11-1", "95127"), ("11-2", "75056"), ("76-1", "46042")]
    zones = connection.execute("SELECT code, name, communes, population FROM zone ORDER BY ALL")
    assert zones.fetchall() == [
        ("11-1", "TDS 11-1", 1, 70000),
        ("11-2", "TDS 11-2", 1, 2000000),
        ("76-1", "TDS 76-1", 1, 20000),
    ]


def test_answers_of_geoclip_sites_stay_beside(filled: Filled) -> None:
    rows = [
        {"codgeo": "95127", "annee": "2024", "nom": "Cergy", "indicateur": "z_gene", "classe": "2_ZAC", "etat": "ok", "source": "cartosante_geoclip"},
        {"codgeo": "46042", "annee": "2024", "nom": "Cahors", "indicateur": "z_gene", "etat": "absent", "source": "cartosante_geoclip"},
        {"codgeo": "46042", "annee": "2023", "nom": "Cahors", "indicateur": "part_pop_eloigne_soin", "valeur": "1", "etat": "ok", "source": "observatoire_territoires"},
    ]  # fmt: skip
    found = filled(raw("geoclip", *rows), "46_zone_figure").execute(
        "SELECT code, name, label, value, class, state FROM zone_figure ORDER BY ALL"
    )
    assert found.fetchall() == [
        ("46042", "Cahors", "z_gene", None, None, "absent"),
        ("95127", "Cergy", "z_gene", None, "2_ZAC", "ok"),
    ]


def test_the_zoning_that_a_site_answers_is_read_by_the_pages(filled: Filled) -> None:
    """The marts look for the column's name where the core table puts it."""
    row = {"codgeo": "95127", "annee": "2024", "nom": "Cergy", "indicateur": "zonage_conv.z_gene", "classe": "1_ZIP", "etat": "ok", "source": "cartosante_geoclip"}  # fmt: skip
    base = filled(raw("geoclip", row), "46_zone_figure")
    base.execute(
        "CREATE OR REPLACE TABLE territory AS SELECT * FROM (VALUES "
        "('commune', '95127', 'Cergy', '95', 'E', 70000), ('epci', 'E', 'CA', '95', NULL, 70000)) "
        "t(level, code, name, departement_code, epci_code, population)"
    )
    base.execute(
        "CREATE TABLE territory_member AS SELECT 'epci' AS parent_level, 'E' AS parent_code, "
        "'95127' AS commune_code"
    )
    base.execute("ALTER TABLE source ADD COLUMN state TEXT")
    base.execute((SQL / "3_marts" / "comparer.sql").read_text("utf-8"))
    rows = base.execute("SELECT zoned_communes, zip_communes FROM departement_epci(['95'])")
    assert rows.fetchall() == [(1, 1)]
