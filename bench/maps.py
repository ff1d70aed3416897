"""Maps in Chromium: ours beside ``gdf.explore()`` shown by ``st_folium``, then the whole country.

Both pages run in the same browser, one after the other, on the same 2 800 communes. What
``explore()`` would ask of other machines (Leaflet and its companions) is answered from this one, at
once: the network costs it nothing.
"""

from __future__ import annotations

import importlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, Route, WebSocket, sync_playwright

from bench.browser import FLAGS, free_port, served, wait_until_ready
from bench.map_pages import BUTTON
from warehouse.paths import ROOT

Report = Callable[[str, float, str, float | None], None]

TURNS, MANY_TURNS = 5, 200
COUNTRY = "carte?p=epci:249500109&etendue=france"
PAGES = {
    "gradient": "from pathlib import Path\n"
    "from bench.map_pages import gradient_page\n"
    "gradient_page(Path(__file__).parent / 'static')\n",
    "explore": "from bench.map_pages import explore_page\nexplore_page()\n",
}
# What has been drawn, as text: it changes when the colours do.
DRAWN = {
    "gradient": "() => window.gradientMap && gradientMap.painted > 0 && String(gradientMap.painted)",
    "explore": """() => {
      const paths = [...document.querySelectorAll('path.leaflet-interactive')];
      return paths.length > 2000 && paths.slice(0, 400).map((one) => one.getAttribute('fill')).join();
    }""",
}


def run(report: Report) -> None:
    """Every measure of maps, or one line that says why there is none."""
    if shutil.which("chromium") is None:
        print("Chromium absent : cartes non mesurées.")
        return
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        sides = {name: _side(browser, name) for name in PAGES}
        ours, theirs = sides["gradient"], sides["explore"]
        report("Recolorier 2 800 communes : octets reçus", ours.octets / 1e3, "ko", None)
        report("… par explore() et st_folium", theirs.octets / 1e3, "ko", None)
        report("… rapport", ours.octets / theirs.octets, "fois", 1 / 20)
        report("Recolorier 2 800 communes : durée", ours.seconds, "s", None)
        report("… par explore() et st_folium", theirs.seconds, "s", None)
        report("… rapport", ours.seconds / theirs.seconds, "fois", 1 / 3)
        report("Octets reçus quand la carte bouge", float(ours.moving), "octets", 0)
        report(f"Mémoire de la page après {MANY_TURNS} recoloriages", ours.growth, "Mo de plus", 5)
        _country(browser, report)
        browser.close()


class _Side:
    """Medians of recolourings, bytes while the map moves, memory gained (megabytes)."""

    octets = 0.0
    seconds = 0.0
    moving = 0
    growth = 0.0


def _side(browser: Browser, name: str) -> _Side:
    side = _Side()
    with _page_served(name) as address:
        page, received = _watched(browser)
        open_page(page, address)
        seen = _drawn(page, name, "")
        times, sizes = [], []
        for _ in range(TURNS):
            received.clear()
            start = time.perf_counter()
            page.get_by_role("button", name=BUTTON).click()
            seen = _drawn(page, name, seen)
            times.append(time.perf_counter() - start)
            page.wait_for_timeout(1_000)
            sizes.append(sum(received))
        side.seconds, side.octets = statistics.median(times), statistics.median(sizes)
        if name == "gradient":
            side.moving = _bytes_of_moving(page, received)
            side.growth = _growth(page)
        page.close()
    return side


def open_page(page: Page, address: str) -> None:
    """Load an address once the server answers, and wait for its button."""
    for _ in range(200):
        try:
            page.goto(address)
            break
        except Error as error:
            if "ERR_CONNECTION_REFUSED" not in str(error):
                raise
            time.sleep(0.1)
    page.get_by_role("button", name=BUTTON).wait_for(timeout=90_000)


