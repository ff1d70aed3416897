"""From a search to a shared-out resource, on the CA de Cergy-Pontoise, with no other machine."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.e2e.helpers import (
    check_sane,
    go_to,
    look_at_map,
    map_frame,
    map_locator,
    map_text,
    open_screen,
    outline,
    pick,
    point_at,
    read_csv,
    same_share,
    screen_text,
    table_cells,
    wait_for_colours,
    wait_idle,
)
from views.places import of_name

PEOPLE = "220 279"


def choose_by_search(page: Page, url: str) -> None:
    open_screen(page, url, "Gradient")
    page.get_by_role("searchbox").press_sequentially("cergy pontoise", delay=30)
    found = page.get_by_text("CA de Cergy-Pontoise", exact=True)
    expect(found).to_be_visible(timeout=15_000)
    wait_idle(page)
    text = screen_text(page)
    assert re.search(
        rf"CA de Cergy-Pontoise\s+intercommunalité · Val-d'Oise \(95\) · {PEOPLE} habitants", text
    ), text
    page.get_by_role("button", name="Choisir").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce qui ressort", timeout=30_000)
    wait_idle(page)
    go_to(page, "Périmètre")


def check_perimeter(page: Page) -> None:
    text = screen_text(page)
    check_sane(text)
    assert re.search(rf"Habitants\s+{PEOPLE}\s", text)
    assert re.search(r"Communes\s+13\s", text)
    look = look_at_map(page)
    assert look.pixels.get(look.colour_of("Dans le périmètre"), 0) > 10_000


def check_portrait(page: Page) -> None:
    go_to(page, "Portrait")
    text = screen_text(page)
    check_sane(text)
    median = re.search(
        r"Médiane du niveau de vie.*?Population|Médiane du niveau de vie.*", text, re.S
    )
    assert median and "98,0 % (12 communes sur 13)" in median[0]
    assert re.search(r"≈ 2\d \d{3} €", median[0])
    assert re.search(r"APL.{0,400}?≈ \d,\d\d", text, re.S)


def check_map_drawn(page: Page) -> list[str]:
    go_to(page, "Carte")
    check_sane(screen_text(page))
    look = look_at_map(page)
    colours = [colour for _, colour in look.classes]
    assert len(colours) == len(set(colours)) == 5, look.legend
    # Every class of the legend has polygons, and the commune without a figure its own grey.
    assert all(look.pixels.get(colour, 0) > 100 for colour in colours), look
    assert look.pixels.get(look.colour_of("Donnée absente"), 0) > 100
    return colours


def check_repaint(page: Page, before: list[str]) -> None:
    frame = map_frame(page)
    map_locator(page).get_by_role("button", name="Zoomer", exact=True).click()
    page.wait_for_timeout(600)
    shape = outline(page)
    frame.evaluate("() => { window.stillHere = true; }")
    pick(page, "Indicateur", "Part des logements vacants")
    expect(map_locator(page).locator(".gradient-legend strong")).to_contain_text(
        re.compile("vacants", re.I)
    )
    after = [colour for _, colour in look_at_map(page).classes]
    assert after and after != before, "le sens de l'indicateur change l'échelle de couleurs"
    wait_for_colours(page, after[-1:])
    assert map_frame(page).evaluate("() => window.stillHere === true"), "la carte a été rechargée"
    assert same_share(shape, outline(page)) > 0.99, "la vue n'a pas été gardée"
    assert "de 1,62 à" not in map_text(page)


def check_click(page: Page) -> None:
    colour = look_at_map(page).classes[-1][1]
    x, y = point_at(page, colour)
    tip = map_locator(page).locator(".gradient-tip b")
    expect(tip).to_be_visible()
    name = tip.inner_text()
    page.mouse.click(x, y)
    detail = page.get_by_role("heading", name=name, exact=True)
    expect(detail).to_be_visible(timeout=15_000)
    wait_idle(page)
    assert re.search(rf"{re.escape(name)}\s+[\d ]+ habitants · code \d{{5}}", screen_text(page))
    rows = table_cells(page, f"Les chiffres {of_name(name)}")
    assert rows[0] == ["Indicateur", "Valeur"]
    assert len(rows) > 20
    value = (
        page.get_by_role("table", name=f"Les chiffres {of_name(name)}", exact=True)
        .locator("td")
        .first
    )
    frame = page.get_by_role("region", name=f"Les chiffres {of_name(name)}", exact=True)
    right = [node.bounding_box() for node in (value, frame)]
    assert right[0] and right[1]
    assert right[0]["x"] + right[0]["width"] <= right[1]["x"] + right[1]["width"] + 1, (
        "chiffre caché"
    )
    check_sane("\n".join(" ".join(row) for row in rows))


def share_out(page: Page, quantity: int) -> list[dict[str, str]]:
    box = page.get_by_role("spinbutton", name="Quantité à répartir")
    box.fill(str(quantity))
    box.press("Enter")
    expect(
        page.get_by_text(re.compile(rf"^{quantity} consultations dentaires")).first
    ).to_be_visible(timeout=15_000)
    wait_idle(page)
    rows = read_csv(page, "Télécharger la répartition (CSV)")
    parts = [row["Proportionné"] for row in rows]
    assert all(re.fullmatch(r"\d+", part) for part in parts), parts
    assert sum(map(int, parts)) == quantity
    assert sum(int(row["À parts égales"]) for row in rows) == quantity
    return rows


def check_targets(page: Page) -> None:
    go_to(page, "Cibler")
    assert len(read_csv(page, "Télécharger les groupes (CSV)")) == 13
    go_to(page, "Intensité")
    share_out(page, 90)
    rows = share_out(page, 120)
    assert sum(int(row["Habitants"]) for row in rows) == 220_279
    shown = table_cells(page, "Répartition de 120 consultations dentaires par territoire")
    at = shown[0].index("Proportionné")
    assert [int(cell[at]) for cell in shown[1:] if cell[0] != "Total"] == [
        int(row["Proportionné"]) for row in rows
    ], "le tableau et son fichier disent la même chose"
    text = screen_text(page)
    check_sane(text)
    assert re.search(r"soit \d,\d fois plus par habitant", text)


def check_reload(page: Page) -> None:
    """The address alone brings back the perimeter, the quantity, the weights, the comparator."""
    share_out(page, 240)
    page.get_by_text("Le besoin sur lequel repose la répartition").click()
    slider = page.get_by_role("slider", name="Ressources")
    for share in ("28,6", "31,8", "34,8"):  # 30, 35, then 40 beside three weights of 25
        slider.press("ArrowRight")
        used = page.get_by_text(re.compile(rf"Ressources {share}\s%")).first
        expect(used).to_be_visible(timeout=30_000)
    wait_idle(page)
    weights = re.search(r"Poids utilisés[^\n]+", screen_text(page))
    assert weights and "Ressources 34,8 %" in weights[0], weights
    asked = parse_qs(urlsplit(page.url).query)
    assert asked["p"] == ["epci:249500109"]
    rows = read_csv(page, "Télécharger la répartition (CSV)")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Intensité", timeout=30_000)
    wait_idle(page)
    page.get_by_text("Le besoin sur lequel repose la répartition").click()
    wait_idle(page)
    text = screen_text(page)
    assert "CA de Cergy-Pontoise" in text and PEOPLE in text
    assert weights[0] in text
    assert "240 consultations dentaires" in text
    assert read_csv(page, "Télécharger la répartition (CSV)") == rows


def check_comparator_kept(page: Page) -> None:
    go_to(page, "Ce qui ressort")
    pick(page, "Comparer à", "Île-de-France")
    headings = page.get_by_role("heading", level=3)
    expect(headings.first).to_have_text(re.compile("par rapport à : Île-de-France"))
    page.reload()
    expect(headings.first).to_have_text(re.compile("par rapport à : Île-de-France"), timeout=30_000)


def test_from_a_search_to_a_decision(
    page: Page, app_url: str, outside_requests: list[str], console_errors: list[str]
) -> None:
    choose_by_search(page, app_url)
    check_perimeter(page)
    check_portrait(page)
    colours = check_map_drawn(page)
    check_repaint(page, colours)
    check_click(page)
    check_targets(page)
    check_reload(page)
    check_comparator_kept(page)
    assert outside_requests == []
    assert console_errors == []
