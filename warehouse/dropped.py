"""Files dropped from the screen: known by their content or turned away, then kept for the builds."""

from __future__ import annotations

import re
import shutil
import tempfile
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from connectors.depot import Found, Unknown, examine, scan
from connectors.errors import ConnectorError
from warehouse.loading import connectors

MAX_NAME = 100
_KEPT = re.compile(r"[^\w. ()+-]")
# Names that Windows keeps for its devices, whatever their extension.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Accepted:
    """A file that was kept. ``beside``: those kept before of the same source and vintage."""

    found: Found
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rejected:
    """A file that was not kept, and why, in French."""

    name: str
    reason: str


def safe_name(name: str) -> str:
    """The last part of ``name``, without anything that leads elsewhere, hides it or runs."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = _KEPT.sub("_", last.lstrip(".~$ ").rstrip(". "))
    stem, dot, extension = kept.rpartition(".")
    if dot and len(kept) > MAX_NAME:
        kept = f"{stem[: MAX_NAME - 10]}.{extension[:9]}"
    kept = kept[:MAX_NAME] or "fichier"
    return f"fichier-{kept}" if _DEVICES.fullmatch(kept) else kept


def drop(stream: BinaryIO, name: str, folder: Path) -> Accepted | Rejected:
    """Keep a file in ``folder`` when a connector knows its content. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    name = safe_name(name)
    with tempfile.TemporaryDirectory(prefix=".reception-", dir=folder) as reception:
        received = Path(reception) / name
        with received.open("wb") as target:
            shutil.copyfileobj(stream, target)
        try:
            known = examine(received, connectors())
        except ConnectorError as error:
            return Rejected(name, str(error))
        if isinstance(known, Unknown):
            return Rejected(name, known.reason)
        return _keep(known, folder)


def _keep(known: Found, folder: Path) -> Accepted | Rejected:
    kept = [one for one in dropped(folder) if isinstance(one, Found)]
    for one in kept:
        if one.raw.sha256 == known.raw.sha256:
            reason = f"le même fichier est déjà déposé, sous le nom {one.raw.name}."
            return Rejected(known.raw.name, reason)
    final = _free(folder / known.raw.name)
    known.raw.path.rename(final)
    raw = replace(known.raw, path=final, name=final.name)
    same = (one.raw.name for one in kept if one.recognition == known.recognition)
    return Accepted(replace(known, raw=raw), tuple(same))


def _free(path: Path) -> Path:
    """``path``, or the first of its numbered variants that does not exist."""
    number, free = 2, path
    while free.exists():
        free = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return free


def dropped(folder: Path) -> list[Found | Unknown]:
    """What ``folder`` holds, by path. Raises ConnectorError when it cannot be read."""
    return scan(folder, connectors()) if folder.is_dir() else []


def remove(path: Path, folder: Path) -> None:
    """Take a file out of ``folder``; one that is elsewhere, or gone, is left alone."""
    inside = path.parent.resolve() / path.name
    if inside.is_relative_to(folder.resolve()) and not inside.is_dir():
        inside.unlink(missing_ok=True)
