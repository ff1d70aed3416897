"""Where the table stands in a sheet: titles above, header of one or several rows, notes below.

Nothing is dropped: every line that is not blank is a title line, a header row, a row of the table
or a note, and is told as such.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

SAVE_AS = "Enregistrez la feuille au format CSV ou XLSX, puis déposez-la de nouveau."
SMALLER = "Gardez une ligne par territoire, sans les feuilles ni les colonnes inutiles."
SEARCHED_ROWS = 60
SEARCHED_NOTES = 300
MAX_HEADER_ROWS = 4
_LONG_NOTE = 40

NUMBER = re.compile(r"[-+−]?(\d{1,3}( \d{3})+|\d+)([.,]\d+)?( ?%| ?€)?")
CODE = re.compile(r"\d?\d[\dAB]\d{2,3}|QN\w{5,6}|QP\w{6}|2[AB]|\d{2,3}ZZ", re.I)
TOKEN = re.compile(r"(s|nd|ns|nc|n\.[dsc]\.|na|n/a.*|secret|<\s?\d+|-9999|#n/a)", re.I)
_YEAR = re.compile(r"(19|20)\d\d")
_NOTE = re.compile(
    r"\*|©|\(\d\)|\[\d\]|(sources?|notes?|champ|lecture|d[ée]finitions?|avertissement|attention|nd|ns|nc|s|n\.d\."
    r"|donn[ée]es|extraction|[ée]dit[ée]e?|mise? [àa] jour|secret)\s*([:=(\d]|$)",
    re.I,
)
_UNIT = re.compile(
    r"\(?(en |pour \d|nombre de|nombre d'|%|€|unit[ée]|taux|effectifs?|‰|p\. ?100)", re.I
)
_TERRITORY = re.compile(
    r"(code|libell|commune|insee|siren|nom\b|territoire|epci|intercommunalit|d[ée]partement|r[ée]gion|canton)",
    re.I,
)
_IDENTIFIER = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")

Row = Sequence[str]


class NoTable(Exception):
    """The sheet holds no table; the message is the reason, in French."""


@dataclass(frozen=True)
class Layout:
    """Positions among the rows that are not blank: header [first, body), body [body, end)."""

    above: tuple[int, ...]
    header: tuple[int, ...]
    body: int
    end: int


def find_layout(head: Sequence[Row], tail: Sequence[tuple[int, Row]], count: int) -> Layout:
    """The layout of a sheet of ``count`` rows that are not blank.

    ``head``: its first rows; ``tail``: its last ones, with their line numbers. Raises NoTable.
    """
    width = _usual_width(head)
    body = next((at for at, row in enumerate(head) if _is_data(row, width)), None)
    if body is None:
        body = _first_full(head, width) + 1
    if body == 0:
        raise NoTable("les titres des colonnes sont introuvables (au moins deux colonnes).")
    header = _header(head, body)
    if body >= count:
        raise NoTable("il n'a que ses titres, aucune ligne.")
    end = _end(tail, count, body, width)
    if end <= body:
        raise NoTable("il n'a que ses titres, aucune ligne.")
    return Layout(tuple(at for at in range(body) if at not in header), header, body, end)


def titles(rows: Sequence[Row], width: int) -> tuple[list[str], dict[int, str]]:
    """One title a column out of the header ``rows``, and the units that a row of them gives.

    A group that spans several columns heads each of them; a row of identifiers under a row of
    labels is left aside.
    """
    filled = [_spread(row, width, at < len(rows) - 1) for at, row in enumerate(rows)]
    units: dict[int, str] = {}
    kept = list(range(len(rows)))
    if len(rows) > 1:
        last = rows[-1]
        said = [cell for cell in last if cell]
        if all(_IDENTIFIER.fullmatch(cell) for cell in said) and not all(
            _IDENTIFIER.fullmatch(cell) for cell in rows[-2] if cell
        ):
            kept.remove(len(rows) - 1)
        elif _are_units(last, rows[-2]):
            units = {at: cell for at, cell in enumerate(last) if cell}
            kept.remove(len(rows) - 1)
        if len(kept) < len(rows):
            filled[kept[-1]] = _padded(rows[kept[-1]], width)
    found = []
    leaf = kept[-1]
    for column in range(width):
        parts: list[str] = []
        # No group heads the columns of the territory, even written before them.
        alone = bool(_TERRITORY.match(filled[leaf][column]))
        for at in [leaf] if alone else kept:
            part = filled[at][column]
            if part and part not in parts:
                parts.append(part)
        found.append(" – ".join(parts))
    return found, units


def numbered(names: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """``names`` made distinct, « X (2) » for the second X; and those that came twice."""
    seen: Counter[str] = Counter()
    taken = set(names)
    found = []
    for name in names:
        seen[name] += 1
        again = seen[name]
        fresh = name
        while again > 1 and fresh in taken:
            fresh = f"{name} ({again})"
            again += 1
        taken.add(fresh)
        found.append(fresh)
    return found, tuple(sorted(name for name, times in seen.items() if times > 1))


def _filled(row: Row) -> list[int]:
    return [at for at, cell in enumerate(row) if cell]


def _usual_width(head: Sequence[Row]) -> int:
    """Number of filled cells of most rows, the widest of those as common."""
    counts = Counter(len(_filled(row)) for row in head)
    wide = {width: times for width, times in counts.items() if width >= 2}
    if not wide:
        raise NoTable("les titres des colonnes sont introuvables (au moins deux colonnes).")
    return max(wide, key=lambda width: (wide[width] * width, width))


def _is_data(row: Row, width: int) -> bool:
    cells = [cell for cell in row if cell and not _YEAR.fullmatch(cell)]
    codes = [one for one in cells if CODE.fullmatch(one)]
    figures = [one for one in cells if is_figure(one) or CODE.fullmatch(one)]
    if len(figures) > 1 and codes:
        return True
    return bool(figures) and len(_filled(row)) >= max(2, width / 3)


def is_figure(cell: str) -> bool:
    """Whether a cell is a number, or what stands for one."""
    return bool(NUMBER.fullmatch(cell) or TOKEN.fullmatch(cell))


def _first_full(head: Sequence[Row], width: int) -> int:
    return next(at for at, row in enumerate(head) if len(_filled(row)) >= width)


def _header(head: Sequence[Row], body: int) -> tuple[int, ...]:
    """Rows of titles: the one above the body, and the rows of groups over it."""
    leaf = body - 1
    first = leaf
    if len(_filled(head[leaf])) < 2:
        raise NoTable("les titres des colonnes sont introuvables (au moins deux colonnes).")
    while first > 0 and leaf - first + 1 < MAX_HEADER_ROWS and _is_group(head, first - 1, leaf):
        first -= 1
    return tuple(range(first, body))


def _is_group(head: Sequence[Row], at: int, leaf: int) -> bool:
    """A row of groups begins after the first column, or is as wide as the titles under it."""
    filled, under = _filled(head[at]), _filled(head[leaf])
    if len(filled) < 2 and not (filled and filled[0] > 0):
        return False
    if any(len(head[at][one]) > _LONG_NOTE * 3 for one in filled):
        return False
    return filled[0] > 0 or len(filled) >= 0.6 * len(under)


def _spread(row: Row, width: int, group: bool) -> list[str]:
    """``row`` at full width; a group heads every column up to the next one."""
    cells = _padded(row, width)
    if not group or all(cells[: len(row)]):
        return cells
    for at in range(1, width):
        cells[at] = cells[at] or cells[at - 1]
    return cells


def _padded(row: Row, width: int) -> list[str]:
    return [*row, *[""] * (width - len(row))][:width]


def _are_units(row: Row, labels: Row) -> bool:
    said = [cell for cell in row if cell]
    inside = all(at < len(labels) and labels[at] for at in _filled(row))
    return inside and sum(bool(_UNIT.match(cell)) for cell in said) > len(said) / 2


def _end(tail: Sequence[tuple[int, Row]], count: int, body: int, width: int) -> int:
    """Past the last row of the table: what is under is notes, of one cell where rows have more.

    The first of the notes is told by a blank line over it, its length or its first word; those under
    it need nothing.
    """
    notes = 0
    lines = [line for line, _ in tail]
    for under, (line, row) in enumerate(reversed(tail), start=1):
        if not _is_sparse(row, width) or count - under < body:
            break
        before = lines[-under - 1] if under < len(lines) else line - 1
        if line - before > 1 or _says_note(row):
            notes = under
    return count - notes


def _is_sparse(row: Row, width: int) -> bool:
    """A row of too few cells for the table, and that names no territory by its code."""
    cells = [cell for cell in row if cell]
    if len(cells) > (1 if width < 4 else 2):
        return False
    if CODE.fullmatch(cells[0]) or NUMBER.fullmatch(cells[0]):
        return False
    return not any(is_figure(cell) for cell in cells[1:])


def _says_note(row: Row) -> bool:
    first = next(cell for cell in row if cell)
    return len(first) > _LONG_NOTE or bool(_NOTE.match(first)) or len(first.split()) > 5
