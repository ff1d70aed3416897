"""docs/ajouter-une-source.md, followed to the letter on a copy: the new figure is in the warehouse."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.conftest import ROOT
from tests.connectors.project_copy import Project
from tests.connectors.workbook_files import Rows, write_workbook
from warehouse.paths import published

PAGE = ROOT / "docs" / "ajouter-une-source.md"
BLOCK = re.compile(r"^```\w+ (\S+)( ajout)?\n(.*?)^```$", re.M | re.S)
GRID: Rows = [
    ["Grille communale de densité à 7 niveaux"],
    ["CODGEO", "LIBGEO", "DENS", "LIBDENS"],
    ["95127", "Cergy", 1, "Grands centres urbains"],
    ["46042", "Cahors", 3, "Centres urbains intermédiaires"],
    ["46002", "Albiac", 7, "Rural à habitat très dispersé"],
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy where every block of the page was written."""
    copy = Project(tmp_path_factory.mktemp("exercice"))
    shutil.copytree(
        ROOT / "tests", copy.folder / "tests", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", copy.folder)
    for name, addition, text in BLOCK.findall(PAGE.read_text("utf-8")):
        path = copy.folder / name
        assert path.exists() is bool(addition), name
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)
    return copy


def test_the_page_shows_every_step() -> None:
    folders = {name.rsplit("/", 1)[0] for name, _, _ in BLOCK.findall(PAGE.read_text("utf-8"))}
    assert folders == {
        "data/sources",
        "data/columns",
        "connectors",
        "sql/1_staging",
        "sql/2_core",
        "data",
        "tests/connectors",
    }


def test_its_tests_pass(project: Project) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/connectors/test_insee_densite.py"],
        cwd=project.folder,
        env=project.environment() | {"GRADIENT_REQUIRE_BROWSER": "0"},  # four tests, no page
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


def test_its_code_is_clean(project: Project) -> None:
    files = ["connectors/insee_densite.py", "tests/connectors/test_insee_densite.py"]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", *files],
            cwd=project.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_the_new_figure_is_in_the_warehouse(project: Project, tmp_path: Path) -> None:
    write_workbook(tmp_path / "telechargement (1).xlsx", {"Grille_Densite": GRID})
    done = project.run("build", "--profil", "national", "--depot", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "Fichiers reconnus : 1." in done.stdout
    with duckdb.connect(str(published(project.data_dir).path), read_only=True) as connection:
        figures = connection.execute(
            "SELECT level, code, value, denominator FROM observation "
            "WHERE indicator_id = 'densite_tres_dispersee' "
            "AND (level = 'commune' OR (level, code) = ('departement', '46')) ORDER BY ALL"
        ).fetchall()
        state = connection.execute(
            "SELECT state, vintage, rows FROM source WHERE id = 'insee_densite'"
        ).fetchone()
    assert [(code, value) for level, code, value, _ in figures if level == "commune"] == [
        ("46002", 7),
        ("46042", 3),
        ("95127", 1),
    ]
    assert [(code, value) for level, code, value, _ in figures if level != "commune"] == [
        ("46", None)
    ], figures
    assert state == ("chargé", "2024", 3)
