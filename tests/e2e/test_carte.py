"""The map page in a meeting: « et ma commune ? », two indicators crossed, layers, no network."""

from __future__ import annotations

import io
import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect
from shapely.geometry import shape

from tests.e2e.helpers import (
    CERGY,
    GRAND_QUERCY,
    check_sane,
    controls_missed,
    look_at_map,
    map_contrasts,
    map_frame,
    map_locator,
    map_text,
    open_screen,
    patch_of,
    pick,
    plain,
    screen_text,
    table_cells,
    wait_idle,
)
from views.lexicon import refused_words

PUBLIC: ViewportSize = {"width": 1920, "height": 1080}


# Colour of the map at the point of each commune.
PAINTED = """(points) => {
  const canvas = document.querySelector('.leaflet-overlay-pane canvas');
  const box = canvas.getBoundingClientRect();
  const frame = gradientMap.map.getContainer().getBoundingClientRect();
  const ratio = canvas.width / box.width;
  return Object.fromEntries(Object.entries(points).map(([code, place]) => {
    const point = gradientMap.map.latLngToContainerPoint(place);
    const [red, green, blue] = canvas.getContext('2d').getImageData(
      (point.x + frame.left - box.left) * ratio, (point.y + frame.top - box.top) * ratio, 1, 1).data;
    return [code, '#' + ((red << 16) | (green << 8) | blue).toString(16).padStart(6, '0')];
  }));
}"""


def file_behind(page: Page, button: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_bytes()


def colours_of(png: bytes) -> set[str]:
    """Colours of a picture that fill more than a few pixels."""
    image = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).reshape(-1, 3)
    values, counts = np.unique(image, axis=0, return_counts=True)
    return {"#" + "".join(f"{part:02x}" for part in one) for one in values[counts > 500]}


def legend_is_whole(page: Page) -> None:
    """No label of the legend is cut, and the legend stands within the map."""
    clipped = map_frame(page).evaluate(
        """() => {
          const box = document.querySelector('.gradient-legend').getBoundingClientRect();
          const map = document.querySelector('#map_div').getBoundingClientRect();
          const rows = [...document.querySelectorAll('.gradient-legend *')]
            .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth);
          const outside = box.right > map.right || box.left < map.left || box.bottom > map.bottom;
          return rows.map((one) => one.textContent).concat(outside ? ['hors de la carte'] : []);
        }"""
    )
    assert clipped == []


def test_et_ma_commune(page: Page, app_url: str, outside_requests: list[str]) -> None:
    """E3: typed, found, outlined, said without a rank; the file has the classes of the screen."""
    page.set_viewport_size(PUBLIC)
    open_screen(page, f"{app_url}/carte?p={CERGY}", "Carte")
    pick(page, "Voir une commune", "Pontoise")
    expect(page.get_by_role("heading", name="Pontoise", exact=True)).to_be_visible()
    wait_idle(page)
    assert "commune=95500" in page.url
    text = screen_text(page)
    check_sane(text)
    assert re.search(r"APL généralistes : \d,\d\d .{0,60}classe « de \d,\d\d à \d,\d\d »", text)
    assert not refused_words(text) and not re.search(r"\brang\b|\bpire|classement", text)
    frame = map_frame(page)
    assert (
        frame.evaluate("() => document.querySelectorAll('.leaflet-gradient-top-pane path').length")
        >= 2
    )
    legend_is_whole(page)
    letters = (
        "() => parseFloat(getComputedStyle(document.querySelector('.gradient-legend')).fontSize)"
    )
    assert frame.evaluate(letters) >= 15, "la légende grandit avec la carte"
    contrasts = map_contrasts(page)
    assert len(contrasts) > 12
    assert {text: one for text, one in contrasts.items() if one < 4.5} == {}
    look = look_at_map(page)
    shown = {colour for _, colour in look.classes}
    assert len(shown) == 5 and all(look.pixels.get(colour, 0) > 500 for colour in shown), look
    rows = table_cells(page, "Communes et habitants de chaque classe")
    assert [row[0] for row in rows[1:] if row[0].startswith("de ")] == [
        label.replace("\u202f", " ") for label, _ in look.classes
    ]
    assert shown <= colours_of(file_behind(page, "Télécharger la carte (PNG)"))
    document = json.loads(file_behind(page, "Télécharger la carte (GeoJSON)"))
    assert [(one["classe"], one["couleur"]) for one in document["legende"]] == look.classes
    places = {one["properties"]["code"]: shape(one["geometry"]) for one in document["features"]}
    points = {code: place.representative_point() for code, place in places.items()}
    painted = frame.evaluate(PAINTED, {code: [one.y, one.x] for code, one in points.items()})
    absent = look.colour_of("Donnée absente")
    assert painted == {
        one["properties"]["code"]: one["properties"]["couleur"] or absent
        for one in document["features"]
    }, "chaque commune a sur la carte la couleur de sa classe"
    assert sum(one["effectif"] for one in document["legende"] + document["hors_classes"]) == 13
    assert {one["properties"]["etat"] for one in document["features"]} == {
        "publié",
        "pas de chiffre",
    }
    assert len(document["features"]) == 13
    assert b"<svg" in file_behind(page, "Télécharger la carte (SVG)")[:800]
    # A secret figure is never guessed: the commune is read by the nearest territory that has one.
    asked = f"carte?p={GRAND_QUERCY}&ind=taux_pauvrete&commune=46001"
    open_screen(page, f"{app_url}/{asked}", "Carte")
    text = screen_text(page)
    assert re.search(r"Pauvreté : secret statistique\. Son département, Lot : \d+,\d %\.", text), (
        text
    )
    assert not refused_words(text) and not re.search(r"\brang\b|classement", text)
    assert outside_requests == []


