"""Qui touche-t-on ?: files read or refused, figures equal to the warehouse's, nothing kept."""

from __future__ import annotations

import math
import re
from pathlib import Path
from statistics import NormalDist

import duckdb
import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import PERIMETERS, rows_of, texts_of
from views.lexicon import refused_words
from warehouse.needs import load_needs

CERGY = "epci:249500109"
QUERCY = PERIMETERS["sept EPCI"]
PAGE = "pages/qui_touche_t_on.py"
COUNTS = {
    "95127": 700, "95500": 260, "95476": 190, "95572": 150, "95637": 210, "95218": 200,
    "95323": 230, "95183": 90, "95388": 60, "95450": 25, "95074": 12, "95510": 9,
}  # fmt: skip


def open_page(test: AppTest, asked: str, **more: str) -> AppTest:
    test.query_params["p"] = asked
    test.run()
    test.switch_page(PAGE)
    for name, value in {"p": asked, **more}.items():
        test.query_params[name] = value
    test.run()
    return checked(test)


def checked(test: AppTest) -> AppTest:
    assert not test.exception
    assert [one.value for one in test.error if "n'a pas pu s'afficher" in one.value] == []
    assert not refused_words(texts_of(test))
    return test


def give(test: AppTest, content: str, box: int = 0, name: str = "venues.csv") -> AppTest:
    test.file_uploader[box].set_value((name, content.encode(), "text/csv"))
    test.run()
    return checked(test)


def counts_file(counts: dict[str, int]) -> str:
    return "Code Insee;Nombre\n" + "".join(f"{code};{count}\n" for code, count in counts.items())


def plain(test: AppTest) -> str:
    text = texts_of(test).replace("\\", "")
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def reach_rows(test: AppTest) -> dict[str, list[str]]:
    return {row[0]: row for row in rows_of(test) if len(row) == 9 and row[0] != "Territoire"}


def decimal(text: str) -> float:
    found = re.match(r"[\u2212+]?[\d\u202f]+(,\d+)?", text)
    assert found, text
    return float(found[0].replace("\u202f", "").replace("\u2212", "-").replace(",", "."))


def need_by_hand(path: Path, codes: list[str]) -> tuple[pd.Series, pd.Series, tuple[float, float]]:
    """Need of the communes, their inhabitants and (q05, q95), by numpy from the warehouse."""
    signs = {
        one.id: (one.direction, one.period)
        for domain in load_needs().domains
        for one in domain.indicators
        if one.period
    }
    with duckdb.connect(str(path), read_only=True) as connection:
        frame = connection.execute(
            "SELECT o.code, o.indicator_id, o.period, o.value, t.population FROM observation o "
            "JOIN territory t ON t.level = o.level AND t.code = o.code "
            "WHERE o.level = 'commune' AND o.value IS NOT NULL AND o.indicator_id IN "
            f"({', '.join(repr(name) for name in signs)})"
        ).df()
        moments = connection.execute("SELECT * FROM reference").df()
    frame = frame[frame["period"] == frame["indicator_id"].map(lambda one: signs[one][1])]
    moments = moments[
        moments["period"] == moments["indicator_id"].map(lambda one: signs.get(one, ("", ""))[1])
    ]
    moments = moments.set_index("indicator_id")
    wide = frame.pivot(index="code", columns="indicator_id", values="value")
    people = frame.groupby("code")["population"].first()
    direction = pd.Series({name: sign for name, (sign, _) in signs.items()})[wide.columns]
    z = ((wide - moments.loc[wide.columns, "mean"]) / moments.loc[wide.columns, "sd"]).clip(-3, 3)
    need = (z * direction).mean(axis=1, skipna=False)
    full = wide.dropna()
    spread = np.cov(full.to_numpy().T, aweights=people[full.index])
    scale = np.sqrt(np.diag(spread))
    weights = direction.to_numpy() / len(direction)
    sd = math.sqrt(weights @ (spread / np.outer(scale, scale)) @ weights)
    low, high = (NormalDist(0, sd).inv_cdf(q) for q in (0.05, 0.95))
    return need.reindex(codes), people.reindex(codes), (low, high)


