"""Figures by QPV: French numbers, blanks kept, 2015 and 2024 apart."""

from pathlib import Path

import pytest

from connectors import insee_qpv
from connectors.base import Recognition
from connectors.columns import column_map
from connectors.sniff import sample
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

INCOMES = Recognition("insee_qpv", "qpv_revenus", "2021")
REAL_HEADER = tuple(column_map("qpv_revenus", "2021"))
OLD = "insee_qpv_2015"


def incomes(code: str = "QN09511M", median: str = "12\u202f340,5") -> str:
    cells = {"CODGEO": code, "DEC_MED_A21": median, "DEC_GINI_A21": "0,35", "DEC_NOTE_A21": "0"}
    row = ";".join(cells.get(name, "1,0") for name in REAL_HEADER)
    return "\ufeff" + ";".join(REAL_HEADER) + "\n" + row + "\n"


def demography() -> str:
    """Empty columns, a blank row and an « Ensemble » row, as producers write them."""
    names = [*column_map("qpv_2015_demographie", "2022"), "POP_COM_QP", "ENF_18_24", "A_ETUD"]
    cells = {"CODGEO": "QP095001", "LIBGEO": "Noyer Crapaud", "LIB_COM": "Soisy", "A_ETUD": ""}
    row = ";".join(cells.get(name, "1\u202f482") for name in names)
    total = ";".join({"CODGEO": "Ensemble"}.get(name, "9") for name in names)
    tail = ";" * 40
    blank = ";" * (len(names) - 1)
    rows = [";".join(names), row, blank, total]
    return "\ufeff" + "".join(f"{line}{tail}\n" for line in rows)


def test_french_numbers_are_read_and_a_blank_stays_blank(tmp_path: Path) -> None:
    frame = tables(insee_qpv, written(tmp_path, incomes()))["qpv_revenus"]
    assert frame.loc[0, ["code_qp", "mediane", "gini"]].tolist() == ["QN09511M", "12340.5", "0.35"]
    blank = tables(insee_qpv, written(tmp_path, incomes(median="")))["qpv_revenus"]
    assert blank.loc[0, "mediane"] == ""


def test_blank_and_total_rows_and_empty_columns_are_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, demography())
    assert recognised(insee_qpv, path) == Recognition(OLD, "qpv_2015_demographie", "2022")
    frame = tables(insee_qpv, path)["qpv_2015_demographie"]
    assert frame["code_qp"].tolist() == ["QP095001"]
    assert frame.loc[0, "population_municipale"] == "1482"


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "table", "rows", "column", "value", "blank", "blanks"),
    [
        (
            "DEMO",
            "qpv_2015_demographie",
            1400,
            "population_municipale",
            "6490",
            "part_60_ans_et_plus",
            332,
        ),
        ("REVN", "qpv_2015_revenus", 1352, "taux_pauvrete", "41.4", "part_menages_imposes", 330),
        (
            "IPRO",
            "qpv_2015_insertion",
            1345,
            "taux_emploi",
            "44.6",
            "part_emplois_duree_limitee",
            90,
        ),
    ],
)
def test_the_real_files_of_2015(
    shared_dir: Path,
    name: str,
    table: str,
    rows: int,
    column: str,
    value: str,
    blank: str,
    blanks: int,
) -> None:
    path = shared_dir / f"open-data/insee/qpv/{name}_2022.csv"
    assert recognised(insee_qpv, path) == Recognition(OLD, table, "2022")
    frame = tables(insee_qpv, path)[table].set_index("code_qp")
    assert len(frame) == rows
    assert frame.loc["QP001001", column] == value
    assert (frame[blank] == "").sum() == blanks


@pytest.mark.shared
def test_the_real_header_of_2024_is_the_one_described_and_no_data(shared_dir: Path) -> None:
    path = shared_dir / "open-data/insee/qpv/data_indic-revenu-declare-qp24-2021_v2_QP24.head.csv"
    assert tuple(sample(path).columns) == REAL_HEADER
    assert insee_qpv.recognise(sample(path)) is None
    refusal(insee_qpv, path, "que son en-tête", found=INCOMES)


def test_codes_of_2015_and_2024_are_not_mixed(tmp_path: Path) -> None:
    refusal(insee_qpv, written(tmp_path, incomes("QP095001")), "colonne code_qp", "« QP095001 »")
    path = written(tmp_path, demography().replace("QP095001", "QN09511M"))
    refusal(insee_qpv, path, "« QN09511M »")


def test_a_renamed_missing_or_added_column_is_named(tmp_path: Path) -> None:
    text = incomes().removeprefix("\ufeff")
    path = written(tmp_path, with_header(text, "DEC_PCHO_A21", "DEC_PCHO_A22"))
    error = drift(insee_qpv, path, "DEC_PCHO_A21", "DEC_PCHO_A22")
    assert (error.source_id, error.vintage) == ("insee_qpv", "2021")
    drift(insee_qpv, written(tmp_path, without_column(text, "DEC_D9_A21", ";")), "DEC_D9_A21")
    drift(insee_qpv, written(tmp_path, with_column(text, "DEC_X_A21", ";")), "DEC_X_A21")
    lost = demography().replace("TX_TOT_ET;", "TX_ET;")
    drift(insee_qpv, written(tmp_path, lost), "TX_TOT_ET")


def test_another_separator_or_a_shifted_header_is_a_drift(tmp_path: Path) -> None:
    text = incomes(median="1").replace(",", ".").replace(";", ",")
    drift(insee_qpv, written(tmp_path, text), "CODGEO", "DEC_MED_A21")
    shifted = f"Revenus{';' * (len(REAL_HEADER) - 1)}\n" + incomes().removeprefix("\ufeff")
    refusal(insee_qpv, written(tmp_path, shifted), "CODGEO", found=INCOMES)


def test_repeated_rows_and_odd_cells_are_refused(tmp_path: Path) -> None:
    text = incomes()
    refusal(insee_qpv, written(tmp_path, text + text.split("\n")[1] + "\n"), "1 lignes en double")
    refusal(insee_qpv, written(tmp_path, incomes(median="ns")), "colonne mediane", "« ns »")


def test_damaged_bytes_are_refused(tmp_path: Path) -> None:
    assert_damage_is_refused(insee_qpv, tmp_path, incomes(), INCOMES)
