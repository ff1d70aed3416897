"""Layers of a Prodige catalogue (Atlasanté), by the uuid of their metadata: GeoJSON, or WFS pages.

One reader for every layer. A card gives the addresses of the catalogue and of its WFS, the uuid, the
table; ``data/columns/prodige.csv`` says, in the row named after the card, which property is which.
A layer is known by its properties. Its coordinates are degrees when asked for, Lambert 93 otherwise:
both are read. Another layer is a card and a row, and no code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard, load_sources
from connectors.columns import column_map
from connectors.errors import SchemaDrift
from connectors.geometry import TOLERANCE_DEGREES
from connectors.geometry import read_json as read_geojson
from connectors.text_files import (
    Place,
    holds,
    refuse_other_codes,
    refuse_repeated,
    table_columns,
)

MODULE = TABLE = "prodige"
DEGREES, LAMBERT_93 = "EPSG:4326", "EPSG:2154"
# Features in one page of the WFS.
PAGE_FEATURES = 5000
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
COMMUNE = r"([0-9][0-9AB][0-9]{3})?"


def recognise(sample: Sample) -> Recognition | None:
    """A FeatureCollection with the properties of one of our layers."""
    if sample.kind != "json" or '"FeatureCollection"' not in sample.head:
        return None
    features = sample.head.partition('"features"')[2]  # the crs before them has properties too
    first = re.search(r'"properties"\s*:\s*(\{[^{}]*\})', features)
    if first is None:
        return _empty_answer(sample.head)
    names = set(re.findall(r'"(\w+)"\s*:', first[1]))
    for card in _layers():
        wanted = [name for name in column_map(TABLE, card.id) if name != "geometry"]
        if holds(names, wanted, 1.0):
            code = re.search(rf'"{wanted[0]}"\s*:\s*"?([^",}}]*)', first[1])
            return Recognition(card.id, TABLE, card.id, f"depuis {code[1].strip() if code else ''}")
    return None


def _layers() -> list[SourceCard]:
    return [card for card in load_sources().values() if card.connector == MODULE]


def _empty_answer(head: str) -> Recognition | None:
    """No feature: the WFS still names the table that was asked."""
    if not re.search(r'"features"\s*:\s*\[\s*\]', head):
        return None
    for card in _layers():
        table = card.urls.get("table", "")
        if table and re.search(rf'"name"\s*:\s*"(ms:)?{re.escape(table)}"', head):
            return Recognition(card.id, TABLE, card.id, "réponse vide")
    return None


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """``prodige``: a feature a row, padded texts stripped, geometry in WKB (degrees).

    A point also has lon and lat. Raises SchemaDrift, SourceUnavailable.
    """
    place = Place(found.source_id, TABLE, found.vintage)
    document = read_geojson(raw, place)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(features, list):
        raise place.refusal(f"le fichier {raw.name} n'est pas une collection GeoJSON.")
    columns = table_columns(TABLE)
    if not features:
        kinds = dict.fromkeys(columns, "str") | {"lon": "float", "lat": "float"}
        empty = pd.DataFrame(columns=columns).astype(kinds)
        return {TABLE: empty.assign(geometry=pd.Series(dtype=object))}
    frame = _properties(features, place).reindex(columns=columns, fill_value="")
    refuse_other_codes(frame, "code", r"\S.*", place)
    refuse_other_codes(frame, "codgeo", COMMUNE, place)
    shapes = _in_degrees(_shapes(features, raw, place), document, raw, place)
    points = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    shapes = np.where(
        points, shapes, shapely.simplify(shapely.make_valid(shapes), TOLERANCE_DEGREES)
    )
    centre = shapely.point_on_surface(shapes)
    frame = frame.assign(
        source=found.source_id,
        lon=shapely.get_x(centre),
        lat=shapely.get_y(centre),
        geometry=np.where(points, None, shapely.to_wkb(shapes)),
    )
    refuse_repeated(frame, ["code", "lon", "lat"], place)
    return {TABLE: frame[columns]}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """The whole layer: the WFS by pages, the catalogue's GeoJSON when it fails, or the other way.

    ``premier`` of the card says which one is proven for this layer. Without a uuid, nothing.
    """
    uuid = card.urls.get("uuid", "")
    if not uuid:
        return []
    by = {"wfs": _wfs_url(card, uuid), "api": f"{card.urls['api']}/{uuid}?srs={quote(DEGREES)}"}
    first = card.urls.get("premier", "api")
    urls = [by.pop(first), *by.values()]
    former = card.urls.get("uuid_ancien")
    urls += [url.replace(uuid, former) for url in urls[:1]] if former else []
    return [Download(urls[0], f"{card.id}.json", tuple(urls[1:]))]


def _wfs_url(card: SourceCard, uuid: str) -> str:
    query = {
        "service": "WFS",
        "version": "2.0.0",
        "request": "GetFeature",
        "typename": f"ms:{card.urls['table']}",
        "outputFormat": "geojson",
        "srsName": DEGREES,
        "count": str(PAGE_FEATURES),
        "startIndex": "0",
    }
    return f"{card.urls['wfs']}/{uuid}?{urlencode(query, safe=':')}"


def following(raw: RawFile, source_id: str) -> str | None:
    """The page that follows a full page of the WFS; None for the catalogue, which has no page."""
    address = urlsplit(raw.url)
    query = dict(parse_qsl(address.query))
    document = read_geojson(raw, Place(source_id, TABLE, source_id))
    features = document.get("features") if isinstance(document, dict) else None
    if "startIndex" not in query or not isinstance(features, list):
        return None
    count = int(query["count"])
    if len(features) < count:
        return None
    query["startIndex"] = str(int(query["startIndex"]) + count)
    return address._replace(query=urlencode(query, safe=":")).geturl()


def elsewhere(card: SourceCard, url: str, read: Callable[[str], bytes]) -> str | None:
    """The same layer under the uuid that the catalogue gives it today, searched by its table."""
    former = UUID.search(url)
    if former is None or "recherche" not in card.urls:
        return None
    try:
        answer = json.loads(read(card.urls["recherche"].format(mots=quote(card.urls["table"]))))
    except ValueError:
        return None
    found = _uuid_of(answer, card.urls["table"])
    if found is None or found == former[0]:
        return None
    return url.replace(former[0], found)


def _uuid_of(answer: Any, table: str) -> str | None:
    """The uuid of the one record, or of the only one whose text names ``table``."""
    records = answer.get("metadata") if isinstance(answer, dict) else None
    records = records if isinstance(records, list) else [records]
    named = [
        str(info["uuid"])
        for one in records
        if isinstance(one, dict) and table in json.dumps(one)
        if isinstance(info := one.get("geonet:info"), dict) and info.get("uuid")
    ]
    return named[0] if len(named) == 1 else None


def _properties(features: list[Any], place: Place) -> pd.DataFrame:
    """Our names, as text; a property that the layer no longer has is named."""
    names = {t: ours for t, ours in column_map(TABLE, place.vintage).items() if t != "geometry"}
    rows = [one.get("properties") or {} if isinstance(one, dict) else {} for one in features]
    known = {str(name) for row in rows for name in row}
    if missing := [name for name in names if name not in known]:
        raise SchemaDrift(
            place.source_id, TABLE, place.vintage, missing=missing, extra=sorted(known)
        )
    return pd.DataFrame(
        [{ours: _text(row.get(theirs)) for theirs, ours in names.items()} for row in rows]
    )


def _text(value: object) -> str:
    """Texts are padded to the width of their column, and may be cut in two lines."""
    return "" if value is None else " ".join(str(value).split())


def _shapes(features: list[Any], raw: RawFile, place: Place) -> np.ndarray:
    try:
        shapes = [shapely.geometry.shape(one.get("geometry")) for one in features]
    except (TypeError, ValueError, KeyError, AttributeError, shapely.GEOSException) as error:
        raise place.refusal(f"le fichier {raw.name} a une géométrie illisible.") from error
    table = np.asarray(shapes, dtype=object)
    if shapely.is_empty(table).any():
        raise place.refusal(f"le fichier {raw.name} a une géométrie vide.")
    return table


def _in_degrees(
    shapes: np.ndarray, document: dict[str, Any], raw: RawFile, place: Place
) -> np.ndarray:
    """Degrees, from Lambert 93 when the file says so, or shows it by its coordinates."""
    said = re.search(r"EPSG:+(\d+)", json.dumps(document.get("crs") or ""))
    west, south, east, north = shapely.total_bounds(shapes)
    small = west >= -180 and east <= 180 and south >= -90 and north <= 90
    if small and (said is None or said[1] in ("4326", "84")):
        return shapes
    if small or (said is not None and said[1] != "2154"):
        raise place.refusal(f"{raw.name} : coordonnées dans une projection inattendue.")
    series = gpd.GeoSeries(shapes, crs=LAMBERT_93).to_crs(DEGREES)
    return np.asarray(series.to_numpy())
