"""geo.api.gouv.fr: recorded bodies, answers in the service's documented form, damaged ones."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from connectors import geo_api
from connectors.base import Recognition, Scope
from connectors.cards import load_sources
from connectors.errors import SchemaDrift, SourceUnavailable
from connectors.sniff import sample
from tests.connectors.geo_files import raw_of, read

CERGY = {
    "nom": "Cergy",
    "code": "95127",
    "codeDepartement": "95",
    "siren": "219501277",
    "codeEpci": "249500109",
    "codeRegion": "11",
    "codesPostaux": ["95000", "95800"],
    "population": 70906,
}
FOUND = Recognition("geo_api", "geo_api_communes", geo_api.VINTAGE)


def written(folder: Path, body: Any) -> Path:
    path = folder / "reponse.json"
    path.write_text(body if isinstance(body, str) else json.dumps(body, ensure_ascii=False))
    return path


def collection(*properties: dict[str, Any]) -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "properties": one,
            "geometry": shapely.geometry.mapping(shapely.box(2 + place, 48, 3 + place, 49)),
        }
        for place, one in enumerate(properties)
    ]
    return {"type": "FeatureCollection", "features": features}


@pytest.mark.shared
def test_recorded_bodies(shared_dir: Path, tmp_path: Path) -> None:
    recorded = json.loads(
        (shared_dir / "open-data" / "geo-api" / "geo_api_communes_real.json").read_text("utf-8")
    )
    bodies = [body for name, body in recorded.items() if name.startswith("GET /communes")]
    bodies.append([recorded["feature properties with format=geojson&geometry=contour"]])
    rows = []
    for body in bodies:
        tables = read(geo_api, written(tmp_path, body))
        assert list(tables) == ["geo_api_communes"]
        rows += tables["geo_api_communes"][["codgeo", "epci", "population"]].to_numpy().tolist()
    assert rows == [
        ["01001", "200069193", 859],
        ["75056", "200054781", 2133111],
        ["28390", "200070159", 316],
        ["77218", "200040251", 107],
    ]


def test_communes_with_their_outlines(tmp_path: Path) -> None:
    merged = {**CERGY, "code": "95169", "nom": "Commeny", "anciensCodes": ["95169", "95282"]}
    island = {key: value for key, value in CERGY.items() if key != "codeEpci"}
    body = collection(merged, {**island, "code": "29155", "nom": "Ouessant"})
    tables = read(geo_api, written(tmp_path, body))
    communes = tables["geo_api_communes"].set_index("codgeo")
    assert communes.loc["95169", "anciens_codes"] == "95169 95282"
    assert communes["epci"].isna().to_dict() == {"95169": False, "29155": True}
    outlines = tables["geo_api_contours"]
    assert outlines[["level", "codgeo"]].to_numpy().tolist() == [
        ["commune", "95169"],
        ["commune", "29155"],
    ]
    assert shapely.from_wkb(outlines["geometry"][0]).equals(shapely.box(2, 48, 3, 49))


def test_a_single_commune_and_the_epci_of_a_departement(tmp_path: Path) -> None:
    assert len(read(geo_api, written(tmp_path, CERGY))["geo_api_communes"]) == 1
    epci = {
        "nom": "CA de Cergy-Pontoise",
        "code": "249500109",
        "codesDepartements": ["78", "95"],
        "codesRegions": ["11"],
        "population": 217000,
    }
    tables = read(geo_api, written(tmp_path, [epci]))
    assert tables["geo_api_epci"].to_dict("records") == [
        {
            "codgeo": "249500109",
            "nom": "CA de Cergy-Pontoise",
            "population": 217000,
            "departements": "78 95",
            "regions": "11",
        }
    ]


def test_a_population_not_given_stays_unknown(tmp_path: Path) -> None:
    unknown = {key: value for key, value in CERGY.items() if key != "population"}
    body = [CERGY, {**unknown, "code": "95018"}]
    communes = read(geo_api, written(tmp_path, body))["geo_api_communes"]
    assert communes["population"].isna().tolist() == [False, True]


def test_moved_fields_are_named(tmp_path: Path) -> None:
    renamed = {"codeCommune" if key == "code" else key: value for key, value in CERGY.items()}
    for body, missing, extra in (
        ([renamed], ("code",), ("codeCommune",)),
        ([{**CERGY, "altitude": 50}], (), ("altitude",)),
    ):
        with pytest.raises(SchemaDrift, match="Source geo_api, table geo_api_communes") as caught:
            geo_api.parse(raw_of(written(tmp_path, body)), FOUND)
        assert (caught.value.missing, caught.value.extra) == (missing, extra)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("[]", "pas une liste de territoires, ou est vide"),
        ("Not Found", "coupé ou n'est pas du JSON"),
        ("This endpoint does not support an unfiltered API call", "coupé ou n'est pas du JSON"),
        ("<html>502</html>", "coupé ou n'est pas du JSON"),
        ('[{"nom":"Cergy","code":"951', "coupé ou n'est pas du JSON"),
        ([CERGY, CERGY], "lignes en double"),
        ([{**CERGY, "code": "CERGY"}], "codes mal formés"),
    ],
)
def test_answers_that_are_none_are_refused(tmp_path: Path, body: Any, words: str) -> None:
    with pytest.raises(SourceUnavailable, match=words):
        geo_api.parse(raw_of(written(tmp_path, body)), FOUND)


def test_a_lost_zero_comes_back(tmp_path: Path) -> None:
    body = [{**CERGY, "code": "1001"}]
    assert read(geo_api, written(tmp_path, body))["geo_api_communes"]["codgeo"].tolist() == [
        "01001"
    ]


@pytest.mark.parametrize("body", ['{"error": "nom"}', '[{"nom": "Cergy", "insee": "95127"}]'])
def test_other_json_is_left_to_others(tmp_path: Path, body: str) -> None:
    assert geo_api.recognise(sample(written(tmp_path, body))) is None


def test_requests_go_departement_by_departement() -> None:
    card = load_sources()["geo_api"]
    urls = [one.url for one in geo_api.downloads(card, Scope(("95", "2A")))]
    assert [url.split("?")[0] for url in urls] == [
        "https://geo.api.gouv.fr/departements/95/communes",
        "https://geo.api.gouv.fr/epcis",
        "https://geo.api.gouv.fr/departements/2A/communes",
        "https://geo.api.gouv.fr/epcis",
    ]
    assert "geometry=contour" in urls[0]
    assert "codeDepartement=2A" in urls[3]
    whole = geo_api.downloads(card, Scope())
    assert len(whole) == 2 * 101
    assert len({one.file_name for one in whole}) == len(whole)
