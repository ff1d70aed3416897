"""Measures that need a browser: first screen, memory of the server, bytes of a recolouring."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from playwright.sync_api import Page, WebSocket, sync_playwright

from warehouse.paths import ROOT

# Both values of a finding, or the line that says that there is none.
FINDING = re.compile(r", contre |ne permettent pas")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
Measure = tuple[str, float, str, float | None]


@contextmanager
def served(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The application, served for the time of a block."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tools" / "serve.py")],
        env={**os.environ, "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def resident_megabytes(pid: int) -> float:
    """Memory held by a process (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def wait_until_ready(port: int) -> None:
    """Wait until the server answers, as it does when it says that it is ready."""
    opener = build_opener(ProxyHandler({}))
    for _ in range(600):
        with contextlib.suppress(URLError, OSError):
            opener.open(f"http://127.0.0.1:{port}/_stcore/health", timeout=2).close()
            return
        time.sleep(0.05)
    raise RuntimeError("le serveur n'a pas répondu en trente secondes")


def open_when_ready(page: Page, address: str) -> None:
    """Load ``address`` as soon as the server answers, and wait for its title."""
    for _ in range(300):
        try:
            page.goto(address)
            break
        except Exception as error:
            if "ERR_CONNECTION_REFUSED" not in str(error):
                raise
            time.sleep(0.05)
    page.wait_for_selector("h1", timeout=60_000)


def first_paints(perimeters: Sequence[str]) -> list[float]:
    """Seconds from the address of Ce qui ressort to its first finding, server up, tab new each time."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    times = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        with served(port):
            warm = browser.new_page(locale="fr-FR")
            open_when_ready(warm, base)
            warm.goto(f"{base}/ce-qui-ressort?p={perimeters[0]}")
            warm.get_by_text(FINDING).first.wait_for(timeout=60_000)
            warm.close()
            for perimeter in perimeters:
                page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="fr-FR")
                start = time.perf_counter()
                page.goto(f"{base}/ce-qui-ressort?p={perimeter}")
                page.get_by_text(FINDING).first.wait_for(timeout=60_000)
                times.append(time.perf_counter() - start)
                page.close()
        browser.close()
    return times


def measure_in_browser(perimeter: str, pages: Sequence[str]) -> Iterator[Measure]:
    """Each measure as (label, value, unit, limit)."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    received: list[int] = []

    def watch(socket_: WebSocket) -> None:
        socket_.on("framereceived", lambda frame: received.append(len(frame)))

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="fr-FR")
        page.on("websocket", watch)
        start = time.perf_counter()
        with served(port) as server:
            open_when_ready(page, base)
            yield "Du lancement au premier écran", time.perf_counter() - start, "s", 6
            for name in pages:
                page.goto(f"{base}/{name}?p={perimeter}")
                page.wait_for_selector("h1", timeout=60_000)
                page.wait_for_timeout(2_500)
            yield (
                "Mémoire du serveur après toutes les pages",
                resident_megabytes(server.pid),
                "Mo",
                800,
            )
            page.goto(f"{base}/carte?p={perimeter}")
            page.wait_for_selector("iframe", timeout=60_000)
            page.wait_for_timeout(4_000)
            received.clear()
            page.get_by_role("combobox", name="Indicateur").click()
            page.get_by_role("option", name="Part des 75 ans et plus").click()
            page.wait_for_timeout(4_000)
            yield "Octets reçus pour recolorier 147 communes", sum(received) / 1e6, "Mo", 0.3
        browser.close()
