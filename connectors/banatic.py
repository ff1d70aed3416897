"""BANATIC: every grouping of communes in France, and its members, by SIREN.

Seen: the three tables that a third party drew from it (parquet). The workbook that the ministry
exports (« France », about 75 MB) is read by the column names that several programs rely on.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence

import pandas as pd
import pyarrow as pa

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard
from connectors.columns import column_map, rename
from connectors.errors import SchemaDrift
from connectors.text_files import (
    Place,
    holds,
    refuse_no_row,
    refuse_other_codes,
    refuse_repeated,
)

SOURCE = "banatic"
EXPORT, MEMBERS, EPT, LIST = "export Banatic", "2025 (membres)", "2025 (EPT)", "2025 (liste)"
PARQUET = (
    ("banatic_membres", MEMBERS),
    ("banatic_membres", EPT),
    ("banatic_groupements", LIST),
)
# Columns that Gradient does not need: their presence is no surprise, their absence no loss.
UNUSED = {
    MEMBERS: {"grpt_cheflieu_com", "grpt_interdep"},
    EPT: {"ept_cheflieu"},
    LIST: {f"grpt_cheflieu_{level}" for level in ("reg", "dep", "com")} | {"grpt_interdep"},
}
# How much of its columns tells a file, so that one renamed is named and not ignored.
MOST = 0.75
# One short word a kind of grouping, whatever the file says.
NATURES = {
    "Communauté d'agglomération": "CA",
    "Communauté de communes": "CC",
    "Communauté urbaine": "CU",
    "Etablissement public territorial": "EPT",
    "Métropole": "METRO",
    "Métropole de Lyon": "MET69",
    "Pôle d'équilibre territorial et rural": "PETR",
    "Pôle métropolitain": "POLEM",
    "Syndicat intercommunal à vocation multiple": "SIVOM",
    "Syndicat intercommunal à vocation unique": "SIVU",
    "Syndicat mixte fermé": "SMF",
    "Syndicat mixte ouvert": "SMO",
}
# A member is one, however many rows say so.
MEMBERSHIP = ["siren", "membre_siren"]
# A public body's SIREN begins with 2: none has a zero to lose. A few syndicates wait for theirs.
SIREN = "[0-9]{9}|TEMP[0-9]{5}"


def recognise(sample: Sample) -> Recognition | None:
    """One of the three parquet tables, or the export: a workbook of one sheet that says its name."""
    if sample.kind == "parquet":
        for table, vintage in PARQUET:
            if holds(sample.columns, sorted({*column_map(table, vintage), *UNUSED[vintage]}), MOST):
                return Recognition(SOURCE, table, vintage)
    if sample.kind == "xlsx" and len(sample.members) == 1 and "banatic" in sample.name.lower():
        return Recognition(SOURCE, "banatic_membres", EXPORT)
    return None


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """Groupings, or their members, under our names; kinds of groupings as short words.

    Raises SourceUnavailable (unreadable file, SIREN, a grouping written twice), SchemaDrift.
    """
    place = Place(found.source_id, found.dataset, found.vintage)
    if found.vintage == EXPORT:
        named = _read_export(raw, place)
    else:
        frame = _read_parquet(raw, place)
        frame = frame.drop(columns=[name for name in frame if name in UNUSED[found.vintage]])
        named = rename(frame, found.source_id, found.dataset, found.vintage).reset_index(drop=True)
    refuse_no_row(named, place)
    named["nature"] = named["nature"].replace(NATURES)
    if found.dataset == "banatic_groupements":
        refuse_other_codes(named, "siren", SIREN, place)
        refuse_repeated(named, ["siren"], place)
        return {found.dataset: named}
    kind = "commune" if found.vintage == EPT else named["membre_type"].str.lower()
    named = named.assign(membre_type=kind).drop_duplicates(MEMBERSHIP, ignore_index=True)
    for column in MEMBERSHIP:
        refuse_other_codes(named, column, SIREN, place)
    return {found.dataset: named}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """The export of the whole country: a grouping may cross départements and regions."""
    newest, *older = card.urls.values()
    return [Download(newest, "banatic_france.xlsx", tuple(older))]


def _read_parquet(raw: RawFile, place: Place) -> pd.DataFrame:
    try:
        return pd.read_parquet(raw.path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise place.refusal(f"le fichier {raw.name} est coupé ou n'est pas un Parquet.") from error


def _read_export(raw: RawFile, place: Place) -> pd.DataFrame:
    """The few columns needed of some 120, a row at a time: the sheet is too large to be held."""
    names = column_map(place.table, place.vintage)
    rows = _rows(raw, place)
    header = [str(cell).strip() for cell in next(rows, ())]
    missing = [name for name in names if name not in header]
    if missing:
        raise SchemaDrift(place.source_id, place.table, place.vintage, missing=missing, extra=())
    kept = [header.index(name) for name in names]
    cells = [[_text(row[position]) for position in kept] for row in rows]
    cells = [row for row in cells if any(row)]
    return pd.DataFrame(cells, columns=list(names.values()), dtype=str)


def _rows(raw: RawFile, place: Place) -> Iterator[Sequence[object]]:
    """Rows of the first sheet, one at a time. Raises SourceUnavailable."""
    try:
        calamine = importlib.import_module("python_calamine")
    except ImportError as error:
        raise place.refusal(
            "la bibliothèque python-calamine, qui lit les classeurs, n'est pas installée.",
            "Installez-la : pip install -r requirements.txt.",
        ) from error
    try:
        yield from calamine.CalamineWorkbook.from_path(raw.path).get_sheet_by_index(0).iter_rows()
    except (calamine.CalamineError, OSError) as error:
        raise place.refusal(f"le classeur {raw.name} est coupé ou abîmé.") from error


def _text(cell: object) -> str:
    """A cell as text; a SIREN that a spreadsheet holds as a number keeps its nine digits."""
    return str(int(cell)) if isinstance(cell, float) else str(cell).strip()
