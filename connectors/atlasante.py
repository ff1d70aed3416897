"""Tables of the organisation « atlasante » on data.gouv.fr: ARS geography, reference populations.

Their resources have no known id: the organisation's catalogue is read first, and the file that has
the name of the table is asked for. The card may give an address, which then passes before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard
from connectors.columns import column_map
from connectors.data_gouv import resource_elsewhere, resource_of, stable_url
from connectors.errors import SourceUnavailable
from connectors.text_files import (
    Place,
    csv_columns,
    csv_frame,
    holds,
    read_text,
    refuse_no_row,
    refuse_other_codes,
    refuse_other_numbers,
    refuse_repeated,
    renamed,
    table_columns,
)

GEOGRAPHY, POPULATIONS = "atlasante_geographie", "atlasante_populations"
GEO_TABLE = "t_geo_com"
POPULATION_TABLES = ("t_popmun_com", "t_popref_com")
# Which table of the organisation each source asks for, the newest name first.
ASKED = {GEOGRAPHY: (GEO_TABLE,), POPULATIONS: ("t_popref_com", "t_popmun_com")}
# « Territoires de démocratie en santé » bear the vintage of their communes: TDS16_V2021_CODE.
HEALTH_TERRITORY = re.compile(r"TDS\d\d(?:_V(20\d\d))?_(CODE|LIB)")
COMMUNE = r"[0-9][0-9AB][0-9]{3}"
MUNICIPAL = ("COM", "ARM")


def recognise(sample: Sample) -> Recognition | None:
    """By the columns that only each table has, in capitals or not."""
    cells = csv_columns(sample)
    upper = [cell.upper() for cell in cells]
    if holds(upper, ("COM_CODE", "COM_LIB", "COM_STATUT", "COM_CODE_ACTUEL", "DPT_CODE_ACTUEL")):
        return Recognition(GEOGRAPHY, GEO_TABLE, GEO_TABLE)
    lower = [cell.lower() for cell in cells]
    for table in POPULATION_TABLES:
        if holds(lower, [name for name in column_map(POPULATIONS, table) if name != "com_type"]):
            return Recognition(POPULATIONS, table, table)
    return None


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """The one table of the source. Raises SchemaDrift, SourceUnavailable."""
    place = Place(found.source_id, found.source_id, found.vintage)
    frame = _read(raw, place)
    read = _geography if found.source_id == GEOGRAPHY else _populations
    frame = read(frame, place)
    refuse_no_row(frame, place)
    refuse_other_codes(frame, "codgeo", COMMUNE, place)
    return {found.source_id: frame[table_columns(found.source_id)]}


def listing(card: SourceCard) -> str:
    """The catalogue of the organisation."""
    return card.urls["organisation"]


def downloads(
    card: SourceCard, scope: Scope, catalogue: Sequence[Mapping[str, Any]] | None = None
) -> list[Download]:
    """The file of the table, whatever the départements. Raises SourceUnavailable: not in the catalogue.

    Before the catalogue is read, its own address stands for the one request that will follow.
    """
    name = f"{card.id}.csv"
    override = [url for key, url in card.urls.items() if key != "organisation"]
    if override:
        return [Download(override[0], name, tuple(override[1:]))]
    if catalogue is None:
        return [Download(card.urls["organisation"], name)]
    for table in ASKED[card.id]:
        resource = resource_of(catalogue, table)
        if resource is not None:
            return [Download(stable_url(resource), name)]
    raise SourceUnavailable(
        card.id,
        f"l'organisation atlasante de data.gouv.fr n'a pas répondu, ou n'a plus de fichier "
        f"{' ni '.join(ASKED[card.id])}.",
        f"Donnez son adresse dans data/sources/{card.id}.yml, ou déposez le fichier.",
    )


def elsewhere(card: SourceCard, url: str, read: Callable[[str], bytes]) -> str | None:
    """The same table on the resource that the organisation gives today."""
    found = (
        resource_elsewhere(card.urls["organisation"], url, name, read) for name in ASKED[card.id]
    )
    return next((one for one in found if one), None)


def _read(raw: RawFile, place: Place) -> pd.DataFrame:
    text = read_text(raw, place)
    header = text.splitlines()[0]
    return csv_frame(text, raw.name, place, ";" if header.count(";") > header.count(",") else ",")


def _geography(frame: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Communes of today and former ones, and the health territory of the newest vintage."""
    frame.columns = pd.Index([name.upper() for name in frame.columns])
    frame, vintage = _health_territory(frame)
    frame = renamed(frame, place, strict=False).assign(tds_millesime=vintage)
    refuse_repeated(frame, ["codgeo"], place)
    return frame


def _health_territory(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Its newest two columns under names without a vintage, and that vintage."""
    found = [match for name in frame.columns if (match := HEALTH_TERRITORY.fullmatch(name))]
    vintage = max((match[1] or "" for match in found), default="")
    names = {match[0]: f"TDS16_{match[2]}" for match in found if (match[1] or "") == vintage}
    return frame.rename(columns=names), vintage


def _populations(frame: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Inhabitants by commune, age and sex, as the table cuts them."""
    frame.columns = pd.Index([name.lower() for name in frame.columns])
    if "com_type" not in frame:
        frame["com_type"] = MUNICIPAL[0]
    frame = renamed(frame, place, strict=False)
    frame = frame[frame["type"].isin(MUNICIPAL)].reset_index(drop=True)
    refuse_other_numbers(frame, ["population"], place)
    refuse_repeated(frame, ["codgeo", "annee", "age", "sexe"], place)
    return frame
