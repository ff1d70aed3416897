"""The portrait: a printable table by theme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from views.observation import Reading, caution_text, coverage_text, newer_text, value_text
from views.text import DIRECTIONS, escape_html, period_text

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


NO_HEALTH = (
    "Aucun chiffre de mortalité, de maladie, de dépistage ni de vaccination n'est chargé à l'échelle de ce "
    "périmètre : la plupart n'existent ouvertement qu'au département."
)


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
