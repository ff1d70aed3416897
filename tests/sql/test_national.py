"""The national profile on the producers' real files, with the embedded default under it."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from scipy.stats import spearmanr
from streamlit.testing.v1 import AppTest

from diagnostic import need
from diagnostic.access import floating_catchment
from diagnostic.nearby import pairs_within, sites_around
from diagnostic.supply_change import OTHER_REACHES, REACH, straight_line
from tests.conftest import ROOT
from warehouse.build import Report
from warehouse.needs import SuitedNeeds, load_needs, suit
from warehouse.read import Warehouse

pytestmark = pytest.mark.shared

# Population municipale of the regions on 1 January 2021, as Insee published them on 28 December 2023
# (https://insee.fr/fr/statistiques/7728783); Mayotte is not in that census.
REGIONS_2021 = {
    "84": 8_114_361, "27": 2_800_194, "53": 3_394_567, "24": 2_573_303, "94": 347_597,
    "44": 5_561_287, "01": 384_315, "03": 286_618, "32": 5_995_292, "11": 12_317_279,
    "04": 871_157, "02": 360_749, "28": 3_327_966, "75": 6_069_352, "76": 6_022_176,
    "52": 3_853_999, "93": 5_127_840,
}  # fmt: skip
# The same on 1 January 2018 (https://www.insee.fr/fr/statistiques/4989728), and France without
# Mayotte that year (Eurostat, urb_cpop1).
REGIONS_2018 = {"84": 7_994_459, "27": 2_807_807, "53": 3_335_414}
FRANCE_2018 = 66_732_538
LEVELS = ("epci", "ept", "petr", "departement", "region", "france")
# What a portrait is expected to hold wherever the producers cover the country.
CORE = (
    "population_municipale", "part_moins_20_ans", "part_65_ans_et_plus", "indice_vieillissement",
    "naissances_annuelles", "deces_annuels", "mediane_niveau_vie", "taux_chomage_15_64",
    "part_ouvriers", "part_cadres", "part_logements_vacants", "part_residences_secondaires",
    "part_proprietaires", "apl_medecins_generalistes", "part_population_apl_moins_2_5",
    "part_eloignee_soins_proximite", "densite_medecins_generalistes", "densite_infirmiers",
    "densite_pharmacies", "fedi", "maisons_sante", "laboratoires_biologie", "potentiel_radon",
)  # fmt: skip


@pytest.fixture(scope="module")
def national(national_build: Report) -> Report:
    return national_build


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


@pytest.fixture(scope="module")
def workbook(shared_dir: Path) -> dict[str, pd.DataFrame]:
    """The two sheets of the DREES workbook, read without our connector: apl, standard, people."""
    path = shared_dir / "open-data" / "drees" / "apl_generalistes.xlsx"
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    found = {}
    for year in ("2022", "2023"):
        rows = book[f"APL {year}"].iter_rows(min_row=11, values_only=True)
        cells = [(row[2], row[4], row[5]) for row in rows if row[0]]
        found[year] = pd.DataFrame(cells, columns=["apl", "standard", "people"]).astype(float)
    book.close()
    return found


@pytest.mark.parametrize(
    ("year", "mean", "under", "people"),
    [("2022", 3.789, 9_991_878, 67_162_154), ("2023", 3.745, 11_210_951, 67_408_052)],
)
def test_access_to_doctors_of_france_is_that_of_the_workbook(
    base: duckdb.DuckDBPyConnection,
    workbook: dict[str, pd.DataFrame],
    year: str,
    mean: float,
    under: int,
    people: int,
) -> None:
    """« L'APL communal doit être pondéré par la population standardisée. Pour comptabiliser la
    population sous un seuil d'APL, la population non standardisée doit être utilisée. »"""
    sheet = workbook[year].dropna(subset=["apl"])
    weighted = (sheet["apl"] * sheet["standard"]).sum() / sheet["standard"].sum()
    assert weighted == pytest.approx(mean, abs=5e-4)
    assert figure(base, "apl_medecins_generalistes", "france", "FR", year)[0] == pytest.approx(
        weighted, abs=5e-4
    )
    from_communes, counted, covered = one(
        base,
        "SELECT (SELECT sum(value * weight) / sum(weight) FROM observation "
        f"WHERE indicator_id = 'apl_medecins_generalistes' AND level = 'commune' AND period = '{year}'), "
        "numerator, denominator FROM observation WHERE indicator_id = 'part_population_apl_moins_2_5' "
        f"AND level = 'france' AND code = 'FR' AND period = '{year}'",
    )
    assert from_communes == pytest.approx(weighted, abs=5e-4)
    assert counted == under == sheet.loc[sheet["apl"] < 2.5, "people"].sum()
    assert covered == people == sheet["people"].sum()


