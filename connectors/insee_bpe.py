"""Insee, base permanente des équipements: the workbook « services santé », a 2018 extract, Melodi.

The Melodi file has not been seen: its format is the documented one (DS_BPE_<year>_data.csv).
"""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import replace

import pandas as pd
import pyarrow as pa
from pyarrow import compute as pc
from pyarrow import csv

from connectors import sniff
from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard
from connectors.cells import commune_codes, numbers, rename_as_known
from connectors.columns import column_map
from connectors.errors import SchemaDrift
from connectors.text_files import Place, read_csv, refuse_repeated, table_columns
from connectors.workbooks import Workbook, open_workbook

XLSX, COMMUNES, MELODI = "bpe_sante_xlsx", "bpe_communes", "bpe_melodi"
SOURCES = {XLSX: "insee_bpe_xlsx", COMMUNES: "insee_bpe_communes", MELODI: "insee_bpe_melodi"}
TITLE = re.compile(r"BPE (20\d\d) - .*services santé", re.I)
MELODI_FILE = re.compile(r"(?:.*/)?DS_BPE_(20\d\d)_data\.csv")
EXTRACT_COLUMNS = ("codgeo", "typequ", "nb")
# The extract has a health facility in each of these; one missing means a file cut short.
DEPARTEMENTS = frozenset(
    {f"{n:02d}" for n in range(1, 96) if n != 20} | {"2A", "2B", "971", "972", "973", "974"}
)
HEADER_BYTES = 4096
MELODI_DIMENSIONS = ("FACILITY_DOM", "FACILITY_SDOM", "BPE_MEASURE")
LEVELS = {"COM": "commune", "ARM": "arm"}


def recognise(sample: Sample) -> Recognition | None:
    """The workbook by its sheets, the extract by its columns, Melodi by the file in its zip.

    Other workbooks of the BPE have the same sheets: the title inside is read by ``parse``.
    """
    match sample.kind:
        case "xlsx" if {"COM", "ARM", "Variables", "Compléments définitions"} <= set(
            sample.members
        ):
            return Recognition(SOURCES[XLSX], XLSX, "2020")
        case "csv" if sample.columns == EXTRACT_COLUMNS:
            return Recognition(SOURCES[COMMUNES], COMMUNES, "2018")
        case "csv" if {"FACILITY_TYPE", "BPE_MEASURE"} <= set(sample.columns):
            return Recognition(SOURCES[MELODI], MELODI, "melodi")
        case "zip" if any(MELODI_FILE.fullmatch(name) for name in sample.members):
            return Recognition(SOURCES[MELODI], MELODI, "melodi")
    return None


def why_not(sample: Sample) -> str:
    """Names of the types of equipment, without any number."""
    if sample.kind == "json" and re.match(r'\s*\{\s*"[A-G]\d{3}"\s*:\s*"', sample.head):
        return "les libellés des types d'équipement de la BPE, sans aucun effectif."
    return ""


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """Facilities by commune and type, as the file has them: no zero is added here.

    Raises SourceUnavailable (damaged file, codes, numbers, a département missing), SchemaDrift.
    """
    readers = {XLSX: _workbook, COMMUNES: _extract, MELODI: _melodi}
    place = Place(found.source_id, found.dataset, found.vintage)
    return {place.table: readers[place.table](raw, place)[table_columns(place.table)]}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """Melodi alone has a stable address; the workbook and the extract are dropped by hand."""
    return [Download(url, f"{name}.zip") for name, url in card.urls.items()]


def _workbook(raw: RawFile, place: Place) -> pd.DataFrame:
    workbook = open_workbook(raw, place)
    title = str(workbook.rows("COM")[0][0])
    year = TITLE.match(title)
    if year is None:
        raise workbook.drift(missing=["titre « BPE <année> - … services santé »"], extra=[title])
    frame = pd.concat([_sheet(workbook, name, year[1]) for name in LEVELS], ignore_index=True)
    refuse_repeated(frame, ["codgeo"], place)
    return frame


