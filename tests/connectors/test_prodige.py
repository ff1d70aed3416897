"""Layers of Prodige: degrees and Lambert 93, padded texts, pages, a uuid that moved."""

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from connectors import prodige
from connectors.base import RawFile, Recognition, Scope
from connectors.cards import load_sources
from connectors.sniff import sample
from connectors.text_files import table_columns
from tests.connectors.producer_files import raw_file, recognised, refusal, tables, written

ZONES, POINTS = "atlasante_zones_postales", "atlasante_defibrillateurs"
SQUARE = shapely.box(2.0, 49.0, 2.1, 49.1)


def feature(geometry: object, **properties: object) -> dict:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def zone(code: str = "95000", shape: object = SQUARE, **changes: object) -> dict:
    text = {"id": f"{code}   ", "lib": "CERGY\r\n PONTOISE  ", "dep": "95 "}
    return feature(shapely.geometry.mapping(shape), **(text | changes))


def device(code: int = 1, lon: float = 2.05, **changes: object) -> dict:
    what = {"c_gid": code, "c_nom": "Mairie", "c_com_insee": "95127", "c_acc": "Intérieur"}
    place = {"type": "Point", "coordinates": [lon, 49.03]}
    return feature(place, **(what | {"c_maj_don": "2026-10-01", "c_expt_rais": None} | changes))


def collection(features: list[dict], **more: object) -> str:
    return json.dumps({"type": "FeatureCollection", **more, "features": features})


def test_zones_in_lambert_93_become_degrees(tmp_path: Path) -> None:
    projected = gpd.GeoSeries([SQUARE], crs="EPSG:4326").to_crs("EPSG:2154").iloc[0]
    path = written(tmp_path, collection([zone(shape=projected)]), "z.json")
    found = recognised(prodige, path)
    assert (found.source_id, found.part) == (ZONES, "depuis 95000")
    (row,) = tables(prodige, path)["prodige"].to_dict("records")
    assert list(row) == table_columns("prodige")
    assert (row["code"], row["nom"], row["departement"]) == ("95000", "CERGY PONTOISE", "95")
    assert shapely.from_wkb(row["geometry"]).equals_exact(SQUARE, 1e-3)
    assert SQUARE.contains(shapely.Point(row["lon"], row["lat"]))


def test_points_have_a_place_and_no_outline(tmp_path: Path) -> None:
    frame = tables(prodige, written(tmp_path, collection([device(), device(2, 2.06)]), "d.json"))
    table = frame["prodige"]
    assert table["geometry"].isna().all()
    assert table[["code", "codgeo", "lon"]].values.tolist() == [["1", "95127", 2.05], ["2", "95127", 2.06]]  # fmt: skip


def test_an_empty_answer_is_no_row_and_its_types_stack(tmp_path: Path) -> None:
    path = written(tmp_path, collection([], name="geodae_publique"), "d.json")
    assert recognised(prodige, path) == Recognition(POINTS, "prodige", POINTS, "réponse vide")
    table = tables(prodige, path)["prodige"]
    assert len(table) == 0
    assert table["lon"].dtype == float


def test_moved_properties_and_odd_places_are_named(tmp_path: Path) -> None:
    found = Recognition(ZONES, "prodige", ZONES)
    path = written(tmp_path, collection([zone()]).replace('"lib"', '"libelle"'), "z.json")
    assert prodige.recognise(sample(path)) is None
    refusal(prodige, path, "lib", "libelle", found=found)
    mercator = collection([zone()], crs={"properties": {"name": "urn:ogc:def:crs:EPSG::3857"}})
    refusal(prodige, written(tmp_path, mercator, "z.json"), "projection inattendue")
    twice = collection([zone(), zone()])
    refusal(prodige, written(tmp_path, twice, "z.json"), "1 lignes en double")
    bare = collection([zone() | {"geometry": None}])
    refusal(prodige, written(tmp_path, bare, "z.json"), "géométrie illisible")
    refusal(prodige, written(tmp_path, collection([zone()])[:-30], "z.json"), "coupé", found=found)
    refusal(prodige, written(tmp_path, '{"a": 1}', "z.json"), "collection", found=found)
    lost = collection([device(c_com_insee="1001")])
    refusal(prodige, written(tmp_path, lost, "d.json"), "colonne codgeo", "« 1001 »")


def test_addresses_are_built_from_the_card() -> None:
    cards = load_sources()
    (zones,) = prodige.downloads(cards[ZONES], Scope())
    assert zones.url == f"{cards[ZONES].urls['api']}/{cards[ZONES].urls['uuid']}?srs=EPSG%3A4326"
    assert len(zones.fallbacks) == 1
    (points,) = prodige.downloads(cards[POINTS], Scope())
    assert "typename=ms:geodae_publique&outputFormat=geojson&srsName=EPSG:4326" in points.url
    assert points.url.endswith("count=5000&startIndex=0")
    assert cards[POINTS].urls["uuid_ancien"] in points.fallbacks[-1]
    none = cards[ZONES].model_copy(update={"urls": {"uuid": ""}})
    assert prodige.downloads(none, Scope()) == []


def test_pages_follow_while_they_are_full(tmp_path: Path) -> None:
    path = written(tmp_path, collection([device(), device(2)]), "d.json")
    for asked, following in (
        ("https://x.fr/wfs/u?typename=ms:t&count=2&startIndex=0", "count=2&startIndex=2"),
        ("https://x.fr/wfs/u?typename=ms:t&count=3&startIndex=3", None),
        ("https://x.fr/api/data/u?srs=EPSG:4326", None),
    ):
        raw = RawFile(**{**vars(raw_file(path)), "url": asked})
        found = prodige.following(raw, POINTS)
        assert (found or "").endswith(following or "")
        assert (found is None) is (following is None)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"metadata": {"title": "geodae_publique", "geonet:info": {"uuid": "n"}}}, "n"),
        ({"metadata": [{"title": "autre", "geonet:info": {"uuid": "n"}}]}, None),
        ({"metadata": [{"t": "geodae_publique", "geonet:info": {"uuid": u}} for u in "ab"]}, None),
        ({}, None),
    ],
)
def test_a_moved_uuid_is_searched_in_the_catalogue(answer: dict, found: str | None) -> None:
    """One record alone that names the table: never a guess between two."""
    card = load_sources()[POINTS]
    old = card.urls["uuid"]
    asked: list[str] = []

    def read(url: str) -> bytes:
        asked.append(url)
        return json.dumps(answer).encode()

    url = prodige.elsewhere(card, f"https://x.fr/wfs/{old}?a=1", read)
    assert url == (f"https://x.fr/wfs/{found}?a=1" if found else None)
    assert "any=geodae_publique" in asked[0]


def test_a_description_of_the_layer_alone_is_not_one(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps({"type": "FeatureCollection", "features": 3}), "d.json")
    assert prodige.recognise(sample(path)) is None
    found = Recognition(POINTS, "prodige", POINTS)
    refusal(prodige, path, "collection", found=found)
