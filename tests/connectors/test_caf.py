"""Foyers allocataires by IRIS: secrecy kept, codes whole."""

from pathlib import Path

import pytest

from connectors import caf
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

HEADER = (
    "CODGEO;NOTE;A;PERCOU;AI;AM;ACSSENF;ACAVENF;AC3ENF;ENF;ENF_2;ENF_3_5;ENF_6_10;ENF_11_14;"
    "ENF_15_17;ENF_18_24;A_ETUD;A_NETUD_24;AAL;AAPL;AAAH;APPA;ARSAS"
)
FIGURES = ";".join(str(number) for number in range(100, 121))
TEXT = f"{HEADER}\n010040101;0;{FIGURES}\n010040102;3{';' * 21}\n2A0040101;0;{FIGURES}\n"
FOUND = Recognition("caf_iris", "allocataires", "2020")


def test_a_masked_iris_stays_blank_with_its_note(tmp_path: Path) -> None:
    frame = tables(caf, written(tmp_path, TEXT))["caf_iris"].set_index("iris")
    assert frame["codgeo"].tolist() == ["01004", "01004", "2A004"]
    masked = frame.loc["010040102"]
    assert masked["note"] == "3"
    assert set(masked.drop(["codgeo", "annee", "note"])) == {""}
    assert frame.loc["010040101", "foyers_allocataires"] == "100"


@pytest.mark.shared
def test_the_real_file(shared_dir: Path) -> None:
    path = shared_dir / "open-data/caf/data_CAF_2020_IRIS.csv"
    assert recognised(caf, path) == FOUND
    frame = tables(caf, path)["caf_iris"]
    assert len(frame) == 13444
    assert frame["codgeo"].nunique() == 1012
    assert frame["note"].value_counts().to_dict() == {
        "0": 12391,
        "3": 694,
        "5": 324,
        "2": 21,
        "4": 14,
    }
    assert (frame["foyers_allocataires"] == "").sum() == 26 + 694 + 324 + 21 + 14
    assert (frame["foyers_rsa"] == "").sum() == 86 + 694 + 324 + 21 + 14
    cergy = frame[frame["codgeo"] == "95127"].set_index("iris")
    assert cergy.loc["951270101", "foyers_rsa"] == "30"
    assert cergy.loc["951270108", "foyers_rsa"] == ""
    assert not frame.isin(["0"]).drop(columns="note").any(axis=None)


def test_a_renamed_missing_or_added_column_is_named(tmp_path: Path) -> None:
    drift(caf, written(tmp_path, with_header(TEXT, "ARSAS", "RSA")), "ARSAS", "RSA")
    drift(caf, written(tmp_path, without_column(TEXT, "PERCOU", ";")), "PERCOU")
    assert drift(caf, written(tmp_path, with_column(TEXT, "X", ";")), "X").extra == ("X",)


def test_another_separator_is_a_drift(tmp_path: Path) -> None:
    drift(caf, written(tmp_path, TEXT.replace(";", ",")), "PERCOU", "ARSAS")


def test_a_shifted_header_is_refused(tmp_path: Path) -> None:
    refusal(caf, written(tmp_path, f"CAF 2020{';' * 22}\n" + TEXT), "CODGEO", found=FOUND)


def test_lost_zeros_repeated_rows_and_odd_cells_are_named(tmp_path: Path) -> None:
    lost = TEXT.replace("\n010040101", "\n10040101")
    refusal(caf, written(tmp_path, lost), "colonne iris", "« 10040101 »", "zéro initial")
    twice = TEXT + f"010040101;0;{FIGURES}\n"
    refusal(caf, written(tmp_path, twice), "1 lignes en double", "010040101")
    odd = TEXT.replace(";100;", ";<5;")
    refusal(caf, written(tmp_path, odd), "colonne foyers_allocataires", "« <5 »")


def test_damaged_bytes_are_refused(tmp_path: Path) -> None:
    assert_damage_is_refused(caf, tmp_path, TEXT, FOUND)
