"""Forgiving territory search: spelling, ranking, homonyms, codes and speed."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic.search import COLUMNS, SearchIndex, normalise

COG = Path(__file__).parents[2] / "data" / "embarque"
DEPARTEMENTS = {
    "01": "Ain",
    "11": "Aude",
    "13": "Bouches-du-Rhône",
    "30": "Gard",
    "33": "Gironde",
    "43": "Haute-Loire",
    "48": "Lozère",
    "60": "Oise",
    "62": "Pas-de-Calais",
    "67": "Bas-Rhin",
    "69": "Rhône",
    "72": "Sarthe",
    "75": "Paris",
    "85": "Vendée",
    "93": "Seine-Saint-Denis",
    "95": "Val-d'Oise",
    "2A": "Corse-du-Sud",
    "974": "La Réunion",
}
TERRITORIES: list[tuple[str, str, str, str | None, float | None]] = [
    ("commune", "95127", "Cergy", "95", 70_906),
    ("commune", "95500", "Pontoise", "95", 31_970),
    ("commune", "91129", "Cerny", None, 3_531),
    ("epci", "249500109", "CA de Cergy-Pontoise", "95", 217_763),
    ("epci", "200073393", "CC des Rives du Haut Allier", "43", 16_416),
    ("epci", "200006930", "CC du Haut Allier Margeride", "48", 5_167),
    ("epci", "200060010", "CA Mauges Communauté", None, 120_000),
    ("commune", "11339", "Saint-Denis", "11", 523),
    ("commune", "30247", "Saint-Denis", "30", 296),
    ("commune", "93066", "Saint-Denis", "93", 149_077),
    ("commune", "97411", "Saint-Denis", "974", 155_634),
    ("commune", "93039", "L'Île-Saint-Denis", "93", 8_696),
    ("departement", "93", "Seine-Saint-Denis", "93", 1_704_316),
    ("departement", "95", "Val-d'Oise", "95", 1_281_653),
    ("departement", "01", "Ain", "01", 679_344),
    ("region", "01", "Guadeloupe", None, 380_000),
    ("region", "04", "La Réunion", None, 889_679),
    ("departement", "974", "La Réunion", "974", 889_679),
    ("commune", "75056", "Paris", "75", 2_103_778),
    ("departement", "75", "Paris", "75", 2_103_778),
    ("arm", "75112", "Paris 12e Arrondissement", "75", 138_024),
    ("epci", "200054781", "Métropole du Grand Paris", "75", 7_115_576),
    ("ept", "200057867", "Plaine Commune", "93", 453_671),
    ("commune", "69123", "Lyon", "69", 519_127),
    ("epci", "200046977", "Métropole de Lyon", "69", 1_433_613),
    ("commune", "67482", "Strasbourg", "67", 293_771),
    ("epci", "246700488", "Eurométropole de Strasbourg", "67", 517_386),
    ("commune", "33063", "Bordeaux", "33", 267_991),
    ("epci", "243300316", "Bordeaux Métropole", "33", 843_738),
    ("commune", "72181", "Le Mans", "72", 146_249),
    ("commune", "13001", "Aix-en-Provence", "13", 149_695),
    ("commune", "13055", "Marseille", "13", 886_040),
    ("commune", "85113", "L'Île-d'Yeu", "85", 4_883),
    ("commune", "69202", "Sainte-Foy-lès-Lyon", "69", 21_692),
    ("commune", "62633", "Œuf-en-Ternois", "62", None),
    ("commune", "2A004", "Ajaccio", "2A", 76_320),
    ("commune", "95625", "Us", "95", 1_374),
]


def table(rows: list[tuple[str, str, str, str | None, float | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["level", "code", "name", "departement", "population"])
    return frame.assign(departement_name=frame["departement"].map(DEPARTEMENTS))


@pytest.fixture(scope="module")
def index() -> SearchIndex:
    return SearchIndex.build(table(TERRITORIES))


def codes(index: SearchIndex, text: str, limit: int = 8) -> list[str]:
    return index.query(text, limit)["code"].tolist()


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("cergy pontoise", "249500109"),
        ("CERGY-PONTOISE", "249500109"),
        ("ca de cergy pontoise", "249500109"),
        ("agglo cergy-pontoise", "249500109"),
        ("communauté d'agglomération de Cergy-Pontoise", "249500109"),
        ("Commnauté Cergy Pontoise", "249500109"),
        ("cergypontoise", "249500109"),
        ("Mauges Commnauté", "200060010"),
        ("sergy pontoise", "249500109"),
        ("cergy", "95127"),
        ("cergi", "95127"),
        ("rives du haut allier", "200073393"),
        ("saint denis reunion", "97411"),
        ("saint denis 93", "93066"),
        ("Saint-Denis (Aude)", "11339"),
        ("st denis seine saint denis", "93066"),
        ("ile saint denis", "93039"),
        ("seine st-denis", "93"),
        ("ste foy les lyon", "69202"),
        ("lyon", "69123"),
        ("metropole de lyon", "200046977"),
        ("strasbourg", "67482"),
        ("eurometropole strasbourg", "246700488"),
        ("bordeaux metropole", "243300316"),
        ("paris", "75056"),
        ("paris 12", "75112"),
        ("grand paris", "200054781"),
        ("plaine commune", "200057867"),
        ("mans", "72181"),
        ("aix en provence", "13001"),
        ("aixenprovence", "13001"),
        ("marseile", "13055"),
        ("marsielle", "13055"),
        ("l’ile d’yeu", "85113"),
        ("oeuf en ternois", "62633"),
        ("us", "95625"),
        ("95127", "95127"),
        ("249500109", "249500109"),
        (" 2a004 ", "2A004"),
        ("95", "95"),
    ],
)
def test_first_answer(index: SearchIndex, text: str, first: str) -> None:
    assert codes(index, text)[0] == first


def test_the_commune_and_its_intercommunality_both_show(index: SearchIndex) -> None:
    assert codes(index, "cergy", 2) == ["95127", "249500109"]


def test_words_in_any_place(index: SearchIndex) -> None:
    for text in ("haut allier", "Haut-Allier", "allier haut", "haut alier", "CC du Haut Allier"):
        assert set(codes(index, text, 3)) >= {"200073393", "200006930"}


def test_the_beginning_of_any_word(index: SearchIndex) -> None:
    assert index.query("haut marg")[["code", "match"]].to_numpy()[0].tolist() == [
        "200006930",
        "mots",
    ]


def test_a_departement_narrows(index: SearchIndex) -> None:
    found = index.query("saint denis 93")
    sure = found[found["match"] != "proche"]
    assert set(sure["departement"]) == {"93"}


def test_homonyms_come_by_population_with_their_departement(index: SearchIndex) -> None:
    found = index.query("saint denis", 4)
    assert found["code"].tolist() == ["97411", "93066", "11339", "30247"]
    assert found["departement_name"].tolist() == ["La Réunion", "Seine-Saint-Denis", "Aude", "Gard"]
    assert (found["match"] == "exact").all()


def test_a_departement_wins_over_a_region_of_the_same_code(index: SearchIndex) -> None:
    assert index.query("01")["level"].tolist() == ["departement", "region"]


def test_columns_and_kinds_of_match(index: SearchIndex) -> None:
    assert list(index.query("cergy").columns) == [*COLUMNS, "match"]
    for text, kind in (("95127", "code"), ("haut allier", "mots"), ("sergy pontoise", "proche")):
        assert index.query(text)["match"][0] == kind


def test_levels_and_limit(index: SearchIndex) -> None:
    assert index.query("saint denis", levels=["departement"])["code"].tolist() == ["93"]
    assert index.query("cergy", levels=["epci"])["code"].tolist()[0] == "249500109"
    assert len(index.query("saint denis", 2)) == 2


def test_legal_form_alone_lists_those_that_have_it(index: SearchIndex) -> None:
    assert set(codes(index, "metropole", 4)) == {
        "200054781",
        "200046977",
        "246700488",
        "243300316",
    }


@pytest.mark.parametrize("text", ["", " ", "c", "é", "-'", "日本", "zzzzqqq", "99999"])
def test_nothing_to_find(index: SearchIndex, text: str) -> None:
    found = index.query(text)
    assert found.empty
    assert list(found.columns) == [*COLUMNS, "match"]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200) | st.text(alphabet="saintdeshlr -'19", max_size=200))
def test_any_text_is_survived(text: str) -> None:
    found = SURVIVOR.query(text)
    assert len(found) <= 8
    assert not found.duplicated(["level", "code"]).any()


SURVIVOR = SearchIndex.build(table(TERRITORIES))


def test_the_order_of_the_table_is_irrelevant(index: SearchIndex) -> None:
    turned = SearchIndex.build(table(TERRITORIES[::-1]))
    for text in ("saint denis", "cergy", "lyon", "haut alier", "01"):
        assert codes(turned, text) == codes(index, text)


def test_normalise() -> None:
    assert normalise("L'Haÿ-les-Roses") == "l hay les roses"
    assert normalise("Ste-Mère–Église’s Cœur") == "sainte mere eglise s coeur"


def test_build_refusals() -> None:
    with pytest.raises(ValueError, match="population"):
        SearchIndex.build(table(TERRITORIES).drop(columns="population"))
    with pytest.raises(ValueError, match="non vide"):
        SearchIndex.build(table([]))


def test_speed_at_the_size_of_the_country() -> None:
    """Median under 50 ms on 36 400 names made from real words."""
    draw = np.random.default_rng(6)
    words = [w for row in TERRITORIES for w in normalise(row[2]).split()]
    ends = [f"{a}{b}{c}" for a in "bcdfgl" for b in ("ac", "on", "ille", "eux") for c in "aesy"]
    names = [f"{draw.choice(words)}-{draw.choice(words)}{draw.choice(ends)}" for _ in range(36_400)]
    frame = pd.DataFrame(
        {
            "level": "commune",
            "code": [f"{i:05d}" for i in range(36_400)],
            "name": names,
            "departement": "95",
            "departement_name": "Val-d'Oise",
            "population": draw.integers(10, 9000, 36_400),
        }
    )
    big = SearchIndex.build(frame)
    times = []
    for text in ["cergy", "saint denis", "haut alier", "marseile", names[7], "95127"] * 3:
        start = time.perf_counter()
        big.query(text)
        times.append(time.perf_counter() - start)
    assert np.median(times) < 0.05


@pytest.fixture(scope="module")
def country() -> SearchIndex:
    if not (COG / "cog_communes.csv").exists() or not (COG / "cog_groupements.csv").exists():
        pytest.skip("data/embarque/cog_communes.csv ou cog_groupements.csv n'est pas là")
    read = {"dtype": str, "keep_default_na": False}
    communes = pd.read_csv(COG / "cog_communes.csv", **read)
    groups = pd.read_csv(COG / "cog_groupements.csv", **read)
    communes["population"] = pd.to_numeric(communes["population"])
    level = communes["type"].map({"com": "commune"}).fillna(communes["type"])
    rows = [communes.assign(level=level, name=communes["nom"])]
    for kind in ("epci", "ept"):
        largest = communes[communes[kind] != ""].sort_values("population").groupby(kind)
        facts = largest.agg(population=("population", "sum"), departement=("departement", "last"))
        named = groups[groups["niveau"] == kind].set_index("code")["nom"].rename("name")
        rows.append(facts.join(named, how="inner").rename_axis("code").reset_index())
        rows[-1]["level"] = kind
    frame = pd.concat(rows, ignore_index=True)
    frame["departement_name"] = frame["departement"].map(DEPARTEMENTS)
    return SearchIndex.build(frame)


def test_on_the_real_names(country: SearchIndex) -> None:
    assert codes(country, "cergy pontoise", 1) == ["249500109"]
    assert {"95127", "249500109"} <= set(codes(country, "cergy", 3))
    assert {"200073393", "200006930"} <= set(codes(country, "haut allier", 3))
    assert codes(country, "saint denis", 4)[:2] == ["97411", "93066"]
    assert codes(country, "95127") == ["95127"]
    for text, code in (("montpelier", "34172"), ("sarcelle", "95585"), ("ajacio", "2A004")):
        assert code in codes(country, text, 3)
