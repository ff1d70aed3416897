"""Fetching: what producers give, how they fail, and what a build makes of it. On a real server."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from connectors.base import Download, Scope
from connectors.cache import Cache
from connectors.cards import DATA, SourceCard, load_sources
from connectors.errors import SourceUnavailable
from connectors.http import Client, Policy, Timing
from tests.connectors.project_copy import Project, refusal
from tests.connectors.server import DataServer, Reply
from tests.connectors.test_anct_qpv import collection, national
from tests.connectors.test_radon import TEXT as RADON
from warehouse.diff import compare
from warehouse.fetch import (
    FetchReport,
    FetchStep,
    SourceFetch,
    UnknownPlace,
    UnknownSource,
    age,
    fetch,
    pages,
    scope_of,
)
from warehouse.paths import published

FINE, DOWN, DRIFTED, MOVED = (
    "irsn_radon_fichier",
    "ameli_pathologies",
    "cepidc",
    "anct_qpv_contours",
)
DRIFT = (
    "annee,departement,sexe,cause,indicateur,taux_2\n"
    "2023,01,Hommes,17. Causes externes de morbidité et mortalité,Taux,1.5\n"
)
HURRIED = Policy(connect_seconds=2, read_seconds=2, attempts=2, interval=0)
MELODI = "melodi_populations"


@pytest.fixture
def server() -> Iterator[DataServer]:
    with DataServer() as running:
        yield running


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(HURRIED, Timing(sleep=lambda seconds: None)) as opened:
        yield opened


def play(server: DataServer) -> dict[str, dict[str, str]]:
    """One source fine, one down, one drifted, one moved: their addresses."""
    old = server.url("/ancienne.geojson")
    return {
        FINE: {"national": server.script("/radon.csv", Reply(RADON.encode()))},
        DOWN: {"effectifs": server.script("/panne.csv", Reply(b"", 500))},
        DRIFTED: {"2023": server.script("/cepidc.csv", Reply(DRIFT.encode()))},
        MOVED: {
            "ancienne": old,
            "nouvelle": server.script("/qpv.json", Reply(collection([national()]).encode())),
        },
    }


def card_folder(folder: Path, urls: dict[str, dict[str, str]]) -> dict[str, SourceCard]:
    """Cards of ``urls`` in a folder of their own, at these addresses."""
    for name, addresses in urls.items():
        text = (DATA / "sources" / f"{name}.yml").read_text("utf-8")
        card = yaml.safe_load(text) | {"urls": addresses}
        (folder / f"{name}.yml").write_text(yaml.safe_dump(card, allow_unicode=True), "utf-8")
    return load_sources(folder)


def by_id(report: FetchReport) -> dict[str, SourceFetch]:
    return {one.source_id: one for one in report.sources}


def test_one_that_fails_does_not_stop_the_others(
    server: DataServer, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "fiches").mkdir()
    cards = card_folder(tmp_path / "fiches", play(server))
    seen: list[FetchStep] = []
    report = fetch(None, Scope(), tmp_path, client, seen.append, cards=cards)
    had = by_id(report)
    assert {name: one.where for name, one in had.items()} == {
        FINE: "direct",
        DOWN: "rien",
        DRIFTED: "direct",
        MOVED: "direct",
    }
    assert not report.complete
    (missing,) = had[DOWN].missing
    assert "500" in missing.reason
    assert "panne" in missing.remedy
    (moved,) = had[MOVED].told
    assert "404" in moved
    assert "Adresse de secours utilisée" in moved
    assert had[FINE].told == ()
    assert {step.source_id for step in seen} == set(cards)
    assert (tmp_path / "brut" / FINE / "radon-national.csv.meta.json").is_file()


def test_a_stopped_server_leaves_the_copy_and_its_age(client: Client, tmp_path: Path) -> None:
    (tmp_path / "fiches").mkdir()
    with DataServer() as server, Client(HURRIED) as former:
        cards = card_folder(tmp_path / "fiches", play(server))
        fetch([FINE, DRIFTED, MOVED], Scope(), tmp_path, former, cards=cards)
    young = by_id(fetch([FINE], Scope(), tmp_path, client, cards=cards))[FINE]
    assert (young.where, young.told) == ("cache", ())
    again = by_id(fetch(None, Scope(), tmp_path, client, cards=cards, max_age=timedelta(0)))
    assert again[FINE].where == "cache"
    assert "Copie du" in again[FINE].told[0]
    assert age(again[FINE].oldest) == "aujourd'hui"
    assert again[DOWN].where == "rien"
    assert again[MOVED].files[0].path.read_text("utf-8") == collection([national()])


def test_contents_of_another_source_are_told(
    server: DataServer, client: Client, tmp_path: Path
) -> None:
    url = server.script("/radon.csv", Reply(b"a;b\n1;2\n"))
    cards = card_folder(tmp_path, {FINE: {"national": url}})
    (told,) = by_id(fetch(None, Scope(), tmp_path / "d", client, cards=cards))[FINE].told
    assert "contenu non reconnu" in told


def test_a_source_without_address_is_to_be_dropped(client: Client, tmp_path: Path) -> None:
    cards = card_folder(tmp_path, {FINE: {}})
    (one,) = fetch([FINE], Scope(), tmp_path, client, cards=cards).sources
    assert one.to_drop
    assert one.fallback


def test_an_unknown_source_is_refused(client: Client, tmp_path: Path) -> None:
    with pytest.raises(UnknownSource, match="inconnue"):
        fetch(["radom"], Scope(), tmp_path, client)
    with pytest.raises(UnknownSource, match="insee_cog"):
        fetch(["insee_cog"], Scope(), tmp_path, client)


def test_an_interrupted_fetch_keeps_what_it_had(
    server: DataServer, client: Client, tmp_path: Path
) -> None:
    """Stopped in the second source: the first is kept, the second resumed where it was."""
    (tmp_path / "fiches").mkdir()
    body = RADON.encode() + b"x" * 3_000_000
    cards = card_folder(
        tmp_path / "fiches",
        {
            DRIFTED: {"2023": server.script("/cepidc.csv", Reply(DRIFT.encode()))},
            FINE: {"national": server.script("/radon.csv", Reply(body, etag='"1"'))},
        },
    )

    def stop(step: FetchStep) -> None:
        if step.source_id == FINE and step.done > 1_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(None, Scope(), tmp_path, client, stop, cards=cards)
    had = by_id(fetch(None, Scope(), tmp_path, client, cards=cards))
    assert (had[DRIFTED].where, had[FINE].where) == ("cache", "direct")
    assert len(server.requests("/cepidc.csv")) == 1
    assert "Range" in server.requests("/radon.csv")[-1].headers
    assert had[FINE].files[0].path.read_bytes() == body


def answer(following: str | None) -> Reply:
    paging = {"isLast": following is None, "next": following}
    return Reply(json.dumps({"observations": [], "paging": paging}).encode())


def test_every_page_of_melodi_is_had(server: DataServer, client: Client, tmp_path: Path) -> None:
    cache = Cache(tmp_path, client)
    third = server.script("/3", answer(None))
    second = server.script("/2", answer(third), answer(None))
    first = Download(server.script("/1", answer(second)), "DS_95.json")
    names = [raw.name for raw in pages(cache, first, MELODI, timedelta(days=7))]
    assert names == ["DS_95.json", "DS_95_p2.json", "DS_95_p3.json"]
    assert len([*pages(cache, first, MELODI, timedelta(days=7))]) == 3
    assert len(server.seen) == 3, "all from the cache"
    assert len([*pages(cache, first, MELODI, timedelta(0))]) == 2
    assert [raw.name for raw in cache.held(MELODI)] == names[:2], "a page that is no more"


def test_a_page_that_leads_elsewhere_is_refused(
    server: DataServer, client: Client, tmp_path: Path
) -> None:
    first = Download(server.script("/1", answer("http://example.org/2")), "DS_95.json")
    with pytest.raises(SourceUnavailable, match="mène ailleurs"):
        list(pages(Cache(tmp_path, client), first, MELODI, timedelta(0)))


def test_the_catalogue_of_melodi_is_a_help_not_a_need(
    server: DataServer, client: Client, tmp_path: Path
) -> None:
    """Reachable, its newest file is asked for; else the card's address is, and it is told."""
    dataset = "DS_POPULATIONS_REFERENCE"
    proven = server.script("/prouve.zip", Reply(b"PK\x05\x06" + bytes(18)))
    newest = server.script("/recent.zip", Reply(b"PK\x05\x06" + bytes(18)))
    product = {"id": f"{dataset}_2024_CSV_FR", "format": "CSV", "accessURL": newest}
    listed = json.dumps([{"identifier": dataset, "product": [product]}]).encode()
    catalogue = server.script("/catalogue", Reply(listed))
    cards = card_folder(tmp_path, {MELODI: {dataset: proven}})
    for url, asked, told in (
        (catalogue, "/recent.zip", False),
        (server.url("/absent"), "/prouve.zip", True),
    ):
        folder = tmp_path / asked[1:]
        (one,) = fetch(None, Scope(), folder, client, cards=cards, catalogue_url=url).sources
        assert server.seen[-1].path == asked
        assert any("Catalogue" in sentence for sentence in one.told) is told


