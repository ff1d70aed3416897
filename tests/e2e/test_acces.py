"""« Et si deux généralistes partent ? » (E6) and access to care, as a meeting sees them."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.e2e.helpers import (
    GRAND_QUERCY,
    check_sane,
    loaded_elsewhere,
    look_at_map,
    open_screen,
    pick,
    plain,
    read_csv,
    screen_text,
    wait_for_colours,
    wait_idle,
)

METRIC = '[data-testid="stMetric"]'


def metrics(page: Page) -> dict[str, str]:
    found = page.locator(METRIC).evaluate_all(
        "all => all.map(one => [one.querySelector('[data-testid=stMetricLabel]').innerText, "
        "one.querySelector('[data-testid=stMetricValue]').innerText])"
    )
    return {plain(label).strip(): plain(value).strip() for label, value in found}


def press(page: Page, group: str, option: str) -> None:
    page.get_by_role("radiogroup", name=group).get_by_role("radio", name=option, exact=True).click()
    wait_idle(page)


def test_two_doctors_leave_and_none_leaves(
    page: Page, app_url: str, outside_requests: list[str], console_errors: list[str]
) -> None:
    open_screen(page, f"{app_url}/acces-aux-soins?p={GRAND_QUERCY}", "Accès aux soins")
    check_sane(screen_text(page))
    look = look_at_map(page)
    assert look.labels[:2] == ["dans la commune", "jusqu'à 5 km"]
    assert "Médecin généraliste" in look.labels
    press(page, "Que voulez-vous voir ?", "Et si…")
    text = screen_text(page)
    check_sane(text)
    assert "Et si 2 médecins généralistes quittent Cahors ?" in text
    assert "Estimation prudente." in text and "règle de zonage, pas une norme clinique" in text
    told = metrics(page)
    assert re.fullmatch(r"4,71 → 4,\d\d", told["APL, Cahors"])
    assert int(told["Habitants concernés"].replace(" ", "")) > 20_000

    gap = look_at_map(page)
    assert gap.legend and "Baisse" in (page.frame_locator("iframe").first.locator(
        ".gradient-legend strong").first.inner_text())  # fmt: skip
    press(page, "Carte", "Avant")
    before = look_at_map(page).classes
    press(page, "Carte", "Après")
    assert look_at_map(page).classes == before != gap.classes
    wait_for_colours(page, [colour for _, colour in before][1:])
    rows = read_csv(page, "Télécharger l'estimation (CSV)")
    assert all(float(row["APL estimée"].replace(",", ".")) < float(row["APL publiée"].replace(",", "."))
               for row in rows)  # fmt: skip
    shared = page.url
    choices = parse_qs(urlsplit(shared).query)
    assert choices["vue"] == ["et-si"] and choices["carte"] == ["apres"]

    page.get_by_label("Combien ?", exact=True).fill("0")
    page.keyboard.press("Enter")
    expect(page.get_by_text("l'APL reste, exactement, celle qui est publiée")).to_be_visible(
        timeout=15_000
    )
    wait_idle(page)
    assert metrics(page)["APL, Cahors"] == "4,71 → 4,71"
    rows = read_csv(page, "Télécharger l'estimation (CSV)")
    assert len(rows) == 147 and all(row["APL estimée"] == row["APL publiée"] for row in rows)

    open_screen(page, shared, "Accès aux soins")
    assert metrics(page) == told
    pick(page, "Commune", "Lalbenque")
    assert "Calcul refusé" in screen_text(page)
    assert loaded_elsewhere(page) == outside_requests == []
    assert console_errors == []
