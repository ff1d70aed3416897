"""Web exports of Géoclip sites (Insee « Statistiques locales », CartoSanté, SIRSé): a csv a selection.

Two title lines (the site, the zoning), a header « Code;Libellé;<indicator> <year>…», tokens « N/A »
that say why a figure is missing.
"""

from __future__ import annotations

import re

import pandas as pd

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard
from connectors.cells import numbers
from connectors.columns import column_map
from connectors.errors import SchemaDrift
from connectors.text_files import (
    Place,
    csv_frame,
    read_text,
    refuse_other_codes,
    refuse_repeated,
    table_columns,
)

# First line of an export -> source, raw table.
SITES = {
    "Insee - Statistiques locales": ("insee_statistiques_locales", "statistiques_locales"),
    "CartoSanté": ("cartosante_export", "cartosante_export"),
    "SIRSé": ("sirse_export", "sirse_export"),
}
LAYOUT = "export"
ZONING = re.compile(r"Référentiel géographique : (.+)")
FIGURE = re.compile(r"(.+?) (20\d\d(?:-20\d\d)?)")
CODE = "[0-9A-Z]{2,9}"


def recognise(sample: Sample) -> Recognition | None:
    """By the two title lines; the vintage is the newest year of the header."""
    lines = [line.rstrip("; \r") for line in sample.head.removeprefix("\ufeff").split("\n")[:3]]
    if sample.kind != "csv" or len(lines) < 3 or lines[0] not in SITES:
        return None
    if not ZONING.fullmatch(lines[1]):
        return None
    source_id, table = SITES[lines[0]]
    return Recognition(source_id, table, max(re.findall(r"20\d\d", lines[2]), default=""))


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """A row a zone and a figure; ``etat`` says ok, secret or absent, ``referentiel`` the zoning.

    Raises SourceUnavailable (encoding, rows, numbers), SchemaDrift (title lines or header moved).
    """
    place = Place(found.source_id, found.dataset, found.vintage)
    title, zoning, data = _parts(raw, place)
    zoning_match = ZONING.fullmatch(zoning)
    if title not in SITES or zoning_match is None:
        raise _drift(place, ["titre et référentiel géographique"], [title, zoning])
    frame = csv_frame(data, raw.name, place, ";")
    names = column_map(place.table, LAYOUT)
    unknown = [name for name in frame.columns if name not in names and not FIGURE.fullmatch(name)]
    missing = [name for name in names if name not in frame.columns]
    if unknown or missing or len(frame.columns) <= len(names):
        raise _drift(place, missing or ["<indicateur> <année>"], unknown)
    frame = frame.rename(columns=names)
    refuse_other_codes(frame, "codgeo", CODE, place)
    refuse_repeated(frame, ["codgeo"], place)
    long = frame.melt(list(names.values()), var_name="figure", value_name="valeur")
    long["valeur"], long["etat"] = numbers(long["valeur"], place)
    long[["indicateur", "annee"]] = long["figure"].str.extract(rf"^{FIGURE.pattern}$")
    long["referentiel"] = zoning_match[1]
    return {place.table: long[table_columns(place.table)]}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """None: these files are made by hand on the sites."""
    return []


def _parts(raw: RawFile, place: Place) -> tuple[str, str, str]:
    """The two title lines, then the header and data as they are. Raises SchemaDrift."""
    lines = read_text(raw, place).replace("\r\n", "\n").split("\n", 2)
    if len(lines) < 3:
        raise _drift(place, ["deux lignes de titre, un en-tête, des données"], [])
    return lines[0].rstrip("; "), lines[1].rstrip("; "), lines[2]


def _drift(place: Place, missing: list[str], extra: list[str]) -> SchemaDrift:
    return SchemaDrift(place.source_id, place.table, place.vintage, missing=missing, extra=extra)
