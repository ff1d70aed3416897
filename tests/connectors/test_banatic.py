"""BANATIC: real tables in full, the ministry's export in its documented layout, damaged copies."""

from pathlib import Path

import pandas as pd
import pytest

from connectors import banatic
from connectors.base import Recognition, Sample, Scope
from connectors.cards import load_sources
from connectors.errors import SchemaDrift, SourceUnavailable
from tests.connectors.geo_files import raw_of, read, recognise

MEMBERS = pd.DataFrame(
    {
        "grpt_cheflieu_com": "Cahors",
        "grpt_siren": "200052405",
        "grpt_nom": "PETR Grand Quercy",
        "grpt_naturejuridique": "Pôle d'équilibre territorial et rural",
        "grpt_interdep": False,
        "grpt_membre_type": "Groupement",
        "grpt_membre_siren": ["200023737", "200035327"],
        "grpt_membre_nom": ["CA du Grand Cahors", "CC Cazals-Salviac"],
    }
)
EXPORT = Recognition("banatic", "banatic_membres", banatic.EXPORT)


@pytest.fixture(scope="session")
def folder(shared_dir: Path) -> Path:
    return shared_dir / "open-data" / "banatic"


def written(folder: Path, frame: pd.DataFrame = MEMBERS) -> Path:
    path = folder / "table.parquet"
    frame.to_parquet(path)
    return path


@pytest.mark.shared
def test_members_of_the_real_file(folder: Path) -> None:
    members = read(banatic, folder / "table_grpt_perimetre.parquet")["banatic_membres"]
    assert len(members) == 142_546
    assert members["membre_type"].value_counts().to_dict() == {
        "commune": 132_161,
        "groupement": 10_385,
    }
    assert members.groupby("nature")["siren"].nunique().to_dict() == {
        "CA": 230, "CC": 989, "CU": 14, "EPT": 11, "MET69": 1, "METRO": 21, "PETR": 122,
        "POLEM": 24, "SIVOM": 1172, "SIVU": 4307, "SMF": 1910, "SMO": 747,
    }  # fmt: skip
    quercy = members[members["siren"] == "200052405"]
    assert quercy["nom"].unique().tolist() == ["PETR Grand Quercy"]
    assert sorted(quercy["membre_siren"]) == [
        "200023737", "200035327", "200039519", "244600433", "244600482", "244600532", "244600573",
    ]  # fmt: skip


@pytest.mark.shared
def test_groupings_of_the_real_list(folder: Path) -> None:
    groupings = read(banatic, folder / "table_grpt_liste.parquet")["banatic_groupements"]
    assert len(groupings) == 9884
    assert groupings["nature"].value_counts()[["PETR", "POLEM"]].to_dict() == {
        "PETR": 122,
        "POLEM": 25,
    }


@pytest.mark.shared
def test_ept_of_the_real_file_are_the_members_that_the_large_one_gives(folder: Path) -> None:
    ept = read(banatic, folder / "table_ept_perimetre.parquet")["banatic_membres"]
    assert (len(ept), ept["siren"].nunique()) == (130, 11)
    members = read(banatic, folder / "table_grpt_perimetre.parquet")["banatic_membres"]
    columns = ["siren", "nom", "nature", "membre_type", "membre_siren"]
    both = members.merge(ept, on=columns)
    assert len(both) == 130


def test_a_membership_written_twice_is_one(tmp_path: Path) -> None:
    twice = pd.concat([MEMBERS, MEMBERS])
    assert len(read(banatic, written(tmp_path, twice))["banatic_membres"]) == 2


@pytest.mark.parametrize(
    ("change", "missing", "extra"),
    [
        ({"grpt_membre_siren": "siren_membre"}, ("grpt_membre_siren",), ("siren_membre",)),
        ({"grpt_interdep": "arrondissement"}, (), ("arrondissement",)),
    ],
)
def test_moved_columns_are_named(
    tmp_path: Path, change: dict[str, str], missing: tuple[str, ...], extra: tuple[str, ...]
) -> None:
    with pytest.raises(SchemaDrift, match="Source banatic, table banatic_membres") as caught:
        read(banatic, written(tmp_path, MEMBERS.rename(columns=change)))
    assert (caught.value.missing, caught.value.extra) == (missing, extra)


def test_a_siren_that_is_none_is_refused(tmp_path: Path) -> None:
    wrong = MEMBERS.assign(grpt_membre_siren=["46042", "200035327"])
    with pytest.raises(SourceUnavailable, match=r"membre_siren : 1 codes mal formés, dont « 46042"):
        read(banatic, written(tmp_path, wrong))


def test_a_parquet_cut_short_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    found = recognise(banatic, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SourceUnavailable, match="coupé"):
        banatic.parse(raw_of(path), found)


def export(folder: Path, **changes: str) -> Path:
    """A workbook under the names that readers of the ministry's export rely on."""
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl écrit le classeur d'essai")
    header = ["Région siège", "Nom du groupement", "N° SIREN", "Nature juridique", "EPTB"]
    header += ["Nom membre", "Siren membre", "Catégorie des membres du groupement"]
    book = openpyxl.Workbook()
    book.active.append([changes.get(name, name) for name in header])
    petr = ["76 - Occitanie", "PETR Grand Quercy", "200052405", "PETR", "NON"]
    book.active.append([*petr, "CA du Grand Cahors", "200023737", "groupement"])
    book.active.append([*petr, "CC Cazals-Salviac", 200035327, "groupement"])
    path = folder / "banatic_france.xlsx"
    book.save(path)
    return path


def test_the_export_is_read_by_its_names(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine", reason="python-calamine n'est pas installé")
    members = read(banatic, export(tmp_path))["banatic_membres"]
    assert members["nature"].tolist() == ["PETR", "PETR"]
    assert members["membre_siren"].tolist() == ["200023737", "200035327"]


def test_the_export_with_a_renamed_column_is_named(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine", reason="python-calamine n'est pas installé")
    with pytest.raises(SchemaDrift) as caught:
        read(banatic, export(tmp_path, **{"Siren membre": "SIREN du membre"}))
    assert caught.value.missing == ("Siren membre",)


def test_a_damaged_export_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine", reason="python-calamine n'est pas installé")
    path = tmp_path / "banatic_france.xlsx"
    path.write_bytes(b"PK\x03\x04 truncated")
    with pytest.raises(SourceUnavailable, match="coupé ou abîmé"):
        banatic.parse(raw_of(path), EXPORT)


def test_a_workbook_that_does_not_say_its_name_is_left_to_others() -> None:
    sheet = ("Feuille 1",)
    assert banatic.recognise(Sample("banatic_france.xlsx", "xlsx", members=sheet)) == EXPORT
    assert banatic.recognise(Sample("apl.xlsx", "xlsx", members=sheet)) is None


def test_the_export_of_the_country_is_asked_for_with_its_older_addresses() -> None:
    (download,) = banatic.downloads(load_sources()["banatic"], Scope(("95",)))
    assert download.url.endswith("/consultation/api/export/pregenere/telecharger/France")
    assert len(download.fallbacks) == 2
    assert recognised_name(download.file_name)


def recognised_name(name: str) -> bool:
    return banatic.recognise(Sample(name, "xlsx", members=("1",))) is not None