def _sheet(workbook: Workbook, name: str, year: str) -> pd.DataFrame:
    frame = workbook.coded_frame(name, "CODGEO")
    frame = rename_as_known(frame, replace(workbook.place, vintage=year))
    for column in frame.columns.drop(["codgeo", "nom", "region", "departement"]):
        frame[column] = numbers(frame[column], workbook.place)[0]
    codes = commune_codes(frame["codgeo"], workbook.place)
    return frame.assign(codgeo=codes, annee=year, niveau=LEVELS[name])


def _extract(raw: RawFile, place: Place) -> pd.DataFrame:
    frame = rename_as_known(read_csv(raw, place, ","), place)
    frame["codgeo"] = commune_codes(frame["codgeo"], place)
    frame["nombre"], state = numbers(frame["nombre"], place)
    if (state != "ok").any():
        raise place.refusal("colonne nombre : une ligne sans nombre.")
    refuse_repeated(frame, ["codgeo", "type_equipement"], place)
    overseas = frame["codgeo"].str.startswith("97")
    seen = set(frame["codgeo"].str[:2].mask(overseas, frame["codgeo"].str[:3]))
    if absent := sorted(DEPARTEMENTS - seen):
        raise place.refusal(f"{raw.name} est coupé : aucun équipement dans {', '.join(absent)}.")
    return frame.assign(annee=place.vintage)


def _melodi(raw: RawFile, place: Place) -> pd.DataFrame:
    names = column_map(MELODI, "melodi")
    table = pa.Table.from_batches(_melodi_batches(raw, place, [*names]))
    frame = table.to_pandas().rename(columns=names)
    frame["niveau"] = frame["niveau"].map(LEVELS)
    frame["codgeo"] = commune_codes(frame["codgeo"], place)
    frame["nombre"] = numbers(frame["nombre"], place)[0]
    refuse_repeated(frame, ["annee", "niveau", "codgeo", "type_equipement"], place)
    return frame


def _melodi_batches(raw: RawFile, place: Place, columns: list[str]) -> list[pa.RecordBatch]:
    """Health facilities of communes and arrondissements: totals and other levels are left out.

    The file mixes levels whose codes collide: a row is kept by GEO_OBJECT, never by its code.
    """
    read = [*columns, *MELODI_DIMENSIONS]
    convert = csv.ConvertOptions(
        column_types=dict.fromkeys(read, pa.string()),
        include_columns=read,
        strings_can_be_null=False,
    )
    try:
        with _melodi_stream(raw, place) as stream:
            header = stream.read(HEADER_BYTES).split(b"\n")[0].decode("utf-8-sig", "replace")
        missing = [name for name in read if name not in header.strip().replace('"', "").split(";")]
        if missing:
            raise SchemaDrift(place.source_id, MELODI, place.vintage, missing=missing, extra=[])
        with _melodi_stream(raw, place) as stream:
            reader = csv.open_csv(
                stream, parse_options=csv.ParseOptions(delimiter=";"), convert_options=convert
            )
            return [batch.filter(_is_kept(batch)).select(columns) for batch in reader]
    except (pa.ArrowException, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise place.refusal(f"{raw.name} est abîmé, coupé ou d'un autre format.") from error


def _is_kept(batch: pa.RecordBatch) -> pa.Array:
    of_commune = pc.is_in(batch["GEO_OBJECT"], pa.array([*LEVELS]))
    of_health = pc.match_substring_regex(batch["FACILITY_TYPE"], "^D[0-9]{3}$")
    counted = pc.equal(batch["BPE_MEASURE"], "FACILITIES")
    return pc.and_(of_commune, pc.and_(of_health, counted))


def _melodi_stream(raw: RawFile, place: Place) -> pa.NativeFile:
    seen = sniff.sample(raw.path, place.source_id)
    if seen.kind == "csv":
        return pa.OSFile(str(raw.path))
    inside = [name for name in seen.members if MELODI_FILE.fullmatch(name)]
    if seen.kind != "zip" or len(inside) != 1:
        raise place.refusal(f"{raw.name} ne contient pas DS_BPE_<année>_data.csv ({seen.kind}).")
    return pa.PythonFile(zipfile.ZipFile(raw.path).open(inside[0]), mode="r")
