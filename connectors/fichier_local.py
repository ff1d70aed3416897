"""A table that a visitor brings, of any layout, read apart from the application and within bounds.

The bytes go to a process of their own (:mod:`connectors.local_reader`) through a pipe: nothing is
written to the disk, and a file made to swell only ends that process. Workbooks give the values that
were saved in them: a formula or a macro is never run, a link is never followed.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from connectors.errors import ImportRejected
from connectors.local_layout import SMALLER
from connectors.local_reader import Refused, is_text, read

SHOWN_CHARACTERS = 40
SECONDS = 90

# A text this small cannot swell: it is read at once, without a process of its own.
SMALL_TEXT = 1024**2

_log = logging.getLogger("gradient")
_ROOT = Path(__file__).resolve().parent.parent
# Arrow's own allocator reserves far more addresses than it uses: the bound would count them.
PLAIN_MEMORY = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}
_HEAVY = (
    "sa lecture demande trop de mémoire ou de temps : trop de lignes ou de colonnes, ou un contenu "
    "fait pour gonfler."
)
_NOT_NAME = re.compile(r"[\x00-\x1f\x7f<>]")
_NAME_CHARACTERS = 80


@dataclass(frozen=True)
class Limits:
    """What a file may hold at most; past it, it is refused before it is parsed where possible."""

    size: int
    unzipped: int
    rows: int
    columns: int
    memory: int
    """Bytes that the reading process may address."""


COUNTS = Limits(5 * 1024**2, 80 * 1024**2, 20_000, 60, 1024**3)
"""A count by territory, on the page « Qui touche-t-on ? »."""

TABLES = Limits(150 * 1024**2, 280 * 1024**2, 2_000_000, 400, 1536 * 1024**2)
"""Any table, on the page « Importer »."""


@dataclass(frozen=True)
class LocalTable:
    """The rows of a file under their titles, every cell text.

    ``rows``: one column a title, in the order of the file; its index is the line number in the
    file. ``sheet``: the sheet of the workbook, empty for a CSV. ``above``: lines over the titles;
    ``below``: (line, text) of the notes under the last row. ``units``: title -> what a row of units
    says. ``repeated``: titles that came twice (the second is numbered); ``untitled``: first line
    with a cell under a column that has no title, 0 when none. ``remarks``: French sentences on what
    was left out (a macro, a link, filled merged cells).
    """

    name: str
    rows: pd.DataFrame
    sheet: str = ""
    above: tuple[str, ...] = ()
    below: tuple[tuple[int, str], ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    header_rows: int = 1
    repeated: tuple[str, ...] = ()
    untitled: int = 0
    remarks: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """Titles, in the order of the file."""
        return [str(name) for name in self.rows.columns]


def read_tables(content: bytes, name: str, limits: Limits = COUNTS) -> tuple[LocalTable, ...]:
    """The table in ``content``; of a workbook, every sheet that holds one.

    Raises ImportRejected when there is none, when it does not stand within ``limits``, or when it
    is not a table (an archive, a web page, a program).
    """
    name = plain_file_name(name)
    if len(content) > limits.size:
        raise ImportRejected(name, f"il dépasse {limits.size // 1024**2} Mo.", SMALLER)
    order = {
        "unzipped": limits.unzipped,
        "rows": limits.rows,
        "columns": limits.columns,
        "memory": limits.memory,
    }
    try:
        if len(content) <= SMALL_TEXT and is_text(content):
            found = read(content, order)
        else:
            found = _read_apart(content, name, order)
    except Refused as refusal:
        raise ImportRejected(name, refusal.reason, refusal.remedy) from refusal
    return tuple(_table(name, facts, table) for facts, table in found)


def shown(text: str) -> str:
    """A cell as it may be quoted: short, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…"


def plain_file_name(name: str) -> str:
    """The last part of a file name, without what could be a path, a tag or a control character."""
    last = _NOT_NAME.sub("", re.split(r"[\\/]", name)[-1]).strip(". ")
    return last[-_NAME_CHARACTERS:] or "fichier"


def _read_apart(
    content: bytes, name: str, order: dict[str, int]
) -> list[tuple[dict[str, Any], pa.Table]]:
    """What the reading process found. Raises ImportRejected when it did not come to its end."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "connectors.local_reader", json.dumps(order)],
            input=content,
            capture_output=True,
            cwd=_ROOT,
            env=os.environ | PLAIN_MEMORY,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ImportRejected(name, _HEAVY, SMALLER) from error
    if done.returncode:
        _log.warning("lecture de %s : %s", name, done.stderr.decode(errors="replace")[-2000:])
        raise ImportRejected(name, _HEAVY, SMALLER)
    stream = io.BytesIO(done.stdout)
    told = json.loads(stream.readline())
    if "refused" in told:
        raise Refused(told["refused"], told["remedy"])
    found = []
    for facts in told["tables"]:
        with pa.ipc.open_stream(stream.read(facts.pop("bytes"))) as reader:
            found.append((facts, reader.read_all()))
    return found


def _table(name: str, facts: dict[str, Any], table: pa.Table) -> LocalTable:
    frame = table.to_pandas()
    lines = frame.pop(frame.columns[0])
    frame.index = pd.Index(lines.astype(int), name="ligne")
    return LocalTable(
        name=name,
        rows=frame.astype(str),
        sheet=facts["sheet"],
        above=tuple(facts["above"]),
        below=tuple((line, text) for line, text in facts["below"]),
        units=facts["units"],
        header_rows=facts["header_rows"],
        repeated=tuple(facts["repeated"]),
        untitled=facts["untitled"],
        remarks=tuple(facts["remarks"]),
    )
