"""A project in a browser: an action from the split, saved, reopened elsewhere, merged on screen."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.e2e.helpers import CERGY, check_sane, go_to, open_screen, screen_text, wait_idle


def payload(content: bytes) -> FilePayload:
    return {"name": "projet.json", "mimeType": "application/json", "buffer": content}


def open_files(page: Page) -> None:
    page.get_by_text("Enregistrer ou rouvrir un projet").click()
    page.locator("input[type=file]").first.wait_for(state="attached")


def test_an_action_goes_from_one_session_to_another(
    page: Page,
    browser: Browser,
    app_url: str,
    outside_requests: list[str],
    console_errors: list[str],
) -> None:
    open_screen(page, f"{app_url}/intensite?p={CERGY}&base=30&force=5", "Intensité")
    page.get_by_role("button", name="Noter cette répartition parmi les actions").click()
    expect(page.get_by_text("Notée dans cette session")).to_be_visible(timeout=20_000)
    go_to(page, "Actions")
    name = page.get_by_role("textbox", name="Nom de l'action")
    name.fill("Bus <b>dentaire</b>")
    name.press("Enter")
    wait_idle(page)
    page.get_by_role("button", name="Noter cette action").click()
    expect(page.get_by_role("heading", name="Bus <b>dentaire</b>")).to_be_visible(timeout=20_000)
    wait_idle(page)
    text = screen_text(page)
    check_sane(text)
    assert "avec une intensité qui suit le besoin" in text
    assert "pour tous les habitants de nos 13 communes" in text
    with page.expect_download() as download:
        page.get_by_role("button", name="Enregistrer le projet").click()
    saved = Path(download.value.path()).read_bytes()
    kept = json.loads(saved)
    assert (kept["choix"]["base"], kept["choix"]["force"]) == ("30", "5")
    assert {one["approche"] for one in kept["actions"]} == {"proportionnee", "universelle"}
    assert "dentaire" not in page.url

    other = browser.new_context(locale="fr-FR").new_page()
    try:
        open_screen(other, f"{app_url}/actions?p={CERGY}", "Actions")
        assert "Bus <b>dentaire</b>" not in screen_text(other)  # nobody's session but its own
        go_to(other, "Périmètre")
        open_files(other)
        other.locator("input[type=file]").first.set_input_files(payload(saved))
        expect(other.get_by_text("2 actions", exact=False).first).to_be_visible(timeout=20_000)
        go_to(other, "Intensité")
        wait_idle(other)
        assert "dont 30 % à parts égales" in screen_text(other)
        go_to(other, "Actions")
        assert "Bus <b>dentaire</b>" in screen_text(other)
    finally:
        other.context.close()

    theirs = saved.replace(b"Bus <b>dentaire</b>", "Bus et dépistage".encode())
    go_to(page, "Périmètre")
    open_files(page)
    page.get_by_text("Fusionner avec le fichier d'un collègue").click()
    wait_idle(page)
    page.locator("input[type=file]").nth(1).set_input_files(payload(theirs))
    expect(page.get_by_text("Action « Bus <b>dentaire</b> »")).to_be_visible(timeout=20_000)
    page.get_by_text("Celui du collègue").last.click()
    wait_idle(page)
    page.get_by_role("button", name="Fusionner", exact=True).click()
    expect(page.get_by_text("Les deux projets sont fusionnés")).to_be_visible(timeout=20_000)
    go_to(page, "Actions")
    expect(page.get_by_role("heading", name="Bus et dépistage")).to_be_visible(timeout=20_000)
    assert outside_requests == []
    assert console_errors == []
