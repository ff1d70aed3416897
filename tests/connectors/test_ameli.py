"""Pathologies by département: published totals are picked, nothing is summed."""

from pathlib import Path

import pytest

from connectors import ameli
from connectors.base import Recognition, Scope
from connectors.cards import load_sources
from tests.connectors.producer_files import (
    assert_damage_is_refused,
    drift,
    recognised,
    refusal,
    tables,
    with_header,
    without_column,
    written,
)

HEADER = (
    "annee;patho_niv1;patho_niv2;patho_niv3;top;cla_age_5;sexe;region;dept;Ntop;Npop;prev;"
    "niveau_prioritaire;libelle_classe_age;libelle_sexe;tri"
)
FOUND = Recognition("ameli_pathologies", "effectifs", "champs")


def a_row(**changes: str) -> str:
    cells = {"annee": "2023", "patho_niv1": "Diabète", "top": "DIAB_CAT_CAT", "cla_age_5": "tsage"}
    cells |= {"sexe": "9", "region": "11", "dept": "95", "Ntop": "70000", "Npop": "1200000"}
    cells |= {"prev": "5.83"} | changes
    return ";".join(cells.get(name, "") for name in HEADER.split(";"))


TEXT = "\n".join(
    [
        HEADER,
        a_row(),
        a_row(dept="1", region="84", Ntop="", prev=""),
        a_row(dept="999", region="11"),
        a_row(dept="999", region="99"),
        a_row(sexe="1"),
        a_row(cla_age_5="00-04"),
        a_row(patho_niv2="Diabète", patho_niv3="Diabète"),
        a_row(patho_niv1="Cancers", Ntop="NS", prev=""),
        "",
    ]
)


def test_totals_alone_are_picked_and_secrets_kept(tmp_path: Path) -> None:
    frame = tables(ameli, written(tmp_path, TEXT))["ameli_effectifs"]
    kept = frame.set_index(["codgeo", "pathologie"])["effectif"].to_dict()
    assert kept == {("95", "Diabète"): "70000", ("01", "Diabète"): "", ("95", "Cancers"): "NS"}


def test_names_in_small_letters_are_the_same_table(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT.replace("Ntop;Npop", "ntop;npop"))
    assert recognised(ameli, path) == FOUND
    assert len(tables(ameli, path)["ameli_effectifs"]) == 3


def test_a_moved_format_is_named(tmp_path: Path) -> None:
    drift(ameli, written(tmp_path, with_header(TEXT, "cla_age_5", "age")), "cla_age_5")
    drift(ameli, written(tmp_path, without_column(TEXT, "sexe", ";")), "sexe")
    drift(ameli, written(tmp_path, TEXT.replace(";", ",")), "patho_niv1")
    refusal(ameli, written(tmp_path, f"Ameli{';' * 15}\n" + TEXT), "patho_niv1", found=FOUND)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TEXT.replace("tsage", "oct.-14"), ("aucune ligne",)),
        (TEXT + a_row(), ("1 lignes en double", "95", "Diabète")),
        (TEXT.replace("70000", "70 000"), ("colonne effectif", "« 70 000 »")),
        (TEXT.replace(";95;", ";9500;"), ("colonne codgeo", "« 9500 »")),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    refusal(ameli, written(tmp_path, text), *words)


def test_damaged_bytes_are_refused(tmp_path: Path) -> None:
    assert_damage_is_refused(ameli, tmp_path, TEXT, FOUND)


def test_the_whole_dataset_is_asked_for() -> None:
    (one,) = ameli.downloads(load_sources()["ameli_pathologies"], Scope())
    assert "/effectifs/exports/csv?" in one.url
