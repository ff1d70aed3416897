"""What the tests of imported files share: the territories of the embedded build, files of any shape."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import duckdb
import openpyxl

from connectors.fichier_local import TABLES, LocalTable, read_tables
from connectors.local_import import Import, check_nobody, read_import
from connectors.local_plan import Guess, Plan, guess
from connectors.personal import words
from connectors.territories import Gazetteer

Rows = Sequence[Sequence[Any]]


def gazetteer_of(path: Path) -> Gazetteer:
    """Every territory of a build, neighbourhoods included."""
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute(
            "SELECT level, code, name FROM territory WHERE level <> 'arm'"
        ).fetchall()
        former = connection.execute("SELECT old_code, code FROM passage").fetchall()
    return Gazetteer({(level, code): name for level, code, name in rows}, dict(former))


def names_of(known: Gazetteer) -> frozenset[str]:
    """Plain names of every territory."""
    return frozenset(words(name) for name in known.names.values())


def csv_bytes(rows: Rows, separator: str = ";", encoding: str = "utf-8") -> bytes:
    """``rows`` as a CSV."""
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return stream.getvalue().encode(encoding)


def xlsx_bytes(*sheets: tuple[str, Rows], merged: Sequence[str] = ()) -> bytes:
    """Sheets as an XLSX; ``merged``: ranges of the first one."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    for one in merged:
        book.worksheets[0].merge_cells(one)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def ods_bytes(rows: Rows, name: str = "Feuille1") -> bytes:
    """``rows`` as an ODS."""
    return ods_book((name, rows))


def ods_book(*sheets: tuple[str, Rows]) -> bytes:
    """Sheets as an ODS, written by hand: its table of contents and its tables."""
    tables = "".join(
        f'<table:table table:name="{name}">{_ods_rows(rows)}</table:table>' for name, rows in sheets
    )
    spaces = " ".join(
        f'xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"'
        for one in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} office:version="1.2">'
        f"<office:body><office:spreadsheet>{tables}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    mime = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{mime}"/></manifest:manifest>'
    )
    return zip_bytes(
        {
            "mimetype": mime.encode(),
            "content.xml": content.encode(),
            "META-INF/manifest.xml": manifest.encode(),
        }
    )


def _ods_rows(rows: Rows) -> str:
    lines = []
    for row in rows:
        cells = []
        for cell in row:
            if isinstance(cell, int | float):
                kind = f'office:value-type="float" office:value="{cell}"'
            else:
                kind = 'office:value-type="string"'
            said = escape(str(cell))
            cells.append(f"<table:table-cell {kind}><text:p>{said}</text:p></table:table-cell>")
        lines.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    return "".join(lines)


def zip_bytes(entries: dict[str, bytes]) -> bytes:
    """Members as an archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inside in entries.items():
            archive.writestr(name, inside)
    return content.getvalue()


def one_table(content: bytes, name: str = "fichier") -> LocalTable:
    """The only table of a file."""
    (found,) = read_tables(content, name, TABLES)
    return found


def taken(
    found: LocalTable, known: Gazetteer, names: frozenset[str], plan: Plan | None = None
) -> tuple[Guess, Import]:
    """The file as the page reads it without a word of the visitor, or under ``plan``."""
    check_nobody(found, names)
    one = guess(found, known)
    return one, read_import(found, plan or one.plan, known)
