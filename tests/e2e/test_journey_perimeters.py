"""Perimeters out of the ordinary: one commune more (P3), an arrondissement (P6), homonyms (P7)."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.helpers import (
    CERGY,
    check_sane,
    cold_server,
    go_to,
    open_screen,
    plain,
    screen_text,
    wait_idle,
)
from warehouse.build import Report

HEADINGS = ("Ce qui ressort", "Inégalités", "Portrait", "Mortalité")


def search(page: Page, typed: str) -> None:
    page.get_by_role("searchbox").press_sequentially(typed, delay=20)
    expect(page.get_by_role("button", name="Choisir").first).to_be_visible(timeout=15_000)
    wait_idle(page)


def result(page: Page, key: str):
    """The button of one result, by its key: « choisir-commune-46042 »."""
    return page.locator(f".st-key-{key} button")


def test_an_intercommunalite_and_one_commune_outside(
    page: Page, app_url: str, console_errors: list[str]
) -> None:
    """P3: a commune added by its name; the pages count 14 communes in three départements."""
    open_screen(page, f"{app_url}/perimetre?p={CERGY}", "Périmètre")
    search(page, "cahors")
    result(page, "ajouter-commune-46042").click()
    expect(page.get_by_text("14 communes ·")).to_be_visible(timeout=30_000)
    wait_idle(page)
    assert "com%3A46042" in page.url
    for name in HEADINGS:
        go_to(page, name)
        text = plain(screen_text(page))
        check_sane(text)
        assert "14 communes ·" in text
        assert "Lot (46)" in text, "the third département is named"
    assert console_errors == []


def test_homonyms_are_told_apart(page: Page, app_url: str) -> None:
    """P7: two Saint-Denis, each with its département; the one overseas is the one that opens."""
    open_screen(page, app_url, "Gradient")
    search(page, "saint denis")
    text = plain(screen_text(page))
    assert "Seine-Saint-Denis (93)" in text
    assert "La Réunion (974)" in text
    result(page, "choisir-commune-97411").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce qui ressort", timeout=30_000)
    wait_idle(page)
    assert "La Réunion (974)" in plain(screen_text(page))
    assert "com%3A97411" in page.url


def test_mortality_says_what_lacks_and_shows_the_deaths(page: Page, app_url: str) -> None:
    open_screen(page, f"{app_url}/mortalite?p={CERGY}", "Mortalité")
    text = plain(screen_text(page))
    check_sane(text)
    assert "Le ratio ne peut pas être calculé ici" in text
    assert "Décès observés" in text
    table = page.locator("table", has_text="Décès").first
    assert table.locator("tbody tr").count() > 1
    page.get_by_role("link", name="Ouvrir la page Données").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Données", timeout=30_000)


@pytest.mark.shared
def test_an_arrondissement_of_paris_on_the_national_warehouse(
    page: Page, national_build: Report, tmp_path: Path, console_errors: list[str]
) -> None:
    """P6: found by « paris 18 », beside Paris first, and refused beside its city."""
    with cold_server(national_build.published.path.parent, tmp_path / "journal.txt") as url:
        open_screen(page, url, "Gradient")
        search(page, "paris 18")
        result(page, "choisir-arm-75118").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Ce qui ressort", timeout=60_000)
        wait_idle(page)
        text = plain(screen_text(page))
        check_sane(text)
        assert "1 arrondissement · 183 127 habitants" in text
        assert "La médiane du niveau de vie est plus basse que celle de Paris" in text
        for name in HEADINGS[1:]:
            go_to(page, name)
            check_sane(screen_text(page))
        open_screen(page, f"{url}/perimetre?p=com:75056,arm:75118", "Périmètre")
        assert "compteraient deux fois" in screen_text(page)
    assert console_errors == []
