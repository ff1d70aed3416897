"""QPV of 2024: outlines in a zip or not, memberships, and nothing of 2015."""

import json
import zipfile
from pathlib import Path

import pytest
import shapely

from connectors import anct_qpv
from connectors.base import Recognition, Scope
from connectors.cards import load_sources
from connectors.sniff import sample
from tests.connectors.producer_files import HTML, drift, recognised, refusal, tables, written

MEMBER = "GEOJSON/QP2024_France_Hexagonale_Outre_Mer_WGS84.geojson"
CONTOURS = Recognition("anct_qpv_contours", "contours", "national")
LIST = Recognition("anct_qpv_liste", "liste", "2024")


def square(x: float) -> dict:
    return shapely.geometry.mapping(shapely.box(x, 45.0, x + 0.01, 45.01))


def collection(rows: list[tuple[dict, dict]]) -> str:
    features = [
        {"type": "Feature", "properties": properties, "geometry": geometry}
        for properties, geometry in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def national(code: str = "QN00101M", x: float = 5.0) -> tuple[dict, dict]:
    names = {"code_qp": code, "lib_qp": "La Reyssouze", "insee_dep": "01", "insee_com": "01053"}
    return names | {"lib_com": "Bourg-en-Bresse", "siren_epci": "200071751"}, square(x)


def a_list(codes: str = "QN00101M, QN00102M", names: str = "La Reyssouze, Croix Blanche") -> str:
    properties = {"insee_com": "01053", "lib_com": "Bourg", "code_qp": codes, "lib_qp": names}
    return collection([(properties, {"type": "Point", "coordinates": [5.2, 46.2]})])


def zipped(folder: Path, text: str, member: str = MEMBER) -> Path:
    path = folder / "qpv.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("SHP/lisez-moi.txt", "x")
        archive.writestr(member, text)
    return path


@pytest.mark.parametrize("as_zip", [True, False])
def test_outlines_are_read_zipped_or_not(tmp_path: Path, as_zip: bool) -> None:
    """A quartier cut at a commune limit is made whole."""
    text = collection([national(x=5.0), national(x=5.01), national("QN97414I", 55.4)])
    path = zipped(tmp_path, text) if as_zip else written(tmp_path, text, "qpv.geojson")
    assert recognised(anct_qpv, path) == CONTOURS
    frame = tables(anct_qpv, path)["qpv_contours"].set_index("code_qp")
    assert list(frame.index) == ["QN00101M", "QN97414I"]
    assert shapely.from_wkb(frame.loc["QN00101M", "geometry"]).area == pytest.approx(2e-4)


def test_a_commune_with_several_quartiers_gives_one_row_each(tmp_path: Path) -> None:
    path = written(tmp_path, a_list(), "liste.geojson")
    assert recognised(anct_qpv, path) == LIST
    frame = tables(anct_qpv, path)["qpv_communes"]
    assert frame.to_dict("records") == [
        {"code_qp": "QN00101M", "quartier": "La Reyssouze", "codgeo": "01053"},
        {"code_qp": "QN00102M", "quartier": "Croix Blanche", "codgeo": "01053"},
    ]


@pytest.mark.shared
def test_the_real_outlines(shared_dir: Path) -> None:
    path = shared_dir / "open-data/anct/qpv_95.geojson"
    assert recognised(anct_qpv, path).vintage == "departement"
    frame = tables(anct_qpv, path)["qpv_contours"].set_index("code_qp")
    assert len(frame) == 42
    assert frame.loc["QN09511M", "quartier"] == "Axe Majeur - Horloge"
    shapes = shapely.from_wkb(frame["geometry"].to_numpy())
    assert shapely.is_valid(shapes).all()
    west, south, east, north = shapely.total_bounds(shapes)
    assert 1.6 < west < east < 2.6
    assert 48.9 < south < north < 49.3


@pytest.mark.shared
def test_the_real_list(shared_dir: Path) -> None:
    path = shared_dir / "open-data/anct/qpv2024_communes_centroides.geojson"
    assert recognised(anct_qpv, path) == LIST
    frame = tables(anct_qpv, path)["qpv_communes"]
    assert len(frame) == 1684
    assert frame["code_qp"].nunique() == 1493
    assert frame["codgeo"].nunique() == 824
    assert (frame.groupby("code_qp").size() > 1).sum() == 148
    assert "QN09511M" in set(frame.loc[frame["codgeo"] == "95127", "code_qp"])


def test_quartiers_of_2015_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, collection([national("QP001001")]), "vieux.geojson")
    refusal(anct_qpv, path, "colonne code_qp", "« QP001001 »")
    mixed = collection([national(), national("QP001001")])
    refusal(anct_qpv, written(tmp_path, mixed, "mixte.geojson"), "« QP001001 »")


def test_a_renamed_property_is_named(tmp_path: Path) -> None:
    text = collection([national()]).replace("lib_qp", "nom_qp")
    assert drift(anct_qpv, written(tmp_path, text, "q.geojson"), "lib_qp").missing == ("lib_qp",)
    text = a_list().replace("insee_com", "code_insee")
    drift(anct_qpv, written(tmp_path, text, "l.geojson"), "insee_com")


def test_a_damaged_list_says_where(tmp_path: Path) -> None:
    path = written(tmp_path, a_list(names="La Reyssouze"), "l.geojson")
    refusal(anct_qpv, path, "commune 01053", "codes que de noms")
    path = written(tmp_path, a_list("QN00101M, QN00101M"), "l.geojson")
    refusal(anct_qpv, path, "1 lignes en double")
    path = written(tmp_path, a_list().replace("01053", "1053"), "l.geojson")
    refusal(anct_qpv, path, "colonne codgeo", "« 1053 »")


def test_missing_geometry_cut_files_and_other_archives_are_refused(tmp_path: Path) -> None:
    properties, _ = national()
    empty = collection([(properties, None), national("QN00102M")])  # type: ignore[list-item]
    refusal(anct_qpv, written(tmp_path, empty, "q.geojson"), "géométrie")
    text = collection([national()])
    refusal(anct_qpv, written(tmp_path, text[:-40], "q.geojson"), "coupé", found=CONTOURS)
    refusal(anct_qpv, written(tmp_path, HTML, "q.geojson"), "page HTML", found=CONTOURS)
    other = zipped(tmp_path, text, "SHP/autre.geojson")
    assert anct_qpv.recognise(sample(other)) is None
    refusal(anct_qpv, other, "GeoJSON QP2024", found=CONTOURS)
    path = zipped(tmp_path, text)
    path.write_bytes(path.read_bytes().replace(b"FeatureC", b"XXXXXXXX")[:-30])
    refusal(anct_qpv, path, "coupé", found=CONTOURS)


def test_an_archive_that_announces_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anct_qpv, "MAX_MEMBER_BYTES", 10)
    path = zipped(tmp_path, collection([national()]))
    refusal(anct_qpv, path, "taille invraisemblable", found=CONTOURS)


def test_the_stable_address_is_asked_first() -> None:
    cards = load_sources()
    (one,) = anct_qpv.downloads(cards["anct_qpv_contours"], Scope())
    assert "942d4ee8-8142-4556-8ea1-335537ce1119" in one.url
    assert len(one.fallbacks) == 1
    assert anct_qpv.downloads(cards["anct_qpv_liste"], Scope()) == []
