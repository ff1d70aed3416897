"""The drop folder: recognised by content, everything else listed with its reason."""

import hashlib
import os
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from connectors.base import Connector, Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard
from connectors.depot import Found, Unknown, scan
from connectors.errors import AmbiguousFile, SourceUnavailable

REVENUS = b"CODGEO;MED21\n95127;22 430\n"
NAISSANCES = b'{"naissances": []}'


class Looks:
    """A connector that knows its files by a word of their head."""

    def __init__(self, source_id: str, word: str) -> None:
        self.source_id, self.word = source_id, word

    def recognise(self, shown: Sample) -> Recognition | None:
        if self.word not in shown.head:
            return None
        return Recognition(self.source_id, "communes", "2021")

    def parse(self, raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
        raise AssertionError("scan ne lit pas les fichiers")

    def downloads(self, card: SourceCard, scope: Scope) -> list[Download]:
        raise AssertionError("scan ne télécharge rien")


CONNECTORS: dict[str, Connector] = {
    "revenus": Looks("insee_revenus", "MED21"),
    "naissances": Looks("insee_naissances", "naissances"),
}


@pytest.fixture
def depot(tmp_path: Path) -> Path:
    folder = tmp_path / "depot"
    folder.mkdir()
    return folder


def reasons(depot: Path) -> dict[str, str]:
    """Reason of each file left aside, by its path in the folder."""
    return {
        one.path.relative_to(depot).as_posix(): one.reason
        for one in scan(depot, CONNECTORS)
        if isinstance(one, Unknown)
    }


def test_files_are_recognised_by_content_wherever_they_are(depot: Path) -> None:
    (depot / "téléchargements" / "2021").mkdir(parents=True)
    path = depot / "téléchargements" / "2021" / "sans nom (3).bin"
    path.write_bytes(REVENUS)
    os.utime(path, (0, datetime(2026, 5, 4, 12, tzinfo=UTC).timestamp()))
    (depot / "a.json").write_bytes(NAISSANCES)
    births, income = scan(depot, CONNECTORS)
    assert isinstance(births, Found)
    assert isinstance(income, Found)
    assert (births.connector, income.connector) == ("naissances", "revenus")
    assert income.recognition == Recognition("insee_revenus", "communes", "2021")
    assert income.raw == RawFile(
        path=path.resolve(),
        name="sans nom (3).bin",
        url="",
        origin="depot",
        retrieved_at="2026-05-04",
        sha256=hashlib.sha256(REVENUS).hexdigest(),
    )


def test_the_rest_is_listed_with_its_reason(depot: Path) -> None:
    (depot / "facture.pdf").write_bytes(b"%PDF-1.7\n\x80\x00")
    (depot / "inconnu.csv").write_bytes(b"a;b\n1;2\n")
    (depot / "MED21.csv").write_bytes(b"autre;chose\n")
    (depot / "note.txt").write_text("Bonjour,\nvoici ; un mot.\n", "utf-8")
    (depot / "page.csv").write_bytes(b"<html>MED21</html>")
    (depot / "vide.csv").write_bytes(b"")
    (depot / "coupe.zip").write_bytes(b"PK\x03\x04MED21")
    told = reasons(depot)
    nobody = "aucun connecteur ne reconnaît ce contenu."
    assert told["facture.pdf"] == told["inconnu.csv"] == nobody
    assert "un en-tête seul" in told["MED21.csv"]
    assert "du texte, pas une table" in told["note.txt"]
    assert "page web" in told["page.csv"]
    assert told["vide.csv"] == "fichier vide."
    assert "abîmée ou tronquée" in told["coupe.zip"]
    assert "Téléchargez-le de nouveau" in told["coupe.zip"]


def test_a_zip_bomb_is_left_aside(depot: Path) -> None:
    with zipfile.ZipFile(depot / "bombe.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("MED21.csv", bytes(20_000_000))
    (depot / "revenus.csv").write_bytes(REVENUS)
    bomb, income = scan(depot, CONNECTORS)
    assert isinstance(bomb, Unknown)
    assert "bombe de décompression" in bomb.reason
    assert isinstance(income, Found)


def test_hidden_and_huge_files_are_ignored(depot: Path) -> None:
    (depot / ".cache").mkdir()
    (depot / ".cache" / "revenus.csv").write_bytes(REVENUS)
    (depot / ".DS_Store").write_bytes(REVENUS)
    (depot / "~$revenus.xlsx").write_bytes(REVENUS)
    with (depot / "huge.csv").open("wb") as stream:
        stream.write(REVENUS)
        stream.truncate(2 * 1024**3 + 1)  # a hole: no room is taken on the disk
    told = reasons(depot)
    assert sorted(told) == [".DS_Store", ".cache", "huge.csv", "~$revenus.xlsx"]
    assert "2 Go" in told["huge.csv"]
    assert len({told[".DS_Store"], told[".cache"], told["~$revenus.xlsx"]}) == 1
    assert "caché" in told[".cache"]


def test_links_are_not_followed(depot: Path, tmp_path: Path) -> None:
    outside = tmp_path / "ailleurs"
    outside.mkdir()
    (outside / "revenus.csv").write_bytes(REVENUS)
    (depot / "fichier.csv").symlink_to(outside / "revenus.csv")
    (depot / "dossier").symlink_to(outside)
    (depot / "boucle").symlink_to(depot)
    (depot / "casse").symlink_to(outside / "rien")
    told = reasons(depot)
    assert sorted(told) == ["boucle", "casse", "dossier", "fichier.csv"]
    assert all("lien" in reason for reason in told.values())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pas de tubes nommés sur ce système")
def test_what_is_no_file_is_never_opened(depot: Path) -> None:
    os.mkfifo(depot / "tube")
    assert reasons(depot) == {"tube": "ce n'est pas un fichier ordinaire."}


def test_the_same_bytes_count_once(depot: Path) -> None:
    (depot / "a.csv").write_bytes(REVENUS)
    (depot / "b (copie).csv").write_bytes(REVENUS)
    first, copy = scan(depot, CONNECTORS)
    assert isinstance(first, Found)
    assert isinstance(copy, Unknown)
    assert copy.reason == "même contenu que a.csv, déjà pris en compte."


def test_two_connectors_for_a_file_are_both_named(depot: Path) -> None:
    (depot / "double.csv").write_bytes(b"MED21;naissances\n1;2\n")
    with pytest.raises(AmbiguousFile) as caught:
        scan(depot, CONNECTORS)
    assert caught.value.connectors == ("naissances", "revenus")
    assert "double.csv est reconnu par plusieurs connecteurs : naissances, revenus" in str(
        caught.value
    )


def test_the_order_does_not_depend_on_the_disk(depot: Path) -> None:
    names = ["z.csv", "b/x.csv", "a.csv", "b.csv", "A.csv"]
    (depot / "b").mkdir()
    for name in names:
        (depot / name).write_bytes(REVENUS + name.encode())
    found = [one.raw.path for one in scan(depot, CONNECTORS) if isinstance(one, Found)]
    assert found == sorted(found)
    assert len(found) == len(names)


def test_an_empty_folder_has_nothing(depot: Path) -> None:
    assert scan(depot, CONNECTORS) == []


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.write_bytes(b"")])
def test_a_folder_that_is_none_is_told(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "rien")
    with pytest.raises(SourceUnavailable, match="n'existe pas"):
        scan(tmp_path / "rien", CONNECTORS)


@pytest.mark.shared
def test_the_producers_files_are_all_listed(shared_dir: Path) -> None:
    folder = shared_dir / "open-data"
    results = scan(folder, {"filosofi": Looks("insee_filosofi", "CODGEO;NBMENFISC21")})
    found = [one for one in results if isinstance(one, Found)]
    assert [one.raw.name for one in found] == ["cc_filosofi_2021_COM.csv"]
    assert len(results) == sum(path.is_file() for path in folder.rglob("*"))
