"""Maps as images, for reports and slides: same classes, colours, states and legend as on screen.

Everything is drawn on a Figure of its own, without pyplot: several sessions may export at once.
Texts are literal (no mathematical mode), measured before being placed, and wrapped.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import geopandas as gpd
import matplotlib
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, PathPatch, Polygon, Rectangle
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
from views.map_content import SYMBOL_GROUND, Grid, MapContent, Symbols, choropleth

# Identifiers inside an SVG come from its content: the same map gives the same file.
matplotlib.rcParams["svg.hashsalt"] = "gradient"

Format = Literal["png", "svg"]
_Box = tuple[float, float, float, float]  # left, bottom, width, height (inches)

# Inches; the figure is always 10 inches wide and `width_px` sets the dots per inch.
_WIDTH = 10.0
_MARGIN = 0.3
_LEGEND_WIDTH = 2.45
_GAP = 0.25
_BODY_HEIGHT = 5.4
_SCALE_HEIGHT = 0.75
_LINE = 1.35  # line height, in font sizes
_INSET_WIDTH = 1.15
_LARGEST_RADIUS = 0.3
_CELL = (0.5, 0.36)  # of the key of two crossed indicators
_PANEL_TITLE = 0.28
_SAMPLE_WIDTH = 0.46
_COUNTRY_SIZE = 2_000  # above, boundaries would cover the colours

_GREY = "#52606d"


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
class PictureLine:
    """Outlines drawn over the colours of a picture: shapes in degrees, and their legend."""

    shapes: gpd.GeoDataFrame
    label: str
    colour: str = INK
    width: float = 1.4
    dashed: bool = False


@dataclass(frozen=True)
class _Fill:
    """How one character of `class_characters` is painted."""

    colour: str
    hatch: str | None = None
    hatch_colour: str = HATCH_COLOUR
    edge: str = "#ffffff"


@dataclass(frozen=True)
class _Text:
    """Lines already wrapped, with their font; heights in inches."""

    lines: tuple[str, ...]
    font: FontProperties

    @property
    def line_height(self) -> float:
        return float(self.font.get_size_in_points()) * _LINE / 72

    @property
    def height(self) -> float:
        return len(self.lines) * self.line_height


@dataclass(frozen=True)
class _Row:
    """A row of the legend: its label and its sample."""

    label: str
    kind: Literal["fill", "dot", "circle", "outline", "line"]
    fill: _Fill | None = None
    radius: float = 0.0
    line: PictureLine | None = None


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
    body_height: float = _BODY_HEIGHT,
    format: Format = "png",
) -> bytes:
    """A map (classes, circles or two indicators crossed) as a PNG or SVG image.

    `gdf` has the columns code, name and geometry (EPSG:4326); `content` is what the interactive
    map of the same choices shows. The image is `width_px` wide, stands for 10 inches, and its
    height follows the texts, the legend and `body_height` (inches). The projection is Lambert-93
    in métropole and the local UTM zone overseas: where the perimeter spans several zones, the one
    with most communes is drawn large and the others beside it, each at its own scale. The same
    arguments always give the same bytes. Raises ValueError, in French, without any row or for
    another projection.
    """
    parts, left_out = _parts(gdf, content)
    sheet = _Sheet(width_px, body_height)
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
        axes = sheet.axes(box)
        _set_extent(axes, part.rows, box)
        _paint_all(axes, part.rows, content, marked, selected, lines)
        if part is parts[0]:
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
    sheet = _Sheet(width_px, 2.7 * lines_of_panels if lines_of_panels > 1 else 3.6)
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
        inner = (left, bottom, width, height - _PANEL_TITLE)
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


def _fills(content: MapContent) -> dict[str, _Fill]:
    fills = {
        OUTSIDE: _Fill(OUTSIDE_COLOUR, edge="#dde1e6"),
        INSIDE: _Fill(SYMBOL_GROUND if content.symbols is not None else PERIMETER_COLOUR),
        ABSENT: _Fill(ABSENT_COLOUR),
        SECRET: _Fill("#ffffff", "/////", HATCH_COLOUR, edge="#aab0b9"),
    }
    for rank, colour in enumerate(content.colours):
        fills[OK_CHARACTERS[rank]] = _Fill(colour)
        fills[APPROX_CHARACTERS[rank]] = _approximate(colour)
    return fills


def _approximate(colour: str) -> _Fill:
    return _Fill(colour, "...", "#ffffff" if _is_dark(colour) else "#6b747e")


def _is_dark(colour: str) -> bool:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140


def _legend_rows(
    characters: Sequence[pd.Series],
    content: MapContent,
    marked_label: str,
    selected_name: str,
    lines: Sequence[PictureLine],
) -> list[_Row]:
    """Rows of the legend, for what is on the map; the classes of a crossed map are in its key."""
    present = set().union(*(set(one) for one in characters))
    fills = _fills(content)
    rows: list[_Row] = []
    if content.grid is None:
        rows += [
            _Row(label, "fill", _Fill(colour))
            for label, colour in zip(content.labels, content.colours, strict=True)
        ]
    if content.symbols is not None:
        rows += [
            _Row(label, "circle", radius=_LARGEST_RADIUS * content.symbols.share(value))
            for value, label in content.symbols.legend
        ]
    if present & set(APPROX_CHARACTERS):
        middle = content.colours[len(content.colours) // 2]
        rows.append(_Row(content.approximate_label, "fill", _approximate(middle)))
    names = {SECRET: "Secret statistique", ABSENT: content.absent_label}
    if content.symbols is None:
        names = {INSIDE: "Dans le périmètre"} | names
    rows += [
        _Row(name, "fill", fills[character])
        for character, name in names.items()
        if character in present
    ]
    if marked_label:
        rows.append(_Row(marked_label, "dot"))
    if selected_name:
        rows.append(_Row(selected_name, "outline"))
    rows += [_Row(line.label, "line", line=line) for line in lines if not line.shapes.empty]
    if OUTSIDE in present:
        rows.append(_Row("Hors du périmètre", "fill", fills[OUTSIDE]))
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
) -> None:
    """Colours, lines, circles, marks and the chosen commune, in that order."""
    _paint(axes, rows, _fills(content))
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
            edgecolor=line.colour,
            linewidth=line.width,
            linestyle=(0, (4, 2)) if line.dashed else "solid",
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
    radii = _LARGEST_RADIUS * 72 * np.sqrt(values.to_numpy(float) / symbols.largest)
    axes.scatter(
        points.x,
        points.y,
        s=(2 * radii) ** 2,
        c=symbols.colour,
        alpha=0.75,
        edgecolors="#ffffff",
        linewidths=0.6,
        zorder=4,
    )


def _paint(axes: Axes, shown: gpd.GeoDataFrame, fills: dict[str, _Fill]) -> None:
    width = 0.6 if len(shown) <= _COUNTRY_SIZE else 0.0
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


class _Sheet:
    """The page: where texts, map, legend and scale go, in inches from the lower left corner."""

    def __init__(self, width_px: int, body_height: float = _BODY_HEIGHT) -> None:
        self._body_height = body_height
        self._figure = Figure(figsize=(_WIDTH, body_height), dpi=width_px / _WIDTH)
        self._figure.set_facecolor("#ffffff")
        self._renderer = FigureCanvasAgg(self._figure).get_renderer()
        self.map_box = (0.0, 0.0, 0.0, 0.0)

    def lay_out(
        self,
        title: str,
        subtitle: str,
        legend_title: str,
        rows: Sequence[_Row],
        source: str,
        grid: Grid | None = None,
    ) -> None:
        """Wrap every text, then set the height of the page and the box of the map."""
        full = _WIDTH - 2 * _MARGIN
        self._title = self._wrapped(title, full, 15, bold=True)
        self._subtitle = self._wrapped(subtitle, full, 10.5)
        self._source = self._wrapped(source, full, 8)
        self._legend_title = self._wrapped(legend_title, _LEGEND_WIDTH, 10, bold=True)
        self._labels = [
            self._wrapped(row.label, _LEGEND_WIDTH - _sample_width(row) - 0.04, 9.5) for row in rows
        ]
        self._key = None if grid is None else _Key(grid, *self._key_texts(grid))
        legend = self._legend_title.height + 0.1 + (self._key.height if self._key else 0)
        legend += sum(
            _row_height(row, text) + 0.06 for row, text in zip(rows, self._labels, strict=True)
        )
        body = max(self._body_height, legend + _SCALE_HEIGHT + 0.2)
        below = _MARGIN * 0.7 + self._source.height + 0.15
        above = _MARGIN + self._title.height + self._subtitle.height + 0.2
        self._height = below + body + above
        self._figure.set_size_inches(_WIDTH, self._height)
        self._body_top = below + body
        self._legend_left = _WIDTH - _MARGIN - _LEGEND_WIDTH
        self.map_box = (_MARGIN, below, self._legend_left - _GAP - _MARGIN, body)
        self._page = self._figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(0, self._height))
        self._page.set_axis_off()
        self._page.set_zorder(2)
        self._page.patch.set_alpha(0)

    def _key_texts(self, grid: Grid) -> tuple[_Text, _Text]:
        return (
            self._wrapped(f"↑ {grid.up}", _LEGEND_WIDTH, 9),
            self._wrapped(f"{grid.across} →", _LEGEND_WIDTH, 9),
        )

    def split(self, insets: int) -> tuple[_Box, list[_Box]]:
        """The box of the main map, and those of the maps beside it, in a column on its left."""
        if not insets:
            return self.map_box, []
        left, bottom, width, height = self.map_box
        each = min(height / insets, _INSET_WIDTH)
        top = bottom + height
        boxes = [
            (left, top - (rank + 1) * each + 0.06, _INSET_WIDTH - 0.06, each - 0.06)
            for rank in range(insets)
        ]
        return (left + _INSET_WIDTH, bottom, width - _INSET_WIDTH, height), boxes

    def cells(self, columns: int, lines: int) -> list[_Box]:
        """Equal boxes, left to right and top to bottom."""
        left, bottom, width, height = self.map_box
        across, down = width / columns, height / lines
        return [
            (left + column * across, bottom + (lines - 1 - line) * down, across - 0.1, down - 0.08)
            for line in range(lines)
            for column in range(columns)
        ]

    def axes(self, box: _Box) -> Axes:
        """Empty axes covering a box."""
        left, bottom, width, height = box
        rectangle = (left / _WIDTH, bottom / self._height, width / _WIDTH, height / self._height)
        axes = self._figure.add_axes(rectangle)
        axes.set_axis_off()
        return axes

    def draw_inset_frame(self, axes: Axes, box: _Box, name: str) -> None:
        """Frame, name and scale of a map beside the main one."""
        left, bottom, width, height = box
        self._page.add_patch(
            Rectangle((left, bottom), width, height, fill=False, edgecolor="#8792a0", linewidth=0.7)
        )
        text = self._wrapped(name, width - 0.08, 7.5)
        self._write(text, left + 0.05, bottom + height - 0.03, INK)
        west, east = axes.get_xlim()
        metres_per_inch = (east - west) / width
        metres = _round_length(0.5 * metres_per_inch)
        length = metres / metres_per_inch
        self._page.plot(
            [left + 0.06, left + 0.06 + length], [bottom + 0.06] * 2, color=INK, linewidth=1.2
        )
        label = self._wrapped(_length_label(metres), width, 6.5)
        self._write(label, left + 0.06, bottom + 0.09 + label.height, INK)

    def draw_panel_title(self, label: str, box: _Box) -> None:
        """The period of a small map, above it."""
        left, bottom, width, height = box
        self._write(self._wrapped(label, width, 10, bold=True), left, bottom + height, INK)

    def draw_texts(self) -> None:
        """Title and subtitle above, source below."""
        top = self._write(self._title, _MARGIN, self._height - _MARGIN, INK)
        self._write(self._subtitle, _MARGIN, top, _GREY)
        self._write(self._source, _MARGIN, _MARGIN * 0.7 + self._source.height, _GREY)

    def draw_legend(self, content: MapContent, rows: Sequence[_Row]) -> None:
        """Title, key of a crossed map, then one sample and label a row, in the right column."""
        left = self._legend_left
        top = self._write(self._legend_title, left, self._body_top, INK) - 0.1
        if self._key is not None:
            top = self._draw_key(self._key, content.colours, top)
        for row, label in zip(rows, self._labels, strict=True):
            height = _row_height(row, label)
            middle = top - (height / 2 if row.kind == "circle" else label.line_height / 2)
            self._draw_sample(row, left, middle)
            start = middle + label.height / 2 if row.kind == "circle" else top
            self._write(label, left + _sample_width(row), start, INK)
            top -= height + 0.06

    def _draw_sample(self, row: _Row, left: float, middle: float) -> None:
        if row.fill is not None:
            self._page.add_patch(_sample(row.fill, left, middle))
        elif row.kind == "dot":
            self._page.add_patch(
                Circle((left + 0.17, middle), 0.05, facecolor=INK, edgecolor="#ffffff")
            )
        elif row.kind == "circle":
            self._page.add_patch(
                Circle(
                    (left + _LARGEST_RADIUS, middle),
                    row.radius,
                    facecolor=Symbols.colour,
                    alpha=0.75,
                    edgecolor="#ffffff",
                )
            )
        elif row.kind == "outline":
            self._page.add_patch(
                Rectangle((left, middle - 0.08), 0.34, 0.16, fill=False, edgecolor=INK, linewidth=2)
            )
        elif row.line is not None:
            self._page.plot(
                [left, left + 0.34],
                [middle, middle],
                color=row.line.colour,
                linewidth=row.line.width,
                linestyle=(0, (4, 2)) if row.line.dashed else "solid",
            )

    def _draw_key(self, key: _Key, colours: Sequence[str], top: float) -> float:
        """Nine cells with their number of territories; returns the height reached."""
        left = self._legend_left
        top = self._write(key.up, left, top, INK) - 0.05
        width, height = _CELL
        font = FontProperties(family="DejaVu Sans", size=9, weight="bold")
        for cell, count in enumerate(key.grid.counts):
            x, y = left + (cell % 3) * width, top - (3 - cell // 3) * height
            self._page.add_patch(
                Rectangle((x, y), width, height, facecolor=colours[cell], edgecolor="#ffffff")
            )
            self._page.text(
                x + width / 2,
                y + height / 2,
                str(count),
                color="#ffffff" if _is_dark(colours[cell]) else INK,
                fontproperties=font,
                horizontalalignment="center",
                verticalalignment="center",
                parse_math=False,
            )
        return self._write(key.across, left, top - 3 * height - 0.05, INK) - 0.12

    def draw_scale(self, axes: Axes, box: _Box) -> None:
        """Scale bar in kilometres and north arrow, at the foot of the right column."""
        left, bottom = self._legend_left, self.map_box[1] + 0.12
        west, east = axes.get_xlim()
        metres_per_inch = (east - west) / box[2]
        metres = _round_length(1.6 * metres_per_inch)
        length = metres / metres_per_inch
        tick = 0.07
        self._page.plot(
            [left, left, left + length, left + length],
            [bottom + tick, bottom, bottom, bottom + tick],
            color=INK,
            linewidth=1.4,
            solid_joinstyle="miter",
        )
        label = self._wrapped(_length_label(metres), _LEGEND_WIDTH, 9)
        self._write(label, left, bottom + tick + 0.06 + label.height, INK)
        x = _WIDTH - _MARGIN - 0.2
        arrow = [(x, bottom + 0.36), (x - 0.09, bottom), (x, bottom + 0.08), (x + 0.09, bottom)]
        self._page.add_patch(Polygon(arrow, closed=True, facecolor=INK, edgecolor="none"))
        north = self._wrapped("N", 1.0, 9, bold=True)
        width = self._width("N", north.font)
        self._write(north, x - width / 2, bottom + 0.38 + north.height, INK)

    def image(self, format: Format) -> bytes:
        """The page as PNG or SVG bytes; the same page always gives the same bytes."""
        buffer = BytesIO()
        metadata = {"Software": None} if format == "png" else {"Date": None, "Creator": None}
        self._figure.savefig(buffer, format=format, metadata=metadata)
        return buffer.getvalue()

    def _write(self, text: _Text, left: float, top: float, colour: str) -> float:
        """Draw lines downwards from `top`; returns the height reached."""
        for line in text.lines:
            self._page.text(
                left,
                top - text.line_height / 2,
                line,
                color=colour,
                fontproperties=text.font,
                verticalalignment="center_baseline",
                parse_math=False,
            )
            top -= text.line_height
        return top

    def _wrapped(self, text: str, width: float, size: float, bold: bool = False) -> _Text:
        """The text cut into lines at most `width` inches wide, at spaces if possible."""
        font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
        lines: list[str] = []
        for paragraph in text.split("\n"):
            line = ""
            for word in (part for part in paragraph.split(" ") if part):
                candidate = f"{line} {word}" if line else word
                if self._width(candidate, font) <= width:
                    line = candidate
                    continue
                if line:
                    lines.append(line)
                *full, line = self._pieces(word, width, font)
                lines += full
            if line:
                lines.append(line)
        return _Text(tuple(lines), font)

    def _pieces(self, word: str, width: float, font: FontProperties) -> list[str]:
        """A word cut where it would overflow; the whole word when it fits."""
        pieces = [""]
        for character in word:
            if pieces[-1] and self._width(pieces[-1] + character, font) > width:
                pieces.append("")
            pieces[-1] += character
        return pieces

    def _width(self, text: str, font: FontProperties) -> float:
        pixels, _, _ = self._renderer.get_text_width_height_descent(text, font, ismath=False)
        return float(pixels / self._figure.dpi)


@dataclass(frozen=True)
class _Key:
    """The key of two crossed indicators, its texts wrapped."""

    grid: Grid
    up: _Text
    across: _Text

    @property
    def height(self) -> float:
        return self.up.height + self.across.height + 3 * _CELL[1] + 0.22


def _sample_width(row: _Row) -> float:
    return 2 * _LARGEST_RADIUS + 0.12 if row.kind == "circle" else _SAMPLE_WIDTH


def _row_height(row: _Row, label: _Text) -> float:
    return max(label.height, 2 * row.radius)


def _sample(fill: _Fill, left: float, middle: float) -> Rectangle:
    return Rectangle(
        (left, middle - 0.08),
        0.34,
        0.16,
        facecolor=fill.colour,
        edgecolor="#aab0b9",
        linewidth=0.6,
        hatch=fill.hatch,
        hatchcolor=fill.hatch_colour,
    )


def _round_length(metres: float) -> float:
    """The longest of 1, 2 or 5 times a power of ten that is at most `metres`."""
    power = 10.0 ** math.floor(math.log10(metres))
    return float(max(step * power for step in (1, 2, 5) if step * power <= metres))


def _length_label(metres: float) -> str:
    if metres < 1_000:
        return f"{metres:.0f}\u00a0m"
    return f"{np.round(metres / 1_000):.0f}\u00a0km"
