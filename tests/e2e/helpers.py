"""What a browser test does again and again: open a screen, read it, look into the map."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Frame, FrameLocator, Page, TimeoutError, expect

from tests.conftest import ROOT
from tests.e2e.conftest import free_port, is_local, wait_until_healthy

CERGY = "epci:249500109"
GRAND_QUERCY = (
    "epci:200023737,epci:200035327,epci:200039519,"
    "epci:244600433,epci:244600482,epci:244600532,epci:244600573"
)
PAGES = (
    "",
    "perimetre",
    "ce-qui-ressort",
    "inegalites",
    "portrait",
    "indicateur",
    "carte",
    "comparer",
    "mortalite",
    "acces-aux-soins",
    "importer",
    "diagnostic-partage",
    "cibles",
    "intensite",
    "actions",
    "qui-touche-t-on",
    "livrables",
    "reunion",
    "donnees",
)
TITLES = {
    "": "Gradient",
    "perimetre": "Périmètre",
    "ce-qui-ressort": "Ce qui ressort",
    "inegalites": "Inégalités",
    "portrait": "Portrait",
    "indicateur": "Fiche indicateur",
    "carte": "Carte",
    "comparer": "Comparer",
    "mortalite": "Mortalité",
    "acces-aux-soins": "Accès aux soins",
    "importer": "Importer",
    "diagnostic-partage": "Diagnostic partagé",
    "cibles": "Cibler",
    "intensite": "Intensité",
    "actions": "Actions",
    "qui-touche-t-on": "Qui touche-t-on ?",
    "livrables": "Livrables",
    "reunion": "Mode réunion",
    "donnees": "Données",
}
BROKEN = re.compile(r"n'a pas pu s'afficher|Traceback|Error:|exception", re.IGNORECASE)
# A missing value that leaked on the screen.
LEAKS = re.compile(r"(?<![\w'])(None|nan|NaN|NaT|null|undefined|inf|<NA>)(?![\w'])")
LONG_DECIMALS = re.compile(r"\d[.,]\d{5,}")
INDICATOR_ID = re.compile(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b")

_IDLE = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app && app.dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-testid="stSkeleton"]')
    && !document.querySelector('[data-stale="true"]');
}"""
_VISIBLE_TEXT = """(root) => {
  // An icon is a word written in a font of icons.
  const icons = [...root.querySelectorAll('span, style')].filter((node) =>
    node.tagName === 'STYLE' || getComputedStyle(node).fontFamily.includes('Material'));
  icons.forEach((node) => { node.hidden = true; node.style.display = 'none'; });
  const text = root.innerText;
  icons.forEach((node) => { node.hidden = false; node.style.display = ''; });
  return text;
}"""


def plain(text: str) -> str:
    """Text with ordinary spaces and apostrophes."""
    return text.replace("\u202f", " ").replace("\u00a0", " ").replace("’", "'")


def wait_idle(page: Page) -> None:
    """Wait until the script has run and nothing stale is left on the screen."""
    page.wait_for_function(_IDLE, timeout=90_000)
    page.wait_for_timeout(150)
    page.wait_for_function(_IDLE, timeout=90_000)


def open_screen(page: Page, url: str, title: str | None = None) -> None:
    """Go to an address and wait for its title."""
    page.goto(url)
    heading = page.locator("h1") if title is None else page.get_by_role("heading", level=1)
    expect(heading.first).to_be_visible(timeout=90_000)
    if title is not None:
        expect(heading.first).to_have_text(title)
    wait_idle(page)


