"""Intensité: exact totals, the same result from the address alone, figures equal to the rule's."""

from __future__ import annotations

import math
import re
from typing import cast
from urllib.parse import parse_qsl

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from diagnostic.allocation import observed_ratio, per_head_ratio
from diagnostic.dosing import Rule, after_reserve
from pages.dosing import Settings, split
from pages.shared import Current
from tests.pages.test_cibles import CERGY, QUERCY, another, open_page, plain
from tests.pages.test_pages import check, rows_of
from views.intensite import RESOURCES

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


BOUNDS = (-1.0, 1.5)
NOWHERE = cast(Current, None)  # only a split between neighbours reads the perimeter
communes = st.lists(
    st.tuples(
        st.integers(0, 60_000),
        st.one_of(st.floats(-3, 3, allow_subnormal=False), st.just(math.nan)),
        st.sampled_from(["CC A", "CC B", "CC C", None]),
    ),
    min_size=1,
    max_size=25,
).filter(lambda rows: any(people for people, _, _ in rows))


def asked_for(total: float, base: float, ratio: float, least: float, reserve: float) -> Settings:
    shared, kept = after_reserve(total, reserve, 1)
    rule = Rule(shared, BOUNDS, base, ratio)
    return Settings(RESOURCES["dentaires"], total, shared, kept, least, reserve, rule, ())


@settings(deadline=None, max_examples=40)
@given(
    communes,
    st.integers(1, 5000),
    st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    st.sampled_from([1.0, 2.0, 3.0, 5.0]),
    st.sampled_from([0.0, 1.0, 10.0]),
    st.sampled_from([0.0, 0.1]),
    st.sampled_from(["commune", "epci"]),
)
def test_the_split_of_the_page_keeps_the_promises_of_the_rule(
    rows: list[tuple[int, float, str | None]],
    total: int,
    base: float,
    ratio: float,
    least: float,
    reserve: float,
    mesh: str,
) -> None:
    """METHODS 6.3 through the function of the page, pooling and reserve included."""
    codes = [f"{place:05d}" for place in range(len(rows))]
    table = pd.DataFrame(
        {
            "name": [f"Commune {code}" for code in codes],
            "epci_code": [epci for *_, epci in rows],
            "epci_name": [epci for *_, epci in rows],
            "people": [float(people) for people, *_ in rows],
            "need": [need for _, need, _ in rows],
        },
        index=pd.Index(codes, name="code"),
    )
    chosen = asked_for(total, base, ratio, least, reserve)
    found, _ = split(NOWHERE, table, chosen, mesh)
    assert found["population"].sum() == table["people"].sum()
    assert found["pooled"].sum() == len(table)
    assert found["continuous"].sum() == pytest.approx(chosen.shared, abs=0.005)  # (a)
    assert found["allocated"].sum() == chosen.shared
    assert chosen.shared + chosen.kept == pytest.approx(total)
    assert ((found["allocated"] - found["continuous"]).abs() < 1 + 1e-9).all()
    lived_in = found[found["population"] > 0]
    mean = chosen.shared / table["people"].sum()
    assert (lived_in["per_head"] >= base * mean * (1 - 1e-9)).all()  # (b)
    ordered = lived_in.assign(at=lived_in["need"].clip(*BOUNDS)).dropna(subset="at")
    rising = ordered.sort_values("at")["per_head"].diff().dropna()
    assert (rising >= -1e-9 * (1 + mean)).all()  # (c)
    if base == 1 or ratio == 1:
        assert np.allclose(lived_in["per_head"], mean)  # (d)
    if chosen.shared:
        spread = (lived_in["population"] * lived_in["intensity"]).sum() / table["people"].sum()
        most = per_head_ratio(base, ratio, max(1.0, min(float(spread), ratio)))
        assert observed_ratio(lived_in) <= most * (1 + 1e-9)  # (g)
    turned, _ = split(NOWHERE, table[::-1], chosen, mesh)
    pd.testing.assert_frame_equal(  # (i)
        turned.drop(columns="names").reindex(found.index), found.drop(columns="names")
    )