def test_populations_are_the_published_totals(base: duckdb.DuckDBPyConnection) -> None:
    """Regions and France: 2018 and 2021; the census of the same year agrees, roundings apart."""
    found = dict(
        base.execute(
            "SELECT code, value FROM observation WHERE indicator_id = 'population_municipale' "
            "AND period = '2018' AND level IN ('region', 'france')"
        ).fetchall()
    )
    assert found["FR"] == FRANCE_2018
    assert {code: found[code] for code in REGIONS_2018} == REGIONS_2018
    for indicator, period, slack in (
        ("part_population_apl_moins_2_5", "2023", 0),  # DREES counts the people of 2021
        ("part_moins_20_ans", "2021", 30),  # census by IRIS: each is rounded
    ):
        rows = base.execute(
            "SELECT level, code, denominator FROM observation WHERE indicator_id = ? AND period = ? "
            "AND level IN ('region', 'france') AND denominator IS NOT NULL",
            [indicator, period],
        ).fetchall()
        people = {code: number for level, code, number in rows if level == "region"}
        assert people == pytest.approx(REGIONS_2021, abs=slack)
        (france,) = (number for _, code, number in rows if code == "FR")
        assert france == pytest.approx(sum(REGIONS_2021.values()), abs=5 * slack)


def test_populations_add_up_at_every_level(base: duckdb.DuckDBPyConnection) -> None:
    """2018, 2022 and 2023: a level is the sum of its communes, and holds the same total."""
    wrong = base.execute(
        "SELECT o.level, o.code, o.period, o.value, sum(c.value) FROM observation o "
        "JOIN territory_member m ON m.parent_level = o.level AND m.parent_code = o.code "
        "JOIN observation c ON c.level = 'commune' AND c.code = m.commune_code "
        "AND c.indicator_id = o.indicator_id AND c.period = o.period "
        "WHERE o.indicator_id = 'population_municipale' AND o.level NOT IN ('commune', 'qpv_2015') "
        "AND o.state IN ('ok', 'approx') GROUP BY ALL HAVING o.value <> sum(c.value)"
    ).fetchall()
    assert wrong == []
    totals = base.execute(
        "SELECT period, sum(value) FILTER (level = 'departement'), sum(value) FILTER (level = 'region'), "
        "sum(value) FILTER (level = 'commune') FROM observation "
        "WHERE indicator_id = 'population_municipale' GROUP BY period ORDER BY period"
    ).fetchall()
    assert [row[0] for row in totals] == ["2018", "2022", "2023"]
    assert all(row[1] == row[2] == row[3] for row in totals), totals


def test_populations_of_melodi_are_those_of_the_code_geographique(
    base: duckdb.DuckDBPyConnection, shared_dir: Path
) -> None:
    """Recorded answers of Insee: the Rhône, and the 24 communes of Nantes Métropole."""
    folder = shared_dir / "open-data" / "insee" / "melodi"
    people = dict(
        base.execute(
            "SELECT level || ':' || code, population FROM territory "
            "WHERE level IN ('commune', 'departement')"
        ).fetchall()
    )
    seen = 0
    for path in sorted(folder.glob("get_*popref_1.json")):
        for one_answer in json.loads(path.read_text("utf-8"))["body"]["observations"]:
            asked = one_answer["dimensions"]
            if asked["POPREF_MEASURE"] == "PMUN" and asked["TIME_PERIOD"] == "2023":
                _, level, code = asked["GEO"].split("-")
                key = f"{ {'COM': 'commune', 'DEP': 'departement'}[level] }:{code}"
                assert people[key] == one_answer["measures"]["OBS_VALUE_NIVEAU"]["value"], key
                seen += 1
    assert seen >= 26


