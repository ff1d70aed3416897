"""APL workbooks: the real one of médecins généralistes, the documented ones, and damaged copies."""

import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from connectors import drees_apl
from connectors.base import Scope
from connectors.cards import load_sources
from connectors.errors import SourceUnavailable
from connectors.sniff import sample
from connectors.text_files import table_columns
from tests.connectors.producer_files import HTML, drift, raw_file, recognised, refusal, tables
from tests.connectors.workbook_files import Rows, write_workbook

UNIT = "En nombre de consultations/visites accessibles par habitant standardisé"
ETP = "En ETP accessibles pour 100 000 habitants standardisés"
MG = (
    "Code commune INSEE",
    "Commune",
    "APL aux médecins généralistes",
    "APL aux médecins généralistes de moins de 65 ans",
    "Population standardisée 2021 pour la médecine générale",
    "Population totale 2021",
)
DATA = (
    ("01001", "L'Abergement-Clémenciat", 1.942, 1.881, 838.154, 832),
    ("2A004", "Ajaccio", 3.1, 2.9, 70000.5, 71000),
    ("75101", "Paris 1er Arrondissement", 6.5, 5.3, 16000.25, 15917),
)
LAYOUTS = {
    "infirmiers": ("APL aux infirmières", "Population standardisée 2021 pour les infirmières"),
    "masseurs_kinesitherapeutes": (
        "APL aux kinésithérapeutes",
        "Population standardisée 2021 pour les kinésithérapeutes",
    ),
    "chirurgiens_dentistes": (
        "APL aux chirurgiens-dentistes",
        "Population standardisée 2021 pour les chirurgiens-dentistes",
    ),
}


def sheet(header: tuple[str, ...] = MG, rows: Rows = DATA, unit: str = UNIT) -> Rows:
    title = [["Indicateur d'accessibilité potentielle localisée"], [], ["Millésime : 2023"]]
    notes = [["Sources : …"], ["Champ : …"], ["Lecture : …"], ["Note : …"], []]
    units = [None, None, unit, *[""] * (len(header) - 3)]
    return [*title, *notes, header, units, *rows]


def workbook(folder: Path, rows: Rows | None = None, name: str = "APL 2023") -> Path:
    return write_workbook(
        folder / "apl.xlsx", {"Paramètres": [["Paramètres"]], name: rows or sheet()}
    )


def table(path: Path) -> pd.DataFrame:
    return tables(drees_apl, path)[drees_apl.TABLE]


@pytest.fixture(scope="module")
def real(shared_dir: Path) -> pd.DataFrame:
    return table(shared_dir / "open-data" / "drees" / "apl_generalistes.xlsx")


@pytest.mark.shared
def test_real_workbook(real: pd.DataFrame) -> None:
    assert list(real.columns) == table_columns(drees_apl.TABLE)
    assert real.groupby("annee").size().to_dict() == {"2022": 34_964, "2023": 34_954}
    assert set(real["profession"]) == {"medecins_generalistes"}
    assert set(real["etat"]) == {"ok"}  # no secret and no blank in this file
    assert set(real["classeur"]) == {"2023"}
    of_2023 = real[real["annee"] == "2023"].set_index("codgeo")
    assert of_2023.loc["01001", "apl"] == 1.942
    assert of_2023.loc["01001", "apl_65_ans_ou_moins"] == 1.881
    assert of_2023.loc["01001", "population_standardisee"] == 838.154
    assert of_2023.loc["97424", "apl"] == 3.909
    arrondissements = of_2023.index.str.fullmatch("75[1][0-9]{2}|6938[0-9]|132[0-9]{2}")
    assert arrondissements.sum() == 45
    assert not of_2023.index.isin(["75056", "69123", "13055"]).any()
    assert not of_2023.index.str.startswith("976").any()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("year", "mean", "under", "share"),
    [("2022", 3.78896, 9_991_878, 0.1488), ("2023", 3.74457, 11_210_951, 0.1663)],
)
def test_real_national_figures(
    real: pd.DataFrame, year: str, mean: float, under: int, share: float
) -> None:
    """The mean is weighted by the standardised population, people are counted in total population."""
    one = real[real["annee"] == year]
    weights = one["population_standardisee"]
    assert (one["apl"] * weights).sum() / weights.sum() == pytest.approx(mean, abs=1e-5)
    assert year != "2023" or mean == pytest.approx(3.745, abs=0.0005)
    people = one.loc[one["apl"] < 2.5, "population_totale"].sum()
    assert people == under
    assert people / one["population_totale"].sum() == pytest.approx(share, abs=5e-5)


