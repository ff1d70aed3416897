"""A visitor's count: read within bounds, codes repaired, every row used or refused, nobody named."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import attendance as module
from connectors import territories
from connectors.attendance import (
    Columns,
    Places,
    check_columns,
    check_nobody,
    guess_columns,
    read_attendance,
)
from connectors.errors import ImportRejected
from connectors.fichier_local import COUNTS, LocalTable, read_tables
from connectors.personal import personal_columns

PLACES = Places(
    inside={
        "01001": "L'Abergement-Clémenciat",
        "95127": "Cergy",
        "95572": "Saint-Ouen-l'Aumône",
        "2A004": "Ajaccio",
        "75056": "Paris",
        "46001": "Sainte-Marie",
        "46002": "Sainte Marie",
    },
    quarters={"QN09511M": "Axe Majeur - Horloge"},
    communes={"01001", "95127", "95572", "2A004", "75056", "46001", "46002", "35238", "95500"},
    former={"95999": "95127", "35001": "35238"},
)
HEADER = "Code Insee;Commune;Personnes touchées\n"


def csv_table(text: str, encoding: str = "utf-8") -> LocalTable:
    (table,) = read_tables(text.encode(encoding), "venues.csv")
    return table


def xlsx(*sheets: tuple[str, Sequence[Sequence[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def read(text: str, kind: module.Kind = "people") -> module.Attendance:
    table = csv_table(text)
    columns = guess_columns(table)
    assert columns is not None
    return read_attendance(table, columns, PLACES, kind)


# The file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_csv_of_any_office(encoding: str, separator: str) -> None:
    table = csv_table(f"{HEADER}95127;Cergy;120\n".replace(";", separator), encoding)
    assert table.columns == ["Code Insee", "Commune", "Personnes touchées"]
    assert table.rows.loc[2].tolist() == ["95127", "Cergy", "120"]


def test_the_titles_may_stand_under_a_heading() -> None:
    table = csv_table(f"Bilan de l'année 2025;;\n\n{HEADER}95127;Cergy;120\n")
    assert table.rows.index.tolist() == [4]


def test_a_workbook_gives_its_values_and_runs_nothing() -> None:
    rows: list[list[object]] = [["code", "nombre"], [1001, 12.0], ["95127", "=2+40"], ["95572", 7]]
    table, other = read_tables(xlsx(("Venues", rows), ("Autre", rows)), "venues.xlsx")
    assert (table.sheet, other.sheet) == ("Venues", "Autre")
    # A formula never computed by a spreadsheet has no saved value: the row is refused, not run.
    assert table.rows["nombre"].tolist() == ["12", "", "7"]
    found = read_attendance(table, Columns("code", "nombre"), PLACES, "people")
    assert found.used[["code", "amount"]].values.tolist() == [["01001", 12], ["95572", 7]]
    assert found.refused["reason"].tolist() == [module.EMPTY]


def test_a_sheet_of_notes_is_left_aside() -> None:
    rows: list[list[object]] = [["code", "nombre"], ["95127", 12]]
    (table,) = read_tables(xlsx(("Lisez-moi", [["Notes"]]), ("Venues", rows)), "venues.xlsx")
    assert table.sheet == "Venues"


def far_cell() -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "code", 3
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def swollen() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 90 * 1024**2)
    return content.getvalue()


BAD_FILES = {
    "vide": (b"", "vide"),
    "binaire": (bytes(range(256)), "format"),
    "page web": (b"<html><body>95127;12</body></html>", "page web"),
    "vieux classeur abîmé": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9, "abîmé"),
    "trop gros": (b"a" * (COUNTS.size + 1), "5 Mo"),
    "archive": (xlsx(("a", [["code", "nombre"]]))[:400], "abîmé"),
    "cellule lointaine": (far_cell(), "lignes ou"),
    "archive qui gonfle": (swollen(), "démesuré"),
    "sans titres": (b"95127;12\n95572;14\n", "titres"),
    "une colonne": (b"code\n95127\n", "titres"),
    "titres seuls": (b"code;nombre\n", "aucune ligne"),
    "deux fois": (b"code;nombre;nombre\n95127;1;2\n", "même titre"),
    "colonne sans titre": (b"code;nombre;\n95127;12;Marie Dupont\n", "sans titre"),
    "trop long": (b"code;nombre\n" + b"95127;12\n" * (COUNTS.rows + 30), "lignes ou"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_file_is_refused_in_french(kind: str) -> None:
    content, sentence = BAD_FILES[kind]
    with pytest.raises(ImportRejected, match=sentence):
        for table in read_tables(content, "venues.csv"):
            check_columns(table)


# People


@pytest.mark.parametrize(
    ("title", "cell"),
    [
        ("Nom", "DUPONT"),
        ("Prénom", "Marie"),
        ("NOM Prénom", "DUPONT Marie"),
        ("Nom du bénéficiaire", "DUPONT"),
        ("NIR", "12"),
        ("N° de sécurité sociale", "12"),
        ("Date de naissance", "12"),
        ("Né(e) le", "12"),
        ("Adresse", "12"),
        ("E-mail", "12"),
        ("Téléphone portable", "12"),
        ("Identifiant patient", "12"),
        ("Contact", "marie.dupont@example.org"),
        ("Contact", "06 12 34 56 78"),
        ("Contact", "+33 1 34 22 11 00"),
        ("Remarque", "2 85 05 95 127 001 22"),
        ("Remarque", "285059512700122"),
        ("Remarque", "12 bis rue des Lilas"),
        ("Remarque", "Mme Dupont"),
        ("Jour", "12/05/1985"),
        ("Jour", "2025-03-12T00:00:00"),
    ],
)
def test_columns_that_designate_people_refuse_the_file(title: str, cell: str) -> None:
    table = csv_table(f"Code Insee;Nombre;{title}\n95127;12;{cell}\n")
    with pytest.raises(ImportRejected, match="désignent des personnes") as refusal:
        check_nobody(table, PLACES)
    assert title in str(refusal.value)
    assert cell == "12" or cell not in str(refusal.value), "une donnée personnelle est citée"


def test_a_birth_date_of_a_workbook_is_seen() -> None:
    content = xlsx(("a", [["code", "nombre", "jour"], ["95127", 12, date(1985, 5, 12)]]))
    with pytest.raises(ImportRejected, match="jour"):
        check_nobody(read_tables(content, "a.xlsx")[0], PLACES)


@pytest.mark.parametrize(
    "titles",
    [
        "Code Insee;Commune;Action;Nombre",
        "Code Insee;Nom de la commune;Nom de l'action;Effectif",
        "Code Insee;Nom;Atelier;Effectif 2025",
    ],
)
def test_an_ordinary_count_names_nobody(titles: str) -> None:
    rows = "95127;Cergy;Dépistage 2025;12\n95572;St-Ouen-l'Aumône;Ateliers;1 200\n"
    check_nobody(csv_table(f"{titles}\n{rows}"), PLACES)


def test_siren_codes_are_no_telephones() -> None:
    cells = pd.DataFrame({"epci": ["249500109", "200023737"], "siret": ["24950010900018", ""]})
    assert personal_columns(cells) == {}


# The rows


@pytest.mark.parametrize(
    ("written", "code", "repair"),
    [
        ("95127", "95127", ""),
        ("1001", "01001", territories.LOST_ZERO),
        ("1001.0", "01001", territories.LOST_ZERO),
        ("'95127", "95127", territories.TIDIED),
        ("95 127", "95127", territories.TIDIED),
        ("2a004", "2A004", territories.TIDIED),
        ("95999", "95127", territories.MERGED),
        ("75118", "75056", territories.CITY),
        ("Cergy", "95127", module.BY_NAME),
        ("CERGY", "95127", module.BY_NAME),
        ("St Ouen l'Aumone", "95572", module.BY_NAME),
        ("95127 Cergy", "95127", ""),
        ("95000 Cergy", "95127", module.BY_NAME),
        ("Axe Majeur – Horloge", "QN09511M", module.BY_NAME),
        ("qn09511m", "QN09511M", territories.TIDIED),
    ],
)
def test_a_territory_is_recognised_and_the_repair_said(
    written: str, code: str, repair: str
) -> None:
    found = read(f"Code Insee;Nombre\n{written};12\n")
    assert found.used["code"].tolist() == [code]
    assert found.repaired["what"].tolist() == ([repair] if repair else [])


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("35238", module.OUTSIDE),
        ("35001", module.OUTSIDE),
        ("95000", module.UNKNOWN_CODE),
        ("99999", module.UNKNOWN_CODE),
        ("249500109", module.GROUPING),
        ("QN07501M", module.QUARTER_OUTSIDE),
        ("QP095001", module.QUARTER_2015),
        ("Rennes", module.UNKNOWN_NAME),
        ("Sainte-Marie", module.SHARED_NAME),
        ("95127 Paris", module.DISAGREE),
        ("Total", module.TOTAL),
        ("", module.NO_PLACE),
    ],
)
def test_a_territory_is_refused_with_its_reason(written: str, reason: str) -> None:
    found = read(f"Code Insee;Nombre\n{written};12\n")
    assert found.used.empty
    assert found.refused["reason"].tolist() == [reason]


@pytest.mark.parametrize(
    ("written", "people", "resources"),
    [
        ("0", 0, 0),
        ("5", 5, 5),
        ("1 200", 1200, 1200),
        ("4", module.TOO_SMALL, 4),
        ("1", module.TOO_SMALL, 1),
        ("12,5", module.NOT_WHOLE, 12.5),
        ("1 500 €", 1500, 1500),
        ("-3", module.NEGATIVE, module.NEGATIVE),
        ("", module.EMPTY, module.EMPTY),
        ("s", module.NOT_A_NUMBER, module.NOT_A_NUMBER),
        ("<5", module.NOT_A_NUMBER, module.NOT_A_NUMBER),
        ("12 %", module.NOT_A_NUMBER, module.NOT_A_NUMBER),
        ("=SUM(A1:A9)", module.NOT_A_NUMBER, module.NOT_A_NUMBER),
        ("1e9", module.NOT_A_NUMBER, module.NOT_A_NUMBER),
    ],
)
def test_a_number_is_taken_or_refused(written: str, people: object, resources: object) -> None:
    kinds: tuple[tuple[module.Kind, object], ...] = (("people", people), ("resources", resources))
    for kind, expected in kinds:
        found = read(f"Code Insee;Nombre;x\n95127;{written};x\n", kind)
        said = found.refused["reason"] if isinstance(expected, str) else found.used["amount"]
        assert said.tolist() == [expected]


def test_a_refused_number_keeps_its_commune_but_not_its_value() -> None:
    found = read("Code Insee;Action;Nombre\n1001;Dépistage;3\n")
    assert found.refused[["code", "label"]].values.tolist() == [["01001", "Dépistage"]]
    assert "3" not in found.refused.astype(str).drop(columns="line").to_string()


def test_a_postal_code_is_never_taken_for_a_code() -> None:
    table = csv_table("Code postal;Nombre\n95127;12\n")
    assert guess_columns(table) is None
    found = read_attendance(table, Columns("Code postal", "Nombre"), PLACES, "people")
    assert found.refused["reason"].tolist() == [module.POSTAL]


def test_columns_are_guessed_by_their_titles() -> None:
    table = csv_table("Action;Commune;Code commune;Nb de personnes\nA;Cergy;95127;12\n")
    assert guess_columns(table) == Columns("Code commune", "Nb de personnes", "Commune", "Action")
    unnamed = csv_table("Ville;Valeur\nCergy;12\n")
    assert guess_columns(unnamed) == Columns("Ville", "Valeur")
    assert guess_columns(csv_table("a;b\nCergy;x\n")) is None


CELLS = st.sampled_from(
    ["95127", "1001", "Cergy", "35238", "Total", "", "Rennes", "=1+1", "QN09511M", "0", "3", "12"]
)


@settings(deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=30))
def test_every_row_is_used_or_refused(rows: list[tuple[str, str, str]]) -> None:
    frame = pd.DataFrame(rows, columns=["code", "nom", "nombre"], index=range(2, len(rows) + 2))
    table = LocalTable("venues.csv", frame)
    found = read_attendance(table, Columns("code", "nombre", "nom"), PLACES, "people")
    assert found.rows == len(rows)
    assert sorted([*found.used["line"], *found.refused["line"]]) == frame.index.tolist()
    assert set(found.repaired["line"]) <= set(found.used["line"])
    assert not ((found.used["amount"] > 0) & (found.used["amount"] < module.LEAST)).any()
