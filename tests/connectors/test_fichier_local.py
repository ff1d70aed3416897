"""Files as people receive them: read back to the same table, real ones and generated ones, or refused."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import local_reader
from connectors.errors import ImportRejected
from connectors.fichier_local import COUNTS, TABLES, LocalTable, plain_file_name, read_tables
from connectors.local_import import Import, check_nobody, read_import
from connectors.local_plan import guess
from connectors.local_reader import LINE, MAX_RATIO
from connectors.territories import Gazetteer
from tests.conftest import ROOT, SHARED
from tests.connectors.local_files import (
    csv_bytes,
    gazetteer_of,
    names_of,
    ods_book,
    ods_bytes,
    one_table,
    taken,
    xlsx_bytes,
    zip_bytes,
)

OPEN_DATA = SHARED / "open-data"
real_files = pytest.mark.skipif(not OPEN_DATA.is_dir(), reason="fichiers réels absents")


@pytest.fixture(scope="module")
def known(embedded_warehouse: Path) -> Gazetteer:
    return gazetteer_of(embedded_warehouse)


@pytest.fixture(scope="module")
def names(known: Gazetteer) -> frozenset[str]:
    return names_of(known)


def balanced(read: Import) -> None:
    """Rows in = rows used + rows refused, each once, each refusal with its reason."""
    assert read.rows == read.used + len(read.refused)
    assert read.refused["line"].is_unique
    assert read.refused["reason"].ne("").all()
    used = {*read.figures["line"], *read.kept["line"]}
    assert not used & set(read.refused["line"])


# Layouts


TITLES = ["Code Insee", "Commune", "Nombre de séjours", "Taux (%)"]
BODY = [["95127", "Cergy", "1 234", "12,5"], ["95572", "Saint-Ouen-l'Aumône", "987", "s"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_a_text_of_any_encoding_and_separator(encoding: str, separator: str) -> None:
    found = one_table(csv_bytes([TITLES, *BODY], separator, encoding))
    assert found.columns == TITLES
    assert found.rows.to_numpy().tolist() == BODY


def test_titles_above_and_notes_below_are_set_apart_and_kept() -> None:
    rows = [
        ["Séjours en 2023"],
        ["Champ : résidents"],
        [],
        TITLES,
        *BODY,
        [],
        ["Source : ARS"],
        ["s : secret"],
    ]
    found = one_table(csv_bytes(rows))
    assert found.above == ("Séjours en 2023", "Champ : résidents")
    assert [text for _, text in found.below] == ["Source : ARS", "s : secret"]
    assert found.rows.index.tolist() == [5, 6], "numéros de lignes du fichier"


def test_a_header_of_two_rows_with_merged_cells() -> None:
    rows: list[list[Any]] = [
        ["Extrait", None, None, None, None, None],
        ["Code", "Commune", "2022", None, "2023", None],
        [None, None, "Nombre", "Taux (%)", "Nombre", "Taux (%)"],
        ["95127", "Cergy", 10, 1.5, 12, 1.6],
        ["95572", "Saint-Ouen-l'Aumône", 20, 2.5, 22, 2.6],
    ]
    merged = ["A1:F1", "C2:D2", "E2:F2", "A2:A3", "B2:B3"]
    found = one_table(xlsx_bytes(("Feuil1", rows), merged=merged))
    wanted = [
        "Code",
        "Commune",
        "2022 – Nombre",
        "2022 – Taux (%)",
        "2023 – Nombre",
        "2023 – Taux (%)",
    ]
    assert found.columns == wanted
    assert found.header_rows == 2


def test_a_merged_name_heads_each_of_its_rows() -> None:
    rows: list[list[Any]] = [
        ["Département", "Code", "Valeur"],
        ["Val-d'Oise", "95127", 1.5],
        [None, "95572", 2.5],
        ["Lot", "46042", 3.5],
    ]
    found = one_table(xlsx_bytes(("Feuil1", rows), merged=["A2:A3"]))
    assert found.rows["Département"].tolist() == ["Val-d'Oise", "Val-d'Oise", "Lot"]


def test_every_sheet_that_holds_a_table_is_offered() -> None:
    sheets: tuple[tuple[str, list[list[Any]]], ...] = (
        ("Lisez-moi", [["Notes"]]),
        ("Données", [TITLES, *BODY]),
        ("Autre", [TITLES, *BODY]),
    )
    assert [one.sheet for one in read_tables(xlsx_bytes(*sheets), "a.xlsx", TABLES)] == [
        "Données",
        "Autre",
    ]


def test_a_title_that_comes_twice_is_numbered_and_told() -> None:
    found = one_table(csv_bytes([["Code", "Valeur", "Valeur", LINE], ["95127", "1,5", "2,5", "x"]]))
    assert found.columns == ["Code", "Valeur", "Valeur (2)", f"{LINE} (2)"]
    assert "Valeur" in found.repeated


def test_an_open_document_reads_like_a_workbook() -> None:
    found = one_table(ods_bytes([TITLES, ["95127", "Cergy", 1234, 12.5]]))
    assert found.rows.iloc[0].tolist() == ["95127", "Cergy", "1234", "12.5"]


def test_an_old_workbook_reads_like_a_new_one(tmp_path: Path) -> None:
    """A .xls, which no maintained library writes: made by LibreOffice where it is installed."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice absent : rien d'autre n'écrit un .xls")
    rows: list[list[Any]] = [
        ["Extrait 2024"],
        TITLES,
        ["01004", "Ambérieu", 1234, 12.5],
        ["95572", "Oise", 9, "s"],
    ]
    source = tmp_path / "extrait.xlsx"
    source.write_bytes(xlsx_bytes(("Données", rows), ("Autre", [TITLES, *BODY])))
    home = f"-env:UserInstallation={(tmp_path / 'profil').as_uri()}"
    command = [
        office,
        home,
        "--headless",
        "--convert-to",
        "xls:MS Excel 97",
        "--outdir",
        str(tmp_path),
    ]
    subprocess.run([*command, str(source)], check=True, capture_output=True, timeout=120)
    content = (tmp_path / "extrait.xls").read_bytes()
    assert content.startswith(b"\xd0\xcf\x11\xe0"), "ce n'est pas un .xls"
    first, other = read_tables(content, "extrait.xls", TABLES)
    assert (first.sheet, other.sheet) == ("Données", "Autre")
    assert first.above == ("Extrait 2024",)
    assert first.columns == TITLES
    assert first.rows.to_numpy().tolist() == [
        ["01004", "Ambérieu", "1234", "12.5"],
        ["95572", "Oise", "9", "s"],
    ]


