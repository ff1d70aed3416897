"""The portrait: a printable table by theme, and a chart of the gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from views.observation import Reading, caution_text, coverage_text, newer_text, value_text
from views.text import DIRECTIONS, count_of, escape_html, number, period_text

# Blue, orange, grey: told apart without colour vision, never red against green.
COLOURS = {"favorable": "#1f5fa8", "defavorable": "#c05a00", "neutre": "#5b6673"}
FONT = "DejaVu Sans, Segoe UI, Helvetica, Arial, sans-serif"

TABLE_STYLE = """
<style>
.portrait { width: 100%; border-collapse: collapse; font-size: .95rem; }
.portrait caption { text-align: left; padding: .2rem 0 .4rem; color: #3d4752; }
.portrait th, .portrait td { padding: .38rem .6rem; border-bottom: 1px solid #d9dee5;
  text-align: left; vertical-align: top; }
.portrait thead th { border-bottom: 2px solid #8792a0; font-weight: 600; }
.portrait td.n, .portrait th.n { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
.portrait td.p { color: #3d4752; }
.portrait td.own { font-weight: 650; }
.portrait td.faint { color: #56616d; font-weight: 400; white-space: normal; }
.portrait tbody th { font-weight: 400; min-width: 10rem; max-width: 24rem; }
.portrait summary { cursor: pointer; }
.portrait details p { margin: .35rem 0; color: #333c46; max-width: 60ch; }
.portrait .note { display: block; font-size: .84rem; color: #4a545f; }
@media print { .portrait { font-size: 9pt; page-break-inside: auto; } .portrait tr { page-break-inside: avoid; } }
</style>
"""


@dataclass(frozen=True)
class Line:
    """One indicator of the portrait, ready to be written."""

    label: str
    reading: Reading
    direction: str
    own: Any
    others: Mapping[str, Any]
    definition: str
    caveats: Sequence[str]
    source: str
    communes: int


def portrait_table(caption: str, places: Mapping[str, str], lines: Sequence[Line]) -> str:
    """HTML table of ``lines``; ``places`` maps a comparator key to its short heading."""
    head = "".join(
        f'<th scope="col" class="n">{escape_html(name)}</th>' for name in places.values()
    )
    rows = "".join(_row(line, places) for line in lines)
    return (
        f'<table class="portrait"><caption>{escape_html(caption)}</caption><thead><tr>'
        f'<th scope="col">Indicateur</th><th scope="col" class="n">Périmètre</th>{head}'
        '<th scope="col">Période</th><th scope="col">Population couverte</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _row(line: Line, places: Mapping[str, str]) -> str:
    notes = [note for note in (caution_text(line.own), newer_text(line.own, line.reading)) if note]
    note = "".join(f'<span class="note">{escape_html(text)}</span>' for text in notes)
    details = "".join(
        f"<p>{escape_html(text)}</p>"
        for text in (
            line.definition,
            *line.caveats,
            f"Sens : {DIRECTIONS[line.direction]}.",
            f"Source : {line.source}.",
        )
    )
    said = line.reading.unit == "%" or line.reading.kind in ("count", "sample", "ordinal")
    unit = "" if said else f" ({line.reading.unit})"
    cells = "".join(_other_cell(line.others.get(key), line.reading) for key in places)
    return (
        f'<tr><th scope="row"><details><summary>{escape_html(line.label + unit)}</summary>{details}'
        f"</details>{note}</th>{_cell(line.own, line.reading, 'own')}{cells}"
        f'<td class="p">{escape_html(period_text(str(line.own.period)))}</td>'
        f'<td class="p">{escape_html(coverage_text(line.own, line.communes))}</td></tr>'
    )


def _cell(row: Any, reading: Reading, style: str = "") -> str:
    faint = "faint" if pd.isna(row.value) and pd.isna(row.ci_low) else style
    return f'<td class="n {faint}">{escape_html(value_text(row, reading))}</td>'


def _other_cell(row: Any | None, reading: Reading) -> str:
    """A comparator whose figure is not loaded says nothing more than a dash."""
    if row is None or row.state == "absent":
        return '<td class="n faint">–</td>'
    return _cell(row, reading)


def gap_chart(frame: pd.DataFrame, comparator: str) -> go.Figure:
    """Bars from the comparator's value (the vertical line) to the perimeter's, one an indicator.

    ``frame`` has label, gap (in standard deviations among communes), direction, own_text,
    other_text, in display order. Colour says favourable or not, and only where a direction exists.
    """
    ordered = frame.iloc[::-1]
    clipped = ordered["gap"].clip(-3, 3)
    tone = [
        gap_tone(gap, direction)
        for gap, direction in zip(ordered["gap"], ordered["direction"], strict=True)
    ]
    figure = go.Figure()
    names = {
        "favorable": "plus favorable",
        "defavorable": "moins favorable",
        "neutre": "sans sens favorable ou défavorable",
    }
    for key, name in names.items():
        chosen = [position for position, one in enumerate(tone) if one == key]
        figure.add_bar(
            orientation="h",
            y=ordered["label"].iloc[chosen],
            x=clipped.iloc[chosen],
            name=f"{name}",
            marker={
                "color": COLOURS[key],
                "pattern": {"shape": "/" if key == "defavorable" else ""},
            },
            text=ordered["own_text"].iloc[chosen],
            textposition="outside",
            cliponaxis=False,
            customdata=ordered[["own_text", "other_text"]].iloc[chosen].to_numpy(),
            hovertemplate="%{y}<br>Périmètre : %{customdata[0]}<br>"
            + comparator.replace("%", "")
            + " : %{customdata[1]}<extra></extra>",
        )
    figure.add_vline(x=0, line={"color": "#0d151e", "width": 2})
    figure.update_layout(
        height=90 + 30 * len(ordered),
        margin={"l": 10, "r": 40, "t": 60, "b": 40},
        font={"family": FONT, "size": 14, "color": "#0d151e"},
        plot_bgcolor="white",
        barmode="overlay",
        bargap=0.35,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "title": {"text": ""}},
        separators=", ",
    )
    figure.update_xaxes(
        range=[-3.4, 3.4],
        tickvals=[-2, 0, 2],
        ticktext=["nettement plus bas", escape_html(comparator), "nettement plus haut"],
        tickfont={"color": "#0d151e", "size": 14},
        gridcolor="#e3e7ec",
        zeroline=False,
        fixedrange=True,
    )
    figure.update_yaxes(
        tickfont={"color": "#0d151e", "size": 14},
        automargin=True,
        fixedrange=True,
        categoryorder="array",
        categoryarray=list(ordered["label"]),
    )
    return figure


def gap_tone(gap: float, direction: str) -> str:
    """favorable, defavorable or neutre: what a gap means, given the direction of its indicator."""
    if direction not in ("favorable", "defavorable") or gap == 0:
        return "neutre"
    return "favorable" if (gap > 0) == (direction == "favorable") else "defavorable"


def by_tone(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``frame`` (gap, direction) as the chart shows them: less favourable first, widest first."""
    tones = [gap_tone(gap, way) for gap, way in zip(frame["gap"], frame["direction"], strict=True)]
    rank = pd.Series(tones, index=frame.index).map({"defavorable": 0, "favorable": 1, "neutre": 2})
    order = pd.DataFrame({"rank": rank, "size": -frame["gap"].abs()}).sort_values(["rank", "size"])
    return frame.loc[order.index]


def gap_summary(frame: pd.DataFrame, comparator: str) -> str:
    """The chart in one sentence, for who does not see it."""
    tones = [gap_tone(gap, way) for gap, way in zip(frame["gap"], frame["direction"], strict=True)]
    good, bad = tones.count("favorable"), tones.count("defavorable")
    plain = tones.count("neutre")
    return (
        f"Comparaison, {comparator} : {count_of(good, 'indicateur')} "
        f"{'plus favorable' if good < 2 else 'plus favorables'}, {number(bad)} "
        f"{'moins favorable' if bad < 2 else 'moins favorables'}, {number(plain)} "
        "sans sens favorable ou défavorable. Le tableau ci-dessous donne les valeurs."
    )
