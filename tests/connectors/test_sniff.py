"""What a file is, by its bytes: every kind, damaged ones, and archives made to hurt."""

import contextlib
import gzip
import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import SourceUnavailable
from connectors.sniff import HEAD_BYTES, MAX_MEMBERS, guess_separator, kind_of, sample

CSV = "CODGEO;LIBGEO;MED21\n95127;Cergy;22 430,5\n46042;Cahors;s\n"
XLSX_PARTS = {"[Content_Types].xml": b"<Types/>", "xl/worksheets/sheet1.xml": b"<worksheet/>"}


@pytest.fixture
def put(tmp_path: Path):
    """Write bytes in a file that is named as told; its path."""

    def write(content: bytes, name: str = "fichier") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def workbook(*sheets: str) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name in sheets:
        book.create_sheet(name)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def parquet() -> bytes:
    stream = io.BytesIO()
    pd.DataFrame({"com_insee": ["95127"], "com_pop": [70_906]}).to_parquet(stream)
    return stream.getvalue()


WORKBOOK = zipped(
    XLSX_PARTS | {"xl/workbook.xml": b'<workbook><sheets><sheet name="COM"/></sheets></workbook>'}
)
ARCHIVE = zipped({"a.csv": b"a;b", "b.csv": b"1;2"})


def refused(path: Path) -> str:
    with pytest.raises(SourceUnavailable) as caught:
        sample(path, "insee_essai")
    message = str(caught.value)
    assert "insee_essai" in message
    assert path.name in message
    return message


# Text.


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_csv_whatever_its_encoding(put, encoding: str, end: str) -> None:
    text = "Code;Libellé\n95127;Cergy\n".replace("\n", end)
    shown = sample(put(text.encode(encoding)))
    assert (shown.kind, shown.columns, shown.head) == ("csv", ("Code", "Libellé"), text)


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_the_separator_is_guessed(put, separator: str) -> None:
    shown = sample(put(CSV.replace(",", ".").replace(";", separator).encode()))
    assert shown.columns == ("CODGEO", "LIBGEO", "MED21")


def test_decimal_commas_do_not_make_a_separator() -> None:
    rows = "".join(f"{code};1,5;2,5;3,5\n" for code in range(95001, 95050))
    assert guess_separator("code;a;b;c\n" + rows) == ";"


def test_quoted_cells_and_title_lines(put) -> None:
    assert sample(put(b'"code";"a;b"\n"1";"2"\n')).columns == ("code", "a;b")
    titled = sample(put(b"Insee - Statistiques locales\nCode;Valeur\n1;2\n3;4\n"))
    assert titled.columns == ("Insee - Statistiques locales",)
    assert "Code;Valeur" in titled.head


def test_the_head_is_bounded_and_never_cuts_a_letter(put) -> None:
    shown = sample(put(("é" * HEAD_BYTES).encode()))
    assert shown.kind == "csv"
    assert shown.head == "é" * (HEAD_BYTES // 2)
    shifted = sample(put(("a" + "é" * HEAD_BYTES).encode()))
    assert shifted.head == "a" + "é" * (HEAD_BYTES // 2 - 1)


@pytest.mark.parametrize(
    "text", ['{"a": 1}', "\ufeff\n [ {}]", "[]", "{}", '["x"]', "[1]", "[null]", '{\r\n "a":1}']
)
def test_json(put, text: str) -> None:
    shown = sample(put(text.encode()))
    assert shown.kind == "json"
    assert shown.head == text.removeprefix("\ufeff")
    assert shown.columns == ()


def test_brackets_alone_are_not_json(put) -> None:
    assert sample(put(b"[note de lecture]\n")).kind == "csv"


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html><p>",
        "\ufeff\n<HTML lang=fr>",
        "<!-- erreur --><div>",
        '<?xml version="1.0"?>\n<!DOCTYPE x>\n<html xmlns="…">',
    ],
)
def test_html_whatever_the_name(put, text: str) -> None:
    assert sample(put(text.encode(), "donnees.csv")).kind == "html"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02", "unknown"),
        (b"%PDF-1.7\n\x80\x81\x82", "unknown"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "unknown"),
        (b'<?xml version="1.0"?><ServiceExceptionReport/>', "unknown"),
        ("a;b\n1;2\n".encode("utf-16"), "unknown"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "xls"),
    ],
)
def test_other_kinds(put, content: bytes, kind: str) -> None:
    shown = sample(put(content))
    assert (shown.kind, shown.head, shown.columns, shown.members) == (kind, "", (), ())


