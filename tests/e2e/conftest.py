"""The real application in a real browser, cut off from every other machine."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Route,
    sync_playwright,
)

from tests.conftest import BROWSER_REQUIRED, ROOT
from tools.browser import find_chromium

LOCAL_HOSTS = {"localhost", "127.0.0.1"}
LOCAL_SCHEMES = {"about", "blob", "data"}
START_TIMEOUT = 60
# On a link to an inner page, Streamlit first looks for its server below that page: two 404s.
STREAMLIT_PROBES = ("/_stcore/health", "/_stcore/host-config")
CHROMIUM_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Even a request that escaped the interception below would not find its host.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as a browser test."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("browser")


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the browser tests, or fail where they are required."""
    if BROWSER_REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


def is_local(url: str) -> bool:
    """True when a request stays on this machine."""
    parts = urlsplit(url)
    return parts.scheme in LOCAL_SCHEMES or parts.hostname in LOCAL_HOSTS


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the server; fail with its log when it stops or takes too long."""
    opener = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and server.poll() is None:
        try:
            opener.open(f"{url}/_stcore/health", timeout=2).close()
            return
        except (URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"L'application n'a pas démarré :\n{log.read_text(errors='replace')}")


@pytest.fixture(scope="session")
def app_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the application wrote, errors included."""
    return tmp_path_factory.mktemp("application") / "journal.txt"


@pytest.fixture(scope="session")
def app_url(embedded_data_dir: Path, app_log: Path) -> Iterator[str]:
    """Address of the real application, on the embedded warehouse and a free port."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {"GRADIENT_DATA_DIR": str(embedded_data_dir), "PORT": str(port)}
    with app_log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, str(ROOT / "tools" / "serve.py")],
            cwd=ROOT,
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_healthy(url, server, app_log)
            yield url
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium, the system's."""
    chromium = find_chromium()
    if chromium is None:
        skip_or_fail("Chromium est introuvable : voir « make browser »")
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(
            executable_path=chromium,
            headless=True,
            chromium_sandbox=not is_root,
            args=CHROMIUM_FLAGS,
        )
        yield instance
        instance.close()


@pytest.fixture
def outside_requests() -> list[str]:
    """Requests of this test that tried to leave the machine; expected: none."""
    return []


@pytest.fixture
def console_errors() -> list[str]:
    """Errors of this test in the browser's console; expected: none."""
    return []


@pytest.fixture
def context(browser: Browser, outside_requests: list[str]) -> Iterator[BrowserContext]:
    """A fresh French browser at 1440 × 900 that can only reach this machine."""

    def keep_local(route: Route) -> None:
        if is_local(route.request.url):
            route.continue_()
        else:
            outside_requests.append(route.request.url)
            route.abort()

    fresh = browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="fr-FR", timezone_id="Europe/Paris"
    )
    fresh.route("**/*", keep_local)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext, outside_requests: list[str], console_errors: list[str]) -> Page:
    """A blank tab; go to `app_url` with it."""

    def note_console(message: ConsoleMessage) -> None:
        address = message.location.get("url", "")
        if message.type == "error" and not address.endswith(STREAMLIT_PROBES):
            console_errors.append(f"{message.text} {address}".strip())

    tab = context.new_page()
    tab.on("pageerror", lambda error: console_errors.append(str(error)))
    tab.on("console", note_console)
    tab.on(
        "websocket",
        lambda socket: None if is_local(socket.url) else outside_requests.append(socket.url),
    )
    return tab
