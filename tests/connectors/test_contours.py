"""Official outlines: real files in full, small ones in each layout, damaged ones refused."""

import gzip
import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely

from connectors import contours
from connectors.base import RawFile, Recognition, Scope
from connectors.cards import DATA, load_sources
from connectors.errors import SchemaDrift, SourceUnavailable
from connectors.geometry import communes_at
from tests.connectors.geo_files import raw_of, read, recognise

Feature = dict[str, Any]
DEPARTEMENTS = {
    "46-lot": 312,
    "62-pas-de-calais": 887,
    "63-puy-de-dome": 463,
    "93-seine-saint-denis": 39,
    "95-val-d-oise": 183,
}
# The file draws its eleven EPT, and not the métropole itself.
GRAND_PARIS = "200054781"
FOUND = Recognition("contours_ign", "geojson", contours.BY_CODE)


def square(west: float, south: float = 48.0) -> dict[str, object]:
    return shapely.geometry.mapping(shapely.box(west, south, west + 1, south + 1))


def by_code(code: str, west: float, **others: str) -> Feature:
    properties = {"code": code, "nom": f"Commune {code}", **others}
    return {"type": "Feature", "geometry": square(west), "properties": properties}


def by_id(code: str, west: float) -> Feature:
    feature = by_code(code, west)
    return {**feature, "properties": {"name": f"Commune {code}"}, "id": code}


def written(folder: Path, *features: Feature, name: str = "communes.geojson") -> Path:
    path = folder / name
    text = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return path


def shapes(frame: pd.DataFrame) -> dict[str, shapely.Geometry]:
    return dict(zip(frame["codgeo"], shapely.from_wkb(frame["geometry"].to_numpy()), strict=True))


@pytest.mark.shared
@pytest.mark.parametrize("departement", DEPARTEMENTS)
def test_real_departements_cover_the_communes_of_today(shared_dir: Path, departement: str) -> None:
    """Communes of 2023 that merged since are drawn whole, without hole or overlap."""
    path = shared_dir / "open-data" / "contours" / f"communes-{departement}.geojson"
    frame = read(contours, path)["contours_ign"]
    communes = pd.read_csv(DATA / "embarque" / "cog_communes.csv", dtype=str)
    today = communes[(communes["type"] == "com") & (communes["departement"] == departement[:2])]
    assert len(frame) == DEPARTEMENTS[departement]
    assert set(frame["codgeo"]) == set(today["code"])
    assert set(frame["level"]) == {"commune"}
    drawn = np.asarray(list(shapes(frame).values()))
    assert shapely.is_valid(drawn).all()
    assert shapely.coverage_is_valid(drawn)
    assert shapely.contains_xy(drawn, frame["lon"], frame["lat"]).all()
    before = [feature["geometry"] for feature in json.loads(path.read_text("utf-8"))["features"]]
    whole = shapely.union_all([shapely.geometry.shape(one) for one in before])
    assert shapely.union_all(drawn).area == pytest.approx(whole.area, rel=1e-3)


@pytest.mark.shared
def test_a_merged_commune_joins_its_parts(shared_dir: Path) -> None:
    """95282 joined 95169 in 2024: the file of 2023 draws both."""
    path = shared_dir / "open-data" / "contours" / "communes-95-val-d-oise.geojson"
    features = json.loads(path.read_text("utf-8"))["features"]
    parts = [
        shapely.geometry.shape(feature["geometry"])
        for feature in features
        if feature["id"] in ("95169", "95282")
    ]
    drawn = shapes(read(contours, path)["contours_ign"])
    assert len(parts) == 2
    assert drawn["95169"].area == pytest.approx(sum(part.area for part in parts), rel=0.02)


@pytest.mark.shared
def test_real_epci_and_ept_are_in_degrees(shared_dir: Path) -> None:
    path = shared_dir / "open-data" / "contours" / "epciept-fra-2025-surface-gen.parquet"
    frame = read(contours, path)["contours_ign"]
    assert frame["level"].value_counts().to_dict() == {"epci": 1231, "ept": 11}
    assert set(frame["cog"]) == {"2025"}
    cergy = shapes(frame)["249500109"]
    assert shapely.contains_xy(cergy, 2.0389, 49.0364)
    communes = pd.read_csv(DATA / "embarque" / "cog_communes.csv", dtype=str)
    overseas = communes[(communes["type"] == "com") & (communes["zone"] == "drom")]
    undrawn = set(communes["epci"].dropna()) - set(frame["codgeo"])
    assert undrawn == {*overseas["epci"].dropna(), GRAND_PARIS}