def controls_are_whole(page: Page) -> None:
    """No control is cut by the side of the screen, and no label of one is shortened."""
    clipped = page.evaluate(
        """() => [...document.querySelectorAll(
          '[data-testid=stMain] :is(input, button, [role=combobox], [data-testid=stWidgetLabel] p)')]
          .filter((one) => one.offsetParent && (one.getBoundingClientRect().right > innerWidth
            || one.tagName === 'P' && one.scrollWidth > one.clientWidth + 1))
          .map((one) => one.getAttribute('aria-label') || one.textContent)"""
    )
    assert clipped == []


def test_a_finger_does_what_the_mouse_does(browser: Browser, app_url: str) -> None:
    """Touch: a tap gives the commune and its sheet, buttons of the map answer."""
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="fr-FR", has_touch=True
    )
    page = context.new_page()
    open_screen(page, f"{app_url}/carte?p={CERGY}", "Carte")
    frame = map_frame(page)
    zoom = frame.evaluate("() => gradientMap.map.getZoom()")
    map_locator(page).get_by_role("button", name="Zoomer", exact=True).tap()
    frame.wait_for_function(f"() => gradientMap.map.getZoom() > {zoom}")
    back_to_perimeter(page, zoom)
    pinch_asks_nothing(page)
    back_to_perimeter(page, zoom)
    small = frame.evaluate(
        """() => [...document.querySelectorAll('.leaflet-control a, .leaflet-control button,'
          + ' .gradient-legend label, .gradient-legend summary')]
          .map((one) => [one.title || one.textContent, one.getBoundingClientRect()])
          .filter(([, box]) => box.width && (box.width < 24 || box.height < 24))
          .map(([name]) => name)"""
    )
    assert small == []
    page.touchscreen.tap(*patch_of(page, look_at_map(page).classes[-1][1]))
    tip = map_locator(page).locator(".gradient-tip b")
    expect(tip).to_be_visible()
    expect(page.get_by_role("heading", name=tip.inner_text(), exact=True)).to_be_visible()
    controls_are_whole(page)
    context.close()


def back_to_perimeter(page: Page, zoom: float) -> None:
    """A tap on the button, and the map has come back to its first zoom."""
    map_locator(page).get_by_role("button", name="Revenir au périmètre").tap()
    settled = f"() => gradientMap.map.getZoom() === {zoom} && !gradientMap.map._animatingZoom"
    map_frame(page).wait_for_function(settled)


