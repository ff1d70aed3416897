"""Where the warehouse lives, and which build is published."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import NotBuilt

ROOT = Path(__file__).resolve().parent.parent
SQL = ROOT / "sql"
POINTER = "courant.json"
DROPPED = "depot"


def data_dir() -> Path:
    """Folder of the builds: ``GRADIENT_DATA_DIR``, or ``data/entrepot`` of this copy."""
    return Path(os.environ.get("GRADIENT_DATA_DIR") or ROOT / "data" / "entrepot").resolve()


def drop_folder(folder: Path | None = None) -> Path:
    """Where files dropped from the page Données are kept; every national build reads them."""
    return (folder or data_dir()) / DROPPED


@dataclass(frozen=True)
class Published:
    """The build that readers open."""

    build_id: str
    path: Path


def published(folder: Path | None = None) -> Published:
    """The published build. Raises NotBuilt when there is none, or when its file has gone."""
    folder = folder or data_dir()
    try:
        pointer = json.loads((folder / POINTER).read_text("utf-8"))
        build = Published(str(pointer["build_id"]), folder / Path(str(pointer["file"])).name)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotBuilt from error
    if not build.path.is_file():
        raise NotBuilt
    return build


def point_to(folder: Path, build_id: str, file: Path) -> None:
    """Move the pointer to ``file`` in one step: a reader sees the old build or the new one."""
    temporary = folder / f".{POINTER}.{os.getpid()}"
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump({"build_id": build_id, "file": file.name}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(folder / POINTER)
