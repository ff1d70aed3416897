"""What a file is, told by its bytes: nothing is executed, extracted or read beyond a bound."""

from __future__ import annotations

import codecs
import csv
import lzma
import re
import struct
import zipfile
import zlib
from collections import Counter
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.base import Kind, Sample
from connectors.errors import SourceUnavailable

HEAD_BYTES = 64 * 1024
MAX_FILE_BYTES = 2 * 1024**3
MAX_UNZIPPED_BYTES = 4 * 1024**3
MAX_RATIO = 200
MAX_MEMBERS = 10_000
MAX_WORKBOOK_XML = 4 * 1024**2
SEPARATORS = (";", "\t", "|", ",")

_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"PAR1", "parquet"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
)
_HTML = re.compile(
    rb"<(!doctype\s+html|html|head|body|title|!--)|<\?xml.{0,512}?<html", re.I | re.S
)
_JSON = re.compile(rb"""\{\s*["}]|\[\s*([\[{"\]\d-]|true|false|null)""")
_LINE_END = re.compile(r"\r\n|\n|\r")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f\x7f]")
_END_OF_ZIP = struct.Struct("<4s4H2LH")
_WORKBOOK = re.compile(r"xl/workbook\d*\.xml")
_TAGS = re.compile(r"(?:\s*<[^<>]*>)+")
SHARED_TEXTS = "xl/sharedStrings.xml"
DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,  # a place before the beginning
    ValueError,
    RuntimeError,  # a password, an unknown method
)
"""What reading a damaged archive raises."""

_AGAIN = "Téléchargez-le de nouveau depuis la page de la source."
_SUSPECT = "N'ouvrez pas ce fichier : reprenez-le sur la page du producteur."


def sample(path: Path, source_id: str = "depot") -> Sample:
    """What ``path`` shows before it is parsed; at most a few megabytes are read.

    A gzip shows the head, and the columns, of what it holds. Raises SourceUnavailable, in the name
    of ``source_id``, for a damaged archive or table and for a zip bomb; OSError when unreadable.
    """
    with path.open("rb") as stream:
        start = stream.read(HEAD_BYTES)
    match kind_of(start):
        case "zip":
            return _archive(path, source_id)
        case "parquet":
            return Sample(path.name, "parquet", columns=_parquet_columns(path, source_id))
        case "gzip":
            inside = _text(path.name, gunzip_head(start))
            return Sample(path.name, "gzip", inside.head, inside.columns)
        case "json" | "csv":
            return _text(path.name, start)
        case kind:
            return Sample(path.name, kind)


def kind_of(start: bytes) -> Kind:
    """Kind of a file by its first bytes; a workbook is still a "zip" here."""
    if not start:
        return "empty"
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            return kind
    bare = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if _HTML.match(bare):
        return "html"
    text = decode_head(start)
    if text is None or bare.startswith(b"<"):
        return "unknown"
    return "json" if _JSON.match(bare) else "csv"


