"""The project in a session: saved, reopened with the same screens, taken back, merged, kept apart."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from diagnostic.perimeter import decode, encode
from diagnostic.project import Action, Entry, Project, dump, load
from tests.conftest import ROOT
from tests.pages.downloads import watched
from tests.pages.test_pages import open_page, texts_of

CERGY = "epci:249500109"
QUERCY = "epci:200023737,epci:200035327"
BUS = Action(title="Bus <b>dentaire</b> *", territories=("com:95127",))
SAID = Entry(text="[lien](http://x)", source="habitants")
Saved = Callable[[AppTest], str]


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> Saved:
    """What the button of the page Périmètre gives."""
    seen = watched(monkeypatch)

    def save(test: AppTest) -> str:
        seen.clear()
        test.switch_page("pages/perimetre.py").run()
        assert not test.exception
        return next(one for one in seen if one.name.endswith("projet.json")).content.decode()

    return save


def fresh() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)


def drop(test: AppTest, content: str | bytes, label: str = "Rouvrir un fichier") -> AppTest:
    box = next(one for one in test.file_uploader if one.label.startswith(label))
    data = content.encode() if isinstance(content, str) else content
    box.set_value(("projet.json", data, "application/json"))
    return test.run()


def press(test: AppTest, label: str) -> AppTest:
    next(one for one in test.button if one.label == label).click()
    return test.run()


def screen(test: AppTest, name: str) -> str:
    test.switch_page(f"pages/{name}.py").run()
    assert not test.exception
    return texts_of(test)


CHOICES = {
    "cibles": {"poids_ressources": "10", "visee": "65-et-plus", "seuils": "local"},
    "intensite": {"base": "30", "force": "5", "quantite": "90", "reserve": "10"},
    "ce_qui_ressort": {"comparateur": "france:FR"},
}


def test_a_saved_project_reopens_on_the_same_screens(app_test: AppTest, saved: Saved) -> None:
    """Weights, φ, K, quantity, target, cut and comparator come back, and every number with them."""
    screens = {}
    app_test.query_params["p"], app_test.query_params["nom"] = f"{CERGY},-com:95018", "Essai"
    app_test.run()
    for name, choices in CHOICES.items():
        app_test.switch_page(f"pages/{name}.py")
        for key, value in choices.items():
            app_test.query_params[key] = value
        app_test.run()
    for name in CHOICES:
        app_test.query_params.clear()
        screens[name] = screen(app_test, name)
    content = saved(app_test)
    kept = json.loads(content)
    assert kept["nom"] == "Essai"
    assert kept["comparateur"] == "france:FR"
    for choices in CHOICES.values():
        for key, value in choices.items():
            assert kept["choix"].get(key, kept.get(key)) == value, key

    again = fresh()
    again.run()
    drop(again, content)
    assert encode(again.session_state["perimeter"]) == f"{CERGY},-com:95018"
    for name, text in screens.items():
        assert screen(again, name) == text, name
    back = json.loads(saved(again))
    assert back["choix"].items() >= kept["choix"].items()


def test_default_screens_differ(app_test: AppTest) -> None:
    """What the test above compares is not the same for any choices."""
    open_page(app_test, "intensite", CERGY)
    text = texts_of(app_test)
    moved = open_page(fresh(), "intensite", CERGY, **CHOICES["intensite"])
    assert texts_of(moved) != text


def test_notes_come_back_and_the_one_before_is_kept(app_test: AppTest, saved: Saved) -> None:
    project = Project(decode(QUERCY)[0], actions=(BUS,), entries=(SAID,), notes="à revoir")
    open_page(app_test, "perimetre", CERGY)
    drop(app_test, dump(project))
    assert load(saved(app_test))[0].records == project.records
    assert "1\u00a0action et 1\u00a0parole" in texts_of(app_test)
    drop(app_test, b"{abime")
    assert any("abîmé" in one.value for one in app_test.error)
    assert load(saved(app_test))[0].records == project.records  # the last good copy stays
    press(app_test, "Revenir au projet d'avant")
    back = load(saved(app_test))[0]
    assert encode(back.perimeter) == CERGY
    assert back.records == ()


def test_a_cut_file_is_opened_and_said(app_test: AppTest, saved: Saved) -> None:
    content = dump(Project(decode(CERGY)[0], actions=(BUS,), entries=(SAID,)))
    open_page(app_test, "perimetre", QUERCY)
    drop(app_test, content[: content.index("http://x")])
    app_test.run()
    assert load(saved(app_test))[0].actions == (BUS,)
    assert any("coupé" in one.value for one in app_test.warning)
    press(app_test, "J'ai lu")
    assert not any("coupé" in one.value for one in app_test.warning)


def test_a_choice_that_no_longer_exists_is_said(app_test: AppTest) -> None:
    open_page(app_test, "perimetre", QUERCY)
    drop(app_test, dump(Project(decode(CERGY)[0], {"force": "9", "base": "900"})))
    text = screen(app_test, "intensite").replace("\\", "")
    assert "« 9 », gardé dans le projet, n'existe pas ici" in text
    assert "« 900 », gardé dans le projet, n'est pas un nombre" in text
    assert "gardé dans le projet" not in screen(app_test, "intensite")


def test_merging_asks_what_both_changed(app_test: AppTest, saved: Saved) -> None:
    mine = Project(decode(CERGY)[0], actions=(BUS,))
    changed = BUS.model_copy(update={"title": "Bus et dépistage"})
    theirs = Project(decode(CERGY)[0], actions=(changed,), entries=(SAID,))
    open_page(app_test, "perimetre", CERGY)
    drop(app_test, dump(mine))
    app_test.switch_page("pages/perimetre.py").run()
    app_test.toggle(key="fusionner").set_value(True).run()
    drop(app_test, dump(theirs), "Le fichier du collègue")
    (asked,) = app_test.radio
    assert asked.label.replace("\\", "") == "Action « Bus <b>dentaire</b> * »"
    asked.set_value("theirs").run()
    press(app_test, "Fusionner")
    merged = load(saved(app_test))[0]
    assert [one.title for one in merged.actions] == ["Bus et dépistage"]
    assert merged.entries == (SAID,)
    assert any("Des notes ne sont pas encore" in one.value for one in app_test.caption)


def test_two_sessions_never_see_each_other(app_test: AppTest, saved: Saved) -> None:
    open_page(app_test, "perimetre", CERGY)
    drop(app_test, dump(Project(decode(CERGY)[0], {"base": "30"}, actions=(BUS,))))
    other = fresh()
    open_page(other, "intensite", CERGY)
    found = load(saved(other))[0]
    assert found.records == ()
    assert found.choices["base"] == "50"
    assert load(saved(app_test))[0].records == (BUS,)


def _rename_the_second() -> None:
    """A script: three actions noted one after the other, then the second renamed."""
    import time

    import streamlit as st

    from diagnostic.records import Action
    from pages import project

    for title in ("Un", "Deux", "Trois"):
        project.add(Action(title=title))
        time.sleep(0.11)
    second = st.session_state["project"].actions[1]
    project.replace(second.model_copy(update={"title": "Deux bis"}))
    st.text(", ".join(one.title for one in st.session_state["project"].actions))


def test_a_record_that_is_changed_keeps_its_place_and_lists_the_order_of_writing() -> None:
    test = AppTest.from_function(_rename_the_second).run(timeout=30)
    assert [one.value for one in test.text] == ["Un, Deux bis, Trois"]
