"""Deaths, ages and the country's figures out of the warehouse, up to the ratio, from real files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from diagnostic import mortality
from tests import mortality_country as country
from tests.conftest import ROOT, run_warehouse
from warehouse.read import Warehouse

EMBEDDED = ROOT / "data" / "embarque"
LOT = ["46042", "46128", "46102"]
FIVE = range(2021, 2026)


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(EMBEDDED / name, dtype={"codgeo": str})


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The embedded figures with the made-up country, built as a user would."""
    data_dir = country.build_with_country(tmp_path_factory)
    lines = run_warehouse("path", data_dir=data_dir).strip().splitlines()
    build = Warehouse(Path(lines[-1]))
    yield build
    build.close()


# Marts, on the embedded default.


def test_years_and_people_of_chosen_communes(warehouse: Warehouse) -> None:
    years = warehouse.mart("death_years", codes=[*LOT, "48095"])
    assert years["year"].tolist() == list(range(2008, 2026))
    assert set(years["communes"]) == {3}
    people = warehouse.mart("commune_list", codes=LOT)["population"].sum()
    assert (years["population"] == people).all()
    (census,) = warehouse.mart("census_years", codes=[*LOT, "48095"]).itertuples()
    assert (census.year, census.communes, census.population) == (2023, 3, people)
    assert list(census.ages) == list(range(0, 100, 5))


def test_deaths_are_pooled_where_every_year_is_there(
    warehouse: Warehouse, database: duckdb.DuckDBPyConnection
) -> None:
    pooled = warehouse.mart("pooled_deaths", first_year=2021, last_year=2025)
    events = table("etat_civil.csv")
    known = events[events["annee"].between(2021, 2025)].groupby("codgeo")["deces"].sum()
    assert pooled.set_index("code")["deaths"].to_dict() == known.to_dict()
    assert warehouse.mart("pooled_deaths", first_year=2004, last_year=2008).empty
    holes = database.execute("SELECT count(*) FROM civil_event WHERE deaths IS NULL").fetchone()
    assert holes == (0,)


def test_bands_are_those_of_the_census(warehouse: Warehouse) -> None:
    bands = warehouse.mart("population_bands", at_period="2023")
    census = table("population_age_sexe_2023.csv")
    assert len(bands) == 2 * len(census)
    assert bands["population"].sum() == pytest.approx(census[["femmes", "hommes"]].sum().sum())
    assert warehouse.mart("population_bands", at_period="1999").empty


def test_without_the_country_there_is_no_plan(warehouse: Warehouse) -> None:
    national = warehouse.mart("national_deaths")
    assert national.empty
    assert mortality.plan(FIVE, {2023: range(0, 100, 5)}, national) == (None, ("rates",))


def test_sources_are_those_used(warehouse: Warehouse) -> None:
    used = warehouse.mart(
        "mortality_sources", codes=LOT, first_year=2021, last_year=2025, at_period="2023"
    )
    assert used["id"].tolist() == ["insee_etat_civil", "insee_rp_population"]
    alone = warehouse.mart(
        "mortality_sources", codes=LOT, first_year=2021, last_year=2025, at_period=""
    )
    assert alone["id"].tolist() == ["insee_etat_civil"]


# The whole chain, with the two files of the country dropped in a folder.


def test_the_country_is_read_from_the_dropped_files(opened: Warehouse) -> None:
    national = opened.mart("national_deaths")
    assert len(national) == len(country.YEARS) * 2 * len(country.CLASSES)
    row = national.query("year == 2022 and sex == 'M' and age_from == 85").iloc[0]
    assert row["zone"] == "F" and pd.isna(row["age_to"])
    assert row["deaths"] == country.deaths_of("M", 5, 2022)
    assert row["population"] == sum(country.people_of("M", band, 2022) for band in (17, 18, 19))


def test_the_ratio_of_each_commune_is_that_of_the_files(opened: Warehouse) -> None:
    """Recomputed from the CSV files and the invented figures, without the warehouse's SQL."""
    chosen, _ = mortality.plan(
        opened.mart("death_years", codes=LOT)["year"],
        {2023: range(0, 100, 5)},
        opened.mart("national_deaths"),
    )
    assert chosen is not None and chosen.years == tuple(FIVE) and chosen.census == 2023
    people = mortality.people(opened.mart("population_bands", at_period="2023"), chosen.rates)
    deaths = opened.mart("pooled_deaths", first_year=2021, last_year=2025)
    found = mortality.ratio(
        deaths.set_index("code")["deaths"].reindex(people.index), people, chosen.rates
    )
    assert len(found) == 495
    known = expected_of_the_files()
    pd.testing.assert_series_equal(found["expected"], known, check_names=False, rtol=1e-9)
    events = table("etat_civil.csv")
    observed = events[events["annee"].isin(FIVE)].groupby("codgeo")["deces"].sum()
    pd.testing.assert_series_equal(
        found["value"], 100 * observed / known, check_names=False, rtol=1e-9
    )


def expected_of_the_files() -> pd.Series:
    """Deaths expected in each embedded commune, from the census file and the invented rates."""
    census = table("population_age_sexe_2023.csv")
    starts = list(country.CLASSES.values())
    position = [
        max(at for at, start in enumerate(starts) if start <= age) for age in census["age_debut"]
    ]
    rates = {sex: [country.rate(sex, at, FIVE) for at in range(6)] for sex in "FM"}
    yearly = sum(
        census[column] * [rates[sex][at] for at in position]
        for sex, column in (("F", "femmes"), ("M", "hommes"))
    )
    return (5 * yearly).groupby(census["codgeo"]).sum()
