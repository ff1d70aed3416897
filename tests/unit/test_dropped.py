"""Files dropped from the screen: real files, known by their content, and no trick in their names."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tests.connectors.test_radon import TEXT as RADON
from warehouse.dropped import Accepted, Rejected, drop, dropped, remove, safe_name


def put(text: str | bytes, name: str, folder: Path) -> Accepted | Rejected:
    content = text.encode() if isinstance(text, str) else text
    return drop(io.BytesIO(content), name, folder)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("radon 2019 (1).csv", "radon 2019 (1).csv"),
        ("données é.csv", "données é.csv"),
        ("../../courant.json", "courant.json"),
        ("..\\..\\warehouse.duckdb", "warehouse.duckdb"),
        ("/etc/passwd", "passwd"),
        (".cache.csv", "cache.csv"),
        ("~$classeur.xlsx", "classeur.xlsx"),
        ("a\x00b\n<c>.csv", "a_b__c_.csv"),
        ("..", "fichier"),
        ("", "fichier"),
        ("CON.csv", "fichier-CON.csv"),
        ("fin.csv. ", "fin.csv"),
    ],
)
def test_a_name_leads_nowhere_else(name: str, kept: str) -> None:
    assert safe_name(name) == kept


def test_a_long_name_keeps_its_extension() -> None:
    assert safe_name("x" * 300 + ".geojson").endswith("x.geojson")
    assert len(safe_name("é" * 300)) == 100


def test_a_known_file_is_kept_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "depot"
    told = put(RADON, "../mon radon.csv", folder)
    assert isinstance(told, Accepted)
    assert told.found.recognition.source_id == "irsn_radon_fichier"
    assert told.found.recognition.vintage == "2019"
    assert (folder / "mon radon.csv").read_text("utf-8") == RADON
    assert [path.name for path in tmp_path.iterdir()] == ["depot"]
    assert [path.name for path in folder.iterdir()] == ["mon radon.csv"], (
        "no trace of the reception"
    )


def test_the_same_file_twice_is_told_once_kept(tmp_path: Path) -> None:
    put(RADON, "a.csv", tmp_path)
    told = put(RADON, "b.csv", tmp_path)
    assert isinstance(told, Rejected)
    assert "sous le nom a.csv" in told.reason
    other = put(RADON.replace("95127;1", "95127;2"), "a.csv", tmp_path)
    assert isinstance(other, Accepted)
    assert other.beside == ("a.csv",)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-2.csv", "a.csv"]


def bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("donnees.csv", b"0" * 50_000_000)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a;b\n1;2\n", "aucun connecteur"),
        (b"<!doctype html><html></html>", "page web"),
        (b"", "vide"),
        (b"PK\x03\x04 tronque", "abîmée"),
        (bomb(), "bombe de décompression"),
    ],
)
def test_anything_else_is_turned_away(tmp_path: Path, content: bytes, reason: str) -> None:
    told = put(content, "fichier.csv", tmp_path)
    assert isinstance(told, Rejected)
    assert reason in told.reason
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_taken_back_from_its_folder_alone(tmp_path: Path) -> None:
    folder, outside = tmp_path / "depot", tmp_path / "courant.json"
    outside.write_text("{}")
    told = put(RADON, "a.csv", folder)
    assert isinstance(told, Accepted)
    remove(folder / ".." / "courant.json", folder)
    assert outside.exists()
    (folder / "lien.csv").symlink_to(outside)
    remove(folder / "lien.csv", folder)
    assert outside.exists()
    remove(told.found.raw.path, folder)
    remove(told.found.raw.path, folder)
    assert dropped(folder) == []
    assert dropped(tmp_path / "absent") == []
