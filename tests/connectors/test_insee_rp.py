"""Extracts of the census passed on by third parties: the real ones, and damaged copies."""

from pathlib import Path

import pandas as pd
import pytest

from connectors import insee_rp as rp
from connectors.base import RawFile, Recognition, Scope
from connectors.cards import load_sources
from connectors.columns import column_map
from connectors.errors import SchemaDrift, SourceUnavailable
from connectors.sniff import sample

HEADER = (
    "insee_com,insee_dep,code_postal,commune_type,population_2021,menages_2021,naissances_2022,"
    "deces_2022,pop_15_64_totale_2021,pop_15_64_chomage_2021,pop_15_64_active_2021"
)
ROWS = (
    "01001,01,01400,COM,832,341,8,5,508,27,417",
    "95127,95,95000,COM,68348,27352,1237,272,46366,4996,32833",
    "95127,95,95800,COM,68348,27352,1237,272,46366,4996,32833",
    "01015,01,01300,COM,667,303,2,3,394,39,307",
    "01015,,01300,COMD,667,303,2,3,394,39,307",
    "75101,75,75001,ARM,15919,9499,160,117,11351,846,9252",
    "55039,55,55100,COM,0,0,0,0,0,0,0",
    "97601,976,97600,COM,0,0,163,24,0,0,0",
)


def raw_file(path: Path) -> RawFile:
    return RawFile(path, path.name, "", "depot", "2026-11-01", "")


def read(path: Path) -> pd.DataFrame:
    found = rp.recognise(sample(path))
    assert found is not None, path.name
    tables = rp.parse(raw_file(path), found)
    assert list(tables) == [found.dataset]
    return tables[found.dataset]


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "extrait.csv"
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


@pytest.fixture
def folder(shared_dir: Path) -> Path:
    return shared_dir / "open-data" / "insee" / "rp"


@pytest.mark.shared
def test_real_extract_of_communes(folder: Path) -> None:
    """36 208 lines, one a postcode; 573 delegated communes repeat the commune that holds them."""
    table = read(folder / "communes_rp2021_extrait.csv")
    assert len(table) == table["codgeo"].nunique() == 34_976
    assert table["type"].value_counts().to_dict() == {"COM": 34_931, "ARM": 45}
    figures = table.set_index("codgeo")
    cergy = figures.loc["95127"]
    assert (cergy["population"], cergy["naissances"], cergy["deces"]) == ("68348", "1237", "272")
    assert (cergy["chomeurs_15_64"], cergy["actifs_15_64"]) == ("4996", "32833")
    assert not {"75056", "69123", "13055"} & set(figures.index)
    assert {"75101", "69381", "13201"} <= set(figures.index)
    births = figures["naissances"].astype(float)
    assert (births.sum(), figures["deces"].astype(float).sum()) == (724_553, 672_845)
    mayotte = figures[figures.index.str.startswith("976")]
    assert len(mayotte) == 17
    assert mayotte["population"].isna().all() and mayotte["naissances"].notna().all()
    assert figures["population"].isna().sum() == 17
    assert (figures["population"] == "0").sum() == 6  # villages destroyed in 1916


@pytest.mark.shared
def test_real_categories(folder: Path) -> None:
    table = read(folder / "population_communes_csp_2022.parquet")
    assert len(table) == 286_188
    assert table["codgeo"].nunique() == 34_844
    assert list(table.columns) == ["codgeo", "pcs", "population"]
    total = table[table["pcs"] == "_T"]["population"].sum()
    assert total == 56_017_504
    cergy = table[table["codgeo"] == "95127"].set_index("pcs")["population"]
    assert (cergy["3"], cergy["_T"]) == (7_129, 53_125)
    # A category without a line is empty: the others give the total, but for the rounding.
    wide = table.pivot(index="codgeo", columns="pcs", values="population").fillna(0)
    assert (wide.drop(columns="_T").sum(axis=1) - wide["_T"]).abs().max() == 3


