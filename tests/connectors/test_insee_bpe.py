"""BPE: the real workbook of 2020 and extract of 2018, the documented Melodi file, damaged copies."""

import json
import re
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from connectors import insee_bpe as bpe
from connectors.base import Recognition, Scope
from connectors.cards import load_sources
from connectors.errors import SourceUnavailable
from connectors.sniff import sample
from connectors.text_files import table_columns
from tests.connectors.producer_files import (
    HTML,
    assert_damage_is_refused,
    drift,
    raw_file,
    recognised,
    refusal,
    tables,
    with_column,
    with_header,
    without_column,
    written,
)
from tests.connectors.workbook_files import Rows, write_workbook
from warehouse.paths import ROOT

CODES = [name for name in table_columns(bpe.XLSX) if name.startswith("D")]
HEADER = ["CODGEO", "LIBGEO", "REG", "DEP", *(f"NB_{code}" for code in CODES)]
LABELS = [
    "CODGEO",
    "Libellé commune ou ARM",
    "Région",
    "Département",
    *(f"Type {c}" for c in CODES),
]
TITLE = "BPE 2020 - Base permanente des équipements : services santé"
MELODI = """"GEO";"GEO_OBJECT";"FACILITY_DOM";"FACILITY_SDOM";"FACILITY_TYPE";"BPE_MEASURE";"TIME_PERIOD";"OBS_VALUE"
"95127";"COM";"D";"D2";"D265";"FACILITIES";"2024";"45"
"95127";"COM";"D";"D2";"_T";"FACILITIES";"2024";"300"
"95127";"COM";"D";"_T";"_T";"FACILITIES";"2024";"500"
"95127";"COM";"_T";"_T";"_T";"FACILITIES";"2024";"900"
"95127";"COM";"A";"A1";"A101";"FACILITIES";"2024";"1"
"44154";"COM";"D";"D3";"D307";"FACILITIES";"2024";"2"
"44154";"BV2022";"D";"D3";"D307";"FACILITIES";"2024";"9"
"75101";"ARM";"D";"D3";"D307";"FACILITIES";"2024";"16"
"95";"DEP";"D";"D3";"D307";"FACILITIES";"2024";"288"
"""


@pytest.fixture(scope="module")
def folder(shared_dir: Path) -> Path:
    return shared_dir / "open-data" / "insee" / "bpe"


# The workbook « services santé ».


def sheet(*rows: list[object], header: list[str] | None = None, title: str = TITLE) -> Rows:
    codes = header or HEADER
    data = rows or (["95127", "Cergy", "11", "95", *[0] * (len(codes) - 5), "12"],)
    return [[title], ["France - Communes"], ["Mise en ligne"], ["©Insee"], LABELS, codes, *data]


def workbook(folder: Path, com: Rows | None = None) -> Path:
    paris = ["75101", "Paris 1er Arrondissement", "11", "75", *[1] * len(CODES)]
    names = ("Variables", "Documentation", "Compléments définitions")
    others: dict[str, Rows] = {name: [["Documentation"]] for name in names}
    return write_workbook(
        folder / "bpe.xlsx", {"COM": com or sheet(), "ARM": sheet(paris), **others}
    )


@pytest.mark.shared
def test_real_workbook(folder: Path) -> None:
    frame = tables(bpe, folder / "equip-serv-sante-com-2020.xlsx")[bpe.XLSX]
    assert list(frame.columns) == table_columns(bpe.XLSX)
    assert frame["niveau"].value_counts().to_dict() == {"commune": 34_965, "arm": 45}
    assert set(frame["annee"]) == {"2020"}
    assert not frame.isna().any(axis=None)  # no secret: a zero is a zero
    communes = frame[frame["niveau"] == "commune"].set_index("codgeo")
    assert communes[CODES].sum().loc[["D106", "D113", "D302", "D303", "D307"]].tolist() == [
        698,
        1_514,
        4_092,
        7_905,
        21_580,
    ]
    districts = frame[frame["niveau"] == "arm"].groupby("departement")[CODES].sum()
    cities = communes.loc[["13055", "69123", "75056"], CODES]
    assert (districts.to_numpy() == cities.to_numpy()).all()
    assert communes.loc["75056", "D307"] == 917
    assert communes.loc["01004", "D109"] == 4


