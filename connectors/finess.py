"""Health and care sites (FINESS): the extract of a département, and the national t_finess table.

Of a site, what is kept is public and impersonal: number, name, category, commune, point, date.
"""

from __future__ import annotations

import re

import pandas as pd

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard
from connectors.columns import column_map
from connectors.errors import SchemaDrift
from connectors.text_files import (
    Place,
    csv_columns,
    holds,
    read_json,
    refuse_no_row,
    refuse_other_codes,
    refuse_other_numbers,
    refuse_repeated,
    renamed,
)

SOURCE, TABLE = "finess", "finess_sites"
EXTRACT, NATIONAL = "extrait-2026-08", "t_finess"
OPEN, SITE = "ACTUEL", "ET"
MARKS = ("finess", "rs", "etat", "categ_code", "com_code", "geoloc_4326_lat", "geoloc_4326_long")
COLUMNS = ["finess", "rs", "categorie_code", "categorie", "codgeo", "lat", "lon", "date"]
CHUNK_ROWS = 50_000
LATITUDES, LONGITUDES = (-90.0, 90.0), (-180.0, 180.0)


def recognise(sample: Sample) -> Recognition | None:
    """t_finess (CSV, or an answer of the tabular API) or the extract, by their columns."""
    if holds(csv_columns(sample), MARKS):
        return Recognition(SOURCE, "csv", NATIONAL)
    if sample.kind != "json":
        return None
    keys = set(re.findall(r'"(\w+)"\s*:', sample.head))
    if {"data", "geoloc_4326_lat"} <= keys:
        return Recognition(SOURCE, "api", NATIONAL)
    if holds(keys, ("nom", "cat", "lat", "lon", "cp", "urgences"), 0.8):
        return Recognition(SOURCE, "extrait", EXTRACT)
    return None


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """``finess_sites``: a site without a commune's code has "", it is not looked for by name.

    Raises SchemaDrift, SourceUnavailable.
    """
    place = Place(SOURCE, TABLE, found.vintage)
    read = {"csv": _national_csv, "api": _national_api, "extrait": _extract}[found.dataset]
    frame = read(raw, place).reset_index(drop=True)
    refuse_no_row(frame, place)
    refuse_other_codes(frame, "codgeo", r"([0-9][0-9AB][0-9]{3})?", place)
    refuse_other_numbers(frame, ["lat", "lon"], place)
    _refuse_points_off_the_earth(frame, place)
    numbered = frame[frame["finess"] != ""]
    refuse_other_codes(numbered, "finess", r"[0-9][0-9AB][0-9]{7}", place)
    refuse_repeated(numbered, ["finess"], place)
    return {TABLE: frame[COLUMNS]}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """The national file: the tabular API has no proven filter by département."""
    urls = list(card.urls.values())
    return [Download(urls[0], "t-finess.csv", tuple(urls[1:]))] if urls else []


def _national_csv(raw: RawFile, place: Place) -> pd.DataFrame:
    """Read in pieces: the file is about 300 MB, open sites are a part of it."""
    try:
        pieces = pd.read_csv(
            raw.path,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            chunksize=CHUNK_ROWS,
        )
        kept = [_open_sites(piece, place) for piece in pieces]
    except (OSError, ValueError) as error:
        raise place.refusal(f"le fichier {raw.name} n'a pas pu être lu ({error}).") from error
    return pd.concat(kept)


def _national_api(raw: RawFile, place: Place) -> pd.DataFrame:
    document = read_json(raw, place)
    rows = document.get("data") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not rows:
        raise place.refusal(f"la réponse {raw.name} ne contient aucun site.")
    frame = pd.DataFrame(rows).astype(object)
    return _open_sites(frame.where(frame.notna(), "").astype(str), place)


def _open_sites(piece: pd.DataFrame, place: Place) -> pd.DataFrame:
    names = [*column_map(TABLE, place.vintage), "etat", "type"]
    if missing := [name for name in names if name not in piece.columns]:
        raise SchemaDrift(SOURCE, TABLE, place.vintage, missing=missing, extra=())
    sites = piece[(piece["etat"] == OPEN) & (piece["type"] == SITE)]
    return renamed(sites, place, strict=False)


def _extract(raw: RawFile, place: Place) -> pd.DataFrame:
    """Five categories in words; neither FINESS number nor commune code, which stay empty."""
    document = read_json(raw, place)
    if not isinstance(document, list) or not all(isinstance(one, dict) for one in document):
        raise place.refusal(f"le fichier {raw.name} n'est pas une liste de sites.")
    frame = renamed(pd.DataFrame(document), place, strict=False)
    frame = frame.astype(object).where(frame.notna(), "").astype(str)
    date = place.vintage.removeprefix("extrait-")
    return frame.assign(finess="", categorie_code="", codgeo="", date=date)


def _refuse_points_off_the_earth(frame: pd.DataFrame, place: Place) -> None:
    for column, (low, high) in {"lat": LATITUDES, "lon": LONGITUDES}.items():
        outside = ~pd.to_numeric(frame[column]).between(low, high) & (frame[column] != "")
        if outside.any():
            raise place.refusal(
                f"colonne {column} : {outside.sum()} points hors du globe "
                "(coordonnées projetées au lieu de degrés ?)."
            )
