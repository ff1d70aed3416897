"""Reading what a visitor drops: a workbook of 35 000 rows, a text of a million, with the memory taken."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

import numpy as np
import xlsxwriter

from connectors.fichier_local import PLAIN_MEMORY, TABLES
from warehouse.paths import ROOT

ROWS, COLUMNS, TEXT_ROWS = 35_000, 30, 1_000_000
Measure = tuple[str, float, str, float | None]

# Read, recognised, its people looked for, its figures read: what the page does, in a process of its own.
_SCRIPT = """
import resource, sys, time
from pages.importing import gazetteer, place_names
from connectors.fichier_local import TABLES, read_tables
from connectors.local_import import check_nobody, read_import
from connectors.local_plan import guess
known, names = gazetteer(), place_names()
content = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
(table,) = read_tables(content, sys.argv[1], TABLES)
reading = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
check_nobody(table, names)
found = guess(table, known)
read = read_import(table, found.plan, known)
took = time.perf_counter() - start
assert read.rows == read.used + len(read.refused) == int(sys.argv[2]), (read.rows, read.used)
own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(took, (reading - before) / 1024, (own - before) / 1024)
"""
# The reading process by itself: what its parent counts for it is the memory of the fork, not its own.
_READER = """
import json, sys
from connectors.local_reader import main
main(json.loads(sys.argv[1]))
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak.split()[1], file=sys.stderr)
"""


def measure_importing(codes: list[str]) -> Iterator[Measure]:
    """Seconds and megabytes of both files. ``codes``: communes to write in them."""
    seconds, memory = _measured(workbook(codes), "extrait-2024.xlsx", ROWS)
    yield f"Importer : XLSX de {ROWS} × {COLUMNS}, lu et reconnu", seconds, "s", 15
    yield "… mémoire prise par la lecture", memory, "Mo", 600
    seconds, memory = _measured(text(codes), "extrait-2024.csv", TEXT_ROWS)
    yield f"Importer : CSV de {TEXT_ROWS} lignes, lu et reconnu", seconds, "s", 10
    yield "… mémoire prise par la lecture", memory, "Mo", 600


def workbook(codes: list[str]) -> bytes:
    """A workbook of one row a commune: code, name, then numbers."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"constant_memory": True})
    sheet = book.add_worksheet("Données")
    sheet.write_row(0, 0, ["Extrait pour essai"])
    sheet.write_row(1, 0, ["Code Insee", "Commune", *(f"Taux {n} (%)" for n in range(COLUMNS - 2))])
    values = np.random.default_rng(1).uniform(0, 100, (ROWS, COLUMNS - 2)).round(2)
    for row in range(ROWS):
        code = codes[row % len(codes)] if row < len(codes) else f"9999{row}"
        sheet.write_row(row + 2, 0, [code, f"Commune {row}", *values[row].tolist()])
    book.close()
    return content.getvalue()


def text(codes: list[str]) -> bytes:
    """A text of one row a commune and year."""
    rng = np.random.default_rng(2)
    counts = rng.integers(0, 5_000, TEXT_ROWS)
    lines = [
        f"{codes[row % len(codes)]};{1990 + row // len(codes)};{counts[row]};{counts[row] / 7:.2f}"
        for row in range(TEXT_ROWS)
    ]
    return ("Code Insee;Année;Séjours;Indice\n" + "\n".join(lines)).encode()


def _measured(content: bytes, name: str, rows: int) -> tuple[float, float]:
    """Seconds, and the most megabytes taken at once: the reading process ends before the rest begins."""
    took, reading, own = _printed([_SCRIPT, name, str(rows)], content).stdout.split()[-3:]
    order = {"unzipped": TABLES.unzipped, "rows": TABLES.rows, "columns": TABLES.columns}
    done = _printed([_READER, json.dumps(order | {"memory": TABLES.memory})], content, PLAIN_MEMORY)
    apart = float(done.stderr.split()[-1]) / 1024
    return float(took), max(float(reading) + apart, float(own))


def _printed(
    script: list[str], content: bytes, more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """A script of Python and its arguments, run on ``content``; ``more``: environment."""
    done = subprocess.run(
        [sys.executable, "-c", *script],
        input=content,
        capture_output=True,
        cwd=ROOT,
        env=os.environ | dict(more or {}),
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[-1500:])
    return done
