"""Inscrits à France Travail: totals of communes alone, in the layout that public readers describe."""

from pathlib import Path

import pytest

from connectors import france_travail
from connectors.base import Recognition, Scope
from connectors.cards import load_sources
from tests.connectors.producer_files import (
    HTML,
    drift,
    recognised,
    refusal,
    tables,
    with_header,
    without_column,
    written,
)

FOUND = Recognition("france_travail", "france_travail", "libelles")
HEADER = (
    "Date;Code région;Région;Code département;Département;Code commune;Commune;Type de données;"
    "Catégorie;Sexe;Tranche d'âge;Nombre de demandeurs d'emploi\n"
)


def row(
    code: str = "95127", sex: str = "Total", age: str = "Total", number: str = "6540", **other: str
) -> str:
    cells = {"date": "2024-T4", "type": "Brutes", "categorie": "ABC"} | other
    return (
        f"{cells['date']};11;Île-de-France;95;Val-d'Oise;{code};Cergy;{cells['type']};"
        f"{cells['categorie']};{sex};{age};{number}\n"
    )


EXPORT = HEADER + "".join(
    [
        row(),
        row(sex="Hommes", number="3300"),
        row(age="Moins de 25 ans", number="900"),
        row(date="2023-T4", number="6400"),
        row("75056", number="196995"),
        row("75101", number="900"),
        row("Total", number="5500000"),
        row("2A004", number="0"),
    ]
)


def test_the_totals_of_communes_are_picked(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff" + EXPORT)
    assert recognised(france_travail, path) == FOUND
    frame = tables(france_travail, path)["france_travail"]
    assert frame[["date", "codgeo", "inscrits"]].values.tolist() == [
        ["2024-T4", "95127", "6540"],
        ["2023-T4", "95127", "6400"],
        ["2024-T4", "75056", "196995"],
        ["2024-T4", "75101", "900"],
        ["2024-T4", "2A004", "0"],
    ]


def test_field_names_and_a_lost_zero_are_read(tmp_path: Path) -> None:
    fields = "date;code_commune;type_de_donnees;categorie;sexe;tranche_d_age;nombre_de_demandeurs_d_emploi\n"
    path = written(tmp_path, fields + "2024-T4;1001;Brutes;ABC;Total;Total;15\n")
    assert recognised(france_travail, path).vintage == "champs"
    assert tables(france_travail, path)["france_travail"].loc[0, "codgeo"] == "01001"


def test_a_moved_column_is_named(tmp_path: Path) -> None:
    drift(france_travail, written(tmp_path, with_header(EXPORT, "Code commune", "Code Insee")), "Code commune", "Code Insee")  # fmt: skip
    drift(france_travail, written(tmp_path, without_column(EXPORT, "Sexe", ";")), "Sexe")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (row(date="2025-T1"), ("colonne date", "« 2025-T1 »")),
        (row(categorie="A"), ("colonne categorie", "« A »")),
        (row(type="CVS"), ("colonne type", "« CVS »")),
        (row("951"), ("colonne codgeo", "« 951 »")),
        (row("46042", number="beaucoup"), ("colonne inscrits", "« beaucoup »")),
        (row(), ("1 lignes en double", "95127")),
        ("2024-T4;11;Île\n", ("coupé",)),
    ],
)
def test_another_series_or_a_damaged_row_is_refused(tmp_path: Path, line: str, words) -> None:
    refusal(france_travail, written(tmp_path, EXPORT + line), *words)


def test_parts_alone_are_not_added_up(tmp_path: Path) -> None:
    text = HEADER + row(sex="Hommes") + row(sex="Femmes")
    refusal(france_travail, written(tmp_path, text), "tous sexes, tous âges")


def test_a_page_is_refused(tmp_path: Path) -> None:
    refusal(france_travail, written(tmp_path, HTML), "page HTML", found=FOUND)


def test_the_export_is_asked_for_its_totals() -> None:
    card = load_sources()["france_travail"]
    (one,) = france_travail.downloads(card, Scope(("95",)))
    assert "/datasets/dares_defm_communales-brutes/exports/csv?" in one.url
    assert "sexe%3D%22Total%22" in one.url
    assert france_travail.downloads(card.model_copy(update={"urls": {}}), Scope()) == []
