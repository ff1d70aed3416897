"""The one way out to the network: polite, patient within bounds, and wary of what it is given.

Every live connector goes through ``Client``. It waits between two requests to a host, retries only
what may pass (429, 500, 502, 503, 504, resets, timeouts), resumes a download that was cut, and
refuses what is no data. Proxies and REQUESTS_CA_BUNDLE are honoured; TLS is always verified.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import random
import re
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Self
from urllib.parse import urljoin, urlsplit

import requests
from requests import exceptions as failures
from urllib3.exceptions import HTTPError, NewConnectionError

from connectors import VERSION
from connectors.errors import SourceUnavailable
from connectors.sniff import HEAD_BYTES, MAX_FILE_BYTES, kind_of

# A header is ASCII: a name with an accent may be refused, or cut, on the way.
USER_AGENT = f"Gradient/{VERSION} (diagnostic territorial de sante; donnees ouvertes)"
RETRIED = frozenset({429, 500, 502, 503, 504})
GONE = frozenset({404, 410})
CHUNK = 64 * 1024
MAX_ANSWER_BYTES = 64 * 1024**2

Progress = Callable[[int, int | None], None]
"""Called with the bytes had so far, and their total when the server declares it."""

_BY_HAND = (
    "téléchargez le fichier à la main depuis la page de la source et posez-le dans le dossier de "
    "dépôt"
)
_REMEDIES = {
    400: "Le service ne comprend plus la demande : il a sans doute changé. Signalez-le ; d'ici là, "
    f"{_BY_HAND}.",
    401: f"L'accès est réservé : {_BY_HAND}.",
    403: f"L'accès est refusé, par le service ou par votre réseau : {_BY_HAND}.",
    404: f"Le fichier a sans doute été déplacé : corrigez data/sources/{{source}}.yml, ou {_BY_HAND}.",
    410: f"Le fichier a été retiré : corrigez data/sources/{{source}}.yml, ou {_BY_HAND}.",
    429: "Le service limite les demandes : réessayez dans quelques minutes.",
}
_OUT_OF_ORDER = f"Le service est en panne : réessayez plus tard, ou {_BY_HAND}."
_NO_NETWORK = (
    "Vérifiez la connexion et le proxy (variables HTTPS_PROXY et NO_PROXY) ; si votre réseau "
    f"bloque ce site, {_BY_HAND}."
)
_NO_TRUST = (
    "Si votre réseau inspecte les connexions, donnez le certificat de votre organisme dans la "
    "variable REQUESTS_CA_BUNDLE ; la vérification n'est jamais désactivée."
)


@dataclass(frozen=True)
class Policy:
    """Bounds of a download. Seconds and bytes; ``total_seconds`` covers retries and waits."""

    connect_seconds: float = 5.0
    read_seconds: float = 60.0
    total_seconds: float = 1800.0
    attempts: int = 4
    longest_wait: float = 120.0
    max_bytes: int = MAX_FILE_BYTES
    max_redirects: int = 5
    unreachable_seconds: float = 60.0
    interval: float = 0.2
    intervals: Mapping[str, float] = field(
        default_factory=lambda: {
            "api.insee.fr": 2.0,  # 30 requests a minute
            "tabular-api.data.gouv.fr": 0.5,
            "data.geopf.fr": 1.0,
        }
    )


@dataclass(frozen=True)
class Timing:
    """Clock, wait and chance, so that a test need not wait."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    random: Callable[[], float] = random.random


@dataclass(frozen=True)
class Fetched:
    """Bytes had, whole. ``url`` is where the redirections led."""

    path: Path
    url: str
    sha256: str
    size: int
    etag: str


@dataclass(frozen=True)
class _Errand:
    """A request on behalf of a source: what every refusal must name."""

    source_id: str
    url: str
    deadline: float
    max_bytes: int
    progress: Progress

    def unavailable(self, reason: str, remedy: str, *, gone: bool = False) -> SourceUnavailable:
        url = self.url if len(self.url) <= 200 else f"{self.url[:200]}…"
        return SourceUnavailable(self.source_id, f"{url} : {reason}", remedy, gone=gone)