@contextmanager
def _page_served(name: str) -> Iterator[str]:
    """The address of one of the two pages, in a folder of its own with its static files."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "page.py"
        script.write_text(PAGES[name], "utf-8")
        (Path(folder) / "static").mkdir()
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tools" / "serve.py"), str(script)],
            env={**os.environ, "PORT": str(port), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def _watched(browser: Browser) -> tuple[Page, list[int]]:
    """A new page whose requests to other machines are answered here, and the bytes it receives."""
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="fr-FR")
    received: list[int] = []

    def watch(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: received.append(len(frame)))

    page.on("websocket", watch)
    page.route(lambda address: "127.0.0.1" not in address, _answer)
    return page, received


def _answer(route: Route) -> None:
    """Leaflet from its installed package, nothing for the rest (jQuery, Bootstrap, icons)."""
    package = Path(importlib.import_module("xstatic.pkg.leaflet").BASE_DIR)
    name = route.request.url.rsplit("/", 1)[-1]
    if name in ("leaflet.js", "leaflet.css"):
        route.fulfill(path=package / name)
    else:
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        route.fulfill(body="", content_type=kind)


def _drawn(page: Page, name: str, before: str) -> str:
    """Wait until the map shows something else than ``before``; what it shows.

    The frame may be replaced meanwhile: it is looked for again each time.
    """
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        handle = page.query_selector("iframe[title*='streamlit_folium']")
        frame = handle.content_frame() if handle else None
        try:
            now = frame.evaluate(DRAWN[name]) if frame else None
        except Error:  # the frame went away while it was read
            now = None
        if now and now != before:
            return str(now)
        time.sleep(0.02)
    raise RuntimeError(f"la carte {name} n'a pas changé en trois minutes")


def _bytes_of_moving(page: Page, received: list[int]) -> int:
    """Bytes received while the map is dragged and zoomed."""
    box = page.locator("iframe[title*='streamlit_folium']").first.bounding_box()
    if box is None:
        raise RuntimeError("la carte n'est pas visible")
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] / 2
    received.clear()
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y + 60, steps=6)
    page.mouse.up()
    for _ in range(4):
        page.mouse.wheel(0, -200)
        page.wait_for_timeout(200)
    page.wait_for_timeout(1_000)
    return sum(received)


def _growth(page: Page) -> float:
    """Megabytes of JavaScript gained over many recolourings, after the first twenty."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def used() -> float:
        session.send("HeapProfiler.collectGarbage")
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize")) / 1e6

    start = 0.0
    seen = _drawn(page, "gradient", "")
    for turn in range(MANY_TURNS):
        page.get_by_role("button", name=BUTTON).click()
        seen = _drawn(page, "gradient", seen)
        if turn == 20:
            start = used()
    return used() - start


def _country(browser: Browser, report: Report) -> None:
    """The map of all the communes on the Carte page: first paint, then recolourings."""
    port = free_port()
    with served(port):
        page, _ = _watched(browser)
        wait_until_ready(port)
        start = time.perf_counter()
        page.goto(f"http://127.0.0.1:{port}/{COUNTRY}")
        _drawn(page, "gradient", "")
        report("Carte de France, serveur qui démarre", time.perf_counter() - start, "s", 4)
        page.close()
        page, received = _watched(browser)
        start = time.perf_counter()
        page.goto(f"http://127.0.0.1:{port}/{COUNTRY}")
        seen = _drawn(page, "gradient", "")
        report("Carte de France, visite suivante", time.perf_counter() - start, "s", 4)
        page.wait_for_timeout(3_000)
        times, sizes = [], []
        for count in ("4", "6", "3"):
            page.get_by_role("combobox", name="Classes", exact=True).click()
            option = page.get_by_role("option", name=count, exact=True)
            option.wait_for()
            received.clear()
            start = time.perf_counter()
            option.click()
            seen = _drawn(page, "gradient", seen)
            times.append(time.perf_counter() - start)
            page.wait_for_timeout(1_500)
            sizes.append(sum(received))
        report("Recolorier la France", statistics.median(times), "s", 1)
        report("… octets reçus", statistics.median(sizes) / 1e3, "ko", 50)
        page.close()