def pinch_asks_nothing(page: Page) -> None:
    """Two fingers zoom the map, and the page does not run again."""
    page.evaluate(
        "() => { window.runs = 0; new MutationObserver(() => { runs += 1; }).observe("
        "document.querySelector('[data-testid=stApp]'), {attributeFilter: ['data-test-script-state']}); }"
    )
    frame = map_frame(page)
    zoom = frame.evaluate("gradientMap.map.getZoom()")
    iframe = page.locator("iframe[title*='streamlit_folium']").first
    iframe.scroll_into_view_if_needed()
    box = iframe.bounding_box()
    assert box is not None
    fingers = page.context.new_cdp_session(page)
    for kind, apart in (
        ("Start", 40),
        *(("Move", 40 + 12 * step) for step in range(10)),
        ("End", 0),
    ):
        places = [
            {
                "x": box["x"] + 200 + side * apart,
                "y": box["y"] + box["height"] / 2,
                "id": (side + 1) // 2,
            }
            for side in (-1, 1)
        ]
        points = [] if kind == "End" else places
        fingers.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    frame.wait_for_function(f"() => gradientMap.map.getZoom() > {zoom}", timeout=10_000)
    page.wait_for_timeout(600)
    assert page.evaluate("runs") == 0


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)], ids=["portable", "projecteur"])
def test_two_indicators_crossed(page: Page, app_url: str, size: tuple[int, int]) -> None:
    """E5: nine cells that a grey copy still tells apart, their colours on the map, a sentence."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    asked = "carte-de=croisement&ind=part_logements_vacants&ind2=part_65_ans_et_plus"
    open_screen(page, f"{app_url}/carte?p={GRAND_QUERCY}&{asked}", "Carte")
    top = page.locator("iframe[title*='streamlit_folium']").first.bounding_box()
    assert top is not None and top["y"] < 500, "la carte se voit sans faire défiler"
    cells = map_frame(page).evaluate(
        """() => [...document.querySelectorAll('.gradient-grid td')].map((one) =>
          [one.textContent, getComputedStyle(one).backgroundColor.match(/\\d+/g).map(Number)])"""
    )
    assert len(cells) == 9 and sum(int(count) for count, _ in cells) == 147
    greys = sorted(0.299 * red + 0.587 * green + 0.114 * blue for _, (red, green, blue) in cells)
    assert min(b - a for a, b in pairwise(greys)) > 10
    drawn = look_at_map(page).pixels
    for count, parts in cells:
        colour = "#" + "".join(f"{part:02x}" for part in parts)
        assert int(count) == 0 or drawn.get(colour, 0) > 50, colour
    legend_is_whole(page)
    assert {text: one for text, one in map_contrasts(page).items() if one < 4.5} == {}
    controls_are_whole(page)
    text = screen_text(page)
    check_sane(text)
    assert re.search(r"\d+ communes \([\d ]+ habitants\) sont à la fois dans le tiers", text)
    assert "si les deux étaient sans lien" in text.lower()


def test_a_background_without_a_network(
    page: Page, app_url: str, outside_requests: list[str]
) -> None:
    """Nothing is asked until it is chosen; then it fails, the map says so and stays drawn."""
    open_screen(page, f"{app_url}/carte?p={CERGY}", "Carte")
    before = look_at_map(page).classes
    assert outside_requests == []
    inside = map_locator(page)
    summary = inside.locator("summary", has_text="Fond de plan")
    summary.focus()
    page.keyboard.press("Enter")
    inside.get_by_role("radio", name="Plan IGN").focus()
    page.keyboard.press("Space")
    expect(inside.get_by_text("il n'a pas répondu")).to_be_visible(timeout=20_000)
    expect(inside.get_by_role("radio", name="Aucun")).to_be_checked()
    assert outside_requests and all("data.geopf.fr" in url for url in outside_requests)
    assert look_at_map(page).classes == before
    outside_requests.clear()


def test_the_map_by_keyboard(page: Page, app_url: str) -> None:
    """Every control of the map is reached with Tab, layers are hidden with Space, arrows move it."""
    open_screen(page, f"{app_url}/carte?p={GRAND_QUERCY}", "Carte")
    frame = map_frame(page)
    reached = []
    map_locator(page).locator("#map_div").focus()
    for _ in range(12):
        reached.append(
            frame.evaluate(
                "() => { const one = document.activeElement; return one.getAttribute('aria-label')"
                " || one.title || (one.closest('label') || one).textContent; }"
            )
        )
        page.keyboard.press("Tab")
    said = " | ".join(reached)
    for name in ("Carte :", "Zoomer", "Dézoomer", "Revenir au périmètre", "Plein écran"):
        assert name in said, said
    assert "Limites des intercommunalités" in said and "Fond de plan" in said, said
    # Past its last control, the keyboard is in the page again: a map is no trap.
    map_locator(page).locator("#map_div").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") != "IFRAME":
            break
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Voir une commune"
    read_a_commune_by_keys(page)
    map_locator(page).locator("#map_div").focus()
    limits = map_locator(page).get_by_role("checkbox", name="Limites des intercommunalités")
    lines = """() => { const c = document.querySelector('.leaflet-gradient-lines-pane canvas');
      return c ? c.getContext('2d').getImageData(0, 0, c.width, c.height).data
        .filter((one) => one).length : 0; }"""
    frame.wait_for_function(f"() => ({lines})() > 0")
    marks = map_locator(page).get_by_role("checkbox", name="Commune avec un quartier prioritaire")
    drawn = "() => document.querySelectorAll('.leaflet-gradient-top-pane path').length"
    before = frame.evaluate(drawn)
    marks.focus()
    page.keyboard.press("Space")
    frame.wait_for_function(f"() => ({drawn})() < {before}")
    limits.focus()
    page.keyboard.press("Space")
    expect(limits).not_to_be_checked()
    frame.wait_for_function(f"() => ({lines})() === 0")
    assert controls_missed(page) == []


def read_a_commune_by_keys(page: Page) -> None:
    """Arrows bring communes under a cross, that the map names with their figure; Enter opens one."""
    frame = map_frame(page)
    centre = "() => { const c = gradientMap.map.getCenter(); return [c.lat, c.lng]; }"
    start, zoom = frame.evaluate(centre), frame.evaluate("gradientMap.map.getZoom()")
    said = map_locator(page).get_by_role("status")
    expect(said).to_be_hidden()
    map_locator(page).locator("#map_div").focus()
    page.keyboard.press("ArrowRight")  # the first key tells the browser that nobody points
    expect(said).to_be_visible()
    ring = "getComputedStyle(document.querySelector('#map_div'), '::after').borderTopWidth"
    assert frame.evaluate(ring) == "4px"
    assert frame.evaluate(centre)[1] > start[1]
    page.keyboard.press("+")
    assert frame.evaluate("gradientMap.map.getZoom()") > zoom
    page.keyboard.press("-")
    names = table_names(page)
    for key in ("ArrowLeft", "Shift+ArrowDown", "ArrowDown", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
        if said.locator("b").count() and plain(said.locator("b").inner_text()) in names:
            break
    name = plain(said.locator("b").inner_text())
    assert names[name] in plain(said.inner_text())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible(timeout=30_000)
    wait_idle(page)
    assert frame.evaluate("document.activeElement.id") == "map_div"  # one may go on


def table_names(page: Page) -> dict[str, str]:
    """Figure of each commune, as the table says it."""
    caption = (
        "Accessibilité potentielle localisée (APL) aux médecins généralistes, commune par commune"
    )
    rows = page.evaluate(
        "caption => [...[...document.querySelectorAll('table')]"
        ".find(one => one.caption?.textContent === caption).rows]"
        ".map(row => [...row.cells].map(cell => cell.textContent.trim()))",
        caption,
    )
    return {plain(row[0]): plain(row[2]) for row in rows[1:]}


def test_the_whole_country(page: Page, app_url: str, outside_requests: list[str]) -> None:
    """Every commune, the five départements overseas beside, little sent to recolour."""
    received: list[int] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))),
    )
    asked = "etendue=france&ind=part_logements_vacants"
    open_screen(page, f"{app_url}/carte?p={CERGY}&{asked}", "Carte")
    text = map_text(page)
    for name in ("Guadeloupe", "Martinique", "Guyane", "La Réunion", "Mayotte"):
        assert name in text
    frame = map_frame(page)
    frame.wait_for_function("() => gradientMap.painted > 0", timeout=60_000)
    sizes = frame.evaluate(
        "() => [...document.querySelectorAll('.gradient-inset-map')].map((one) => one.clientWidth)"
    )
    assert len(sizes) == 5 and min(sizes) > 60
    legend_is_whole(page)
    wait_idle(page)
    frame.evaluate("() => { window.stillHere = true; }")
    painted = frame.evaluate("() => gradientMap.painted")
    received.clear()
    pick(page, "Classes", "4")
    frame.wait_for_function(f"() => gradientMap.painted > {painted}", timeout=30_000)
    assert frame.evaluate("() => window.stillHere === true")
    assert sum(received) < 50_000
    # A map that moves asks nothing.
    received.clear()
    map_locator(page).get_by_role("button", name="Zoomer", exact=True).click()
    page.wait_for_timeout(1_200)
    assert sum(received) == 0
    box = page.get_by_role("textbox", name="Et ma commune ?")
    box.fill("saint denis reunion")
    box.press("Enter")
    page.get_by_role("button", name=re.compile("Saint-Denis.*Réunion")).click()
    expect(page.get_by_role("heading", name="Saint-Denis", exact=True)).to_be_visible(
        timeout=60_000
    )
    assert "commune=97411" in page.url
    assert outside_requests == []


def test_small_maps_and_circles(page: Page, app_url: str) -> None:
    open_screen(page, f"{app_url}/carte?p={CERGY}&carte-de=annees", "Carte")
    picture = page.locator("img[alt*='une carte par période']")
    expect(picture).to_be_visible(timeout=30_000)
    rows = table_cells(page, "Communes de chaque classe, par période")
    assert all(sum(int(cell) for cell in row[1:]) == 13 for row in rows[1:])
    open_screen(page, f"{app_url}/carte?p={CERGY}&ind=population_municipale", "Carte")
    circles = map_frame(page).evaluate(
        "() => [...document.querySelectorAll('.gradient-circle i')].map((one) => one.clientWidth)"
    )
    assert circles == sorted(circles, reverse=True) and len(circles) >= 2
    pixels = look_at_map(page).pixels
    assert "#e1e8ef" in pixels
    check_sane(screen_text(page))