def test_documented_workbooks_of_other_professions(tmp_path: Path) -> None:
    for profession, (apl, population) in LAYOUTS.items():
        header = ("Code commune INSEE", "Commune", apl, population, "Population totale 2021")
        rows = [("01001", "L'Abergement-Clémenciat", 120.5, 840.1, 832)]
        frame = table(workbook(tmp_path, sheet(header, rows, ETP)))
        assert frame.loc[0, ["profession", "apl"]].tolist() == [profession, 120.5]
        assert frame["apl_65_ans_ou_moins"].isna().all()
        assert frame.loc[0, "population_standardisee"] == 840.1


def test_sages_femmes_bring_the_female_population(tmp_path: Path) -> None:
    header = (
        "Code commune INSEE",
        "Commune",
        "APL aux sages-femmes",
        "Population féminine standardisée 2022 pour les sages-femmes",
        "Population totale 2022",
        "Population féminine 2022",
    )
    rows = [("01001", "L'Abergement-Clémenciat", 20.0, 400.5, 832, 410)]
    frame = table(workbook(tmp_path, sheet(header, rows, ETP), "APL 2024"))
    assert frame.loc[0, ["annee", "population_standardisee", "population_feminine"]].tolist() == [
        "2024",
        400.5,
        410,
    ]


@pytest.mark.parametrize("word", ["et", "ou"])
def test_generalistes_of_other_editions(tmp_path: Path, word: str) -> None:
    ages = [f"APL aux médecins généralistes de {age} ans {word} moins" for age in (65, 62, 60)]
    header = (*MG[:3], *ages, *MG[4:])
    frame = table(workbook(tmp_path, sheet(header, [("01001", "X", 2.0, 1.9, 1.8, 1.7, 800, 832)])))
    assert frame.loc[0, "apl_60_ans_ou_moins"] == 1.7


def test_codes_get_back_the_zero_a_spreadsheet_took(tmp_path: Path) -> None:
    rows = [(1001, "L'Abergement-Clémenciat", 1.942, 1.881, 838.154, 832), *DATA[1:]]
    assert table(workbook(tmp_path, sheet(rows=rows)))["codgeo"].tolist() == [
        "01001",
        "2A004",
        "75101",
    ]


def test_a_blank_a_secret_and_a_zero_are_three_things(tmp_path: Path) -> None:
    rows = [
        ("01001", "A", None, None, 838.1, 832),
        ("01002", "B", "s", "s", 250.1, 262),
        ("01004", "C", 0, 0, 14000.1, 14288),
    ]
    frame = table(workbook(tmp_path, sheet(rows=rows)))
    assert frame["etat"].tolist() == ["absent", "secret", "ok"]
    assert frame["apl"].isna().tolist() == [True, True, False]


def test_notes_under_the_table_are_left_out(tmp_path: Path) -> None:
    note = ("Lecture : les habitants de…", None, None, None, None, None)
    assert len(table(workbook(tmp_path, sheet(rows=[*DATA, (), note])))) == len(DATA)


def test_a_column_renamed_is_named(tmp_path: Path) -> None:
    header = (*MG[:5], "Population municipale 2021")
    error = drift(drees_apl, workbook(tmp_path, sheet(header)))
    assert error.missing == ("Population totale AAAA",)
    assert error.extra == ("Population municipale AAAA",)
    assert (error.source_id, error.table) == ("drees_apl_classeur", "apl_classeur")


