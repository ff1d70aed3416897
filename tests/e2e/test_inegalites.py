"""What the gradient costs in people, then local or national fifths: journey C7 of the coordinator."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.helpers import (
    CERGY,
    GRAND_QUERCY,
    check_sane,
    go_to,
    look_at_map,
    open_screen,
    screen_text,
    table_cells,
    wait_idle,
)

LABEL = "Part des 15 ans et plus sans diplôme"
GROUPS = f"{LABEL}, par groupe de communes"


def total(page: Page) -> list[str]:
    return table_cells(page, GROUPS)[-1][3:5]


def unfold(page: Page, name: str) -> None:
    page.locator("summary", has_text=name).click()
    wait_idle(page)


def check_gap(page: Page, people: str) -> None:
    """The gap in words, then in persons, the figure, and what it is not."""
    text = screen_text(page)
    check_sane(text)
    assert re.search(r"points d'écart\. L'écart est établi", text)
    assert re.search(
        r"plus favorisées, [\d ]+ personnes de moins \(de [\d ]+ à [\d ]+\) seraient dans ce cas",
        text,
    )
    assert "Écart entre communes, pas entre personnes." in text
    chart = page.get_by_test_id("stPlotlyChart").first
    expect(chart).to_be_visible()
    assert len(chart.locator(".bars .point").all()) == 5
    assert len(chart.locator(".errorbar").all()) == 5
    assert total(page)[1] == people


def check_measures(page: Page) -> None:
    unfold(page, "Détail")
    rows = table_cells(page, f"Mesures d'inégalité, {LABEL}")
    named = {row[0]: row for row in rows}
    for name in ("Indice de pente (SII)", "Indice relatif (RII)", "Indice de concentration"):
        assert re.search(r"\d", named[name][2]), named[name]
        assert named[name][4] == "les moins favorisées"
        assert named[name][5]
    expect(page.get_by_text("plus le nombre est grand")).to_be_visible()


def check_toggle(page: Page) -> None:
    """Without the country's figures, national fifths say what to load; the total does not move."""
    before = total(page)
    page.get_by_role("radio", name="Nationaux, dans toute la France").click()
    wait_idle(page)
    expect(page.get_by_text("Les cinquièmes nationaux ne sont pas disponibles")).to_be_visible()
    assert "cut=national" in page.url
    assert total(page) == before
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inégalités", timeout=30_000)
    wait_idle(page)
    expect(page.get_by_text("Les cinquièmes nationaux ne sont pas disponibles")).to_be_visible()
    page.get_by_role("radio", name="Locaux, dans le périmètre").click()
    wait_idle(page)
    assert "cut=" not in page.url
    expect(page.get_by_text("Ici, tout le monde est défavorisé")).to_be_visible()


def test_what_the_gradient_costs_in_cergy(
    page: Page, app_url: str, outside_requests: list[str], console_errors: list[str]
) -> None:
    open_screen(page, f"{app_url}/portrait?p={CERGY}", "Portrait")
    go_to(page, "Inégalités")
    check_gap(page, "220 279")
    check_measures(page)
    expect(
        page.get_by_text(re.compile("^9.quartiers prioritaires dans ce périmètre"))
    ).to_be_visible()
    assert outside_requests == []
    assert console_errors == []


def test_national_or_local_fifths(page: Page, app_url: str, console_errors: list[str]) -> None:
    open_screen(page, f"{app_url}/inegalites?p={CERGY}", "Inégalités")
    check_toggle(page)
    assert console_errors == []


def test_the_gradient_of_147_communes(
    page: Page, app_url: str, outside_requests: list[str], console_errors: list[str]
) -> None:
    open_screen(page, f"{app_url}/inegalites?p={GRAND_QUERCY}", "Inégalités")
    check_gap(page, "93 414")
    assert total(page)[0] == "147"
    expect(page.get_by_text(re.compile("14.communes ne sont pas placées"))).to_be_visible()
    unfold(page, "Regroupements de valeurs proches")
    page.get_by_role("button", name="Chercher les regroupements").click()
    expect(page.get_by_text("I de Moran")).to_be_visible(timeout=30_000)
    wait_idle(page)
    look = look_at_map(page)
    assert look.pixels.get(look.colour_of("non significatif"), 0) > 1000
    assert look.pixels.get(look.colour_of("valeur haute, voisines hautes"), 0) > 100
    assert len(table_cells(page, "Communes dans un regroupement")) > 3
    check_sane(screen_text(page))
    assert outside_requests == []
    assert console_errors == []


@pytest.mark.parametrize("width", [1440, 1920])
def test_nothing_is_wider_than_the_screen(page: Page, app_url: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1080 if width == 1920 else 900})
    open_screen(page, f"{app_url}/inegalites?p={CERGY}", "Inégalités")
    frame = page.get_by_role("region", name=GROUPS, exact=True)
    assert frame.evaluate("node => node.scrollWidth <= node.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
