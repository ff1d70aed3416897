"""Melodi: recorded answers of the real service, whole files in its documented layout, addresses."""

import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pandas as pd
import pytest

from connectors import insee_melodi as melodi
from connectors.base import RawFile, Recognition, Scope
from connectors.cards import DATA, load_sources
from connectors.columns import column_map
from connectors.errors import SchemaDrift, SourceUnavailable
from connectors.sniff import sample

CARDS = {one.id: one for one in load_sources().values() if one.connector == "insee_melodi"}
FILOSOFI = Recognition("melodi_filosofi", "DS_FILOSOFI_CC", "2023")
HEADER = (
    "GEO", "GEO_OBJECT", "FILOSOFI_MEASURE", "UNIT_MEASURE", "UNIT_MULT", "CONF_STATUS",
    "OBS_STATUS", "TIME_PERIOD", "OBS_VALUE",
)  # fmt: skip
ROWS = (
    ("95127", "COM", "MED_SL", "EUR_YR", "0", "F", "A", "2023", "21260"),
    ("95127", "COM", "PR_MD60", "PT", "0", "F", "A", "2023", "24.6"),
    ("44154", "COM", "MED_SL", "EUR_YR", "0", "C", "A", "2023", ""),
    ("44154", "BV2022", "MED_SL", "EUR_YR", "0", "F", "A", "2023", "23000"),
    ("55039", "COM", "MED_SL", "EUR_YR", "0", "F", "O", "2023", ""),
    ("75101", "ARM", "MED_SL", "EUR_YR", "0", "F", "A", "2023", "36000"),
    ("249500109", "EPCI", "IR_D9_D1_SL", "PURE_NUMB", "0", "F", "A", "2023", "3,5"),
    ("95", "DEP", "D1_SL", "EUR_YR", "0", "F", "A", "2023", "1.1E4"),
    ("11", "REG", "MED_SL", "EUR_YR", "0", "F", "A", "2023", "25000"),
    ("FM", "FRANCE", "MED_SL", "EUR_YR", "0", "F", "A", "2023", "23100"),
    ("95127", "COM", "S_HH_TAX", "PT", "0", "F", "A", "2023", "50"),
)


def raw_file(path: Path) -> RawFile:
    return RawFile(path, path.name, "", "depot", "2026-11-01", "")


def as_csv(header: Iterable[str], rows: Iterable[Iterable[str]], separator: str = ";") -> str:
    """Melodi's CSV: every cell quoted."""
    lines = [list(header), *(list(row) for row in rows)]
    return "".join(separator.join(f'"{cell}"' for cell in line) + "\n" for line in lines)


def write_zip(path: Path, text: str, member: str = "DS_FILOSOFI_CC_2023_data.csv") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member.replace("_data", "_metadata"), '"COD_VAR";"COD_MOD"\n')
        archive.writestr(member, "\ufeff" + text)
    return path


def read(path: Path) -> pd.DataFrame:
    """Table of a file, recognised by its content first."""
    found = melodi.recognise(sample(path))
    assert found is not None, path.name
    tables = melodi.parse(raw_file(path), found)
    assert list(tables) == [found.source_id]
    return tables[found.source_id]


