"""Distances as the crow flies: pairs within reach, the nearest site, people beyond a distance.

Points are in degrees (columns ``lon``, ``lat``), on a sphere of the mean radius of the Earth
(6 371.0088 km, IUGG): within 0.3 % of the ellipsoid at these distances. A distance says nothing of
the road, the relief or the bus.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely
from scipy.spatial import cKDTree

FloatArray = npt.NDArray[np.float64]

EARTH_KM = 6371.0088
# Official projections, in metres: Lambert-93, and one for each overseas territory.
METRIC = {
    "971": "EPSG:5490",
    "972": "EPSG:5490",
    "973": "EPSG:2972",
    "974": "EPSG:2975",
    "976": "EPSG:4471",
}
LAMBERT_93 = "EPSG:2154"
# Projected, a point of the outline may be some nanometres away from it.
_ON_THE_OUTLINE_M = 0.01


def distances_km(lon: float, lat: float, points: pd.DataFrame) -> pd.Series:
    """Distance of each of ``points`` to one point, in km."""
    centre = _on_sphere(pd.DataFrame({"lon": [lon], "lat": [lat]}))
    chords = np.linalg.norm(_on_sphere(points) - centre, axis=1)
    return pd.Series(_arc(chords), index=points.index, name="km")


def pairs_within(points: pd.DataFrame, reach: float) -> pd.DataFrame:
    """Every ordered pair of ``points`` at most ``reach`` km apart, each with itself at 0.

    Columns ``origin``, ``destination`` (labels of the index) and ``cost`` (km), the shape that
    diagnostic.access takes.
    """
    places = _on_sphere(points)
    tree = cKDTree(places)
    found = tree.query_pairs(_chord(reach), output_type="ndarray")
    first, second = found[:, 0], found[:, 1]
    cost = _arc(np.linalg.norm(places[first] - places[second], axis=1))
    own = np.arange(len(points))
    labels = points.index.to_numpy()
    return pd.DataFrame(
        {
            "origin": labels[np.concatenate([first, second, own])],
            "destination": labels[np.concatenate([second, first, own])],
            "cost": np.concatenate([cost, cost, np.zeros(len(own))]),
        }
    )


def nearest(origins: pd.DataFrame, sites: pd.DataFrame, unknown: pd.DataFrame) -> pd.DataFrame:
    """The site nearest to each of ``origins``: ``km``, ``site`` (its label) and ``exact``.

    ``unknown``: points where it is not known whether there is a site. Where one of them is nearer
    than the nearest known site, ``exact`` is false and ``km`` is the most that it can be; without
    any site, ``km`` is NaN.
    """
    places = _on_sphere(origins)
    if sites.empty:
        km, labels = np.full(len(origins), np.nan), np.full(len(origins), None, dtype=object)
    else:
        chords, positions = cKDTree(_on_sphere(sites)).query(places)
        km, labels = _arc(chords), sites.index.to_numpy()[positions]
    exact = ~np.isnan(km)
    if len(unknown):
        chords, _ = cKDTree(_on_sphere(unknown)).query(places)
        exact &= _arc(chords) >= km
    return pd.DataFrame({"km": km, "site": labels, "exact": exact}, index=origins.index)


def people_beyond(
    found: pd.DataFrame, population: pd.Series, thresholds: Sequence[float]
) -> pd.DataFrame:
    """Inhabitants farther than each threshold (km): ``sure``, and ``unsure`` who may be or not.

    ``found``: result of :func:`nearest`. A distance that is only a most, under the threshold, is
    surely under it.
    """
    people = population.reindex(found.index)
    rows = {}
    for threshold in thresholds:
        beyond = ~(found["km"] <= threshold)
        rows[threshold] = {
            "sure": float(people[beyond & found["exact"]].sum()),
            "unsure": float(people[beyond & ~found["exact"]].sum()),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def sites_around(
    outlines: pd.DataFrame, sites: pd.DataFrame, margin_m: float = 500.0
) -> pd.DataFrame:
    """Sites inside each outline, or at most ``margin_m`` metres from it.

    ``outlines``: index = code, columns ``geometry`` (shapely, degrees) and ``departement_code``,
    which gives the official projection to measure in. ``sites``: columns ``lon``, ``lat``. One row
    a pair: ``outline``, ``site`` (labels), ``metres`` (0 inside) and ``inside``. A site on the
    outline is inside.
    """
    rows = []
    for code, outline in outlines.iterrows():
        to_metres = _projection(str(outline["departement_code"]))
        shape = _projected(outline["geometry"], to_metres)
        near = sites[_about(outline["geometry"], sites, margin_m)]
        points = shapely.points(*to_metres.transform(near["lon"], near["lat"]))
        metres = shapely.distance(shape, points)
        kept = metres <= margin_m
        rows.append(
            pd.DataFrame(
                {
                    "outline": code,
                    "site": near.index[kept],
                    "metres": metres[kept],
                    "inside": metres[kept] <= _ON_THE_OUTLINE_M,
                }
            )
        )
    columns = ["outline", "site", "metres", "inside"]
    filled = [one for one in rows if len(one)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)


def reaching(outlines: pd.DataFrame, areas: pd.DataFrame, margin_m: float = 500.0) -> set[str]:
    """Outlines (labels) with some part of ``areas`` in them or at most ``margin_m`` metres away.

    Both as the outlines of :func:`sites_around`; ``areas`` needs ``geometry`` only.
    """
    shapes = areas["geometry"].to_numpy()
    tree = shapely.STRtree(shapes)
    found = set()
    for code, outline in outlines.iterrows():
        to_metres = _projection(str(outline["departement_code"]))
        shape = _projected(outline["geometry"], to_metres)
        for position in tree.query(shapely.box(*_box_about(outline["geometry"], margin_m))):
            if shapely.distance(shape, _projected(shapes[position], to_metres)) <= margin_m:
                found.add(str(code))
                break
    return found


def _projection(departement: str) -> pyproj.Transformer:
    """From degrees to metres, in the official projection of a département."""
    official = METRIC.get(departement, LAMBERT_93)
    return pyproj.Transformer.from_crs("EPSG:4326", official, always_xy=True)


def _projected(shape: shapely.Geometry, to_metres: pyproj.Transformer) -> shapely.Geometry:
    return shapely.transform(
        shape, lambda degrees: np.column_stack(to_metres.transform(*degrees.T))
    )


def _about(shape: shapely.Geometry, sites: pd.DataFrame, margin_m: float) -> npt.NDArray[np.bool_]:
    """Sites in the box around ``shape``: a first sieve, in degrees."""
    west, south, east, north = _box_about(shape, margin_m)
    inside = sites["lon"].between(west, east) & sites["lat"].between(south, north)
    return inside.to_numpy(dtype=bool)


def _box_about(shape: shapely.Geometry, margin_m: float) -> tuple[float, float, float, float]:
    """The box of ``shape`` widened by twice the margin: west, south, east, north (degrees)."""
    west, south, east, north = shape.bounds
    tall = 2 * margin_m / 111_000
    wide = tall / max(np.cos(np.radians(max(abs(south), abs(north)))), 0.1)
    return west - wide, south - tall, east + wide, north + tall


def _on_sphere(points: pd.DataFrame) -> FloatArray:
    """Cartesian coordinates, km."""
    lon = np.radians(points["lon"].to_numpy(dtype=float))
    lat = np.radians(points["lat"].to_numpy(dtype=float))
    unit = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    return np.asarray(EARTH_KM * unit, dtype=float)


def _arc(chord: npt.ArrayLike) -> FloatArray:
    """Length on the sphere of a straight line through it."""
    half = np.clip(np.asarray(chord, dtype=float) / (2 * EARTH_KM), 0, 1)
    return np.asarray(2 * EARTH_KM * np.arcsin(half), dtype=float)


def _chord(arc: float) -> float:
    return float(2 * EARTH_KM * np.sin(arc / (2 * EARTH_KM)))