def test_parents_hold_what_their_communes_hold(base: duckdb.DuckDBPyConnection) -> None:
    """Numbers and numerators, every indicator and period computed from communes; parents nest."""
    wrong = base.execute(
        "WITH part AS (SELECT m.parent_level AS level, m.parent_code AS code, c.indicator_id, c.period, "
        "sum(c.value) AS value, sum(c.numerator) AS numerator, sum(c.denominator) AS denominator "
        "FROM territory_member m JOIN observation c ON c.level = 'commune' AND c.code = m.commune_code "
        "AND (c.value IS NOT NULL OR c.denominator = 0) GROUP BY ALL) "
        "SELECT o.indicator_id, o.level, o.code, o.period FROM observation o "
        "JOIN indicator i ON i.id = o.indicator_id AND i.aggregation IN ('sum', 'sum_ratio') "
        "JOIN part p USING (level, code, indicator_id, period) "
        "WHERE o.communes IS NOT NULL AND o.value IS NOT NULL AND NOT coalesce(if(i.aggregation = 'sum', "
        "abs(o.value - p.value) <= 1e-9 * greatest(1, p.value), "
        "abs(o.numerator - p.numerator) <= 1e-9 * greatest(1, abs(p.numerator)) "
        "AND abs(o.denominator - p.denominator) <= 1e-9 * greatest(1, p.denominator)), false)"
    ).fetchall()
    assert wrong == []
    orphans = one(
        base,
        "SELECT count(*) FROM territory t LEFT JOIN territory_member e ON e.parent_level = 'epci' "
        "AND e.commune_code = t.code JOIN territory_member d ON d.parent_level = 'departement' "
        "AND d.commune_code = t.code JOIN territory p ON p.level = 'departement' AND p.code = d.parent_code "
        "JOIN territory_member r ON r.parent_level = 'region' AND r.commune_code = t.code "
        "WHERE t.level = 'commune' AND (e.parent_code IS DISTINCT FROM t.epci_code "
        "OR d.parent_code <> t.departement_code OR r.parent_code <> t.region_code "
        "OR p.region_code <> t.region_code)",
    )
    assert orphans == (0,)


def test_medians_are_published_ones(base: duckdb.DuckDBPyConnection, shared_dir: Path) -> None:
    """Those of Filosofi 2019 are the files'; a median made of communes is approached, and says so."""
    levels = {"EPCI": "epci", "DEP": "departement", "REG": "region"}
    for name, level in levels.items():
        path = shared_dir / "open-data" / "insee" / "filosofi" / f"FILO2019_DISP_{name}.csv"
        table = pd.read_csv(path, sep=";", dtype=str, encoding="utf-8-sig")
        published = dict(zip(table["CODGEO"], table["Q219"].str.replace(",", "."), strict=True))
        rows = base.execute(
            "SELECT code, value FROM observation WHERE indicator_id = 'mediane_niveau_vie' "
            "AND level = ? AND period = '2019' AND state = 'ok'",
            [level],
        ).fetchall()
        assert len(rows) >= 0.99 * len(published)
        assert all(value == float(published[code]) for code, value in rows)
    reasons = base.execute(
        "SELECT DISTINCT o.reason FROM observation o JOIN indicator i ON i.id = o.indicator_id "
        "WHERE i.kind = 'median' AND o.level NOT IN ('commune', 'arm') AND o.value IS NOT NULL "
        "AND o.communes > 1"
    ).fetchall()
    assert reasons == [("moyenne des médianes communales, pondérée par la population",)]


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


@pytest.fixture(scope="module")
def portraits(base: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """One row an EPCI and core indicator: its figure if there is one, else its last row."""
    return base.execute(
        "SELECT e.code, e.departement_code = '976' AS mayotte, i.id AS indicator_id, o.state, o.reason, "
        "o.coverage, o.value FROM territory e CROSS JOIN indicator i LEFT JOIN observation o "
        "ON o.level = 'epci' AND o.code = e.code AND o.indicator_id = i.id "
        "WHERE e.level = 'epci' AND list_contains($1, i.id) QUALIFY row_number() OVER ("
        "PARTITION BY e.code, i.id ORDER BY o.state IN ('ok', 'approx') DESC, o.period DESC) = 1",
        [list(CORE)],
    ).df()


def test_every_epci_has_a_portrait(portraits: pd.DataFrame) -> None:
    """Each core indicator has a figure that covers 90 %, or is absent and says why."""
    assert portraits["code"].nunique() == 1255
    assert len(portraits) == 1255 * len(CORE)
    known = portraits["state"].isin(["ok", "approx"])
    assert portraits.loc[known, "value"].notna().all()
    assert (portraits.loc[known, "coverage"] >= 0.9).all()
    others = portraits[~known]
    assert set(others["state"]) == {"absent"}
    assert others["reason"].str.len().gt(10).all()
    figures = portraits[known].groupby("code").size()
    assert (figures >= len(CORE) - 3).sum() >= 1250  # Guadeloupe, Guyane: no median, no F-EDI


def test_overseas_portraits_say_what_is_missing(portraits: pd.DataFrame) -> None:
    """Mayotte is in few national files; the median stops short of three départements."""
    known = portraits["state"].isin(["ok", "approx"])
    mayotte = portraits[portraits["mayotte"]]
    assert mayotte["code"].nunique() == 5
    held = set(mayotte.loc[known, "indicator_id"])
    assert held == {
        "population_municipale", "naissances_annuelles", "deces_annuels", "maisons_sante",
        "laboratoires_biologie", "potentiel_radon",
    }  # fmt: skip
    missing = portraits[~known & ~portraits["mayotte"]].groupby("indicator_id").size()
    assert missing.to_dict() == {"mediane_niveau_vie": 10, "fedi": 18, "potentiel_radon": 36}


def test_no_absence_without_a_reason(base: duckdb.DuckDBPyConnection) -> None:
    unexplained = one(
        base,
        "SELECT count(*) FROM observation WHERE state IN ('absent', 'secret', 'approx') "
        "AND coalesce(trim(reason), '') = ''",
    )
    assert unexplained == (0,)


@pytest.fixture(scope="module")
def opened(national: Report) -> Iterator[Warehouse]:
    warehouse = Warehouse(national.published.path)
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="module")
def suited(opened: Warehouse) -> SuitedNeeds:
    card = load_needs()
    rows = opened.mart("references_of", indicators=card.indicators)
    return suit(
        card,
        {
            str(name): dict(zip(group["period"], group["coverage"], strict=True))
            for name, group in rows.groupby("indicator_id")
        },
    )


