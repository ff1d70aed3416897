"""Charts of the documents, drawn without a browser: same data, colours and signs as the screens.

Each is drawn on a Figure of its own, at the size it has on an A4 page, so that its texts keep their
size. Every mark has a shape of its own: printed in black and white, nothing is lost.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from io import BytesIO

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from views.observation import Reading
from views.spine import AXIS, SpineRow, mark_class
from views.text import NARROW, number, period_text, quantity

WIDTH = 6.7  # inches: the text width of an A4 page
_DPI = 200
# Letters of a chart, in points, at that width.
POINTS = 8
_INK, _GREY, _RANGE = "#0d151e", "#4a545f", "#dde2e8"
_FAMILY = "DejaVu Sans"
_LABEL_CHARACTERS = 42
Marks = Mapping[str, tuple[str, str, str]]
# Marks by class: shape, fill, edge. A diamond for less favourable, as on screen.
_MARKS = {
    "favorable": ("o", "#1f5fa8", "#1f5fa8"),
    "defavorable": ("D", "#c05a00", "#c05a00"),
    "differs": ("s", "#5b6673", "#5b6673"),
    "same": ("o", "#ffffff", "#4a545f"),
}
# The same shapes in greys, for what will be photocopied.
_GREY_MARKS = {
    "favorable": ("o", "#0d151e", "#0d151e"),
    "defavorable": ("D", "#0d151e", "#0d151e"),
    "differs": ("s", "#8792a0", "#5b6673"),
    "same": ("o", "#ffffff", "#4a545f"),
}
_KEY = {
    "favorable": "plus favorable",
    "defavorable": "moins favorable",
    "differs": "différent, sans sens établi",
    "same": "pas de différence établie",
}
# Filled rows of a chart of groups, and lines of a series: told apart by depth and by dash.
_OWN, _OTHER = "#123f78", "#c05a00"


def spine_figure(rows: Sequence[SpineRow], other_name: str, *, grey: bool = False) -> bytes:
    """The spine chart: each indicator beside the comparator, in national standard deviations.

    ``grey``: for a photocopier; shapes alone tell the readings apart.
    """
    marks = _GREY_MARKS if grey else _MARKS
    labels = [textwrap.wrap(row.label, _LABEL_CHARACTERS) or [""] for row in rows]
    heights = [0.16 * len(lines) + 0.14 for lines in labels]
    head, foot = 0.42, 0.62
    body = sum(heights)
    figure = _figure(body + head + foot)
    whole = body + head + foot
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(0, WIDTH), ylim=(0, whole))
    axes.set_axis_off()
    left, right = 4.55, WIDTH - 0.1
    centre, unit = (left + right) / 2, (right - left) / (2 * AXIS)
    top = whole - head
    for x, text in ((3.65, "Ici"), (4.42, _shorten(other_name, 11))):
        _text(axes, x, top + 0.14, text, size=7.5, bold=True, align="right")
    _text(axes, centre, top + 0.14, "plus bas · comparaison · plus haut", size=7, align="center")
    axes.plot([centre, centre], [foot, top], color=_INK, linewidth=1.2, zorder=1)
    for row, lines, height in zip(rows, labels, heights, strict=True):
        middle = top - height / 2
        axes.plot([0.05, right], [top - height] * 2, color="#e3e7ec", linewidth=0.5, zorder=0)
        for position, line in enumerate(lines):
            offset = (len(lines) - 1) / 2 - position
            _text(axes, 0.05, middle + 0.15 * offset, line, size=7.5)
        _text(axes, 3.65, middle, row.own, size=7.5, bold=True, align="right")
        _text(axes, 4.42, middle, row.other, size=7.5, align="right")
        _draw_row(axes, row, (middle, centre, unit), marks)
        top -= height
    _key(axes, rows, foot, marks)
    return _png(figure)


def _draw_row(axes: Axes, row: SpineRow, where: tuple[float, float, float], marks: Marks) -> None:
    """One row at ``where``: height, place of the comparator, inches a standard deviation."""
    y, centre, unit = where

    def place(gap: float) -> float:
        return centre + unit * max(-AXIS, min(AXIS, gap))

    if not math.isnan(row.range_low):
        ends = [place(row.range_low), place(row.range_high)]
        axes.plot(ends, [y, y], color=_RANGE, linewidth=6, solid_capstyle="butt", zorder=0.5)
    if not math.isnan(row.low):
        axes.plot([place(row.low), place(row.high)], [y, y], color=_INK, linewidth=1, zorder=2)
    if not math.isnan(row.gap):
        shape, fill, edge = marks[mark_class(row.tone, row.differs)]
        axes.plot(
            [place(row.gap)], [y], marker=shape, markersize=6 if shape != "D" else 5.5,
            markerfacecolor=fill, markeredgecolor=edge, markeredgewidth=1.3, zorder=3,
        )  # fmt: skip


def _key(axes: Axes, rows: Sequence[SpineRow], foot: float, marks: Marks) -> None:
    handles: list[Line2D | Patch] = [
        Line2D([], [], linestyle="", marker=marks[name][0], markerfacecolor=marks[name][1],
               markeredgecolor=marks[name][2], markersize=5.5, label=text)
        for name, text in _KEY.items()
    ]  # fmt: skip
    handles.append(Line2D([], [], color=_INK, linewidth=1, label=f"intervalle à 95{NARROW}%"))
    if any(not math.isnan(row.range_low) for row in rows):
        handles.append(Patch(color=_RANGE, label="étendue des territoires similaires"))
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.0, 0.02, WIDTH, foot - 0.06),
        bbox_transform=axes.transData, ncol=3, frameon=False,
        prop={"family": _FAMILY, "size": 7}, handlelength=1.4, columnspacing=1.6,
    )  # fmt: skip


def gradient_figure(
    rows: pd.DataFrame, names: Sequence[str], reading: Reading, width: float = WIDTH
) -> bytes:
    """Value of each social group with its interval, the least favoured first.

    ``width``, in inches: narrower, the texts are larger once the picture is enlarged.

    ``rows``: value, low, high of each group; a group without a figure leaves its place empty.
    """
    figure = _figure(2.7, width)
    left = 0.74 / width
    axes = figure.add_axes((left, 0.24, 0.98 - left, 0.68))
    values = rows["value"].to_numpy(float)
    places = range(len(values))
    axes.bar(places, values, color=_OWN, width=0.62, zorder=2)
    below = (rows["value"] - rows["low"]).fillna(0).to_numpy(float)
    above = (rows["high"] - rows["value"]).fillna(0).to_numpy(float)
    known = [place for place in places if not math.isnan(values[place])]
    axes.errorbar(
        known, values[known], yerr=[below[known], above[known]], fmt="none", ecolor=_GREY,
        elinewidth=1.4, capsize=3, zorder=3,
    )  # fmt: skip
    for place in known:
        text = quantity(
            values[place], reading.unit, reading.decimals, signed=reading.signed, short=True
        )
        top = max(values[place] + above[place], 0.0)
        axes.annotate(
            text, (place, top), xytext=(0, 3), textcoords="offset points", ha="center", size=POINTS,
            family=_FAMILY, weight="bold", color=_INK, parse_math=False,
        )  # fmt: skip
    axes.set_xticks(list(places), [textwrap.fill(name, 12) for name in names])
    axes.margins(y=0.16)
    _plain_axes(axes, reading)
    return _png(figure)


def series_figure(lines: Sequence[tuple[str, pd.DataFrame]], reading: Reading) -> bytes:
    """Points over time, the perimeter first: (name, frame with period, value, low, high, series).

    A line never crosses a break: points of two series are not joined.
    """
    periods = sorted({str(one) for _, frame in lines for one in frame["period"]})
    order = {period: place for place, period in enumerate(periods)}
    figure = _figure(2.6)
    axes = figure.add_axes((0.11, 0.16, 0.87, 0.66))
    styles = ((_OWN, "-", "o"), (_OTHER, "--", "s"))
    for (name, frame), (colour, dash, shape) in zip(lines, styles, strict=False):
        for position, (_, part) in enumerate(frame.groupby("series", sort=True)):
            x = [order[str(one)] for one in part["period"]]
            y = part["value"].to_numpy(float)
            below = (part["value"] - part["low"]).fillna(0).to_numpy(float)
            above = (part["high"] - part["value"]).fillna(0).to_numpy(float)
            axes.errorbar(
                x, y, yerr=[below, above], color=colour, linestyle=dash, marker=shape, markersize=5,
                capsize=2, linewidth=1.5, label=name if position == 0 else None,
            )  # fmt: skip
    axes.set_xticks(range(len(periods)), [period_text(one) for one in periods])
    axes.margins(x=0.06, y=0.18)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1.0), ncol=2, frameon=False,
        prop={"family": _FAMILY, "size": POINTS},
    )  # fmt: skip
    _plain_axes(axes, reading)
    return _png(figure)


def heads_figure(
    names: Sequence[str],
    values: Sequence[float],
    equal: float,
    decimals: int,
    width: float = WIDTH,
) -> bytes:
    """Quantity per 1 000 people of each territory, beside the same for all (dotted)."""
    labels = [textwrap.wrap(name, round(5.4 * width)) or [""] for name in names]
    height = 0.68 + sum(0.075 + 0.125 * len(lines) for lines in labels)
    figure = _figure(height, width)
    axes = figure.add_axes((0.38, 0.45 / height, 0.58, 1 - 0.68 / height))
    places = list(range(len(values)))[::-1]
    axes.barh(places, list(values), color="#6f9fd0", height=0.6, zorder=2)
    for place, value in zip(places, values, strict=True):
        axes.annotate(
            number(value, decimals), (value, place), xytext=(3, 0), textcoords="offset points",
            va="center", size=POINTS, family=_FAMILY, color=_INK, parse_math=False, zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )  # fmt: skip
    axes.axvline(equal, color=_INK, linestyle=":", linewidth=1.5, zorder=3)
    axes.annotate(
        f"à parts égales : {number(equal, decimals)}", (equal, 1), xycoords=("data", "axes fraction"),
        xytext=(0, 3), textcoords="offset points", ha="center", size=POINTS, family=_FAMILY, color=_INK,
        parse_math=False,
    )  # fmt: skip
    axes.set_yticks(places, ["\n".join(lines) for lines in labels])
    axes.set_xlim(0, 1.18 * max([*values, equal, 1e-9]))
    axes.set_xlabel("Pour 1 000 personnes visées, avant arrondi", family=_FAMILY, size=POINTS)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, decimals)))
    _ticks(axes)
    axes.grid(axis="x", color="#e3e7ec", linewidth=0.6)
    return _png(figure)


def _plain_axes(axes: Axes, reading: Reading) -> None:
    axes.set_ylabel(textwrap.fill(reading.unit, 34), family=_FAMILY, size=POINTS, color=_INK)
    whole = all(float(tick).is_integer() for tick in axes.get_yticks())
    decimals = 0 if whole else reading.decimals
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, decimals)))
    axes.grid(axis="y", color="#e3e7ec", linewidth=0.6)
    _ticks(axes)


def _ticks(axes: Axes) -> None:
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#8792a0")
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set(family=_FAMILY, size=POINTS, color=_INK, parse_math=False)


def _figure(height: float, width: float = WIDTH) -> Figure:
    figure = Figure(figsize=(width, height), dpi=_DPI)
    figure.set_facecolor("#ffffff")
    FigureCanvasAgg(figure)
    return figure


def _text(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    size: float,
    bold: bool = False,
    align: str = "left",
) -> None:
    axes.text(
        x, y, text, family=_FAMILY, size=size, weight="bold" if bold else "normal", color=_INK,
        ha=align, va="center", parse_math=False,
    )  # fmt: skip


def _shorten(text: str, most: int) -> str:
    return text if len(text) <= most else "Comparaison"


def _png(figure: Figure) -> bytes:
    """The figure as PNG; the same figure always gives the same bytes."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
