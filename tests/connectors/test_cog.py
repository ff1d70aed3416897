"""The official geographic code: real files in full, and files in Insee's layout, whole or damaged."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from connectors import cog
from connectors.base import Recognition, Scope
from connectors.cards import DATA, load_sources
from connectors.errors import SchemaDrift, SourceUnavailable
from tests.connectors.geo_files import raw_of, read, recognise

HEADER = "MOD,DATE_EFF,TYPECOM_AV,COM_AV,TNCC_AV,NCC_AV,NCCENR_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,TNCC_AP,NCC_AP,NCCENR_AP,LIBELLE_AP"
ROWS = [
    "32,2025-01-01,COM,01187,0,HAUT VALROMEY,Haut Valromey,Haut Valromey,COM,01187,0,HAUT VALROMEY,Haut Valromey,Haut Valromey",
    "32,2025-01-01,COM,01330,0,RUFFIEU,Ruffieu,Ruffieu,COM,01187,0,HAUT VALROMEY,Haut Valromey,Haut Valromey",
    "32,2025-01-01,COM,01330,0,RUFFIEU,Ruffieu,Ruffieu,COMD,01330,0,RUFFIEU,Ruffieu,Ruffieu",
]


@pytest.fixture(scope="session")
def folder(shared_dir: Path) -> Path:
    return shared_dir / "open-data" / "insee" / "cog"


def written(folder: Path, header: str = HEADER, rows: list[str] = ROWS) -> Path:
    path = folder / "v_mvt_commune_2025.csv"
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


@pytest.mark.shared
def test_events_of_the_real_file(folder: Path) -> None:
    events = read(cog, folder / "table_com_evenement.parquet")["cog_evenements"]
    assert len(events) == 8732
    assert (events["date"].min(), events["date"].max()) == ("1943-02-19", "2025-01-01")
    assert events["type"].value_counts().to_dict() == {
        "32": 2736, "33": 1730, "10": 1388, "31": 1316, "41": 904,
        "21": 446, "20": 176, "30": 28, "50": 8,
    }  # fmt: skip
    ruffieu = events[(events["codgeo_avant"] == "01330") & (events["date"] == "2025-01-01")]
    assert ruffieu[["type", "codgeo_apres"]].to_numpy().tolist() == [["32", "01187"]]


@pytest.mark.shared
def test_communes_of_the_real_file_are_those_of_today(folder: Path) -> None:
    communes = read(cog, folder / "ngeo2025.parquet")["cog_ngeo"]
    assert len(communes) == 34_875
    assert (communes["epci"].nunique(), communes["ept"].nunique()) == (1255, 11)
    assert communes.loc[communes["epci"].isna(), "codgeo"].tolist() == [
        "22016", "29083", "29155", "85113",
    ]  # fmt: skip
    assert communes["siren"].is_unique
    assert communes["population"].sum() == 67_760_573
    unknown = communes.loc[communes["population"].isna(), "departement"]
    assert unknown.value_counts().to_dict() == {"976": 17}
    embedded = pd.read_csv(DATA / "embarque" / "cog_communes.csv", dtype=str)
    embedded = embedded[(embedded["type"] == "com") & (embedded["zone"] != "com")]
    today = embedded.set_index("code")["epci"]
    assert communes.set_index("codgeo")["epci"].fillna("").to_dict() == today.fillna("").to_dict()


def test_insees_own_csv_keeps_events_between_communes(tmp_path: Path) -> None:
    """A commune that becomes a commune déléguée of another is a row too: it is left out."""
    events = read(cog, written(tmp_path))["cog_evenements"]
    assert events.to_dict("records") == [
        {
            "date": "2025-01-01",
            "type": "32",
            "codgeo_avant": before,
            "nom_avant": name,
            "codgeo_apres": "01187",
            "nom_apres": "Haut Valromey",
        }
        for before, name in (("01187", "Haut Valromey"), ("01330", "Ruffieu"))
    ]


def test_an_event_written_twice_is_one(tmp_path: Path) -> None:
    assert len(read(cog, written(tmp_path, rows=ROWS + ROWS))["cog_evenements"]) == 2


def test_a_lost_zero_comes_back(tmp_path: Path) -> None:
    rows = [row.replace(",01", ",1") for row in ROWS]
    events = read(cog, written(tmp_path, rows=rows))["cog_evenements"]
    assert events["codgeo_apres"].tolist() == ["01187", "01187"]


@pytest.mark.parametrize(
    ("header", "missing", "extra"),
    [
        (HEADER.replace("LIBELLE_AP", "NOM_AP"), ("LIBELLE_AP",), ("NOM_AP",)),
        (HEADER.replace("TYPECOM_AV", "TYPE_AV"), ("TYPECOM_AV",), ()),
        (HEADER.replace("NCCENR_AP", "SURFACE"), (), ("SURFACE",)),
    ],
)
def test_moved_columns_are_named(
    tmp_path: Path, header: str, missing: tuple[str, ...], extra: tuple[str, ...]
) -> None:
    with pytest.raises(SchemaDrift, match="Source cog_evenements, table cog_evenements") as caught:
        read(cog, written(tmp_path, header))
    assert (caught.value.missing, caught.value.extra) == (missing, extra)
    assert "data/columns/cog_evenements.csv" in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([ROWS[0].replace("01187", "CERGY")], "codes mal formés, dont « CERGY »"),
        ([ROWS[0][:40]], "coupé ou mal formé"),
        ([], "aucune ligne de données"),
    ],
)
def test_damaged_rows_are_refused(tmp_path: Path, rows: list[str], words: str) -> None:
    with pytest.raises(SourceUnavailable, match=words):
        read(cog, written(tmp_path, rows=rows))


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(path.read_text("utf-8").replace("Ruffieu", "Ruffié").encode("cp1252"))
    with pytest.raises(SourceUnavailable, match="pas encodé en UTF-8"):
        read(cog, path)


def ngeo(folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Path:
    """A file in the layout of ngeo2025, two communes of it, changed."""
    names = [name for name in cog.column_map("cog_ngeo", "2025") if name != "pop_recens"]
    others = sorted(cog.UNUSED["cog_ngeo", "2025"])
    frame = pd.DataFrame({name: ["x", "y"] for name in (*names, *others)})
    frame = frame.assign(com_insee=["01001", "95127"], pop_recens=[859.0, 70_906.0])
    path = folder / "ngeo2025.parquet"
    change(frame).to_parquet(path)
    return path


def test_an_unknown_population_stays_unknown(tmp_path: Path) -> None:
    path = ngeo(tmp_path, lambda frame: frame.assign(pop_recens=[859.0, None]))
    assert read(cog, path)["cog_ngeo"]["population"].isna().tolist() == [False, True]


def test_a_renamed_column_is_named(tmp_path: Path) -> None:
    path = ngeo(tmp_path, lambda frame: frame.rename(columns={"pop_recens": "pmun"}))
    with pytest.raises(SchemaDrift) as caught:
        read(cog, path)
    assert (caught.value.missing, caught.value.extra) == (("pop_recens",), ("pmun",))


def test_a_commune_twice_is_refused(tmp_path: Path) -> None:
    path = ngeo(tmp_path, lambda frame: pd.concat([frame, frame.head(1)]))
    with pytest.raises(SourceUnavailable, match=r"lignes en double sur codgeo \(01001"):
        read(cog, path)


def test_a_parquet_cut_short_is_refused(tmp_path: Path) -> None:
    path = ngeo(tmp_path, lambda frame: frame)
    found = recognise(cog, path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(SourceUnavailable, match="coupé"):
        cog.parse(raw_of(path), found)


def test_html_served_for_the_csv_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "v_mvt_commune_2026.csv"
    path.write_text("<html><body>503</body></html>")
    with pytest.raises(SourceUnavailable, match="page HTML"):
        cog.parse(raw_of(path), Recognition("cog_evenements", "cog_evenements", cog.INSEE_CSV))


def test_the_newest_events_are_asked_for_first() -> None:
    cards = load_sources()
    (download,) = cog.downloads(cards["cog_evenements"], Scope())
    assert download.url.endswith("v_mvt_commune_2026.csv")
    assert [url.rsplit("/", 1)[1] for url in download.fallbacks] == ["v_mvt_commune_2025.csv"]
    assert cog.downloads(cards["cog_ngeo"], Scope()) == []
