"""The choropleth map as an image, for reports and slides: same classes, colours and states.

Everything is drawn on a Figure of its own, without pyplot: several sessions may export at once.
Texts are literal (no mathematical mode), measured before being placed, and wrapped.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import BytesIO

import geopandas as gpd
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
    class_characters,
)

# Inches; the figure is always 10 inches wide and `width_px` sets the dots per inch.
_WIDTH = 10.0
_MARGIN = 0.3
_LEGEND_WIDTH = 2.45
_GAP = 0.25
_BODY_HEIGHT = 5.4
_SCALE_HEIGHT = 0.75
_LINE = 1.35  # line height, in font sizes

_GREY = "#52606d"

# A projection in metres per zone, with its box (west, south, east, north) in degrees.
_ZONES: tuple[tuple[int, tuple[float, float, float, float]], ...] = (
    (2154, (-6.0, 41.0, 10.0, 52.0)),  # métropole, Lambert-93
    (5490, (-64.0, 14.0, -60.0, 19.0)),  # Guadeloupe and Martinique, UTM 20 N
    (2972, (-55.5, 2.0, -51.0, 6.5)),  # Guyane, UTM 22 N
    (2975, (55.0, -22.0, 56.5, -20.0)),  # La Réunion, UTM 40 S
    (4471, (44.0, -14.0, 46.0, -12.0)),  # Mayotte, UTM 38 S
)


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
    """The map as a PNG image `width_px` wide; the height follows the texts and the legend.

    `gdf` has the columns code, name and geometry (EPSG:4326); the other arguments are those of
    `views.maps.choropleth_map`. The projection is Lambert-93 in métropole and the local UTM zone
    overseas. When the perimeter spans several zones, the one with most communes is drawn and
    the source line says how many communes are not shown. Raises ValueError, in French, without
    any row or for another projection.
    """
    shown, left_out = projected(gdf, inside)
    shown["character"] = list(
        class_characters(shown["code"].tolist(), classes, values, states, inside)
    )
    marks = shown[shown["code"].isin(list(marked)) & (shown["character"] != OUTSIDE)]
    sheet = _Sheet(width_px)
    rows = _legend_rows(shown, colours, legend_labels, marked_label if len(marks) else "")
    sheet.lay_out(title, subtitle, legend_title, rows, _source_text(source_line, left_out))
    axes = sheet.map_axes()
    _set_extent(axes, shown, sheet.map_box)
    _paint(axes, shown, _fills(colours))
    _paint_marks(axes, marks)
    sheet.draw_texts()
    sheet.draw_legend(rows)
    sheet.draw_scale(axes)
    return sheet.png()


def projected(gdf: gpd.GeoDataFrame, inside: Collection[str]) -> tuple[gpd.GeoDataFrame, int]:
    """Rows of the zone to draw, in metres, and the number of perimeter rows left out."""
    if gdf.empty:
        raise ValueError("Aucun contour à dessiner.")
    if gdf.crs is None or gdf.crs.to_epsg() != 4326:
        raise ValueError(f"Les contours doivent être en EPSG:4326, pas en {gdf.crs}.")
    boxes = gdf.geometry.bounds
    x, y = (boxes["minx"] + boxes["maxx"]) / 2, (boxes["miny"] + boxes["maxy"]) / 2
    zone = pd.Series(0, index=gdf.index)
    for epsg, (west, south, east, north) in _ZONES:
        zone[x.between(west, east) & y.between(south, north)] = epsg
    within = gdf["code"].isin(list(inside))
    epsg = int((zone[within] if within.any() else zone).mode().iloc[0])
    rows = gdf.loc[zone == epsg, ["code", "name", "geometry"]]
    target = rows.estimate_utm_crs() if epsg == 0 else epsg
    return rows.to_crs(target), int((within & (zone != epsg)).sum())


def _source_text(source_line: str, left_out: int) -> str:
    if not left_out:
        return source_line
    noun = "commune du périmètre n’est pas représentée"
    if left_out > 1:
        noun = "communes du périmètre ne sont pas représentées"
    return f"{source_line} {left_out} {noun} (autre zone géographique)."


def _fills(colours: Sequence[str]) -> dict[str, _Fill]:
    fills = {
        OUTSIDE: _Fill(OUTSIDE_COLOUR, edge="#dde1e6"),
        INSIDE: _Fill(PERIMETER_COLOUR),
        ABSENT: _Fill(ABSENT_COLOUR),
        SECRET: _Fill("#ffffff", "/////", HATCH_COLOUR, edge="#aab0b9"),
    }
    for rank, colour in enumerate(colours):
        fills[OK_CHARACTERS[rank]] = _Fill(colour)
        fills[APPROX_CHARACTERS[rank]] = _approximate(colour)
    return fills


def _approximate(colour: str) -> _Fill:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    dark = 0.299 * red + 0.587 * green + 0.114 * blue < 140
    return _Fill(colour, "...", "#ffffff" if dark else "#6b747e")


def _legend_rows(
    shown: gpd.GeoDataFrame, colours: Sequence[str], labels: Sequence[str], marked_label: str
) -> list[tuple[str, _Fill | None]]:
    """Label and sample of each row of the legend; no sample stands for the dot of a mark."""
    present = set(shown["character"])
    fills = _fills(colours)
    rows: list[tuple[str, _Fill | None]] = [
        (label, _Fill(colour)) for label, colour in zip(labels, colours, strict=True)
    ]
    if present & set(APPROX_CHARACTERS):
        rows.append(("Valeur approchée", _approximate(colours[len(colours) // 2])))
    names = {
        INSIDE: "Dans le périmètre",
        SECRET: "Secret statistique",
        ABSENT: "Donnée absente",
    }
    rows += [(name, fills[character]) for character, name in names.items() if character in present]
    if marked_label:
        rows.append((marked_label, None))
    if OUTSIDE in present:
        rows.append(("Hors du périmètre", fills[OUTSIDE]))
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


def _paint(axes: Axes, shown: gpd.GeoDataFrame, fills: dict[str, _Fill]) -> None:
    width = 0.6 if len(shown) <= 2_000 else 0.0
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

    def __init__(self, width_px: int) -> None:
        self._figure = Figure(figsize=(_WIDTH, _BODY_HEIGHT), dpi=width_px / _WIDTH)
        self._figure.set_facecolor("#ffffff")
        self._renderer = FigureCanvasAgg(self._figure).get_renderer()
        self.map_box = (0.0, 0.0, 0.0, 0.0)

    def lay_out(
        self,
        title: str,
        subtitle: str,
        legend_title: str,
        rows: Sequence[tuple[str, _Fill | None]],
        source: str,
    ) -> None:
        """Wrap every text, then set the height of the page and the box of the map."""
        full = _WIDTH - 2 * _MARGIN
        self._title = self._wrapped(title, full, 15, bold=True)
        self._subtitle = self._wrapped(subtitle, full, 10.5)
        self._source = self._wrapped(source, full, 8)
        self._legend_title = self._wrapped(legend_title, _LEGEND_WIDTH, 10, bold=True)
        self._labels = [self._wrapped(label, _LEGEND_WIDTH - 0.5, 9.5) for label, _ in rows]
        legend = self._legend_title.height + 0.1 + sum(text.height + 0.06 for text in self._labels)
        body = max(_BODY_HEIGHT, legend + _SCALE_HEIGHT + 0.2)
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

    def map_axes(self) -> Axes:
        """Empty axes covering the box of the map."""
        left, bottom, width, height = self.map_box
        rectangle = (
            left / _WIDTH,
            bottom / self._height,
            width / _WIDTH,
            height / self._height,
        )
        axes = self._figure.add_axes(rectangle)
        axes.set_axis_off()
        return axes

    def draw_texts(self) -> None:
        """Title and subtitle above, source below."""
        top = self._write(self._title, _MARGIN, self._height - _MARGIN, INK)
        self._write(self._subtitle, _MARGIN, top, _GREY)
        self._write(self._source, _MARGIN, _MARGIN * 0.7 + self._source.height, _GREY)

    def draw_legend(self, rows: Sequence[tuple[str, _Fill | None]]) -> None:
        """Title then one sample and label a row, in the right column."""
        left = self._legend_left
        top = self._write(self._legend_title, left, self._body_top, INK) - 0.1
        for (_, fill), label in zip(rows, self._labels, strict=True):
            middle = top - label.line_height / 2
            if fill is None:
                self._page.add_patch(
                    Circle((left + 0.17, middle), 0.05, facecolor=INK, edgecolor="#ffffff")
                )
            else:
                self._page.add_patch(_sample(fill, left, middle))
            top = self._write(label, left + 0.46, top, INK) - 0.06

    def draw_scale(self, axes: Axes) -> None:
        """Scale bar in kilometres and north arrow, at the foot of the right column."""
        left, bottom = self._legend_left, self.map_box[1] + 0.12
        west, east = axes.get_xlim()
        metres_per_inch = (east - west) / self.map_box[2]
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

    def png(self) -> bytes:
        """The page as PNG bytes; the same page always gives the same bytes."""
        buffer = BytesIO()
        self._figure.savefig(buffer, format="png", metadata={"Software": None})
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
