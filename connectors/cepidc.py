"""Mortality by département, sex and main cause (Inserm-CépiDc): standardised rates per 100 000."""

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

SOURCE, TABLE, VINTAGE = "cepidc", "mortalite_cause", "2023"
DEPARTEMENT = r"(0[1-9]|[1-8]\d|9[0-5]|2[AB]|97[1-8])"
SEXES = {"Tous sexes": "ensemble", "Hommes": "hommes", "Femmes": "femmes"}
CAUSE = r"^(\d+)\.\s*(.+)$"


def recognise(sample: Sample) -> Recognition | None:
    """By its columns, and the word « mortalité » in what they hold."""
    cells = csv_columns(sample)
    names = tuple(column_map(TABLE, VINTAGE))
    if "cause" in cells and holds(cells, names) and "mortalité" in sample.head:
        return Recognition(SOURCE, "mortalite", VINTAGE)
    return None


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """One row a département, sex and cause: the cause's number apart from its name.

    Raises SchemaDrift, SourceUnavailable (an unknown sex or cause, a département with holes).
    """
    place = Place(SOURCE, TABLE, found.vintage)
    frame = renamed(read_csv(raw, place, ","), place)
    refuse_no_row(frame, place)
    refuse_other_codes(frame, "codgeo", DEPARTEMENT, place)
    refuse_other_codes(frame, "sexe", "|".join(SEXES), place)
    refuse_other_codes(frame, "cause", CAUSE, place)
    refuse_other_numbers(frame, ["taux"], place)
    refuse_repeated(frame, ["annee", "codgeo", "sexe", "cause"], place)
    _refuse_holes(frame, place)
    number = frame["cause"].str.extract(CAUSE)
    frame = frame.assign(
        sexe=frame["sexe"].map(SEXES), cause_numero=number[0], cause=number[1].str.strip()
    )
    return {TABLE: frame[["codgeo", "annee", "sexe", "cause_numero", "cause", "mesure", "taux"]]}


def _refuse_holes(frame: pd.DataFrame, place: Place) -> None:
    """Every département has every cause for every sex, or the file was cut."""
    counts = frame.groupby(["annee", "codgeo"]).size()
    short = counts[counts != counts.max()]
    expected = frame["sexe"].nunique() * frame["cause"].nunique()
    if len(short) or counts.max() != expected:
        where = ", ".join(code for _, code in (short if len(short) else counts).index[:3])
        raise place.refusal(
            f"le fichier est coupé : {expected} lignes attendues par département ({where})."
        )


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """No stable address is known: the file is dropped by hand, unless the card is given one."""
    return [Download(url, f"cepidc-{name}.csv") for name, url in card.urls.items()]
