"""Serve Gradient on this machine: `python tools/serve.py [script]`.

The port comes from PORT (8501 by default). Streamlit runs in this very process, through its own
command line, so that Ctrl+C and SIGTERM reach it directly. It listens on the loopback address
of `.streamlit/config.toml` unless STREAMLIT_SERVER_ADDRESS says otherwise.
"""

import contextlib
import importlib
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TextIO
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = "127.0.0.1"
DEFAULT_PORT = "8501"


class ServeError(Exception):
    """The application cannot be served; the message says what to do, in French."""


def read_port(text: str) -> int:
    """Port number of a text such as "8501"; raise ServeError if it is not one."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ServeError(
            f"PORT={text} n'est pas un numéro de port. Donnez un nombre entre 1 et 65535, "
            "par exemple : make run PORT=8502"
        )
    return int(text)


def check_port_is_free(port: int) -> None:
    """Raise ServeError if another program listens on this port or if it is reserved."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":  # elsewhere this option would let two programs share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError as error:
            raise ServeError(
                f"Le port {port} est réservé au système. Choisissez-en un autre, par exemple : "
                "make run PORT=8502"
            ) from error
        except OSError as error:
            raise ServeError(
                f"Le port {port} est déjà pris : Gradient tourne peut-être déjà "
                f"(http://{LOOPBACK}:{port}), ou un autre programme l'utilise. Fermez-le, ou "
                f"choisissez un autre port, par exemple : make run PORT={port % 65535 + 1}"
            ) from error


def announce_when_ready(port: int, console: TextIO, *, gradient: bool) -> None:
    """Print the address once the server answers; then have ``gradient`` prepare its first page."""
    opener = build_opener(ProxyHandler({}))
    while True:
        with contextlib.suppress(URLError, OSError):
            opener.open(f"http://{LOOPBACK}:{port}/_stcore/health", timeout=2).close()
            break
        time.sleep(0.1)
    print(
        f"Gradient est prêt : http://{LOOPBACK}:{port} (Ctrl+C pour arrêter)",
        file=console,
        flush=True,
    )
    if gradient:
        importlib.import_module("pages.ahead").prepare()


def load_libraries() -> None:
    """Import what the pages stand on, before any of them can ask for a half of it meanwhile.

    Not streamlit-folium, which has to know the server (see pages/ahead.py).
    """
    for module in (
        "duckdb",
        "pandas",
        "pydantic",
        "rapidfuzz",
        "scipy.special",
        "scipy.spatial",
        "geopandas",
        "folium.plugins",
        "plotly.graph_objects",
    ):
        importlib.import_module(module)


def serve(script: Path, port: int) -> None:
    """Run Streamlit until it is stopped."""
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.web import cli

    # app.py declares the pages: without this, a link opened before anyone has seen the welcome page
    # would be looked for among the files of pages/ (docs/decisions/0004).
    PagesManager.uses_pages_directory = False
    console = sys.stdout
    gradient = script == ROOT / "app.py"
    if gradient:
        load_libraries()
    threading.Thread(
        target=announce_when_ready,
        args=(port, console),
        kwargs={"gradient": gradient},
        daemon=True,
    ).start()
    arguments = ["run", str(script), "--server.port", str(port)]
    # Streamlit speaks English on the standard output; errors and logs stay, on the other one.
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        cli.main(arguments, prog_name="streamlit", standalone_mode=False)


def main() -> int:
    """Check the port, serve, and return the exit code."""
    script = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "app.py").resolve()
    os.chdir(ROOT)  # where Streamlit reads .streamlit/config.toml
    try:
        port = read_port(os.environ.get("PORT") or DEFAULT_PORT)
        check_port_is_free(port)
        serve(script, port)
    except ServeError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    print("Gradient est arrêté.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