@pytest.mark.shared
@pytest.mark.parametrize(
    ("code_list", "file"),
    [
        ("2020", "equip-serv-sante-com-2020.xlsx"),
        ("melodi", "bpe-type-labels_DS_BPE_2024_metadata.json"),
    ],
)
def test_every_code_read_bears_the_name_of_its_indicator(
    folder: Path, code_list: str, file: str
) -> None:
    """The codes of the SQL, against Insee's own labels of them (none is shipped for 2018)."""
    if code_list == "melodi":
        labels = json.loads((folder / file).read_text("utf-8"))
    else:
        rows = load_workbook(folder / file, read_only=True)["COM"].iter_rows(
            min_row=5, max_row=6, values_only=True
        )
        labels = {
            str(code).removeprefix("NB_"): str(name) for name, code in zip(*rows, strict=True)
        }
    script = (ROOT / "sql/1_staging/insee_bpe.sql").read_text("utf-8")
    read = re.findall(rf"\('{code_list}', '(D\d+)', '(\w+)'\)", script)
    named = pd.read_csv(ROOT / "data/columns/bpe_types.csv", index_col="equipement")["indicator_id"]
    assert len(read) >= 4
    for code, indicator in read:
        label = labels[code].lower().replace("laboratoire d'", "laboratoire d ")
        assert named[label] == indicator, (code, labels[code])


def test_numbers_written_as_text_are_numbers(tmp_path: Path) -> None:
    frame = tables(bpe, workbook(tmp_path))[bpe.XLSX].set_index("codgeo")
    assert frame.loc["95127", "D307"] == 12
    assert frame.loc["95127", "D101"] == 0
    assert frame["niveau"].to_dict() == {"95127": "commune", "75101": "arm"}


def test_workbook_columns_that_moved_are_named(tmp_path: Path) -> None:
    renamed = [name.replace("NB_D307", "NB_D308") for name in HEADER]
    error = drift(bpe, workbook(tmp_path, sheet(header=renamed)), "NB_D307", "NB_D308")
    assert (error.source_id, error.vintage) == ("insee_bpe_xlsx", "2020")
    drift(bpe, workbook(tmp_path, sheet(header=HEADER[:-1])), "NB_D307")
    drift(bpe, workbook(tmp_path, sheet(header=[*HEADER, "NB_D999"])), "NB_D999")


def test_workbook_header_shifted_is_named(tmp_path: Path) -> None:
    rows = [row for row in sheet() if row != HEADER]
    drift(bpe, workbook(tmp_path, rows), "ligne des codes", "COM")
    drift(bpe, workbook(tmp_path, [["", *row] for row in sheet()]), "titre")


def test_another_workbook_of_the_bpe_is_told_by_its_title(tmp_path: Path) -> None:
    other = "BPE 2020 - Base permanente des équipements : sports, loisirs et culture"
    drift(bpe, workbook(tmp_path, sheet(title=other)), "services santé", "sports")


def test_workbook_rows_are_checked(tmp_path: Path) -> None:
    cergy = ["95127", "Cergy", "11", "95", *[0] * len(CODES)]
    refusal(bpe, workbook(tmp_path, sheet(cergy, cergy)), "lignes en double", "95127")
    refusal(bpe, workbook(tmp_path, sheet(["Cergy", *cergy[1:]])), "codgeo", "« Cergy »")
    refusal(bpe, workbook(tmp_path, sheet([*cergy[:-1], "douze"])), "D307", "« douze »")
    lost_zero = tables(bpe, workbook(tmp_path, sheet([1001, *cergy[1:]])))[bpe.XLSX]
    assert lost_zero.loc[0, "codgeo"] == "01001"


def test_a_web_page_instead_of_a_workbook_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, HTML, "bpe.xlsx")
    assert bpe.recognise(sample(path)) is None
    refusal(bpe, path, "html", found=Recognition("insee_bpe_xlsx", bpe.XLSX, "2020"))


# The extract of 2018.


def extract(*rows: str) -> str:
    everywhere = sorted(bpe.DEPARTEMENTS)
    some = [f"{code}{'0' * (4 - len(code))}1,D201,1.0" for code in everywhere]
    return "codgeo,typequ,nb\n" + "\n".join([*some, *rows]) + "\n"


@pytest.mark.shared
def test_real_extract(folder: Path) -> None:
    frame = tables(bpe, folder / "bpe2018_sante_communes.csv")[bpe.COMMUNES]
    assert list(frame.columns) == table_columns(bpe.COMMUNES)
    assert len(frame) == 125_493
    assert frame["codgeo"].nunique() == 16_297
    assert frame["type_equipement"].nunique() == 60
    totals = frame.groupby("type_equipement")["nombre"].sum()
    assert totals[["D201", "D232", "D301", "D113"]].tolist() == [61_594, 97_678, 24_457, 1_063]
    ambérieu = frame[frame["codgeo"] == "01004"].set_index("type_equipement")["nombre"]
    assert ambérieu[["D201", "D221"]].tolist() == [27, 12]
    assert not frame["codgeo"].isin(["75056", "69123", "13055"]).any()
    assert (frame["nombre"] > 0).all()  # sparse: an absent row is a zero, added by the SQL