def cells(table: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return list(table[list(columns)].itertuples(index=False, name=None))


def one(table: pd.DataFrame, code: str, measure: str) -> tuple[object, object]:
    """Figure and state of one cell; a missing figure is None."""
    row = table[(table["codgeo"] == code) & (table["mesure"] == measure)].iloc[0]
    return (None if pd.isna(row["valeur"]) else row["valeur"]), row["etat"]


@pytest.fixture
def recorded(shared_dir: Path) -> Path:
    return shared_dir / "open-data" / "insee" / "melodi"


@pytest.fixture
def catalogue(recorded: Path) -> list[dict]:
    return json.loads((recorded / "melodi_catalog_all_recorded.json").read_text("utf-8"))


def answer(observations: list[dict], **changes: object) -> dict:
    body = {
        "identifier": "DS_RP_EMPLOI_LR_PRINC",
        "observations": observations,
        "paging": {"first": "https://api.insee.fr/melodi/data/DS_RP_EMPLOI_LR_PRINC?page=1"},
    }
    return body | changes


def observed(geo: str, measure: dict, **dimensions: str) -> dict:
    return {
        "dimensions": {"GEO": geo, "TIME_PERIOD": "2023"} | dimensions,
        "measures": {"OBS_VALUE_NIVEAU": measure},
    }


def employment(geo: str, status: str, value: float | None) -> dict:
    measure = {} if value is None else {"value": value}
    return observed(geo, measure, SEX="_T", AGE="Y15T64", EDUC="_T", EMPSTA_ENQ=status)


def write_answer(path: Path, body: object) -> Path:
    path.write_text(json.dumps(body), "utf-8")
    return path


# Recorded answers of the real service.


@pytest.mark.shared
def test_recorded_answer_of_one_commune(recorded: Path) -> None:
    table = read(recorded / "get_data_popref_nantes_1.json")
    assert list(table.columns) == melodi.COLUMNS
    assert one(table, "44109", "population_municipale") == (327_734, "ok")
    assert one(table, "44109", "population_totale") == (332_515, "ok")
    assert set(table["geographie"]) == {"2025"}


@pytest.mark.shared
def test_recorded_answer_of_every_commune_of_an_epci(recorded: Path) -> None:
    table = read(recorded / "get_local_data_by_com_popref_1.json")
    assert len(table) == 72
    assert table["codgeo"].nunique() == 24
    assert set(table["niveau"]) == {"commune"}
    municipal = table[table["mesure"] == "population_municipale"]["valeur"].sum()
    total = table[table["mesure"] == "population_totale"]["valeur"].sum()
    apart = table[table["mesure"] == "population_comptee_a_part"]["valeur"].sum()
    assert municipal + apart == total
    filtered = read(recorded / "get_local_data_filter_by_com_popref_1.json")
    assert filtered["valeur"].sum() == municipal


@pytest.mark.shared
def test_recorded_answer_of_a_departement(recorded: Path) -> None:
    table = read(recorded / "get_local_data_popref_1.json")
    assert set(table["niveau"]) == {"departement"}
    assert one(table, "69", "population_municipale") == (1_914_667, "ok")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["get_data_popref_empty_0", "get_data_popref_over_0"])
def test_recorded_answer_without_observations(recorded: Path, name: str) -> None:
    """No match, or a mere count: no row, the columns all the same, with their types."""
    table = read(recorded / f"{name}.json")
    assert len(table) == 0
    assert list(table.columns) == melodi.COLUMNS
    assert table["valeur"].dtype == float


@pytest.mark.shared
def test_what_gradient_does_not_use_is_left(recorded: Path) -> None:
    for name in (
        "get_data_obs_value_indice_prix_1", "get_code_list_ko_0", "catalog_DS_BPE",
        "melodi_catalog_all_recorded", "get_range_geo_ec_deces_0",
    ):  # fmt: skip
        assert melodi.recognise(sample(recorded / f"{name}.json")) is None


@pytest.mark.shared
def test_the_key_of_a_measure_is_not_always_the_same(recorded: Path, tmp_path: Path) -> None:
    """The recorded price index has OBS_VALUE_INDICE_DE_PRIX for its only key."""
    document = melodi.read_document(
        raw_file(recorded / "get_data_obs_value_indice_prix_1.json"), "x"
    )
    assert list(document["observations"][0]["measures"]) == ["OBS_VALUE_INDICE_DE_PRIX"]
    first = employment("2026-COM-95127", "2", 4996.5)
    first["measures"] = {"OBS_VALUE_AUTRE": {"value": 4996.5}}
    table = read(write_answer(tmp_path / "a.json", answer([first])))
    assert one(table, "95127", "chomeurs_15_64") == (4996.5, "ok")


@pytest.mark.shared
def test_ages_and_measures_of_deaths_are_those_recorded(recorded: Path) -> None:
    """The one dataset of deaths by age: its real dimensions hold the cells that the map wants."""
    path = recorded / "get_range_geo_ec_deces_0.json"
    ranges = json.loads(path.read_text("utf-8"))["body"]["range"]
    values = {one["concept"]["code"]: {v["code"] for v in one["values"]} for one in ranges}
    (deaths,) = melodi.measures_of("DS_EC_DECES")
    for name, value in deaths.where.items():
        if name != "GEO_OBJECT":
            assert name in values
            assert value == melodi.ANY or value in values[name]


# The catalogue.


