"""Nothing that the server sends asks anything of another machine; test_look walks every page."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from playwright.sync_api import Page

from tests.e2e.conftest import is_local
from tests.e2e.helpers import CERGY, PAGES, loaded_elsewhere, look_at_map, open_screen

_ADDRESS = re.compile(r"""(?:src|href|action)\s*=\s*["']?((?:https?:)?//[^"'\s>)]+)""")


def test_the_served_page_loads_nothing_elsewhere(app_url: str) -> None:
    """Addresses in the HTML that the server sends, before any script runs."""
    opener = build_opener(ProxyHandler({}))
    for name in PAGES:
        with opener.open(f"{app_url}/{name}", timeout=20) as answer:
            html = answer.read().decode("utf-8")
        assert "<script" in html
        assert [url for url in _ADDRESS.findall(html) if not is_local(url)] == [], name


def test_the_map_is_drawn_without_network(
    page: Page, app_url: str, app_log: Path, outside_requests: list[str]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_screen(page, f"{app_url}/carte?p={CERGY}", "Carte")
    assert len(look_at_map(page).classes) == 5
    assert loaded_elsewhere(page) == []
    assert any("leaflet.js" in url for url in asked) and any("/static/geo/" in url for url in asked)
    assert [url for url in asked if not is_local(url)] == outside_requests == []
    # What is prepared at the start, and a map: nothing to say on the terminal but the address.
    log = app_log.read_text("utf-8")
    assert log.startswith(f"Gradient est prêt : {app_url} (Ctrl+C pour arrêter)\n")
    assert "ScriptRunContext" not in log
