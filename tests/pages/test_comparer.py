"""Comparer: side by side and a whole département, against figures recomputed from the warehouse."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import LEAKS, LONG_DECIMALS, rows_of, texts_of
from views.lexicon import refused_words

CERGY, PARISIS, PLAINE, ROISSY = "249500109", "200058485", "200056380", "200055655"
FOUR = ";".join(f"epci:{code}" for code in (CERGY, PARISIS, PLAINE, ROISSY))
BROKEN = "n'a pas pu s'afficher"
NO_DIPLOMA = "Part des 15 ans et plus sans diplôme"


@pytest.fixture
def database(embedded_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(embedded_warehouse), read_only=True) as connection:
        yield connection


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ").replace("\\", "")


def visit(test: AppTest, perimeter: str = f"epci:{CERGY}", **parameters: str) -> str:
    """Open the page with this address; its texts, once they are known to be sane."""
    test.query_params["p"] = perimeter
    test.run()
    test.switch_page("pages/comparer.py")
    for name, value in {"p": perimeter, **parameters}.items():
        test.query_params[name] = value
    test.run()
    return text_of(test)


def text_of(test: AppTest) -> str:
    assert not test.exception, test.exception
    assert [one.value for one in test.error if BROKEN in one.value] == []
    assert [one.value for one in test.title] == ["Comparer"]
    text = plain(texts_of(test))
    for pattern in (LEAKS, LONG_DECIMALS):
        found = pattern.search(text)
        assert found is None, text[max(0, found.start() - 80) : found.end() + 80]
    assert refused_words(text) == []
    return text


def tartan(test: AppTest) -> pd.DataFrame:
    """The tartan on screen: headings, one column an intercommunalité, its asterisk dropped."""
    rows = [[plain(cell).strip() for cell in row] for row in rows_of(test)]
    start = next(
        position
        for position, row in enumerate(rows)
        if row and row[0] == "Indicateur" and rows[position + 1][0] == "Habitants"
    )
    width = len(rows[start])
    body = []
    for row in rows[start + 1 :]:
        if len(row) != width:
            break
        body.append(row)
    columns = [name.removesuffix(" *") for name in rows[start][1:]]
    return pd.DataFrame(body, columns=["Indicateur", *columns]).set_index("Indicateur")


def panel(test: AppTest, label: str) -> list[list[str]]:
    """Rows of one indicator side by side: territory, value, and the cells that follow."""
    rows = [[plain(cell).strip() for cell in row] for row in rows_of(test)]
    start = next(i for i, row in enumerate(rows) if row and row[0].startswith(label))
    found = [rows[start][1:]]
    for row in rows[start + 1 :]:
        if len(row) not in (3, 5):
            break
        found.append(row)
    return found


def recomputed(
    database: duckdb.DuckDBPyConnection, indicator: str, scale: float, code: str, period: str
) -> tuple[float, float, float]:
    """Value, numerator and denominator of an EPCI, from its communes."""
    ((numerator, denominator),) = database.execute(
        "SELECT sum(numerator), sum(denominator) FROM observation WHERE indicator_id = ? AND "
        "period = ? AND level = 'commune' AND code IN "
        "(SELECT commune_code FROM territory_member WHERE parent_level = 'epci' AND parent_code = ?)",
        [indicator, period, code],
    ).fetchall()
    return scale * numerator / denominator, numerator, denominator


def number(text: str) -> float:
    return float(re.sub(r"[^\d,.\-]", "", text.replace("−", "-")).replace(",", "."))


# --- side by side


def test_alone_a_territory_waits_for_another(app_test: AppTest) -> None:
    text = visit(app_test)
    assert "Ajoutez au moins un territoire de même niveau que CA de Cergy-Pontoise" in text
    assert "Chaque territoire" not in text


def test_values_and_intervals_are_those_of_the_communes(
    app_test: AppTest, database: duckdb.DuckDBPyConnection
) -> None:
    visit(app_test, t=FOUR)
    rows = panel(app_test, NO_DIPLOMA)
    assert [row[0] for row in rows] == [
        "CA de Cergy-Pontoise",
        "CA Val Parisis",
        "CA Plaine Vallée",
        "CA Roissy Pays de France",
    ]
    for code, row in zip((CERGY, PARISIS, PLAINE), rows, strict=False):
        value, numerator, size = recomputed(database, "part_sans_diplome", 100, code, "2023")
        assert number(row[1]) == pytest.approx(value, abs=0.051)
        # Wilson, written out.
        z, share = 1.959963984540054, numerator / size
        centre = (share + z * z / (2 * size)) / (1 + z * z / size)
        half = (
            z / (1 + z * z / size) * math.sqrt(share * (1 - share) / size + (z / (2 * size)) ** 2)
        )
        low, high = re.findall(r"[\d,]+(?= )", row[3] + " ")[:2]
        assert number(low) == pytest.approx(100 * (centre - half), abs=0.051)
        assert number(high) == pytest.approx(100 * (centre + half), abs=0.051)
        ((benchmark,),) = database.execute(
            "SELECT value FROM observation WHERE indicator_id = 'part_sans_diplome' AND "
            "level = 'departement' AND code = '95' AND period = '2023'"
        ).fetchall()
        assert row[4].startswith("plus bas" if 100 * (centre + half) < benchmark else "plus haut")
    assert rows[3][1] == "pas de chiffre" and "90 % de la population" in rows[3][2]


def test_the_same_period_for_all(app_test: AppTest, database: duckdb.DuckDBPyConnection) -> None:
    """Each indicator is written once, with one period, that each of its figures has."""
    visit(app_test, t=FOUR, comparateur="france:FR")
    rows = [[plain(cell) for cell in row] for row in rows_of(app_test)]
    heads = [row[0] for row in rows if len(row) == 6 and "comparaison :" in row[0]]
    assert len(heads) > 10 and len(heads) == len(set(heads))
    assert all(re.search(r"(\d{4})[^·]*· comparaison : ", head) for head in heads)


def test_order_is_that_of_the_choice_or_of_names_never_of_values(app_test: AppTest) -> None:
    backwards = ";".join(reversed(FOUR.split(";")))
    visit(app_test, t=backwards)
    names = [row[0] for row in panel(app_test, NO_DIPLOMA)]
    assert names[0] == "CA Roissy Pays de France" and names[-1] == "CA de Cergy-Pontoise"
    app_test.segmented_control(key="choix-ordre").set_value("nom").run()
    text_of(app_test)
    names = [row[0] for row in panel(app_test, NO_DIPLOMA)]
    assert names == sorted(names, key=str.casefold)
    assert app_test.query_params["ordre"] in ("nom", ["nom"])


@pytest.mark.parametrize(
    "mixed",
    [f"epci:{CERGY};com:95476", "com:95476;dep:95", f"epci:{CERGY};epci:{CERGY},com:46042"],
)
def test_levels_are_never_mixed(app_test: AppTest, mixed: str) -> None:
    text = visit(app_test, t=mixed)
    assert "ne se comparent pas" in text and "même niveau" in text
    assert "Chaque territoire, par rapport" not in text
    assert not [row for row in rows_of(app_test) if len(row) == 6]


def test_after_a_refusal_one_level_can_be_kept(app_test: AppTest) -> None:
    visit(app_test, t=f"{FOUR};com:95476")
    keep = next(one for one in app_test.button if one.label.startswith("Garder"))
    keep.click().run()
    assert "ne se comparent pas" not in text_of(app_test)
    assert len(panel(app_test, NO_DIPLOMA)) == 4


def test_search_adds_the_same_level_and_says_why_not_the_others(app_test: AppTest) -> None:
    visit(app_test)
    app_test.text_input(key="recherche-territoires").set_value("osny").run()
    assert "Osny est une commune : la comparaison en cours porte sur des intercommunalités." in (
        text_of(app_test)
    )
    app_test.text_input(key="recherche-territoires").set_value("val parisis").run()
    app_test.button(key=f"ajouter-territoire-epci-{PARISIS}").click().run()
    text_of(app_test)
    assert [row[0] for row in panel(app_test, NO_DIPLOMA)] == [
        "CA de Cergy-Pontoise",
        "CA Val Parisis",
    ]
    app_test.button(key=f"retirer-epci:{PARISIS}").click().run()
    assert "Ajoutez au moins un territoire" in text_of(app_test)


def test_similar_territories_come_in_one_click(app_test: AppTest) -> None:
    visit(app_test)
    button = next(one for one in app_test.button if "similaires" in one.label)
    button.click().run()
    text_of(app_test)
    labels = [one.label for one in app_test.button if one.key and one.key.startswith("retirer-")]
    assert len(labels) == 4 and labels[0] == "CA de Cergy-Pontoise"


@pytest.mark.parametrize(
    "asked",
    ["zzz", "epci:000000000", "arm:75121", "x" * 5000, ";;;", "epci:249500109;epci:000000000"],
)
def test_a_wrong_link_is_said(app_test: AppTest, asked: str) -> None:
    text = visit(app_test, t=asked)
    assert "Ajoutez au moins un territoire" in text
    assert asked == ";;;" or app_test.warning


CASES = {
    "communes": ("com:95127", "com:95127;com:95476;com:95011"),
    "départements": ("dep:95", "dep:95;dep:46;dep:48"),
    "régions": ("reg:11", "reg:11;reg:76"),
    "composés": (
        f"epci:{CERGY},com:46042",
        f"epci:{CERGY},com:46042;epci:{CERGY},-com:95127",
    ),
    "outre-mer": ("dep:974", "epci:249740077;epci:249740085"),
    "six": ("dep:95", f"{FOUR};epci:200058519;epci:200035970"),
}


@pytest.mark.parametrize(("perimeter", "listed"), CASES.values(), ids=CASES.keys())
def test_every_kind_with_every_comparator(app_test: AppTest, perimeter: str, listed: str) -> None:
    text = visit(app_test, perimeter, t=listed)
    assert "Chaque territoire, par rapport à" in text
    for key in app_test.selectbox(key="choix-comparateur").options:
        app_test.selectbox(key="choix-comparateur").set_value(key).run()
        text_of(app_test)


def test_territories_that_share_communes_say_so(app_test: AppTest) -> None:
    text = visit(app_test, t=f"epci:{CERGY},com:46042;epci:{CERGY},-com:95127")
    assert re.search(r"ont \d+ communes en commun", text)


def test_who_weighs_in_the_comparator_is_said(app_test: AppTest) -> None:
    text = visit(app_test, t=FOUR)
    assert "Part des habitants du Val-d'Oise qui vivent dans ces territoires" in text


# --- a whole département


def test_every_intercommunalite_of_the_departement(
    app_test: AppTest, database: duckdb.DuckDBPyConnection
) -> None:
    text = visit(app_test, vue="departement")
    shown = tartan(app_test)
    names = [
        name
        for (name,) in database.execute(
            "SELECT DISTINCT e.name FROM territory c JOIN territory e ON e.level = 'epci' AND "
            "e.code = c.epci_code WHERE c.level = 'commune' AND c.departement_code = '95'"
        ).fetchall()
    ]
    assert sorted(shown.columns) == sorted(names)
    assert f"{len(names)} intercommunalités sur {len(names)}." in text
    assert "CA de Cergy-Pontoise (98 % des habitants ici, le reste : Yvelines)" in text
    assert len(shown) > 25
    assert "page Mortalité, n'est pas dans ce tableau" in text
    for code, name in ((CERGY, "CA de Cergy-Pontoise"), (PLAINE, "CA Plaine Vallée")):
        value, _, _ = recomputed(database, "part_sans_diplome", 100, code, "2023")
        assert number(shown.loc["Sans diplôme", name].rstrip("+−≠ ")) == pytest.approx(
            value, abs=0.051
        )


def test_columns_by_size_and_by_gap(app_test: AppTest) -> None:
    visit(app_test, vue="departement", tri="taille")
    people = [number(text) for text in tartan(app_test).loc["Habitants"]]
    assert people == sorted(people, reverse=True)
    app_test.segmented_control(key="choix-tri").set_value("ecart").run()
    text = text_of(app_test)
    app_test.selectbox(key="choix-examine").set_value("part_diplome_superieur").run()
    row = tartan(app_test).loc["Diplômés du supérieur"]
    values = [number(cell.rstrip("+−≠ ")) for cell in row if cell[:1].isdigit()]
    assert len(values) > 5 and values == sorted(values)
    assert list(row)[len(values) :] == ["pas de chiffre"] * (len(row) - len(values))
    assert "deux voisines peuvent ne différer que par le hasard" in text
    assert not re.search(r"\b(?:rang|classée?s?|1er|1re)\b", text, re.IGNORECASE)


def test_filters_on_quartiers_and_coverage(
    app_test: AppTest, database: duckdb.DuckDBPyConnection
) -> None:
    visit(app_test, vue="departement", qpv="sans")
    without = tartan(app_test)
    assert (without.loc["Quartiers prioritaires"] == "0").all()
    with_some = {
        name
        for (name,) in database.execute(
            "SELECT DISTINCT e.name FROM territory_member q JOIN territory c ON c.level = 'commune' "
            "AND c.code = q.commune_code JOIN territory e ON e.level = 'epci' AND "
            "e.code = c.epci_code WHERE q.parent_level = 'qpv'"
        ).fetchall()
    }
    assert not with_some & set(without.columns)
    app_test.segmented_control(key="choix-qpv").set_value("avec").run()
    assert set(tartan(app_test).columns) <= with_some
    app_test.segmented_control(key="choix-couv").set_value("90").run()
    covered = tartan(app_test).loc["Population couverte, en moyenne"]
    assert all(number(text) >= 90 for text in covered)
    assert "intercommunalités sur 12." in text_of(app_test)


def test_an_empty_result_says_which_filter_leaves_out_how_many(app_test: AppTest) -> None:
    """Paris has a single intercommunalité, with quartiers prioritaires."""
    text = visit(app_test, vue="departement", dep="75", qpv="sans")
    assert (
        "ne passe pas tous les filtres" in text
        and "« sans quartier prioritaire » en écarte 1" in text
    )
    assert "Retirez un filtre" in text


def test_a_filter_without_data_is_disabled_and_says_what_to_load(app_test: AppTest) -> None:
    text = visit(app_test, vue="departement", zip="avec")
    assert app_test.segmented_control(key="sans-donnees-zip").disabled
    assert "chargez « CartoSanté, demandes directes au site »" in text
    assert "n'est pas appliqué" in text and "12 intercommunalités sur 12." in text
    app_test.selectbox(key="choix-dep").set_value("48").run()
    assert app_test.segmented_control(key="sans-donnees-qpv").disabled
    assert "Quartiers prioritaires (QPV) 2024 par commune" in text_of(app_test)


def test_the_funnel_names_who_is_outside(
    app_test: AppTest, database: duckdb.DuckDBPyConnection
) -> None:
    text = visit(app_test, vue="departement", examine="part_sans_diplome")
    ((benchmark,),) = database.execute(
        "SELECT value / 100 FROM observation WHERE indicator_id = 'part_sans_diplome' AND "
        "level = 'departement' AND code = '95' AND period = '2023'"
    ).fetchall()
    figures = database.execute(
        "SELECT t.name, o.numerator, o.denominator FROM observation o JOIN territory t "
        "USING (level, code) WHERE o.indicator_id = 'part_sans_diplome' AND o.level = 'epci' AND "
        "o.period = '2023' AND o.value IS NOT NULL AND o.code IN (SELECT epci_code FROM territory "
        "WHERE level = 'commune' AND departement_code = '95')"
    ).fetchall()
    assert len(figures) > 5
    for name, numerator, size in figures:
        score = (numerator / size - benchmark) / math.sqrt(benchmark * (1 - benchmark) / size)
        row = next(row for row in rows_of(app_test) if row[0] == name and "limite" in row[-1])
        expected = (
            "99,8"
            if abs(score) > 3.0902
            else "hors de la limite à 95"
            if abs(score) > 1.96
            else "dans"
        )
        assert expected in plain(row[-1]), (name, score, row)
        if abs(score) > 3.0902:
            side = "Au-dessus" if score > 0 else "Au-dessous"
            said = next(
                line for line in text.splitlines() if line.startswith(f"{side} de la limite à 99,8")
            )
            assert name in said


def test_no_funnel_where_there_is_no_numerator(app_test: AppTest) -> None:
    text = visit(app_test, vue="departement", examine="mediane_niveau_vie")
    assert "n'est pas une part ni un taux" in text


@pytest.mark.parametrize("departement", ["95", "46", "48", "75", "2A", "974", "975", "976"])
def test_every_departement_opens(app_test: AppTest, departement: str) -> None:
    visit(app_test, vue="departement", dep=departement)


@pytest.mark.parametrize(
    "parameter", ["dep", "vue", "qpv", "couv", "tri", "examine", "comparateur"]
)
def test_a_wrong_choice_in_the_link_is_no_error(app_test: AppTest, parameter: str) -> None:
    visit(app_test, **({"vue": "departement"} | {parameter: "<b>n'existe pas</b>"}))


def test_the_departement_is_that_of_the_perimeter(app_test: AppTest) -> None:
    text = visit(app_test, "epci:244600433,com:46042", vue="departement")
    assert "Les intercommunalités, Lot, par rapport à : Lot" in text
    assert "CC Grand-Figeac" in " ".join(tartan(app_test).columns)