@pytest.mark.shared
def test_the_newest_file_is_read_in_the_catalogue(recorded: Path, catalogue: list[dict]) -> None:
    assert len(catalogue) == 96
    base = "https://api.insee.fr/melodi/file/DS_FILOSOFI_CC/"
    expected = f"{base}DS_FILOSOFI_CC_2021_CSV_FR"
    assert melodi.newest_file(catalogue, "DS_FILOSOFI_CC") == expected
    alone = json.loads((recorded / "catalog_DS_FILOSOFI_CC.json").read_text("utf-8"))
    assert melodi.newest_file(alone, "DS_FILOSOFI_CC") == expected
    deaths = json.loads((recorded / "get_metadata_deces_0.json").read_text("utf-8"))
    assert str(melodi.newest_file(deaths, "DS_EC_DECES")).endswith("DS_EC_DECES_CSV_FR")
    assert melodi.newest_file(catalogue, "DS_INCONNU") is None


@pytest.mark.shared
def test_addresses_of_the_cards_are_those_of_the_catalogue(catalogue: list[dict]) -> None:
    """Of January 2026 or newer: same dataset, same form; three datasets came later."""
    later = {"DS_DECES_MORTALITE_SERIES", "DS_RP_LOGEMENT_COMP"} | melodi.BY_YEAR_OF_AGE
    for card in CARDS.values():
        for dataset in melodi.datasets_of(card):
            listed = melodi.newest_file(catalogue, dataset)
            assert (listed is None) == (dataset in later)
            if listed is not None:
                addresses = {card.urls[dataset], card.urls.get(f"{dataset}_repli")}
                assert listed in addresses


def test_the_newest_of_several_products() -> None:
    def product(name: str, kind: str = "CSV", modified: str = "2026-01-01") -> dict:
        return {"id": name, "format": kind, "accessURL": f"https://x/{name}", "modified": modified}

    entry = {
        "identifier": "DS_X",
        "product": [
            product("DS_X_2022_CSV_FR", modified="2026-09-01"),
            product("DS_X_2023_CSV_FR"),
            product("DS_X_2024_FR", "XLSX"),
            product("DS_X_2024_CSV_EN") | {"language": "EN"},
        ],
    }
    assert melodi.newest_file(entry, "DS_X") == "https://x/DS_X_2023_CSV_FR"


# Whole files.


def test_whole_file(tmp_path: Path) -> None:
    table = read(write_zip(tmp_path / "x.zip", as_csv(HEADER, ROWS)))
    assert list(table.columns) == melodi.COLUMNS
    assert len(table) == 9  # neither the bassin de vie nor the measure that is not used
    assert one(table, "95127", "mediane_niveau_vie") == (21_260, "ok")
    assert one(table, "95127", "taux_pauvrete") == (24.6, "ok")
    assert one(table, "44154", "mediane_niveau_vie") == (None, "secret")
    assert one(table, "55039", "mediane_niveau_vie") == (None, "absent")
    assert one(table, "249500109", "rapport_interdecile") == (3.5, "ok")
    assert one(table, "95", "premier_decile") == (11_000, "ok")
    levels = dict(zip(table["codgeo"], table["niveau"], strict=True))
    assert levels["75101"] == "arm"
    assert (levels["FM"], levels["11"], levels["95"]) == ("france", "region", "departement")


def test_a_confidential_figure_never_shows(tmp_path: Path) -> None:
    rows = [(*ROWS[0][:5], "C", "A", "2023", "21260")]
    table = read(write_zip(tmp_path / "x.zip", as_csv(HEADER, rows)))
    assert cells(table, "valeur", "etat")[0][1] == "secret"
    assert table["valeur"].isna().all()


@pytest.mark.parametrize(("status", "state"), [("W", "ok"), ("K", "absent"), ("L", "absent")])
def test_status_of_merged_communes(tmp_path: Path, status: str, state: str) -> None:
    rows = [(*ROWS[0][:6], status, "2023", "21260")]
    table = read(write_zip(tmp_path / "x.zip", as_csv(HEADER, rows)))
    assert set(table["etat"]) == {state}
    assert table["valeur"].notna().all() == (state == "ok")


def test_a_csv_out_of_its_zip_is_known_by_its_dimensions(tmp_path: Path) -> None:
    path = tmp_path / "revenus.csv"
    path.write_text(as_csv(HEADER, ROWS), "utf-8")
    found = melodi.recognise(sample(path))
    assert found is not None and found.dataset == "DS_FILOSOFI_CC"
    assert len(read(path)) == 9


