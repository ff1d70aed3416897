"""Cibler then doser, as a coordinator (C8, C9) and an ARS officer (A6, A7) do it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.helpers import (
    GRAND_QUERCY,
    check_sane,
    go_to,
    look_at_map,
    open_screen,
    pick,
    read_csv,
    screen_text,
    wait_idle,
)


def weights(page: Page) -> dict[str, float]:
    found = re.search(r"ramenés à 100 : ([^\n]+)", screen_text(page))
    assert found
    pairs = re.findall(r"([^·]+?) ([\d,]+) %", found[1])
    return {name.strip(): float(value.replace(",", ".")) for name, value in pairs}


def test_from_weights_to_a_dose(
    page: Page, app_url: str, outside_requests: list[str], console_errors: list[str]
) -> None:
    open_screen(page, f"{app_url}/cibles?p={GRAND_QUERCY}", "Cibler")
    slider = page.get_by_role("slider", name="Ressources")
    slider.press("ArrowRight")
    expect(page.get_by_text(re.compile(r"Ressources 28,6\s%"))).to_be_visible(timeout=30_000)
    wait_idle(page)
    assert round(sum(weights(page).values()), 6) == 100
    text = screen_text(page)
    check_sane(text)
    assert re.search(r"Entre renforcé et intensif : ", text)
    assert re.search(r"Avec des poids égaux, (\d+ communes? changerai|aucune commune)", text)
    assert "Groupe non assuré" in look_at_map(page).labels
    rows = read_csv(page, "Télécharger les groupes (CSV)")
    assert len(rows) == 147
    assert any(row["Groupe"].startswith("entre ") for row in rows)
    # The map comes back into sight with the top of the page, and makes it run again.
    page.get_by_role("heading", level=1).scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    wait_idle(page)
    pick(page, "Finalité", "Accès aux soins")
    assert round(sum(weights(page).values()), 6) == 100
    assert "les deux axes ne sont plus croisés" in screen_text(page)
    go_to(page, "Intensité")
    pick(page, "De quoi ?", "ETP")
    text = screen_text(page)
    check_sane(text)
    assert re.search(r"3 ETP, dont 50 % à parts égales", text)
    rows = read_csv(page, "Télécharger la répartition (CSV)")
    for name in ("Proportionné", "À parts égales"):
        assert round(sum(float(row[name].replace(",", ".")) for row in rows), 6) == 3
    page.get_by_text("Tous les choix, et l'adresse").click()
    wait_idle(page)
    address = page.get_by_test_id("stCode").inner_text().strip()
    open_screen(page, f"{app_url}/{address}", "Intensité")
    assert read_csv(page, "Télécharger la répartition (CSV)") == rows
    assert "Accès aux soins" in (page.get_by_test_id("stMain").text_content() or "")
    assert outside_requests == []
    assert console_errors == []