def go_to(page: Page, entry: str, title: str | None = None) -> None:
    """Click an entry of the menu; the page has its name as title, or ``title``."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=entry).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title or entry, timeout=90_000)
    wait_idle(page)
    if entry == "Mode réunion":
        leave_wall(page)


def leave_wall(page: Page) -> None:
    """Leave the story that the meeting mode opens over its page."""
    wall = page.locator("dialog.wall")
    expect(wall).to_be_visible(timeout=90_000)
    page.keyboard.press("Escape")
    expect(wall).to_be_hidden()


def screen_text(page: Page) -> str:
    """Visible text of the page, without its icons, with ordinary spaces."""
    return plain(page.get_by_test_id("stMain").evaluate(_VISIBLE_TEXT))


def map_text(page: Page) -> str:
    """Visible text of the map: legend, scale, credit."""
    return plain(map_frame(page).locator("body").inner_text())


def check_sane(text: str) -> None:
    """Nothing broken, no missing value and no endless decimal in a visible text."""
    for pattern in (BROKEN, LEAKS, LONG_DECIMALS):
        found = pattern.search(text)
        assert found is None, f"« {text[max(0, found.start() - 60) : found.end() + 60]} »"


def pick(page: Page, label: str, option: str) -> None:
    """Choose an option of a select box, by the beginning of its text."""
    box = page.get_by_role("combobox", name=label, exact=True)
    starts = re.compile(f"^{re.escape(option)}")
    for _ in range(3):  # a map that has just come makes the page run again, which closes the list
        box.click()
        try:
            page.get_by_role("option").first.wait_for(timeout=10_000)
        except TimeoutError:
            continue
        found = page.get_by_role("option", name=starts)
        if not found.count():  # a long list only holds what is on the screen: search in it
            box.fill(option)
        found.first.click()
        wait_idle(page)
        if starts.match(box.input_value()):
            return
    raise AssertionError(f"« {option} » n'a pas pu être choisi dans « {label} »")


def read_csv(page: Page, button: str) -> list[dict[str, str]]:
    """Rows of the file behind a download button."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    content = Path(download.value.path()).read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline=""), delimiter=";"))


