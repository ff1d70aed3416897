"""What stands out, then one indicator in full: journeys C1 and C3 to C6 of the coordinator."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.helpers import (
    CERGY,
    GRAND_QUERCY,
    check_sane,
    go_to,
    open_screen,
    pick,
    plain,
    screen_text,
    wait_idle,
)

FINDING = re.compile(r"^(L'|La |Le ).+\.$")


def findings(page: Page) -> list[str]:
    cards = page.get_by_test_id("stMain").locator("p").all_inner_texts()
    return [
        text
        for text in cards
        if (FINDING.match(text) and "communes, pas" in text) or "contre" in text
    ]


def test_from_a_typing_mistake_to_an_indicator(page: Page, app_url: str) -> None:
    open_screen(page, app_url, "Gradient")
    page.get_by_role("searchbox").press_sequentially("cergi pontoise", delay=30)
    expect(page.get_by_text("CA de Cergy-Pontoise", exact=True)).to_be_visible(timeout=15_000)
    wait_idle(page)
    page.get_by_role("button", name="Choisir").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce qui ressort", timeout=30_000)
    wait_idle(page)
    said = findings(page)
    assert 3 <= len(said) <= 10
    check_sane(screen_text(page))
    sentence = next(text for text in said if "contre" in text)
    value = re.search(r": (?:≈ )?([\d\u202f,]+)", sentence)
    assert value is not None
    card = (
        page.get_by_test_id("stMain")
        .locator("[data-testid=stLayoutWrapper]", has_text=sentence)
        .last
    )
    card.get_by_role("link", name="Voir la fiche").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fiche indicateur", timeout=30_000)
    wait_idle(page)
    # The sheet says the same sentence, and its figure is the same number.
    expect(page.get_by_text(sentence)).to_be_visible()
    expect(page.get_by_test_id("stMetricValue")).to_contain_text(value[1])
    assert "indicateur=" in page.url
    assert page.get_by_test_id("stPlotlyChart").count() >= 2


def test_another_comparator_is_named_everywhere(page: Page, app_url: str) -> None:
    open_screen(page, f"{app_url}/ce-qui-ressort?p={CERGY}", "Ce qui ressort")
    pick(page, "Comparer à", "Territoires similaires")
    headings = page.get_by_role("heading", level=3).all_inner_texts()
    assert headings and all(one.endswith("Territoires similaires") for one in headings)
    assert "comparateur=similaires" in page.url
    page.get_by_text("Les 10 territoires similaires, et pourquoi").click()
    rows = page.locator("table", has_text="Ce qui en éloigne le plus").locator("tbody tr")
    expect(rows).to_have_count(10)
    # Chosen once: the sheet takes it, and so does a reload.
    go_to(page, "Fiche indicateur")
    expect(page.get_by_role("combobox", name="Comparer à")).to_have_value("Territoires similaires")
    page.reload()
    wait_idle(page)
    expect(page.get_by_role("combobox", name="Comparer à")).to_have_value("Territoires similaires")


def test_a_masked_indicator_says_so_and_gives_the_whole(page: Page, app_url: str) -> None:
    """Grand Quercy: most communes have no published poverty rate; none reads zero or empty."""
    address = f"{app_url}/indicateur?p={GRAND_QUERCY}&indicateur=taux_pauvrete"
    open_screen(page, address, "Fiche indicateur")
    page.get_by_text("Commune par commune (147)").click()
    table = page.locator("table", has_text="Précision")
    states = table.locator("tbody td:nth-child(3)").all_inner_texts()
    assert states.count("secret statistique") > 50
    values = table.locator("tbody td:nth-child(2)").all_inner_texts()
    for value, state in zip(values, states, strict=True):
        assert (value == state) if state != "publié" else re.match(r"\d", value)
    text = screen_text(page)
    check_sane(text)
    assert "moins de 90 % de la population" in text or "pas de chiffre" in text
    # C6: what the communes do not say, the level above does, with its name.
    assert re.search(r"pas de chiffre\. Valeur du Lot : \d+,\d", plain(text))
