"""Files of Insee and of those who pass them on: delimited text, alone or in a zip, and JSON.

What every reader of Insee's files refuses in the same words: a web page instead of data, an
encoding that is not UTF-8, rows cut short, a damaged archive, columns that moved.
"""

from __future__ import annotations

import csv
import difflib
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

import pandas as pd

from connectors import sniff
from connectors.base import Kind, RawFile
from connectors.columns import column_map
from connectors.errors import SchemaDrift, SourceUnavailable

AGAIN = "Téléchargez-le de nouveau depuis la page de la source, sans l'ouvrir dans un tableur."
# A code that a spreadsheet read as a number has lost its zeros: their length tells how many.
CODE_LENGTH = {"commune": 5, "arm": 5, "departement": 2, "region": 2}


def unavailable(source_id: str, reason: str) -> SourceUnavailable:
    """The error of a file that cannot be read, with the usual remedy."""
    return SourceUnavailable(source_id, reason, AGAIN)


def expect_kind(raw: RawFile, source_id: str, *kinds: Kind) -> Kind:
    """Kind of ``raw`` by its bytes. Raises SourceUnavailable when it is none of ``kinds``."""
    try:
        kind = sniff.sample(raw.path, source_id).kind
    except OSError as error:
        raise unavailable(source_id, f"le fichier {raw.name} n'a pas pu être lu.") from error
    if kind not in kinds:
        found = {
            "html": "une page web",
            "empty": "un fichier vide",
            "json": "une réponse JSON",
        }.get(kind, f"un fichier d'un autre genre ({kind})")
        raise unavailable(source_id, f"{raw.name} est {found} au lieu des données attendues.")
    return kind


@contextmanager
def opened(raw: RawFile, source_id: str, member: str | None = None) -> Iterator[IO[bytes]]:
    """Bytes of ``raw``, or of a ``member`` of its zip, read as they come.

    Raises SourceUnavailable when the archive is damaged, up to its last byte.
    """
    try:
        if member is None:
            with raw.path.open("rb") as stream:
                yield stream
        else:
            with zipfile.ZipFile(raw.path) as archive, archive.open(member) as stream:
                yield stream
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError) as error:
        raise unavailable(source_id, f"le fichier {raw.name} est abîmé ou tronqué.") from error


def read_text_table(
    raw: RawFile, source_id: str, separator: str, member: str | None = None
) -> pd.DataFrame:
    """Every cell as text, a blank as a blank. Raises SourceUnavailable.

    A row shorter than the header would read as blanks, that is as secrets: it is refused.
    """
    rows: list[list[str]] = []
    with opened(raw, source_id, member) as stream:
        try:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
            reader = csv.reader(text, delimiter=separator)
            header = next(reader, [])
            for row in reader:
                if row and len(row) != len(header):
                    raise unavailable(
                        source_id,
                        f"le fichier {raw.name} a des lignes coupées, la première en ligne "
                        f"{reader.line_num} : {len(row)} cellules au lieu de {len(header)}.",
                    )
                if row:
                    rows.append(row)
        except UnicodeDecodeError as error:
            reason = f"le fichier {raw.name} n'est pas en UTF-8, l'encodage de l'Insee."
            raise unavailable(source_id, reason) from error
        except csv.Error as error:
            raise unavailable(source_id, f"le fichier {raw.name} est mal formé.") from error
    return pd.DataFrame(rows, columns=[name.strip() for name in header], dtype="str")


def rename_known(frame: pd.DataFrame, source_id: str, table: str, vintage: str) -> pd.DataFrame:
    """Give our names to the columns described for ``vintage`` and keep those alone.

    Insee's wide files carry dozens of columns that Gradient does not use: those are no drift. A
    missing one is, told with the names that look like it.
    """
    names = column_map(table, vintage)
    present = [str(column) for column in frame.columns]
    missing = [name for name in names if name not in present]
    if missing:
        raise drift(source_id, table, vintage, missing, set(present) - set(names))
    return frame[list(names)].rename(columns=names)


def drift(
    source_id: str, table: str, vintage: str, missing: Iterable[str], others: Iterable[str]
) -> SchemaDrift:
    """The error of missing columns, with those of the file that may be they under another name."""
    absent, rest = list(missing), sorted(others)
    alike = {name for one in absent for name in difflib.get_close_matches(one, rest, n=2)}
    return SchemaDrift(source_id, table, vintage, missing=absent, extra=sorted(alike))


def whole_codes(codes: pd.Series, levels: pd.Series | str) -> pd.Series:
    """Territory codes with the leading zeros that a spreadsheet took away."""
    text = codes.str.strip()
    if isinstance(levels, str):
        return text.str.zfill(CODE_LENGTH.get(levels, 0))
    return pd.Series(
        [code.zfill(CODE_LENGTH.get(level, 0)) for code, level in zip(text, levels, strict=True)],
        index=codes.index,
        dtype=str,
    )


def refuse_repeats(frame: pd.DataFrame, key: list[str], source_id: str, name: str) -> None:
    """A row written twice would be counted twice. Raises SourceUnavailable naming the first."""
    twice = frame[frame.duplicated(key)]
    if len(twice):
        first = ", ".join(str(value) for value in twice.iloc[0][key])
        reason = f"{len(twice)} ligne(s) de {name} sont en double, la première : {first}."
        raise unavailable(source_id, reason)