def decode_head(start: bytes) -> str | None:
    """``start`` as text, in UTF-8 (with or without BOM) or else in Windows-1252; None if neither."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(start)
        except UnicodeDecodeError:
            continue
        return None if _CONTROL.search(text) else text
    return None


def guess_separator(head: str) -> str:
    """The separator that cuts most lines of ``head`` into the same number of cells."""
    lines = _LINE_END.split(head, maxsplit=200)
    if len(lines) > 1:
        lines.pop()  # empty, or cut in the middle by a bound
    return max(SEPARATORS, key=lambda separator: _regularity(lines, separator))


def _regularity(lines: list[str], separator: str) -> int:
    """Cuts of the most common kind of line, times how many such lines."""
    cuts = Counter(len(cells) - 1 for cells in csv.reader(lines, delimiter=separator))
    return max((width * times for width, times in cuts.items()), default=0)


def gunzip_head(start: bytes) -> bytes:
    """The beginning of what a gzip holds, never more than the bound; empty when damaged."""
    try:
        return zlib.decompressobj(wbits=31).decompress(start, HEAD_BYTES)
    except zlib.error:
        return b""


def _text(name: str, start: bytes) -> Sample:
    kind = kind_of(start)
    head = decode_head(start) or ""
    if kind != "csv" or not head:
        return Sample(name, kind, head if kind == "json" else "")
    first = _LINE_END.split(head, maxsplit=1)[0]
    cells = next(csv.reader([first], delimiter=guess_separator(head)), [])
    return Sample(name, kind, head, tuple(cell.strip() for cell in cells))


def _parquet_columns(path: Path, source_id: str) -> tuple[str, ...]:
    try:
        return tuple(pq.read_schema(path).names)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceUnavailable(
            source_id, f"le fichier Parquet {path.name} est abîmé ou tronqué.", _AGAIN
        ) from error


def _archive(path: Path, source_id: str) -> Sample:
    _refuse_crowd(path, source_id)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _refuse_bomb(path.name, members, source_id)
            names = tuple(member.filename for member in members)
            workbook = next(filter(_WORKBOOK.fullmatch, names), None)
            if workbook is None:
                return Sample(path.name, "zip", members=names)
            sheets, head = _sheets(archive, workbook), _first_texts(archive, names)
    except DAMAGES as error:
        raise _damaged(path, source_id) from error
    return Sample(path.name, "xlsx", head, members=sheets)


def _damaged(path: Path, source_id: str) -> SourceUnavailable:
    reason = f"l'archive {path.name} est abîmée ou tronquée."
    return SourceUnavailable(source_id, reason, _AGAIN)


def _refuse_crowd(path: Path, source_id: str) -> None:
    """Refuse a directory too long to be loaded, by the count that ends every zip."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _END_OF_ZIP.size - 0xFFFF))
        tail = stream.read()
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or len(tail) < found + _END_OF_ZIP.size:
        raise _damaged(path, source_id)
    count = _END_OF_ZIP.unpack_from(tail, found)[4]
    if count > MAX_MEMBERS:
        reason = f"l'archive {path.name} annonce plus de {MAX_MEMBERS} fichiers."
        raise SourceUnavailable(source_id, reason, _SUSPECT)


def _refuse_bomb(name: str, members: list[zipfile.ZipInfo], source_id: str) -> None:
    """Refuse what would swell out of proportion. A zip reader never reads past the sizes seen here."""
    for member in members:
        swollen = member.file_size > MAX_RATIO * max(member.compress_size, 1)
        if swollen and member.file_size > HEAD_BYTES:
            reason = (
                f"dans l'archive {name}, le fichier {member.filename} gonflerait de plus de "
                f"{MAX_RATIO} fois à l'ouverture (bombe de décompression)."
            )
            raise SourceUnavailable(source_id, reason, _SUSPECT)
    if sum(member.file_size for member in members) > MAX_UNZIPPED_BYTES:
        reason = f"l'archive {name} dépasserait 4 Go une fois ouverte (bombe de décompression)."
        raise SourceUnavailable(source_id, reason, _SUSPECT)


def _first_texts(archive: zipfile.ZipFile, names: tuple[str, ...]) -> str:
    """The first texts that the sheets of a workbook share, one a line: titles and headers."""
    if SHARED_TEXTS not in names:
        return ""
    with archive.open(SHARED_TEXTS) as stream:
        start = stream.read(HEAD_BYTES)
    return unescape(_TAGS.sub("\n", start.decode("utf-8", "ignore")).strip())


def _sheets(archive: zipfile.ZipFile, workbook: str) -> tuple[str, ...]:
    """Names of the sheets, from the workbook's table of contents alone. Raises ValueError."""
    with archive.open(workbook) as stream:
        xml = stream.read(MAX_WORKBOOK_XML + 1)
    if len(xml) > MAX_WORKBOOK_XML or b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise ValueError("table des feuilles démesurée ou piégée")
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error
    sheets = (node for node in root.iter() if node.tag.rpartition("}")[2] == "sheet")
    return tuple(sheet.get("name", "") for sheet in sheets)
