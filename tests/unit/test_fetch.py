"""Fetching: what producers give, how they fail, and what a build makes of it. On a real server."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from connectors import finess, opendatasoft, prodige
from connectors.base import Download, RawFile, Recognition, Scope
from connectors.cache import Cache
from connectors.cards import DATA, SourceCard, load_sources
from connectors.depot import Found
from connectors.errors import SourceUnavailable
from connectors.http import Client, Policy, Timing
from connectors.sniff import sample
from tests.connectors import test_prodige as prodige_bodies
from tests.connectors.project_copy import Project, refusal
from tests.connectors.server import DataServer, Reply
from tests.connectors.test_anct_qpv import collection, national
from tests.connectors.test_atlasante import GEO
from tests.connectors.test_odisse import vaccination
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
    superseded,
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
MELODI, ODISSE = "melodi_populations", "odisse_vaccination"
NEW_RESOURCE = "11111111-2222-4333-8444-555555555555"


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


def test_an_id_that_moved_is_found_in_the_catalogue_of_the_portal(
    server: DataServer, client: Client, tmp_path: Path
) -> None:
    """Odissé renamed a dataset: it is searched by its words, had, and told; a copy waits no more."""
    base = server.root + "/odisse"
    gone = "couvertures-vaccinales-ancien-departement-copie"
    known = "couvertures-vaccinales-departement"
    catalogue = {"results": [{"dataset_id": name} for name in (f"{known}-bis", known, "autre")]}
    search = opendatasoft.search_url(base, "couvertures vaccinales").removeprefix(server.root)
    server.script(search, Reply(json.dumps(catalogue).encode()))
    moved = opendatasoft.export_url(base, known, labels=True)
    server.script(moved.removeprefix(server.root), Reply(vaccination().encode(), etag='"1"'))
    cards = card_folder(tmp_path, {ODISSE: {"base": base, "vaccination": gone}})
    (one,) = fetch(None, Scope(), tmp_path / "d", client, cards=cards).sources
    assert one.where == "direct"
    assert one.files[0].url == moved
    (told,) = one.told
    for words in ("404", "Retrouvé ailleurs", known, "data/sources/odisse_vaccination.yml"):
        assert words in told
    requests = len(server.seen)
    (young,) = fetch(None, Scope(), tmp_path / "d", client, cards=cards).sources
    assert (young.where, len(server.seen)) == ("cache", requests)
    server.script(search, Reply(b'{"results": []}'))
    (old,) = fetch(None, Scope(), tmp_path / "d", client, cards=cards, max_age=timedelta(0)).sources
    assert old.where == "cache"
    assert "Copie du" in old.told[0]


def test_nothing_close_leaves_the_reason(
    server: DataServer, client: Client, tmp_path: Path
) -> None:
    cards = card_folder(tmp_path, {ODISSE: {"base": server.root, "vaccination": "disparu"}})
    (one,) = fetch(None, Scope(), tmp_path / "d", client, cards=cards).sources
    (missing,) = one.missing
    assert "404" in missing.reason
    assert "data/sources/odisse_vaccination.yml" in missing.remedy


def site_rows(codes: range, following: str | None) -> Reply:
    rows = [
        {
            "finess": f"95000{code:04}", "rs": "Site", "etat": "ACTUEL", "type": "ET",
            "com_code": "95127", "categ_code": "620", "categ_lib": "Pharmacie",
            "date_extract_finess": "2026-05-04", "geoloc_4326_lat": 49.0, "geoloc_4326_long": 2.0,
        }
        for code in codes
    ]  # fmt: skip
    links = {"next": following, "profile": f"/api/resources/{NEW_RESOURCE}/profile/"}
    total = {"page": 1, "page_size": 50, "total": len(rows)}
    return Reply(json.dumps({"data": rows, "links": links, "meta": total}).encode())


def test_pages_of_the_tabular_api_follow_each_other_at_a_moved_id(
    server: DataServer, client: Client, tmp_path: Path
) -> None:
    """410 at the former resource: the organisation's catalogue gives the new one; two pages, none twice."""
    real = load_sources()["finess"]
    urls = real.urls | {
        "api": server.url("/api/resources/"),
        "organisation": server.url("/organisation"),
    }
    resource = {"id": NEW_RESOURCE, "title": "t-finess.csv", "format": "csv"}
    listed = {"data": [{"slug": "referentiel-finess-t-finess", "resources": [resource]}]}
    server.script("/organisation", Reply(json.dumps(listed).encode()))
    cards = card_folder(tmp_path, {"finess": urls})
    downloads = finess.downloads(cards["finess"], Scope(("95",)))
    assert len(downloads) == 2, "183 communes, a hundred at a time"
    for download, codes in zip(downloads, (range(50), range(100, 120)), strict=True):
        old = download.url.removeprefix(server.root)
        server.script(old, Reply(b"", 410))
        new = old.replace(real.urls["ressource"], NEW_RESOURCE)
        second = f"{new}&page=2"
        server.script(new, site_rows(codes, server.url(second)))
        server.script(second, site_rows(range(codes.start + 50, codes.stop + 50), None))
    (one,) = fetch(None, Scope(("95",)), tmp_path / "d", client, cards=cards).sources
    assert [raw.name for raw in one.files] == [
        "t-finess-95-1.json", "t-finess-95-1_p2.json", "t-finess-95-2.json", "t-finess-95-2_p2.json",
    ]  # fmt: skip
    assert not one.missing
    found = [finess.recognise(sample(raw.path)) for raw in one.files]
    assert len({one.part for one in found if one}) == 4
    tables = [
        finess.parse(raw, known)["finess_sites"]
        for raw, known in zip(one.files, found, strict=True)
        if known
    ]
    assert sum(len(table) for table in tables) == 140