def test_a_dataset_that_looks_like_one_of_ours_is_left(tmp_path: Path) -> None:
    """Schooling has the dimensions of ages, and one more."""
    header = ("GEO", "GEO_OBJECT", "SEX", "AGE", "ENROL", "RP_MEASURE", "TIME_PERIOD", "OBS_VALUE")
    path = tmp_path / "ecole.csv"
    path.write_text(as_csv(header, [("1", "COM", "_T", "_T", "1", "POP", "2023", "4")]), "utf-8")
    assert melodi.recognise(sample(path)) is None
    other = write_zip(tmp_path / "x.zip", as_csv(header, []), "DS_RP_EDUCATION_2023_data.csv")
    assert melodi.recognise(sample(other)) is None


def test_codes_get_their_zeros_back(tmp_path: Path) -> None:
    rows = [("1004", *ROWS[0][1:]), ("1", "DEP", *ROWS[0][2:]), ("1", "REG", *ROWS[0][2:])]
    table = read(write_zip(tmp_path / "x.zip", as_csv(HEADER, rows)))
    assert cells(table, "niveau", "codgeo") == [
        ("commune", "01004"),
        ("departement", "01"),
        ("region", "01"),
    ]


def test_only_wanted_cells_of_a_crossed_file(tmp_path: Path) -> None:
    header = ("EMPSTA_ENQ", "AGE", "GEO", "GEO_OBJECT", "SEX", "EDUC", "OBS_STATUS",
              "TIME_PERIOD", "OBS_VALUE")  # fmt: skip
    rows = [
        (status, age, "95127", "COM", sex, educ, "A", year, "10")
        for status in ("1", "2", "1T2", "3", "_T")
        for age in ("Y15T64", "Y15T24")
        for sex in ("_T", "F")
        for educ in ("_T", "700_RP")
        for year in ("2012", "2017", "2023")
    ]
    path = write_zip(
        tmp_path / "x.zip", as_csv(header, rows), "DS_RP_EMPLOI_LR_PRINC_2023_data.csv"
    )
    table = read(path)
    assert len(table) == 4 * 3
    assert set(table["annee"]) == {"2012", "2017", "2023"}


def test_an_added_column_is_no_drift_unless_it_crosses(tmp_path: Path) -> None:
    """A new attribute is harmless; a new dimension would count everyone twice: it is named."""
    harmless = [(*row, "2026-01-01") for row in ROWS]
    table = read(write_zip(tmp_path / "a.zip", as_csv((*HEADER, "LAST_UPDATE"), harmless)))
    assert len(table) == 9
    crossed = [(*row, value) for row in ROWS for value in ("F", "M")]
    with pytest.raises(SchemaDrift) as caught:
        read(write_zip(tmp_path / "b.zip", as_csv((*HEADER, "SEX"), crossed)))
    assert caught.value.extra == ("SEX",)
    assert (caught.value.source_id, caught.value.vintage) == ("melodi_filosofi", "2023")


@pytest.mark.parametrize(
    ("name", "other"),
    [("FILOSOFI_MEASURE", "FILO_MEASURE"), ("GEO_OBJECT", "GEO_OBJET"), ("OBS_VALUE", "VALEUR")],
)
def test_a_renamed_column_is_named(tmp_path: Path, name: str, other: str) -> None:
    header = [other if column == name else column for column in HEADER]
    with pytest.raises(SchemaDrift) as caught:
        read(write_zip(tmp_path / "x.zip", as_csv(header, ROWS)))
    assert caught.value.missing == (name,)
    assert "data/columns/melodi_filosofi.csv" in str(caught.value)


def test_another_separator_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaDrift, match="FILOSOFI_MEASURE"):
        read(write_zip(tmp_path / "x.zip", as_csv(HEADER, ROWS, ",")))


def test_repeated_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="en double, la première : commune, 95127"):
        read(write_zip(tmp_path / "x.zip", as_csv(HEADER, [*ROWS, ROWS[0]])))


