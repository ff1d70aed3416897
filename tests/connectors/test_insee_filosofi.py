"""Filosofi's wide files: the real ones of 2019 and 2021, and copies that were damaged."""

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from connectors import insee_filosofi as filosofi
from connectors.base import RawFile, Recognition, Scope
from connectors.cards import load_sources
from connectors.errors import SchemaDrift, SourceUnavailable
from connectors.sniff import sample

CC_HEADER = (
    "CODGEO;NBMENFISC21;NBPERSMENFISC21;MED21;PIMP21;TP6021;TP60AGE121;TP60TOL121;PPLOGT21;"
    "PIMPOT21;D121;D921;RD21"
)
CC_ROWS = (
    "01001;346;895;25820;s;s;s;s;s;s;s;s;s",
    "01004;6855;15092;21660;50,0;17,0;17,0;5,0;1,4;-14,8;11890;36450;3,1",
    "09304;nd;nd;nd;nd;nd;nd;nd;nd;nd;nd;nd;nd",
    "75056;1007247;1958437;29730;69,0;16,0;16,0;8,0;1,0;-20,0;11000;70000;6,4",
    "75101;8414;14945;35030;71,0;12,0;12,0;5,0;1,0;-20,0;12000;90000;7,5",
)


def raw_file(path: Path) -> RawFile:
    return RawFile(path, path.name, "", "depot", "2026-11-01", "")


def read(path: Path) -> pd.DataFrame:
    """Table of a file, recognised by its content first."""
    found = filosofi.recognise(sample(path))
    assert found is not None, path.name
    return filosofi.parse(raw_file(path), found)[filosofi.TABLE]


def write_cc(folder: Path, *rows: str, header: str = CC_HEADER, name: str = "x.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


def row(table: pd.DataFrame, code: str) -> dict[str, object]:
    return table[table["codgeo"] == code].iloc[0].to_dict()


@pytest.fixture
def folder(shared_dir: Path) -> Path:
    return shared_dir / "open-data" / "insee" / "filosofi"


@pytest.mark.shared
def test_real_communes_of_2021(folder: Path) -> None:
    table = read(folder / "cc_filosofi_2021_COM.csv")
    assert len(table) == 34_909
    assert table["niveau"].value_counts().to_dict() == {"commune": 34_864, "arm": 45}
    assert set(table["annee"]) == {"2021"}
    figures = {name: table[name] for name in ("mediane_niveau_vie", "taux_pauvrete")}
    counts = {
        name: (int((cells == "s").sum()), int(cells.isna().sum()))
        for name, cells in figures.items()
    }
    assert counts == {"mediane_niveau_vie": (3_593, 12), "taux_pauvrete": (30_500, 12)}
    assert 34_909 - 3_593 - 12 == 31_304
    assert 34_909 - 30_500 - 12 == 4_397
    cergy = row(table, "95127")
    assert (cergy["mediane_niveau_vie"], cergy["taux_pauvrete"]) == ("20270", "23,0")
    assert (cergy["premier_decile"], cergy["rapport_interdecile"]) == ("10460", "3,4")
    assert row(table, "46042")["mediane_niveau_vie"] == "21750"
    assert row(table, "69123")["niveau"] == "commune"
    assert row(table, "69381")["niveau"] == "arm"


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "level", "rows", "code", "median", "ratio"),
    [
        ("COM", "commune", 31_361, "95127", "19590", "3,4"),
        ("EPCI", "epci", 1_240, "249500109", "22100", "3,4"),
        ("DEP", "departement", 98, "95", "22220", "3,6"),
        ("REG", "region", 15, "11", "24060", "4,4"),
        ("METROPOLE", "france", 1, "FM", "21930", "3,4"),
    ],
)
def test_real_levels_of_2019(
    folder: Path, name: str, level: str, rows: int, code: str, median: str, ratio: str
) -> None:
    table = read(folder / f"FILO2019_DISP_{name}.csv")
    assert len(table) == rows
    assert set(table["niveau"]) - {"arm"} == {level}
    found = row(table, code)
    assert (found["mediane_niveau_vie"], found["rapport_interdecile"]) == (median, ratio)
    assert table["taux_pauvrete"].isna().all()
    secrets = 26_025 if name == "COM" else 0
    assert (table["premier_decile"] == "s").sum() == secrets


@pytest.mark.shared
def test_real_files_are_told_apart_by_their_content(folder: Path, tmp_path: Path) -> None:
    """Département 11 (Aude) and région 11 (Île-de-France) have the same code, not the same name."""
    for name, level in (("DEP", "departement"), ("REG", "region")):
        renamed = tmp_path / f"{name.lower()[::-1]}.csv"
        renamed.write_bytes((folder / f"FILO2019_DISP_{name}.csv").read_bytes())
        assert set(read(renamed)["niveau"]) == {level}


def test_secret_and_absent_stay_apart(tmp_path: Path) -> None:
    table = read(write_cc(tmp_path, *CC_ROWS))
    assert row(table, "01001")["taux_pauvrete"] == "s"
    assert pd.isna(row(table, "09304")["mediane_niveau_vie"])
    assert row(table, "75101")["niveau"] == "arm"
    assert row(table, "75056")["niveau"] == "commune"


def test_codes_get_their_zeros_back(tmp_path: Path) -> None:
    table = read(write_cc(tmp_path, *(line.removeprefix("0") for line in CC_ROWS)))
    assert list(table["codgeo"]) == ["01001", "01004", "09304", "75056", "75101"]


def test_an_added_column_is_no_drift(tmp_path: Path) -> None:
    rows = [f"{line};1" for line in CC_ROWS]
    table = read(write_cc(tmp_path, *rows, header=f"{CC_HEADER};NEUF21"))
    assert "NEUF21" not in table.columns