def test_the_shares_are_those_of_the_warehouse(app_test: AppTest, embedded_warehouse: Path) -> None:
    give(open_page(app_test, CERGY), counts_file(COUNTS))
    codes = list(COUNTS)
    need, people, (low, high) = need_by_hand(embedded_warehouse, codes)
    weight = people * 3 ** ((need.clip(low, high) - low) / (high - low))
    expected = sum(COUNTS.values()) * weight / weight.sum()
    with duckdb.connect(str(embedded_warehouse), read_only=True) as connection:
        names = dict(
            connection.execute(
                "SELECT name, code FROM territory WHERE level = 'commune' "
                f"AND code IN ({', '.join(repr(code) for code in codes)})"
            ).fetchall()
        )
    rows = reach_rows(app_test)
    assert set(names) == set(rows) - {"Total"}
    for name, code in names.items():
        _, inhabitants, part, of_need, of_reached, reached, due, ratio, _ = rows[name]
        assert decimal(inhabitants) == people[code]
        assert decimal(part) == pytest.approx(100 * people[code] / people.sum(), abs=0.051)
        assert decimal(of_need) == pytest.approx(100 * weight[code] / weight.sum(), abs=0.051)
        assert decimal(of_reached) == pytest.approx(
            100 * COUNTS[code] / sum(COUNTS.values()), abs=0.051
        )
        assert decimal(reached) == COUNTS[code]
        assert decimal(due) == pytest.approx(expected[code], abs=0.051)
        assert decimal(ratio) == pytest.approx(COUNTS[code] / expected[code], abs=0.0051)
    text = plain(app_test)
    top = need.sort_values(ascending=False).index
    share = (people[top].cumsum() / people.sum()).iloc[:-1]
    chosen = top[: share.sub(0.2).abs().to_numpy().argmin() + 1]
    said = re.search(
        r"Les (\d+) % d'habitants .+ forment (\d+) % du besoin et (\d+) % des personnes", text
    )
    assert said is not None
    assert [int(one) for one in said.groups()] == [
        round(100 * float(one))
        for one in (
            people[chosen].sum() / people.sum(),
            weight[chosen].sum() / weight.sum(),
            sum(COUNTS[code] for code in chosen) / sum(COUNTS.values()),
        )
    ]


def test_without_a_file_nothing_is_told_of_the_territory(app_test: AppTest) -> None:
    open_page(app_test, CERGY)
    text = plain(app_test)
    assert "Ce qu'il faut préparer" in text
    assert "Exemple fictif" not in text
    assert not reach_rows(app_test)
    assert "personnes touchées (entre" not in text


def test_every_row_is_told(app_test: AppTest) -> None:
    content = (
        "Code commune;Nom de la commune;Action;Nb de personnes\n"
        "95127;Cergy;Dépistage;120\n95500;Pontoise;Dépistage;85\n95476;Osny;Dépistage;3\n"
        "95476;Osny;Ateliers;30\n;St Ouen l'Aumone;Ateliers;25\n75056;Paris;Dépistage;22\n"
        "95127;Pontoise;Ateliers;40\nTotal;;;1500\nQN09511M;;Dépistage;50\n"
    )
    give(open_page(app_test, CERGY), content)
    text = plain(app_test)
    assert "**9 lignes lues** : 5 utilisées, 4 refusées." in text
    rows = rows_of(app_test)
    assert ["4", "95476", "moins de 5 : à regrouper ou à retirer"] in rows
    assert [
        "6",
        "St Ouen l'Aumone",
        "95572",
        "reconnu par son nom, unique dans le périmètre",
    ] in rows
    assert "Nombre minimal pour Osny" in text
    assert "sans nombre : inconnu n'est pas zéro" in text
    assert "50 personnes touchées vivent dans un quartier prioritaire" in text
    assert "42 % des personnes touchées dans les communes de ces quartiers" in text
    action = next(
        one for one in app_test.selectbox if one.label == "Action" and one.key == "touche_action"
    )
    action.set_value("Ateliers").run()
    assert reach_rows(checked(app_test))["Total"][5] == "55"


def test_absent_communes_are_unknown_unless_said_zero(app_test: AppTest) -> None:
    few = {code: COUNTS[code] for code in ("95127", "95500", "95476")}
    content = counts_file(few) + "95572;2\n"
    give(open_page(app_test, CERGY, absentes="zero"), content)
    rows = reach_rows(app_test)
    assert rows["Vauréal"][5] == "0"
    # Its number was refused: it stays unknown, it is no zero.
    assert "Saint-Ouen-l'Aumône" not in rows
    assert "Saint-Ouen-l'Aumône (sans nombre" in plain(app_test)


