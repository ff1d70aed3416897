"""The map page: extents, ways to draw, sentences equal to an independent recomputation."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import check, rows_of, texts_of
from warehouse.paths import published
from warehouse.read import Warehouse

CERGY = "epci:249500109"
GRAND_QUERCY = (
    "epci:200023737,epci:200035327,epci:200039519,"
    "epci:244600433,epci:244600482,epci:244600532,epci:244600573"
)
APL = "apl_medecins_generalistes"


def show(test: AppTest, asked: str, **parameters: str) -> str:
    """The page with these parameters in its address; its text, with ordinary spaces."""
    test.query_params["p"] = asked
    test.run()
    test.switch_page("pages/carte.py")
    test.query_params["p"] = asked
    for key, value in parameters.items():
        test.query_params[key] = value
    test.run()
    check(test, "carte")
    return texts_of(test).replace("\u202f", " ").replace("\u00a0", " ").replace("\\", "")


def figures(level: str, code: str, indicator: str) -> pd.DataFrame:
    """Figures of the communes of a territory at the period that has most of them."""
    warehouse = Warehouse(published().path)
    try:
        periods = warehouse.mart("area_periods", at_level=level, at_code=code)
        periods = periods[periods["indicator_id"] == indicator].sort_values("period")
        best = periods.sort_values("communes", kind="stable").iloc[-1]["period"]
        return warehouse.mart(
            "area_values", at_level=level, at_code=code, indicator=indicator, at_period=best
        ).set_index("code")
    finally:
        warehouse.close()


def table(test: AppTest, first: str) -> list[list[str]]:
    rows = rows_of(test)
    start = next(rank for rank, row in enumerate(rows) if row[:1] == [first])
    width = len(rows[start])
    found = [rows[start]]
    for row in rows[start + 1 :]:
        if len(row) != width:
            break
        found.append([cell.replace("\u202f", "").replace("\u00a0", " ") for cell in row])
    return found


@pytest.mark.parametrize("asked", [CERGY, GRAND_QUERCY, "com:95127", "dep:95"])
@pytest.mark.parametrize("kind", ["un", "croisement", "annees"])
def test_every_way_to_draw(app_test: AppTest, asked: str, kind: str) -> None:
    show(app_test, asked, **{"carte-de": kind})


def test_the_classes_count_every_commune(app_test: AppTest) -> None:
    show(app_test, CERGY, etendue="departement", decoupage="egales")
    rows = table(app_test, "Classe")[1:]
    warehouse = Warehouse(published().path)
    members = warehouse.mart("members")
    warehouse.close()
    inside = members[
        (members["parent_level"] == "departement") & members["parent_code"].isin(["78", "95"])
    ]
    assert sum(int(row[1]) for row in rows) == len(inside)


def test_the_country_is_shown_whole(app_test: AppTest) -> None:
    text = show(app_test, CERGY, etendue="france", ind="population_municipale")
    assert "France entière" in text
    rows = table(app_test, "Classe")[1:]
    assert sum(int(row[1]) for row in rows) == 34_875
    assert "sont dans le fichier CSV" in text


def test_cities_by_arrondissement(app_test: AppTest) -> None:
    show(app_test, "epci:200054781", ind="population_municipale", arrondissements="oui")
    names = [row[0] for row in table(app_test, "Territoire")[1:]]
    assert sum(name.startswith("Paris ") for name in names) == 20
    assert "Paris" not in names


def test_a_city_alone_is_said_by_arrondissement(app_test: AppTest) -> None:
    text = show(
        app_test, "com:75056", ind="population_municipale", arrondissements="oui", commune="75114"
    )
    assert "Pas de chiffre publié pour 20 arrondissements" in text
    rows = table(app_test, "Arrondissement")[1:]
    assert [row[0] for row in rows[:2]] == ["Paris 1er Arrondissement", "Paris 2e Arrondissement"]
    assert [one.label for one in app_test.selectbox if one.label.startswith("Voir")] == [
        "Voir un arrondissement"
    ]
    assert "commune" not in text.replace("**Paris** · 1 commune", "")


def test_a_count_is_drawn_in_circles(app_test: AppTest) -> None:
    text = show(app_test, CERGY, ind="population_municipale", decoupage="jenks")
    assert "il est dessiné en cercles" in text
    assert not [one for one in app_test.selectbox if one.label == "Découpage"]


def test_the_crossing_says_what_the_figures_say(app_test: AppTest) -> None:
    """E5: poverty and doctors; thirds recomputed with plain ranks."""
    parameters = {
        "carte-de": "croisement",
        "ind": "part_logements_vacants",
        "ind2": "part_65_ans_et_plus",
    }
    text = show(app_test, GRAND_QUERCY, **parameters)
    found = re.search(r"(\d+) communes? \(([\d ]+) habitants\) (?:est|sont) à la fois", text)
    assert found is not None, text
    warehouse = Warehouse(published().path)
    members = warehouse.mart("members")
    warehouse.close()
    epci = [part.split(":")[1] for part in GRAND_QUERCY.split(",")]
    codes = members.loc[members["parent_code"].isin(epci), "commune_code"]
    frames = [
        figures("departement", "46", parameters[key]).reindex(codes) for key in ("ind", "ind2")
    ]
    known = frames[0]["value"].notna() & frames[1]["value"].notna()
    high = [
        frame.loc[known, "value"] > np.quantile(frame.loc[known, "value"], 2 / 3)
        for frame in frames
    ]
    both = high[0] & high[1]
    assert int(found[1]) == both.sum()
    people = frames[0].loc[both[both].index, "population"].sum()
    assert int(found[2].replace(" ", "")) == people
    assert f"{known.sum()} communes ont les deux chiffres" in text


def test_around_the_comparator_both_sides_are_said(app_test: AppTest) -> None:
    show(app_test, GRAND_QUERCY, decoupage="comparateur", ind="part_logements_vacants")
    rows = table(app_test, "Classe")[1:]
    sides = {"▼": 0, "▲": 0}
    for row in rows:
        if row[0][0] in sides:
            sides[row[0][0]] += int(row[1])
    warehouse = Warehouse(published().path)
    members = warehouse.mart("members")
    levels = warehouse.mart("level_values", levels=["departement"], codes=["46"])
    warehouse.close()
    frame = figures("departement", "46", "part_logements_vacants")
    epci = [part.split(":")[1] for part in GRAND_QUERCY.split(",")]
    codes = members.loc[members["parent_code"].isin(epci), "commune_code"]
    values = frame["value"].reindex(codes).dropna()
    lot = levels[levels["indicator_id"] == "part_logements_vacants"].sort_values("period")
    middle = lot["value"].iloc[-1]
    assert sides == {"▼": int((values <= middle).sum()), "▲": int((values > middle).sum())}


def test_a_commune_of_the_address_is_shown(app_test: AppTest) -> None:
    """E3: its value and its class, never a rank."""
    text = show(app_test, CERGY, commune="95127")
    assert re.search(r"\*\*APL généralistes\*\* : \d,\d\d .*classe « de ", text), text
    assert not re.search(r"\brang\b|\bpire|\be place\b|mieux placée", text)
    assert app_test.query_params["commune"] in ("95127", ["95127"])


def test_a_secret_commune_is_said_by_what_holds_it(app_test: AppTest) -> None:
    text = show(app_test, GRAND_QUERCY, ind="taux_pauvrete", commune="46001")
    assert re.search(r"\*\*Pauvreté\*\* : secret statistique\. Son département, Lot : \d", text)


def test_thresholds_come_from_the_address(app_test: AppTest) -> None:
    show(app_test, CERGY, decoupage="seuils", **{f"seuils-{APL}": "2,5 ; 3"})
    labels = [row[0] for row in table(app_test, "Classe")[1:]]
    assert labels[:3] == ["jusqu’à 2,50", "de 2,50 à 3,00", "plus de 3,00"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"etendue": "galaxie"},
        {"carte-de": "zzz"},
        {"commune": "99999"},
        {"commune": "<script>"},
        {"decoupage": "seuils", f"seuils-{APL}": "<b>;{{7*7}}"},
        {"decoupage": "comparateur", "comparateur": "zzz", "classes-paires": "5"},
        {"carte-de": "croisement", "ind2": APL},
        {"carte-de": "croisement", "ind": "population_municipale"},
        {"carte-de": "annees", "ind": "population_municipale"},
    ],
    ids=lambda parameters: "-".join(parameters.values()) if isinstance(parameters, dict) else "",
)
def test_wrong_choices_of_the_address(app_test: AppTest, parameters: dict[str, str]) -> None:
    text = show(app_test, CERGY, **parameters)
    assert "220 279 habitants" in text
