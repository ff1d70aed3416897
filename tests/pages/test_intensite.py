"""Intensité: exact totals, the same result from the address alone, figures equal to the rule's."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_cibles import CERGY, QUERCY, another, open_page, plain
from tests.pages.test_pages import check, rows_of

ETP = {"ressource": "etp", "quantite_etp": "3.5", "plancher_etp": "0.1"}


def split_of(test: AppTest) -> list[list[str]]:
    """Rows of the split, from its heading to its total."""
    rows = rows_of(test)
    start = next(at for at, row in enumerate(rows) if row[:1] == ["Territoire"] and "Base" in row)
    end = next(at for at, row in enumerate(rows) if at > start and row[:1] == ["Total"])
    return [[cell.replace("\u202f", "") for cell in row] for row in rows[start : end + 1]]


def column(rows: list[list[str]], name: str) -> list[float]:
    at = rows[0].index(name)
    return [float(row[at].replace(",", ".").replace("\u2212", "-")) for row in rows[1:]]


@pytest.mark.parametrize(
    "asked", [CERGY, QUERCY, "epci:244600433,com:46042", "com:95127", "dep:95"]
)
@pytest.mark.parametrize("more", [{}, ETP, {"base": "0", "force": "5"}], ids=["", "etp", "besoin"])
def test_totals_are_exact(app_test: AppTest, asked: str, more: dict[str, str]) -> None:
    test = open_page(app_test, asked, "intensite", **more)
    rows = split_of(test)
    expected = 3.5 if "ressource" in more else 120
    for name in ("Proportionné", "À parts égales"):
        values = column(rows, name)
        assert sum(values[:-1]) == pytest.approx(expected) and values[-1] == expected
    base, more_, given = (column(rows, one) for one in ("Base", "Renfort", "Proportionné"))
    unit = 0.1 if "ressource" in more else 1
    for one, two, three in zip(base, more_, given, strict=True):
        assert abs(one + two - three) < unit + 0.11  # both parts are shown to one decimal


def test_the_ratio_is_always_said(app_test: AppTest) -> None:
    text = plain(open_page(app_test, CERGY, "intensite"))
    assert "environ 1,8 fois plus par habitant" in text.replace("*", "")
    assert "soit 1,2 fois plus par habitant" in text


@pytest.mark.parametrize("mesh", ["epci", "commune", "voisines"])
def test_small_shares_are_pooled_and_said(app_test: AppTest, mesh: str) -> None:
    test = open_page(app_test, QUERCY, "intensite", **{"maille-epci": mesh})
    rows = split_of(test)
    assert column(rows, "Communes")[-1] == 147 and column(rows, "Habitants")[-1] == 93_414
    text = plain(test)
    assert "123 communes recevraient moins d'une unité" in text
    assert (len(rows) == 9) == (mesh == "epci")
    if mesh == "voisines":
        assert "avec leurs voisines" in text


def test_the_address_runs_the_same_again(app_test: AppTest) -> None:
    test = open_page(
        app_test, QUERCY, "intensite", finalite="enfance", poids_enfance_ressources="60",
        ressource="euros", quantite_euros="70000", base="25", force="5", reserve="10",
        visee="moins-20",
    )  # fmt: skip
    before, text = split_of(test), plain(test)
    assert "Moins de 20 ans" in text and "7 000 en réserve" in text.replace("*", "")
    page, _, query = test.code[0].value.partition("?")
    assert page == "intensite"
    asked = dict(parse_qsl(query))
    assert asked["poids_enfance_ressources"] == "60" and asked["base"] == "25"
    again = open_page(another(), asked.pop("p"), "intensite", **asked)
    assert split_of(again) == before
    cells = dict(row for row in rows_of(again) if len(row) == 2 and row[0] != "Élément")
    assert cells["Construction des données"].startswith("embarque-")
    assert cells["Base égale pour tous (φ)"].startswith("25")


def test_an_impossible_floor_is_said(app_test: AppTest) -> None:
    test = open_page(app_test, CERGY, "intensite", plancher="60")
    assert any("planchers" in one.value for one in test.warning)


def test_nothing_to_share(app_test: AppTest) -> None:
    test = open_page(app_test, CERGY, "intensite", quantite="0")
    assert set(column(split_of(test), "Proportionné")) == {0}
    assert "fois plus par habitant là où" not in plain(test)


def test_wrong_settings_are_said(app_test: AppTest) -> None:
    test = open_page(
        app_test,
        CERGY,
        "intensite",
        quantite="abc",
        base="1000",
        force="9",
        ressource="x",
        unite="7",
    )
    assert len(test.warning) >= 5
    check(test, "intensite")


def test_three_strategies_and_no_verdict(app_test: AppTest) -> None:
    test = open_page(app_test, QUERCY, "intensite")
    rows = [
        row
        for row in rows_of(test)
        if row[:1] and row[0] in ("Linéaire", "Plafonnée", "Recours inégal")
    ]
    assert [row[1] for row in rows] == 3 * ["Universelle", "Ciblée", "Proportionnée"]
    nothing = {row[1]: row[5] for row in rows}
    assert nothing["Universelle"] == nothing["Proportionnée"] == "0\u202f%" != nothing["Ciblée"]
    text = plain(test)
    assert "ne désigne pas de meilleure stratégie" in text
    assert not re.search(r"stratégie la (meilleure|plus efficace)", text)