def test_a_file_that_names_people_is_not_kept(app_test: AppTest) -> None:
    content = "Code Insee;Nombre;Prénom\n95127;12;Zébulonne\n"
    give(open_page(app_test, CERGY), content)
    assert any("désignent des personnes" in one.value for one in app_test.error)
    assert "Ce qu'il faut préparer" in plain(app_test)
    assert "touche_people_tenu" not in app_test.session_state
    assert "Zébulonne" not in repr(app_test.session_state)


def test_nothing_goes_into_the_address(app_test: AppTest, embedded_data_dir: Path) -> None:
    before = sorted(embedded_data_dir.iterdir())
    give(open_page(app_test, CERGY), counts_file(COUNTS))
    assert set(app_test.query_params) == {"p"}
    assert sorted(embedded_data_dir.iterdir()) == before
    next(one for one in app_test.button if one.label.startswith("Retirer ce")).click().run()
    assert not reach_rows(checked(app_test))


def test_an_example_is_labelled_and_leaves_with_its_perimeter(app_test: AppTest) -> None:
    open_page(app_test, CERGY)
    next(one for one in app_test.button if "exemple fictif" in one.label).click().run()
    assert "**Exemple fictif.** Ces nombres sont inventés" in plain(checked(app_test))
    assert reach_rows(app_test)["Total"]
    open_page(app_test, QUERCY)
    assert "Exemple fictif" not in plain(app_test)
    assert not reach_rows(app_test)


@pytest.mark.parametrize(("mesh", "rows"), [({}, 7), ({"lecture-epci": "commune"}, 147)])
def test_a_large_perimeter_is_read_by_epci_or_by_commune(
    app_test: AppTest, mesh: dict[str, str], rows: int
) -> None:
    open_page(app_test, QUERCY, **mesh)
    next(one for one in app_test.button if "exemple fictif" in one.label).click().run()
    assert len(reach_rows(checked(app_test))) == rows + 1
    assert ("trop peu pour conclure" in plain(app_test)) == (rows > 7)


def test_the_target_and_the_weight_of_need_come_from_the_address(app_test: AppTest) -> None:
    open_page(app_test, CERGY, visee="65-et-plus", force="1")
    give(app_test, counts_file(COUNTS))
    assert "d'habitants de 65 ans et plus vivant" in plain(app_test)
    for row in reach_rows(app_test).values():
        assert row[2] == row[3], "à K = 1 le besoin ne compte pas"


def test_wrong_parameters_are_said(app_test: AppTest) -> None:
    open_page(app_test, CERGY, visee="zzz", force="99")
    give(app_test, counts_file(COUNTS))
    said = [one.value for one in app_test.warning if "n'existe pas ici" in one.value]
    assert len(said) == 2
    assert reach_rows(app_test)["Total"]


def test_resources_beside_the_announced_rule(app_test: AppTest) -> None:
    content = counts_file({code: 10 + count // 7 for code, count in COUNTS.items()})
    give(open_page(app_test, CERGY, base="30"), content.replace("Nombre", "Séances"), 1)
    text = plain(app_test)
    assert "la règle annoncée (base égale de 30 %, rapport 3)" in text
    assert "Indice de concentration des moyens" in text
    assert "Pour un point de besoin en plus" in text


def test_a_quarter_alone_is_told_apart(app_test: AppTest) -> None:
    give(open_page(app_test, CERGY), "Quartier;Nombre\nQN09511M;50\nLes Linandes;20\n")
    text = plain(app_test)
    assert "70 personnes touchées vivent dans un quartier prioritaire" in text
    assert "Aucune ligne de commune utilisable" in text


def test_two_numbers_that_give_away_a_small_one_are_signalled(app_test: AppTest) -> None:
    give(open_page(app_test, CERGY), "Code;Nombre\n95127;52\nQN09511M;50\n95500;60\n")
    assert any("ne publiez pas les deux" in one.value for one in app_test.warning)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("com:95127", "choisissez-en un plus grand"),
        ("dep:974", "chargez les données nationales"),
    ],
)
def test_what_cannot_be_compared_says_why(app_test: AppTest, asked: str, sentence: str) -> None:
    open_page(app_test, asked)
    next(one for one in app_test.button if "exemple fictif" in one.label).click().run()
    assert sentence in plain(checked(app_test))


@pytest.mark.parametrize("asked", PERIMETERS.values(), ids=PERIMETERS.keys())
def test_every_perimeter_with_an_example(app_test: AppTest, asked: str) -> None:
    open_page(app_test, asked)
    next(one for one in app_test.button if "exemple fictif" in one.label).click().run()
    assert "lignes lues" in plain(checked(app_test)) or "1 ligne lue" in plain(app_test)