# Real files, as a person drops them


@real_files
def test_radon_with_its_broken_codes_and_its_duplicates(
    known: Gazetteer, names: frozenset[str]
) -> None:
    path = OPEN_DATA / "environnement" / "radon.csv"
    raw = pd.read_csv(path, sep=";", dtype=str)
    found = one_table(path.read_bytes(), path.name)
    one, read = taken(found, known, names)
    assert len(found.rows) == len(raw) == 36_093
    assert (one.plan.territory.code, one.plan.territory.name) == ("insee_com", "nom_comm")
    assert [each.kind for each in one.plan.indicators] == ["ordinal"]
    balanced(read)
    broken = raw["insee_com"].str.fullmatch(r"\d{4}")
    assert int(broken.sum()) == 3_191
    lines = set(raw.index[broken] + 2)
    repaired = set(read.repaired.loc[read.repaired["what"].str.contains("zéro"), "line"])
    refused = set(read.refused["line"])
    assert repaired <= lines and lines - repaired <= refused, "un code abîmé est réparé ou refusé"
    # Every figure kept is what the file says of that commune, by an independent reading.
    codes = raw["insee_com"].str.zfill(5)
    own = (
        raw[codes.isin(known.codes["commune"])]
        .groupby(codes)["classe_potentiel"]
        .agg(["nunique", "first"])
    )
    kept = read.figures.set_index("code")["value"]
    alone = own[(own["nunique"] == 1) & own.index.isin(kept.index)]
    assert (kept.reindex(alone.index) == alone["first"].astype(float)).all()
    assert read.figures["code"].is_unique