def test_cut_rows_and_another_encoding_are_refused(tmp_path: Path) -> None:
    cut = as_csv(HEADER, ROWS)[:-30]
    with pytest.raises(SourceUnavailable, match="lignes coupées"):
        read(write_zip(tmp_path / "a.zip", cut + "\n"))
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        text = as_csv(HEADER, [("95127", "COM", "MED_SL", "Été", *ROWS[0][4:])])
        archive.writestr("DS_FILOSOFI_CC_2023_data.csv", text.encode("cp1252"))
    with pytest.raises(SourceUnavailable, match="UTF-8"):
        read(path)


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    whole = write_zip(tmp_path / "x.zip", as_csv(HEADER, ROWS * 1).replace("A", "A" * 9))
    damaged = tmp_path / "damaged.zip"
    content = bytearray(whole.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged.write_bytes(bytes(content))
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[:-30])
    for path in (damaged, cut):
        with pytest.raises(SourceUnavailable, match=r"abîmée? ou tronquée?|mal formé"):
            melodi.parse(raw_file(path), FILOSOFI)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html><body>Erreur</body></html>", "une page web"),
        (b"Le serveur a rencontr\xc3\xa9 une erreur inattendue.", "format inattendu"),
        (b'{"code": 900901, "message": "Invalid Credentials"}', "Invalid Credentials"),
        (b'{"identifier": "DS_FILOSOFI_CC", "observations": [{"dimen', "est coupée"),
        (b"", "un fichier vide"),
    ],
)
def test_errors_of_the_service_are_told(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "DS_FILOSOFI_CC_95.json"
    path.write_bytes(content)
    with pytest.raises((SourceUnavailable, SchemaDrift), match=said):
        melodi.parse(raw_file(path), FILOSOFI)


# Answers.


def test_a_figure_not_released_is_absent_never_zero(tmp_path: Path) -> None:
    body = answer(
        [employment("2026-COM-95127", "2", None), employment("2026-COM-95127", "1T2", 0.0)]
    )
    table = read(write_answer(tmp_path / "a.json", body))
    assert one(table, "95127", "chomeurs_15_64") == (None, "absent")
    assert one(table, "95127", "actifs_15_64") == (0, "ok")
    assert set(table["geographie"]) == {"2026"}


def test_attributes_of_an_answer_are_honoured(tmp_path: Path) -> None:
    secret = observed("2026-COM-95127", {"value": 1.5}, FILOSOFI_MEASURE="PR_MD60")
    secret["attributes"] = {"CONF_STATUS": "C", "OBS_STATUS": "A"}
    shown = observed("2026-EPCI-249500109", {"value": 2.2e4}, FILOSOFI_MEASURE="MED_SL")
    body = answer([secret, shown], identifier="DS_FILOSOFI_CC")
    table = read(write_answer(tmp_path / "a.json", body))
    assert one(table, "95127", "taux_pauvrete") == (None, "secret")
    assert one(table, "249500109", "mediane_niveau_vie") == (22_000, "ok")


def test_an_answer_without_its_dataset_first_is_known(tmp_path: Path) -> None:
    """The service does not always write the identifier first: the dimensions tell."""
    body = answer([employment(f"2026-COM-{n:05}", "2", 1.0) for n in range(1, 900)])
    body = {"observations": body["observations"], "identifier": body["identifier"]}
    path = write_answer(tmp_path / "a.json", body)
    assert "identifier" not in sample(path).head
    assert len(read(path)) == 899


def test_a_dimension_renamed_in_an_answer_is_named(tmp_path: Path) -> None:
    one_more = employment("2026-COM-95127", "2", 1.0)
    one_more["dimensions"]["EMPSTA"] = one_more["dimensions"].pop("EMPSTA_ENQ")
    with pytest.raises(SchemaDrift) as caught:
        read(write_answer(tmp_path / "a.json", answer([one_more])))
    assert (caught.value.missing, caught.value.extra) == (("EMPSTA_ENQ",), ("EMPSTA",))


def test_a_place_in_another_grammar_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaDrift, match="GEO"):
        read(write_answer(tmp_path / "a.json", answer([employment("95127", "2", 1.0)])))


def test_pages_follow_one_another() -> None:
    url = "https://api.insee.fr/melodi/data/X?page=2"
    assert melodi.next_page({"paging": {"next": url}}) == url
    assert melodi.next_page({"paging": {"next": url, "isLast": True}}) is None
    assert melodi.next_page({"paging": {"first": url}}) is None
    assert melodi.next_page({}) is None


