"""The meeting mode: from one screen to the next in the browser, and the story built on the server."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Iterator

from playwright.sync_api import sync_playwright

from bench.browser import FLAGS, Measure, free_port, open_when_ready, served

LIMIT = 0.5
ROUNDS = 3
# Milliseconds from a key to the screen that it brings, painted.
SCREEN_TIME = """(key) => new Promise((done) => {
  const start = performance.now();
  document.dispatchEvent(new KeyboardEvent('keydown', { key }));
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
})"""


def measure_reunion(perimeter: str) -> Iterator[Measure]:
    """Each measure as (label, value, unit, limit)."""
    base = f"http://127.0.0.1:{(port := free_port())}"
    with sync_playwright() as driver, served(port):
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1920, "height": 1080}, locale="fr-FR")
        open_when_ready(page, base)
        for label in ("première fois", "caches chauds"):
            start = time.perf_counter()
            page.goto(f"{base}/reunion?p={perimeter}")
            page.wait_for_selector(".screen:not([hidden])", timeout=120_000)
            yield f"Mode réunion, premier écran, {label}", time.perf_counter() - start, "s", None
        count = page.locator(".screen").count()
        times = [
            page.evaluate(SCREEN_TIME, str(place)) / 1000
            for _ in range(ROUNDS)
            for place in range(1, count + 1)
        ]
        yield "Mode réunion, d'un écran à l'autre (médiane)", statistics.median(times), "s", LIMIT
        yield "Mode réunion, d'un écran à l'autre (le plus long)", max(times), "s", LIMIT
        browser.close()
