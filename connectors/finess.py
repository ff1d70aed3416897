"""Health and care sites (FINESS): national tables (t_finess, the ministry's), a département's extract.

Of a site, what is kept is public and impersonal: number, name, category, commune, point, date.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import pandas as pd

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import DATA, SourceCard, load_sources
from connectors.columns import column_map
from connectors.data_gouv import next_rows, resource_elsewhere, rows_url
from connectors.errors import SchemaDrift
from connectors.text_files import (
    Place,
    csv_columns,
    holds,
    read_csv,
    read_json,
    refuse_no_row,
    refuse_other_codes,
    refuse_other_numbers,
    refuse_repeated,
    renamed,
)

SOURCE, TABLE = "finess", "finess_sites"
EXTRACT, NATIONAL, MINISTRY = "extrait-2026-08", "t_finess", "etablissements"
OPEN, SITE = "ACTUEL", "ET"
MARKS = ("finess", "rs", "etat", "categ_code", "com_code", "geoloc_4326_lat", "geoloc_4326_long")
MINISTRY_MARKS = ("nofinesset", "rs", "commune", "departement", "categetab", "libcategetab")
COLUMNS = [
    "finess", "rs", "categorie_code", "categorie", "codgeo", "codgeo_contour", "departement", "lat",
    "lon", "date",
]  # fmt: skip
# Communes in one request of the tabular API: an address stays under 1,000 characters.
COMMUNES_AT_ONCE = 100
LENGTHS = {"com_code": 5, "finess": 9}
LAMBERT_93, WGS_84 = "EPSG:2154", "EPSG:4326"
PROJECTIONS = {
    "971": "EPSG:5490", "972": "EPSG:5490", "973": "EPSG:2972", "974": "EPSG:2975",
    "976": "EPSG:4471",
}  # fmt: skip
OVERSEAS = {"9A": "971", "9B": "972", "9C": "973", "9D": "974", "9F": "976"}
CHUNK_ROWS = 50_000
LATITUDES, LONGITUDES = (-90.0, 90.0), (-180.0, 180.0)


def recognise(sample: Sample) -> Recognition | None:
    """t_finess (CSV, or an answer of the tabular API) or the extract, by their columns."""
    if holds(csv_columns(sample), MARKS):
        return Recognition(SOURCE, "csv", NATIONAL)
    if holds(csv_columns(sample), MINISTRY_MARKS):
        return Recognition(SOURCE, "ministere", MINISTRY)
    if sample.kind != "json":
        return None
    keys = set(re.findall(r'"(\w+)"\s*:', sample.head))
    if {"data", "geoloc_4326_lat"} <= keys or _is_empty_answer(sample.head):
        codes = re.findall(r'"(?:com_code|finess)"\s*:\s*"?(\w+)', sample.head)
        return Recognition(SOURCE, "api", NATIONAL, f"réponse {' '.join(codes[:2]) or 'vide'}")
    if holds(keys, ("nom", "cat", "lat", "lon", "cp", "urgences"), 0.8):
        return Recognition(SOURCE, "extrait", EXTRACT)
    return None


def why_not(sample: Sample) -> str:
    """The layout of FINESS tables, without any site."""
    if sample.kind == "json" and '"nofinesset"' in sample.head and '"columns"' in sample.head:
        return "la description des colonnes de FINESS, sans aucun site."
    return ""


def _is_empty_answer(head: str) -> bool:
    """No site in the communes asked for: the answer still names the resource."""
    card = load_sources()[SOURCE]
    return (
        re.search(r'"data"\s*:\s*\[\s*\]', head) is not None
        and '"meta"' in head
        and card.urls.get("ressource", "?") in head
    )


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """``finess_sites``: a site without a commune's code has "", it is not looked for by name.

    ``codgeo_contour`` stays "" here: a build that has outlines looks the point up in them. Raises SchemaDrift, SourceUnavailable.
    """
    place = Place(SOURCE, TABLE, found.vintage)
    read = {
        "csv": _national_csv,
        "api": _national_api,
        "extrait": _extract,
        "ministere": _ministry_csv,
    }[found.dataset]
    frame = read(raw, place).reset_index(drop=True).assign(codgeo_contour="")
    if found.dataset != "api":
        refuse_no_row(frame, place)
    refuse_other_codes(frame, "codgeo", r"([0-9][0-9AB][0-9]{3})?", place)
    refuse_other_numbers(frame, ["lat", "lon"], place)
    _refuse_points_off_the_earth(frame, place)
    numbered = frame[frame["finess"] != ""]
    refuse_other_codes(numbered, "finess", r"[0-9][0-9AB][0-9]{7}", place)
    refuse_repeated(numbered, ["finess"], place)
    return {TABLE: frame.reindex(columns=COLUMNS, fill_value="")}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """The national file; for some départements, their communes through the tabular API."""
    urls = [card.urls[name] for name in ("t_finess", "t_finess_autre_forme") if name in card.urls]
    if scope.departements and {"api", "ressource"} <= set(card.urls):
        return [one for code in scope.departements for one in _asked_by_commune(card, code)]
    return [Download(urls[0], "t-finess.csv", tuple(urls[1:]))] if urls else []


def _asked_by_commune(card: SourceCard, departement: str) -> list[Download]:
    """Open sites of a département, a hundred communes at a time: the filter proven is theirs."""
    known = pd.read_csv(DATA / "embarque" / "cog_communes.csv", dtype=str)
    codes = sorted(known.loc[known["departement"] == departement, "code"])
    columns = ",".join([*column_map(TABLE, NATIONAL), "etat", "type"])
    found = []
    for start in range(0, len(codes), COMMUNES_AT_ONCE):
        query = {
            "etat__exact": OPEN,
            "type__exact": SITE,
            "com_code__in": ",".join(codes[start : start + COMMUNES_AT_ONCE]),
            "columns": columns,
        }
        url = rows_url(card.urls["api"], card.urls["ressource"], query)
        number = start // COMMUNES_AT_ONCE + 1
        found.append(Download(url, f"t-finess-{departement}-{number}.json"))
    return found


def following(raw: RawFile, source_id: str) -> str | None:
    """The page that follows one of the tabular API."""
    return next_rows(raw, source_id)


def elsewhere(card: SourceCard, url: str, read: Callable[[str], bytes]) -> str | None:
    """The same request on the resource that Atlasanté gives t_finess today."""
    listing = card.urls.get("organisation")
    return resource_elsewhere(listing, url, "t_finess", read) if listing else None


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
    if not isinstance(rows, list) or not (rows or _says_none(document)):
        raise place.refusal(f"la réponse {raw.name} ne contient aucun site.")
    if not rows:
        return pd.DataFrame(columns=COLUMNS, dtype=str)
    frame = pd.DataFrame(rows, dtype=object)
    frame = frame.where(frame.notna(), "").astype(str)
    # Types are inferred there: a code may have lost its first zero.
    for name, width in LENGTHS.items():
        if name in frame:
            frame[name] = frame[name].mask(frame[name] != "", frame[name].str.zfill(width))
    return _open_sites(frame, place)


def _says_none(document: dict[str, Any]) -> bool:
    meta = document.get("meta")
    return isinstance(meta, dict) and meta.get("total") == 0


def _ministry_csv(raw: RawFile, place: Place) -> pd.DataFrame:
    """The ministry's extract: a commune is its département and three digits, a point is projected."""
    frame = renamed(read_csv(raw, place, ";"), place, strict=False)
    departement = frame["departement"].replace(OVERSEAS)
    number = frame["codgeo"].str.zfill(3)
    code = departement.str[:2] + number
    short = (departement.str.len() == 3) & (code.str[:3] != departement)
    code = code.mask(short, departement + number.str[-2:])
    lon, lat = _degrees(frame["lon"], frame["lat"], departement)
    return frame.assign(codgeo=code.where(frame["codgeo"] != "", ""), lon=lon, lat=lat)


def _degrees(x: pd.Series, y: pd.Series, departement: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Projected coordinates as degrees, in the projection of each département; "" without any."""
    lon, lat = (pd.Series("", index=x.index, dtype=object) for _ in range(2))
    known = pd.to_numeric(x, errors="coerce").notna() & pd.to_numeric(y, errors="coerce").notna()
    projections = departement[known].map(PROJECTIONS).fillna(LAMBERT_93)
    for projection in projections.unique():
        rows = projections.index[projections == projection]
        points = gpd.GeoSeries.from_xy(x[rows].astype(float), y[rows].astype(float), crs=projection)
        points = points.to_crs(WGS_84)
        lon[rows] = [f"{one:.6f}" for one in points.x]
        lat[rows] = [f"{one:.6f}" for one in points.y]
    return lon, lat


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