def test_a_table_without_an_id_is_found_in_its_organisation(
    server: DataServer, client: Client, tmp_path: Path
) -> None:
    """Two pages of the catalogue, then the file; without catalogue, the source says what to do."""
    address = server.script("/t-geo-com.csv", Reply(GEO.encode()))
    resource = {"id": "1", "title": "t-geo-com.csv", "format": "csv", "latest": address}
    second = server.script(
        "/organisation?page=2",
        Reply(json.dumps({"data": [{"slug": "x-t-geo-com", "resources": [resource]}]}).encode()),
    )
    first = json.dumps({"data": [{"slug": "autre", "resources": []}], "next_page": second})
    organisation = server.script("/organisation", Reply(first.encode()), Reply(b"", 500))
    cards = card_folder(tmp_path, {"atlasante_geographie": {"organisation": organisation}})
    (one,) = fetch(None, Scope(), tmp_path / "d", client, cards=cards).sources
    assert (one.where, one.files[0].url) == ("direct", address)
    (none,) = fetch(None, Scope(), tmp_path / "e", client, cards=cards).sources
    (missing,) = none.missing
    assert "t_geo_com" in missing.reason
    assert "déposez le fichier" in missing.remedy
    assert "Catalogue" in none.told[0]


def test_a_layer_is_had_by_pages_under_its_new_uuid(
    server: DataServer, client: Client, tmp_path: Path
) -> None:
    layer = "atlasante_defibrillateurs"
    new = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
    urls = dict(load_sources()[layer].urls) | {
        "wfs": server.url("/wfs"),
        "api": server.url("/api/data"),
        "recherche": server.url("/recherche?any={mots}"),
    }
    record = {"title": "geodae_publique", "geonet:info": {"uuid": new}}
    server.script(
        "/recherche?any=geodae_publique", Reply(json.dumps({"metadata": record}).encode())
    )
    cards = card_folder(tmp_path, {layer: urls})
    (download,) = prodige.downloads(cards[layer], Scope())
    first = download.url.removeprefix(server.root).replace(urls["uuid"], new)
    full = [prodige_bodies.device(code, 2 + code / 1e5) for code in range(prodige.PAGE_FEATURES)]
    server.script(first, Reply(prodige_bodies.collection(full).encode()))
    rest = prodige_bodies.collection([prodige_bodies.device(9_999, 3.0)])
    server.script(first.replace("startIndex=0", "startIndex=5000"), Reply(rest.encode()))
    (one,) = fetch(None, Scope(), tmp_path / "d", client, cards=cards).sources
    assert [raw.name for raw in one.files] == [f"{layer}.json", f"{layer}_p2.json"]
    assert "Retrouvé ailleurs" in one.told[0]


def test_a_part_dropped_replaces_its_part_and_no_other(tmp_path: Path) -> None:
    """A profession, a département: the rest of what was fetched stays."""

    def kept(part: str) -> Found:
        raw = RawFile(tmp_path / part, f"{part}.xlsx", "", "cache", "2026-11-01", part)
        return Found(raw, "drees_apl", Recognition("drees_apl_classeur", "apl", "2023", part))

    held_too = [kept("infirmiers"), kept("sages_femmes")]
    dropped = [replace(held_too[0], raw=replace(held_too[0].raw, name="a moi.xlsx", sha256="x"))]
    assert "a moi.xlsx" in superseded(held_too[0], dropped, held_too)
    assert superseded(held_too[1], dropped, held_too) == ""
    whole = [replace(dropped[0], recognition=replace(dropped[0].recognition, part=""))]
    assert "a moi.xlsx" in superseded(held_too[1], whole, held_too)


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
