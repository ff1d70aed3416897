"""Intercommunalités of a département: beside plain queries, and on a small country made by hand."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest

from warehouse.paths import SQL
from warehouse.read import Warehouse


def test_people_communes_and_quartiers_of_the_embedded_departements(
    warehouse: Warehouse, database: duckdb.DuckDBPyConnection
) -> None:
    communes = database.execute(
        "SELECT code, departement_code, epci_code, population FROM territory WHERE level = 'commune'"
    ).df()
    quartiers = database.execute(
        "SELECT parent_code, commune_code FROM territory_member WHERE parent_level = 'qpv'"
    ).df()
    for departement in ("95", "46"):
        rows = warehouse.mart("departement_epci", departements=[departement]).set_index("code")
        here = communes[communes["departement_code"] == departement]
        assert set(rows.index) == set(here["epci_code"].dropna())
        for code, row in rows.iterrows():
            whole = communes[communes["epci_code"] == code]
            local = whole[whole["departement_code"] == departement]
            assert row["population"] == whole["population"].sum()
            assert row["communes"] == len(whole)
            assert row["local_population"] == local["population"].sum()
            assert row["local_communes"] == len(local)
            inside = quartiers[quartiers["commune_code"].isin(whole["code"])]
            assert row["qpv"] == inside["parent_code"].nunique()
            others = set(whole["departement_code"]) - {departement}
            assert len(row["elsewhere"]) == len(others)
            known = set(whole["departement_code"]) <= {"95", "46"}
            assert row["qpv_known"] == (known or row["qpv"] > 0)
            assert row["qpv_whole"] == known
            assert row["zoned_communes"] == 0 and pd.isna(row["zip_communes"])


def test_several_departements_are_one_place(warehouse: Warehouse) -> None:
    both = warehouse.mart("departement_epci", departements=["95", "78"]).set_index("code")
    assert both.loc["249500109", "local_communes"] == both.loc["249500109", "communes"]
    assert list(both.loc["249500109", "elsewhere"]) == []
    assert len(warehouse.mart("departement_epci", departements=[])) == 0
    assert len(warehouse.mart("departement_epci", departements=["'; --", "zz"])) == 0


TABLES = """
CREATE TABLE territory (level TEXT, code TEXT, name TEXT, departement_code TEXT, epci_code TEXT, population BIGINT);
CREATE TABLE territory_member (parent_level TEXT, parent_code TEXT, commune_code TEXT);
CREATE TABLE source (id TEXT, state TEXT);
CREATE TABLE zone_figure (source_id TEXT, code TEXT, label TEXT, period TEXT, class TEXT);
INSERT INTO territory VALUES
    ('departement', '01', 'Un', '01', NULL, 30), ('departement', '02', 'Deux', '02', NULL, 5),
    ('epci', 'E1', 'CC Une', '01', NULL, 15), ('epci', 'E2', 'CC Deux', '01', NULL, 20),
    ('commune', 'a', 'A', '01', 'E1', 10), ('commune', 'b', 'B', '02', 'E1', 5),
    ('commune', 'c', 'C', '01', 'E2', 20), ('commune', 'd', 'D', '01', 'E2', NULL);
INSERT INTO territory_member
SELECT 'epci', epci_code, code FROM territory WHERE level = 'commune';
INSERT INTO source VALUES ('anct_qpv_liste', NULL);
"""


@pytest.fixture
def country() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        connection.execute((SQL / "3_marts" / "comparer.sql").read_text("utf-8"))
        yield connection


def asked(country: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return country.execute("SELECT * FROM departement_epci(['01'])").df().set_index("code")


def test_without_a_list_of_quartiers_nothing_is_known_of_them(
    country: duckdb.DuckDBPyConnection,
) -> None:
    assert not asked(country)["qpv_known"].any()
    country.execute("UPDATE source SET state = 'chargé'")
    assert asked(country)["qpv_known"].all() and (asked(country)["qpv"] == 0).all()


def test_a_quartier_on_two_communes_counts_once(country: duckdb.DuckDBPyConnection) -> None:
    country.execute("INSERT INTO territory VALUES ('qpv', 'Q', 'Q', '01', NULL, NULL)")
    country.execute("INSERT INTO territory_member VALUES ('qpv', 'Q', 'c'), ('qpv', 'Q', 'd')")
    rows = asked(country)
    assert rows["qpv"].to_dict() == {"E1": 0, "E2": 1}
    # E1 reaches a département whose quartiers are not listed: that it has none is not known.
    assert rows["qpv_known"].to_dict() == {"E1": False, "E2": True}
    assert list(rows.loc["E1", "elsewhere"]) == ["Deux"]


def test_the_zoning_is_read_at_its_last_period_and_never_made_up(
    country: duckdb.DuckDBPyConnection,
) -> None:
    assert asked(country)["zip_communes"].isna().all()
    country.execute(
        "INSERT INTO zone_figure VALUES "
        "('cartosante_geoclip', 'c', 'zonage_conv.z_gene', '2021', '1_ZIP'), "
        "('cartosante_geoclip', 'c', 'zonage_conv.z_gene', '2025', '2_ZAC'), "
        "('cartosante_geoclip', 'd', 'zonage_conv.z_gene', '2025', '3_QPV_ZIP'), "
        "('cartosante_geoclip', 'a', 'apl_mg.apl_mg', '2025', '1_ZIP'), "
        "('autre', 'a', 'zonage_conv.z_gene', '2025', '1_ZIP')"
    )
    rows = asked(country)
    assert rows.loc["E2", ["zoned_communes", "zip_communes"]].tolist() == [2, 1]
    assert rows.loc["E1", "zoned_communes"] == 0 and pd.isna(rows.loc["E1", "zip_communes"])
