"""Base du comparateur and table d'appartenance: the real files, and damaged copies."""

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from connectors import insee_comparateur as comparateur
from connectors.base import Recognition, Scope
from connectors.cards import load_sources
from connectors.columns import column_map
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

COLUMNS = [*column_map(comparateur.COMPARATEUR, "2018")]
MEMBER = [*column_map(comparateur.MEMBERSHIP, "2022")]
ZONE = [*column_map(comparateur.ZONES, "2022")]


@pytest.fixture(scope="module")
def folder(shared_dir: Path) -> Path:
    return shared_dir / "open-data" / "insee"


# The comparateur.


def base(*rows: str) -> str:
    blank = ";" * (len(COLUMNS) - 2)
    cergy = ";".join(["95127", "66322", *["1"] * (len(COLUMNS) - 2)])
    return "\n".join([";".join(COLUMNS), cergy, *rows, f"97601;{blank}"]) + "\n"


def one(path: Path) -> pd.DataFrame:
    return tables(comparateur, path)[comparateur.COMPARATEUR]


@pytest.mark.shared
def test_real_comparateur(folder: Path) -> None:
    frame = one(folder / "comparateur" / "base_cc_comparateur_csv.zip")
    assert list(frame.columns) == table_columns(comparateur.COMPARATEUR)
    assert len(frame) == 35_010
    assert set(frame["annee_recensement"] + frame["annee_revenus"]) == {"20182019"}
    assert frame["mediane_niveau_vie"].isna().sum() == 3_653
    assert frame["taux_pauvrete"].isna().sum() == 30_642
    assert frame["population"].isna().sum() == 17  # Mayotte
    frame = frame.set_index("codgeo")
    assert frame.loc["01001", "population"] == 771
    assert frame.loc["01001", "mediane_niveau_vie"] == 23_970
    assert frame.loc["01001", "logements_vacants"] == pytest.approx(26.4521739130436)
    paris = frame.index.str.startswith("751")
    assert frame.loc[paris, "population"].sum() == frame.loc["75056", "population"]
    uninhabited = frame.index[frame["population"] == 0]
    assert list(uninhabited) == ["55039", "55050", "55139", "55189", "55239", "55307"]
    overseas = frame.index.str.match("97[136]")
    assert frame.loc[overseas, "mediane_niveau_vie"].isna().all()


def test_a_zip_and_a_csv_give_the_same(tmp_path: Path) -> None:
    alone = one(written(tmp_path, base()))
    path = tmp_path / "base.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("base_cc_comparateur.CSV", base())
        archive.writestr("meta_base_cc_comparateur.CSV", "COD_VAR\n")
    pd.testing.assert_frame_equal(one(path), alone)
    assert alone["population"].isna().tolist() == [False, True]


def test_columns_of_the_comparateur_that_moved_are_named(tmp_path: Path) -> None:
    text = base()
    for moved, column in (
        (with_header(text, "SUPERF", "SURFACE"), "SURFACE"),
        (without_column(text, "P18_RP_PROP", ";"), "P18_RP_PROP"),
        (with_column(text, "P18_AUTRE", ";"), "P18_AUTRE"),
    ):
        error = drift(comparateur, written(tmp_path, moved), column)
        assert (error.source_id, error.vintage) == ("insee_comparateur", "2018")
    drift(comparateur, written(tmp_path, text.replace("P18_", "P19_")), "P18_POP", "P19_POP")


def test_rows_of_the_comparateur_are_checked(tmp_path: Path) -> None:
    row = ";".join(["95127", *["1"] * (len(COLUMNS) - 1)])
    refusal(comparateur, written(tmp_path, base(row)), "lignes en double", "95127")
    refusal(comparateur, written(tmp_path, base(row.replace("95127", "Cergy"))), "codgeo", "Cergy")
    odd = row.replace("95127;1", "95128;beaucoup")
    refusal(comparateur, written(tmp_path, base(odd)), "population", "« beaucoup »")
    found = recognised(comparateur, written(tmp_path, base()))
    assert_damage_is_refused(comparateur, tmp_path, base(), found)
    refusal(comparateur, written(tmp_path, base().replace(";", ",")), "P18_LOGVAC", found=found)


def test_a_code_gets_back_its_zero(tmp_path: Path) -> None:
    row = ";".join(["1001", *["1"] * (len(COLUMNS) - 1)])
    assert one(written(tmp_path, base(row))).loc[1, "codgeo"] == "01001"


