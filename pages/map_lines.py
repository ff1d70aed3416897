"""Outlines over the colours of the map page: the same on the screen and in its pictures."""

from __future__ import annotations

from collections.abc import Callable

from pages.extents import COUNTRY, PERIMETER, Extent
from pages.layers import around, limit_shapes, limits, quarter_shapes, quarters
from pages.map_controls import DRAWN_OVER
from pages.shared import build_path
from views.map_content import LIMITS, QUARTERS, PictureLine
from views.maps import Line


def has_quarters(extent: Extent) -> bool:
    """Quartiers are too small to be seen on a country."""
    return extent.key != COUNTRY and len(extent.codes) <= DRAWN_OVER


def has_limits(polygons: int) -> bool:
    """Limits of intercommunalités would hide the colours of a crowded map."""
    return polygons <= DRAWN_OVER


def _quarter_communes(extent: Extent) -> tuple[str, ...]:
    """Communes whose quartiers are drawn: around a perimeter, those of its neighbours too."""
    return around(extent.found) if extent.key == PERIMETER else extent.codes


def screen_lines(extent: Extent, polygons: int) -> list[Line]:
    """Outlines that the reader may show or hide; ``polygons``: communes on the map."""
    drawn = [
        (quarters(_quarter_communes(extent)) if has_quarters(extent) else None, QUARTERS),
        (limits(extent.departements) if has_limits(polygons) else None, LIMITS),
    ]
    return [Line(layer, style) for layer, style in drawn if layer is not None]


def picture_lines(extent: Extent, polygons: int) -> Callable[[], list[PictureLine]]:
    """The same outlines, for a picture that is made later, when no session can tell its build."""
    path = build_path()
    communes = _quarter_communes(extent) if has_quarters(extent) else ()

    def make() -> list[PictureLine]:
        drawn = [
            (quarter_shapes(path, communes) if communes else None, QUARTERS),
            (limit_shapes(path, extent.departements) if has_limits(polygons) else None, LIMITS),
        ]
        return [PictureLine(shapes, style) for shapes, style in drawn if shapes is not None]

    return make