@real_files
@pytest.mark.parametrize(
    ("path", "rows", "zoning", "period"),
    [
        ("atlasante/cartosante_export_apl_mg_bvcv_2023.csv", 2_931, "bassin de vie", "2023"),
        (
            "insee/statistiques-locales/statistiques-locales_export_taux_pauvrete_2021.csv",
            1_707,
            "bassin de vie",
            "2021",
        ),
    ],
    ids=["cartosante", "statistiques-locales"],
)
def test_web_exports_stay_in_their_own_zoning(
    path: str, rows: int, zoning: str, period: str, known: Gazetteer, names: frozenset[str]
) -> None:
    """A code like 01004 is a bassin de vie there, and a commune elsewhere: the title says which."""
    found = one_table((OPEN_DATA / path).read_bytes(), path)
    one, read = taken(found, known, names)
    assert one.plan.territory.zoning == zoning
    assert (read.rows, read.used, len(read.kept), len(read.figures)) == (rows, rows, rows, 0)
    assert set(read.kept["period"]) == {period}
    assert set(read.kept["state"]) <= {"ok", "secret", "absent"}
    missing = found.rows.iloc[:, 2].str.startswith("N/A")
    assert read.kept.set_index("line")["value"].isna().sum() == missing.sum()


@real_files
def test_the_apl_workbook(known: Gazetteer, names: frozenset[str]) -> None:
    content = (OPEN_DATA / "drees" / "apl_generalistes.xlsx").read_bytes()
    tables = {one.sheet: one for one in read_tables(content, "apl_generalistes.xlsx", TABLES)}
    for sheet, rows in (("APL 2022", 34_964), ("APL 2023", 34_954)):
        one, read = taken(tables[sheet], known, names)
        assert read.rows == rows
        balanced(read)
        assert len(read.refused) <= 1
        assert one.plan.period == sheet[-4:]
        assert one.plan.indicators[0].label == "APL aux médecins généralistes"
        first = read.figures[read.figures["indicator"] == one.plan.indicators[0].id]
        assert first.set_index("code").at["95127", "value"] == pytest.approx(
            float(
                tables[sheet]
                .rows.set_index("Code commune INSEE")
                .at["95127", "APL aux médecins généralistes"]
            )
        )


@real_files
def test_the_bpe_workbook_with_one_click(known: Gazetteer, names: frozenset[str]) -> None:
    content = (OPEN_DATA / "insee" / "bpe" / "equip-serv-sante-com-2020.xlsx").read_bytes()
    tables = {one.sheet: one for one in read_tables(content, "bpe.xlsx", TABLES)}
    one, _ = taken(tables["COM"], known, names)
    assert "Pharmacie" in {each.label for each in one.offered}
    chosen = [each for each in one.offered if each.label == "Pharmacie"]
    _, read = taken(
        tables["COM"], known, names, one.plan.model_copy(update={"indicators": tuple(chosen)})
    )
    balanced(read)
    assert read.rows == 34_965
    raw = tables["COM"].rows["Pharmacie"].replace("", "0").astype(float)
    refused = read.refused["line"].tolist()
    assert read.figures["value"].sum() == raw.sum() - raw.reindex(refused).sum(), "total conservé"


@real_files
@pytest.mark.parametrize(("name", "rows"), [("DEMO", 1_400), ("IPRO", 1_345), ("REVN", 1_352)])
def test_neighbourhoods_of_2015_keep_their_level(
    name: str, rows: int, known: Gazetteer, names: frozenset[str]
) -> None:
    found = one_table(
        (OPEN_DATA / "insee" / "qpv" / f"{name}_2022.csv").read_bytes(), f"{name}_2022.csv"
    )
    _, read = taken(found, known, names)
    assert (read.rows, read.used, len(read.figures)) == (rows, rows, 0)
    assert set(read.kept["level"]) == {"qpv_2015"}


@real_files
def test_a_long_file_of_one_row_a_cause_and_sex(known: Gazetteer, names: frozenset[str]) -> None:
    path = OPEN_DATA / "cepidc" / "mortalite_2023_standardise_all.csv"
    one, read = taken(one_table(path.read_bytes(), path.name), known, names)
    raw = pd.read_csv(path, dtype=str)
    chosen = one.plan.indicators[0]
    mine = raw[(raw["sexe"] == "Hommes") & raw["cause"].str.startswith("1. ")]
    assert dict(chosen.only)["sexe"] == "Hommes"
    assert len(one.offered) == raw[["sexe", "cause", "indicateur"]].drop_duplicates().shape[0]
    assert read.used == len(mine)
    balanced(read)


# Generated layouts: 200 in all, read back to the same table