@pytest.mark.parametrize(("name", "other"), [("MED21", "MEDIANE21"), ("CODGEO", "CODE_GEO")])
def test_a_renamed_column_is_named(tmp_path: Path, name: str, other: str) -> None:
    path = write_cc(tmp_path, *CC_ROWS, header=CC_HEADER.replace(name, other))
    with pytest.raises(SchemaDrift) as caught:
        read(path)
    assert (caught.value.missing, caught.value.extra) == ((name,), (other,))
    assert (caught.value.table, caught.value.vintage) == (filosofi.TABLE, "cc_2021")
    assert "data/columns/filosofi_fichiers.csv" in str(caught.value)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    rows = [line.rsplit(";", 3)[0] + ";" + ";".join(line.rsplit(";", 3)[2:]) for line in CC_ROWS]
    path = write_cc(tmp_path, *rows, header=CC_HEADER.replace(";D121", ""))
    with pytest.raises(SchemaDrift, match="D121"):
        read(path)


def test_another_separator_is_named(tmp_path: Path) -> None:
    path = write_cc(tmp_path, *(r.replace(",", ".").replace(";", "|") for r in CC_ROWS),
                    header=CC_HEADER.replace(";", "|"))  # fmt: skip
    with pytest.raises(SchemaDrift, match="CODGEO"):
        read(path)


def test_a_shifted_header_is_not_recognised(tmp_path: Path) -> None:
    path = write_cc(tmp_path, CC_HEADER, *CC_ROWS, header="Revenus et pauvreté;")
    assert filosofi.recognise(sample(path)) is None
    found = Recognition(filosofi.SOURCE, "cc", "2021")
    with pytest.raises((SchemaDrift, SourceUnavailable)):
        filosofi.parse(raw_file(path), found)


def test_repeated_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="en double, la première : commune, 01004"):
        read(write_cc(tmp_path, *CC_ROWS, CC_ROWS[1]))


def test_a_cut_row_is_refused_and_located(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="lignes coupées, la première en ligne 4"):
        read(write_cc(tmp_path, *CC_ROWS[:2], "01005;800;2028"))


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    header = CC_HEADER.replace("CODGEO", "CODGEO;LIBGEO")
    rows = [line.replace(";", ";Ambérieu;", 1) for line in CC_ROWS]
    path = tmp_path / "x.csv"
    path.write_bytes("\n".join([header, *rows]).encode("cp1252"))
    with pytest.raises(SourceUnavailable, match="UTF-8"):
        read(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html><body>Maintenance</body></html>", "une page web"),
        (b"", "un fichier vide"),
        (b'{"error": 1}', "une réponse JSON"),
    ],
)
def test_something_else_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "cc_filosofi_2021_COM.csv"
    path.write_bytes(content)
    assert filosofi.recognise(sample(path)) is None
    with pytest.raises(SourceUnavailable, match=said) as caught:
        filosofi.parse(raw_file(path), Recognition(filosofi.SOURCE, "cc", "2021"))
    assert caught.value.source_id == filosofi.SOURCE
    assert "Téléchargez-le de nouveau" in str(caught.value)


def disp_zip(path: Path) -> Path:
    """The layout of insee.fr's zip: medians in a member, poverty rates in another."""
    medians = (
        "CODGEO;LIBGEO;NBMEN21;NBPERS21;NBUC21;Q121;Q221;Q321;D121;D421;D921;RD;GI21;S80S2021\n"
        "01001;A;1;2;1;;24000;;;;;;;\n"
        "01004;B;1;2;1;15000;20510;27310;11080;18340;35230;3,2;0,29;4,2\n"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("FILO2021_DISP_COM.csv", "\ufeff" + medians)
        archive.writestr("FILO2021_DISP_PAUVRES_COM.csv", "CODGEO;TP6021\n01001;\n01004;17,0\n")
        archive.writestr("Lisez-moi.txt", "…")
    return path


def test_a_zip_puts_medians_beside_poverty_rates(tmp_path: Path) -> None:
    table = read(disp_zip(tmp_path / "indic.zip"))
    assert len(table) == 2
    first, second = table.to_dict("records")
    assert (first["mediane_niveau_vie"], first["taux_pauvrete"]) == ("24000", "s")
    assert (first["premier_decile"], first["annee"]) == ("s", "2021")
    assert (second["taux_pauvrete"], second["premier_decile"]) == ("17,0", "11080")


def test_a_truncated_zip_is_refused(tmp_path: Path) -> None:
    whole = disp_zip(tmp_path / "indic.zip")
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[:-40])
    found = Recognition(filosofi.SOURCE, "archive", "2021")
    with pytest.raises(SourceUnavailable, match="abîmée ou tronquée"):
        filosofi.parse(raw_file(cut), found)


def test_an_unknown_vintage_says_what_to_add(tmp_path: Path) -> None:
    path = write_cc(tmp_path, *CC_ROWS, header=CC_HEADER.replace("21", "31"))
    with pytest.raises(SourceUnavailable, match="ligne cc_2031 à data/columns/filosofi_fichiers"):
        read(path)


def test_the_comparateur_is_another_source(tmp_path: Path) -> None:
    header = "CODGEO;P18_POP;NBMENFISC19;PIMP19;MED19;TP6019"
    path = write_cc(tmp_path, "01001;800;340;50;24000;", header=header)
    assert filosofi.recognise(sample(path)) is None


def test_whole_files_are_asked_for() -> None:
    card = load_sources()[filosofi.SOURCE]
    asked = filosofi.downloads(card, Scope(("95",)))
    assert {download.url for download in asked} == set(card.urls.values())
    assert all(download.file_name.endswith(".zip") for download in asked)