# What is asked for.


def test_the_country_is_asked_whole() -> None:
    (asked,) = melodi.downloads(CARDS["melodi_filosofi"], Scope())
    assert asked.url.endswith("/file/DS_FILOSOFI_CC/DS_FILOSOFI_CC_2023_CSV_FR")
    assert asked.fallbacks == (asked.url.replace("2023", "2021"),)


@pytest.mark.shared
def test_the_catalogue_comes_before_the_card(catalogue: list[dict]) -> None:
    (asked,) = melodi.downloads(CARDS["melodi_filosofi"], Scope(), catalogue)
    assert asked.url.endswith("DS_FILOSOFI_CC_2021_CSV_FR")
    assert asked.fallbacks == (asked.url.replace("2021", "2023"),)


def test_a_departement_is_asked_cell_by_cell() -> None:
    asked = melodi.downloads(CARDS["melodi_rp_emploi"], Scope(("95", "2A")))
    assert [one.file_name for one in asked] == [
        "DS_RP_EMPLOI_LR_PRINC_95.json",
        "DS_RP_EMPLOI_LR_PRINC_2A.json",
        "DS_RP_EMPLOI_LR_PRINC_niveaux.json",
    ]
    assert "GEO=DEP-95%2ACOM&" in asked[0].url
    query = parse_qsl(urlsplit(asked[0].url).query)
    assert ("AGE", "Y15T64") in query and ("EMPSTA_ENQ", "1T2") in query
    assert ("maxResult", "100000") in query
    places = [value for name, value in parse_qsl(urlsplit(asked[2].url).query) if name == "GEO"]
    assert places == ["DEP", "REG", "FRANCE-FM"]


def test_the_medians_of_each_epci_are_asked_for() -> None:
    asked = melodi.downloads(CARDS["melodi_filosofi"], Scope(("95",)))
    assert [one.file_name for one in asked][-1] == "DS_FILOSOFI_CC_epci.json"


def test_national_deaths_are_asked_whole_whatever_the_departement() -> None:
    asked = melodi.downloads(CARDS["melodi_mortalite"], Scope(("95",)))
    assert [one.file_name for one in asked] == [
        "DS_EC_DECES.zip",
        "DS_ESTIMATION_POPULATION.zip",
        "DS_DECES_MORTALITE_SERIES.zip",
    ]


# Cards and maps agree.


def test_every_card_has_its_measures_and_its_map() -> None:
    used = {measure.source_id for measure in melodi.measures()}
    assert used == set(CARDS)
    for card in CARDS.values():
        assert list(card.tables) == [card.id]
        header = (DATA / "columns" / f"{card.id}.csv").read_text("utf-8").splitlines()[0]
        assert header.split(",")[1:8] == melodi.COLUMNS
        assert column_map(card.id, melodi.LAYOUT)["GEO"] == "codgeo"


def test_a_measure_is_named_once() -> None:
    names = [(one.source_id, one.name) for one in melodi.measures()]
    assert len(names) == len(set(names))


def test_deaths_keep_sex_and_age(tmp_path: Path) -> None:
    header = ("GEO", "GEO_OBJECT", "SEX", "AGE", "FREQ", "DTH_PLACE", "EC_MEASURE",
              "OBS_STATUS_FR", "TIME_PERIOD", "OBS_VALUE")  # fmt: skip
    rows = [
        ("F", "FRANCE", sex, age, "A", place, measure, "D", "2024", "100")
        for sex in ("F", "M", "_T")
        for age in ("Y_LT25", "Y_GE85", "_T")
        for place in ("1", "_T")
        for measure in ("DTH", "DTH_CUMR")
    ]
    rows.append(("95", "DEP", "_T", "_T", "A", "_T", "DTH", "D", "2024", "7"))
    table = read(write_zip(tmp_path / "x.zip", as_csv(header, rows), "DS_EC_DECES_data.csv"))
    assert len(table) == 9
    assert list(table.columns) == [*melodi.COLUMNS, "sexe", "age", "frequence"]
    assert set(cells(table, "niveau", "codgeo", "mesure")) == {("france", "F", "deces")}


# Years of age, read into five-year bands.

