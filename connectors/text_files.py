"""Text files of producers (CSV, JSON) read whole: every cell text, every surprise a named error.

Shared by the connectors whose files are small. Nothing is repaired here: a code, a token or a
row that the layout does not announce is refused, with the source, the vintage and the column.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from connectors.base import RawFile, Sample
from connectors.cards import DATA
from connectors.columns import VINTAGE, column_map, rename
from connectors.errors import SchemaDrift, SourceUnavailable

REMEDY = "Téléchargez de nouveau le fichier chez le producteur, sans l'ouvrir dans un tableur."
NUMBER = r"-?\d+(\.\d+)?([eE][+-]?\d+)?"
SHOWN = 3


@dataclass(frozen=True)
class Place:
    """Where one reads: it names itself in every refusal."""

    source_id: str
    table: str
    vintage: str

    def refusal(self, reason: str, remedy: str = REMEDY) -> SourceUnavailable:
        """The error to raise: table, vintage, reason and remedy."""
        return SourceUnavailable(
            self.source_id, f"table {self.table}, millésime {self.vintage} : {reason}", remedy
        )


def table_columns(table: str, folder: Path = DATA / "columns") -> list[str]:
    """Our names of the columns of ``table``, in order."""
    return pd.read_csv(folder / f"{table}.csv", nrows=0).columns.drop(VINTAGE).tolist()


def renamed(frame: pd.DataFrame, place: Place, *, strict: bool = True) -> pd.DataFrame:
    """``frame`` under our names, as ``connectors.columns.rename`` does.

    A layout that allows other columns still names those it does not know when one is missing: that
    is where a renamed one is found. Raises SchemaDrift.
    """
    try:
        return rename(frame, place.source_id, place.table, place.vintage, strict=strict)
    except SchemaDrift as drift:
        known = column_map(place.table, place.vintage)
        unknown = [str(name) for name in frame.columns if name not in known]
        raise SchemaDrift(
            place.source_id, place.table, place.vintage, missing=drift.missing, extra=unknown
        ) from drift


def csv_columns(sample: Sample) -> tuple[str, ...]:
    """Cells of the first line of a CSV sample; none for another kind of file."""
    return sample.columns if sample.kind == "csv" else ()


def holds(cells: Iterable[str], names: Sequence[str], share: float = 0.6) -> bool:
    """Do ``cells`` hold at least ``share`` of ``names``? Enough to know a file whose format moved."""
    present = set(cells)
    return sum(name in present for name in names) >= share * len(names)


def read_text(raw: RawFile, place: Place) -> str:
    """The file as UTF-8 text, without its byte order mark. Raises SourceUnavailable."""
    try:
        content = raw.path.read_bytes()
    except OSError as error:
        raise place.refusal(f"le fichier {raw.name} n'a pas pu être lu ({error}).") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise place.refusal(
            f"le fichier {raw.name} n'est pas encodé en UTF-8 (octet {error.start})."
        ) from error
    if not text.strip():
        raise place.refusal(f"le fichier {raw.name} est vide.")
    if text.lstrip()[:1] == "<":
        raise place.refusal(f"le fichier {raw.name} est une page HTML, pas des données.")
    return text


def read_csv(raw: RawFile, place: Place, separator: str) -> pd.DataFrame:
    """Every cell text, an empty cell "", blank rows dropped. Raises SourceUnavailable."""
    return csv_frame(read_text(raw, place), raw.name, place, separator)


def csv_frame(text: str, name: str, place: Place, separator: str) -> pd.DataFrame:
    """The same from text already decoded: a row too short or too long is refused."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        header = [cell.strip() for cell in next(reader)]
        rows = [row for row in reader if any(cell.strip() for cell in row)]
    except (csv.Error, StopIteration) as error:
        raise place.refusal(f"le fichier {name} n'est pas un CSV lisible ({error}).") from error
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise place.refusal(
                f"le fichier {name} est coupé ou mal formé : {len(row)} cellules au lieu de "
                f"{len(header)} à la ligne de données {number}."
            )
    kept = [position for position, cell in enumerate(header) if cell]
    names = [header[position] for position in kept]
    if repeated := sorted({cell for cell in names if names.count(cell) > 1}):
        raise place.refusal(f"des colonnes sont écrites deux fois : {', '.join(repeated)}.")
    return pd.DataFrame(
        [[row[position].strip() for position in kept] for row in rows], columns=names, dtype=str
    )


def read_json(raw: RawFile, place: Place) -> Any:
    """The document. Raises SourceUnavailable when it is cut, or not JSON."""
    try:
        return json.loads(read_text(raw, place))
    except ValueError as error:
        raise place.refusal(
            f"le fichier {raw.name} est coupé ou n'est pas du JSON ({error})."
        ) from error


def refuse_no_row(frame: pd.DataFrame, place: Place) -> None:
    """Raises SourceUnavailable when only a header came."""
    if frame.empty:
        raise place.refusal("le fichier n'a que son en-tête, aucune ligne de données.")


def refuse_other_codes(frame: pd.DataFrame, column: str, pattern: str, place: Place) -> None:
    """Raises SourceUnavailable naming codes of ``column`` that do not fully match ``pattern``."""
    others = frame.loc[~frame[column].astype(str).str.fullmatch(pattern), column]
    if len(others):
        raise place.refusal(
            f"colonne {column} : {len(others)} codes mal formés, dont {_some(others)} "
            "(zéro initial perdu ?)."
        )


def refuse_other_numbers(
    frame: pd.DataFrame, columns: Iterable[str], place: Place, tokens: Sequence[str] = ()
) -> None:
    """Raises SourceUnavailable at the first column holding neither a number, a blank nor a token."""
    for column in columns:
        cells = frame[column].astype(str)
        odd = cells[~(cells.str.fullmatch(NUMBER) | cells.isin(["", *tokens]))]
        if len(odd):
            raise place.refusal(
                f"colonne {column} : {len(odd)} valeurs inattendues, dont {_some(odd)}."
            )


def refuse_repeated(frame: pd.DataFrame, keys: list[str], place: Place) -> None:
    """Raises SourceUnavailable when ``keys`` come twice: a figure would be added to itself."""
    repeated = frame[frame.duplicated(keys)]
    if len(repeated):
        first = " ".join(str(cell) for cell in repeated.iloc[0][keys])
        raise place.refusal(f"{len(repeated)} lignes en double sur {', '.join(keys)} ({first}…).")


def _some(values: pd.Series) -> str:
    return ", ".join(f"« {value} »" for value in values.unique()[:SHOWN])