def test_extract_that_moved_or_broke_is_named(tmp_path: Path) -> None:
    text = extract()
    found = recognised(bpe, written(tmp_path, text))
    for moved, column in (
        (with_header(text, "typequ", "type"), "typequ"),
        (without_column(text, "nb", ","), "nb"),
        (with_column(text, "dom", ","), "dom"),
        (text.replace(",", ";"), "typequ"),
    ):
        error = refusal(bpe, written(tmp_path, moved), column, found=found)
        assert "data/columns/bpe_communes.csv" in str(error)
    for row, words in (
        ("95127,D201,1.0\n95127,D201,1.0", ("en double", "95127")),
        ("951277,D201,1.0", ("codgeo", "951277")),
        ("95127,D201,x", ("nombre", "« x »")),
        ("95127,D201,", ("nombre", "sans nombre")),
    ):
        refusal(bpe, written(tmp_path, extract(row)), *words, found=found)
    assert_damage_is_refused(bpe, tmp_path, text, found)


def test_extract_cut_at_a_line_is_told_by_its_departements(tmp_path: Path) -> None:
    cut = "\n".join(extract().split("\n")[:60])
    refusal(bpe, written(tmp_path, cut), "coupé", "974")


# The file of Melodi.


def melodi_zip(folder: Path, text: str = MELODI, name: str = "DS_BPE_2024_data.csv") -> Path:
    path = folder / "DS_BPE_CSV_FR.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
        archive.writestr("DS_BPE_2024_metadata.csv", "COD_VAR;COD_MOD;LIB_MOD\n")
    return path


def melodi(path: Path) -> pd.DataFrame:
    return tables(bpe, path)[bpe.MELODI]


def test_melodi_keeps_health_of_communes_without_totals(tmp_path: Path) -> None:
    frame = melodi(melodi_zip(tmp_path))
    assert frame.to_numpy().tolist() == [
        ["2024", "commune", "95127", "D265", 45],
        ["2024", "commune", "44154", "D307", 2],
        ["2024", "arm", "75101", "D307", 16],
    ]
    assert list(frame.columns) == table_columns(bpe.MELODI)


def test_melodi_is_read_alone_too_and_with_other_columns(tmp_path: Path) -> None:
    assert len(melodi(written(tmp_path, MELODI))) == 3
    assert len(melodi(written(tmp_path, with_column(MELODI, "OBS_STATUS", ";")))) == 3


def test_melodi_columns_that_moved_are_named(tmp_path: Path) -> None:
    for column in ("GEO_OBJECT", "FACILITY_TYPE", "BPE_MEASURE", "TIME_PERIOD", "OBS_VALUE"):
        moved = with_header(MELODI, f'"{column}"', f'"{column}S"')
        error = drift(bpe, melodi_zip(tmp_path, moved), column)
        assert (error.source_id, error.missing) == ("insee_bpe_melodi", (column,))


def test_melodi_rows_are_checked(tmp_path: Path) -> None:
    again = MELODI + MELODI.split("\n")[1] + "\n"
    refusal(bpe, melodi_zip(tmp_path, again), "lignes en double", "95127")
    refusal(bpe, melodi_zip(tmp_path, MELODI.replace('"45"', '"beaucoup"')), "nombre", "beaucoup")
    refusal(bpe, melodi_zip(tmp_path, MELODI.replace('"75101"', '"7510"x')), "codgeo")


def test_melodi_damaged_is_refused(tmp_path: Path) -> None:
    path = melodi_zip(tmp_path)
    found = recognised(bpe, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceUnavailable, match=r"insee_bpe_melodi.*tronquée.*Téléchargez"):
        bpe.parse(raw_file(path), found)
    refusal(bpe, melodi_zip(tmp_path, MELODI, "autre.csv"), "DS_BPE_<année>_data.csv", found=found)
    refusal(bpe, melodi_zip(tmp_path, MELODI.replace(";", ",")), "GEO,", "OBS_VALUE", found=found)
    refusal(bpe, melodi_zip(tmp_path, MELODI.rsplit(";", 3)[0]), "coupé", found=found)
    refusal(bpe, written(tmp_path, HTML), "html", found=found)


def test_downloads() -> None:
    cards = load_sources()
    assert [len(bpe.downloads(cards[name], Scope())) for name in bpe.SOURCES.values()] == [0, 0, 1]
