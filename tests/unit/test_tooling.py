"""The tooling keeps its promises: pinned, offline, in French, one way."""

import ast
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from streamlit import config as streamlit_config

from tools import install
from tools.browser import find_chromium
from tools.serve import ServeError, check_port_is_free, read_port

ROOT = Path(__file__).resolve().parents[2]
THEME = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
PACKAGES = ("connectors", "diagnostic", "pages", "views", "warehouse")
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-data.txt")


def canonical(name: str) -> str:
    """Name of a distribution as package indexes compare them."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(name: str) -> dict[str, str]:
    """Requirement (with its marker) → version of a requirements file."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    requirements = [line.split(" #")[0].strip() for line in lines if re.match(r"\w", line)]
    found: dict[str, str] = {}
    for requirement in requirements:
        match = re.fullmatch(r"([\w.-]+)==([\w.]+)( ;.*)?", requirement)
        assert match, f"{name}: {requirement} n'a pas de version exacte"
        package, version, marker = match.groups(default="")
        found[canonical(package) + marker] = version
    return found


# Requirements


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_without_any_host(name: str) -> None:
    assert pins(name)
    assert not re.search(r"://|^--|@ ", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)


def test_locks_hold_their_direct_requirements() -> None:
    assert pins("requirements.in").items() <= pins("requirements.txt").items()
    assert pins("requirements-dev.in").items() <= pins("requirements-dev.txt").items()
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


def test_every_direct_requirement_says_why() -> None:
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "==" in line and " # " not in line] == []


def third_party_imports() -> dict[str, str]:
    """Top-level module the product imports from elsewhere → one file that does."""
    files = [ROOT / "app.py", *(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))]
    found: dict[str, str] = {}
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            else:
                continue
            found |= {name.split(".")[0]: str(path.relative_to(ROOT)) for name in names}
    ours = {*PACKAGES, *sys.stdlib_module_names}
    return {name: path for name, path in found.items() if name not in ours}


def test_the_runtime_requirements_alone_suffice() -> None:
    """Nothing the product imports comes from a test tool or from a dependency's dependency."""
    distributions = packages_distributions()
    direct = pins("requirements.in")
    undeclared = {
        name: path
        for name, path in third_party_imports().items()
        if not any(canonical(d) in direct for d in distributions.get(name, []))
    }
    assert undeclared == {}


# Installation


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("Failed to establish: [Errno -3] Temporary failure in name resolution", "connexion"),
        ("error: client error (Connect): dns error", "connexion"),
        ("The virtual environment was not created: ensurepip is not available", "python3-venv"),
        ("SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]')", "certificat"),
        ("OSError: [Errno 28] No space left on device", "disque"),
        ("ERROR: No matching distribution found for numpy==2.4.6", "Python 3.11 à 3.14"),
        ("something else", "ci-dessus"),
    ],
)
def test_a_failed_installation_says_what_to_do(output: str, expected: str) -> None:
    assert expected in install.advice(output)


