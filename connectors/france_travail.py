"""Jobseekers registered at France Travail by commune (Dares): fourth quarters, categories A, B and C.

The export holds totals beside parts (sex, age) and the country beside communes: the totals of a
commune are picked, nothing is ever summed. Its columns come from public readers of the real file.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard
from connectors.columns import column_map
from connectors.opendatasoft import export_url, moved
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
    table_columns,
)

SOURCE = TABLE = "france_travail"
LAYOUTS = ("libelles", "champs")
TOTAL, GROSS, SEEKING = "Total", "Brutes", "ABC"
COMMUNE, FOURTH_QUARTER = r"[0-9][0-9AB][0-9]{3}", r"20\d\d-T4"
ONLY_TOTALS = 'categorie="ABC" and sexe="Total" and tranche_d_age="Total"'


def recognise(sample: Sample) -> Recognition | None:
    """By its columns, with labels or field names as headers."""
    cells = csv_columns(sample)
    for layout in LAYOUTS:
        if holds(cells, tuple(column_map(TABLE, layout))):
            return Recognition(SOURCE, TABLE, layout)
    return None


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """One row a commune and year, both sexes and all ages. Raises SchemaDrift, SourceUnavailable."""
    place = Place(SOURCE, TABLE, found.vintage)
    frame = renamed(read_csv(raw, place, ";"), place, strict=False)
    refuse_no_row(frame, place)
    refuse_other_codes(frame, "date", FOURTH_QUARTER, place)
    refuse_other_codes(frame, "type", GROSS, place)
    refuse_other_codes(frame, "categorie", SEEKING, place)
    communes = (frame["sexe"] == TOTAL) & (frame["age"] == TOTAL) & (frame["codgeo"] != TOTAL)
    kept = frame[communes].reset_index(drop=True)
    if kept.empty:
        raise place.refusal("aucune ligne « tous sexes, tous âges » par commune.")
    kept["codgeo"] = kept["codgeo"].where(kept["codgeo"].str.len() != 4, "0" + kept["codgeo"])
    refuse_other_codes(kept, "codgeo", COMMUNE, place)
    refuse_other_numbers(kept, ["inscrits"], place)
    refuse_repeated(kept, ["codgeo", "date"], place)
    return {TABLE: kept[table_columns(TABLE)]}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """The totals of every commune: about a sixth of the file, whatever the départements."""
    base, dataset = card.urls.get("base", ""), card.urls.get("communes", "")
    if not base or not dataset:
        return []
    url = export_url(base, dataset, labels=True, separator=";", where=ONLY_TOTALS)
    return [Download(url, "france-travail-communes.csv")]


def elsewhere(card: SourceCard, url: str, read: Callable[[str], bytes]) -> str | None:
    """The same export under the id that the portal gives it today."""
    return moved(card.urls["base"], url, "communales", ("defm", "commun", "brutes"), read)