def test_a_zip_cut_or_empty_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "base.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("base_cc_comparateur.CSV", base())
    found = recognised(comparateur, path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(SourceUnavailable, match=r"insee_comparateur.*tronquée"):
        comparateur.parse(raw_file(path), found)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("autre.csv", "a;b\n")
    assert comparateur.recognise(sample(path)) is None
    refusal(comparateur, path, "base_cc_comparateur.csv", found=found)


# The table d'appartenance.


def head(title: str, labels: list[str], codes: list[str], *rows: list[object]) -> Rows:
    return [[title], ["France"], ["Mise en ligne"], ["@Insee"], labels, codes, *rows]


def members(*rows: list[object], codes: list[str] | None = None) -> Rows:
    names = codes or MEMBER[:-1]
    labels = ["Code géographique", *[f"Zone {name}" for name in names[1:]]]
    cergy = ["95127", "Cergy", *["01"] * (len(names) - 2)]
    return head("Liste des communes au 1er janvier 2022", labels, names, *(rows or (cergy,)))


def zones(*rows: list[object]) -> Rows:
    labels = ["Niveau géographique", "Code géographique", "Libellé géographique", "Nombre communes"]
    return head("Liste", labels, ZONE, *(rows or (["ZE2020", "0055", "Cergy", 150],)))


def membership(folder: Path, com: Rows | None = None, supra: Rows | None = None) -> Path:
    arm = members(["75101", "Paris 1er", *["01"] * (len(MEMBER) - 3), "75056"], codes=MEMBER)
    sheets = {"COM": com or members(), "ARM": arm, "Zones_supra_communales": supra or zones()}
    return write_workbook(folder / "table.xlsx", sheets)


@pytest.mark.shared
def test_real_table_of_membership(folder: Path) -> None:
    found = tables(comparateur, folder / "cog" / "table-appartenance-geo-communes-22.zip")
    frame, named = found[comparateur.MEMBERSHIP], found[comparateur.ZONES]
    assert list(frame.columns) == table_columns(comparateur.MEMBERSHIP)
    assert list(named.columns) == table_columns(comparateur.ZONES)
    assert frame["niveau"].value_counts().to_dict() == {"commune": 34_955, "arm": 45}
    assert set(frame["annee"]) == set(named["annee"]) == {"2022"}
    counts = named.groupby("niveau")["communes"].agg(["size", "sum"])
    assert counts["size"].to_dict() == {
        "AAV2020": 700,
        "ARR": 333,
        "BV2012": 1_664,
        "CV": 2_043,
        "DEP": 101,
        "EPCI": 1_256,
        "REG": 18,
        "UU2020": 2_563,
        "ZE2020": 306,
    }
    assert set(counts["sum"]) == {34_955}  # every commune is in one zone of each zoning
    cergy = frame.set_index("codgeo").loc["95127"]
    assert cergy[
        ["departement", "epci", "zone_emploi", "unite_urbaine", "bassin_vie"]
    ].tolist() == [
        "95",
        "249500109",
        "1101",
        "00851",
        "75056",
    ]
    assert set(frame.loc[frame["codgeo"].str.startswith("751"), "commune"]) == {"75056"}


def test_membership_in_a_workbook(tmp_path: Path) -> None:
    found = tables(comparateur, membership(tmp_path))
    assert found[comparateur.MEMBERSHIP][["codgeo", "niveau", "commune"]].to_numpy().tolist() == [
        ["95127", "commune", "95127"],
        ["75101", "arm", "75056"],
    ]
    assert found[comparateur.ZONES]["code"].tolist() == ["0055"]


def test_columns_of_membership_that_moved_are_named(tmp_path: Path) -> None:
    codes = MEMBER[:-1]
    renamed = [name.replace("BV2012", "BV2022") for name in codes]
    error = drift(comparateur, membership(tmp_path, members(codes=renamed)), "BV2012", "BV2022")
    assert (error.source_id, error.table) == ("insee_table_appartenance", "table_appartenance")
    drift(comparateur, membership(tmp_path, members(codes=codes[:-1])), "BV2012")
    drift(comparateur, membership(tmp_path, members(codes=[*codes, "PETR"])), "PETR")
    shifted = [row for row in members() if row != codes]
    drift(comparateur, membership(tmp_path, shifted), "ligne des codes")
    other = [["Liste des cantons"], *members()[1:]]
    drift(comparateur, membership(tmp_path, other), "Liste des cantons")


def test_rows_of_membership_are_checked(tmp_path: Path) -> None:
    cergy: list[object] = ["95127", "Cergy", *["01"] * (len(MEMBER) - 3)]
    refusal(comparateur, membership(tmp_path, members(cergy, cergy)), "lignes en double", "95127")
    refusal(comparateur, membership(tmp_path, members(["x", *cergy[1:]])), "codgeo", "« x »")
    zone: list[object] = ["ZE2020", "0055", "Cergy", 150]
    refusal(comparateur, membership(tmp_path, supra=zones(zone, zone)), "lignes en double", "0055")
    refusal(comparateur, membership(tmp_path, supra=zones([*zone[:3], "x"])), "communes", "« x »")


def test_membership_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    found = Recognition("insee_table_appartenance", comparateur.MEMBERSHIP, "2022")
    refusal(comparateur, written(tmp_path, HTML), "html", found=found)
    path = tmp_path / "table.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("table-appartenance-geo-communes-22.xlsx", HTML)
    assert recognised(comparateur, path) == found
    refusal(comparateur, path, "n'est pas un classeur", found=found)


def test_downloads() -> None:
    cards = load_sources()
    assert comparateur.downloads(cards["insee_comparateur"], Scope()) == []
    found = comparateur.downloads(cards["insee_table_appartenance"], Scope())
    assert [one.file_name for one in found] == ["table_appartenance_2024.zip"]
