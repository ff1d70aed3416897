"""QPV of 2024 (ANCT): outlines, and the list of communes each one lies in.

Codes of 2024 start with QN, those of 2015 with QP: the two are never mixed.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard
from connectors.columns import column_map
from connectors.errors import SchemaDrift
from connectors.text_files import (
    Place,
    read_json,
    refuse_no_row,
    refuse_other_codes,
    refuse_repeated,
)

CONTOURS, LIST = "anct_qpv_contours", "anct_qpv_liste"
CODE_2024 = r"QN[0-9A-Z]{3}\d{2}[A-Z]"
COMMUNE = r"[0-9][0-9AB][0-9]{3}"
# The national file is about 11 MB; far above it, an archive is not the one announced.
MAX_MEMBER_BYTES = 200_000_000
ZIP_START = b"PK\x03\x04"
POLYGON = re.compile(r'"type"\s*:\s*"(Multi)?Polygon"')
POINT = re.compile(r'"type"\s*:\s*"Point"')


def recognise(sample: Sample) -> Recognition | None:
    """A zip with a GeoJSON of QP2024, or a GeoJSON whose properties are those of a QPV."""
    if sample.kind == "zip":
        return Recognition(CONTOURS, "contours", "national") if _member(sample.members) else None
    if sample.kind != "json" or '"FeatureCollection"' not in sample.head:
        return None
    if '"identifian"' in sample.head and '"QN' in sample.head:
        return Recognition(CONTOURS, "contours", "departement")
    if '"code_qp"' in sample.head and POLYGON.search(sample.head):
        return Recognition(CONTOURS, "contours", "national")
    if '"code_qp"' in sample.head and POINT.search(sample.head):
        return Recognition(LIST, "liste", "2024")
    return None


def why_not(sample: Sample) -> str:
    """Quartiers without any geometry: a description, an extract of the columns."""
    if sample.kind == "json" and '"code_qp"' in sample.head:
        return (
            "des quartiers prioritaires sans contour ni point : le fichier attendu est le GeoJSON "
            "de l'ANCT, ou son archive zip."
        )
    return ""


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """``qpv_contours`` (WKB, EPSG:4326) or ``qpv_communes``. Raises SchemaDrift, SourceUnavailable."""
    if found.source_id == LIST:
        return {"qpv_communes": _memberships(raw, found.vintage)}
    return {"qpv_contours": _contours(raw, found.vintage)}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """One national file whatever the scope; the second address is its older form."""
    urls = list(card.urls.values())
    return [Download(urls[0], f"{card.id}.bin", tuple(urls[1:]))] if urls else []


def _member(names: tuple[str, ...] | list[str]) -> str | None:
    """The WGS84 GeoJSON of the archive."""
    found = [name for name in names if re.search(r"QP2024.*WGS84.*\.geojson$", name)]
    return found[0] if found else None


def _document(raw: RawFile, place: Place) -> Any:
    """The feature collection, out of a zip or as it is: the resource changed type more than once."""
    try:
        with raw.path.open("rb") as stream:
            if stream.read(len(ZIP_START)) != ZIP_START:
                return read_json(raw, place)
        with zipfile.ZipFile(raw.path) as archive:
            name = _member(archive.namelist())
            if name is None:
                raise place.refusal("l'archive ne contient pas de GeoJSON QP2024 en WGS84.")
            if archive.getinfo(name).file_size > MAX_MEMBER_BYTES:
                raise place.refusal(f"{name} annonce une taille invraisemblable.")
            return json.loads(archive.read(name).decode("utf-8-sig"))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise place.refusal(f"l'archive {raw.name} est coupée ou illisible ({error}).") from error


def _features(raw: RawFile, place: Place, names: dict[str, str]) -> pd.DataFrame:
    """Properties that ``names`` announces (ours), and the geometry as GeoJSON in ``shape``."""
    document = _document(raw, place)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise place.refusal(f"le fichier {raw.name} n'est pas une collection GeoJSON.")
    known = {name for one in features for name in one.get("properties") or {}}
    if features and (missing := [name for name in names if name not in known]):
        raise SchemaDrift(
            place.source_id, place.table, place.vintage, missing=missing, extra=sorted(known)
        )
    rows = [
        {ours: one["properties"].get(theirs) or "" for theirs, ours in names.items()}
        | {"shape": one.get("geometry")}
        for one in features
    ]
    frame = pd.DataFrame(rows)
    refuse_no_row(frame, place)
    return frame


def _contours(raw: RawFile, vintage: str) -> pd.DataFrame:
    place = Place(CONTOURS, "qpv_contours", vintage)
    names = column_map("qpv_contours", vintage)
    geometry = next(theirs for theirs, ours in names.items() if ours == "geometry")
    names.pop(geometry)
    frame = _features(raw, place, names)
    refuse_other_codes(frame, "code_qp", CODE_2024, place)
    try:
        shapes = [shape(one) for one in frame["shape"]]
    except (ShapelyError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise place.refusal(f"une géométrie est absente ou illisible ({error}).") from error
    frame["geometry"] = shapely.make_valid(np.asarray(shapes, dtype=object))
    whole = frame.groupby("code_qp", as_index=False).agg(
        quartier=("quartier", "first"), geometry=("geometry", _union)
    )
    return whole[["code_qp", "quartier", "geometry"]]


def _union(parts: pd.Series) -> bytes:
    """One quartier, one outline: a file may cut it at commune limits."""
    merged: bytes = shapely.to_wkb(shapely.union_all(parts.to_numpy()))
    return merged


def _memberships(raw: RawFile, vintage: str) -> pd.DataFrame:
    """One row a quartier and commune; the file has one point a commune and lists of quartiers."""
    place = Place(LIST, "qpv_communes", vintage)
    frame = _features(raw, place, column_map("qpv_communes", vintage)).drop(columns="shape")
    codes, names = frame["code_qp"].str.split(", "), frame["quartier"].str.split(", ")
    uneven = frame[codes.str.len() != names.str.len()]
    if len(uneven):
        raise place.refusal(
            f"commune {uneven['codgeo'].iloc[0]} : autant de codes que de noms étaient attendus."
        )
    rows = frame.assign(code_qp=codes, quartier=names).explode(["code_qp", "quartier"])
    refuse_other_codes(rows, "code_qp", CODE_2024, place)
    refuse_other_codes(rows, "codgeo", COMMUNE, place)
    refuse_repeated(rows, ["code_qp", "codgeo"], place)
    return rows.reset_index(drop=True)[["code_qp", "quartier", "codgeo"]]
