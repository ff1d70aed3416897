"""The raw cache: the bytes a producer gave, beside a card of where and when they were had.

    <folder>/<source_id>/<file_name>.meta.json      the entry: url, retrieved_at, sha256, size, etag
    <folder>/<source_id>/<start of sha256>/<file_name>      its bytes, never rewritten

An entry changes in one step, when its card is replaced: whoever is stopped, at any moment, leaves
the former one whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from connectors.base import Download, Origin, RawFile
from connectors.errors import ChecksumMismatch, SourceUnavailable
from connectors.http import Client, Fetched, Progress

META = ".meta.json"
Tell = Callable[[str, str], None]
"""Called with a source id and a French sentence: what was not as wished, and what was done."""
Elsewhere = Callable[[str, str], str | None]
"""Called with a source id and an address where nothing is any more: where it has moved to, if known."""

_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,150}")


@dataclass(frozen=True)
class Meta:
    """Card of an entry. ``url`` is the address asked for, ``retrieved_at`` an ISO date and time.

    ``found`` is the address that answered when what was asked for had moved; empty otherwise.
    """

    url: str
    retrieved_at: str
    sha256: str
    size: int
    etag: str = ""
    found: str = ""

    @property
    def date(self) -> str:
        """Day of retrieval, ISO."""
        return datetime.fromisoformat(self.retrieved_at).date().isoformat()


@dataclass(frozen=True)
class _Entry:
    """Where the bytes and the card of one file of one source are."""

    folder: Path
    name: str

    @property
    def card(self) -> Path:
        return self.folder / f"{self.name}{META}"

    def bytes_of(self, sha256: str) -> Path:
        return self.folder / sha256[:12] / self.name

    def meta(self) -> Meta | None:
        """The card, or None when there is none that can be read."""
        try:
            meta = Meta(**json.loads(self.card.read_text("utf-8")))
            datetime.fromisoformat(meta.retrieved_at).astimezone(UTC)
        except (OSError, ValueError, TypeError):
            return None
        return meta

    def is_whole(self, meta: Meta) -> bool:
        """Whether the bytes are those the card announces."""
        try:
            with self.bytes_of(meta.sha256).open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() == meta.sha256
        except OSError:
            return False

    def raw(self, meta: Meta, origin: Origin) -> RawFile:
        path = self.bytes_of(meta.sha256)
        return RawFile(path, self.name, meta.found or meta.url, origin, meta.date, meta.sha256)


class Cache:
    """A folder of raw files, filled through one HTTP client. Safe between threads and processes."""

    def __init__(
        self,
        folder: Path,
        client: Client,
        tell: Tell = lambda source_id, sentence: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        lock_seconds: float = 1800.0,
        elsewhere: Elsewhere = lambda source_id, url: None,
    ) -> None:
        self.folder, self._client, self._tell, self._now = folder, client, tell, now
        self._lock_seconds, self._elsewhere = lock_seconds, elsewhere

    def get_or_fetch(
        self,
        download: Download,
        source_id: str,
        max_age: timedelta,
        progress: Progress = lambda done, total: None,
    ) -> RawFile:
        """The file of ``download``: from the cache when younger than ``max_age``, else asked for.

        Its addresses are tried in order; when none answers, the copy kept is given, and it is told.
        Origin is "direct" for bytes the producer gave or confirmed just now, else "cache". Raises
        SourceUnavailable without any copy, ChecksumMismatch when the copy kept is damaged.
        """
        entry = self._entry(download, source_id)
        try:
            entry.folder.mkdir(parents=True, exist_ok=True)
            with self._locked(entry, source_id):
                return self._get_or_fetch(entry, download, source_id, max_age, progress)
        except OSError as error:
            reason = f"le dossier {entry.folder} est inutilisable ({error.strerror or error})."
            remedy = "Vérifiez la place libre et les droits sur ce dossier."
            raise SourceUnavailable(source_id, reason, remedy) from error

    def _get_or_fetch(
        self,
        entry: _Entry,
        download: Download,
        source_id: str,
        max_age: timedelta,
        progress: Progress,
    ) -> RawFile:
        meta = entry.meta()
        if meta is not None and meta.url not in (download.url, *download.fallbacks):
            meta = None  # the same name for another address: another file
        whole = meta is not None and entry.is_whole(meta)
        if meta is not None and whole and self._is_fresh(meta, max_age):
            return entry.raw(meta, "cache")
        try:
            return self._ask(entry, download, source_id, meta if whole else None, progress)
        except SourceUnavailable as failure:
            if meta is None:
                raise
            return self._copy_kept(entry, source_id, meta, whole, failure)

    def held(self, source_id: str) -> list[RawFile]:
        """Files of a source that were had before, by name; damaged ones are told and left out."""
        files = []
        for card in sorted((self.folder / source_id).glob(f"*{META}")):
            entry = _Entry(card.parent, card.name.removesuffix(META))
            meta = entry.meta()
            if meta is not None and entry.is_whole(meta):
                files.append(entry.raw(meta, "cache"))
            else:
                self._tell(source_id, f"La copie gardée de {entry.name} est abîmée : ignorée.")
        return files

    def _entry(self, download: Download, source_id: str) -> _Entry:
        """Place of a download. A name may come from a live catalogue: it cannot lead elsewhere."""
        name = download.file_name
        safe = _SAFE_NAME.fullmatch(name) and _SAFE_NAME.fullmatch(source_id)
        if not safe or name.endswith(META):
            raise SourceUnavailable(
                source_id, f"nom de fichier refusé : {name!r}.", "Signalez-le à Gradient."
            )
        return _Entry(self.folder / source_id, name)

    @contextlib.contextmanager
    def _locked(self, entry: _Entry, source_id: str) -> Iterator[None]:
        """One writer an entry."""
        lock = FileLock(entry.folder / f".{entry.name}.lock", timeout=self._lock_seconds)
        try:
            lock.acquire()
        except Timeout as error:
            reason = f"un autre téléchargement de {entry.name} est en cours."
            raise SourceUnavailable(source_id, reason, "Attendez qu'il se termine.") from error
        try:
            yield
        finally:
            lock.release()

    def _is_fresh(self, meta: Meta, max_age: timedelta) -> bool:
        age = self._now() - datetime.fromisoformat(meta.retrieved_at)
        return timedelta(0) <= age < max_age

    def _ask(
        self,
        entry: _Entry,
        download: Download,
        source_id: str,
        kept: Meta | None,
        progress: Progress,
    ) -> RawFile:
        """Try each address in order; tell which ones failed when a later one answers."""
        failed: list[SourceUnavailable] = []
        for url in (download.url, *download.fallbacks):
            try:
                raw = self._fetch(entry, url, source_id, kept, progress)
            except SourceUnavailable as failure:
                failed.append(failure)
                continue
            for former in failed:
                self._tell(source_id, f"{former.reason} Adresse de secours utilisée : {url}.")
            return raw
        moved = self._moved(entry, download, source_id, kept, failed, progress)
        if moved is not None:
            return moved
        if len(failed) == 1:
            raise failed[0]
        said = " ".join(one.reason for one in failed)
        raise SourceUnavailable(source_id, said, failed[0].remedy) from failed[-1]

    def _moved(
        self,
        entry: _Entry,
        download: Download,
        source_id: str,
        kept: Meta | None,
        failed: list[SourceUnavailable],
        progress: Progress,
    ) -> RawFile | None:
        """The file where its service says that it has moved to; None, and ``failed`` knows why."""
        if not any(failure.gone for failure in failed):
            return None
        try:
            url = self._elsewhere(source_id, download.url)
            if url is None or url in (download.url, *download.fallbacks):
                return None
            raw = self._fetch(entry, url, source_id, kept, progress, asked=download.url)
        except SourceUnavailable as failure:
            failed.append(failure)
            return None
        self._tell(
            source_id,
            f"{failed[0].reason} Retrouvé ailleurs : {url}. Corrigez data/sources/{source_id}.yml "
            "pour ne plus le chercher.",
        )
        return raw

    def _fetch(
        self,
        entry: _Entry,
        url: str,
        source_id: str,
        kept: Meta | None,
        progress: Progress,
        asked: str = "",
    ) -> RawFile:
        target = entry.folder / f".{entry.name}.new"
        if kept is not None and kept.etag and (kept.found or kept.url) == url:
            fetched = self._client.refresh(url, target, source_id, kept.etag, progress)
            if fetched is None:
                meta = replace(kept, retrieved_at=self._moment())
                _write_card(entry.card, meta)
                return entry.raw(meta, "direct")
        else:
            fetched = self._client.download(url, target, source_id, progress)
        meta = Meta(
            asked or url,
            self._moment(),
            fetched.sha256,
            fetched.size,
            fetched.etag,
            url if asked else "",
        )
        self._keep(entry, fetched, meta)
        return entry.raw(meta, "direct")

    def _moment(self) -> str:
        return self._now().isoformat(timespec="seconds")

    def _keep(self, entry: _Entry, fetched: Fetched, meta: Meta) -> None:
        former = entry.meta()
        path = entry.bytes_of(meta.sha256)
        path.parent.mkdir(exist_ok=True)
        fetched.path.replace(path)
        _write_card(entry.card, meta)
        if former is not None and former.sha256 != meta.sha256:
            stale = entry.bytes_of(former.sha256)
            with contextlib.suppress(OSError):  # still read by someone, or shared
                stale.unlink()
                stale.parent.rmdir()

    def _copy_kept(
        self, entry: _Entry, source_id: str, meta: Meta, whole: bool, failure: SourceUnavailable
    ) -> RawFile:
        if not whole:
            raise ChecksumMismatch(
                f"Source {source_id} : la copie gardée de {entry.name} est abîmée (empreinte "
                f"différente de celle du {meta.date}) et n'a pas pu être remplacée. "
                f"{failure.reason} {failure.remedy}"
            ) from failure
        self._tell(source_id, f"{failure.reason} Copie du {meta.date} utilisée. {failure.remedy}")
        return entry.raw(meta, "cache")


def _write_card(path: Path, meta: Meta) -> None:
    """Replace a card in one step."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(asdict(meta), stream, indent=1)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
