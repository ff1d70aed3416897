"""The spine chart and the tartan: every indicator beside its benchmark, as tables that draw.

Both are HTML: they print, are read aloud, and hold the numbers that they draw. Colour and shape
come from ``tone`` and ``significance`` (diagnostic.assessment) and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from views.text import escape_html

AXIS = 2.5  # standard deviations on each side of the benchmark

STYLE = """
<style>
.spine, .tartan { width: 100%; border-collapse: collapse; font-size: .95rem; }
.spine caption, .tartan caption { text-align: left; padding: .2rem 0 .5rem; color: #3d4752; }
.spine th, .spine td { padding: .32rem .6rem; border-bottom: 1px solid #d9dee5; text-align: left;
  vertical-align: middle; }
.spine thead th, .tartan thead th { font-weight: 600; background: #eef1f4; }
.spine tbody th { font-weight: 400; max-width: 24rem; }
.spine tr.theme th, .tartan tr.theme th { font-weight: 650; background: #f6f8fa; }
.spine .n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.spine td.own { font-weight: 650; }
.spine td.axis { width: 34%; min-width: 15rem; }
.spine td.said { color: #333c46; min-width: 9rem; }
.track { display: block; position: relative; height: 1.5rem; }
.track span { position: absolute; display: block; }
.track .range { top: .4rem; height: .7rem; background: #dde2e8; border-radius: 2px; }
.track .centre { top: 0; height: 1.5rem; width: 2px; margin-left: -1px; background: #0d151e; }
.track .interval { top: .7rem; height: 2px; background: #0d151e; }
.mark { width: .8rem; height: .8rem; box-sizing: border-box; border: 2px solid #4a545f; background: #fff;
  border-radius: 50%; display: inline-block; vertical-align: -.1rem; }
.track .mark { top: .35rem; margin-left: -.4rem; }
.mark.differs { background: #5b6673; border-color: #5b6673; }
.mark.favorable { background: #1f5fa8; border-color: #1f5fa8; }
.mark.defavorable { background: #c05a00; border-color: #c05a00; border-radius: 0;
  transform: rotate(45deg); }
.bars { display: flex; align-items: flex-end; gap: .3rem; height: 1.7rem; }
.bars i { display: block; width: 1.6rem; background: #5b6673; min-height: 1px; }
.spine-key { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; margin: .2rem 0 .7rem; font-size: .92rem; }
.spine-key i { display: inline-block; }
.spine-key .bar { width: 1.6rem; height: .7rem; background: #dde2e8; vertical-align: -.05rem; }
.spine-key .line { width: 1.6rem; height: 2px; background: #0d151e; vertical-align: .25rem; }
.spine-key .stem { width: 2px; height: 1rem; background: #0d151e; vertical-align: -.15rem; }
.tartan-box { max-height: 42rem; overflow: auto; border: 1px solid #d9dee5; border-radius: 4px; }
.tartan th, .tartan td { padding: .3rem .5rem; border: 1px solid #e3e7ec; text-align: left; }
.tartan thead th { position: sticky; top: 0; z-index: 2; vertical-align: bottom; }
.tartan tbody th { position: sticky; left: 0; background: #fff; font-weight: 400; z-index: 1;
  min-width: 11rem; max-width: 20rem; }
.tartan thead th:first-child { left: 0; z-index: 3; }
.tartan td { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.tartan td.favorable, .cell.favorable { background: #cfe0f5; }
.tartan td.defavorable, .cell.defavorable { background: #fbdcbd; }
.tartan td.differs, .cell.differs { background: #e1e5ea; }
.tartan td.none, .cell.none { color: #56616d;
  background: repeating-linear-gradient(135deg, #fff 0 5px, #eef1f4 5px 7px); }
.cell { display: inline-block; width: 1.6rem; height: 1rem; border: 1px solid #c4cad2;
  vertical-align: -.15rem; }
@media print { .spine, .tartan { font-size: 8.5pt; print-color-adjust: exact; }
  .track, .mark, .tartan td, .spine-key { print-color-adjust: exact; }
  .tartan-box { max-height: none; overflow: visible; }
  .spine tr, .tartan tr { page-break-inside: avoid; } }
</style>
"""


@dataclass(frozen=True)
class SpineRow:
    """One indicator of the spine, positions in standard deviations from the benchmark.

    ``low``/``high``: bounds of its interval; ``range_low``/``range_high``: lowest and highest of
    the similar territories; NaN where there is none.
    """

    theme: str
    label: str
    own: str
    other: str
    said: str
    tone: str
    differs: bool
    gap: float
    low: float = math.nan
    high: float = math.nan
    range_low: float = math.nan
    range_high: float = math.nan


def mark_class(tone: str, differs: bool) -> str:
    """Class of a mark or a cell: favorable, defavorable, differs (no direction) or same."""
    if not differs:
        return "same"
    return tone if tone in ("favorable", "defavorable") else "differs"


def spine_key(similar: bool) -> str:
    """Key of the spine, always beside it."""
    parts = [
        '<span><i class="stem"></i> le territoire de comparaison</span>',
        '<span><i class="mark favorable"></i> plus favorable</span>',
        '<span><i class="mark defavorable"></i> moins favorable</span>',
        '<span><i class="mark differs"></i> différent, sans sens favorable ou défavorable</span>',
        '<span><i class="mark"></i> pas de différence établie</span>',
        '<span><i class="line"></i> intervalle de confiance à 95\u202f%</span>',
    ]
    if similar:
        parts.append('<span><i class="bar"></i> étendue des territoires similaires</span>')
    return f'{STYLE}<div class="spine-key">{"".join(parts)}</div>'


def spine_table(caption: str, own_name: str, other_name: str, rows: Sequence[SpineRow]) -> str:
    """HTML of the spine, one row an indicator, grouped by theme in the order given."""
    body, theme = [], None
    for row in rows:
        if row.theme != theme:
            theme = row.theme
            body.append(
                f'<tr class="theme"><th colspan="5" scope="rowgroup">{escape_html(theme)}</th></tr>'
            )
        body.append(
            f'<tr><th scope="row">{escape_html(row.label)}</th>'
            f'<td class="n own">{escape_html(row.own)}</td><td class="n">{escape_html(row.other)}</td>'
            f'<td class="axis">{track(row)}</td><td class="said">{escape_html(row.said)}</td></tr>'
        )
    return (
        f'<table class="spine"><caption>{escape_html(caption)}</caption><thead><tr>'
        f'<th scope="col">Indicateur</th><th scope="col" class="n">{escape_html(own_name)}</th>'
        f'<th scope="col" class="n">{escape_html(other_name)}</th>'
        '<th scope="col">Plus bas · comparaison · plus haut</th><th scope="col">Lecture</th>'
        f"</tr></thead><tbody>{''.join(body)}</tbody></table>"
    )


def _position(gap: float) -> float:
    """Percent of the track, from its left end; a gap past the axis stays at its end."""
    return 50 * (1 + max(-AXIS, min(AXIS, gap)) / AXIS)


def track(row: SpineRow) -> str:
    """The drawing of a row, alone or in the table; hidden from screen readers, which have the text beside it."""
    spans = []
    if not math.isnan(row.range_low):
        spans.append(_segment("range", row.range_low, row.range_high))
    spans.append('<span class="centre" style="left:50%"></span>')
    if not math.isnan(row.low):
        spans.append(_segment("interval", row.low, row.high))
    if not math.isnan(row.gap):
        kind = mark_class(row.tone, row.differs)
        spans.append(f'<span class="mark {kind}" style="left:{_position(row.gap):.1f}%"></span>')
    return f'<span class="track" aria-hidden="true">{"".join(spans)}</span>'


def _segment(name: str, low: float, high: float) -> str:
    start, end = _position(low), _position(high)
    return f'<span class="{name}" style="left:{start:.1f}%;width:{end - start:.1f}%"></span>'


def group_bars(values: Sequence[float]) -> str:
    """Five bars from the most to the least disadvantaged group; the sentence beside says the ends."""
    top = max(map(abs, values)) or 1.0
    bars = "".join(f'<i style="height:{1.6 * abs(value) / top:.2f}rem"></i>' for value in values)
    return f'<span class="bars" aria-hidden="true">{bars}</span>'


@dataclass(frozen=True)
class Cell:
    """One cell of the tartan: its text, and the class of mark_class, or « none » without a figure."""

    text: str
    kind: str
    title: str = ""


# Said after the value for who does not see colours, in print as on screen.
GLYPHS = {"favorable": " +", "defavorable": " \u2212", "differs": " ≠", "same": "", "none": ""}


def tartan_key() -> str:
    """Key of the tartan, always beside it."""
    return (
        f'{STYLE}<div class="spine-key"><span><i class="cell favorable"></i> + plus favorable</span>'
        '<span><i class="cell defavorable"></i> \u2212 moins favorable</span>'
        '<span><i class="cell differs"></i> ≠ différent, sans sens favorable ou défavorable</span>'
        '<span><i class="cell"></i> pas de différence établie</span>'
        '<span><i class="cell none"></i> pas de chiffre, ou non comparé</span></div>'
    )


def tartan_table(
    caption: str, corner: str, columns: Sequence[str], rows: Mapping[str, Sequence[Cell]]
) -> str:
    """HTML of the tartan: ``rows`` maps a heading to one cell a column; headings stay in sight."""
    head = "".join(f'<th scope="col">{escape_html(name)}</th>' for name in columns)
    body = "".join(
        f'<tr><th scope="row">{escape_html(name)}</th>{"".join(map(_cell, cells))}</tr>'
        for name, cells in rows.items()
    )
    return (
        f'<div class="tartan-box" tabindex="0" role="region" aria-label="{escape_html(caption)}">'
        f'<table class="tartan"><caption>{escape_html(caption)}</caption><thead><tr>'
        f'<th scope="col">{escape_html(corner)}</th>{head}</tr></thead><tbody>{body}</tbody>'
        "</table></div>"
    )


def _cell(cell: Cell) -> str:
    title = f' title="{escape_html(cell.title)}"' if cell.title else ""
    return f'<td class="{cell.kind}"{title}>{escape_html(cell.text)}{GLYPHS[cell.kind]}</td>'