AGES = (*(f"Y{age}" for age in range(100)), "Y_GE100", "_T")
AGE_HEADER = ("AGE", "GEO", "GEO_OBJECT", "RP_MEASURE", "SEX", "TIME_PERIOD", "OBS_VALUE")
AGE_ROWS = [
    (age, "95127", level, "POP", sex, "2023", "1.5")
    for level in ("COM", "BV2022")
    for sex in ("F", "M", "_T")
    for age in AGES
]


def age_zip(folder: Path, rows: Sequence[tuple[str, ...]] = AGE_ROWS) -> Path:
    text = as_csv(AGE_HEADER, rows)
    return write_zip(folder / "x.zip", text, "DS_RP_TD_POPULATION_AGESEX_PRINC_2023_data.csv")


def test_years_of_age_become_bands(tmp_path: Path) -> None:
    """Totals, both sexes together and other levels are left; the last band is open."""
    table = read(age_zip(tmp_path))
    assert len(table) == 40
    assert set(table["mesure"]) == {"femmes", "hommes"}
    figures = table[table["mesure"] == "femmes"].set_index("age")["valeur"]
    assert figures["Y0T4"] == 7.5
    assert figures["Y_GE95"] == 9.0
    assert figures.sum() == 1.5 * 101


def test_bands_are_the_same_whatever_the_blocks(tmp_path: Path, monkeypatch) -> None:
    whole = read(age_zip(tmp_path))
    monkeypatch.setattr(melodi, "BLOCK_BYTES", 700)
    cut = read(age_zip(tmp_path))
    key = ["mesure", "age"]
    pd.testing.assert_frame_equal(
        cut.sort_values(key, ignore_index=True), whole.sort_values(key, ignore_index=True)
    )


def test_a_band_that_lacks_a_year_of_age_has_no_figure(tmp_path: Path) -> None:
    rows = [(*row[:-1], "" if row[0] == "Y3" else row[-1]) for row in AGE_ROWS]
    table = read(age_zip(tmp_path, rows))
    assert set(table.loc[table["age"] == "Y0T4", "etat"]) == {"absent"}
    assert set(table.loc[table["age"] != "Y0T4", "etat"]) == {"ok"}


def test_an_answer_keeps_its_years_of_age(tmp_path: Path) -> None:
    """A page may cut a band: the warehouse adds up, once every page is there."""
    rows = [
        observed("2026-COM-95127", {"value": 2.0}, SEX="F", AGE=f"Y{age}", RP_MEASURE="POP")
        for age in range(5)
    ]
    body = answer(rows, identifier="DS_RP_TD_POPULATION_AGESEX_PRINC")
    table = read(write_answer(tmp_path / "a.json", body))
    assert table["age"].tolist() == ["Y0", "Y1", "Y2", "Y3", "Y4"]


def test_ages_by_commune_are_asked_by_departement() -> None:
    card = CARDS["melodi_population_age"]
    (whole,) = melodi.downloads(card, Scope())
    assert whole.url.endswith("DS_RP_TD_POPULATION_AGESEX_PRINC_2023_CSV_FR")
    communes, larger = melodi.downloads(card, Scope(("95",)))
    assert "GEO=DEP-95%2ACOM&SEX=F&SEX=M&maxResult" in communes.url
    assert larger.file_name.endswith("_niveaux.json")


def test_an_answer_never_stands_for_a_whole_file(tmp_path: Path) -> None:
    body = answer([employment("2026-COM-95127", "2", 1.0)])
    found = melodi.recognise(sample(write_answer(tmp_path / "a.json", body)))
    assert found is not None
    assert found.part == "réponse 2026-COM-95127"
    whole = melodi.recognise(sample(write_zip(tmp_path / "f.zip", as_csv(HEADER, ROWS))))
    assert whole is not None
    assert whole.part == ""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"body": {"identifier": "DS_BPE", "uri": "u", "title": []}}, "catalogue"),
        ({"code": "X", "range": [{"concept": {}}]}, "modalités"),
        ({"codes": [], "niveaux": []}, "nomenclature"),
        ({"observations": [], "identifier": "DS_IPC_PRINC"}, "n'utilise pas"),
        ({"autre": 1}, ""),
    ],
)
def test_what_is_no_figure_says_what_it_is(tmp_path: Path, body: dict, words: str) -> None:
    said = melodi.why_not(sample(write_answer(tmp_path / "a.json", body)))
    assert words in said
    assert bool(said) is bool(words)
