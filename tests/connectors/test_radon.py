"""Radon: a file that is repaired row by row, and accounts for each of them."""

from pathlib import Path

import pytest

from connectors import radon
from connectors.base import Recognition
from tests.connectors.producer_files import (
    assert_damage_is_refused,
    drift,
    recognised,
    refusal,
    tables,
    with_column,
    with_header,
    without_column,
    written,
)

TEXT = """nom_comm;nom_dept;insee_com;classe_potentiel;reg
CERGY;VAL-D'OISE;95127;1;FR
TOURTOUSE;ARIEGE;9313;1;FR
SCATA;HAUTE-CORSE;2B273;2;FR
MENTON;ALPES-MARITIMES;6083;3;FR
"""
FOUND = Recognition("irsn_radon_fichier", "radon", "2019")


def reasons(path: Path) -> dict[str, str]:
    refused = tables(radon, path)["lignes_refusees"]
    return dict(zip(refused["ligne"], refused["raison"], strict=True))


def test_a_lost_zero_is_put_back_when_the_departement_agrees(tmp_path: Path) -> None:
    found = tables(radon, written(tmp_path, TEXT))
    used = found["radon_fichier"].set_index("codgeo")
    assert used["categorie"].to_dict() == {"95127": "1", "09313": "1", "2B273": "2", "06083": "3"}
    assert used["code_lu"].to_dict()["09313"] == "9313"
    assert found["lignes_refusees"].empty


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("papara;Tahiti;;1;PF", "code de commune vide"),
        ("PARTOUT;SOMME;80ABC;1;FR", "mal formé"),
        ("CERGY;VAL-D'OISE;127;1;FR", "mal formé"),
        ("AILLEURS;SOMME;9314;1;FR", "le département nommé sur la ligne ne confirme pas"),
        ("AILLEURS;SOMME;80001;4;FR", "catégorie autre"),
        ("CERGY;VAL-D'OISE;95127;1;FR", "déjà lu"),
    ],
)
def test_a_refused_row_says_why(tmp_path: Path, row: str, reason: str) -> None:
    path = written(tmp_path, f"{TEXT}{row}\n")
    assert reason in reasons(path)["6"]
    assert len(tables(radon, path)["radon_fichier"]) == 4


def test_two_categories_for_one_commune_refuse_both_rows(tmp_path: Path) -> None:
    path = written(tmp_path, f"{TEXT}CERGY;VAL-D'OISE;95127;3;FR\n")
    assert set(reasons(path)) == {"2", "6"}
    assert "95127" not in set(tables(radon, path)["radon_fichier"]["codgeo"])


@pytest.mark.shared
def test_the_real_file_adds_up(shared_dir: Path) -> None:
    path = shared_dir / "open-data/environnement/radon.csv"
    assert recognised(radon, path) == FOUND
    found = tables(radon, path)
    used, refused = found["radon_fichier"], found["lignes_refusees"]
    assert len(used) + len(refused) == 36093
    assert refused["raison"].value_counts().to_dict() == {
        "code de commune vide": 129,
        "code déjà lu sur une autre ligne": 2,
    }
    assert (used["code_lu"].str.len() == 4).sum() == 3191
    assert used["codgeo"].is_unique
    assert used["codgeo"].str.len().eq(5).all()
    spot = used.set_index("codgeo")["categorie"]
    assert (spot["95127"], spot["09313"], spot["2A253"]) == ("1", "1", "3")


def test_a_renamed_missing_or_added_column_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, with_header(TEXT, "classe_potentiel", "potentiel"))
    drift(radon, path, "classe_potentiel", "potentiel")
    drift(radon, written(tmp_path, without_column(TEXT, "nom_dept", ";")), "nom_dept")
    drift(radon, written(tmp_path, with_column(TEXT, "geom", ";")), "geom")


def test_another_separator_or_a_shifted_header_is_a_drift(tmp_path: Path) -> None:
    drift(radon, written(tmp_path, TEXT.replace(";", ",")), "insee_com")
    refusal(radon, written(tmp_path, "Radon;;;;\n" + TEXT), "insee_com", found=FOUND)


def test_damaged_bytes_are_refused(tmp_path: Path) -> None:
    assert_damage_is_refused(radon, tmp_path, TEXT, FOUND)
