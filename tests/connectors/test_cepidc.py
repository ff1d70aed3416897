"""Mortality by département: every row read, a moved format named, a cut file refused."""

from pathlib import Path

import pytest

from connectors import cepidc
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

MEASURE = "Taux standardisé de mortalité par âge et sexe pour 100 000 habitants"
CAUSES = ("2. Tumeurs", "17. Causes externes de morbidité et mortalité")
FOUND = Recognition("cepidc", "mortalite", "2023")


def a_file(departements: tuple[str, ...] = ("01", "2A", "95")) -> str:
    rows = [
        f"2023,{code},{sex},{cause},{MEASURE},{rank}.5"
        for code in departements
        for sex in ("Hommes", "Femmes", "Tous sexes")
        for rank, cause in enumerate(CAUSES)
    ]
    return "\n".join(["annee,departement,sexe,cause,indicateur,valeur", *rows]) + "\n"


def test_a_row_keeps_its_cause_number_apart(tmp_path: Path) -> None:
    frame = tables(cepidc, written(tmp_path, a_file()))["mortalite_cause"]
    assert len(frame) == 18
    assert set(frame["sexe"]) == {"ensemble", "hommes", "femmes"}
    assert set(zip(frame["cause_numero"], frame["cause"], strict=True)) == {
        ("2", "Tumeurs"),
        ("17", "Causes externes de morbidité et mortalité"),
    }


@pytest.mark.shared
def test_the_real_file(shared_dir: Path) -> None:
    path = shared_dir / "open-data/cepidc/mortalite_2023_standardise_all.csv"
    assert recognised(cepidc, path) == FOUND
    frame = tables(cepidc, path)["mortalite_cause"]
    assert len(frame) == 5454
    assert frame["codgeo"].nunique() == 101
    assert frame["cause_numero"].nunique() == 18
    assert (frame["taux"] == "").sum() == 0
    spot = frame[(frame["codgeo"] == "95") & (frame["cause_numero"] == "1")]
    assert spot.set_index("sexe")["taux"].to_dict() == {
        "hommes": "22.3",
        "femmes": "13.0",
        "ensemble": "17.6",
    }


def test_a_renamed_missing_or_added_column_is_named(tmp_path: Path) -> None:
    text = a_file()
    error = drift(cepidc, written(tmp_path, with_header(text, "valeur", "taux")), "valeur", "taux")
    assert (error.missing, error.extra) == (("valeur",), ("taux",))
    drift(cepidc, written(tmp_path, without_column(text, "indicateur", ",")), "indicateur")
    error = drift(cepidc, written(tmp_path, with_column(text, "note", ",")), "note")
    assert error.extra == ("note",)


def test_another_separator_is_a_drift(tmp_path: Path) -> None:
    path = written(tmp_path, a_file().replace(",", ";"))
    assert drift(cepidc, path, "departement").vintage == "2023"


def test_a_shifted_header_is_not_ours(tmp_path: Path) -> None:
    path = written(tmp_path, "Mortalité 2023,,,,,\n" + a_file())
    refusal(cepidc, path, "departement", found=FOUND)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("2023,01,", "2023,1,", ("colonne codgeo", "« 1 »")),
        ("Hommes,2. Tumeurs", "Garçons,2. Tumeurs", ("colonne sexe", "« Garçons »")),
        (f"{MEASURE},1.5", f"{MEASURE},NC", ("colonne taux", "« NC »")),
    ],
)
def test_a_damaged_cell_is_named(tmp_path: Path, old: str, new: str, words: tuple) -> None:
    refusal(cepidc, written(tmp_path, a_file().replace(old, new)), "mortalite_cause", *words)


def test_repeated_rows_and_holes_are_refused(tmp_path: Path) -> None:
    text = a_file()
    last = text.strip().rsplit("\n", 1)[-1]
    refusal(cepidc, written(tmp_path, f"{text}{last}\n"), "1 lignes en double", "95")
    refusal(cepidc, written(tmp_path, text[: text.rindex(last)]), "coupé", "95")


def test_damaged_bytes_are_refused(tmp_path: Path) -> None:
    assert_damage_is_refused(cepidc, tmp_path, a_file(), FOUND)