def test_places_are_those_of_the_code() -> None:
    assert scope_of(["95", "1"]) == Scope(("95", "01"))
    assert len(scope_of(regions=["11"]).departements) == 8
    assert scope_of() == Scope()
    with pytest.raises(UnknownPlace, match="Région inconnue : 99"):
        scope_of(regions=["99"])
    with pytest.raises(UnknownPlace, match="Département inconnu : 96"):
        scope_of(["96"])


# The whole way, by the command line of a copy whose cards lead to the server.


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Fetched from a server that is no more, after an embedded build."""
    copy = Project(tmp_path_factory.mktemp("projet"))
    done = copy.run("build")
    assert done.returncode == 0, done.stderr
    with DataServer() as server:
        card_folder(copy.folder / "data" / "sources", play(server))
        fetched = copy.run("fetch", FINE, DOWN, DRIFTED, MOVED)
    assert fetched.returncode == 0, fetched.stderr
    (copy.folder / "telecharge.txt").write_text(fetched.stdout, "utf-8")
    return copy


def test_the_report_tells_the_truth(project: Project) -> None:
    text = (project.folder / "telecharge.txt").read_text("utf-8")
    for words in (
        "direct",
        "rien",
        "aujourd'hui",
        "le service a répondu 500",
        "Adresse de secours",
    ):
        assert words in text


def test_a_drifted_file_stops_the_build_unless_told_otherwise(project: Project) -> None:
    before = published(project.data_dir)
    message = refusal(project.run("build", "--profil", "national"))
    for words in ("Source cepidc", "millésime 2023", "valeur", "taux_2", "data/columns/"):
        assert words in message
    assert published(project.data_dir) == before

    done = project.run("build", "--profil", "national", "--continuer")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "écarté, la construction a continué sans : Source cepidc" in said
    after = published(project.data_dir)

    again = project.run("build", "--profil", "national", "--continuer")
    assert "déjà à jour" in again.stdout
    assert "écarté" in again.stdout, "told each time"
    assert published(project.data_dir) == after
    assert "taux_2" in refusal(project.run("build", "--profil", "national"))

    changes = {one.id: one for one in compare(before.path, after.path).sources}
    assert {name for name, one in changes.items() if one.what == "ajoutée"} == {FINE, MOVED}
    assert changes[FINE].rows == (0, 4)

    shown = project.run("diff", before.build_id, str(after.path))
    assert shown.returncode == 0, shown.stderr
    for words in (FINE, "ajoutée", "Valeurs ajoutées"):
        assert words in shown.stdout
    state = project.run("status").stdout
    assert "chargé" in state
    assert "aujourd'hui" in state


def test_a_dropped_file_wins_over_the_one_fetched(project: Project, tmp_path: Path) -> None:
    (tmp_path / "mon-radon.csv").write_text(RADON.replace("95127;1", "95127;2"), "utf-8")
    done = project.run("build", "--profil", "national", "--continuer", "--depot", str(tmp_path))
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "le fichier déposé mon-radon.csv le remplace" in said
    shown = project.run("diff").stdout
    assert "Valeurs ajoutées : 0, retirées : 0, changées : " in shown
    assert "changées : 0" not in shown


def test_ctrl_c_says_what_is_kept(project: Project) -> None:
    slow = Reply(RADON.encode(), drip=0.2)
    with DataServer() as server:
        card_folder(
            project.folder / "data" / "sources",
            {"caf_iris": {"lent": server.script("/lent.csv", slow)}},
        )
        running = project.start("fetch", "caf_iris")
        deadline = time.monotonic() + 60
        while not server.seen:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, stderr = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "ce qui est déjà téléchargé est gardé" in " ".join(stderr.split())
