"""The same journey where figures are scarce: the PETR Grand Quercy, from its example button."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.helpers import (
    check_sane,
    go_to,
    look_at_map,
    map_locator,
    open_screen,
    pick,
    read_csv,
    screen_text,
    table_cells,
    wait_idle,
)

EPCI = {
    "CA du Grand Cahors": 36,
    "CC Cazals-Salviac": 15,
    "CC du Quercy Blanc": 9,
    "CC de la Vallée du Lot et du Vignoble": 27,
    "CC Quercy - Bouriane": 20,
    "CC du Pays de Lalbenque-Limogne": 23,
    "CC du Causse de Labastide Murat": 17,
}


def choose_example(page: Page, url: str) -> None:
    open_screen(page, url, "Gradient")
    page.get_by_role("button", name="PETR Grand Quercy").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce qui ressort", timeout=30_000)
    wait_idle(page)
    go_to(page, "Périmètre")
    text = screen_text(page)
    check_sane(text)
    assert "PETR Grand Quercy · 147 communes · 93 414 habitants · Lot (46)" in text
    assert all(name in text for name in EPCI)


def poverty_row(page: Page) -> list[str]:
    """Cells of the line of poverty on the portrait."""
    table = page.locator("table", has=page.get_by_text("Taux de pauvreté", exact=False))
    row = table.locator("tbody tr", has_text="Taux de pauvreté").first
    return [re.sub(r"\s+", " ", cell).strip() for cell in row.locator("th, td").all_inner_texts()]


def check_portrait(page: Page) -> None:
    go_to(page, "Portrait")
    check_sane(screen_text(page))
    cells = poverty_row(page)
    assert "143 sous secret statistique" in cells[0], cells
    assert not re.search(r"\d", cells[1]), f"un chiffre là où tout est secret : {cells}"
    assert "4 communes sur 147" in cells[-1]
    go_to(page, "Ce qui ressort")
    spine = page.locator("table.spine").inner_text()
    assert "Médiane du niveau de vie" in spine and "Taux de pauvreté" not in spine


def check_map(page: Page) -> None:
    go_to(page, "Carte")
    pick(page, "Indicateur", "Taux de pauvreté")
    expect(map_locator(page).locator(".gradient-legend strong")).to_contain_text(
        re.compile("pauvreté", re.I)
    )
    text = screen_text(page)
    check_sane(text)
    assert re.search(r"4 communes sur 147 ont un chiffre : .+ ; 143 sous secret statistique", text)
    look = look_at_map(page)
    assert "Secret statistique" in look.labels
    rows = read_csv(page, "Télécharger le tableau (CSV)")
    secret = [row for row in rows if row["État"] == "secret statistique"]
    assert len(rows) == 147 and len(secret) == 143
    figures = [name for name in rows[0] if name not in ("Commune", "Code", "État", "Précision")]
    for row in secret:
        assert [row[name] for name in figures if name != "Habitants" and row[name]] == [], row


def check_targets(page: Page) -> None:
    go_to(page, "Intensité")
    text = screen_text(page)
    check_sane(text)
    expect(page.get_by_role("radio", name="Par intercommunalité")).to_be_checked()
    assert re.search(r"\d+ communes recevraient moins d'une unité", text)
    rows = read_csv(page, "Télécharger la répartition (CSV)")
    assert {row["Territoire"]: int(row["Communes"]) for row in rows} == EPCI
    assert sum(int(row["Proportionné"]) for row in rows) == 120
    assert sum(int(row["Habitants"]) for row in rows) == 93_414
    shown = table_cells(page, "Répartition de 120 consultations dentaires par territoire")
    assert len(shown) == 1 + 7 + 1
    at = shown[0].index("Proportionné")
    assert sum(int(row[at]) for row in shown[1:-1]) == int(shown[-1][at]) == 120


def check_by_commune(page: Page) -> None:
    """By commune, small ones are pooled, and nothing is lost."""
    page.get_by_role("radio", name="Par commune", exact=True).click()
    wait_idle(page)
    rows = read_csv(page, "Télécharger la répartition (CSV)")
    assert len(rows) > 7
    assert sum(int(row["Proportionné"]) for row in rows) == 120
    assert sum(int(row["Habitants"]) for row in rows) == 93_414
    assert sum(int(row["Communes"]) for row in rows) == 147


def test_the_same_journey_where_much_is_secret(
    page: Page, app_url: str, outside_requests: list[str], console_errors: list[str]
) -> None:
    choose_example(page, app_url)
    check_portrait(page)
    check_map(page)
    check_targets(page)
    check_by_commune(page)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Intensité", timeout=30_000)
    wait_idle(page)
    assert "PETR Grand Quercy · 147 communes · 93 414 habitants" in screen_text(page)
    assert outside_requests == []
    assert console_errors == []
