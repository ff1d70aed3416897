"""Foyers allocataires by IRIS (Cnaf via Insee, 2020), with the secrecy of the file kept."""

from __future__ import annotations

import pandas as pd

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard
from connectors.text_files import (
    Place,
    csv_columns,
    holds,
    read_csv,
    refuse_no_row,
    refuse_other_codes,
    refuse_other_numbers,
    refuse_repeated,
    renamed,
)

SOURCE, TABLE, VINTAGE = "caf_iris", "caf_iris", "2020"
MARKS = ("NOTE", "A", "PERCOU", "ACSSENF", "A_NETUD_24", "AAL", "APPA", "ARSAS")
IRIS = r"[0-9][0-9AB][0-9]{7}"
TEXTS = ("iris", "codgeo", "annee")


def recognise(sample: Sample) -> Recognition | None:
    """By its columns, and a nine-character code on the first row: the QPV file has the same names."""
    cells = csv_columns(sample)
    rows = sample.head.splitlines()[1:2]
    by_iris = bool(rows) and rows[0][:1].isdigit()
    if cells[:1] == ("CODGEO",) and holds(cells, MARKS) and by_iris and "POP_MUN" not in cells:
        return Recognition(SOURCE, "allocataires", VINTAGE)
    return None


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """One row an IRIS, its commune in ``codgeo``; a masked cell stays "", with the file's note.

    Raises SchemaDrift, SourceUnavailable.
    """
    place = Place(SOURCE, TABLE, found.vintage)
    frame = renamed(read_csv(raw, place, ";"), place)
    refuse_no_row(frame, place)
    refuse_other_codes(frame, "iris", IRIS, place)
    refuse_other_numbers(frame, [name for name in frame if name not in TEXTS], place)
    refuse_repeated(frame, ["iris"], place)
    frame.insert(1, "codgeo", frame["iris"].str[:5])
    frame.insert(2, "annee", found.vintage)
    return {TABLE: frame}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """No stable address is known: the file is dropped by hand, unless the card is given one."""
    return [Download(url, f"caf-iris-{name}.csv") for name, url in card.urls.items()]