PLACES = [
    ("95127", "Cergy"), ("95572", "Saint-Ouen-l'Aumône"), ("95500", "Pontoise"), ("46042", "Cahors"),
    ("46102", "Figeac"), ("01004", "Ambérieu-en-Bugey"), ("09122", "Foix"), ("2A004", "Ajaccio"),
    ("2B033", "Bastia"), ("97411", "Saint-Denis"), ("33063", "Bordeaux"), ("59350", "Lille"),
    ("35238", "Rennes"), ("44109", "Nantes"), ("67482", "Strasbourg"), ("06088", "Nice"),
]  # fmt: skip
LABELS = [
    "Taux de dépistage (%)", "Part des patients en ALD (%)", "Nombre de séjours", "Effectif suivi",
    "Indice comparatif", "Taux de vaccination (%)", "Séjours évitables", "Score de besoin",
]  # fmt: skip
NOISE_ABOVE = [
    "Extrait du SNDS",
    "Édité par l'ARS",
    "Données provisoires, ne pas diffuser",
    "Période : année civile",
]
NOISE_BELOW = [
    "Source : ARS",
    "Champ : régime général",
    "s : secret statistique",
    "* données provisoires",
]
HIDDEN = {"s": "secret", "nd": "absent", "NS": "absent", "NC": "secret", "N/A - secret statistique": "secret",
          "N/A - résultat non disponible": "absent", "-9999": "absent", "": "absent"}  # fmt: skip


@st.composite
def layouts(
    draw: st.DrawFn,
) -> tuple[list[list[str]], dict[str, dict[str, tuple[float | None, str]]]]:
    """Rows of a file, and what each indicator is in each commune: value and state."""
    places = draw(st.lists(st.sampled_from(PLACES), min_size=4, max_size=16, unique=True))
    labels = draw(st.lists(st.sampled_from(LABELS), min_size=1, max_size=4, unique=True))
    comma = draw(st.booleans())
    spaces = draw(st.sampled_from(["", " ", "\u202f", "\u00a0"]))
    lost = draw(st.booleans())
    wanted: dict[str, dict[str, tuple[float | None, str]]] = {}
    columns: dict[str, list[str]] = {"Code": [], "Libellé": []}
    for code, name in places:
        columns["Code"].append(code.lstrip("0") if lost and code.startswith("0") else code)
        columns["Libellé"].append(name)
    for label in labels:
        counted = label.startswith(("Nombre", "Effectif", "Séjours"))
        cells: list[str] = []
        meant: dict[str, tuple[float | None, str]] = {}
        for position, (code, _) in enumerate(places):
            hidden = draw(st.sampled_from([None, None, None, *HIDDEN])) if position > 1 else None
            if hidden is not None:
                cells.append(hidden)
                meant[code] = (None, HIDDEN[hidden])
                continue
            value = draw(st.integers(0, 2_000_000)) if counted else draw(st.integers(0, 1000)) / 10
            cells.append(_written(value, spaces, comma=comma))
            meant[code] = (float(value), "ok")
        columns[label], wanted[label] = cells, meant
    order: list[str] = draw(st.permutations(list(columns)))
    depth = draw(st.integers(1, 2))
    above: list[str] = draw(st.lists(st.sampled_from(NOISE_ABOVE), max_size=3))
    rows: list[list[str]] = [[text] for text in above]
    blank = draw(st.booleans())
    if rows and blank:
        rows.append([])
    if depth == 2:
        rows.append(["" if one in ("Code", "Libellé") else "Chiffres" for one in order])
        if not rows[-1][0] and "Chiffres" not in rows[-1]:
            rows.pop()
    rows.append(list(order))
    rows += [list(cells) for cells in zip(*(columns[one] for one in order), strict=True)]
    if draw(st.booleans()):
        rows.append(
            ["Total" if one == "Libellé" else "" if one == "Code" else "999" for one in order]
        )
    below = draw(st.lists(st.sampled_from(NOISE_BELOW), max_size=2))
    if below:
        rows += [[], *([text] for text in below)]
    return rows, wanted


def _written(value: float, spaces: str, *, comma: bool) -> str:
    text = f"{value:,}" if isinstance(value, int) else str(value)
    text = text.replace(",", spaces)
    return text.replace(".", ",") if comma else text