def table_cells(page: Page, caption: str) -> list[list[str]]:
    """Cells of the table with this caption, the header first, with ordinary spaces."""
    table = page.get_by_role("table", name=caption, exact=True)
    table.wait_for(state="attached")
    rows = table.evaluate(
        "table => [...table.rows].map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    )
    return [[plain(cell) for cell in row] for row in rows]


def map_locator(page: Page) -> FrameLocator:
    """The map of the page, for locators."""
    return page.frame_locator("iframe[title*='streamlit_folium']")


def map_frame(page: Page) -> Frame:
    """The map of the page, for scripts, once it has its legend and its polygons."""
    handle = page.locator("iframe[title*='streamlit_folium']").first.element_handle(timeout=20_000)
    frame = handle.content_frame()
    assert frame is not None
    frame.wait_for_selector(".gradient-legend strong", timeout=20_000)
    frame.wait_for_function(f"() => Object.keys(({_COLOURS})()).length > 2", timeout=20_000)
    return frame


# Colours of the canvas by number of pixels; smoothed edges give rare colours, left out.
_COLOURS = """() => {
  const counts = {};
  document.querySelectorAll('.leaflet-overlay-pane canvas').forEach((canvas) => {
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] < 255) continue;
      const colour = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
      counts[colour] = (counts[colour] || 0) + 1;
    }
  });
  const kept = {};
  Object.keys(counts).forEach((colour) => {
    if (counts[colour] > 60) kept['#' + Number(colour).toString(16).padStart(6, '0')] = counts[colour];
  });
  return kept;
}"""

# Text, colour and whether the row is a class: classes come before the first gap of the legend.
_LEGEND = """() => {
  let classes = true;
  return [...document.querySelectorAll('.gradient-legend .gradient-row')].map((row) => {
    classes = classes && !row.classList.contains('gradient-first');
    const swatch = row.querySelector('.gradient-swatch');
    const colour = swatch ? getComputedStyle(swatch).backgroundColor.match(/\\d+/g) : null;
    return [row.textContent.trim(), colour && !swatch.style.background.includes('url(')
      ? '#' + colour.slice(0, 3).map((part) => Number(part).toString(16).padStart(2, '0')).join('')
      : '', classes];
  });
}"""

# One character a pixel, every 6 pixels of the screen: « . » outside the perimeter.
_OUTLINE = """(outside) => {
  const canvas = document.querySelector('.leaflet-overlay-pane canvas');
  const box = canvas.getBoundingClientRect();
  const ratio = canvas.width / box.width;
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let mask = '';
  for (let y = 3; y < innerHeight; y += 6) for (let x = 3; x < innerWidth; x += 6) {
    const at = 4 * (Math.round((y - box.top) * ratio) * canvas.width + Math.round((x - box.left) * ratio));
    const colour = '#' + ((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]).toString(16).padStart(6, '0');
    mask += data[at + 3] < 255 || colour === outside ? '.' : '#';
  }
  return mask;
}"""

# A pixel that can be clicked, in the middle of a patch of one colour.
_PATCH = """(wanted) => {
  const canvas = document.querySelector('.leaflet-overlay-pane canvas');
  const box = canvas.getBoundingClientRect();
  const ratio = canvas.width / box.width;
  const pen = canvas.getContext('2d');
  const half = 7;
  for (let y = 20; y < innerHeight - 20; y += 5) for (let x = 20; x < innerWidth - 20; x += 5) {
    if (document.elementFromPoint(x, y) !== canvas) continue;
    const data = pen.getImageData((x - half - box.left) * ratio, (y - half - box.top) * ratio,
      2 * half * ratio, 2 * half * ratio).data;
    let same = true;
    for (let at = 0; at < data.length && same; at += 4) {
      same = data[at + 3] === 255 && '#' + ((data[at] << 16) | (data[at + 1] << 8) | data[at + 2])
        .toString(16).padStart(6, '0') === wanted;
    }
    if (same) return [x, y];
  }
  return null;
}"""


@dataclass(frozen=True)
class MapLook:
    """What is drawn: pixels of each colour; (label, colour, is a class) of each legend row."""

    pixels: dict[str, int]
    legend: list[tuple[str, str, bool]]

    def colour_of(self, label: str) -> str:
        """Colour of the legend row that starts with this label."""
        return next(row[1] for row in self.legend if row[0].startswith(label))

    @property
    def labels(self) -> list[str]:
        """Labels of the legend."""
        return [row[0] for row in self.legend]

    @property
    def classes(self) -> list[tuple[str, str]]:
        """Label and colour of each class."""
        return [(row[0], row[1]) for row in self.legend if row[2]]


def look_at_map(page: Page) -> MapLook:
    """Read the canvas and the legend of the map."""
    frame = map_frame(page)
    return MapLook(frame.evaluate(_COLOURS), [tuple(row) for row in frame.evaluate(_LEGEND)])


def wait_for_colours(page: Page, colours: list[str]) -> None:
    """Wait until each colour is on the canvas."""
    map_frame(page).wait_for_function(
        f"(wanted) => {{ const seen = ({_COLOURS})(); return wanted.every((one) => seen[one]); }}",
        arg=colours,
        timeout=10_000,
    )


def outline(page: Page) -> str:
    """Shape of the perimeter as it stands on the screen."""
    frame = map_frame(page)
    outside = look_at_map(page).colour_of("Hors du périmètre")
    return frame.evaluate(_OUTLINE, outside)


def same_share(one: str, other: str) -> float:
    """Share of the points that two outlines have in common."""
    assert len(one) == len(other)
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(one)


def patch_of(page: Page, colour: str) -> tuple[float, float]:
    """The middle of a patch of this colour, in page pixels."""
    iframe = page.locator("iframe[title*='streamlit_folium']").first
    iframe.scroll_into_view_if_needed()
    spot = map_frame(page).evaluate(_PATCH, colour)
    assert spot is not None, f"aucune surface de couleur {colour}"
    box = iframe.bounding_box()
    assert box is not None
    return box["x"] + spot[0], box["y"] + spot[1]


def point_at(page: Page, colour: str) -> tuple[float, float]:
    """Put the mouse in the middle of a patch of this colour; the point, in page pixels."""
    x, y = patch_of(page, colour)
    page.mouse.move(x - 1, y - 1)
    page.mouse.move(x, y)
    return x, y


# Controls of the page that the Tab key must reach; of a group of radio buttons, one does.
_CONTROLS = """() => {
  const main = document.querySelector('[data-testid="stMain"]');
  const seen = [...main.querySelectorAll('a[href], button, input, select, textarea, summary, iframe,'
    + ' [tabindex="0"]')].filter((one) => one.checkVisibility() && !one.disabled
    && one.tabIndex >= 0 && one.getBoundingClientRect().width > 0);
  window.gradientReached = new Set();
  const name = (one) => one.getAttribute('aria-label') || one.closest('label')?.textContent
    || one.textContent || one.title;
  const group = (one) => one.closest('[role=radiogroup]') || one;
  document.addEventListener('focusin', (event) => gradientReached.add(group(event.target)), true);
  window.gradientMissed = () => [...new Set(seen.filter((one) => one.isConnected).map(group))]
    .filter((one) => !gradientReached.has(one)).map((one) => `${one.tagName} ${name(one)}`);
  return seen.length;
}"""


def controls_missed(page: Page) -> list[str]:
    """Controls of the page that one turn of the Tab key does not reach, the map being one."""
    count = page.evaluate(_CONTROLS)
    assert count > 5
    page.get_by_test_id("stMain").locator("h1").click()
    inside = 25  # what a map has of its own
    for _ in range(count + inside):
        page.keyboard.press("Tab")
        at = "document.activeElement && document.activeElement.tagName"
        if page.evaluate(at) == "IFRAME":
            page.evaluate("gradientReached.add(document.activeElement)")
    return page.evaluate("gradientMissed()")


# What is written on a map: contrast with its ground, at worst when that ground lets through what
# is under it (black, then white).
_MAP_CONTRASTS = """() => {
  const rgb = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
  const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((one) => { const c = one / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
  const over = (above, under) => [0, 1, 2].map((i) => above[i] * above[3] + under[i] * (1 - above[3]));
  const map = document.querySelector('#map_div');
  const ground = (node, under) => { const layers = [];
    for (let up = node; up && up !== map; up = up.parentElement)
      layers.unshift(rgb(getComputedStyle(up).backgroundColor));
    return layers.reduce((below, one) => over(one, below), under); };
  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const found = {};
  const texts = document.createTreeWalker(map, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const holder = node.parentElement;
    if (!node.nodeValue.trim() || !holder.checkVisibility() || holder.closest('style')) continue;
    found[node.nodeValue.trim()] = Math.min(...[[0, 0, 0], [255, 255, 255]].map((under) => {
      const below = ground(holder, under);
      return ratio(over(rgb(getComputedStyle(holder).color), below), below); }));
  }
  document.querySelectorAll('.gradient-swatch').forEach((box, rank) => {
    const below = ground(box.parentElement, [255, 255, 255]);
    found[`contour ${rank}`] = 1.5 * ratio(rgb(getComputedStyle(box).borderTopColor), below);
  });
  return found;
}"""


def map_contrasts(page: Page) -> dict[str, float]:
    """Contrast of each text of the map, and of the edge of each sample times 1.5 (3 is enough)."""
    return map_frame(page).evaluate(_MAP_CONTRASTS)


# Everything a browser loads by itself; a link that one clicks is not in it.
_LOADED = """() => [
  ...[...document.querySelectorAll('script[src], img[src], iframe[src], source[src], video[src]')]
    .map((node) => node.src),
  ...[...document.querySelectorAll('link[href]')].map((node) => node.href),
  ...performance.getEntriesByType('resource').map((entry) => entry.name),
]"""


def loaded_elsewhere(page: Page) -> list[str]:
    """Addresses of other machines that the page or its frames load."""
    urls = [url for frame in page.frames for url in frame.evaluate(_LOADED) if url]
    assert urls
    return [url for url in urls if not is_local(url)]


@contextmanager
def cold_server(data_dir: Path, log: Path) -> Iterator[str]:
    """Address of an application that nobody has opened yet."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {"GRADIENT_DATA_DIR": str(data_dir), "PORT": str(port)}
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, str(ROOT / "tools" / "serve.py")],
            cwd=ROOT,
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_healthy(url, server, log)
            yield url
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
