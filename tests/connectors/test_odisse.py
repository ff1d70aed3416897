"""Odissé: vaccination and F-EDI on real files; screening and hearts on supposed layouts."""

import json
from pathlib import Path

import pytest

from connectors import odisse, opendatasoft
from connectors.base import Recognition, Scope
from connectors.cards import load_sources
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

LABELS = tuple(column_map("vaccination_departement", "2011-2024"))
VACCINATION = Recognition("odisse_vaccination", "vaccination", "2011-2024")
FEDI = Recognition("odisse_fedi", "fedi", "2021-objet")


def vaccination(labels: tuple[str, ...] = LABELS, codes: tuple[str, ...] = ("1", "95")) -> str:
    cells = {"Année": "2024", "Département": "X", "Région": "Y", "Grippe 75 ans et plus": "NC"}
    rows = [
        ",".join({"Département Code": code, **cells}.get(name, "45.5") for name in labels)
        for code in codes
    ]
    return "\n".join([",".join(labels), *rows]) + "\n"


def test_codes_get_their_zero_and_nc_is_kept(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff" + vaccination())
    assert recognised(odisse, path) == VACCINATION
    frame = tables(odisse, path)["vaccination_departement"]
    assert frame["codgeo"].tolist() == ["01", "95"]
    assert frame["grippe_75_ans_et_plus"].tolist() == ["NC", "NC"]
    assert frame["grippe_65_ans_et_plus"].tolist() == ["45.5", "45.5"]


@pytest.mark.shared
def test_the_real_vaccination_file(shared_dir: Path) -> None:
    name = "couvertures-vaccinales-des-adolescent-et-adultes-departement.csv"
    frame = tables(odisse, shared_dir / "open-data/odisse" / name)["vaccination_departement"]
    assert len(frame) == 1414
    assert frame["codgeo"].nunique() == 101
    assert sorted(frame["annee"].unique()) == [str(year) for year in range(2011, 2025)]
    spot = frame[frame["annee"] == "2024"].set_index("codgeo")
    assert spot.loc["46", "grippe_65_ans_et_plus"] == "49.5"
    assert spot.loc["95", "hpv_filles_2_doses_16_ans"] == "33.3"
    assert (frame["covid_65_ans_et_plus"] != "").sum() == 101
    assert (frame["grippe_65_ans_et_plus"] == "").sum() == 1414 - 888


def test_later_exports_and_field_names_are_known(tmp_path: Path) -> None:
    """A portal that drops meningococcus C and adds ACWY is still read, for what is known."""
    later = (*[name for name in LABELS if "Méningocoque" not in name], "Méningocoques ACWY 15 ans")
    path = written(tmp_path, vaccination(later))
    assert recognised(odisse, path).vintage == "2025"
    frame = tables(odisse, path)["vaccination_departement"]
    assert frame["meningocoque_c_10_14_ans"].tolist() == ["", ""]
    fields = "an_mesure;dep;libgeo;grip_moins65;grip_65plus;grip_6574;grip_75plus\n2024;1;Ain;20;50;45;NC\n"
    path = written(tmp_path, fields)
    assert recognised(odisse, path).vintage == "champs"
    (row,) = tables(odisse, path)["vaccination_departement"].to_dict("records")
    assert (row["codgeo"], row["grippe_65_ans_et_plus"]) == ("01", "50")
    assert row["hpv_filles_2_doses_16_ans"] == ""


def test_a_renamed_missing_or_added_column_is_named(tmp_path: Path) -> None:
    text = vaccination()
    path = written(tmp_path, with_header(text, "Grippe 65-74 ans", "Grippe 65 à 74 ans"))
    drift(odisse, path, "Grippe 65-74 ans", "Grippe 65 à 74 ans")
    path = written(tmp_path, without_column(text, "Département Code", ","))
    drift(odisse, path, "Département Code")
    drift(odisse, written(tmp_path, with_column(text, "Zona", ",")), "Zona")


def test_another_separator_changes_nothing(tmp_path: Path) -> None:
    """The portal offers both; the choice of the person who downloaded is no drift."""
    path = written(tmp_path, vaccination().replace(",", ";"))
    assert len(tables(odisse, path)["vaccination_departement"]) == 2
    refusal(odisse, written(tmp_path, "Odissé\n" + vaccination()), "coupé", found=VACCINATION)


def test_damaged_rows_are_named(tmp_path: Path) -> None:
    refusal(odisse, written(tmp_path, vaccination(codes=("1", "01"))), "1 lignes en double", "01")
    refusal(odisse, written(tmp_path, vaccination(codes=("100",))), "colonne codgeo", "« 100 »")
    odd = vaccination().replace("45.5", "45 %")
    refusal(odisse, written(tmp_path, odd), "« 45 % »")
    assert_damage_is_refused(odisse, tmp_path, vaccination(), VACCINATION)


def fedi(**changes: object) -> str:
    scores = {"01010": {"Commune": "A", "EDI": 0.5}, "60694": {"Commune": "B", "EDI": None}}
    return json.dumps(scores | changes, indent=4)


def test_a_commune_without_score_stays_blank(tmp_path: Path) -> None:
    path = written(tmp_path, fedi(), "fedi.json")
    assert recognised(odisse, path) == FEDI
    frame = tables(odisse, path)["fedi"]
    assert frame.to_dict("list") == {
        "codgeo": ["01010", "60694"],
        "annee": ["2021", "2021"],
        "fedi": ["0.5", ""],
    }


def test_the_export_of_fedi_is_read_by_its_one_score_column(tmp_path: Path) -> None:
    path = written(tmp_path, "commune_code;libgeo;reglib;f_edi\n01010;A;ARA;0.5\n")
    assert recognised(odisse, path).vintage == "2021"
    assert tables(odisse, path)["fedi"].loc[0, "fedi"] == "0.5"


@pytest.mark.shared
def test_the_real_fedi_file(shared_dir: Path) -> None:
    name = "french-european-deprivation-index-f-edi-2021-par-commune.json"
    frame = tables(odisse, shared_dir / "open-data/odisse" / name)["fedi"].set_index("codgeo")
    assert len(frame) == 34848
    assert frame.index[frame["fedi"] == ""].tolist() == ["85165", "85212", "60694"]
    assert (frame.loc["95127", "fedi"], frame.loc["46042", "fedi"]) == ("11.32", "7.09")
    assert not frame.index.str.startswith("97").any()
    assert "75101" in frame.index
    assert "75056" not in frame.index


def test_a_damaged_fedi_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, fedi().replace('"EDI"', '"score"'), "fedi.json")
    refusal(odisse, path, "EDI", "score", found=FEDI)
    path = written(tmp_path, fedi(**{"1010": {"Commune": "C", "EDI": 1}}), "fedi.json")
    refusal(odisse, path, "colonne codgeo", "« 1010 »")
    refusal(odisse, written(tmp_path, fedi()[:-20], "fedi.json"), "coupé", found=FEDI)