def read_back(
    found: LocalTable,
    wanted: dict[str, dict[str, tuple[float | None, str]]],
    known: Gazetteer,
    names: frozenset[str],
) -> None:
    check_nobody(found, names)
    one = guess(found, known)
    assert one.plan.territory.code == "Code"
    plans = {each.label.removeprefix("Chiffres – "): each for each in one.offered}
    assert set(plans) == set(wanted)
    plan = one.plan.model_copy(update={"indicators": tuple(plans.values())})
    read = read_import(found, plan, known)
    balanced(read)
    assert set(read.refused["reason"]) <= {
        "ligne de total ou d'ensemble, mise à part",
        "aucun chiffre lisible dans les colonnes choisies",
    }
    for label, meant in wanted.items():
        rows = read.figures[read.figures["indicator"] == plans[label].id].set_index("code")
        factor = plans[label].factor
        assert set(rows.index) == set(meant)
        for code, (value, state) in meant.items():
            assert rows.at[code, "state"] == state
            if value is None:
                assert pd.isna(rows.at[code, "value"])
            else:
                assert rows.at[code, "value"] == pytest.approx(value * factor)


@settings(max_examples=170, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    layout=layouts(),
    separator=st.sampled_from([";", ",", "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_generated_texts_read_back_to_the_same_table(
    layout: tuple, separator: str, encoding: str, known: Gazetteer, names: frozenset[str]
) -> None:
    rows, wanted = layout
    found = one_table(csv_bytes(rows, separator, encoding), "extrait 2024.csv")
    read_back(found, wanted, known, names)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(sheets=st.lists(layouts(), min_size=5, max_size=5), opened=st.booleans())
def test_generated_workbooks_read_back_to_the_same_table(
    sheets: list[tuple], opened: bool, known: Gazetteer, names: frozenset[str]
) -> None:
    """Thirty layouts, five a workbook: each workbook costs a process of its own."""
    padded = []
    for number, (rows, _) in enumerate(sheets):
        width = max(map(len, rows))
        padded.append((f"Feuil{number}", [[*row, *[""] * (width - len(row))] for row in rows]))
    content = ods_book(*padded) if opened else xlsx_bytes(*padded)
    tables = read_tables(content, "extrait 2024.xlsx", TABLES)
    assert [one.sheet for one in tables] == [name for name, _ in padded]
    for found, (_, wanted) in zip(tables, sheets, strict=True):
        read_back(found, wanted, known, names)


# A long text is read by blocks of columns: the same rows as line by line


MESSY = ["a", "", "1,5", " x ", "é\u00a0b", "a  b", '"q"', '"a;b"', '"a""b"', '5" b', '"x\ny"', "\u202f1",
         "12\t3", "a\x85", "Saint Ouen", "95127"]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(
        st.lists(st.sampled_from(MESSY), min_size=1, max_size=4), min_size=1, max_size=25
    ),
    same_width=st.booleans(),
    separator=st.sampled_from([";", ",", "\t"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    block=st.sampled_from([1, 30, 200]),
)
def test_blocks_of_a_text_give_the_rows_that_lines_give(
    rows: list[list[str]], same_width: bool, separator: str, end: str, block: int
) -> None:
    width = len(rows[0])
    lines = [(row * 4)[:width] if same_width else row for row in rows]
    text = end.join(separator.join(row) for row in lines)
    order = {"rows": 100, "columns": 10}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_reader, "HEAD", 10**6)
        slow = local_reader.Grid(100, 10)
        kind = local_reader.guess_separator(text)
        try:
            local_reader._add_rows(slow, text, kind, 0)
        except csv.Error:
            with pytest.raises(local_reader.Refused):
                local_reader._csv_grid(text.encode(), order)
            return
        patch.setattr(local_reader, "guess_separator", lambda _: kind)
        patch.setattr(local_reader, "HEAD", block)
        patch.setattr(local_reader, "BLOCK", block)
        fast = local_reader._csv_grid(text.encode(), order)
    assert fast.width == slow.width
    if slow.width:
        assert fast.table().to_pydict() == slow.table().to_pydict()


# People


PEOPLE_TITLES = [
    "Prénom", "prenoms", "Nom", "NOM_USAGE", "Date de naissance", "Date naiss.", "Année de naissance", "Né(e) le", "DDN", "NIR",
    "N° de sécu", "N° SS", "Adresse", "Adr.", "Tél.", "Tel portable", "Mél", "E-mail", "Courriel", "IPP",
    "Identité", "Initiales", "N° dossier",
]  # fmt: skip


@pytest.mark.parametrize("title", PEOPLE_TITLES)
def test_a_title_that_designates_people_is_refused(title: str, names: frozenset[str]) -> None:
    rows = [["Code Insee", title, "Nombre"], *([code, "x", "12"] for code, _ in PLACES)]
    with pytest.raises(ImportRejected, match="désignent des personnes"):
        check_nobody(one_table(csv_bytes(rows)), names)


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        (["Marie", "Jean-Pierre", "Fatima", "Lucas", "Chloé"], "prénoms"),
        (["DUPONT Marie", "Jean Martin", "BA Moussa", "Léa Roux", "Paul Petit"], "prénoms"),
        (["a@b.fr", "x", "y", "z", "t"], "électronique"),
        (["06 12 34 56 78", "", "", "", ""], "téléphone"),
        (["2 84 05 95 127 001 42", "", "", "", ""], "sécurité sociale"),
        (["12 rue des Lilas", "", "", "", ""], "adresse"),
        (["12/05/1984", "01/01/1990", "31/12/1950", "02/02/2002", ""], "dates"),
    ],
)
def test_cells_that_designate_people_are_refused_under_any_title(
    cells: list[str], what: str, names: frozenset[str]
) -> None:
    rows = [["Code Insee", "Colonne", "Nombre"]]
    rows += [[code, cell, "12"] for (code, _), cell in zip(PLACES, cells, strict=False)]
    with pytest.raises(ImportRejected, match=what):
        check_nobody(one_table(csv_bytes(rows)), names)


