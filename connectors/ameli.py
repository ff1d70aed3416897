"""Pathologies by département (Assurance maladie, data.ameli.fr, dataset « effectifs »).

The file mixes totals and parts: the totals of age and sex that it publishes are picked, one row a
département and family of pathologies; nothing is ever summed.
"""

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
    table_columns,
)

SOURCE, TABLE, VINTAGE = "ameli_pathologies", "ameli_effectifs", "champs"
ALL_AGES, BOTH_SEXES = "tsage", "9"
WHOLE_COUNTRY, WHOLE_REGION = ("999", "99"), ("99",)
DEPARTEMENT = r"(0[1-9]|[1-8]\d|9[0-5]|2[AB]|97[1-8])"
SECRET = ("NS",)


def recognise(sample: Sample) -> Recognition | None:
    """By its columns; « Ntop » and « Npop » are in small letters in some exports."""
    cells = _lower(csv_columns(sample))
    names = _lower(tuple(column_map(TABLE, VINTAGE)))
    if "patho_niv1" in cells and holds(cells, names):
        return Recognition(SOURCE, "effectifs", VINTAGE)
    return None


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """One row a year, département and family: a blank or « NS » count is kept as it is (secret).

    Raises SchemaDrift, SourceUnavailable.
    """
    place = Place(SOURCE, TABLE, found.vintage)
    frame = read_csv(raw, place, ";")
    frame.columns = pd.Index(_lower(tuple(frame.columns)))
    frame = renamed(frame, place, strict=False)
    kept = frame[
        (frame["age"] == ALL_AGES)
        & (frame["sexe"] == BOTH_SEXES)
        & ~frame["codgeo"].isin(WHOLE_COUNTRY)
        & ~frame["region"].isin(WHOLE_REGION)
        & (frame["pathologie_2"] == "")
        & (frame["pathologie_3"] == "")
    ].reset_index(drop=True)
    if kept.empty:
        raise place.refusal(
            "aucune ligne « tous âges, deux sexes, famille entière » par département."
        )
    kept = kept.assign(codgeo=kept["codgeo"].str.zfill(2))
    refuse_no_row(kept, place)
    refuse_other_codes(kept, "codgeo", DEPARTEMENT, place)
    refuse_other_numbers(kept, ["effectif", "population", "prevalence"], place, SECRET)
    refuse_repeated(kept, ["annee", "codgeo", "pathologie"], place)
    return {TABLE: kept[table_columns(TABLE)]}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """The whole dataset: its totals by département cannot be asked for without its field types."""
    return [Download(url, f"ameli-{name}.csv") for name, url in card.urls.items()]


def _lower(names: tuple[str, ...]) -> list[str]:
    return [name.lower() for name in names]