def test_a_column_missing_is_named(tmp_path: Path) -> None:
    error = drift(drees_apl, workbook(tmp_path, sheet(MG[:5], [row[:5] for row in DATA])))
    assert error.missing == ("Population totale AAAA",)


def test_a_column_added_is_named(tmp_path: Path) -> None:
    error = drift(
        drees_apl, workbook(tmp_path, sheet((*MG, "APL bis"), [(*row, 1) for row in DATA]))
    )
    assert error.extra == ("APL bis",)


def test_a_header_shifted_by_a_column_is_named(tmp_path: Path) -> None:
    error = drift(drees_apl, workbook(tmp_path, [["", *row] for row in sheet()]))
    assert error.missing == ("Code commune INSEE (feuille « APL 2023 »)",)


def test_a_line_of_units_missing_is_named(tmp_path: Path) -> None:
    rows = [row for row in sheet() if UNIT not in row]
    assert "ligne des unités" in drift(drees_apl, workbook(tmp_path, rows)).missing[0]


def test_an_unknown_profession_is_named(tmp_path: Path) -> None:
    header = (*MG[:2], "APL aux orthophonistes", *MG[3:])
    rows = sheet(tuple(name.replace("aux médecins généralistes de", "x") for name in header))
    assert drift(drees_apl, workbook(tmp_path, rows)).missing == ("APL aux <une profession>",)


def test_duplicated_rows_are_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path, sheet(rows=[*DATA, DATA[0]]))
    refusal(drees_apl, path, "1 lignes en double", "codgeo", "01001")


@pytest.mark.parametrize("code", ["95 127", "951277", "Cergy", None])
def test_a_code_of_no_commune_is_refused(tmp_path: Path, code: str | None) -> None:
    rows = [*DATA, (code, "Cergy", 2.7, 2.1, 60000, 67000)]
    refusal(drees_apl, workbook(tmp_path, sheet(rows=rows)), "codgeo", f"« {code or ''} »")


def test_text_where_a_number_stands_is_refused(tmp_path: Path) -> None:
    rows = [*DATA, ("95127", "Cergy", "beaucoup", 2.1, 60000, 67000)]
    refusal(drees_apl, workbook(tmp_path, sheet(rows=rows)), "colonne apl", "beaucoup")


def test_damaged_bytes_are_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path)
    found = recognised(drees_apl, path)
    whole = path.read_bytes()
    middle = len(whole) // 2
    damaged = whole[:middle] + b"\0" * 400 + whole[middle + 400 :]
    for content in (HTML.encode(), b"a;b\n1;2\n", b"", damaged):
        path.write_bytes(content)
        refusal(drees_apl, path, "classeur", found=found)
    path.write_bytes(whole[:middle])
    with pytest.raises(SourceUnavailable, match=r"drees_apl_classeur.*tronquée.*Téléchargez"):
        drees_apl.parse(raw_file(path), found)


def test_the_reader_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    refusal(drees_apl, workbook(tmp_path), "python-calamine", "pip install")


def test_other_files_are_not_taken(tmp_path: Path) -> None:
    other = write_workbook(tmp_path / "apl_generalistes.xlsx", {"COM": [["CODGEO"]]})
    assert drees_apl.recognise(sample(other)) is None
    named = tmp_path / "apl.csv"
    named.write_text("Code commune INSEE;APL 2023\n01001;2\n", "utf-8")
    assert drees_apl.recognise(sample(named)) is None


def test_a_name_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "téléchargement(3).bin"
    shutil.copy(workbook(tmp_path), path)
    assert recognised(drees_apl, path).vintage == "2023"


def test_downloads_are_five_workbooks_with_a_second_address() -> None:
    card = load_sources()["drees_apl_classeur"]
    wanted = drees_apl.downloads(card, Scope())
    assert len({one.url for one in wanted}) == 5
    assert all(one.url.endswith("_xlsx") and len(one.fallbacks) == 1 for one in wanted)
