"""The embedded default: the CSV files of data/embarque, read as text, columns checked."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from connectors.cards import DATA, SourceCard
from connectors.columns import rename
from connectors.errors import SourceUnavailable

VINTAGE = "embarque"


def files(card: SourceCard, folder: Path = DATA / "embarque") -> dict[str, Path]:
    """Path of each raw table of ``card``."""
    return {table: folder / name for table, name in card.tables.items()}


def read(card: SourceCard, folder: Path = DATA / "embarque") -> dict[str, pd.DataFrame]:
    """Raw tables of ``card``, every cell text, an empty cell missing.

    Raises SourceUnavailable when a file is absent or unreadable, SchemaDrift when its columns moved.
    """
    tables: dict[str, pd.DataFrame] = {}
    for table, path in files(card, folder).items():
        try:
            frame = pd.read_csv(
                path, dtype=str, keep_default_na=False, na_values=[""], encoding="utf-8"
            )
            _refuse_ragged_rows(path)
        except (OSError, ValueError) as error:
            raise SourceUnavailable(
                card.id,
                f"le fichier {path.name} n'a pas pu être lu ({error}).",
                "Rétablissez data/embarque/ depuis une copie neuve de Gradient.",
            ) from error
        tables[table] = rename(frame, card.id, table, VINTAGE)
    return tables


def _refuse_ragged_rows(path: Path) -> None:
    """A row cut short would read as blanks, that is as secrets. Raises ValueError."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        width = len(next(rows))
        for row in rows:
            if row and len(row) != width:
                raise ValueError(f"ligne {rows.line_num} : {len(row)} cellules au lieu de {width}")
