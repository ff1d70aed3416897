"""C11 in the browser: three words and two actions, the table, the file, a new session, the same."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.e2e.helpers import (
    CERGY,
    check_sane,
    open_screen,
    pick,
    screen_text,
    table_cells,
    wait_idle,
)

TABLE = "Triangulation, CA de Cergy-Pontoise, par rapport à : Val-d'Oise"
BLIND = "Angles morts des chiffres, CA de Cergy-Pontoise"
HOSTILE = "Trop cher <img src=x onerror=alert(1)> **le soir**"
NOTES = (
    ("Parole", "Trois mois d'attente chez le dentiste", "Habitants", "C'est un problème", "Offre"),
    (
        "Observation",
        "Les jeunes parlent de solitude",
        "Professionnels",
        "C'est un problème",
        "Souffrance",
    ),
    ("Parole", HOSTILE, "Élus", "Ça va bien", "Déterminants"),
    ("Action", "Bus dentaire, deux jours par mois", "Professionnels", "", "Offre"),
    ("Structure", "Maison des adolescents", "Élus", "", "Souffrance"),
)


def choose(page: Page, label: str, option: str) -> None:
    """Pick an option once the box is in sight: a list closes when the page scrolls."""
    page.get_by_role("combobox", name=label, exact=True).scroll_into_view_if_needed()
    page.wait_for_timeout(200)
    pick(page, label, option)


def write(page: Page, kind: str, text: str, source: str, saying: str, subject: str) -> None:
    choose(page, "Nature", kind)
    choose(page, "Qui le dit", source)
    choose(page, "Sujet", subject)
    page.get_by_role("textbox", name="Texte").fill(text)
    page.keyboard.press("Tab")
    wait_idle(page)
    if saying:
        page.get_by_test_id("stMain").get_by_text(saying, exact=True).click()
        wait_idle(page)
    page.get_by_role("button", name="Ajouter").click()
    wait_idle(page)


def step(page: Page, name: str) -> None:
    page.get_by_test_id("stMain").get_by_text(name, exact=True).first.click()
    wait_idle(page)


def tables(page: Page) -> list[list[list[str]]]:
    return [table_cells(page, caption) for caption in (TABLE, BLIND)]


def test_words_and_actions_survive_the_file(
    page: Page,
    browser: Browser,
    app_url: str,
    tmp_path: Path,
    outside_requests: list[str],
    console_errors: list[str],
) -> None:
    open_screen(page, f"{app_url}/diagnostic-partage?p={CERGY}", "Diagnostic partagé")
    expect(page.get_by_text("Rien n'est encore noté")).to_be_visible()
    page.get_by_role("textbox", name="Texte").fill("Appelez le 01 34 25 30 00")
    page.keyboard.press("Tab")
    wait_idle(page)
    page.get_by_role("button", name="Ajouter").click()
    expect(page.get_by_text("Cette note semble contenir un téléphone")).to_be_visible()
    for note in NOTES:
        write(page, *note)
    expect(page.get_by_role("heading", name="Ce qui est noté (5 notes)")).to_be_visible()
    step(page, "Croiser avec les chiffres")
    text = screen_text(page)
    check_sane(text)
    before = tables(page)
    themes = {row[0]: row for row in before[0]}
    assert "Trois mois d'attente" in themes["Offre et accès aux soins"][3]
    assert "Bus dentaire" in themes["Offre et accès aux soins"][2]
    assert HOSTILE in themes["Déterminants sociaux"][2]
    minds = next(row for row in before[1] if row[0].startswith("Souffrance"))
    assert "Les jeunes parlent de solitude" in minds[3] and "Maison des adolescents" in minds[3]
    assert len(before[1]) > 10
    step(page, "Atouts et faiblesses (AFOM)")
    assert "Bus dentaire" in screen_text(page).split("Faiblesses")[0]
    assert "attente" not in page.url and "solitude" not in page.url
    wait_idle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Enregistrer le projet").click()
    file = tmp_path / "projet.json"
    download.value.save_as(file)

    other = browser.new_context(viewport={"width": 1440, "height": 900}, locale="fr-FR").new_page()
    open_screen(other, f"{app_url}/diagnostic-partage?p={CERGY}", "Diagnostic partagé")
    expect(other.get_by_text("Rien n'est encore noté")).to_be_visible()
    open_screen(other, f"{app_url}/perimetre", "Périmètre")
    other.get_by_text("Enregistrer ou rouvrir un projet").click()
    other.locator("input[type=file]").first.set_input_files(file)
    expect(other.get_by_text("CA de Cergy-Pontoise").first).to_be_visible(timeout=30_000)
    wait_idle(other)
    other.get_by_test_id("stSidebarNav").get_by_role("link", name="Diagnostic partagé").click()
    wait_idle(other)
    step(other, "Croiser avec les chiffres")
    assert tables(other) == before
    other.context.close()
    assert outside_requests == []
    assert console_errors == []