SCREENING = "Année;Département Code;Département;Taux de participation (%)\n2023-2024;1;Ain;51.2\n"


def test_a_screening_export_says_its_cancer_by_name_once_its_columns_agree(tmp_path: Path) -> None:
    name = "cancer-participation-au-depistage-organise-du-cancer-du-sein_dep.csv"
    path = written(tmp_path, SCREENING, name)
    assert recognised(odisse, path).source_id == "odisse_depistage"
    frame = tables(odisse, path)["depistage_departement"]
    assert frame.to_dict("records") == [
        {"codgeo": "01", "annee": "2023-2024", "cancer": "sein", "participation": "51.2"}
    ]
    assert odisse.recognise(sample(written(tmp_path, SCREENING, "sans-nom.csv"))) is None
    other = written(tmp_path, "a;b\n1;2\n", name)
    assert odisse.recognise(sample(other)) is None


def test_hearts_by_epci_are_read_or_their_columns_named(tmp_path: Path) -> None:
    text = "epci;annee;type_patho;taux_standardise\n249500109;2021-2023;AVC;170.5\n"
    frame = tables(odisse, written(tmp_path, text))["cardio_epci"]
    assert frame.loc[0, "codgeo"] == "249500109"
    moved = written(tmp_path, text.replace("taux_standardise", "tx_std"))
    assert drift(odisse, moved, "taux_standardise").missing == ("taux_standardise",)
    refusal(odisse, written(tmp_path, text.replace("249500109", "24950")), "colonne codgeo")


def test_ids_come_from_the_card_or_from_the_catalogue() -> None:
    cards = load_sources()
    (one,) = odisse.downloads(cards["odisse_vaccination"], Scope())
    assert one.url.startswith("https://odisse.santepubliquefrance.fr/api/explore/v2.1/catalog/")
    assert "/couvertures-vaccinales-des-adolescent-et-adultes-departement/exports/csv?" in one.url
    assert "use_labels=true" in one.url
    (one,) = odisse.downloads(cards["odisse_fedi"], Scope())
    assert "use_labels=false" in one.url
    assert len(odisse.downloads(cards["odisse_depistage"], Scope())) == 2


def test_a_moved_id_is_found_again() -> None:
    assert opendatasoft.search_url("https://x.fr", "dépistage").endswith(
        "datasets?where=%22d%C3%A9pistage%22&limit=100&select=dataset_id"
    )
    ids = ["vaccination-region", "vaccination-departement-copie", "vaccination-departement"]
    answer = {"results": [{"dataset_id": one} for one in ids]}
    words = ("vaccination", "departement")
    assert opendatasoft.dataset_of(answer, "vaccination-region", words) == "vaccination-region"
    assert opendatasoft.dataset_of(answer, "disparu", words) == "vaccination-departement"
    assert opendatasoft.dataset_of({"results": []}, "disparu", words) is None
