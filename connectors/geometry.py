"""Outlines: GeoJSON read within bounds, carried to the communes of today, simplified together."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterable

import numpy as np
import pandas as pd
import shapely

from connectors.base import RawFile
from connectors.cards import DATA
from connectors.text_files import Place

# About 50 m: outlines stay true on a département map, files stay small.
TOLERANCE_DEGREES = 0.0005
# About 500 m, and less on the islands: enough for a map of the country on a screen.
SKETCH_DEGREES, SKETCH_OVERSEAS_DEGREES = 0.006, 0.003
MAX_TEXT_BYTES = 500 * 1024**2
WHOLE_COUNTRY = 90
ARRONDISSEMENT = re.compile(r"751(0[1-9]|1[0-9]|20)|132(0[1-9]|1[0-6])|6938[1-9]")
# Cities with arrondissements, and how the codes of these start.
CITIES = {"75056": "751", "13055": "132", "69123": "6938"}
# Communes that split since 2019, with what left them: an older outline covers them all.
SPLIT = {
    "14712": {"14666"},
    "15141": {"15031", "15035", "15047", "15171"},
    "60054": {"60694"},
    "85084": {"85165", "85212"},
}


def read_json(raw: RawFile, place: Place) -> object:
    """The JSON of a file, gzipped or not. Raises SourceUnavailable: damaged, too large, not JSON."""
    try:
        text = _bytes(raw)
        if len(text) > MAX_TEXT_BYTES:
            raise place.refusal(f"le fichier {raw.name} dépasse 500 Mo une fois ouvert.")
        return json.loads(text)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise place.refusal(f"le fichier {raw.name} est coupé ou n'est pas du JSON.") from error


def _bytes(raw: RawFile) -> bytes:
    """What the file holds, one byte past the bound at most."""
    with raw.path.open("rb") as stream:
        if stream.peek(2)[:2] != b"\x1f\x8b":
            return stream.read(MAX_TEXT_BYTES + 1)
        with gzip.open(stream) as inside:
            return inside.read(MAX_TEXT_BYTES + 1)


def shapes_of(geometries: Iterable[object], raw: RawFile, place: Place) -> np.ndarray:
    """Polygons in degrees, valid. Raises SourceUnavailable for anything else."""
    try:
        shapes = np.asarray([shapely.geometry.shape(one) for one in geometries], dtype=object)
    except (TypeError, ValueError, KeyError, AttributeError, shapely.GEOSException) as error:
        raise place.refusal(f"le fichier {raw.name} a un contour illisible.") from error
    areal = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
    if not len(shapes) or not areal.all():
        raise place.refusal(f"le fichier {raw.name} n'a pas que des contours.")
    west, south, east, north = shapely.total_bounds(shapes)
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise place.refusal(
            f"les coordonnées de {raw.name} ne sont pas en degrés.",
            "Demandez le fichier en WGS 84 (EPSG:4326).",
        )
    return np.where(shapely.is_valid(shapes), shapes, shapely.make_valid(shapes))


def commune_level(codes: pd.Series) -> pd.Series:
    """commune, or arm for the arrondissements of Paris, Lyon and Marseille."""
    arm = codes.str.fullmatch(ARRONDISSEMENT.pattern)
    return pd.Series(np.where(arm, "arm", "commune"), index=codes.index)


def to_current(frame: pd.DataFrame) -> pd.DataFrame:
    """Communes of ``frame`` (level, codgeo, geometry) in those of today.

    A former commune joins the one that holds it; one that split since, and whose parts are not
    drawn, is left out.
    """
    passage = pd.read_csv(DATA / "embarque" / "cog_passage.csv", dtype=str)
    current = frame["codgeo"].map(passage.set_index("ancien_code")["code"])
    codes = set(frame["codgeo"])
    whole = [code for code, parts in SPLIT.items() if code in codes and not parts <= codes]
    carried = frame.assign(codgeo=current.fillna(frame["codgeo"]))
    carried = carried[~carried["codgeo"].isin(whole)]
    moved = carried["codgeo"].isin(current.dropna())
    merged = [
        (level, code, shapely.union_all(part.to_numpy()))
        for (level, code), part in carried[moved].groupby(["level", "codgeo"])["geometry"]
    ]
    united = pd.DataFrame(merged, columns=["level", "codgeo", "geometry"])
    return pd.concat([carried[~moved], united], ignore_index=True)


def communes_at(points: pd.DataFrame, outlines: Iterable[pd.DataFrame]) -> pd.Series:
    """Code of the commune whose outline holds each point (lon, lat); "" outside of all.

    ``outlines`` (level, codgeo, geometry in WKB) come best first: the first that draws a commune
    is the one used for it. Outlines are simplified: near a border, the neighbour may be given.
    """
    drawn = pd.concat([one[["level", "codgeo", "geometry"]] for one in outlines], ignore_index=True)
    drawn = drawn[drawn["level"] == "commune"].drop_duplicates("codgeo")
    tree = shapely.STRtree(shapely.from_wkb(drawn["geometry"].to_numpy()))
    places = shapely.points(points["lon"].to_numpy(float), points["lat"].to_numpy(float))
    point, outline = tree.query(places, predicate="within")
    codes = pd.Series("", index=points.index, dtype=object)
    # Where two outlines overlap, the smaller code: always the same answer.
    found = pd.Series(drawn["codgeo"].to_numpy()[outline], index=points.index[point])
    first = found.groupby(level=0).min()
    codes[first.index] = first
    return codes


def outlines(frame: pd.DataFrame) -> pd.DataFrame:
    """``frame`` (level, codgeo, geometry) simplified, neighbours keeping a common border.

    Adds a point inside (lon, lat); geometry becomes WKB. The edge of a file that is not the whole
    country stays as it is, so that two files meet.
    """
    parts = [_simplified(part) for _, part in frame.groupby("level", sort=True)]
    return pd.concat(parts, ignore_index=True)


def sketched(frame: pd.DataFrame) -> pd.DataFrame:
    """``frame`` (level, code, geometry in WKB; communes and arrondissements) at the country's scale.

    Neighbours keep a common border. A city is drawn by its arrondissements, so that either fits
    among the other communes.
    """
    shapes = shapely.from_wkb(frame["geometry"].map(bytes).to_numpy())
    drawn = frame[["level", "code"]].assign(geometry=shapes)
    arms = drawn[drawn["level"] == "arm"]
    cities = {city: arms[arms["code"].str.startswith(start)] for city, start in CITIES.items()}
    divided = [city for city, parts in cities.items() if len(parts)]
    flat = drawn[~((drawn["level"] == "commune") & drawn["code"].isin(divided))]
    overseas = flat["code"].str.startswith("97")
    parts = [
        part.assign(geometry=shapely.coverage_simplify(part["geometry"].to_numpy(), tolerance))
        for part, tolerance in (
            (flat[~overseas], SKETCH_DEGREES),
            (flat[overseas], SKETCH_OVERSEAS_DEGREES),
        )
        if len(part)
    ]
    simple = pd.concat(parts)
    whole = [
        ("commune", city, shapely.union_all(simple["geometry"].reindex(cities[city].index)))
        for city in divided
    ]
    united = pd.DataFrame(whole, columns=["level", "code", "geometry"])
    every = pd.concat([simple, united], ignore_index=True)
    return every.assign(geometry=shapely.to_wkb(every["geometry"].to_numpy()))


def _simplified(frame: pd.DataFrame) -> pd.DataFrame:
    whole = frame["codgeo"].str[:2].nunique() > WHOLE_COUNTRY
    shapes = np.asarray(frame["geometry"].to_numpy())
    shapes = shapely.coverage_simplify(shapes, TOLERANCE_DEGREES, simplify_boundary=whole)
    inside = shapely.point_on_surface(shapes)
    return pd.DataFrame(
        {
            "level": frame["level"].to_numpy(),
            "codgeo": frame["codgeo"].to_numpy(),
            "geometry": shapely.to_wkb(shapes),
            "lon": shapely.get_x(inside),
            "lat": shapely.get_y(inside),
        }
    )