def test_need_rests_on_figures_of_the_whole_country(suited: SuitedNeeds) -> None:
    """Diplomas are loaded for two départements: they do not count for any commune."""
    assert suited.national
    assert suited.card.periods == {
        "mediane_niveau_vie": "2021",
        "taux_chomage_15_64": "2021",
        "part_logements_vacants": "2021",
        "part_65_ans_et_plus": "2021",
        "apl_medecins_generalistes": "2023",
    }
    assert [domain.id for domain in suited.aside] == ["education"]


def test_nearly_all_of_france_is_classable(opened: Warehouse, suited: SuitedNeeds) -> None:
    periods = suited.card.periods
    long = opened.mart("commune_matrix", indicators=list(periods), periods=list(periods.values()))
    wide = long.pivot(index="code", columns="indicator_id", values="value")
    population = long.groupby("code")["population"].first()
    references = opened.mart("references_of", indicators=list(periods))
    used = references[references["period"] == references["indicator_id"].map(periods)]
    scores = need.index(
        wide,
        suited.card.directions,
        {domain.id: domain.weight for domain in suited.card.domains},
        used.set_index("indicator_id")[["mean", "sd"]],
    )
    france = opened.mart("territory_named", levels=["france"], codes=["FR"])["population"].iloc[0]
    people = population.reindex(scores.index)
    assert people[scores["classable"]].sum() >= 0.995 * france
    assert people[scores["complete"]].sum() >= 0.97 * france
    known = scores["need"].dropna()
    weights = people.reindex(known.index)
    assert (known * weights).sum() / weights.sum() == pytest.approx(0, abs=0.03)
    assert used["scope"].eq("nationale").all()


def test_measured_quantiles_are_those_of_the_index(opened: Warehouse) -> None:
    """The SQL and diagnostic.need agree to the last digit."""
    long = opened.mart("commune_matrix", indicators=["taux_chomage_15_64"], periods=["2021"])
    row = opened.mart("references_of", indicators=["taux_chomage_15_64"]).query("period == '2021'")
    names = ["q05", "q20", "q40", "q60", "q80", "q95"]
    expected = need.weighted_quantiles(
        long["value"], long["population"].fillna(0), [int(name[1:]) / 100 for name in names]
    )
    assert row[names].iloc[0].tolist() == list(expected)
    assert row["coverage"].item() > 0.99


@pytest.mark.parametrize(
    ("asked", "unknown"), [("epci:243500139", False), ("dep:973", False), ("dep:976", True)]
)
def test_targets_say_which_figures_they_use(
    national: Report, monkeypatch: pytest.MonkeyPatch, asked: str, unknown: bool
) -> None:
    """Rennes Métropole, Guyane without a median, Mayotte without figures."""
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(national.published.path.parent))
    monkeypatch.chdir(ROOT)
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test.query_params["p"] = asked
    test.run()
    test.switch_page("pages/cibles.py").run()
    assert not test.exception
    words = " ".join(block.value for kind in (test.caption, test.markdown) for block in kind)
    assert "niveau de vie médian 2021" in words
    assert "« Éducation » n'entre pas dans le besoin" in words
    assert "approchés" not in words
    assert [slider.label for slider in test.slider][:4] == [
        "Ressources", "Emploi", "Logement", "Vieillissement",
    ]  # fmt: skip
    assert ("Non classable :" in words) == unknown


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