@given(st.binary(max_size=300))
def test_any_bytes_have_a_kind(content: bytes) -> None:
    assert (kind_of(content) == "empty") == (content == b"")


# Compressed text.


def test_a_gzip_shows_what_it_holds(put) -> None:
    shown = sample(put(gzip.compress(CSV.encode())))
    assert (shown.kind, shown.columns) == ("gzip", ("CODGEO", "LIBGEO", "MED21"))
    assert shown.head == CSV
    assert sample(put(gzip.compress(b'{"type": "FeatureCollection"}'))).head.startswith("{")
    assert sample(put(gzip.compress(bytes(100)))).head == ""


@pytest.mark.parametrize("damage", [b"\x1f\x8b", b"\x1f\x8bn'importe quoi"])
def test_a_damaged_gzip_shows_nothing(put, damage: bytes) -> None:
    assert sample(put(damage)).head == ""


def test_a_gzip_bomb_is_opened_no_further_than_the_head(put) -> None:
    path = put(gzip.compress(b"a;b\n" * 20_000_000))
    tracemalloc.start()
    shown = sample(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(shown.head) == HEAD_BYTES
    assert peak < 30 * 1024**2


# Tables.


def test_parquet_columns(put) -> None:
    shown = sample(put(parquet()))
    assert (shown.kind, shown.columns) == ("parquet", ("com_insee", "com_pop"))


@pytest.mark.parametrize("content", [b"PAR1", parquet()[:-20], b"PAR1" + bytes(500) + b"PAR1"])
def test_a_damaged_parquet_is_told(put, content: bytes) -> None:
    assert "abîmé ou tronqué" in refused(put(content))


# Archives and workbooks.


def test_zip_members(put) -> None:
    shown = sample(put(zipped({"data.csv": b"a;b", "sous/meta.csv": b""}), "f.xlsx"))
    assert (shown.kind, shown.members) == ("zip", ("data.csv", "sous/meta.csv"))
    assert sample(put(zipped({}))).kind == "zip"


def test_the_sheets_of_a_workbook(put) -> None:
    shown = sample(put(workbook("Paramètres", "APL 2022", "Qualité & « lisez-moi »"), "f.zip"))
    assert shown.kind == "xlsx"
    assert shown.members == ("Paramètres", "APL 2022", "Qualité & « lisez-moi »")


@pytest.mark.parametrize("kept", [10, 100, 1000, -1, -30])
def test_a_truncated_archive_is_told(put, kept: int) -> None:
    assert "abîmée ou tronquée" in refused(put(workbook("COM")[:kept]))


def test_an_archive_with_a_broken_inside_is_told(put) -> None:
    content = zipped(XLSX_PARTS | {"xl/workbook.xml": bytes(range(256)) * 4})
    start = content.rindex(b"xl/workbook.xml", 0, content.index(b"PK\x01\x02"))
    broken = content[: start + 20] + b"\xff" * 30 + content[start + 50 :]
    assert "abîmée ou tronquée" in refused(put(broken))


@pytest.mark.parametrize(
    "table",
    [
        b"<workbook><sheets>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><workbook>&b;</workbook>',
        b"<workbook>" + bytes(range(33, 59)) * 200_000,
    ],
    ids=["cut", "entities", "huge"],
)
def test_a_trapped_table_of_sheets_is_refused(put, table: bytes) -> None:
    refused(put(zipped(XLSX_PARTS | {"xl/workbook.xml": table})))


@given(st.data())
def test_a_corrupted_archive_is_read_or_refused_by_name(tmp_path_factory, data) -> None:
    """Some bytes changed anywhere: never another error."""
    content = bytearray(WORKBOOK if data.draw(st.booleans()) else ARCHIVE)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "abime.zip"
    path.write_bytes(content)
    with contextlib.suppress(SourceUnavailable):
        assert sample(path).kind in ("zip", "xlsx")


def test_a_zip_bomb_is_refused_without_being_opened(put) -> None:
    path = put(zipped({"lisez-moi.txt": b"bonjour", "bombe.csv": bytes(30_000_000)}))
    tracemalloc.start()
    message = refused(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "bombe.csv" in message
    assert "bombe de décompression" in message
    assert peak < 2 * 1024**2


def test_a_workbook_that_swells_is_refused(put) -> None:
    swollen = {"xl/workbook.xml": b"<workbook/>", "xl/sharedStrings.xml": bytes(30_000_000)}
    assert "sharedStrings.xml" in refused(put(zipped(XLSX_PARTS | swollen)))


def test_small_files_that_compress_well_are_no_bomb(put) -> None:
    assert sample(put(zipped({"vide.csv": b";" * HEAD_BYTES}))).kind == "zip"


def test_more_than_four_gigabytes_in_all_are_refused(put) -> None:
    """Sizes of the directory rewritten: each member swells a hundred times only."""
    content = bytearray(zipped({f"{number}.csv": b"a;b\n" for number in range(30)}))
    start = content.find(b"PK\x01\x02")
    while start >= 0:
        struct.pack_into("<LL", content, start + 20, 1_500_000, 150_000_000)
        start = content.find(b"PK\x01\x02", start + 4)
    assert "4 Go" in refused(put(bytes(content)))


def test_an_endless_directory_is_refused_before_it_is_read(put) -> None:
    content = bytearray(zipped({"a.csv": b""}))
    struct.pack_into("<HH", content, content.rindex(b"PK\x05\x06") + 8, 60_000, 60_000)
    assert f"plus de {MAX_MEMBERS} fichiers" in refused(put(bytes(content)))


# The producers' own files.


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "kind", "columns", "members"),
    [
        ("insee/filosofi/cc_filosofi_2021_COM.csv", "csv", ("CODGEO", "NBMENFISC21"), ()),
        ("insee/filosofi/FILO2019_DISP_METROPOLE.csv", "csv", ("CODGEO", "LIBGEO"), ()),
        ("insee/qpv/REVN_2022.csv", "csv", ("CODGEO", "LIBGEO", "PMIMP"), ()),
        ("cepidc/mortalite_2023_standardise_all.csv", "csv", ("annee", "departement"), ()),
        ("rpps/PS_LibreAcces_Personne_activite.header.txt", "csv", ("Type d'identifiant PP",), ()),
        ("insee/cog/ngeo2025.parquet", "parquet", ("com_type", "com_insee"), ()),
        ("drees/apl_generalistes.xlsx", "xlsx", (), ("Paramètres", "APL 2022", "APL 2023")),
        ("insee/bpe/equip-serv-sante-com-2020.xlsx", "xlsx", (), ("COM", "ARM")),
        ("insee/comparateur/base_cc_comparateur_csv.zip", "zip", (), ("base_cc_comparateur.CSV",)),
        ("anct/qpv_95.geojson", "json", (), ()),
        ("finess/t_finess_columns.txt", "csv", (), ()),
    ],
)
def test_real_files(shared_dir, name, kind, columns, members) -> None:
    shown = sample(shared_dir / "open-data" / name)
    assert shown.kind == kind
    assert shown.columns[: len(columns)] == columns
    assert shown.members[: len(members)] == members