@pytest.mark.parametrize(
    ("title", "cells"),
    [
        ("Libellé", ["Cergy", "Saint-Denis", "Pontoise", "Cahors", "Saint-Claude"]),
        ("Collège", ["Jean Moulin", "Simone Veil", "Marie Curie", "Louis Pergaud", "Victor Hugo"]),
        ("Modalité", ["Femmes", "Hommes", "Ensemble", "Femmes", "Hommes"]),
        ("Poids de naissance (%)", ["7,1", "6,5", "8,0", "s", "5,2"]),
    ],
)
def test_what_speaks_of_places_or_shares_is_read(
    title: str, cells: list[str], names: frozenset[str]
) -> None:
    rows = [["Code Insee", title, "Nombre"]]
    rows += [[code, cell, "12"] for (code, _), cell in zip(PLACES, cells, strict=False)]
    check_nobody(one_table(csv_bytes(rows)), names)


# Hostile files


SHEET = "xl/worksheets/sheet1.xml"


def _bomb() -> bytes:
    sheet = b"<worksheet><sheetData>" + b"<row/>" * 30_000_000 + b"</sheetData></worksheet>"
    return _with_sheet(sheet)


def _with_sheet(sheet: bytes, extra: dict[str, bytes] | None = None) -> bytes:
    """A workbook whose first sheet is ``sheet``."""
    source = zipfile.ZipFile(io.BytesIO(xlsx_bytes(("Feuil1", [TITLES, *BODY]))))
    members = {name: source.read(name) for name in source.namelist()}
    return zip_bytes({**members, SHEET: sheet, **(extra or {})})


def _far_cell() -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "Code", 3
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    xml = f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY l0 "ha">{entities}]><worksheet>&l9;</worksheet>'
    return _with_sheet(xml.encode())


def _repeated_ods() -> bytes:
    """A cell repeated a million times on a million rows, in a few bytes."""
    source = zipfile.ZipFile(io.BytesIO(ods_bytes([TITLES, *BODY])))
    members = {name: source.read(name) for name in source.namelist()}
    cell = (
        b'<table:table-row table:number-rows-repeated="1048576"><table:table-cell '
        b'table:number-columns-repeated="16384" office:value-type="float" office:value="1"/></table:table-row>'
    )
    xml = members["content.xml"].replace(b"</table:table>", cell + b"</table:table>")
    return zip_bytes({**members, "content.xml": xml})


