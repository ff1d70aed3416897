"""Take the pictures of the README: `python tools/screenshots.py`.

Starts Gradient on a free port with the published warehouse, drives Chromium (Playwright, from the
test requirements), and writes docs/captures/*.png, 1440 pixels wide.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.browser import find_chromium  # noqa: E402  (found once the root is on the path)

CAPTURES = ROOT / "docs" / "captures"
WIDTH = 1440
START_TIMEOUT = 60
MAX_BYTES = 400_000
CERGY = "p=epci:249500109&nom=Cergy-Pontoise"
GRAND_QUERCY = (
    "p=epci:200023737,epci:200035327,epci:200039519,epci:244600433,"
    "epci:244600482,epci:244600532,epci:244600573&nom=PETR Grand Quercy"
)
# Picture -> page and perimeter, height in pixels, heading to bring to the top of the picture.
PICTURES = {
    "accueil": ("", 720, None),
    "perimetre": (f"perimetre?{CERGY}", 900, None),
    "ce-qui-ressort": (f"ce-qui-ressort?{CERGY}", 1400, None),
    "inegalites": (f"inegalites?{CERGY}", 1200, None),
    "portrait": (f"portrait?{CERGY}", 1300, None),
    "carte": (f"carte?{GRAND_QUERCY}", 1080, None),
    "cibles": (f"cibles?{GRAND_QUERCY}", 1500, "Le besoin et l'accès aux soins, croisés"),
    "intensite": (f"intensite?{GRAND_QUERCY}", 1300, None),
    "acces-aux-soins": (f"acces-aux-soins?{CERGY}", 1400, None),
    "diagnostic-partage": (f"diagnostic-partage?{CERGY}", 1300, None),
    "livrables": (f"livrables?{CERGY}", 1300, None),
    "reunion": (f"reunion?{CERGY}", 900, None),
    "donnees": ("donnees", 900, None),
}
IDLE = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app && app.dataset.testScriptState === 'notRunning' && document.querySelector('h1')
    && !document.querySelector('[data-testid="stSkeleton"]');
}"""


@contextmanager
def served() -> Iterator[str]:
    """Address of Gradient, running until the end of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, str(ROOT / "tools" / "serve.py")],
        cwd=ROOT,
        env=os.environ | {"PORT": str(port)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        opener = build_opener(ProxyHandler({}))
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                opener.open(f"{url}/_stcore/health", timeout=2).close()
                break
            except (URLError, OSError) as error:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("Gradient n'a pas démarré.") from error
                time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


def take(page: Page, address: str, height: int, heading: str | None, target: Path) -> None:
    """Write the picture of one screen, its map drawn if it has one."""
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.goto(address)
    page.wait_for_function(IDLE, timeout=60_000)
    page.wait_for_timeout(800)
    for frame in page.frames[1:]:
        frame.wait_for_selector(".gradient-row", timeout=30_000)
    page.wait_for_timeout(2_000)
    page.wait_for_function(IDLE, timeout=60_000)
    if heading:
        title = page.get_by_role("heading", name=heading)
        for _ in range(3):  # charts take their size once they are on the screen
            top = title.evaluate("node => node.getBoundingClientRect().top")
            page.get_by_test_id("stMain").evaluate("(main, by) => main.scrollBy(0, by)", top - 30)
            page.wait_for_timeout(500)
    page.screenshot(path=target, animations="disabled")


def main() -> int:
    """Take every picture; 1 when there is no browser or a picture is too heavy."""
    chromium = find_chromium()
    if chromium is None:
        print("Chromium est introuvable : voir « make browser ».", file=sys.stderr)
        return 1
    CAPTURES.mkdir(parents=True, exist_ok=True)
    too_heavy = False
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, chromium_sandbox=not is_root)
        page = browser.new_context(locale="fr-FR", timezone_id="Europe/Paris").new_page()
        for name, (path, height, heading) in PICTURES.items():
            target = CAPTURES / f"{name}.png"
            take(page, f"{url}/{path}", height, heading, target)
            size = target.stat().st_size
            too_heavy |= size > MAX_BYTES
            print(f"{target.relative_to(ROOT)} : {size / 1000:.0f} ko")
        browser.close()
    return int(too_heavy)


if __name__ == "__main__":
    sys.exit(main())
