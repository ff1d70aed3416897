"""Who is reached: a file of the coordinator, its refusals, what it says, and how it leaves no trace."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.helpers import (
    CERGY,
    GRAND_QUERCY,
    check_sane,
    go_to,
    open_screen,
    plain,
    read_csv,
    screen_text,
    table_cells,
    wait_idle,
)
from tests.e2e.test_look import check_accessible, check_fit, check_words, open_everything
from views.lexicon import refused_words

TITLE = "Qui touche-t-on ?"
COUNTS = (
    "Code Insee;Nom de la commune;Action;Personnes\r\n"
    "95127;Cergy;Dépistage;700\r\n95500;Pontoise;Dépistage;260\r\n95476;Osny;Dépistage;290\r\n"
    "95572;;Dépistage;150\r\n;Vauréal;Dépistage;410\r\n95218;Éragny;Ateliers;200\r\n"
    "95323;Jouy-le-Moutier;Ateliers;330\r\n95450;;Ateliers;3\r\n75056;Paris;Ateliers;40\r\n"
)


def give(page: Page, content: str, box: int = 0, name: str = "venues.csv") -> None:
    file: FilePayload = {"name": name, "mimeType": "text/csv", "buffer": content.encode("cp1252")}
    wait_idle(page)  # the box of the file before has gone
    page.locator("input[type=file]").nth(box).set_input_files(file)


def test_from_a_template_to_the_people_reached(
    page: Page, app_url: str, console_errors: list[str]
) -> None:
    open_screen(page, f"{app_url}/ce-qui-ressort?p={CERGY}", "Ce qui ressort")
    go_to(page, "Qui touche-t-on", TITLE)
    template = read_csv(page, "Télécharger le modèle à remplir : personnes")
    assert len(template) == 13
    assert {row["Personnes touchées"] for row in template} == {""}
    assert {"Code Insee": "95127", "Commune": "Cergy", "Personnes touchées": ""} in template

    give(page, COUNTS)
    expect(page.get_by_text("9 lignes lues")).to_be_visible(timeout=20_000)
    wait_idle(page)
    text = screen_text(page)
    check_sane(text)
    assert not refused_words(text)
    assert "9 lignes lues : 7 utilisées, 2 refusées." in text
    refused = read_csv(page, "Télécharger les lignes refusées")
    assert [row["Motif"] for row in refused] == [
        "moins de 5 : à regrouper ou à retirer",
        "commune hors du périmètre",
    ]
    assert re.search(r"Les \d+ % d'habitants vivant dans .+ forment \d+ % du besoin et \d+ %", text)
    assert page.get_by_test_id("stPlotlyChart").count() == 2
    page.get_by_text("Le tableau (7)").click()
    rows = table_cells(page, "Part du besoin et personnes touchées")
    by_name = {row[0]: row for row in rows[1:]}
    assert by_name["Cergy"][5] == "700"
    assert by_name["Total"][5] == "2 340"
    assert by_name["Cergy"][-1] == "▼ moins que la part de besoin"
    assert "Cergy : 700 personnes touchées" in text
    told = {row["Territoire"]: row for row in read_csv(page, "Télécharger la comparaison")}
    assert told["Cergy"]["Personnes touchées"] == "700"

    # Nothing of the file in the address; it lasts as long as the visit, not longer.
    assert parse_qs(urlsplit(page.url).query) == {"p": [CERGY]}
    go_to(page, "Portrait")
    go_to(page, "Qui touche-t-on", TITLE)
    expect(page.get_by_text("9 lignes lues")).to_be_visible()
    page.reload()
    wait_idle(page)
    assert "lignes lues" not in screen_text(page)
    expect(page.get_by_text("Ce qu'il faut préparer")).to_be_visible()
    assert console_errors == []


def test_a_list_of_people_is_refused_and_a_choice_is_linked(page: Page, app_url: str) -> None:
    open_screen(page, f"{app_url}/qui-touche-t-on?p={CERGY}", TITLE)
    give(page, "Commune;Nombre;Nom;Date de naissance\r\nCergy;12;DUPONT;01/02/1950\r\n")
    alert = page.get_by_role("alert").filter(has_text="désignent des personnes")
    expect(alert).to_be_visible(timeout=20_000)
    assert "DUPONT" not in screen_text(page)
    give(page, "<html><body>x</body></html>")
    expect(page.get_by_role("alert").filter(has_text="page web")).to_be_visible(timeout=20_000)
    give(page, COUNTS)
    expect(page.get_by_text("9 lignes lues")).to_be_visible(timeout=20_000)
    wait_idle(page)
    page.get_by_role("radio", name="Zéro").click()
    wait_idle(page)
    assert parse_qs(urlsplit(page.url).query)["absentes"] == ["zero"]
    page.get_by_role("button", name="Retirer ce fichier").click()
    wait_idle(page)
    expect(page.get_by_text("Ce qu'il faut préparer")).to_be_visible()


def test_the_invented_example_and_the_resources_of_a_year(page: Page, app_url: str) -> None:
    open_screen(page, f"{app_url}/qui-touche-t-on?p={GRAND_QUERCY}", TITLE)
    page.get_by_role("button", name="Essayer avec un exemple fictif").click()
    expect(page.get_by_text("147 lignes lues")).to_be_visible(timeout=20_000)
    wait_idle(page)
    text = screen_text(page)
    check_sane(text)
    assert "Exemple fictif. Ces nombres sont inventés" in text
    titles = page.locator(".js-plotly-plot .gtitle").all_text_contents()
    assert titles == ["Exemple fictif"] * 2
    read = read_csv(page, "Télécharger la comparaison")
    assert {row["Nature"] for row in read} == {"exemple fictif"}
    rows = "46042;30\r\n46102;12,5\r\n46128;8\r\n46138;4\r\n46001;0\r\n"
    give(page, "Code Insee;Séances\r\n" + rows)
    expect(page.get_by_text("Indice de concentration des moyens")).to_be_visible(timeout=20_000)
    wait_idle(page)
    text = plain(screen_text(page))
    check_sane(text)
    assert "la règle annoncée (base égale de 50 %, rapport 3)" in text


def test_a_full_screen_is_readable_by_all(page: Page, app_url: str) -> None:
    open_screen(page, f"{app_url}/qui-touche-t-on?p={CERGY}", TITLE)
    give(page, COUNTS + "QN09511M;;Dépistage;60\r\n")
    expect(page.get_by_text("10 lignes lues")).to_be_visible(timeout=20_000)
    give(page, "Code Insee;Séances\r\n95127;30\r\n95500;12,5\r\n95476;8\r\n95572;4\r\n")
    expect(page.get_by_text("Indice de concentration des moyens")).to_be_visible(timeout=20_000)
    wait_idle(page)
    open_everything(page)
    check_words(page, "qui-touche-t-on")
    check_accessible(page, "qui-touche-t-on")
    assert check_fit(page, "qui-touche-t-on") == []