def test_the_quartiers_of_2015_beside_their_city(base: duckdb.DuckDBPyConnection) -> None:
    """Read in Insee's files: 41,4 % of poverty at Grande Reyssouze; all but one find their city."""
    rows = one(base, "SELECT count(*) FROM territory WHERE level = 'qpv_2015'")
    assert rows == (1399,)
    assert figure(base, "taux_pauvrete", "qpv_2015", "QP001001", "2019")[:2] == (41.4, "ok")
    insured = figure(base, "part_c2s", "qpv_2015", "QP001001", "édition 2022")
    assert insured[0] == pytest.approx(100 * (1519 + 495) / 6110)
    found = base.execute(
        "SELECT DISTINCT commune_name, indicator_id, period, value FROM quarter_figures(['01053']) "
        "WHERE code = 'QP001001' AND indicator_id = 'mediane_niveau_vie'"
    ).fetchall()
    assert found == [("Bourg-en-Bresse", "mediane_niveau_vie", "2019", 14_180.0)]
    assert figure(base, "mediane_niveau_vie", "commune", "01053", "2019")[1] == "ok"


def test_no_quartier_is_compared_across_its_two_lists(base: duckdb.DuckDBPyConnection) -> None:
    """A code of 2015 stands at a level of its own, and counts in no figure of a larger place."""
    mixed = base.execute(
        "SELECT code FROM territory WHERE (level = 'qpv') <> (code LIKE 'QN%') "
        "AND level IN ('qpv', 'qpv_2015')"
    ).fetchall()
    assert mixed == []
    members = base.execute("SELECT DISTINCT parent_level FROM members()").fetchall()
    assert not {"qpv", "qpv_2015"} & {level for (level,) in members}


def test_the_reach_of_the_floating_catchment_is_the_closest_to_the_published_access(
    base: duckdb.DuckDBPyConnection,
) -> None:
    """The table of docs/methodologie.md: rank correlation with the APL of 2022 in métropole."""
    places = (
        base.execute(
            "SELECT f.code, t.departement_code AS departement, t.population::DOUBLE AS population, t.lon, "
            "t.lat, f.value AS apl, f.weight, s.facilities AS supply "
            "FROM care_figures('apl_medecins_generalistes', '2022') f "
            "JOIN care_figures('densite_medecins_generalistes', '2018') s USING (code) "
            "JOIN care_places() t USING (code) WHERE t.lon IS NOT NULL"
        )
        .df()
        .set_index("code")
    )
    assert len(places) > 34_800 and places["supply"].sum() > 61_000
    demand = places["weight"].fillna(places["population"])
    mainland = ~places["departement"].str.startswith("97")
    closeness = {}
    for reach in (REACH, *OTHER_REACHES):
        access = floating_catchment(
            places["supply"], demand, pairs_within(places, reach), straight_line(reach)
        )
        shared = (access * demand).sum() / places["supply"].sum()
        assert 0.999 < shared < 1.000001
        closeness[reach] = round(spearmanr(access[mainland], places["apl"][mainland])[0], 2)
    assert closeness == {10: 0.52, 12: 0.54, 15: 0.49}


def test_sites_around_the_quartiers_are_those_of_the_files(
    opened: Warehouse, shared_dir: Path
) -> None:
    """Counted again with geopandas on the producers' files, quartier by quartier."""
    rows = opened.mart("quartiers_of", codes=["95127", "95500", "95018", "95268", "95680"])
    rows = rows.set_index("code").dropna(subset=["geometry"])
    rows["geometry"] = shapely.from_wkb(rows["geometry"].map(bytes).to_numpy())
    sites = opened.mart("sites_between", west=1.0, south=48.0, east=3.5, north=50.0)
    found = sites_around(rows, sites.set_index("site_id"))
    assert len(rows) > 10 and found["inside"].any()

    raw = json.loads((shared_dir / "open-data/finess/finess_95.json").read_text("utf-8"))
    points = gpd.GeoSeries.from_xy([x["lon"] for x in raw], [x["lat"] for x in raw], crs=4326)
    outlines = gpd.read_file(shared_dir / "open-data/anct/qpv_95.geojson").to_crs(2154)
    points = points.to_crs(2154)
    for _, one in outlines[outlines["identifian"].isin(rows.index)].iterrows():
        here = found[found["outline"] == one["identifian"]]
        metres = points.distance(one.geometry)
        # The warehouse rounds points and simplifies outlines: a few metres at the edges.
        assert abs((metres <= 500).sum() - len(here)) <= ((metres - 500).abs() < 25).sum()
        assert (
            abs((metres == 0).sum() - here["inside"].sum())
            <= (points.distance(one.geometry.boundary) < 25).sum()
        )
