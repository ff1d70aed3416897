"""Every card with addresses, against a real server: what is asked for, how it fails, what is read.

The addresses are those that ``downloads`` builds, led to loopback by their path alone. Nothing of
ours is replaced: the client, the cache, the pages, the recognition and the parse are the real ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from connectors.base import Connector, Download, RawFile, Scope
from connectors.cache import Cache
from connectors.cards import DATA, load_sources
from connectors.columns import column_map
from connectors.depot import Found, examine
from connectors.errors import ConnectorError, InvalidCard, SourceUnavailable
from connectors.http import Client, Policy, Timing
from connectors.text_files import table_columns
from tests.connectors.documented_bodies import body
from tests.connectors.producer_files import HTML
from tests.connectors.server import NOT_FOUND, DataServer, Reply, redirect
from tests.connectors.test_atlasante import CATALOGUE as ATLASANTE
from warehouse.fetch import fetchable, pages
from warehouse.loading import connectors, described_tables

CARDS = {name: card for name, card in fetchable(load_sources()).items() if card.urls}
MODULES = connectors()
SCOPES = {"france": Scope(), "deux départements": Scope(("95", "2A"))}
# Requests tried for a card: some have two hundred, all alike.
TRIED = 7
# The organisation's catalogue, as data.gouv.fr gives it, for the tables that have no known id.
CATALOGUE = [
    *ATLASANTE,
    {
        "slug": "population-municipale-t-popmun-com",
        "title": "Population (t_popmun_com)",
        "resources": [{**ATLASANTE[0]["resources"][0], "title": "t-popmun-com.csv"}],
    },
]
NEVER, ALWAYS = timedelta(days=7), timedelta(0)
POLICY = Policy(connect_seconds=2, read_seconds=2, interval=0, intervals={})


@pytest.fixture
def server() -> Iterator[DataServer]:
    with DataServer() as running:
        yield running


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(POLICY, Timing(sleep=lambda seconds: None)) as opened:
        yield opened


def asked(name: str, scope: Scope) -> list[Download]:
    """The first requests of a card."""
    module = MODULES[CARDS[name].connector]
    if CARDS[name].connector == "atlasante":
        return module.downloads(CARDS[name], scope, CATALOGUE)  # type: ignore[call-arg]
    return list(islice(module.downloads(CARDS[name], scope), TRIED))


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def led(server: DataServer, download: Download, *replies: Reply) -> Download:
    """The same request on loopback, where ``replies`` are played; its fallbacks are not there."""
    url = server.script(path_of(download.url), *replies)
    return Download(url, download.file_name)


def had(cache: Cache, name: str, download: Download, age: timedelta = NEVER) -> list[RawFile]:
    """Files of one request, page after page where the source has pages, as the fetch does."""
    following = getattr(MODULES[CARDS[name].connector], "following", None)
    if following is not None and download.file_name.endswith(".json"):
        return list(pages(cache, download, name, age, following=following))
    return [cache.get_or_fetch(download, name, age)]


def check(name: str, raw: RawFile, modules: dict[str, Connector]) -> int:
    """One connector alone takes the file, for this source, and reads the tables its card announces."""
    found = examine(raw.path, modules)
    assert isinstance(found, Found), f"{raw.name} : {found.reason}"
    assert found.connector == CARDS[name].connector
    assert found.recognition.source_id == name
    tables = modules[found.connector].parse(raw, found.recognition)
    beside = {"lignes_refusees"}
    assert set(tables) <= set(CARDS[name].tables) | beside
    described = described_tables()
    for table, frame in tables.items():
        assert list(frame.columns) == described.get(table, table_columns(table))
    return sum(len(frame) for frame in tables.values())


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("name", CARDS)
def test_what_a_card_asks_for_is_read(
    name: str, scope: str, server: DataServer, client: Client, tmp_path: Path
) -> None:
    cache = Cache(tmp_path, client)
    downloads = asked(name, SCOPES[scope])
    assert downloads
    assert len({one.file_name for one in downloads}) == len(downloads)
    for download in downloads:
        assert download.url.startswith("https://")
        assert all(url.startswith("https://") for url in download.fallbacks)
        asked_here = led(server, download, Reply(body(CARDS[name], download), etag='"1"'))
        (raw,) = had(cache, name, asked_here)
        assert raw.origin == "direct"
        assert check(name, raw, MODULES) > 0
        (again,) = had(cache, name, asked_here, ALWAYS)
        assert (again.origin, again.sha256) == ("direct", raw.sha256)


@pytest.mark.parametrize("name", CARDS)
def test_a_rough_way_gives_the_same_file(
    name: str, server: DataServer, client: Client, tmp_path: Path
) -> None:
    """Redirected, told to wait, a 500, cut in the middle and reset: whole at last, resumed."""
    download = asked(name, SCOPES["deux départements"])[0]
    content = body(CARDS[name], download)
    half = max(1, len(content) // 2)
    there = "/la/bas"
    server.script(
        there,
        Reply(b"", 429, {"Retry-After": "1"}),
        Reply(b"panne", 500),
        Reply(content, etag='"1"', cut_after=half, reset=False),
        Reply(content, etag='"1"'),
    )
    here = led(server, download, redirect(server.url(there)))
    (raw,) = had(Cache(tmp_path, client), name, here)
    assert raw.path.read_bytes() == content
    assert check(name, raw, MODULES) > 0
    assert server.requests(there)[-1].headers["Range"] == f"bytes={half}-"


FAILURES = {
    "introuvable": (NOT_FOUND, "404"),
    "page": (Reply(HTML.encode()), "page web"),
    "vide": (Reply(b""), "réponse vide"),
    "erreur": (Reply(b'{"error_code": "ODSQLError", "message": "champ inconnu"}'), "champ inconnu"),
    "panne": (Reply(b"", 503), "503"),
    "refus": (Reply(b"", 403), "403"),
}


@pytest.mark.parametrize("name", CARDS)
def test_a_failure_is_told_and_the_copy_kept(
    name: str, server: DataServer, client: Client, tmp_path: Path
) -> None:
    told: list[str] = []
    cache = Cache(tmp_path, client, lambda _, sentence: told.append(sentence))
    download = asked(name, SCOPES["deux départements"])[0]
    for failure, (reply, words) in FAILURES.items():
        here = led(server, download, reply)
        with pytest.raises(SourceUnavailable, match=re.escape(words)) as caught:
            had(cache, name, here)
        assert caught.value.source_id == name
        assert caught.value.remedy
        assert caught.value.gone is (failure in ("introuvable", "page"))
    (raw,) = had(cache, name, led(server, download, Reply(body(CARDS[name], download))))
    for reply, _ in FAILURES.values():
        (kept,) = had(cache, name, led(server, download, reply), ALWAYS)
        assert (kept.origin, kept.sha256) == ("cache", raw.sha256)
        assert "Copie du" in told[-1]


@pytest.mark.parametrize("name", CARDS)
def test_a_slow_drip_meets_the_deadline(name: str, server: DataServer, tmp_path: Path) -> None:
    download = asked(name, SCOPES["deux départements"])[0]
    drip = led(server, download, Reply(body(CARDS[name], download), drip=0.05))
    hurried = Policy(connect_seconds=2, read_seconds=2, total_seconds=0.2, interval=0, intervals={})
    with Client(hurried) as client, pytest.raises(SourceUnavailable, match="trop lent"):
        had(Cache(tmp_path, client), name, drip)


@pytest.mark.parametrize("name", CARDS)
def test_a_column_that_moved_stops_the_reading(
    name: str, server: DataServer, client: Client, tmp_path: Path
) -> None:
    """The file is no longer known, or its reading names what moved: never read askew."""
    download = asked(name, SCOPES["deux départements"])[0]
    content = body(CARDS[name], download)
    moved = [
        changed
        for column in described_names(name)
        if (changed := without_name(content, column)) != content
    ]
    if not moved:
        assert content[:2] in (b"PK", b"\x1f\x8b"), "only an archive hides its names"
    cache = Cache(tmp_path, client)
    for number, changed in enumerate(moved):
        here = led(server, Download(f"https://x.fr/{number}", download.file_name), Reply(changed))
        try:
            (raw,) = had(cache, name, here)
        except SourceUnavailable:
            continue  # pages cannot be told in it
        found = examine(raw.path, MODULES)
        if isinstance(found, Found) and found.recognition.source_id == name:
            with pytest.raises(ConnectorError):
                MODULES[found.connector].parse(raw, found.recognition)


def described_names(name: str) -> list[str]:
    """Codes of places: the one name of each layout without which nothing can be read."""
    names = []
    for table in CARDS[name].tables:
        for layout in layouts(table):
            try:
                ours = column_map(table, layout)
            except InvalidCard:
                continue
            names += [
                theirs for theirs, mine in ours.items() if mine.startswith(("codgeo", "code"))
            ]
    return sorted(set(names))


def layouts(table: str) -> list[str]:
    lines = (DATA / "columns" / f"{table}.csv").read_text("utf-8").splitlines()[1:]
    return [line.split(",")[0] for line in lines]


def without_name(content: bytes, column: str) -> bytes:
    """``content`` with ``column`` under another name, wherever it stands whole."""
    whole = rf"(?<![\w-]){re.escape(column)}(?![\w-])".encode()
    return re.sub(whole, b"autre_nom", content)
