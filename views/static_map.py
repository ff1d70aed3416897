"""Maps as images, for reports and slides: same classes, colours, states and legend as on screen.

Everything is drawn on a Figure of its own, without pyplot: several sessions may export at once.
Texts are literal (no mathematical mode), measured before being placed, and wrapped.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from views.classification import (
    ABSENT,
    ABSENT_COLOUR,
    APPROX_CHARACTERS,
    HATCH_COLOUR,
    INK,
    INSIDE,
    OK_CHARACTERS,
    OUTSIDE,
    OUTSIDE_COLOUR,
    PERIMETER_COLOUR,
    SECRET,
    Classes,
)
from views.map_content import (
    SYMBOL_GROUND,
    Format,
    MapContent,
    PictureLine,
    Symbols,
    choropleth,
)
from views.map_sheet import (
    BODY_HEIGHT,
    LARGEST_RADIUS,
    Fill,
    Row,
    Sheet,
    is_dark,
)

_COUNTRY_SIZE = 2_000  # above, boundaries would cover the colours
_BOUNDARY, _INSET_BOUNDARY = 0.6, 0.2  # points: a small map of an island must not be all white


@dataclass(frozen=True)
class _Zone:
    """A part of the country, its projection in metres, its box (west, south, east, north; degrees)."""

    name: str
    epsg: int | None
    box: tuple[float, float, float, float]


_ZONES = (
    _Zone("Métropole", 2154, (-6.0, 41.0, 10.0, 52.0)),  # Lambert-93
    _Zone("Guadeloupe", 5490, (-64.0, 15.3, -60.0, 19.0)),  # UTM 20 N
    _Zone("Martinique", 5490, (-64.0, 14.0, -60.0, 15.3)),
    _Zone("Guyane", 2972, (-55.5, 2.0, -51.0, 6.5)),  # UTM 22 N
    _Zone("La Réunion", 2975, (55.0, -22.0, 56.5, -20.0)),  # UTM 40 S
    _Zone("Mayotte", 4471, (44.0, -14.0, 46.0, -12.0)),  # UTM 38 S
)
_ELSEWHERE = _Zone("Ailleurs", None, (-180.0, -90.0, 180.0, 90.0))


@dataclass(frozen=True)
class _Part:
    """The rows of one zone, in metres."""

    zone: _Zone
    rows: gpd.GeoDataFrame


def map_picture(
    gdf: gpd.GeoDataFrame,
    content: MapContent,
    *,
    title: str,
    subtitle: str = "",
    source_line: str,
    marked: Collection[str] = (),
    marked_label: str = "Commune avec un quartier prioritaire",
    selected: str | None = None,
    lines: Sequence[PictureLine] = (),
    width_px: int = 1600,
    body_height: float = BODY_HEIGHT,
    text_scale: float = 1.0,
    format: Format = "png",
) -> bytes:
    """A map (classes, circles or two indicators crossed) as a PNG or SVG image.

    `gdf` has the columns code, name and geometry (EPSG:4326); `content` is what the interactive
    map of the same choices shows. The image is `width_px` wide, stands for 10 inches, and its
    height follows the texts, the legend and `body_height` (inches). `text_scale` enlarges every text
    (the legend is in 9.5 points at 1): a slide is read from afar. The projection is Lambert-93
    in métropole and the local UTM zone overseas: where the perimeter spans several zones, the one
    with most communes is drawn large and the others beside it, each at its own scale. The same
    arguments always give the same bytes. Raises ValueError, in French, without any row or for
    another projection.
    """
    parts, left_out = _parts(gdf, content)
    sheet = Sheet(width_px, body_height, text_scale)
    name = dict(zip(gdf["code"], gdf["name"], strict=True)).get(selected or "")
    rows = _legend_rows(
        [part.rows["character"] for part in parts],
        content,
        marked_label if _any_marked(parts, marked) else "",
        str(name) if name else "",
        lines,
    )
    sheet.lay_out(
        title, subtitle, content.title, rows, _source_text(source_line, left_out), content.grid
    )
    main, insets = sheet.split(len(parts) - 1)
    for part, box in zip(parts, [main, *insets], strict=True):
        inner = box if box is main else sheet.inside(box)
        axes = sheet.axes(inner)
        _set_extent(axes, part.rows, inner)
        boundary = _BOUNDARY if box is main else _INSET_BOUNDARY
        _paint_all(axes, part.rows, content, marked, selected, lines, boundary)
        if box is main:
            sheet.draw_scale(axes, main)
        else:
            sheet.draw_inset_frame(axes, box, part.zone.name)
    sheet.draw_texts()
    sheet.draw_legend(content, rows)
    return sheet.image(format)


def multiples_picture(
    gdf: gpd.GeoDataFrame,
    panels: Sequence[tuple[str, MapContent]],
    *,
    title: str,
    subtitle: str = "",
    source_line: str,
    selected: str | None = None,
    width_px: int = 1600,
    format: Format = "png",
) -> bytes:
    """Small maps side by side, one a period, under one legend.

    The contents share their classes and colours (or the largest of their circles): the legend is
    that of the first. Only the zone with most communes is drawn. See `map_picture`.
    """
    columns = min(len(panels), 2 if len(panels) <= 4 else 3)
    lines_of_panels = math.ceil(len(panels) / columns)
    sheet = Sheet(width_px, 2.7 * lines_of_panels if lines_of_panels > 1 else 3.6)
    drawn = [(label, content, *_parts(gdf, content)) for label, content in panels]
    first = panels[0][1]
    name = dict(zip(gdf["code"], gdf["name"], strict=True)).get(selected or "")
    rows = _legend_rows(
        [parts[0].rows["character"] for _, _, parts, _ in drawn],
        first,
        "",
        str(name) if name else "",
        (),
    )
    parts, left_out = drawn[0][2], drawn[0][3]
    inside = [part.rows["character"].ne(OUTSIDE).sum() for part in parts[1:]]
    source = _source_text(source_line, left_out + int(sum(inside)))
    sheet.lay_out(title, subtitle, first.title, rows, source, first.grid)
    boxes = sheet.cells(columns, lines_of_panels)
    for (label, content, parts, _), box in zip(drawn, boxes, strict=False):
        left, bottom, width, height = box
        inner = (left, bottom, width, height - sheet.panel_title)
        axes = sheet.axes(inner)
        _set_extent(axes, parts[0].rows, inner)
        _paint_all(axes, parts[0].rows, content, (), selected, ())
        sheet.draw_panel_title(label, box)
        if box == boxes[0]:
            sheet.draw_scale(axes, inner)
    sheet.draw_texts()
    sheet.draw_legend(first, rows)
    return sheet.image(format)


def draw_choropleth(
    gdf: gpd.GeoDataFrame,
    *,
    classes: Classes | None,
    values: pd.Series,
    states: pd.Series,
    colours: Sequence[str],
    inside: Collection[str],
    marked: Collection[str] = (),
    title: str,
    subtitle: str = "",
    legend_title: str,
    legend_labels: Sequence[str],
    source_line: str,
    width_px: int = 1600,
    text_scale: float = 1.0,
    marked_label: str = "Commune avec un quartier prioritaire",
) -> bytes:
    """The choropleth map as a PNG image, from the arguments of `views.maps.choropleth_map`."""
    content = choropleth(
        gdf["code"].tolist(),
        classes=classes,
        values=values,
        states=states,
        colours=colours,
        labels=legend_labels,
        inside=inside,
        title=legend_title,
    )
    return map_picture(
        gdf,
        content,
        title=title,
        subtitle=subtitle,
        source_line=source_line,
        marked=marked,
        marked_label=marked_label,
        width_px=width_px,
        text_scale=text_scale,
    )


def projected(gdf: gpd.GeoDataFrame, inside: Collection[str]) -> tuple[gpd.GeoDataFrame, int]:
    """Rows of the zone with most communes of `inside`, in metres, and how many of them are elsewhere."""
    within = gdf["code"].isin(list(inside))
    zones, main = _zones(gdf, within)
    return _in_metres(gdf, zones, main).rows, int((within & (zones != main)).sum())


def _parts(gdf: gpd.GeoDataFrame, content: MapContent) -> tuple[list[_Part], int]:
    """The zones to draw, the main one first, and the number of perimeter rows that no zone holds."""
    characters = pd.Series(list(content.along(gdf["code"].tolist())), index=gdf.index)
    within = characters != OUTSIDE
    zones, main = _zones(gdf, within)
    found = zones[within] if within.any() else zones
    drawn = [main, *sorted(rank for rank in found.unique() if rank >= 0 and rank != main)]
    parts = [_in_metres(gdf, zones, rank, characters) for rank in drawn]
    return parts, int((within & ~zones.isin(drawn)).sum())


def _zones(gdf: gpd.GeoDataFrame, within: pd.Series) -> tuple[pd.Series, int]:
    """Rank in `_ZONES` of each row, -1 elsewhere, and the rank that most rows `within` have."""
    if gdf.empty:
        raise ValueError("Aucun contour à dessiner.")
    if gdf.crs is None or gdf.crs.to_epsg() != 4326:
        raise ValueError(f"Les contours doivent être en EPSG:4326, pas en {gdf.crs}.")
    boxes = gdf.geometry.bounds
    x, y = (boxes["minx"] + boxes["maxx"]) / 2, (boxes["miny"] + boxes["maxy"]) / 2
    zones = pd.Series(-1, index=gdf.index)
    for rank, zone in enumerate(_ZONES):
        west, south, east, north = zone.box
        zones[x.between(west, east) & y.between(south, north)] = rank
    return zones, int((zones[within] if within.any() else zones).mode().iloc[0])


def _in_metres(
    gdf: gpd.GeoDataFrame, zones: pd.Series, rank: int, characters: pd.Series | None = None
) -> _Part:
    rows = gdf.loc[zones == rank, ["code", "name", "geometry"]]
    zone = _ZONES[rank] if rank >= 0 else _ELSEWHERE
    rows = rows.to_crs(zone.epsg or rows.estimate_utm_crs())
    if characters is not None:
        rows["character"] = characters[zones == rank]
    return _Part(zone, rows)


def _any_marked(parts: Sequence[_Part], marked: Collection[str]) -> bool:
    wanted = list(marked)
    return any(
        bool((part.rows["code"].isin(wanted) & part.rows["character"].ne(OUTSIDE)).any())
        for part in parts
    )


def _source_text(source_line: str, left_out: int) -> str:
    if not left_out:
        return source_line
    noun = "commune du périmètre n’est pas représentée"
    if left_out > 1:
        noun = "communes du périmètre ne sont pas représentées"
    return f"{source_line} {left_out} {noun} (autre zone géographique)."


def _fills(content: MapContent) -> dict[str, Fill]:
    fills = {
        OUTSIDE: Fill(OUTSIDE_COLOUR, edge="#dde1e6"),
        INSIDE: Fill(SYMBOL_GROUND if content.symbols is not None else PERIMETER_COLOUR),
        ABSENT: Fill(ABSENT_COLOUR),
        SECRET: Fill("#ffffff", "/////", HATCH_COLOUR, edge="#aab0b9"),
    }
    for rank, colour in enumerate(content.colours):
        fills[OK_CHARACTERS[rank]] = Fill(colour)
        fills[APPROX_CHARACTERS[rank]] = _approximate(colour)
    return fills


def _approximate(colour: str) -> Fill:
    return Fill(colour, "...", "#ffffff" if is_dark(colour) else "#6b747e")


def _legend_rows(
    characters: Sequence[pd.Series],
    content: MapContent,
    marked_label: str,
    selected_name: str,
    lines: Sequence[PictureLine],
) -> list[Row]:
    """Rows of the legend, for what is on the map; the classes of a crossed map are in its key."""
    present = set().union(*(set(one) for one in characters))
    fills = _fills(content)
    rows: list[Row] = []
    if content.grid is None:
        rows += [
            Row(label, "fill", Fill(colour))
            for label, colour in zip(content.labels, content.colours, strict=True)
        ]
    if content.symbols is not None:
        rows += [
            Row(label, "circle", radius=LARGEST_RADIUS * content.symbols.share(value))
            for value, label in content.symbols.legend
        ]
    if present & set(APPROX_CHARACTERS):
        middle = content.colours[len(content.colours) // 2]
        rows.append(Row(content.approximate_label, "fill", _approximate(middle)))
    names = {SECRET: "Secret statistique", ABSENT: content.absent_label}
    if content.symbols is None:
        names = {INSIDE: "Dans le périmètre"} | names
    rows += [
        Row(name, "fill", fills[character])
        for character, name in names.items()
        if character in present
    ]
    if marked_label:
        rows.append(Row(marked_label, "dot"))
    if selected_name:
        rows.append(Row(selected_name, "outline"))
    rows += [Row(line.style.label, "line", line=line) for line in lines if not line.shapes.empty]
    if OUTSIDE in present:
        rows.append(Row("Hors du périmètre", "fill", fills[OUTSIDE]))
    return rows


def _set_extent(
    axes: Axes, shown: gpd.GeoDataFrame, box: tuple[float, float, float, float]
) -> None:
    """Limits in metres around the perimeter, with the proportions of the box: no distortion."""
    within = shown[shown["character"] != OUTSIDE]
    west, south, east, north = (shown if within.empty else within).total_bounds
    _, _, width, height = box
    metres = 1.06 * max((east - west) / width, (north - south) / height, 1.0)
    x, y = (west + east) / 2, (south + north) / 2
    axes.set_xlim(x - metres * width / 2, x + metres * width / 2)
    axes.set_ylim(y - metres * height / 2, y + metres * height / 2)


def _paint_all(
    axes: Axes,
    rows: gpd.GeoDataFrame,
    content: MapContent,
    marked: Collection[str],
    selected: str | None,
    lines: Sequence[PictureLine],
    boundary: float = _BOUNDARY,
) -> None:
    """Colours, lines, circles, marks and the chosen commune, in that order."""
    _paint(axes, rows, _fills(content), boundary)
    for line in lines:
        _paint_line(axes, rows, line)
    if content.symbols is not None:
        _paint_symbols(axes, rows, content.symbols)
    _paint_marks(axes, rows[rows["code"].isin(list(marked)) & (rows["character"] != OUTSIDE)])
    chosen = rows[rows["code"] == selected]
    for colour, width in (("#ffffff", 4.0), (INK, 2.0)) if len(chosen) else ():
        axes.add_artist(
            PathPatch(_outlines(chosen), fill=False, edgecolor=colour, linewidth=width, zorder=6)
        )


def _paint_line(axes: Axes, rows: gpd.GeoDataFrame, line: PictureLine) -> None:
    if line.shapes.empty:
        return
    path = _outlines(line.shapes.to_crs(rows.crs))
    axes.add_artist(
        PathPatch(path, fill=False, edgecolor="#ffffff", linewidth=line.width + 1.6, zorder=3)
    )
    axes.add_artist(
        PathPatch(
            path,
            fill=False,
            edgecolor=line.style.colour,
            linewidth=line.width,
            linestyle=line.dashes,
            zorder=3.1,
        )
    )


def _paint_symbols(axes: Axes, rows: gpd.GeoDataFrame, symbols: Symbols) -> None:
    """Circles, the largest first so that none hides a smaller one."""
    known = rows.set_index("code")
    values = symbols.values[symbols.values.index.isin(known.index)]
    if values.empty:
        return
    values = values.sort_values(ascending=False, kind="stable")
    points = known.geometry.reindex(values.index).representative_point()
    # scatter takes an area in square points.
    radii = LARGEST_RADIUS * 72 * np.sqrt(values.to_numpy(float) / symbols.largest)
    axes.scatter(
        points.x,
        points.y,
        s=(2 * radii) ** 2,
        c=symbols.colour,
        alpha=0.75,
        edgecolors="#ffffff",
        linewidths=0.6 if len(values) <= _COUNTRY_SIZE else 0.25,
        zorder=4,
    )


def _paint(axes: Axes, shown: gpd.GeoDataFrame, fills: dict[str, Fill], boundary: float) -> None:
    width = boundary if len(shown) <= _COUNTRY_SIZE else 0.0
    # The background first: its boundaries must not cover those of the perimeter.
    for character, fill in sorted(fills.items(), key=lambda item: item[0] != OUTSIDE):
        rows = shown[shown["character"] == character]
        if rows.empty:
            continue
        patch = PathPatch(
            _outlines(rows),
            facecolor=fill.colour,
            edgecolor=fill.edge,
            linewidth=width,
            hatch=fill.hatch,
            hatchcolor=fill.hatch_colour,
        )
        axes.add_artist(patch)  # add_patch would walk every segment to update known limits


def _outlines(rows: gpd.GeoDataFrame) -> Path:
    """All the rings as one path: a hatched country takes seconds with one patch a commune.

    Rings are oriented, since holes are cut by the direction in which they turn.
    """
    polygons = shapely.get_parts(rows.geometry.to_numpy())
    rings = shapely.get_rings(shapely.orient_polygons(polygons))
    vertices, ring = shapely.get_coordinates(rings, return_index=True)
    codes = np.full(len(vertices), Path.LINETO, dtype=Path.code_type)
    changes = np.diff(ring) != 0
    codes[np.r_[True, changes]] = Path.MOVETO
    codes[np.r_[changes, True]] = Path.CLOSEPOLY
    return Path(vertices, codes)


def _paint_marks(axes: Axes, marks: gpd.GeoDataFrame) -> None:
    if marks.empty:
        return
    points = marks.geometry.representative_point()
    size = 18 if len(marks) <= 300 else 5
    axes.scatter(points.x, points.y, s=size, c=INK, edgecolors="#ffffff", linewidths=0.8, zorder=5)
