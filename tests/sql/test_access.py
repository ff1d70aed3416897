"""Marts of access to care: beside plain queries, and on a small country made by hand."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest

from warehouse.paths import SQL
from warehouse.read import Warehouse

GP, APL = "densite_medecins_generalistes", "apl_medecins_generalistes"


def test_places_are_every_inhabited_commune_once(
    warehouse: Warehouse, database: duckdb.DuckDBPyConnection
) -> None:
    places = warehouse.mart("care_places").set_index("code")
    assert places.index.is_unique and (places["population"] > 0).all()
    ((people,),) = database.execute(
        "SELECT sum(population) FROM territory WHERE level = 'commune' AND type IN ('metro', 'drom')"
    ).fetchall()
    # The cities' own figure and the sum of their arrondissements are published apart.
    assert places["population"].sum() == pytest.approx(people, rel=1e-4)
    assert {"75101", "13216", "69389"} <= set(places.index)
    assert not {"75056", "13055", "69123"} & set(places.index)
    assert places.loc["75118", ["commune_code", "departement_code"]].tolist() == ["75056", "75"]
    assert (places["level"] == "arm").sum() == 45


def test_facilities_are_those_of_the_bpe(
    warehouse: Warehouse, database: duckdb.DuckDBPyConnection
) -> None:
    counts = warehouse.mart("care_figures", indicator=GP, at_period="2025").set_index("code")
    assert counts["facilities"].sum() == 941 and len(counts) == 495
    assert counts.loc["46042", "facilities"] == 24
    houses = warehouse.mart("care_figures", indicator="maisons_sante", at_period="2025")
    ((total,),) = database.execute(
        "SELECT sum(value) FROM observation WHERE indicator_id = 'maisons_sante' AND "
        "level = 'departement' AND period = '2025'"
    ).fetchall()
    assert houses["facilities"].sum() == total
    # An APL is not a number of facilities.
    apl = warehouse.mart("care_figures", indicator=APL, at_period="2024")
    assert len(apl) == 495 and apl["weight"].isna().all()
    assert warehouse.mart("care_figures", indicator="'; --", at_period="2024").empty
    periods = warehouse.mart("care_periods", indicators=[APL, GP])
    assert periods[["indicator_id", "period"]].to_numpy().tolist() == [
        [APL, "2024"], [APL, "2023"], [APL, "2022"], [GP, "2025"],
    ]  # fmt: skip


def test_quartiers_have_all_their_communes(warehouse: Warehouse) -> None:
    rows = warehouse.mart("quartiers_of", codes=["95500"]).set_index("code")
    several = rows[rows["name"] == "Marcouville"].iloc[0]
    assert list(several["communes"]) == ["Osny", "Pontoise"]
    assert rows["geometry"].isna().all()  # outlines are not embedded
    assert {"95", "46"} <= set(warehouse.mart("quartier_departements")["code"])
    assert warehouse.mart("quartiers_of", codes=["46009"]).empty
    assert warehouse.mart("sites_between", west=-180, south=-90, east=180, north=90).empty
    assert warehouse.mart("site_departements").empty
    assert warehouse.mart("commune_zoning", codes=["95127"]).empty


TABLES = """
CREATE TABLE territory (level TEXT, code TEXT, name TEXT, type TEXT, departement_code TEXT,
    epci_code TEXT, commune_code TEXT, population BIGINT, lon DOUBLE, lat DOUBLE);
CREATE TABLE territory_member (parent_level TEXT, parent_code TEXT, commune_code TEXT);
CREATE TABLE territory_geometry (level TEXT, code TEXT, geometry BLOB);
CREATE TABLE source (id TEXT, state TEXT);
CREATE TABLE observation (indicator_id TEXT, level TEXT, code TEXT, period TEXT, value DOUBLE,
    numerator DOUBLE, denominator DOUBLE, weight DOUBLE, state TEXT);
CREATE TABLE site (site_id TEXT, name TEXT, category_code TEXT, category TEXT, commune_code TEXT,
    commune_by TEXT, lon DOUBLE, lat DOUBLE, as_of TEXT, source_id TEXT);
