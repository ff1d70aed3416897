"""Figures by QPV (Insee): the 2022 edition (codes of 2015), declared incomes 2021 (codes of 2024)."""

from __future__ import annotations

import pandas as pd

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard
from connectors.columns import column_map
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

OLD, NEW = "insee_qpv_2015", "insee_qpv"
EDITION, INCOMES = "2022", "2021"
# A few columns that only one of the three files of an edition has.
MARKS = {
    "qpv_2015_demographie": ("POP_MUN", "POP_COM_QP", "IND_JEUNE", "TX_TOT_MEN6", "ENF_18_24"),
    "qpv_2015_revenus": ("DISP_Q2", "DECUC_Q2", "TP60", "PPSOC", "C_C2SNP"),
    "qpv_2015_insertion": ("TX_TOT_EMPL", "TX_TOT_EDLIM", "ABC_RSA", "ABC_DUR1", "ABC_FR"),
    "qpv_revenus": ("DEC_MED_A21", "DEC_GINI_A21", "DEC_PACT_A21", "DEC_BREV_A21", "DEC_NOTE_A21"),
}
CODE_2015, CODE_2024 = r"QP[0-9A-Z]{3}\d{3}", r"QN[0-9A-Z]{3}\d{2}[A-Z]"
# Thousands are set apart by narrow or plain no-break spaces.
SPACES = r"[\u202f\u00a0 ]"
TEXTS = ("code_qp", "quartier", "commune")


def recognise(sample: Sample) -> Recognition | None:
    """One of the four files, by columns that only it has; a header alone is not a file of ours."""
    if not sample.head.partition("\n")[2].strip():
        return None
    cells = csv_columns(sample)
    for table, marks in MARKS.items():
        if "CODGEO" in cells and holds(cells, marks):
            if table == "qpv_revenus":
                return Recognition(NEW, table, INCOMES)
            return Recognition(OLD, table, EDITION)
    return None


def why_not(sample: Sample) -> str:
    """The header of one of the four files, and nothing under it."""
    cells = csv_columns(sample)
    known = "CODGEO" in cells and any(holds(cells, marks) for marks in MARKS.values())
    if known and not sample.head.partition("\n")[2].strip():
        return "l'en-tête d'un fichier de l'Insee sur les quartiers, sans aucune ligne de données."
    return ""


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """One table, every figure text with a decimal point, a blank cell "" (not released).

    Rows without a quartier's code (blank, « Ensemble ») are left out. Raises SchemaDrift,
    SourceUnavailable: codes of 2015 and 2024 are never read one for the other.
    """
    table, vintage = found.dataset, found.vintage
    place = Place(found.source_id, table, vintage)
    frame = renamed(read_csv(raw, place, ";"), place, strict=found.source_id == NEW)
    frame = frame[frame["code_qp"].str.match(r"Q[A-Z]")].reset_index(drop=True)
    refuse_no_row(frame, place)
    refuse_other_codes(frame, "code_qp", CODE_2024 if found.source_id == NEW else CODE_2015, place)
    refuse_repeated(frame, ["code_qp"], place)
    figures = [name for name in frame.columns if name not in TEXTS]
    for name in figures:
        frame[name] = (
            frame[name].str.replace(SPACES, "", regex=True).str.replace(",", ".", regex=False)
        )
    refuse_other_numbers(frame, figures, place)
    ours = list(column_map(table, vintage).values())
    return {table: frame[ours]}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """No direct address is known: these files are dropped by hand, unless the card is given one."""
    return [Download(url, f"{card.id}-{name}.csv") for name, url in card.urls.items()]
