"""Insee, base du comparateur de territoires (csv) and table d'appartenance des communes (xlsx)."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import replace

import pandas as pd

from connectors import sniff
from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard
from connectors.cells import commune_codes, numbers, rename_as_known
from connectors.errors import SchemaDrift
from connectors.text_files import Place, csv_frame, read_text, refuse_repeated, table_columns
from connectors.workbooks import Workbook, open_workbook

COMPARATEUR, MEMBERSHIP, ZONES = "comparateur", "table_appartenance", "zones_supra_communales"
COMPARATEUR_SOURCE, MEMBERSHIP_SOURCE = "insee_comparateur", "insee_table_appartenance"
DATA_FILE = re.compile(r"(?:.*/)?base_cc_comparateur\.csv", re.I)
MEMBERSHIP_FILE = re.compile(r"(?:.*/)?table-appartenance-geo-communes-.*\.xlsx", re.I)
CENSUS_COLUMN = re.compile(r"P(\d\d)_LOGVAC")
INCOME_COLUMN = re.compile(r"MED(\d\d)")
TITLE = re.compile(r"Liste des communes au 1er janvier (20\d\d)", re.I)
LEVELS = {"COM": "commune", "ARM": "arm"}


def recognise(sample: Sample) -> Recognition | None:
    """The csv by its columns or by the data file of its zip; the workbook by its sheets.

    The vintage is read inside: the one given here is that of the layout known to work.
    """
    match sample.kind:
        case "csv" if any(CENSUS_COLUMN.fullmatch(name) for name in sample.columns) and any(
            INCOME_COLUMN.fullmatch(name) for name in sample.columns
        ):
            return Recognition(COMPARATEUR_SOURCE, COMPARATEUR, _census(sample.columns))
        case "zip" if any(DATA_FILE.fullmatch(name) for name in sample.members):
            return Recognition(COMPARATEUR_SOURCE, COMPARATEUR, "2018")
        case "zip" if any(MEMBERSHIP_FILE.fullmatch(name) for name in sample.members):
            return Recognition(MEMBERSHIP_SOURCE, MEMBERSHIP, "2022")
        case "xlsx" if {"COM", "ARM", "Zones_supra_communales"} <= set(sample.members):
            return Recognition(MEMBERSHIP_SOURCE, MEMBERSHIP, "2022")
    return None


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """Raw tables of the file. Raises SourceUnavailable (damaged, codes, numbers), SchemaDrift."""
    place = Place(found.source_id, found.dataset, found.vintage)
    tables = _comparateur(raw, place) if place.table == COMPARATEUR else _membership(raw, place)
    return {name: frame[table_columns(name)] for name, frame in tables.items()}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """The files whose address is known to have worked."""
    return [Download(url, f"{name}.zip") for name, url in card.urls.items()]


def _census(columns: tuple[str, ...]) -> str:
    """Year of the census, by the column of vacant dwellings (P18_LOGVAC)."""
    return next(f"20{match[1]}" for name in columns if (match := CENSUS_COLUMN.fullmatch(name)))


def _comparateur(raw: RawFile, place: Place) -> dict[str, pd.DataFrame]:
    """Numbers as published; a blank stays missing: secret, or territory out of the survey."""
    frame = csv_frame(_read(raw, place), raw.name, place, ";")
    income = [match[1] for name in frame.columns if (match := INCOME_COLUMN.fullmatch(name))]
    census = [match[1] for name in frame.columns if (match := CENSUS_COLUMN.fullmatch(name))]
    if len(income) != 1 or len(census) != 1:
        raise SchemaDrift(
            place.source_id,
            COMPARATEUR,
            place.vintage,
            missing=["P18_LOGVAC, MED19 (ou d'autres années)"],
            extra=list(frame.columns[:3]),
        )
    frame = rename_as_known(frame, replace(place, vintage=f"20{census[0]}"))
    frame["codgeo"] = commune_codes(frame["codgeo"], place)
    for column in frame.columns.drop("codgeo"):
        frame[column] = numbers(frame[column], place)[0]
    refuse_repeated(frame, ["codgeo"], place)
    years = {"annee_recensement": f"20{census[0]}", "annee_revenus": f"20{income[0]}"}
    return {COMPARATEUR: frame.assign(**years)}


def _read(raw: RawFile, place: Place) -> str:
    """The data file, alone or in its zip. Raises SourceUnavailable."""
    seen = sniff.sample(raw.path, place.source_id)
    if seen.kind != "zip":
        return read_text(raw, place)
    inside = [name for name in seen.members if DATA_FILE.fullmatch(name)]
    if len(inside) != 1:
        raise place.refusal(f"{raw.name} ne contient pas base_cc_comparateur.csv.")
    try:
        with zipfile.ZipFile(raw.path) as archive:
            return archive.read(inside[0]).decode("utf-8-sig")
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise place.refusal(f"l'archive {raw.name} est abîmée ou coupée.") from error
    except UnicodeDecodeError as error:
        raise place.refusal(f"{inside[0]}, dans {raw.name}, n'est pas en UTF-8.") from error


def _membership(raw: RawFile, place: Place) -> dict[str, pd.DataFrame]:
    """Communes and municipal arrondissements, the zones they are in, the names of these zones."""
    workbook = open_workbook(raw, place)
    title = str(workbook.rows("COM")[0][0])
    year = TITLE.match(title)
    if year is None:
        raise workbook.drift(
            missing=["titre « Liste des communes au 1er janvier … »"], extra=[title]
        )
    members = pd.concat([_members(workbook, name, year[1]) for name in LEVELS], ignore_index=True)
    refuse_repeated(members, ["codgeo"], place)
    return {MEMBERSHIP: members.assign(annee=year[1]), ZONES: _zones(workbook, year[1])}


def _members(workbook: Workbook, sheet: str, year: str) -> pd.DataFrame:
    """One sheet, all codes as text; a commune is in itself (the column COM of arrondissements)."""
    frame = workbook.coded_frame(sheet, "Code géographique")
    if sheet == "COM" and "CODGEO" in frame.columns and "COM" not in frame.columns:
        frame = frame.assign(COM=frame["CODGEO"])
    frame = rename_as_known(frame, replace(workbook.place, vintage=year)).astype(str)
    for column in ("codgeo", "commune"):
        frame[column] = commune_codes(frame[column], workbook.place)
    return frame.assign(niveau=LEVELS[sheet])


def _zones(workbook: Workbook, year: str) -> pd.DataFrame:
    place = replace(workbook.place, table=ZONES, vintage=year)
    frame = workbook.coded_frame("Zones_supra_communales", "Niveau géographique")
    frame = rename_as_known(frame, place)
    communes = numbers(frame["communes"], place)[0]
    refuse_repeated(frame, ["niveau", "code"], place)
    return frame.astype(str).assign(communes=communes, annee=year)
