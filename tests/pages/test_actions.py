"""Actions noted in the project: written, changed, removed; their coverage is that of the warehouse."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from diagnostic.perimeter import decode
from diagnostic.project import Action, Project, dump
from tests.pages.test_cibles import CERGY, QUERCY, groups_table, open_page, plain
from tests.pages.test_pages import check, rows_of
from tests.pages.test_projet import drop, fresh, press
from views.lexicon import refused_words

FIRST_EPCI = QUERCY.split(",")[0]


def with_actions(test: AppTest, asked: str, *actions: Action, **more: str) -> AppTest:
    """The page on a project that holds these actions."""
    test.query_params["p"] = asked
    test.run()
    test.switch_page("pages/perimetre.py").run()
    drop(test, dump(Project(decode(asked)[0], more, actions=actions)))
    test.switch_page("pages/actions.py").run()
    check(test, "actions")
    return test


def table_of(test: AppTest) -> dict[str, list[str]]:
    return {row[0]: row for row in rows_of(test) if len(row) == 6}


def actions_of(test: AppTest) -> tuple[Action, ...]:
    return test.session_state["project"].actions


def test_write_change_remove(app_test: AppTest) -> None:
    open_page(app_test, CERGY, "actions")
    assert "Aucune action notée" in plain(app_test)
    press(app_test, "Noter cette action")
    assert any("Donnez un nom" in one.value for one in app_test.error)
    box = next(one for one in app_test.text_input if one.label == "Nom de l'action")
    box.set_value("Bus <b>dentaire</b>").run()
    press(app_test, "Noter cette action")
    (action,) = actions_of(app_test)
    assert (action.title, action.approach) == ("Bus <b>dentaire</b>", "universelle")
    assert action.territories == (CERGY,)
    row = table_of(app_test)["Bus <b>dentaire</b>"]
    assert row[1:5] == ["Universelle", "13 sur 13", "100,0\u202f%", "100,0\u202f%"]
    assert "pour tous les habitants de nos 13 communes" in plain(app_test)

    press(app_test, "Modifier")
    approach = next(one for one in app_test.radio if one.label == "Approche annoncée")
    approach.set_value("ciblee").run()
    next(one for one in app_test.radio if one.label == "Où ?").set_value("certains").run()
    app_test.multiselect[0].set_value(["com:95127"]).run()
    press(app_test, "Enregistrer les changements")
    (changed,) = actions_of(app_test)
    assert (changed.id, changed.approach) == (action.id, "ciblee")
    assert changed.territories == ("com:95127",)
    assert "Nous commençons par Cergy" in plain(app_test)
    check(app_test, "actions")
    press(app_test, "Supprimer")
    assert actions_of(app_test) == ()


def test_the_coverage_is_that_of_the_warehouse(app_test: AppTest, embedded_warehouse: Path) -> None:
    """An EPCI of seven, targeted: people and communes recounted, its intensive group named."""
    action = Action(title="Ciblage", approach="ciblee", territories=(FIRST_EPCI,))
    with_actions(app_test, QUERCY, action)
    row, text = table_of(app_test)["Ciblage"], plain(app_test)
    bodies = [part.removeprefix("epci:") for part in QUERCY.split(",")]
    with duckdb.connect(str(embedded_warehouse), read_only=True) as connection:
        people = connection.execute(
            "SELECT m.parent_code AS epci, count(*) AS communes, sum(t.population) AS people "
            "FROM territory_member m JOIN territory t ON t.level = 'commune' "
            "AND t.code = m.commune_code WHERE m.parent_level = 'epci' AND t.population > 0 "
            f"AND m.parent_code IN ({', '.join(map(repr, bodies))}) GROUP BY 1"
        ).df()
    people = people.set_index("epci")
    assert row[2] == f"{people.loc[bodies[0], 'communes']} sur {people['communes'].sum()}"
    share = float(row[3].replace("\u202f%", "").replace(",", "."))
    expected = 100 * people.loc[bodies[0], "people"] / people["people"].sum()
    assert share == pytest.approx(expected, abs=0.051)
    groups = groups_table(open_page(fresh(), QUERCY))["Groupe"]
    assert ("Du groupe intensif" in text) == groups.str.contains("ntensif").any()


def test_a_universal_action_with_holes_and_a_graded_one(app_test: AppTest) -> None:
    holes = Action(title="Trous", territories=("com:95127", "com:95500"))
    flat = Action(
        title="Plate",
        approach="proportionnee",
        territories=(CERGY,),
        intensity={"com:95127": 709.06, "com:95500": 10.0},
    )
    test = with_actions(app_test, CERGY, holes, flat, force="5")
    text = plain(test)
    assert "Annoncée universelle, mais 11 communes restent sans l'action" in text
    assert "Rapport" not in table_of(test)["Plate"][5]
    assert refused_words(text) == []


def test_quarters_and_places_elsewhere_are_said(app_test: AppTest) -> None:
    action = Action(
        title="Médiation", approach="ciblee", territories=("qpv:QN09501M", "com:46042", "com:95127")
    )
    text = plain(with_actions(app_test, CERGY, action))
    assert "Hors de ce périmètre, non compté : Cahors." in text
    assert "Quartiers : " in text
    assert "1 commune sur 13" in text


def test_the_split_becomes_an_action(app_test: AppTest) -> None:
    open_page(app_test, CERGY, "intensite")
    press(app_test, "Noter cette répartition parmi les actions")
    (action,) = actions_of(app_test)
    assert action.approach == "proportionnee"
    assert sum(one or 0 for one in action.intensity.values()) == 120
    app_test.switch_page("pages/actions.py").run()
    check(app_test, "actions")
    row = table_of(app_test)[action.title]
    assert row[5] == "Besoin inconnu pour Maurecourt."
    assert re.search(r"jusqu'à \d,\d fois plus par habitant", plain(app_test))


@pytest.mark.parametrize("mesh", ["epci", "commune", "voisines"])
def test_a_pooled_split_keeps_its_total(app_test: AppTest, mesh: str) -> None:
    open_page(app_test, QUERCY, "intensite", **{"maille-epci": mesh})
    press(app_test, "Noter cette répartition parmi les actions")
    (action,) = actions_of(app_test)
    assert sum(one or 0 for one in action.intensity.values()) == pytest.approx(120, abs=1)
    app_test.switch_page("pages/actions.py").run()
    check(app_test, "actions")
