"""The HTTP layer against a real server on loopback that fails in every way producers do."""

import gzip
import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path

import pytest

from connectors import VERSION
from connectors.errors import SourceUnavailable
from connectors.http import USER_AGENT, Client, Policy, Timing
from tests.conftest import ROOT
from tests.connectors.server import NOT_FOUND, DataServer, Reply, redirect

SOURCE = "insee_essai"
CSV = b"CODGEO;MED21\n95127;22 430\n46042;s\n"
BIG = random.Random(3).randbytes(700_000)
HTML = b"<!DOCTYPE html>\n<html><body>Maintenance</body></html>"
JSON = {"Content-Type": "application/json"}


class Wristwatch:
    """A clock that a wait moves forward at once, and that remembers every wait."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds, 3))
        self.seconds += seconds

    def timing(self) -> Timing:
        return Timing(
            monotonic=lambda: self.seconds,
            sleep=self.sleep,
            now=lambda: self.seconds,
            random=lambda: 1.0,
        )


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DataServer]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with DataServer() as running:
        yield running


@pytest.fixture
def watch() -> Wristwatch:
    return Wristwatch()


@pytest.fixture
def client(watch: Wristwatch) -> Iterator[Client]:
    """Real exchanges, waits that take no time, no spacing."""
    with Client(Policy(interval=0.0), watch.timing()) as one:
        yield one


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "fichier.csv"


def refused(client: Client, url: str, target: Path) -> str:
    """Message of the refusal, which names the source and the URL and leaves no target."""
    with pytest.raises(SourceUnavailable) as caught:
        client.download(url, target, SOURCE)
    message = str(caught.value)
    assert SOURCE in message
    assert url in message
    assert not target.exists()
    return message


def nothing_left(target: Path) -> bool:
    return not target.parent.exists() or not list(target.parent.iterdir())


# What goes well.


def test_a_file_arrives_whole_with_its_digest_and_its_progress(server, client, target) -> None:
    url = server.script("/f", Reply(BIG, etag='"v1"'))
    steps: list[tuple[int, int | None]] = []
    fetched = client.download(url, target, SOURCE, lambda done, total: steps.append((done, total)))
    assert target.read_bytes() == BIG
    assert fetched.sha256 == hashlib.sha256(BIG).hexdigest()
    assert (fetched.path, fetched.size, fetched.etag) == (target, len(BIG), '"v1"')
    assert steps[0] == (0, len(BIG))
    assert steps[-1] == (len(BIG), len(BIG))
    assert steps == sorted(steps)
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_it_says_who_it_is(server, client, target) -> None:
    client.download(server.script("/f", Reply(CSV)), target, SOURCE)
    said = server.seen[0].headers["User-Agent"]
    assert said == USER_AGENT
    assert said.startswith(f"Gradient/{VERSION} ")
    assert said.isascii()


def test_a_body_without_length_is_read_to_its_end(server, client, target) -> None:
    steps: list[int | None] = []
    url = server.script("/f", Reply(BIG, chunked=True))
    client.download(url, target, SOURCE, lambda done, total: steps.append(total))
    assert target.read_bytes() == BIG
    assert set(steps) == {None}


@pytest.mark.parametrize("chunked", [False, True])
def test_a_compressed_body_is_kept_decompressed(server, client, target, chunked: bool) -> None:
    headers = {"Content-Encoding": "gzip"}
    url = server.script("/f", Reply(gzip.compress(CSV), headers=headers, chunked=chunked))
    fetched = client.download(url, target, SOURCE)
    assert target.read_bytes() == CSV
    assert fetched.size == len(CSV)
    assert fetched.sha256 == hashlib.sha256(CSV).hexdigest()


def test_a_gzip_file_is_kept_as_it_is(server, client, target) -> None:
    packed = gzip.compress(CSV)
    client.download(server.script("/communes.gz", Reply(packed)), target, SOURCE)
    assert target.read_bytes() == packed


def test_a_small_answer_is_read_in_memory(server, client) -> None:
    page = json.dumps({"observations": [], "paging": {"count": 0}}).encode()
    url = server.script("/melodi/data/DS_X?GEO=DEP-95%2ACOM&page=1", Reply(page, headers=JSON))
    assert client.read(url, SOURCE) == page
    with pytest.raises(SourceUnavailable, match="taille admise"):
        client.read(url, SOURCE, max_bytes=10)


def test_an_empty_list_is_an_answer(server, client) -> None:
    assert client.read(server.script("/communes?nom=zz", Reply(b"[]")), SOURCE) == b"[]"


def test_null_errors_in_an_answer_are_no_error(server, client) -> None:
    body = b'{"error": null, "errors": [], "results": [1]}'
    assert client.read(server.script("/f", Reply(body)), SOURCE) == body


# What may pass: retried.


def test_too_many_requests_waits_as_asked(server, client, watch, target) -> None:
    busy = Reply(b"", 429, {"Retry-After": "7"})
    url = server.script("/f", busy, Reply(CSV))
    client.download(url, target, SOURCE)
    assert target.read_bytes() == CSV
    assert watch.waits == [7.0]


def test_retry_after_may_be_a_date(server, client, watch, target) -> None:
    busy = Reply(b"", 503, {"Retry-After": formatdate(watch.seconds + 42, usegmt=True)})
    client.download(server.script("/f", busy, Reply(CSV)), target, SOURCE)
    assert watch.waits == [42.0]


@pytest.mark.parametrize(
    ("said", "waited"),
    [("86400", 120.0), ("bientôt", 15.0), ("-3", 15.0), (formatdate(0, usegmt=True), 15.0)],
)
def test_retry_after_is_capped_and_never_trusted(server, client, watch, target, said, waited):
    busy = Reply(b"", 429, {"Retry-After": said})
    client.download(server.script("/f", busy, Reply(CSV)), target, SOURCE)
    assert watch.waits == [waited]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_passing_breakdown_is_retried(server, client, watch, target, status: int) -> None:
    url = server.script("/f", Reply(b"oups", status), Reply(b"oups", status), Reply(CSV))
    client.download(url, target, SOURCE)
    assert target.read_bytes() == CSV
    assert watch.waits == [1.0, 2.0]


def test_waits_are_drawn_so_that_clients_do_not_return_together(server, watch, target) -> None:
    timing = Timing(watch.timing().monotonic, watch.sleep, time.time, random=lambda: 0.0)
    url = server.script("/f", Reply(b"", 500), Reply(b"", 500), Reply(CSV))
    Client(Policy(interval=0.0), timing).download(url, target, SOURCE)
    assert watch.waits == [0.5, 1.0]


def test_a_lasting_breakdown_is_told(server, client, target) -> None:
    url = server.script("/f", Reply("Le serveur a rencontré une erreur.".encode(), 500))
    message = refused(client, url, target)
    assert "500 (Le serveur a rencontré une erreur) (4 essais)" in message
    assert "en panne" in message
    assert len(server.requests("/f")) == 4
    assert nothing_left(target)


def test_a_reset_before_the_answer_is_retried(server, client, target) -> None:
    client.download(server.script("/f", Reply(hang_up=True), Reply(CSV)), target, SOURCE)
    assert target.read_bytes() == CSV


def test_a_silent_server_times_out_and_is_retried(server, target) -> None:
    url = server.script("/f", Reply(CSV, delay=1.0), Reply(CSV))
    policy = Policy(interval=0.0, read_seconds=0.2)
    Client(policy, Timing(sleep=lambda seconds: None)).download(url, target, SOURCE)
    assert target.read_bytes() == CSV
    assert len(server.requests("/f")) > 1


# Downloads cut in the middle.


@pytest.mark.parametrize(
    "version", [{"etag": '"v1"'}, {"modified": "Mon, 04 May 2026 10:00:00 GMT"}]
)
def test_a_cut_download_goes_on_where_it_stopped(server, client, target, version) -> None:
    cut = Reply(BIG, cut_after=300_000, **version)
    again = Reply(BIG, cut_after=200_000, **version)
    url = server.script("/f", cut, again, Reply(BIG, **version))
    steps: list[int] = []
    fetched = client.download(url, target, SOURCE, lambda done, total: steps.append(done))
    assert target.read_bytes() == BIG
    assert fetched.sha256 == hashlib.sha256(BIG).hexdigest()
    second, third = (one.headers for one in server.requests("/f")[1:])
    assert second["Range"] == "bytes=300000-"
    assert third["Range"] == "bytes=500000-"
    assert second["If-Range"] in version.values()
    assert steps == sorted(steps)
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_a_connection_reset_in_the_middle_costs_nothing(server, client, target) -> None:
    reset = Reply(BIG, etag='"v1"', cut_after=300_000, reset=True)
    url = server.script("/f", reset, Reply(BIG, etag='"v1"'))
    assert client.download(url, target, SOURCE).sha256 == hashlib.sha256(BIG).hexdigest()
    assert target.read_bytes() == BIG
    assert len(server.requests("/f")) == 2


def test_a_file_that_changed_meanwhile_is_taken_from_its_start(server, client, target) -> None:
    new = BIG[::-1]
    url = server.script("/f", Reply(BIG, etag='"v1"', cut_after=300_000), Reply(new, etag='"v2"'))
    fetched = client.download(url, target, SOURCE)
    assert target.read_bytes() == new
    assert fetched.sha256 == hashlib.sha256(new).hexdigest()
    assert fetched.etag == '"v2"'


@pytest.mark.parametrize(
    "version",
    [{}, {"etag": 'W/"v1"'}, {"etag": '"v1"', "ranges": False}],
    ids=["no version", "weak version", "no ranges"],
)
def test_what_cannot_be_resumed_starts_again(server, client, target, version) -> None:
    url = server.script("/f", Reply(BIG, cut_after=300_000, **version), Reply(BIG, **version))
    assert client.download(url, target, SOURCE).sha256 == hashlib.sha256(BIG).hexdigest()
    assert target.read_bytes() == BIG
    asked = server.requests("/f")[1].headers
    assert ("Range" in asked) == (version.get("etag") == '"v1"')


def test_a_compressed_body_that_is_cut_starts_again(server, client, target) -> None:
    packed = gzip.compress(BIG)
    headers = {"Content-Encoding": "gzip"}
    whole = Reply(packed, headers=headers, etag='"v1"')
    cut = Reply(packed, headers=headers, etag='"v1"', cut_after=300_000)
    client.download(server.script("/f", cut, whole), target, SOURCE)
    assert target.read_bytes() == BIG
    assert "Range" not in server.requests("/f")[1].headers


def test_a_resume_that_answers_beside_the_point_starts_again(server, client, target) -> None:
    """The size would be right, the bytes would not."""
    body = BIG[5 : 5 + len(BIG) - 300_000]
    said = f"bytes 5-{4 + len(body)}/{len(BIG)}"
    wrong = Reply(body, 206, {"Content-Range": said})
    cut = Reply(BIG, etag='"v1"', cut_after=300_000)
    client.download(server.script("/f", cut, wrong, Reply(BIG, etag='"v1"')), target, SOURCE)
    assert target.read_bytes() == BIG


def test_a_later_call_resumes_what_an_earlier_one_had(server, client, target) -> None:
    url = server.script("/f", Reply(BIG, etag='"v1"', cut_after=100_000))
    assert "coupé en route" in refused(client, url, target)
    had = target.with_name("fichier.csv.part").stat().st_size
    assert had == 400_000  # four attempts, each one further
    server.script("/f", Reply(BIG, etag='"v1"'))
    fetched = client.download(url, target, SOURCE)
    assert server.requests("/f")[-1].headers["Range"] == f"bytes={had}-"
    assert fetched.sha256 == hashlib.sha256(BIG).hexdigest()
    assert target.read_bytes() == BIG


def test_what_another_address_left_is_not_resumed(server, client, target) -> None:
    refused(client, server.script("/a", Reply(BIG, etag='"v1"', cut_after=100_000)), target)
    client.download(server.script("/b", Reply(CSV, etag='"v1"')), target, SOURCE)
    assert target.read_bytes() == CSV
    assert "Range" not in server.requests("/b")[0].headers


def test_a_damaged_note_is_no_obstacle(server, client, target) -> None:
    target.parent.mkdir()
    target.with_name("fichier.csv.part").write_bytes(b"reste")
    target.with_name("fichier.csv.part.json").write_text("[")
    client.download(server.script("/f", Reply(CSV)), target, SOURCE)
    assert target.read_bytes() == CSV


def test_a_truncated_body_is_an_error(server, client, target) -> None:
    url = server.script("/f", Reply(CSV, declared=len(CSV) + 10))
    assert "coupé en route" in refused(client, url, target)
    assert len(server.requests("/f")) == 4
    assert nothing_left(target)


def test_a_truncated_chunked_body_is_an_error(server, client, target) -> None:
    url = server.script("/f", Reply(BIG, chunked=True, cut_after=100_000))
    assert "coupé en route" in refused(client, url, target)


def test_a_truncated_compressed_body_is_an_error(server, client, target) -> None:
    packed = gzip.compress(BIG)
    reply = Reply(packed[:5000], headers={"Content-Encoding": "gzip"}, declared=len(packed))
    assert "coupé en route" in refused(client, server.script("/f", reply), target)


def test_ctrl_c_keeps_what_can_be_resumed(server, target) -> None:
    """A real process, really interrupted; the former file stays, the next call goes on."""
    target.parent.mkdir()
    target.write_bytes(b"ancien")
    url = server.script("/f", Reply(BIG, etag='"v1"', cut_after=200_000), Reply(delay=30.0))
    code = (
        "import sys; from pathlib import Path; from connectors.http import Client\n"
        "Client().download(sys.argv[1], Path(sys.argv[2]), 'essai')"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, url, str(target)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    deadline = time.monotonic() + 30
    while len(server.requests("/f")) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in child.communicate(timeout=30)[1]
    assert target.read_bytes() == b"ancien"
    server.script("/f", Reply(BIG, etag='"v1"'))
    Client().download(url, target, SOURCE)
    assert target.read_bytes() == BIG
    assert server.requests("/f")[-1].headers["Range"] == "bytes=200000-"


# Redirections.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirections_are_followed(server, client, target, status: int) -> None:
    server.script("/moved", redirect("/new id?x=é".encode().decode("latin-1"), status))
    server.script("/new%20id?x=%C3%A9", Reply(CSV))
    fetched = client.download(server.url("/moved"), target, SOURCE)
    assert target.read_bytes() == CSV
    assert fetched.url == server.url("/new%20id?x=%C3%A9")


def test_a_resume_goes_through_the_redirection_again(server, client, target) -> None:
    url = server.script("/r/id", redirect("/static/f"))
    server.script("/static/f", Reply(BIG, etag='"v1"', cut_after=300_000), Reply(BIG, etag='"v1"'))
    client.download(url, target, SOURCE)
    assert target.read_bytes() == BIG
    assert server.requests("/static/f")[1].headers["Range"] == "bytes=300000-"


def test_a_chain_of_redirections_is_bounded(server, client, target) -> None:
    for step in range(5):
        server.script(f"/{step}", redirect(f"/{step + 1}"))
    server.script("/5", Reply(CSV))
    client.download(server.url("/0"), target, SOURCE)
    assert target.read_bytes() == CSV


def test_a_redirection_loop_ends(server, client, target) -> None:
    server.script("/a", redirect("/b"))
    server.script("/b", redirect("/a"))
    assert "tourne en rond" in refused(client, server.url("/a"), target)
    assert len(server.seen) == 6


def test_a_redirection_elsewhere_than_the_web_is_refused(server, client, target) -> None:
    url = server.script("/f", redirect("file:///etc/passwd"))
    assert "adresse inconnue" in refused(client, url, target)


def test_a_dead_id_redirected_to_a_page_is_told(server, client, target) -> None:
    server.script("/accueil", Reply(HTML, headers={"Content-Type": "text/html"}))
    url = server.script("/datasets/r/ancien-id", redirect("/accueil"))
    message = refused(client, url, target)
    assert "page web" in message
    assert f"data/sources/{SOURCE}.yml" in message


# What will not pass: refused at once, with what to do.


def test_not_found_is_not_retried(server, client, watch, target) -> None:
    url = server.script("/f", NOT_FOUND)
    message = refused(client, url, target)
    assert "404 (Not Found)" in message
    assert f"data/sources/{SOURCE}.yml" in message
    assert "dossier de dépôt" in message
    assert len(server.requests("/f")) == 1
    assert watch.waits == []
    assert nothing_left(target)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(400, "a sans doute changé"), (401, "réservé"), (403, "refusé"), (410, "retiré")],
)
def test_other_refusals_say_what_to_do(server, client, target, status: int, remedy: str) -> None:
    body = b'{"errors": [{"title": "Invalid query string"}]}'
    message = refused(client, server.script("/f", Reply(body, status, JSON)), target)
    assert f"{status} ([{{'title': 'Invalid query string'}}])" in message
    assert remedy in message
    assert len(server.seen) == 1


def test_a_page_served_as_data_is_refused(server, client, target) -> None:
    url = server.script("/f.csv", Reply(b"\xef\xbb\xbf\n " + HTML, headers={}, etag='"v1"'))
    assert "page web" in refused(client, url, target)
    assert nothing_left(target)


def test_an_xml_error_served_as_data_is_refused(server, client, target) -> None:
    body = b'<?xml version="1.0"?><ServiceExceptionReport/>'
    assert "page web" in refused(client, server.script("/wfs", Reply(body)), target)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": "Dataset inconnu"}, "Dataset inconnu"),
        ({"error_code": "ODSQLError", "message": "Champ inconnu"}, "Champ inconnu"),
        ({"errors": [{"detail": "page_size"}]}, "page_size"),
    ],
)
def test_a_json_error_served_as_data_is_refused(server, client, target, body, said) -> None:
    url = server.script("/f", Reply(json.dumps(body).encode(), headers=JSON))
    assert said in refused(client, url, target)
    assert nothing_left(target)


@pytest.mark.parametrize("status", [200, 204])
def test_an_empty_answer_is_refused(server, client, target, status: int) -> None:
    assert "Source" in refused(client, server.script("/f", Reply(b"", status)), target)


def test_a_former_file_survives_every_refusal(server, client, target) -> None:
    target.parent.mkdir()
    target.write_bytes(b"ancien")
    replies = [NOT_FOUND, Reply(HTML), Reply(CSV, declared=999), Reply(b"", 500)]
    for number, reply in enumerate(replies):
        with pytest.raises(SourceUnavailable):
            client.download(server.script(f"/{number}", reply), target, SOURCE)
    assert target.read_bytes() == b"ancien"


# Sizes and delays.


def test_two_gigabytes_declared_are_refused_before_a_byte_is_kept(server, client, target) -> None:
    steps: list[int] = []
    url = server.script("/f", Reply(CSV, declared=2 * 1024**3 + 1, etag='"v1"'))
    with pytest.raises(SourceUnavailable, match=r"taille admise \(2 Go\)"):
        client.download(url, target, SOURCE, lambda done, total: steps.append(done))
    assert steps == []
    assert len(server.seen) == 1
    assert nothing_left(target)


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_an_undeclared_flood_is_stopped(server, watch, target, headers) -> None:
    body = gzip.compress(bytes(5_000_000)) if headers else bytes(200_000)
    url = server.script("/f", Reply(body, chunked=True, headers=headers))
    client = Client(Policy(interval=0.0, max_bytes=100_000), watch.timing())
    assert "taille admise" in refused(client, url, target)
    assert nothing_left(target)


def test_a_slow_drip_meets_the_deadline(server, target) -> None:
    """Each byte comes in time; the whole would take ten seconds. Real clock."""
    url = server.script("/f", Reply(bytes(500), drip=0.02))
    client = Client(Policy(interval=0.0, total_seconds=0.5))
    since = time.monotonic()
    assert "trop lent" in refused(client, url, target)
    assert time.monotonic() - since < 5


def test_retries_stop_at_the_deadline(server, watch, target) -> None:
    url = server.script("/f", Reply(b"", 429, {"Retry-After": "100"}))
    client = Client(Policy(interval=0.0, total_seconds=150), watch.timing())
    assert "délai total" in refused(client, url, target)
    assert watch.waits == [100.0]


# Politeness.


def test_requests_to_a_host_are_spaced_out(server, watch) -> None:
    url = server.script("/f", Reply(CSV))
    policy = Policy(intervals={"127.0.0.1": 2.0})
    client = Client(policy, watch.timing())
    for _ in range(3):
        client.read(url, SOURCE)
    assert watch.waits == [2.0, 2.0]


def test_insee_is_asked_thirty_times_a_minute_at_most() -> None:
    assert 60 / Policy().intervals["api.insee.fr"] <= 30
    assert Policy().interval > 0


def test_spacing_holds_between_threads(server) -> None:
    url = server.script("/f", Reply(CSV))
    client = Client(Policy(interval=0.1))
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: client.read(url, SOURCE), range(4)))
    moments = sorted(one.at for one in server.seen)
    assert len(moments) == 4
    assert moments[-1] - moments[0] >= 0.25


# Networks.


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_unreachable_host_is_told_once_and_spared_for_a_while(server, client, watch, target):
    url = f"http://127.0.0.1:{closed_port()}/f"
    message = refused(client, url, target)
    assert "site injoignable" in message
    assert "HTTPS_PROXY" in message
    assert watch.waits == []
    assert "injoignable à l'instant" in refused(client, server.script("/f", Reply(CSV)), target)
    assert server.seen == []
    watch.sleep(61)
    client.download(server.url("/f"), target, SOURCE)
    assert target.read_bytes() == CSV


@pytest.mark.skipif(sys.platform != "linux", reason="une file d'attente pleine n'y fait pas taire")
def test_a_firewall_that_says_nothing_is_met_once(watch, target) -> None:
    """A port whose queue is full drops what comes, as firewalls do."""
    client = Client(Policy(interval=0.0, connect_seconds=0.2, attempts=2), watch.timing())
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for one in (first, second):
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/f"
        assert "connexion impossible dans le délai (2 essais)" in refused(client, url, target)
        since = time.monotonic()
        assert "injoignable à l'instant" in refused(client, url, target)
        assert time.monotonic() - since < 0.2


def test_a_malformed_address_is_refused(client, target) -> None:
    assert "adresse illisible" in refused(client, "http://[::1", target)


def test_the_proxy_of_the_environment_is_used(server, client, target, monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.root)
    monkeypatch.setenv("NO_PROXY", "")
    url = "http://donnees.invalid/f.csv"
    server.script(url, Reply(CSV))
    client.download(url, target, SOURCE)
    assert target.read_bytes() == CSV
    assert [one.path for one in server.seen] == [url]


def test_a_dead_proxy_is_told(client, target, monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("NO_PROXY", "")
    message = refused(client, "http://donnees.invalid/f.csv", target)
    assert "le proxy ne répond pas" in message


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of no known authority: for the server with its key, and alone."""
    key, alone, both = (tmp_path / name for name in ("cle.pem", "cert.pem", "serveur.pem"))
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(alone)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl est absent")
    both.write_bytes(key.read_bytes() + alone.read_bytes())
    return both, alone