@pytest.mark.parametrize("name", ["communes.geojson", "communes-100m.geojson.gz"])
def test_both_layouts_plain_or_gzipped(tmp_path: Path, name: str) -> None:
    for make in (by_id, by_code):
        path = written(tmp_path, make("95127", 2), make("95018", 3), name=name)
        frame = read(contours, path)["contours_ign"]
        assert sorted(frame["codgeo"]) == ["95018", "95127"]
        assert frame["level"].tolist() == ["commune", "commune"]


def test_arrondissements_are_told_from_communes_and_parts_of_communes_left_out(
    tmp_path: Path,
) -> None:
    path = written(
        tmp_path,
        by_code("75056", 2, departement="75"),
        by_code("75101", 5, departement="75", commune="75056"),
        by_code("95282", 8, departement="95", commune="95169"),
    )
    frame = read(contours, path)["contours_ign"]
    assert dict(zip(frame["codgeo"], frame["level"], strict=True)) == {
        "75056": "commune",
        "75101": "arm",
    }


@pytest.mark.parametrize(
    ("code", "others", "level"),
    [
        ("200023737", {}, "epci"),
        ("200057966", {}, "ept"),
        ("95", {"region": "11"}, "departement"),
        ("11", {}, "region"),
    ],
)
def test_other_levels_of_the_same_service(
    tmp_path: Path, code: str, others: dict[str, str], level: str
) -> None:
    frame = read(contours, written(tmp_path, by_code(code, 2, **others)))["contours_ign"]
    assert frame[["level", "codgeo"]].to_numpy().tolist() == [[level, code]]


def test_neighbours_keep_a_common_border(tmp_path: Path) -> None:
    """A jagged border simplifies the same way on both sides; the edge of the file stays."""
    jagged = [(3 + 0.00001 * (step % 2), 48 + step / 100) for step in range(101)]
    west = shapely.Polygon([(2, 48), *jagged, (2, 49)])
    east = shapely.Polygon([(4, 48), *jagged, (4, 49)])
    features = [by_code("95127", 2), by_code("95018", 3)]
    for feature, shape in zip(features, (west, east), strict=True):
        feature["geometry"] = shapely.geometry.mapping(shape)
    drawn = shapes(read(contours, written(tmp_path, *features))["contours_ign"])
    assert shapely.get_num_coordinates(drawn["95127"]) < 20
    assert shapely.coverage_is_valid(np.asarray(list(drawn.values())))
    assert shapely.union_all(list(drawn.values())).equals(shapely.box(2, 48, 4, 49))


def test_a_commune_that_split_is_not_taken_from_an_older_file(tmp_path: Path) -> None:
    """60694 left 60054 in 2024; a file that draws both is of today."""
    older = read(contours, written(tmp_path, by_code("60054", 2), by_code("60001", 4)))
    assert older["contours_ign"]["codgeo"].tolist() == ["60001"]
    today = read(contours, written(tmp_path, by_code("60054", 2), by_code("60694", 3)))
    assert sorted(today["contours_ign"]["codgeo"]) == ["60054", "60694"]


def test_a_lost_zero_comes_back(tmp_path: Path) -> None:
    path = written(tmp_path, by_code("1004", 5), by_code("01005", 6))
    assert sorted(read(contours, path)["contours_ign"]["codgeo"]) == ["01004", "01005"]


def test_the_year_comes_from_the_address(tmp_path: Path) -> None:
    path = written(tmp_path, by_code("95127", 2))
    url = "https://object.data.gouv.fr/contours-administratifs/2025/geojson/communes-100m.geojson"
    raw = RawFile(path, path.name, url, "direct", "2026-11-23", "")
    assert contours.parse(raw, FOUND)["contours_ign"]["cog"].tolist() == ["2025"]


