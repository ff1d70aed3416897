"""The interactive map: what is published, what is sent to the browser, and that text stays text."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from views import maps
from views.classification import Classes, class_characters
from views.maps import (
    GeometryLayer,
    MapAssetsMissing,
    choropleth_map,
    ensure_leaflet,
    perimeter_map,
    publish_layer,
)

ATTACK = "<script>alert('x')</script> {{ 7 * 7 }} {% raw %} {# note #} a_b </script>"
CLASSES = Classes("quantiles", (0.0, 1.0, 2.0, 3.0), (1, 1, 1))
LAYER = GeometryLayer(
    "communes-95", "/app/static/geo/communes-95-abc.json", tuple("ABCDE"), (0, 0, 1, 1)
)
VALUES = pd.Series({"A": 0.5, "B": 1.5, "C": 2.5, "D": 0.2})
STATES = pd.Series({"A": "ok", "B": "approx", "C": "secret", "D": "absent"})


def squares(codes: list[str], crs: int = 4326) -> gpd.GeoDataFrame:
    """One square a code, side by side, named after it."""
    shapes = [shapely.box(2 + i / 10, 49, 2 + (i + 1) / 10, 49.1) for i in range(len(codes))]
    return gpd.GeoDataFrame(
        {"code": codes, "name": [f"Commune {code}" for code in codes]}, geometry=shapes, crs=crs
    )


def fake_leaflet(folder: Path) -> SimpleNamespace:
    """A stand-in for the package, with the files the map needs."""
    (folder / "images").mkdir(parents=True)
    for name in ("leaflet.js", "leaflet.css", "images/marker-icon.png", "leaflet-src.js"):
        (folder / name).write_text(name)
    return SimpleNamespace(BASE_DIR=str(folder))


def draw(sent: list[dict], **changes: object) -> str | None:
    """`choropleth_map` with ordinary arguments, all of them replaceable."""
    arguments: dict = {
        "classes": CLASSES,
        "values": VALUES,
        "states": STATES,
        "colours": ["#111111", "#222222", "#333333"],
        "tooltips": pd.Series({"A": "Commune A\n0,5"}),
        "inside": ["A", "B", "C", "D"],
        "legend_title": "Titre",
        "legend_labels": ["un", "deux", "trois"],
        "key": "carte",
    }
    return choropleth_map(LAYER, **(arguments | changes))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """What each call of the map hands to the browser; the session memory is a plain dictionary."""
    calls: list[dict] = []

    def capture(**arguments: object) -> dict:
        calls.append(arguments)
        return {}

    monkeypatch.setattr("streamlit_folium._component_func", capture)
    monkeypatch.setattr(maps.st, "session_state", {})
    return calls


def update_of(call: dict) -> dict:
    """The JSON handed to `gradientMap.apply`, read back as the browser reads it."""
    found = re.search(r"gradientMap\.apply\((\{.*\})\);", call["feature_group"])
    assert found is not None
    update = json.loads(found.group(1))
    return update | {"classes": unpacked(**update["classes"])}


def unpacked(alphabet: str, base: int, size: int, length: int, digits: str) -> str:
    """What `map.js` reads: groups of characters, each written as one digit."""
    groups = []
    for number in (maps._DIGITS.index(one) for one in digits):
        ranks = [number // base**power % base for power in reversed(range(size))]
        groups.append("".join(alphabet[rank] for rank in ranks))
    return "".join(groups)[:length]


def written(content: dict[str, Any]) -> list[list[list[np.ndarray]]]:
    """What `map.js` reads: polygons of each territory, rings of each polygon, points in degrees."""
    steps, points, rings = (iter(content[key]) for key in ("steps", "points", "rings"))

    def ring() -> np.ndarray:
        taken = [next(steps) for _ in range(2 * next(points))]
        return np.cumsum(np.reshape(taken, (-1, 2)), axis=0) / content["scale"]

    return [
        [[ring() for _ in range(next(rings))] for _ in range(count)]
        for count in content["polygons"]
    ]


def test_published_geojson_is_compact_sorted_and_anonymous(tmp_path: Path) -> None:
    gdf = squares(["B", "A"]).assign(population=3)
    gdf.geometry = shapely.transform(gdf.geometry.to_numpy(), lambda xy: xy + 0.123456789)
    layer = publish_layer(gdf, tmp_path, "communes-95")
    path = tmp_path / "geo" / Path(layer.url).name
    content = json.loads(path.read_text("utf-8"))
    assert layer.codes == ("A", "B")
    assert sorted(content) == ["codes", "names", "points", "polygons", "rings", "scale", "steps"]
    assert content["codes"] == ["A", "B"]
    assert content["names"] == ["Commune A", "Commune B"]
    assert "." not in path.read_text("utf-8"), "whole numbers only"
    for shape, expected in zip(written(content), gdf.sort_values("code").geometry, strict=True):
        ((points,),) = shape
        assert points == pytest.approx(shapely.get_coordinates(expected), abs=1e-5)
    assert layer.bounds == pytest.approx(tuple(gdf.total_bounds))
    assert " " not in path.read_text("utf-8").replace("Commune ", "")


def test_publishing_twice_writes_once_and_ignores_the_order_of_rows(tmp_path: Path) -> None:
    gdf = squares(["A", "B", "C"])
    first = publish_layer(gdf, tmp_path, "communes-95")
    path = tmp_path / "geo" / Path(first.url).name
    written = path.stat().st_ino
    assert publish_layer(gdf.iloc[::-1], tmp_path, "communes-95") == first
    assert path.stat().st_ino == written


def test_another_geometry_gets_another_address(tmp_path: Path) -> None:
    first = publish_layer(squares(["A", "B"]), tmp_path, "communes")
    second = publish_layer(squares(["A", "C"]), tmp_path, "communes")
    assert first.url != second.url
    assert len(list((tmp_path / "geo").iterdir())) == 2


def test_files_that_nobody_asks_for_go_after_a_day(tmp_path: Path) -> None:
    old, used = (publish_layer(squares(["A", code]), tmp_path, "communes") for code in "BC")
    script = tmp_path / "leaflet" / "gradient-0123456789ab.js"
    script.parent.mkdir()
    script.write_text("earlier version")
    two_days_ago = time.time() - 2 * 24 * 3600
    for file in (script, *(tmp_path / "geo").iterdir()):
        os.utime(file, (two_days_ago, two_days_ago))
    assert maps.is_served(used, tmp_path)
    new = publish_layer(squares(["A", "D"]), tmp_path, "communes")
    ensure_leaflet(tmp_path)
    assert {path.name for path in (tmp_path / "geo").iterdir()} == {
        Path(layer.url).name for layer in (used, new)
    }
    assert not script.exists()
    assert not maps.is_served(old, tmp_path)
    assert publish_layer(squares(["A", "B"]), tmp_path, "communes") == old
    assert maps.is_served(old, tmp_path)


def test_publishing_from_many_threads_leaves_one_whole_file(tmp_path: Path) -> None:
    gdf = squares([f"{number:05d}" for number in range(300)])
    with ThreadPoolExecutor(8) as pool:
        layers = list(pool.map(lambda _: publish_layer(gdf, tmp_path, "communes"), range(24)))
    assert len(set(layers)) == 1
    (path,) = (tmp_path / "geo").iterdir()
    assert len(written(json.loads(path.read_text("utf-8")))) == 300


def test_a_failed_write_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError("disque plein")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="disque plein"):
        publish_layer(squares(["A"]), tmp_path, "communes")
    assert list((tmp_path / "geo").iterdir()) == []


@settings(max_examples=50, deadline=None)
@given(key=st.one_of(st.text(max_size=40), st.text(alphabet="./_-aZ9", max_size=20)))
def test_a_key_cannot_leave_the_folder_nor_hold_an_underscore(key: str) -> None:
    with TemporaryDirectory() as folder:
        static = Path(folder) / "static"
        try:
            layer = publish_layer(squares(["A"]), static, key)
        except ValueError as error:
            assert "clé" in str(error)
            assert not re.search("[a-z0-9]", key.lower())
            return
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", layer.key)
        assert [path.name for path in Path(folder).iterdir()] == ["static"]
        assert (static / "geo" / Path(layer.url).name).is_file()


def test_underscores_of_a_key_become_dashes(tmp_path: Path) -> None:
    layer = publish_layer(squares(["A"]), tmp_path, "../Communes_95")
    assert layer.key == "communes-95"
    assert re.fullmatch(r"/app/static/geo/communes-95-[0-9a-f]{12}\.json", layer.url)
    assert (tmp_path / "geo" / Path(layer.url).name).exists()


def test_the_largest_part_comes_first(tmp_path: Path) -> None:
    islands = shapely.MultiPolygon([shapely.box(0, 0, 0.1, 0.1), shapely.box(1, 1, 2, 2)])
    gdf = gpd.GeoDataFrame({"code": ["A"], "name": ["Îles"]}, geometry=[islands], crs=4326)
    layer = publish_layer(gdf, tmp_path, "iles")
    content = json.loads((tmp_path / "geo" / Path(layer.url).name).read_text("utf-8"))
    ((first, second),) = written(content)
    assert np.max(first) == 2 and np.max(second) == pytest.approx(0.1)


def test_holes_and_parts_keep_their_points(tmp_path: Path) -> None:
    ring = shapely.box(0, 0, 1, 1).difference(shapely.box(0.2, 0.2, 0.4, 0.4))
    shapes = [shapely.MultiPolygon([shapely.box(3, 3, 3.5, 3.5), ring]), shapely.box(5, 5, 6, 6)]
    gdf = gpd.GeoDataFrame(
        {"code": ["A", "B"], "name": ["Trou", "Carré"]}, geometry=shapes, crs=4326
    )
    layer = publish_layer(gdf, tmp_path, "trous")
    content = json.loads((tmp_path / "geo" / Path(layer.url).name).read_text("utf-8"))
    drawn = [
        shapely.MultiPolygon([(rings[0], rings[1:]) for rings in polygons])
        for polygons in written(content)
    ]
    assert shapely.equals(drawn, shapes).all()
    assert [len(polygons) for polygons in written(content)] == [2, 1]


@pytest.mark.parametrize(
    ("gdf", "message"),
    [
        (squares(["A"], crs=2154), "EPSG:4326"),
        (squares(["A", "A"]), "double"),
        (squares([]), "aucun contour"),
        (squares(["A"]).set_geometry([shapely.Polygon()], crs=4326), "vides"),
    ],
)
def test_a_wrong_layer_is_refused_in_french(
    gdf: gpd.GeoDataFrame, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        publish_layer(gdf, tmp_path, "communes")


def test_leaflet_is_copied_once_and_repaired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = fake_leaflet(tmp_path / "package")
    monkeypatch.setattr(maps.importlib, "import_module", lambda name: package)
    static = tmp_path / "static"
    ensure_leaflet(static)
    names = {str(path.relative_to(static / "leaflet")) for path in static.rglob("*.*")}
    assert {"leaflet.js", "leaflet.css", "images/marker-icon.png"} <= names
    assert "leaflet-src.js" not in names
    assert set(maps._OWN_FILES) <= names
    script = static / "leaflet" / "leaflet.js"
    written = script.stat().st_mtime_ns
    ensure_leaflet(static)
    assert script.stat().st_mtime_ns == written
    script.write_text("tronqué")
    ensure_leaflet(static)
    assert script.read_text() == "leaflet.js"


def test_a_missing_package_is_said_in_french(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xstatic.pkg.leaflet", None)
    with pytest.raises(MapAssetsMissing, match="pip install"):
        ensure_leaflet(tmp_path)


@pytest.mark.skipif(
    importlib.util.find_spec("xstatic") is None, reason="XStatic-Leaflet is not installed"
)
def test_the_installed_leaflet_is_the_one_expected(tmp_path: Path) -> None:
    ensure_leaflet(tmp_path)
    assert "Leaflet 1.9.3" in (tmp_path / "leaflet" / "leaflet.js").read_text("utf-8")[:200]


def test_characters_say_class_state_and_perimeter() -> None:
    characters = class_characters(LAYER.codes, CLASSES, VALUES, STATES, ["A", "B", "C", "D"])
    assert characters == "0Bsax"
    assert class_characters(LAYER.codes, None, VALUES, STATES, ["A"]) == "ixxxx"


def test_a_secret_value_never_gives_its_class() -> None:
    secret = pd.Series("secret", index=list("ABCDE"))
    for value in (0.1, 1.1, 2.9, np.nan):
        values = pd.Series(value, index=list("ABCDE"))
        assert class_characters(list("ABCDE"), CLASSES, values, secret, "ABCDE") == "sssss"


@given(
    states=st.lists(st.sampled_from(["ok", "approx", "secret", "absent", None]), min_size=5),
    values=st.lists(st.one_of(st.floats(0, 3), st.just(np.nan)), min_size=5),
    inside=st.sets(st.sampled_from("ABCDE")),
)
def test_one_character_per_polygon(
    states: list[str | None], values: list[float], inside: set[str]
) -> None:
    codes = list("ABCDE")
    characters = class_characters(
        codes,
        CLASSES,
        pd.Series(values[:5], index=codes, dtype=float),
        pd.Series(states[:5], index=codes, dtype=object),
        inside,
    )
    assert len(characters) == 5
    for code, state, value, character in zip(codes, states, values, characters, strict=False):
        if code not in inside:
            assert character == "x"
        elif state == "secret":
            assert character == "s"
        elif state in ("ok", "approx") and not np.isnan(value):
            assert character in ("012" if state == "ok" else "ABC")
        else:
            assert character == "a"


def test_nothing_is_asked_from_outside(sent: list[dict]) -> None:
    draw(sent)
    (call,) = sent
    start = re.search(r"gradientStart\(map_div, (\{.*\})\);", call["script"])
    assert start is not None
    config = json.loads(start.group(1))
    # Asked by the browser only when the reader chooses one of them.
    assert config.pop("backgrounds") == list(maps.BACKGROUNDS)
    script = call["script"].replace(start.group(1), json.dumps(config))
    parts = ("header", "html", "feature_group", "js_links", "css_links")
    text = json.dumps([script, *(call[part] for part in parts)])
    own = text + "".join(content.decode() for content in maps._OWN_FILES.values())
    assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", own)
    assert all(link.startswith("../../app/static/leaflet/") for link in call["js_links"])
    assert all(link.startswith("../../app/static/leaflet/") for link in call["css_links"])
    assert call["returned_objects"] == ["last_object_clicked_tooltip"]
    assert call["width"] is None


def test_recolouring_keeps_the_identity_of_the_map(sent: list[dict]) -> None:
    draw(sent)
    draw(sent, classes=None, colours=[], legend_labels=[], selected="B", inside=["A"])
    draw(sent, tooltips=pd.Series({"A": "Autre"}), marked=["B"], legend_title="Autre")
    assert len({(call["key"], call["script"]) for call in sent}) == 1
    assert len({call["feature_group"] for call in sent}) == 3


def test_two_layers_are_two_maps(sent: list[dict], monkeypatch: pytest.MonkeyPatch) -> None:
    draw(sent)
    other = GeometryLayer(
        "communes-46", "/app/static/geo/communes-46-abc.json", LAYER.codes, LAYER.bounds
    )
    monkeypatch.setattr(sys.modules[__name__], "LAYER", other)
    draw(sent)
    assert sent[0]["key"] != sent[1]["key"]


def test_a_country_is_sent_as_characters_only(
    sent: list[dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = tuple(f"{number:05d}" for number in range(35_000))
    monkeypatch.setattr(
        sys.modules[__name__],
        "LAYER",
        GeometryLayer("fr", "/app/static/geo/fr-a.json", codes, (0, 0, 1, 1)),
    )
    draw(
        sent,
        values=pd.Series(1.0, index=codes),
        states=pd.Series("ok", index=codes),
        tooltips=pd.Series(dtype=object),
        inside=codes,
    )
    assert len(sent[0]["feature_group"]) < 20_000


@given(characters=st.text(alphabet="012345678ABCDEFGHIxsai", max_size=300))
def test_characters_are_packed_without_loss(characters: str) -> None:
    packed = maps._packed(characters)
    assert unpacked(**packed) == characters
    assert maps._script_json(packed["digits"]) == json.dumps(packed["digits"]), "nothing to escape"


@given(steps=st.lists(st.integers(0, 63), max_size=60), far=st.integers(0, 9_000))
def test_circles_keep_their_place(steps: list[int], far: int) -> None:
    every = [*steps, *([0] * far), 5]
    text = maps._sparse(every, 1)
    place, read = -1, {}
    for at in range(0, len(text), 3):
        high, low, step = (maps._DIGITS.index(one) for one in text[at : at + 3])
        place += 64 * high + low
        if step:
            read[place] = step
    assert read == {rank: step for rank, step in enumerate(every) if step}


@pytest.mark.parametrize("attack", [ATTACK, "{{'config'}}", "\u2028", "{{{%", "drawnItems_draw"])
def test_hostile_texts_reach_the_browser_as_plain_text(sent: list[dict], attack: str) -> None:
    draw(
        sent,
        tooltips=pd.Series({"A": attack}),
        legend_title=attack,
        legend_labels=[attack, "deux", "trois"],
        attribution=attack,
        marked_label=attack,
        marked=["A"],
    )
    (call,) = sent
    update = update_of(call)
    assert update["title"] == update["labels"][0] == update["tooltips"][0] == attack
    for part in ("script", "header", "html", "feature_group"):
        assert "<script>alert" not in call[part]
    assert "49" not in call["feature_group"], "no template expression is run on the server"
    found = re.search(r"gradientStart\(map_div, (\{.*\})\);", call["script"])
    assert found is not None
    assert json.loads(found.group(1))["credit"] == attack


def test_the_browser_script_writes_texts_as_text_only() -> None:
    script = maps._SCRIPT
    written = re.findall(r"(\w+)\.innerHTML\s*=\s*(.+)", script)
    assert [target for target, _ in written] == ["button"], "a constant drawing, and nothing else"
    assert "insertAdjacentHTML" not in script
    assert "Le fond de carte n'a pas pu être chargé." in script


def test_tooltips_go_only_for_the_perimeter(sent: list[dict]) -> None:
    draw(sent, inside=["B", "D"], tooltips=pd.Series({"A": "dehors", "B": "dedans"}))
    update = update_of(sent[0])
    assert update["tooltips"] == ["dedans", ""]
    assert "dehors" not in sent[0]["feature_group"]


def test_marks_stay_within_the_perimeter(sent: list[dict]) -> None:
    draw(sent, inside=["A", "B"], marked=["B", "E", "Z"])
    assert update_of(sent[0])["marked"] == ["B"]


@pytest.mark.parametrize("changes", [{"colours": ["#111111"]}, {"legend_labels": []}])
def test_a_legend_that_does_not_match_is_refused(sent: list[dict], changes: dict) -> None:
    with pytest.raises(ValueError, match="légende attend 3"):
        draw(sent, **changes)


POINTS = pd.DataFrame(
    {
        "code": ["1", "2", "3", "4"],
        "name": ["Pharmacie de la gare", ATTACK, "Sans lieu", "Ailleurs"],
        "category": ["pharmacie", "hopital", "pharmacie", "inconnue"],
        "lon": [2.1234567, 2.2, None, 2.3],
        "lat": [49.0, 49.1, 49.2, 49.3],
    }
)
CATEGORIES = {
    "pharmacie": ("Pharmacies", "#12407a", "croix"),
    "hopital": ("Hôpitaux", "#743600", "carre"),
    "ehpad": ("Ehpad", "#0d151e", "losange"),
}


def test_points_carry_their_category_and_their_place(sent: list[dict]) -> None:
    draw(sent, points=POINTS, point_categories=CATEGORIES)
    points = update_of(sent[0])["points"]
    assert [one["label"] for one in points["categories"]] == ["Pharmacies", "Hôpitaux"]
    assert points["rows"] == [
        [0, 2.12346, 49.0, "Pharmacie de la gare"],
        [1, 2.2, 49.1, ATTACK],
    ]
    assert "<script>alert" not in sent[0]["feature_group"]


def test_an_unknown_shape_is_refused(sent: list[dict]) -> None:
    with pytest.raises(ValueError, match="Forme de point inconnue"):
        draw(sent, points=POINTS, point_categories={"pharmacie": ("P", "#000000", "nuage")})


def test_the_browser_draws_every_shape_that_is_offered() -> None:
    drawn = maps._SCRIPT.split("const ring = {", 1)[1].split("}[shape]", 1)[0]
    for shape in set(maps.SHAPES) - {"cercle"}:
        assert re.search(rf"\b{shape}\b", drawn), shape


def test_lines_are_asked_from_the_application(sent: list[dict]) -> None:
    quarters = GeometryLayer("qpv", "/app/static/geo/qpv-0.json", ("QP1",), (0, 0, 1, 1))
    draw(sent)
    draw(sent, outlines=quarters, limits=LAYER)
    lines = update_of(sent[1])["lines"]
    assert [one["label"] for one in lines] == [
        "Quartiers prioritaires",
        "Limites des intercommunalités",
    ]
    assert all(one["url"].startswith("../../app/static/geo/") for one in lines)
    assert sent[0]["script"] == sent[1]["script"], "showing a layer does not reload the map"


def test_territories_overseas_stand_beside_the_others() -> None:
    assert maps._insets(["95001", "97401", "97101"]) == {
        "971": "Guadeloupe",
        "974": "La Réunion",
    }
    assert maps._insets(["97401", "97402"]) == {}
    assert maps._insets(["97101", "97401"]) == {"974": "La Réunion"}
    assert maps._insets(["95001", "2A004"]) == {}


def test_the_main_view_leaves_out_what_stands_beside(tmp_path: Path) -> None:
    gdf = squares(["95001", "95002", "97401"])
    gdf.loc[2, "geometry"] = shapely.box(55, -21, 56, -20)
    assert publish_layer(gdf, tmp_path, "deux").bounds == pytest.approx((2, 49, 2.2, 49.1))


def test_a_perimeter_alone_has_no_class(sent: list[dict]) -> None:
    assert perimeter_map(LAYER, inside=["A"], key="perimetre") is None
    update = update_of(sent[0])
    assert update["classes"] == "ixxxx"
    assert update["labels"] == update["colours"] == []


def test_a_click_is_returned_once_even_on_the_same_commune(
    sent: list[dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["@95127@100@Cergy", "@95127@100@Cergy", "@95127@260@Cergy", "Hors", None])

    def answer(**arguments: object) -> dict:
        return {"last_object_clicked_tooltip": next(answers)}

    monkeypatch.setattr("streamlit_folium._component_func", answer)
    assert [draw(sent) for _ in range(5)] == ["95127", None, "95127", None, None]


def test_the_map_stands_in_a_real_run_of_streamlit() -> None:
    def page() -> None:
        import streamlit

        from views.maps import GeometryLayer, perimeter_map

        layer = GeometryLayer("c", "/app/static/geo/c-0.json", ("A",), (0, 0, 1, 1))
        streamlit.write(str(perimeter_map(layer, inside=["A"], key="carte")))

    run = AppTest.from_function(page).run(timeout=30)
    assert not run.exception
    assert run.markdown[0].value == "None"
