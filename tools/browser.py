"""Find the browser that the browser tests drive, or install it: `python tools/browser.py`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OUTSIDE_PATH = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
HOW_TO_INSTALL = """\
Chromium est introuvable : les tests de navigateur (tests/e2e) seront sautés.
Pour les lancer, installez Chromium ou Google Chrome, puis relancez « make test » :
  Debian        sudo apt-get install chromium
  Fedora        sudo dnf install chromium
  macOS         brew install --cask chromium
  autre         GRADIENT_CHROMIUM=/chemin/vers/chromium make test"""


def find_chromium() -> str | None:
    """Path of the browser: GRADIENT_CHROMIUM, else the PATH, else the usual places."""
    chosen = os.environ.get("GRADIENT_CHROMIUM")
    if chosen:
        return chosen if Path(chosen).exists() else None
    on_path = (shutil.which(name) for name in NAMES)
    elsewhere = (path for path in OUTSIDE_PATH if Path(path).exists())
    return next((path for path in (*on_path, *elsewhere) if path), None)


def is_debian_root() -> bool:
    """True for root on Debian, where apt-get ships a real Chromium (Ubuntu's is a snap)."""
    release = Path("/etc/os-release")
    return (
        os.name == "posix"
        and os.geteuid() == 0
        and release.exists()
        and "ID=debian" in release.read_text(encoding="utf-8").splitlines()
        and shutil.which("apt-get") is not None
    )


def apt_install() -> None:
    """Install Chromium and a font with apt-get, showing what it said only if it fails."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (
        ("update",),
        ("install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"),
    ):
        done = subprocess.run(
            ["apt-get", "-qq", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            print("\n".join(done.stdout.splitlines()[-15:]), file=sys.stderr)
            return


def main() -> int:
    """Make sure of a browser if possible; never fails, the tests say what they skip."""
    if not find_chromium() and is_debian_root():
        print("Installation de Chromium par apt-get (une à deux minutes)…", flush=True)
        apt_install()
    if not find_chromium():
        print(HOW_TO_INSTALL, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
