"""The drop folder: files downloaded by hand, recognised by their content, used as if fetched."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connectors.base import Connector, RawFile, Recognition, Sample
from connectors.errors import AmbiguousFile, SourceUnavailable
from connectors.sniff import MAX_FILE_BYTES, guess_separator, sample


@dataclass(frozen=True)
class Found:
    """A file that ``connector`` knows."""

    raw: RawFile
    connector: str
    recognition: Recognition


@dataclass(frozen=True)
class Unknown:
    """A file left aside, and why, in French."""

    path: Path
    reason: str


def scan(folder: Path, connectors: Mapping[str, Connector]) -> list[Found | Unknown]:
    """Every file of ``folder`` and below, by path: found by a connector, or unknown with a reason.

    The same bytes twice count once. Raises SourceUnavailable when the folder cannot be read,
    AmbiguousFile when two connectors take the same file for theirs.
    """
    if not folder.is_dir():
        raise SourceUnavailable(
            "depot", f"le dossier {folder} n'existe pas.", "Créez-le, ou indiquez-en un autre."
        )
    seen: dict[str, Path] = {}
    results: list[Found | Unknown] = []
    for path in sorted(_entries(folder.resolve())):
        result = examine(path, connectors)
        if isinstance(result, Found):
            first = seen.setdefault(result.raw.sha256, path)
            if first != path:
                result = Unknown(path, f"même contenu que {first.name}, déjà pris en compte.")
        results.append(result)
    return results


def _entries(folder: Path) -> Iterator[Path]:
    """Everything below ``folder`` that is not a folder, or is one not to be entered.

    Links are never followed.
    """
    for here, below, names in os.walk(folder, followlinks=False):
        closed = [name for name in below if _is_hidden(name) or not _can_enter(here, name)]
        below[:] = [name for name in below if name not in closed]
        yield from (Path(here, name) for name in [*names, *closed])


def _can_enter(here: str, name: str) -> bool:
    path = Path(here, name)
    return not path.is_symlink() and os.access(path, os.R_OK | os.X_OK)


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$"))


def examine(path: Path, connectors: Mapping[str, Connector]) -> Found | Unknown:
    """A file alone: found by a connector, or unknown with a reason. Raises AmbiguousFile."""
    try:
        reason = _ignored(path)
        if reason:
            return Unknown(path, reason)
        return _recognised(path, connectors)
    except SourceUnavailable as error:
        return Unknown(path, f"{error.reason} {error.remedy}")
    except OSError as error:
        return Unknown(path, f"fichier illisible ({error.strerror}).")


def _ignored(path: Path) -> str:
    """Why a file is not even opened; empty when it may be."""
    status = path.lstat()
    if _is_hidden(path.name):
        return "fichier ou dossier caché, ignoré."
    if stat.S_ISLNK(status.st_mode):
        return "lien, ignoré : déposez le fichier lui-même."
    if stat.S_ISDIR(status.st_mode):
        return "dossier illisible : vérifiez vos droits."
    if not stat.S_ISREG(status.st_mode):
        return "ce n'est pas un fichier ordinaire."
    if status.st_size > MAX_FILE_BYTES:
        return "fichier de plus de 2 Go, ignoré."
    return ""


def _recognised(path: Path, connectors: Mapping[str, Connector]) -> Found | Unknown:
    shown = sample(path)
    if shown.kind == "empty":
        return Unknown(path, "fichier vide.")
    if shown.kind == "html":
        return Unknown(path, "c'est une page web, pas un fichier de données.")
    taken: dict[str, Recognition] = {}
    for name, connector in connectors.items():
        recognition = connector.recognise(shown)
        if recognition is not None:
            taken[name] = recognition
    if len(taken) > 1:
        raise AmbiguousFile(path.name, sorted(taken))
    for name, recognition in taken.items():
        return Found(_raw(path), name, recognition)
    return Unknown(path, _why_not(shown, connectors))


def _why_not(shown: Sample, connectors: Mapping[str, Connector]) -> str:
    """The most exact reason: that of the connector it looks made for, else what the content is."""
    for connector in connectors.values():
        explain = getattr(connector, "why_not", None)
        reason: str = explain(shown) if explain else ""
        if reason:
            return reason
    lines = [line for line in shown.head.splitlines() if line.strip()]
    if shown.kind == "csv" and len(lines) == 1 and len(shown.columns) > 1:
        return "un en-tête seul, sans aucune ligne de données, et ce n'est pas celui d'une source connue."
    if shown.kind == "csv" and not _is_table(lines):
        return "du texte, pas une table de données : aucun connecteur ne le lit."
    return "aucun connecteur ne reconnaît ce contenu."


def _is_table(lines: list[str]) -> bool:
    """Do the first lines have as many cells, by the separator that cuts them most regularly?"""
    separator = guess_separator("\n".join(lines))
    cuts = {line.count(separator) for line in lines[:5]}
    return len(cuts) == 1 and cuts != {0}


def _raw(path: Path) -> RawFile:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    date = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC).date().isoformat()
    return RawFile(path, path.name, "", "depot", date, digest)