def test_an_unknown_certificate_is_refused_until_the_bundle_names_it(
    certificate, client, target, monkeypatch
) -> None:
    both, alone = certificate
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with DataServer(both) as secure:
        url = secure.script("/f", Reply(CSV))
        message = refused(client, url, target)
        assert "certificat" in message
        assert "REQUESTS_CA_BUNDLE" in message
        assert secure.seen == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(alone))
        client.download(url, target, SOURCE)
        assert target.read_bytes() == CSV


def test_https_is_not_left_for_http_but_on_loopback(
    server, certificate, client, target, monkeypatch
) -> None:
    both, alone = certificate
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(alone))
    with DataServer(both) as secure:
        away = secure.script("/away", redirect("http://donnees.invalid/f"))
        assert "sans chiffrement (donnees.invalid)" in refused(client, away, target)
        client.download(
            secure.script("/near", redirect(server.script("/f", Reply(CSV)))), target, SOURCE
        )
        assert target.read_bytes() == CSV


# Versions.


def test_a_version_already_had_is_not_sent_again(server, client, target) -> None:
    url = server.script("/f", Reply(CSV, etag='"v1"'))
    assert client.refresh(url, target, SOURCE, '"v1"') is None
    assert nothing_left(target)
    fetched = client.refresh(url, target, SOURCE, '"v0"')
    assert fetched is not None
    assert target.read_bytes() == CSV


def test_a_folder_that_cannot_be_written_is_told(server, client, tmp_path) -> None:
    (tmp_path / "fichier").write_bytes(b"")
    url = server.script("/f", Reply(CSV))
    with pytest.raises(SourceUnavailable, match="écriture impossible"):
        client.download(url, tmp_path / "fichier" / "f.csv", SOURCE)


def test_many_files_at_once_through_one_client(server, client, tmp_path) -> None:
    bodies = [BIG + bytes([number]) for number in range(6)]
    urls = [
        server.script(f"/{n}", Reply(body, etag='"v"', cut_after=350_000), Reply(body, etag='"v"'))
        for n, body in enumerate(bodies)
    ]
    with ThreadPoolExecutor(6) as threads:
        jobs = [
            threads.submit(client.download, url, tmp_path / str(n), SOURCE)
            for n, url in enumerate(urls)
        ]
    for job, body in zip(jobs, bodies, strict=True):
        assert job.result().sha256 == hashlib.sha256(body).hexdigest()
        assert job.result().path.read_bytes() == body