HOSTILE = {
    "bombe": (_bomb, "démesuré"),
    "cellule lointaine": (_far_cell, "trop de lignes ou de colonnes|lignes ou"),
    "milliard de rires": (_laughs, "définitions XML"),
    "tableur répété": (_repeated_ods, "abîmé|lignes ou"),
    "programme renommé": (lambda: b"MZ\x90\x00" + bytes(500), "programme"),
    "programme unix": (lambda: b"\x7fELF" + bytes(500), "programme"),
    "archive": (lambda: zip_bytes({"../../etc/passwd": b"root"}), "archive"),
    "page web": (lambda: b"<html><script>alert(1)</script></html>", "page web"),
    "binaire": (lambda: bytes(range(256)), "format|caractères"),
    "coupé": (lambda: xlsx_bytes(("a", [TITLES, *BODY]))[:600], "abîmé"),
    "vide": (lambda: b"", "vide"),
    "guillemet": (lambda: b'Code;Valeur\n95127;"' + b"x" * 300_000, "mal formé"),
    "trop de colonnes": (lambda: csv_bytes([[str(n) for n in range(900)]] * 3), "colonnes"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_in_french(kind: str) -> None:
    make, sentence = HOSTILE[kind]
    with pytest.raises(ImportRejected, match=sentence):
        read_tables(make(), "piege.xlsx", TABLES)


def _huge_sheet() -> bytes:
    """A workbook of a few megabytes whose one sheet is of 300 MB: rows that do not look like a bomb."""
    rows = "".join(
        f'<row><c t="inlineStr"><is><t>{hashlib.sha256(str(n).encode()).hexdigest()}</t></is></c></row>'
        for n in range(60)
    ).encode()
    source = zipfile.ZipFile(io.BytesIO(xlsx_bytes(("Feuil1", [TITLES, *BODY]))))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for name in source.namelist():
            if name != SHEET:
                archive.writestr(name, source.read(name))
        with archive.open(SHEET, "w") as sheet:
            sheet.write(b"<worksheet><sheetData>")
            for _ in range(300 * 1024**2 // len(rows) + 1):
                sheet.write(rows)
            sheet.write(b"</sheetData></worksheet>")
    return content.getvalue()


def test_a_sheet_of_300_megabytes_is_refused_without_being_opened() -> None:
    content = _huge_sheet()
    assert len(content) < 20 * 1024**2
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.getinfo(SHEET)
    assert sheet.file_size >= 300 * 1024**2
    assert sheet.file_size < MAX_RATIO * sheet.compress_size, "c'est la taille qui le fait refuser"
    before = os.times().children_user
    with pytest.raises(ImportRejected, match="démesuré une fois ouvert"):
        read_tables(content, "énorme.xlsx", TABLES)
    spent = os.times().children_user - before
    assert spent < 5, "la feuille a été dépliée avant d'être refusée"


def test_a_file_past_the_size_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(ImportRejected, match="5 Mo"):
        read_tables(b"a" * (COUNTS.size + 1), "gros.csv", COUNTS)


def test_macros_and_links_are_left_out_and_told() -> None:
    source = zipfile.ZipFile(io.BytesIO(xlsx_bytes(("Feuil1", [TITLES, *BODY]))))
    members = {name: source.read(name) for name in source.namelist()}
    more = {"xl/vbaProject.bin": b"macro", "xl/externalLinks/externalLink1.xml": b"<a/>"}
    found = one_table(zip_bytes({**members, **more}))
    assert len(found.remarks) == 2 and "macros" in found.remarks[0]


def test_a_formula_is_never_run(known: Gazetteer, names: frozenset[str]) -> None:
    rows = [["Code", "Valeur (%)"], ["95127", "=1+1"], ["95572", '=HYPERLINK("http://x")']]
    rows += [["95500", "2,5"], ["46042", "3,5"], ["46102", "4,5"]]
    _, read = taken(one_table(csv_bytes(rows), "2024.csv"), known, names)
    assert read.figures["value"].tolist() == [2.5, 3.5, 4.5]
    assert read.refused["line"].tolist() == [2, 3]
    assert set(read.refused["reason"]) == {"aucun chiffre lisible dans les colonnes choisies"}


def test_the_reading_process_bounds_its_memory() -> None:
    order = {"unzipped": 10**9, "rows": 10**9, "columns": 400, "memory": 400 * 1024**2}
    done = subprocess.run(
        [sys.executable, "-m", "connectors.local_reader", json.dumps(order)],
        input=b"a;b\n1;2\n" * 40_000_000,
        capture_output=True,
        cwd=ROOT,
        check=False,
        timeout=120,
    )
    assert done.returncode != 0 and b"MemoryError" in done.stderr


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\Users\\x\\ald.xlsx", "ald.xlsx"),
        ("<script>alert(1)</script>.csv", "script>.csv".replace(">", "")),
        ("\x00\n.csv", "csv"),
        ("", "fichier"),
    ],
)
def test_a_file_name_is_never_a_path_nor_a_tag(written: str, plain: str) -> None:
    assert plain_file_name(written) == plain
