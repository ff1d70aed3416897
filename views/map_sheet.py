"""The page of a map as a picture: where texts, maps, legend and scale go, measured in inches.

Texts are literal (no mathematical mode), measured before being placed, and wrapped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, Polygon, Rectangle

from views.classification import HATCH_COLOUR, INK
from views.map_content import Format, Grid, MapContent, PictureLine, Symbols

# Identifiers inside an SVG come from its content: the same map gives the same file.
matplotlib.rcParams["svg.hashsalt"] = "gradient"

Box = tuple[float, float, float, float]  # left, bottom, width, height (inches)

# Inches; the figure is always 10 inches wide and `width_px` sets the dots per inch.
_WIDTH = 10.0
_MARGIN = 0.3
_LEGEND_WIDTH, _WIDEST_LEGEND = 2.45, 4.2
_GAP = 0.25
BODY_HEIGHT = 5.4
_SCALE_HEIGHT = 0.75
_LINE = 1.35  # line height, in font sizes
_INSET_WIDTH = 1.15
_INSET_NAME, _INSET_SCALE = 0.2, 0.24
LARGEST_RADIUS = 0.3
_CELL = (0.5, 0.36)  # of the key of two crossed indicators
_PANEL_TITLE = 0.28
_SAMPLE, _SAMPLE_WIDTH = (0.34, 0.16), 0.46  # of the legend; width with its gap

_GREY = "#52606d"


@dataclass(frozen=True)
class Fill:
    """How one character of `class_characters` is painted."""

    colour: str
    hatch: str | None = None
    hatch_colour: str = HATCH_COLOUR
    edge: str = "#ffffff"


@dataclass(frozen=True)
class Text:
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
class Row:
    """A row of the legend: its label and its sample."""

    label: str
    kind: Literal["fill", "dot", "circle", "outline", "line"]
    fill: Fill | None = None
    radius: float = 0.0
    line: PictureLine | None = None


class Sheet:
    """The page: where texts, map, legend and scale go, in inches from the lower left corner.

    ``text_scale`` makes every text, and what stands beside it in the legend, larger: a slide is
    read from farther than a page. The map gives them the room.
    """

    def __init__(
        self, width_px: int, body_height: float = BODY_HEIGHT, text_scale: float = 1.0
    ) -> None:
        self._body_height = body_height
        self._scale = text_scale
        self._legend_width = min(_LEGEND_WIDTH * text_scale, _WIDEST_LEGEND)
        self.panel_title = _PANEL_TITLE * text_scale
        self._figure = Figure(figsize=(_WIDTH, body_height), dpi=width_px / _WIDTH)
        self._figure.set_facecolor("#ffffff")
        self._renderer = FigureCanvasAgg(self._figure).get_renderer()
        self.map_box = (0.0, 0.0, 0.0, 0.0)

    def lay_out(
        self,
        title: str,
        subtitle: str,
        legend_title: str,
        rows: Sequence[Row],
        source: str,
        grid: Grid | None = None,
    ) -> None:
        """Wrap every text, then set the height of the page and the box of the map."""
        full = _WIDTH - 2 * _MARGIN
        self._title = self._wrapped(title, full, 15, bold=True)
        self._subtitle = self._wrapped(subtitle, full, 10.5)
        self._source = self._wrapped(source, full, 8)
        self._legend_title = self._wrapped(legend_title, self._legend_width, 10, bold=True)
        self._labels = [self._wrapped(row.label, self._label_width(row), 9.5) for row in rows]
        self._key = None if grid is None else _Key(grid, *self._key_texts(grid), self._scale)
        legend = self._legend_title.height + 0.1 + (self._key.height if self._key else 0)
        legend += sum(
            _row_height(row, text) + 0.06 for row, text in zip(rows, self._labels, strict=True)
        )
        body = max(self._body_height, legend + self._scale * _SCALE_HEIGHT + 0.2)
        below = _MARGIN * 0.7 + self._source.height + 0.15
        above = _MARGIN + self._title.height + self._subtitle.height + 0.2
        self._height = below + body + above
        self._figure.set_size_inches(_WIDTH, self._height)
        self._body_top = below + body
        self._legend_left = _WIDTH - _MARGIN - self._legend_width
        self.map_box = (_MARGIN, below, self._legend_left - _GAP - _MARGIN, body)
        self._page = self._figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(0, self._height))
        self._page.set_axis_off()
        self._page.set_zorder(2)
        self._page.patch.set_alpha(0)

    def _key_texts(self, grid: Grid) -> tuple[Text, Text]:
        return (
            self._wrapped(f"↑ {grid.up}", self._legend_width, 9),
            self._wrapped(f"{grid.across} →", self._legend_width, 9),
        )

    def split(self, insets: int) -> tuple[Box, list[Box]]:
        """The box of the main map, and those of the maps beside it, in a column on its left."""
        if not insets:
            return self.map_box, []
        left, bottom, width, height = self.map_box
        wide = _INSET_WIDTH * self._scale
        each = min(height / insets, wide)
        top = bottom + height
        boxes = [
            (left, top - (rank + 1) * each + 0.06, wide - 0.06, each - 0.06)
            for rank in range(insets)
        ]
        return (left + wide, bottom, width - wide, height), boxes

    def inside(self, box: Box) -> Box:
        """The part of a box that its name, above, and its scale, below, leave to the map."""
        left, bottom, width, height = box
        name, scale = (self._scale * part for part in (_INSET_NAME, _INSET_SCALE))
        return left, bottom + scale, width, height - scale - name

    def cells(self, columns: int, lines: int) -> list[Box]:
        """Equal boxes, left to right and top to bottom."""
        left, bottom, width, height = self.map_box
        across, down = width / columns, height / lines
        return [
            (left + column * across, bottom + (lines - 1 - line) * down, across - 0.1, down - 0.08)
            for line in range(lines)
            for column in range(columns)
        ]

    def axes(self, box: Box) -> Axes:
        """Empty axes covering a box."""
        left, bottom, width, height = box
        rectangle = (left / _WIDTH, bottom / self._height, width / _WIDTH, height / self._height)
        axes = self._figure.add_axes(rectangle)
        axes.set_axis_off()
        return axes

    def draw_inset_frame(self, axes: Axes, box: Box, name: str) -> None:
        """Frame, name and scale of a map beside the main one."""
        left, bottom, width, height = box
        self._page.add_patch(
            Rectangle((left, bottom), width, height, fill=False, edgecolor="#8792a0", linewidth=0.7)
        )
        text = self._wrapped(name, width - 0.08, 7.5)
        self._write(text, left + 0.05, bottom + height - 0.03, INK)
        west, east = axes.get_xlim()
        metres_per_inch = (east - west) / width
        metres = round_length(0.5 * metres_per_inch)
        length = metres / metres_per_inch
        self._page.plot(
            [left + 0.06, left + 0.06 + length], [bottom + 0.06] * 2, color=INK, linewidth=1.2
        )
        label = self._wrapped(_length_label(metres), width, 6.5)
        self._write(label, left + 0.06, bottom + 0.09 + label.height, INK)

    def draw_panel_title(self, label: str, box: Box) -> None:
        """The period of a small map, above it."""
        left, bottom, width, height = box
        self._write(self._wrapped(label, width, 10, bold=True), left, bottom + height, INK)

    def draw_texts(self) -> None:
        """Title and subtitle above, source below."""
        top = self._write(self._title, _MARGIN, self._height - _MARGIN, INK)
        self._write(self._subtitle, _MARGIN, top, _GREY)
        self._write(self._source, _MARGIN, _MARGIN * 0.7 + self._source.height, _GREY)

    def draw_legend(self, content: MapContent, rows: Sequence[Row]) -> None:
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
            self._write(label, left + self._sample_width(row), start, INK)
            top -= height + 0.06

    def _sample_width(self, row: Row) -> float:
        """Circles are those of the map, whatever the size of the texts."""
        return 2 * LARGEST_RADIUS + 0.12 if row.kind == "circle" else self._scale * _SAMPLE_WIDTH

    def _label_width(self, row: Row) -> float:
        return self._legend_width - self._sample_width(row) - 0.04

    def _filled(self, fill: Fill, left: float, middle: float) -> Rectangle:
        width, height = (self._scale * side for side in _SAMPLE)
        return Rectangle(
            (left, middle - height / 2),
            width,
            height,
            facecolor=fill.colour,
            edgecolor="#aab0b9",
            linewidth=0.6,
            hatch=fill.hatch,
            hatchcolor=fill.hatch_colour,
        )

    def _draw_sample(self, row: Row, left: float, middle: float) -> None:
        width, height = (self._scale * side for side in _SAMPLE)
        if row.fill is not None:
            self._page.add_patch(self._filled(row.fill, left, middle))
        elif row.kind == "dot":
            self._page.add_patch(
                Circle(
                    (left + width / 2, middle),
                    0.05 * self._scale,
                    facecolor=INK,
                    edgecolor="#ffffff",
                )
            )
        elif row.kind == "circle":
            self._page.add_patch(
                Circle(
                    (left + LARGEST_RADIUS, middle),
                    row.radius,
                    facecolor=Symbols.colour,
                    alpha=0.75,
                    edgecolor="#ffffff",
                )
            )
        elif row.kind == "outline":
            self._page.add_patch(
                Rectangle(
                    (left, middle - height / 2),
                    width,
                    height,
                    fill=False,
                    edgecolor=INK,
                    linewidth=2,
                )
            )
        elif row.line is not None:
            self._page.plot(
                [left, left + width],
                [middle, middle],
                color=row.line.style.colour,
                linewidth=row.line.width,
                linestyle=row.line.dashes,
            )

    def _draw_key(self, key: _Key, colours: Sequence[str], top: float) -> float:
        """Nine cells with their number of territories; returns the height reached."""
        left = self._legend_left
        top = self._write(key.up, left, top, INK) - 0.05
        width, height = key.cell
        font = FontProperties(family="DejaVu Sans", size=9 * self._scale, weight="bold")
        for cell, count in enumerate(key.grid.counts):
            x, y = left + (cell % 3) * width, top - (3 - cell // 3) * height
            self._page.add_patch(
                Rectangle((x, y), width, height, facecolor=colours[cell], edgecolor="#ffffff")
            )
            self._page.text(
                x + width / 2,
                y + height / 2,
                str(count),
                color=text_on(colours[cell]),
                fontproperties=font,
                horizontalalignment="center",
                verticalalignment="center",
                parse_math=False,
            )
        return self._write(key.across, left, top - 3 * height - 0.05, INK) - 0.12

    def draw_scale(self, axes: Axes, box: Box) -> None:
        """Scale bar in kilometres and north arrow, at the foot of the right column."""
        left, bottom = self._legend_left, self.map_box[1] + 0.12
        west, east = axes.get_xlim()
        metres_per_inch = (east - west) / box[2]
        metres = round_length(1.6 * metres_per_inch)
        length = metres / metres_per_inch
        tick = 0.07
        self._page.plot(
            [left, left, left + length, left + length],
            [bottom + tick, bottom, bottom, bottom + tick],
            color=INK,
            linewidth=1.4,
            solid_joinstyle="miter",
        )
        label = self._wrapped(_length_label(metres), self._legend_width, 9)
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
        metadata: dict[str, str | None] = {"Software": None}
        if format == "svg":  # a picture made of lines: its title is all that a screen reader has
            metadata = {"Date": None, "Creator": None, "Title": " ".join(self._title.lines)}
        self._figure.savefig(buffer, format=format, metadata=metadata)
        return buffer.getvalue()

    def _write(self, text: Text, left: float, top: float, colour: str) -> float:
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

    def _wrapped(self, text: str, width: float, size: float, bold: bool = False) -> Text:
        """The text cut into lines at most `width` inches wide, at spaces if possible."""
        font = FontProperties(
            family="DejaVu Sans", size=self._scale * size, weight="bold" if bold else "normal"
        )
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
        return Text(tuple(lines), font)

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
    up: Text
    across: Text
    scale: float

    @property
    def cell(self) -> tuple[float, float]:
        return self.scale * _CELL[0], self.scale * _CELL[1]

    @property
    def height(self) -> float:
        return self.up.height + self.across.height + 3 * self.cell[1] + 0.22


def _row_height(row: Row, label: Text) -> float:
    return max(label.height, 2 * row.radius)


def round_length(metres: float) -> float:
    """The longest of 1, 2 or 5 times a power of ten that is at most `metres`."""
    power = 10.0 ** math.floor(math.log10(metres))
    return float(max(step * power for step in (1, 2, 5) if step * power <= metres))


def _length_label(metres: float) -> str:
    if metres < 1_000:
        return f"{metres:.0f}\u00a0m"
    return f"{np.round(metres / 1_000):.0f}\u00a0km"


def text_on(colour: str) -> str:
    """White or black, that of the two which contrasts more: at least 4.5 on any colour (WCAG 2.2)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels
    )
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else "#000000"


def is_dark(colour: str) -> bool:
    """Whether white dots are seen better than grey ones on this colour."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140