def test_moved_properties_are_named(tmp_path: Path) -> None:
    renamed = by_code("95127", 2)
    renamed["properties"]["insee"] = renamed["properties"].pop("code")
    for features, missing, extra in (
        ([renamed], ("code",), ()),
        ([by_code("95127", 2, surface="12")], (), ("surface",)),
    ):
        with pytest.raises(SchemaDrift, match="table contours_ign") as caught:
            contours.parse(raw_of(written(tmp_path, *features)), FOUND)
        assert (caught.value.missing, caught.value.extra) == (missing, extra)


def test_a_commune_drawn_twice_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, by_code("95127", 2), by_code("95127", 4))
    with pytest.raises(SourceUnavailable, match="lignes en double"):
        read(contours, path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>502 Bad Gateway</html>", "coupé ou n'est pas du JSON"),
        (b'{"type": "FeatureCollection", "features": [{"ty', "coupé ou n'est pas du JSON"),
        (gzip.compress(b'{"features": []}' * 1000)[:-30], "coupé ou n'est pas du JSON"),
    ],
    ids=["page", "coupé", "gzip coupé"],
)
def test_what_is_not_geojson_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "communes.geojson"
    path.write_bytes(content)
    with pytest.raises(SourceUnavailable, match=words):
        contours.parse(raw_of(path), FOUND)


def test_a_gzip_that_swells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.geometry.MAX_TEXT_BYTES", 1000)
    path = written(tmp_path, *(by_code("95127", 2) for _ in range(20)), name="a.geojson.gz")
    with pytest.raises(SourceUnavailable, match="dépasse 500 Mo"):
        contours.parse(raw_of(path), FOUND)


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        ({"type": "Point", "coordinates": [2, 49]}, "pas que des contours"),
        ({"type": "Polygon", "coordinates": "[…elided in source…]"}, "contour illisible"),
        (None, "contour illisible"),
        (square(650_000, 6_860_000), "pas en degrés"),
    ],
)
def test_geometry_that_cannot_be_drawn_is_refused(
    tmp_path: Path, geometry: object, words: str
) -> None:
    path = written(tmp_path, {**by_code("95127", 2), "geometry": geometry})
    with pytest.raises(SourceUnavailable, match=words):
        contours.parse(raw_of(path), FOUND)


def test_epci_without_a_coordinate_system_are_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"epci_siren": ["200023737"], "epci_nom": ["Grand Cahors"]})
    path = tmp_path / "epci.parquet"
    geopandas.GeoDataFrame(frame, geometry=[shapely.box(0, 0, 1, 1)], crs=None).to_parquet(path)
    with pytest.raises(SchemaDrift, match="système de coordonnées"):
        read(contours, path)
    found = recognise(contours, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SourceUnavailable, match="coupé"):
        contours.parse(raw_of(path), found)


@pytest.mark.shared
def test_other_geojson_files_are_left_to_others(shared_dir: Path) -> None:
    with pytest.raises(AssertionError, match="qpv_95"):
        recognise(contours, shared_dir / "open-data" / "anct" / "qpv_95.geojson")


def test_four_hosts_are_tried_the_newest_first() -> None:
    (download,) = contours.downloads(load_sources()["contours_ign"], Scope(("95",)))
    assert "/2026/geojson/communes-50m.geojson.gz" in download.url
    assert len({url.split("/")[2] for url in (download.url, *download.fallbacks)}) == 4


def test_a_point_is_in_the_first_outline_that_draws_its_commune() -> None:
    """The better outlines come first; a point outside of all has no commune."""

    def drawn(*rows: tuple[str, str, float]) -> pd.DataFrame:
        frame = pd.DataFrame(rows, columns=["level", "codgeo", "west"])
        boxes = [shapely.box(west, 48, west + 1, 49) for west in frame["west"]]
        return frame.assign(geometry=shapely.to_wkb(np.asarray(boxes, dtype=object)))

    better = drawn(("commune", "95127", 2.0), ("epci", "249500109", 4.0))
    package = drawn(("commune", "95127", 7.0), ("commune", "95169", 3.0))
    points = pd.DataFrame(
        {"lon": ["2.5", "3.5", "4.5", "7.5"], "lat": ["48.5"] * 4}, index=[5, 6, 7, 8]
    )
    found = communes_at(points, [better, package])
    assert found.to_dict() == {5: "95127", 6: "95169", 7: "", 8: ""}
