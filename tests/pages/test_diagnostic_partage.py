"""Diagnostic partagé: notes beside the figures of the screens, kept in the file, apart, as text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from diagnostic.perimeter import decode
from diagnostic.project import Project, dump, load
from diagnostic.records import Entry
from tests.conftest import ROOT
from tests.pages.livrables_files import docx_rows, docx_text, make, slides_text, squeezed
from tests.pages.test_pages import check, html_of, open_page, rows_of, texts_of

CERGY = "epci:249500109"
QUERCY = "epci:200023737,epci:200035327"
PAGE = "diagnostic_partage"
HOSTILE = "<script>alert(1)</script> **gras** [lien](javascript:x) :red[x] $x$"
DENTISTS = "densite_chirurgiens_dentistes"


def widget(test: AppTest, kind: str, label: str) -> Any:
    """The control of this kind and label."""
    return next(one for one in test.get(kind) if getattr(one, "label", None) == label)


def press(test: AppTest, label: str) -> AppTest:
    return widget(test, "button", label).click().run()


def note(test: AppTest, text: str, dit: str = "", **fields: str) -> AppTest:
    """Fill the form as a visitor does, the subject before its indicator, then add."""
    for key in ("nature", "source", "sujet", "indicateur", "territoire"):
        if key in fields:
            test.selectbox(key=f"note_{key}").select(fields[key]).run()
    if dit:
        test.segmented_control(key="note_dit").set_value(dit)
    widget(test, "text_area", "Texte").input(text)
    return press(test, "Ajouter")


def entries(test: AppTest) -> tuple[Entry, ...]:
    return test.session_state["project"].entries if "project" in test.session_state else ()


def five_notes(test: AppTest) -> AppTest:
    """The three words and two existing actions of the journey C11."""
    test = open_page(test, PAGE, CERGY)
    note(test, "Trois mois d'attente", sujet="offre", indicateur=DENTISTS, dit="probleme")
    note(
        test,
        "Les jeunes vont mal",
        sujet="sante_mentale_legere",
        source="professionnels",
        dit="probleme",
    )
    note(test, "On va bien au travail à pied", sujet="determinants", source="elus", dit="va_bien")
    note(
        test,
        "Bus dentaire",
        nature="action",
        source="habitants",
        sujet="offre",
        indicateur=DENTISTS,
    )
    note(test, "Maison des adolescents", nature="structure", sujet="sante_mentale_legere")
    assert len(entries(test)) == 5
    return test


def step(test: AppTest, name: str) -> AppTest:
    test.segmented_control(key="choix-etape").set_value(name).run()
    check(test, PAGE)
    return test


def reading_choice(test: AppTest) -> Any:
    """The control that chooses the reading of the subject on screen."""
    return next(one for one in test.segmented_control if str(one.key).startswith("lecture_choix-"))


def crossing(test: AppTest) -> dict[str, list[str]]:
    """Rows of both tables of the triangulation, by subject."""
    return {row[0]: row for row in rows_of(step(test, "croiser")) if len(row) == 5}


@pytest.mark.parametrize(
    "asked", [CERGY, QUERCY, "com:46009", "dep:48", "epci:249740077"], ids=lambda one: one[:20]
)
def test_without_a_note_every_step_explains_itself(app_test: AppTest, asked: str) -> None:
    test = open_page(app_test, PAGE, asked)
    check(test, PAGE)
    assert any("Rien n'est encore noté" in one.value for one in test.info)
    rows = crossing(test)
    assert "Offre et accès aux soins" in rows
    spots = [subject for subject in rows if "Non mesuré" in subject]
    assert len(spots) >= 10
    step(test, "afom")
    assert html_of(test).count("<section") == 4
    step(test, "priorites")
    assert any("Aucune priorité" in one.value for one in test.info)


def test_a_wrong_step_in_the_address_is_said(app_test: AppTest) -> None:
    test = open_page(app_test, PAGE, CERGY, etape="<b>ailleurs</b>")
    assert any("n'existe pas ici" in one.value for one in test.warning)


def test_words_are_set_beside_the_figures_of_the_screens(app_test: AppTest) -> None:
    """The tone of the figures is that of Ce qui ressort; the reading follows from it."""
    test = open_page(app_test, "ce_qui_ressort", CERGY)
    (spine,) = [row for row in rows_of(test) if row[0].startswith("Densité de chirurgiens")]
    assert "plus favorable" in spine[-1]
    test = five_notes(test)
    rows = crossing(test)
    dentists = next(row for subject, row in rows.items() if subject.startswith("Densité de chir"))
    assert spine[1].split()[0] in dentists[1]
    assert "plus favorable" in dentists[1]
    assert dentists[4].startswith("≠ Divergent")
    assert "Trois mois d'attente" in dentists[3] and "habitants" in dentists[3]
    assert "Bus dentaire" in dentists[2]
    minds = next(row for subject, row in rows.items() if subject.startswith("Souffrance"))
    assert "Non mesuré" in minds[0] and "Les jeunes vont mal" in minds[3]
    assert "Maison des adolescents" in minds[3]
    said = texts_of(test)
    assert "1\u00a0sujet divergent" in said and "1\u00a0sujet non mesuré" in said


def test_a_reading_chosen_together_is_kept_and_taken_back(app_test: AppTest) -> None:
    test = five_notes(app_test)
    step(test, "croiser")
    box = widget(test, "selectbox", "Sujet dont on a parlé")
    box.select(next(one for one in box.options if one.startswith("Densité"))).run()
    choice = reading_choice(test)
    choice.set_value("convergent").run()
    reason = next(one for one in test.text_input if one.label.startswith("Pourquoi"))
    reason.input("Mme Dupont le dit")
    press(test, "Garder cette lecture")
    assert any("un nom de personne" in one.value for one in test.error)
    reason = next(one for one in test.text_input if one.label.startswith("Pourquoi"))
    reason.input("L'attente vient du centre-ville")
    press(test, "Garder cette lecture")
    (kept,) = test.session_state["project"].crossings
    assert (kept.indicator, kept.reading) == (DENTISTS, "convergent")
    rows = crossing(test)
    dentists = next(row for subject, row in rows.items() if subject.startswith("Densité de chir"))
    assert "Lecture choisie par le groupe" in dentists[4]
    assert "La règle proposait : divergent" in dentists[4]
    choice = reading_choice(test)
    choice.set_value("regle").run()
    press(test, "Garder cette lecture")
    assert test.session_state["project"].crossings == ()


def test_strengths_come_from_findings_and_words_and_are_chosen(app_test: AppTest) -> None:
    test = five_notes(app_test)
    step(test, "afom")
    page = html_of(test)
    squares = [part.split("</section>")[0] for part in page.split("<section")[1:]]
    assert "Bus dentaire" in squares[0] and "On va bien au travail" in squares[0]
    assert "Trois mois" in squares[1]
    assert all("Rien n&#x27;y est placé" in one or "<li>" in one for one in squares)
    box = next(one for one in test.selectbox if "Bus dentaire" in one.label)
    assert list(box.options) == ["Atouts", "Faiblesses", "Opportunités", "Menaces", "Ne pas garder"]
    box.select("Opportunités").run()
    squares = [part.split("</section>")[0] for part in html_of(test).split("<section")[1:]]
    assert "Bus dentaire" not in squares[0] and "Bus dentaire" in squares[2]
    figure = next(one for one in test.selectbox if one.label.startswith("Case de : La densité"))
    assert list(figure.options) == ["Atouts", "Ne pas garder"]
    figure.select("Ne pas garder").run()
    assert len(test.session_state["project"].placements) == 2


def test_a_priority_with_its_reasons_and_its_vote(app_test: AppTest) -> None:
    test = five_notes(app_test)
    step(test, "priorites")
    widget(test, "text_input", "Priorité").input("Rapprocher les dentistes").run()
    for label in ("Chiffres qui la fondent", "Notes qui la fondent"):
        box = widget(test, "multiselect", label)
        box.set_value([box.options[0]]).run()
    press(test, "Retenir")
    (kept,) = test.session_state["project"].priorities
    assert kept.findings[0].startswith("constat:") and len(kept.entries) == 1
    press(test, "Enregistrer le vote")
    assert any("Écrivez" in one.value for one in test.error)
    widget(test, "text_input", "Date du vote").input("03/03/2026").run()
    next(one for one in test.number_input if one.label.startswith("Voix pour")).set_value(12).run()
    press(test, "Enregistrer le vote")
    (vote,) = test.session_state["project"].votes
    assert vote.priorities == (("Rapprocher les dentistes", 12),)
    rows = {row[0]: row for row in rows_of(test) if len(row) == 7}
    assert rows["Offre et accès aux soins"][2] == "1"
    assert rows["Offre et accès aux soins"][6] == "12\u00a0voix le 03/03/2026"
    assert rows["Prévention"][1] == "non comparé"
    assert rows["État de santé"][2:4] == ["0", "1"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Appelez le 01 34 25 30 00", "un téléphone"),
        ("jeanne@exemple.fr", "une adresse électronique"),
        ("2 84 03 95 127 004 22", "un numéro de sécurité sociale"),
        ("Mme Dupont n'ose plus sortir", "un nom de personne"),
        ("  ", "Écrivez d'abord"),
    ],
)
def test_personal_data_is_refused(app_test: AppTest, text: str, why: str) -> None:
    test = note(open_page(app_test, PAGE, CERGY), text)
    assert any(why in one.value for one in test.error)
    assert entries(test) == ()
    assert test.session_state["note_texte"] == text  # nothing typed is lost


def test_the_name_of_a_place_is_accepted_when_it_is_said_to_be_one(app_test: AppTest) -> None:
    test = note(open_page(app_test, PAGE, CERGY), "Permanence Docteur Calmette", nature="structure")
    assert entries(test) == ()
    next(one for one in test.checkbox if "lieu" in one.label).check().run()
    press(test, "Ajouter")
    assert [one.text for one in entries(test)] == ["Permanence Docteur Calmette"]
    test = note(test, "Permanence Docteur Roux, 01 34 25 30 00")
    assert not [one for one in test.checkbox if "lieu" in one.label]  # nothing to doubt


def test_a_note_is_corrected_and_removed(app_test: AppTest) -> None:
    test = note(
        open_page(app_test, PAGE, CERGY), "Trop loin", sujet="offre", territoire="com:95127"
    )
    (first,) = entries(test)
    assert first.territory == "com:95127"
    test.button(key=f"modifier-{first.id}").click().run()
    widget(test, "text_area", "Texte").input("Trop loin le soir")
    widget(test, "text_input", "Quand (facultatif)").input("9/3/2026")
    press(test, "Enregistrer la note")
    (second,) = entries(test)
    assert (second.id, second.text, str(second.said_on)) == (
        first.id,
        "Trop loin le soir",
        "2026-03-09",
    )
    assert "Cergy" in html_of(test) and "09/03/2026" in html_of(test)
    test.button(key=f"retirer-{first.id}").click().run()
    assert entries(test) == ()


def test_hostile_text_is_shown_as_text_at_every_step(app_test: AppTest) -> None:
    test = note(open_page(app_test, PAGE, CERGY), HOSTILE, dit="probleme", sujet="offre")
    for name in ("recueillir", "croiser", "afom"):
        page = html_of(step(test, name))
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert(1)" not in page
    step(test, "priorites")
    widget(test, "text_input", "Priorité").input(HOSTILE).run()
    press(test, "Retenir")
    (shown,) = [one.value for one in test.markdown if "alert" in one.value]
    (label,) = [one.label for one in test.number_input if "alert" in one.label]
    for text in (shown, label):
        assert "\\<script\\>" in text and "\\*\\*gras\\*\\*" in text and "\\$x\\$" in text
    address = json.dumps({key: test.query_params[key] for key in test.query_params})
    assert "alert" not in address


def test_the_file_brings_everything_back_in_a_new_session(app_test: AppTest) -> None:
    test = five_notes(app_test)
    before = {subject: row[1:] for subject, row in crossing(test).items()}
    noted = test.session_state["project"]
    content = dump(Project(decode(CERGY)[0], entries=noted.entries))
    other = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    other.run()
    other.switch_page("pages/perimetre.py").run()
    box = next(one for one in other.file_uploader if one.label.startswith("Rouvrir"))
    box.set_value(("projet.json", content.encode(), "application/json")).run()
    assert entries(other) == noted.entries == load(content)[0].entries
    other.switch_page(f"pages/{PAGE}.py").run()
    assert {subject: row[1:] for subject, row in crossing(other).items()} == before


def test_a_note_of_a_file_that_names_somebody_is_withheld(app_test: AppTest) -> None:
    bad = Entry(id="x", theme="offre", text="Appelez le 01 34 25 30 00", saying="probleme")
    test = open_page(app_test, PAGE, CERGY)
    test.session_state["project"] = Project(decode("")[0], entries=(bad,))
    test.run()
    assert any("semble contenir un téléphone" in one.value for one in test.warning)
    step(test, "croiser")
    assert "01 34 25" not in html_of(test)


def test_two_sessions_never_see_each_other(app_test: AppTest) -> None:
    test = note(open_page(app_test, PAGE, CERGY), "Un secret de cet atelier")
    other = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    other = open_page(other, PAGE, CERGY)
    assert entries(other) == ()
    assert "secret de cet atelier" not in html_of(other) + texts_of(other)
    assert len(entries(test)) == 1


def test_the_documents_hold_the_notes_as_the_screen_does(app_test: AppTest) -> None:
    test = five_notes(app_test)
    screen = crossing(test)
    dentists = next(row for subject, row in screen.items() if subject.startswith("Densité de chir"))
    test = open_page(test, "livrables", CERGY, documents="word.diapos", parties="partage")
    files, failed = make(test)
    assert not failed
    (written,) = [row for row in docx_rows(files["word"]) if row[0] == squeezed(dentists[0])]
    assert written[1] == squeezed(dentists[1])
    assert "Trois mois d'attente" in written[3] and "Bus dentaire" in written[2]
    assert written[4].startswith("Divergent.")
    text = docx_text(files["word"])
    for expected in (
        "Atouts",
        "Faiblesses",
        "Opportunités",
        "Menaces",
        "que personne n'a encore dit",
    ):
        assert expected in text
    told = " ".join(slides_text(files["diapos"]))
    assert "Trois mois d'attente" in told and "Bus dentaire" in told
    assert "Opportunités : Rien n'y est placé" in told
