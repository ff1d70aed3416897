"""What every test can use: the embedded warehouse, the shared folder, the pages."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings
from streamlit.testing.v1 import AppTest

from warehouse.build import Report, build

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
BROWSER_REQUIRED = os.environ.get("GRADIENT_REQUIRE_BROWSER") == "1"

_browser_tests_passed = 0

# Speed is measured in bench/: a busy machine fails no property.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def run_warehouse(*arguments: str, data_dir: Path) -> str:
    """Run `python -m warehouse …` on a data folder; fail the test with what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "warehouse", *arguments],
        cwd=ROOT,
        env=os.environ | {"GRADIENT_DATA_DIR": str(data_dir)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"python -m warehouse {' '.join(arguments)} :\n{done.stdout}{done.stderr}")
    return done.stdout


@pytest.fixture(scope="session")
def embedded_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GRADIENT_DATA_DIR of the embedded warehouse, built once whatever the number of workers.

    GRADIENT_TEST_DATA_DIR keeps it from one run to the next: the build then only runs when the
    code or the data changed.
    """
    base = tmp_path_factory.getbasetemp()
    common = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    kept = os.environ.get("GRADIENT_TEST_DATA_DIR")
    data_dir = Path(kept).resolve() if kept else common / "gradient"
    data_dir.mkdir(parents=True, exist_ok=True)
    built = common / "gradient.built"
    with FileLock(common / "gradient.lock"):
        if not built.exists():
            run_warehouse("build", "--profil", "embarque", data_dir=data_dir)
            built.touch()
    return data_dir


@pytest.fixture(scope="session")
def embedded_warehouse(embedded_data_dir: Path) -> Path:
    """Published DuckDB file of the embedded profile; open it read-only."""
    lines = run_warehouse("path", data_dir=embedded_data_dir).strip().splitlines()
    return Path(lines[-1])


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder ../shared, which a user's machine does not have."""
    if not SHARED.is_dir():
        pytest.skip("le dossier ../shared est absent")
    return SHARED


@pytest.fixture(scope="session")
def national_build(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The national profile on the producers' real files, built once whatever the number of workers.

    GRADIENT_TEST_DATA_DIR keeps it too, in a folder of its own.
    """
    base = tmp_path_factory.getbasetemp()
    common = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    kept = os.environ.get("GRADIENT_TEST_DATA_DIR")
    folder = Path(kept).resolve() / "national" if kept else common / "national"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(common / "national.lock"):
        return build("national", folder, depot=shared_dir / "open-data")


@pytest.fixture
def app_test(embedded_data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The application on the embedded warehouse, not run yet: set its state, then `.run()`."""
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(embedded_data_dir))
    monkeypatch.chdir(ROOT)
    yield AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count the browser tests that really ran."""
    global _browser_tests_passed
    if report.when == "call" and report.passed and "browser" in report.keywords:
        _browser_tests_passed += 1


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail when browser tests are required and none ran."""
    if hasattr(session.config, "workerinput"):  # a worker of pytest-xdist: its parent counts
        return
    if BROWSER_REQUIRED and not _browser_tests_passed and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say so when browser tests are required and none ran."""
    if BROWSER_REQUIRED and not _browser_tests_passed:
        terminalreporter.write_line(
            "ÉCHEC : GRADIENT_REQUIRE_BROWSER=1, mais aucun test de navigateur n'a réussi.",
            red=True,
        )