def find_python(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(ROOT / "tools/find_python.sh")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_recent_python_is_found() -> None:
    assert find_python(PYTHON=sys.executable).stdout.strip() == sys.executable


def test_an_old_python_is_refused_in_french(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo 'Python 3.8.18' || exit 1\n")
    old.chmod(0o755)
    done = find_python(PATH=str(tmp_path))
    assert done.returncode == 1
    assert "3.11 ou plus récent" in done.stderr
    assert "Python 3.8.18" in done.stderr
    assert "PYTHON=" in find_python(PYTHON=str(old)).stderr


# Make


def make(*arguments: str) -> str:
    done = subprocess.run(
        ["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="make est absent")
def test_help_documents_every_target() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    help_text = make("help")
    assert [target for target in phony[1].split() if f"make {target} " not in help_text] == []


@pytest.mark.skipif(shutil.which("make") is None, reason="make est absent")
def test_run_builds_then_serves() -> None:
    plan = make("-n", "run")
    steps = ["install.py", "warehouse build --profil embarque", "tools/serve.py"]
    assert sorted(steps, key=plan.index) == steps


def test_continuous_integration_requires_the_browser() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    assert "GRADIENT_REQUIRE_BROWSER=1" in script.read_text()


# Browser


def test_the_browser_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen = tmp_path / "chromium"
    chosen.touch()
    monkeypatch.setenv("GRADIENT_CHROMIUM", str(chosen))
    assert find_chromium() == str(chosen)
    monkeypatch.setenv("GRADIENT_CHROMIUM", str(tmp_path / "absent"))
    assert find_chromium() is None


# Server


@pytest.mark.parametrize("text", ["", "abc", "0", "65536", "-1", "85 01"])
def test_a_wrong_port_is_refused_in_french(text: str) -> None:
    with pytest.raises(ServeError, match="n'est pas un numéro de port"):
        read_port(text)


def test_a_taken_port_is_refused_in_french() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServeError, match=f"{port} est déjà pris.*PORT={port + 1}"):
            check_port_is_free(port)
    check_port_is_free(port)


# Streamlit's settings


def settings(table: dict[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Dotted names and values of a configuration."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from settings(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def test_every_setting_exists_in_the_installed_streamlit() -> None:
    known = streamlit_config._config_options_template
    assert [name for name, _ in settings(THEME) if name not in known] == []


def test_no_setting_points_to_another_server() -> None:
    remote = re.compile(r"https?:|//|www\.", re.IGNORECASE)
    assert [name for name, value in settings(THEME) if remote.search(str(value))] == []


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb" (WCAG 2.2)."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2)."""
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_texts_are_readable() -> None:
    theme = THEME["theme"]
    hues = ("red", "orange", "yellow", "blue", "green", "violet", "gray")
    pairs = [(f"{hue}TextColor", f"{hue}BackgroundColor") for hue in hues]
    for text in ("textColor", "linkColor", "primaryColor", *(f"{hue}TextColor" for hue in hues)):
        pairs += [(text, "backgroundColor"), (text, "secondaryBackgroundColor")]
    pairs += [
        ("codeTextColor", "codeBackgroundColor"),
        ("dataframeHeaderTextColor", "dataframeHeaderBackgroundColor"),
    ]
    weak = {pair: contrast(theme[pair[0]], theme[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 7} == {}
    assert contrast(theme["borderColor"], theme["backgroundColor"]) >= 3


# Import contracts


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A copy of the repository's Python packages and contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name in PACKAGES:
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.csv")
        )
    return tmp_path


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = "from importlinter.cli import lint_imports_command as main; main()"
    return subprocess.run(
        [sys.executable, "-c", command, "--no-cache", "--no-logo"],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_code_keeps_its_contracts(packages: Path) -> None:
    done = lint_imports(packages)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("views/intruder.py", "pages.guest"),
        ("views/intruder.py", "warehouse.guest"),
        ("views/intruder.py", "connectors.guest"),
        ("views/intruder.py", "duckdb"),
        ("diagnostic/intruder.py", "views.guest"),
        ("diagnostic/intruder.py", "streamlit"),
        ("diagnostic/intruder.py", "duckdb"),
        ("warehouse/intruder.py", "pages.guest"),
        ("warehouse/intruder.py", "streamlit"),
        ("connectors/intruder.py", "warehouse.guest"),
        ("connectors/intruder.py", "duckdb"),
        ("connectors/intruder.py", "diagnostic.guest"),
    ],
)
def test_a_forbidden_import_is_caught(packages: Path, module: str, forbidden: str) -> None:
    for name in PACKAGES:
        (packages / name / "guest.py").touch()
    (packages / module).write_text(f"import {forbidden}\n")
    done = lint_imports(packages)
    importer = module.removesuffix(".py").replace("/", ".")
    assert done.returncode == 1
    assert f"{importer} -> {forbidden} " in done.stdout


def test_a_page_that_imports_is_seen(packages: Path) -> None:
    """Pages are scripts without a package: an import through one of them is still followed."""
    (packages / "pages" / "guest.py").write_text("import streamlit\n")
    (packages / "diagnostic" / "intruder.py").write_text("from pages import guest\n")
    done = lint_imports(packages)
    assert done.returncode == 1
    assert "pages.guest -> streamlit" in done.stdout


# Licence


def test_the_licence_is_the_whole_eupl() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2")
    articles = re.findall(r"^(\d+)\.[A-Z]", text, re.MULTILINE)
    assert articles == [str(number) for number in range(1, 16)]
    assert "Appendix" in text
    assert "LiLiQ-R+" in text
