"""Communes as paths of one SVG drawing, to be coloured in the browser without any request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from views.static_map import projected

# Longest side of the drawing: at a projector's width, a unit is less than two pixels.
SIDE = 1000


@dataclass(frozen=True)
class Shapes:
    """A drawing: its size, one path a commune, in the order of ``codes``.

    ``left_out``: communes of the perimeter in another part of the world, not drawn.
    """

    width: int
    height: int
    codes: tuple[str, ...]
    paths: tuple[str, ...]
    left_out: int


def commune_shapes(gdf: gpd.GeoDataFrame, inside: Collection[str]) -> Shapes | None:
    """Paths of the communes ``inside``, in metres of their own part of the world, brought to ``SIDE``.

    ``gdf`` has code, name and geometry (EPSG:4326). None when no contour of the perimeter is known.
    """
    wanted = gdf[gdf["code"].isin(list(inside))]
    if wanted.empty:
        return None
    shown, left_out = projected(wanted, inside)
    shown = shown.sort_values("code")
    west, south, east, north = shown.total_bounds
    scale = SIDE / max(east - west, north - south, 1.0)
    # A drawing goes down where the north goes up.
    placed = shown.geometry.affine_transform([scale, 0, 0, -scale, -scale * west, scale * north])
    return Shapes(
        width=int(np.ceil(scale * (east - west))) or 1,
        height=int(np.ceil(scale * (north - south))) or 1,
        codes=tuple(shown["code"].astype(str)),
        paths=tuple(_path(geometry) for geometry in placed),
        left_out=left_out,
    )


def _path(geometry: shapely.Geometry) -> str:
    """Every ring of a commune, as whole coordinates; points that fall together are said once."""
    rings = shapely.get_rings(shapely.get_parts(geometry))
    return "".join(_ring(shapely.get_coordinates(ring)) for ring in rings)


def _ring(points: np.ndarray) -> str:
    whole = np.rint(points).astype(int)
    kept = whole[np.r_[True, (np.diff(whole, axis=0) != 0).any(axis=1)]]
    # A ring that fell on one point is still a place where people live: a dot of one unit.
    if len(kept) < 3:
        x, y = kept[0]
        return f"M{x} {y}h1v1h-1z"
    return "M" + "L".join(f"{x} {y}" for x, y in kept[:-1]) + "z"
