"""The raw cache: what is kept, for how long, and what happens without a network or with damage."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from connectors.base import Download
from connectors.cache import Cache
from connectors.errors import ChecksumMismatch, SourceUnavailable
from connectors.http import Client, Policy, Timing
from tests.connectors.server import NOT_FOUND, DataServer, Reply

SOURCE = "insee_essai"
OLD, NEW = b"CODGEO;MED21\n95127;22 430\n", b"CODGEO;MED21\n95127;22 500\n"
DAY, WEEK = timedelta(days=1), timedelta(days=7)
NEVER = timedelta(0)
DOWN = Reply(b"", 503)


class World:
    """A server, a cache, a calendar, and what the user was told."""

    def __init__(self, server: DataServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.today = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
        self.told: list[tuple[str, str]] = []
        self.client = Client(Policy(interval=0.0), Timing(sleep=lambda seconds: None))
        self.cache = self.another_cache()

    def another_cache(self, lock_seconds: float = 1800.0) -> Cache:
        def tell(source_id: str, sentence: str) -> None:
            self.told.append((source_id, sentence))

        return Cache(
            self.folder, self.client, tell, now=lambda: self.today, lock_seconds=lock_seconds
        )

    def publish(self, *replies: Reply, path: str = "/f") -> Download:
        return Download(self.server.script(path, *replies), "communes.csv")

    def bytes_kept(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("communes.csv") if path.is_file())


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with DataServer() as server:
        yield World(server, tmp_path / "brut")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_is_fetched_kept_and_described(world: World) -> None:
    download = world.publish(Reply(OLD, etag='"v1"'))
    raw = world.cache.get_or_fetch(download, SOURCE, WEEK)
    assert (raw.origin, raw.retrieved_at, raw.url) == ("direct", "2026-11-20", download.url)
    assert raw.name == raw.path.name == "communes.csv"
    assert raw.path.read_bytes() == OLD
    assert raw.sha256 == sha256(OLD)
    card = json.loads((world.folder / SOURCE / "communes.csv.meta.json").read_text("utf-8"))
    assert card == {
        "url": download.url,
        "retrieved_at": "2026-11-20T09:30:00+00:00",
        "sha256": sha256(OLD),
        "size": len(OLD),
        "etag": '"v1"',
        "found": "",
    }
    assert world.told == []


def test_a_young_copy_is_used_without_asking(world: World) -> None:
    download = world.publish(Reply(OLD), DOWN)
    world.cache.get_or_fetch(download, SOURCE, WEEK)
    world.today += DAY
    raw = world.another_cache().get_or_fetch(download, SOURCE, WEEK)
    assert (raw.origin, raw.retrieved_at) == ("cache", "2026-11-20")
    assert raw.path.read_bytes() == OLD
    assert len(world.server.seen) == 1
    assert world.told == []


@pytest.mark.parametrize("later", [WEEK, -DAY], ids=["too old", "dated from tomorrow"])
def test_an_old_copy_is_replaced(world: World, later: timedelta) -> None:
    download = world.publish(Reply(OLD), Reply(NEW))
    world.cache.get_or_fetch(download, SOURCE, WEEK)
    world.today += later
    raw = world.cache.get_or_fetch(download, SOURCE, WEEK)
    assert raw.origin == "direct"
    assert raw.path.read_bytes() == NEW
    assert world.bytes_kept() == [raw.path]


def test_an_unchanged_file_is_confirmed_and_not_sent_again(world: World) -> None:
    download = world.publish(Reply(OLD, etag='"v1"'))
    world.cache.get_or_fetch(download, SOURCE, WEEK)
    world.today += WEEK
    raw = world.cache.get_or_fetch(download, SOURCE, WEEK)
    assert (raw.origin, raw.retrieved_at) == ("direct", "2026-11-27")
    assert world.server.seen[1].headers["If-None-Match"] == '"v1"'
    assert world.cache.get_or_fetch(download, SOURCE, WEEK).origin == "cache"


def test_without_network_the_copy_is_used_and_told(world: World) -> None:
    download = world.publish(Reply(OLD), DOWN)
    world.cache.get_or_fetch(download, SOURCE, WEEK)
    world.today += WEEK
    raw = world.cache.get_or_fetch(download, SOURCE, NEVER)
    assert (raw.origin, raw.retrieved_at) == ("cache", "2026-11-20")
    assert raw.path.read_bytes() == OLD
    [(source, sentence)] = world.told
    assert source == SOURCE
    assert "503" in sentence
    assert "Copie du 2026-11-20 utilisée" in sentence


def test_a_page_served_instead_leaves_the_copy(world: World) -> None:
    download = world.publish(Reply(OLD), Reply(b"<html>maintenance</html>"))
    world.cache.get_or_fetch(download, SOURCE, NEVER)
    raw = world.cache.get_or_fetch(download, SOURCE, NEVER)
    assert raw.path.read_bytes() == OLD
    assert "page web" in world.told[0][1]


def test_without_network_nor_copy_the_refusal_says_what_to_do(world: World) -> None:
    with pytest.raises(SourceUnavailable, match="dossier de dépôt"):
        world.cache.get_or_fetch(world.publish(NOT_FOUND), SOURCE, WEEK)
    assert world.bytes_kept() == []


def test_addresses_are_tried_in_order(world: World) -> None:
    first = world.server.script("/a", NOT_FOUND)
    second = world.server.script("/b", Reply(b"<html></html>"))
    third = world.server.script("/c", Reply(OLD))
    download = Download(first, "communes.csv", (second, third))
    raw = world.cache.get_or_fetch(download, SOURCE, WEEK)
    assert (raw.url, raw.origin) == (third, "direct")
    assert [one.path for one in world.server.seen] == ["/a", "/b", "/c"]
    assert [f"Adresse de secours utilisée : {third}." in said for _, said in world.told] == [
        True,
        True,
    ]
    assert world.cache.get_or_fetch(download, SOURCE, WEEK).origin == "cache"


def test_when_every_address_fails_each_is_named(world: World) -> None:
    first = world.server.script("/a", NOT_FOUND)
    second = world.server.script("/b", DOWN)
    with pytest.raises(SourceUnavailable) as caught:
        world.cache.get_or_fetch(Download(first, "communes.csv", (second,)), SOURCE, WEEK)
    assert first in str(caught.value)
    assert second in str(caught.value)


def test_the_version_of_one_address_is_not_asked_of_another(world: World) -> None:
    first = world.server.script("/a", Reply(OLD, etag='"v"'), NOT_FOUND)
    second = world.server.script("/b", Reply(NEW, etag='"v"'))
    download = Download(first, "communes.csv", (second,))
    world.cache.get_or_fetch(download, SOURCE, NEVER)
    assert world.cache.get_or_fetch(download, SOURCE, NEVER).path.read_bytes() == NEW


def test_a_copy_from_another_address_is_not_this_file(world: World) -> None:
    world.cache.get_or_fetch(world.publish(Reply(OLD), path="/dep/46"), SOURCE, WEEK)
    other = world.publish(Reply(NEW), path="/dep/95")
    assert world.cache.get_or_fetch(other, SOURCE, WEEK).path.read_bytes() == NEW
    with pytest.raises(SourceUnavailable):
        world.cache.get_or_fetch(world.publish(DOWN, path="/dep/62"), SOURCE, WEEK)


@pytest.mark.parametrize("damage", ["changed", "truncated", "removed"])
def test_a_damaged_copy_is_fetched_again(world: World, damage: str) -> None:
    download = world.publish(Reply(OLD, etag='"v1"'))
    spoil(world.cache.get_or_fetch(download, SOURCE, WEEK).path, damage)
    raw = world.cache.get_or_fetch(download, SOURCE, WEEK)
    assert raw.origin == "direct"
    assert raw.path.read_bytes() == OLD
    assert "If-None-Match" not in world.server.seen[1].headers


@pytest.mark.parametrize("damage", ["changed", "truncated", "removed"])
def test_a_damaged_copy_without_network_is_never_used(world: World, damage: str) -> None:
    download = world.publish(Reply(OLD), DOWN)
    spoil(world.cache.get_or_fetch(download, SOURCE, WEEK).path, damage)
    with pytest.raises(ChecksumMismatch) as caught:
        world.cache.get_or_fetch(download, SOURCE, WEEK)
    for said in (SOURCE, "communes.csv", "2026-11-20", "503", "dossier de dépôt"):
        assert said in str(caught.value)


@pytest.mark.parametrize("card", ["", "[]", "{}", '{"url": 3}', "null"])
def test_an_unreadable_card_is_no_entry(world: World, card: str) -> None:
    download = world.publish(Reply(OLD))
    world.cache.get_or_fetch(download, SOURCE, WEEK)
    (world.folder / SOURCE / "communes.csv.meta.json").write_text(card)
    assert world.cache.get_or_fetch(download, SOURCE, WEEK).origin == "direct"


def test_bytes_without_their_card_change_nothing(world: World) -> None:
    """Killed between the two writes: the former entry is whole."""
    download = world.publish(Reply(OLD))
    world.cache.get_or_fetch(download, SOURCE, WEEK)
    orphan = world.folder / SOURCE / sha256(NEW)[:12] / "communes.csv"
    orphan.parent.mkdir()
    orphan.write_bytes(NEW)
    raw = world.cache.get_or_fetch(download, SOURCE, WEEK)
    assert (raw.origin, raw.path.read_bytes()) == ("cache", OLD)


def test_what_is_held_can_be_listed_without_network(world: World) -> None:
    for name in ("b.csv", "a.zip"):
        url = world.server.script(f"/{name}", Reply(name.encode()))
        world.cache.get_or_fetch(Download(url, name), SOURCE, WEEK)
    held = world.cache.held(SOURCE)
    assert [(raw.name, raw.origin, raw.retrieved_at) for raw in held] == [
        ("a.zip", "cache", "2026-11-20"),
        ("b.csv", "cache", "2026-11-20"),
    ]
    spoil(held[0].path, "changed")
    assert [raw.name for raw in world.cache.held(SOURCE)] == ["b.csv"]
    assert world.told == [(SOURCE, "La copie gardée de a.zip est abîmée : ignorée.")]
    assert world.cache.held("autre_source") == []


@pytest.mark.parametrize(
    "name", ["../f.csv", "a/b.csv", "", ".cache", "a\\b", "c:d", "x.meta.json", "f\n.csv", "é.csv"]
)
def test_a_name_cannot_lead_out_of_the_cache(world: World, name: str) -> None:
    url = world.server.script("/f", Reply(OLD))
    with pytest.raises(SourceUnavailable, match="nom de fichier refusé"):
        world.cache.get_or_fetch(Download(url, name), SOURCE, WEEK)
    assert world.server.seen == []


def test_two_at_once_download_once(world: World) -> None:
    download = world.publish(Reply(OLD, delay=0.2))
    caches = [world.another_cache() for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        raws = list(threads.map(lambda one: one.get_or_fetch(download, SOURCE, WEEK), caches))
    assert sorted(raw.origin for raw in raws) == ["cache", "cache", "cache", "direct"]
    assert len(world.server.seen) == 1


def test_an_endless_wait_for_another_is_told(world: World) -> None:
    (world.folder / SOURCE).mkdir(parents=True)
    with (
        FileLock(world.folder / SOURCE / ".communes.csv.lock"),
        pytest.raises(SourceUnavailable, match="en cours"),
    ):
        world.another_cache(lock_seconds=0.1).get_or_fetch(world.publish(Reply(OLD)), SOURCE, WEEK)


def test_a_folder_that_cannot_be_used_is_told(world: World) -> None:
    world.folder.write_bytes(b"")
    with pytest.raises(SourceUnavailable, match="inutilisable"):
        world.cache.get_or_fetch(world.publish(Reply(OLD)), SOURCE, WEEK)


def test_progress_is_passed_on(world: World) -> None:
    steps: list[tuple[int, int | None]] = []
    download = world.publish(Reply(OLD))
    world.cache.get_or_fetch(
        download, SOURCE, WEEK, lambda done, total: steps.append((done, total))
    )
    assert steps[-1] == (len(OLD), len(OLD))


def spoil(path: Path, damage: str) -> None:
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes(OLD.replace(b"22", b"23") if damage == "changed" else OLD[:10])


def test_what_has_moved_is_had_where_it_is_found(world: World) -> None:
    """Asked for at the address known, kept under it, its true address beside; nothing is lost."""
    moved = world.server.script("/nouvelle.csv", Reply(NEW, etag='"v2"'))
    asked: list[str] = []

    def elsewhere(source_id: str, url: str) -> str:
        asked.append(url)
        return moved

    cache = Cache(world.folder, world.client, elsewhere=elsewhere)
    download = Download(world.server.url("/disparu.csv"), "communes.csv")
    raw = cache.get_or_fetch(download, SOURCE, WEEK)
    assert (raw.origin, raw.url, raw.path.read_bytes()) == ("direct", moved, NEW)
    assert asked == [download.url]
    again = cache.get_or_fetch(download, SOURCE, WEEK)
    assert (again.origin, again.url, len(asked)) == ("cache", moved, 1)
    anew = cache.get_or_fetch(download, SOURCE, timedelta(0))
    assert (anew.origin, anew.sha256) == ("direct", raw.sha256)
    assert world.server.seen[-1].headers["If-None-Match"] == '"v2"'


def test_a_breakdown_is_not_searched_elsewhere(world: World) -> None:
    def elsewhere(source_id: str, url: str) -> str:
        raise AssertionError("not asked")

    cache = Cache(world.folder, world.client, elsewhere=elsewhere)
    download = world.publish(Reply(b"", 403))
    with pytest.raises(SourceUnavailable, match="403"):
        cache.get_or_fetch(download, SOURCE, WEEK)