class _Transient(Exception):
    """Something that may pass: worth another attempt, after ``wait`` seconds when the host says so.

    ``unreachable`` is the host that could not be connected to.
    """

    def __init__(
        self,
        reason: str,
        remedy: str,
        *,
        wait: float = 0.0,
        slow: bool = False,
        unreachable: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason, self.remedy, self.wait, self.slow = reason, remedy, wait, slow
        self.unreachable = unreachable


def _silent(done: int, total: int | None) -> None:
    """No progress is shown."""


class Client:
    """One polite session. It may be shared between threads; a target has one writer at a time."""

    def __init__(self, policy: Policy | None = None, timing: Timing | None = None) -> None:
        self.policy = policy or Policy()
        self.timing = timing or Timing()
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT
        self._pace = _Pace(self.policy, self.timing)
        self._unreachable: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def download(
        self, url: str, target: Path, source_id: str, progress: Progress = _silent
    ) -> Fetched:
        """Bring the bytes of ``url`` into ``target``, which is replaced only once they are whole.

        What an interrupted call had is resumed by the next one when the server allows it. Raises
        SourceUnavailable naming the source, the URL, what happened and what to do.
        """
        errand = self._errand(url, source_id, progress, self.policy.max_bytes)
        fetched = self._bring(errand, target, etag="")
        if fetched is None:
            raise errand.unavailable("réponse 304 sans objet.", _OUT_OF_ORDER)
        return fetched

    def refresh(
        self, url: str, target: Path, source_id: str, etag: str, progress: Progress = _silent
    ) -> Fetched | None:
        """As ``download``, but None when the server still holds the version ``etag``."""
        errand = self._errand(url, source_id, progress, self.policy.max_bytes)
        return self._bring(errand, target, etag)

    def read(self, url: str, source_id: str, max_bytes: int = MAX_ANSWER_BYTES) -> bytes:
        """A small answer (a page of an API, a catalogue), in memory. Raises as ``download``."""
        errand = self._errand(url, source_id, _silent, max_bytes)
        with tempfile.TemporaryDirectory(prefix="gradient-") as folder:
            target = Path(folder) / "reponse"
            self._bring(errand, target, etag="")
            return target.read_bytes()

    def _errand(self, url: str, source_id: str, progress: Progress, max_bytes: int) -> _Errand:
        deadline = self.timing.monotonic() + self.policy.total_seconds
        return _Errand(source_id, url, deadline, max_bytes, progress)

    def _bring(self, errand: _Errand, target: Path, etag: str) -> Fetched | None:
        try:
            return self._bring_whole(errand, target, etag)
        except OSError as error:  # those of the network are told apart where they occur
            reason = f"écriture impossible dans {target.parent} ({error.strerror or error})."
            remedy = "Vérifiez la place libre et les droits sur ce dossier."
            raise errand.unavailable(reason, remedy) from error

    def _bring_whole(self, errand: _Errand, target: Path, etag: str) -> Fetched | None:
        with _Part(target, errand.url) as part:
            for attempt in range(1, self.policy.attempts + 1):
                try:
                    answer = self._once(errand, part, etag)
                    break
                except _Transient as problem:
                    self._wait(errand, attempt, problem)
            if answer is None:
                return None
            _refuse_what_is_no_data(errand, part)
            part.publish()
            return Fetched(target, answer, part.digest.hexdigest(), part.size, part.etag)

    def _once(self, errand: _Errand, part: _Part, etag: str) -> str | None:
        """One attempt: the URL that gave the whole body, or None when it did not change."""
        headers = part.resume_headers()
        if etag and not headers:
            headers = {"If-None-Match": etag}
        with closing(self._open(errand, headers)) as response:
            if response.status_code == 304 and "If-None-Match" in headers:
                return None
            self._receive(errand, response, part)
            return response.url

    def _wait(self, errand: _Errand, attempt: int, problem: _Transient) -> None:
        """Wait before the next attempt, or give up: too many, or too late."""
        if attempt == self.policy.attempts:
            if problem.unreachable:
                self._note_unreachable(problem.unreachable)
            times = f" ({attempt} essais)" if attempt > 1 else ""
            raise errand.unavailable(f"{problem.reason}{times}.", problem.remedy) from problem
        backoff = (15.0 if problem.slow else 1.0) * 2 ** (attempt - 1)
        seconds = problem.wait or backoff * (0.5 + self.timing.random() / 2)
        seconds = min(seconds, self.policy.longest_wait)
        if self.timing.monotonic() + seconds >= errand.deadline:
            reason = f"{problem.reason}, et le délai total est épuisé."
            raise errand.unavailable(reason, problem.remedy) from problem
        self.timing.sleep(seconds)

    # One exchange: redirections, then the status.

    def _open(self, errand: _Errand, headers: dict[str, str]) -> requests.Response:
        url = errand.url
        for _ in range(self.policy.max_redirects + 1):
            response = self._send(errand, url, headers)
            location = self._session.get_redirect_target(response)
            if location is None:
                return self._accepted(errand, response)
            response.close()
            url = _next_url(errand, url, location)
        reason = f"plus de {self.policy.max_redirects} redirections, le service tourne en rond."
        raise errand.unavailable(reason, _REMEDIES[404].format(source=errand.source_id))

    def _send(self, errand: _Errand, url: str, headers: dict[str, str]) -> requests.Response:
        host = _host(errand, url)
        if self.timing.monotonic() < self._unreachable.get(host, 0.0):
            raise errand.unavailable("site injoignable à l'instant.", _NO_NETWORK)
        self._pace.wait_for(host)
        left = max(errand.deadline - self.timing.monotonic(), 0.001)
        timeouts = (min(self.policy.connect_seconds, left), min(self.policy.read_seconds, left))
        try:
            return self._session.get(
                url, headers=headers, timeout=timeouts, stream=True, allow_redirects=False
            )
        except failures.ProxyError as error:
            raise errand.unavailable("le proxy ne répond pas.", _NO_NETWORK) from error
        except failures.ConnectTimeout as error:
            reason = "connexion impossible dans le délai"
            raise _Transient(reason, _NO_NETWORK, unreachable=host) from error
        except failures.Timeout as error:
            raise _Transient("le service ne répond pas", _OUT_OF_ORDER) from error
        except failures.ConnectionError as error:
            raise self._lost(errand, host, error) from error
        except (failures.RequestException, UnicodeError) as error:
            raise _malformed(errand, error) from error

    def _lost(self, errand: _Errand, host: str, error: Exception) -> Exception:
        """What a broken connection means: nothing to retry, or a reset that may pass."""
        if _caused_by(error, ssl.SSLCertVerificationError):
            return errand.unavailable("le certificat du site n'est pas reconnu.", _NO_TRUST)
        if _caused_by(error, NewConnectionError):
            self._note_unreachable(host)
            return errand.unavailable("site injoignable.", _NO_NETWORK)
        return _Transient("la connexion a été coupée", _NO_NETWORK)

    def _note_unreachable(self, host: str) -> None:
        """Spare a blocked host, and the user, the hundred other requests of a refresh."""
        until = self.timing.monotonic() + self.policy.unreachable_seconds
        self._unreachable[host] = until

    def _accepted(self, errand: _Errand, response: requests.Response) -> requests.Response:
        """The response when it can be read. Raises _Transient or SourceUnavailable otherwise."""
        status = response.status_code
        if status in (200, 206, 304, 416):
            return response
        with closing(response):
            reason = f"le service a répondu {status}{_explanation(response)}"
        remedy = _REMEDIES.get(status, _OUT_OF_ORDER).format(source=errand.source_id)
        if status in RETRIED:
            wait = _retry_after(response.headers.get("Retry-After", ""), self.timing.now())
            raise _Transient(reason, remedy, wait=wait, slow=status == 429)
        raise errand.unavailable(f"{reason}.", remedy, gone=status in GONE)

    # The body.

    def _receive(self, errand: _Errand, response: requests.Response, part: _Part) -> None:
        declared = _declared(response)
        total = part.begin(response, declared)
        if max(declared or 0, total or 0) > errand.max_bytes:
            raise _too_big(errand, part)
        errand.progress(part.size, total)
        with part.path.open("ab") as stream:
            while chunk := self._chunk(errand, response):
                if part.size + len(chunk) > errand.max_bytes:
                    raise _too_big(errand, part)
                stream.write(chunk)
                part.add(chunk)
                errand.progress(part.size, total)
        if total is not None and part.size != total:
            raise _Transient(f"{part.size} octets reçus sur {total}", _OUT_OF_ORDER)

    def _chunk(self, errand: _Errand, response: requests.Response) -> bytes:
        """What has come, without waiting for more: a drip of bytes must not outlast the deadline."""
        if self.timing.monotonic() >= errand.deadline:
            minutes = self.policy.total_seconds / 60
            reason = f"trop lent, pas fini après {minutes:.0f} min."
            raise errand.unavailable(reason, f"Réessayez plus tard, ou {_BY_HAND}.")
        try:
            return response.raw.read1(CHUNK, decode_content=True)
        except HTTPError as error:
            raise _Transient("téléchargement coupé en route", _OUT_OF_ORDER) from error


class _Pace:
    """Spaces out the requests to each host."""

    def __init__(self, policy: Policy, timing: Timing) -> None:
        self._policy, self._timing = policy, timing
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait_for(self, host: str) -> None:
        interval = self._policy.intervals.get(host, self._policy.interval)
        with self._lock:
            now = self._timing.monotonic()
            turn = max(now, self._next.get(host, now))
            self._next[host] = turn + interval
        if turn > now:
            self._timing.sleep(turn - now)


class _Part:
    """The unfinished file beside its target, with a note of what allows to resume it."""

    def __init__(self, target: Path, url: str) -> None:
        self.path = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")
        self._target, self._url = target, url
        self.digest, self.size = hashlib.sha256(), 0
        self.etag, self._validator = "", ""

    def __enter__(self) -> Self:
        """Take up what an earlier call left, if it came from the same address."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            note = json.loads(self._note.read_text("utf-8"))
            if note["url"] == self._url:
                self._read_what_is_there()
                self.etag, self._validator = note["etag"], note["validator"]
        except (OSError, ValueError, KeyError, TypeError):
            self.discard()
        return self

    def __exit__(self, *error: object) -> None:
        """Keep what can be resumed, whatever stopped us; remove the rest."""
        if not (self._validator and self.size):
            self.discard()

    def _read_what_is_there(self) -> None:
        with self.path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                self.add(chunk)

    def add(self, chunk: bytes) -> None:
        self.digest.update(chunk)
        self.size += len(chunk)

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
        self.digest, self.size = hashlib.sha256(), 0
        self.etag, self._validator = "", ""

    def resume_headers(self) -> dict[str, str]:
        """Ask for what is missing, as long as the file has not changed; nothing at first."""
        if not (self._validator and self.size):
            return {}
        return {
            "Range": f"bytes={self.size}-",
            "If-Range": self._validator,
            "Accept-Encoding": "identity",
        }

    def begin(self, response: requests.Response, declared: int | None) -> int | None:
        """Prepare for a body; its total size, if known. Raises _Transient when it does not fit."""
        if response.status_code == 206:
            return self._go_on(response)
        self.discard()
        if response.status_code != 200:
            raise _Transient(f"réponse {response.status_code} à une reprise", _OUT_OF_ORDER)
        self.etag = response.headers.get("ETag", "")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            return None  # the bytes kept are not those sent: neither size nor resume
        strong = "" if self.etag.startswith("W/") else self.etag
        self._validator = strong or response.headers.get("Last-Modified", "")
        note = {"url": self._url, "etag": self.etag, "validator": self._validator}
        if self._validator:
            self._note.write_text(json.dumps(note), "utf-8")
        return declared

    def _go_on(self, response: requests.Response) -> int | None:
        said = response.headers.get("Content-Range", "")
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", said)
        if not found or int(found[1]) != self.size or "Content-Encoding" in response.headers:
            self.discard()
            raise _Transient("reprise refusée", _OUT_OF_ORDER)
        return None if found[2] == "*" else int(found[2])

    def publish(self) -> None:
        self.path.replace(self._target)
        self._note.unlink(missing_ok=True)
        self._validator = ""


def _declared(response: requests.Response) -> int | None:
    said = response.headers.get("Content-Length", "")
    return int(said) if said.isascii() and said.isdigit() else None


def _too_big(errand: _Errand, part: _Part) -> SourceUnavailable:
    part.discard()
    limit = errand.max_bytes / 1024**3
    reason = f"le fichier dépasse la taille admise ({limit:.3g} Go)."
    return errand.unavailable(reason, "Vérifiez l'adresse : ce n'est sans doute pas ce fichier.")


def _next_url(errand: _Errand, url: str, location: str) -> str:
    """Where a redirection leads. Raises SourceUnavailable when it leaves https for http."""
    try:
        there = urljoin(url, location)
    except ValueError as error:
        raise _malformed(errand, error) from error
    if not there.startswith(("http://", "https://")):
        raise errand.unavailable("redirection vers une adresse inconnue.", _OUT_OF_ORDER)
    host = _host(errand, there)
    downgraded = url.startswith("https:") and there.startswith("http:")
    if downgraded and not _is_loopback(host):
        reason = f"redirection refusée vers une adresse sans chiffrement ({host})."
        raise errand.unavailable(reason, f"Signalez-le ; d'ici là, {_BY_HAND}.")
    return there


def _host(errand: _Errand, url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError as error:
        raise _malformed(errand, error) from error


def _malformed(errand: _Errand, error: Exception) -> SourceUnavailable:
    remedy = f"Corrigez data/sources/{errand.source_id}.yml, ou {_BY_HAND}."
    return errand.unavailable(f"adresse illisible ({error}).", remedy)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _retry_after(said: str, now: float) -> float:
    """Seconds asked for by Retry-After (a number or a date); 0 when absent or unreadable."""
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        date = parsedate_to_datetime(said)
    except ValueError:
        return 0.0
    return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now)


def _caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error is not None


def _explanation(response: requests.Response) -> str:
    """What the service says of its refusal, in brackets, when it says it shortly."""
    try:
        start = response.raw.read1(2048, decode_content=True)
    except HTTPError:
        return ""
    said = _error_message(start)
    if not said and kind_of(start) == "csv":
        said = start.decode("utf-8", "replace")
    brief = " ".join(said.split())[:150].rstrip(". ")
    return f" ({brief})" if brief else ""


def _error_message(body: bytes) -> str:
    """Message of a JSON error; empty when ``body`` is no such thing."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict):
        return ""
    named = next(
        (answer[key] for key in ("error", "error_code", "errors") if answer.get(key)), None
    )
    if named is None:
        return ""
    message = answer.get("message") or answer.get("detail")
    return str(message or named)


def _refuse_what_is_no_data(errand: _Errand, part: _Part) -> None:
    """A page or an error served as if it were the file. Raises SourceUnavailable."""
    with part.path.open("rb") as stream:
        start = stream.read(HEAD_BYTES)
    kind = kind_of(start)
    said = _error_message(start) if kind == "json" and part.size <= HEAD_BYTES else ""
    if kind == "empty":
        reason = "réponse vide (statut 200)."
    elif kind == "html" or start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        reason = "une page web est venue à la place des données (statut 200)."
    elif said:
        reason = f"le service signale une erreur (statut 200) : {' '.join(said.split())[:150]}."
    else:
        return
    part.discard()
    remedy = _REMEDIES[404].format(source=errand.source_id)
    raise errand.unavailable(reason, remedy, gone=kind == "html")