@pytest.mark.shared
def test_real_labels(folder: Path) -> None:
    table = read(folder / "csp.parquet").set_index("pcs")["libelle"]
    assert len(table) == 8
    assert table["6"] == "Ouvriers"


def test_postcodes_delegated_communes_and_mayotte(tmp_path: Path) -> None:
    table = read(write(tmp_path, *ROWS)).set_index("codgeo")
    assert list(table.index) == ["01001", "95127", "01015", "75101", "55039", "97601"]
    assert table.loc["55039", "population"] == "0"
    assert pd.isna(table.loc["97601", "population"])
    assert table.loc["97601", "naissances"] == "163"
    assert list(table.reset_index().columns) == list(column_map(rp.COMMUNES, "2021").values())


def test_rows_of_one_commune_that_disagree_are_refused(tmp_path: Path) -> None:
    other = ROWS[2].replace("68348", "68349")
    with pytest.raises(SourceUnavailable, match="en double, la première : 95127"):
        read(write(tmp_path, *ROWS[:2], other))


def test_codes_get_their_zeros_back(tmp_path: Path) -> None:
    table = read(write(tmp_path, ROWS[0].removeprefix("0")))
    assert list(table["codgeo"]) == ["01001"]


def test_a_renamed_column_is_named(tmp_path: Path) -> None:
    header = HEADER.replace("deces_2022", "deces_an_2022")
    with pytest.raises(SchemaDrift) as caught:
        read(write(tmp_path, *ROWS, header=header))
    error = caught.value
    assert (error.missing, error.extra) == (("deces_2022",), ("deces_an_2022",))
    assert (error.source_id, error.table, error.vintage) == (rp.SOURCE, rp.COMMUNES, "2021")


def test_an_unknown_kind_of_commune_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="type de commune inconnu, XYZ"):
        read(write(tmp_path, ROWS[0].replace("COM", "XYZ")))


def test_another_separator_and_a_web_page(tmp_path: Path) -> None:
    path = write(tmp_path, *(r.replace(",", ";") for r in ROWS), header=HEADER.replace(",", ";"))
    with pytest.raises(SchemaDrift, match="insee_com"):
        read(path)
    path.write_text("<html><body>Service indisponible</body></html>")
    assert rp.recognise(sample(path)) is None
    with pytest.raises(SourceUnavailable, match="une page web"):
        rp.parse(raw_file(path), Recognition(rp.SOURCE, rp.COMMUNES, "2021"))


def categories(**changes: object) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "code_commune": ["01001", "01001", "01001"],
            "code_csp": ["6", "3", "_T"],
            "population_csp": [123.0, 74.0, 197.0],
        }
    )
    return frame.assign(**changes)


def test_categories_of_another_nomenclature_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    categories(code_csp=["6", "8", "_T"]).to_parquet(path)
    with pytest.raises(SourceUnavailable, match="catégories inconnues, 8"):
        read(path)


def test_repeated_categories_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    categories(code_csp=["6", "6", "_T"]).to_parquet(path)
    with pytest.raises(SourceUnavailable, match="en double"):
        read(path)


def test_a_renamed_parquet_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    categories().rename(columns={"population_csp": "pop_csp"}).to_parquet(path)
    with pytest.raises(SchemaDrift, match="population_csp"):
        read(path)


def test_a_truncated_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    categories().to_parquet(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(SourceUnavailable, match=r"abîmé|tronqué"):
        rp.parse(raw_file(path), Recognition(rp.SOURCE, rp.CATEGORIES, "2022"))


def test_a_category_that_changed_meaning_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "csp.parquet"
    labels = {"code_csp": ["3", "5", "6"], "libelle_csp": ["Cadres", "Employés", "Retraités"]}
    pd.DataFrame(labels).to_parquet(path)
    with pytest.raises(SourceUnavailable, match="la catégorie 6 ne désigne plus « Ouvriers »"):
        read(path)


def test_nothing_is_asked_for() -> None:
    assert rp.downloads(load_sources()[rp.SOURCE], Scope()) == []