CREATE TABLE zone_figure (source_id TEXT, code TEXT, name TEXT, label TEXT, period TEXT, class TEXT);
INSERT INTO territory VALUES
    ('commune', 'a', 'A', 'metro', '01', 'E1', NULL, 10, 1, 45),
    ('commune', 'P', 'Ville', 'metro', '75', 'E2', NULL, 100, 2, 48),
    ('commune', 'n', 'Nouméa', 'com', '988', NULL, NULL, 90, 3, 40),
    ('commune', 'v', 'Vide', 'metro', '55', 'E1', NULL, 0, 4, 49),
    ('arm', 'P1', 'Ville 1', NULL, NULL, NULL, 'P', 30, 2, 48),
    ('arm', 'P2', 'Ville 2', NULL, NULL, NULL, 'P', 70, 2, 48.1);
INSERT INTO observation VALUES
    ('apl', 'commune', 'P', '2023', 3, NULL, NULL, 120, 'ok'),
    ('apl', 'arm', 'P1', '2023', 2, NULL, NULL, NULL, 'ok'),
    ('apl', 'arm', 'P2', '2023', 4, NULL, NULL, NULL, 'ok'),
    ('apl', 'commune', 'a', '2023', 5, NULL, NULL, 9, 'ok'),
    ('sec', 'commune', 'a', '2023', NULL, NULL, 10, NULL, 'secret');
"""


@pytest.fixture
def country() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        connection.execute((SQL / "3_marts" / "access.sql").read_text("utf-8"))
        yield connection


def asked(country: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    return country.execute(f"SELECT * FROM {query}").df()


def test_a_city_is_its_arrondissements(country: duckdb.DuckDBPyConnection) -> None:
    places = asked(country, "care_places()")
    assert places["code"].tolist() == ["P1", "P2", "a"]
    assert places["commune_code"].tolist() == ["P", "P", "a"]
    assert places["epci_code"].tolist() == ["E2", "E2", "E1"]
    weights = asked(country, "care_figures('apl', '2023')").set_index("code")["weight"]
    assert weights.to_dict() == {"P": 120, "P1": 36, "P2": 84, "a": 9}
    assert asked(country, "care_figures('sec', '2023')").empty
    assert asked(country, "care_periods(['apl', 'sec'])")["indicator_id"].tolist() == ["apl"]


def test_sites_of_a_box_and_départements_that_have_some(
    country: duckdb.DuckDBPyConnection,
) -> None:
    country.execute(
        "INSERT INTO site VALUES ('1', 'X', '620', 'Pharmacie', 'a', 'code', 1, 45, '2026', 'finess'),"
        "('2', 'Y', NULL, 'ehpad', NULL, NULL, 1.5, 45, '2026', 'finess'),"
        "('3', 'Z', NULL, 'ehpad', NULL, NULL, NULL, NULL, '2026', 'finess')"
    )
    assert asked(country, "sites_between(0, 44, 1.2, 46)")["site_id"].tolist() == ["1"]
    assert asked(country, "site_departements()")["code"].tolist() == ["01"]
    # Three sites that fall across the border do not make its sites known.
    country.execute("UPDATE territory SET population = 70000 WHERE code = 'P'")
    country.execute(
        "INSERT INTO site SELECT 'p' || i, 'X', NULL, 'ehpad', 'P', 'contour', 2, 48, '2026', 'finess'"
        " FROM range(3) t(i)"
    )
    assert asked(country, "site_departements()")["code"].tolist() == ["01"]
    country.execute("UPDATE territory SET population = 60000 WHERE code = 'P'")
    assert asked(country, "site_departements()")["code"].tolist() == ["01", "75"]


def test_the_zoning_is_read_as_listed_at_its_last_period(
    country: duckdb.DuckDBPyConnection,
) -> None:
    country.execute(
        "INSERT INTO zone_figure VALUES "
        "('cartosante_geoclip', 'a', 'A', 'zonage_conv.z_gene', '2021', '1_ZIP'), "
        "('cartosante_geoclip', 'a', 'A', 'zonage_conv.z_gene', '2025', '2_ZAC'), "
        "('cartosante_geoclip', 'P', 'Ville', 'apl_mg.apl_mg', '2025', '1_ZIP'), "
        "('cartosante_export', 'P', 'Ville', 'z_gene', '2025', '1_ZIP')"
    )
    rows = asked(country, "commune_zoning(['a', 'P'])")
    assert rows.to_numpy().tolist() == [["a", "2_ZAC", "2025"]]
