"""What a map shows, whatever draws it: circles, crossed indicators, tables, files, pictures."""

from __future__ import annotations

import json
from io import BytesIO

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backend_bases import RendererBase
from matplotlib.text import Text
from PIL import Image

from views import map_words as words
from views.classification import HATCH_COLOUR, classify, crossed_palette, palette, thirds
from views.map_content import (
    QUARTERS,
    MapContent,
    PictureLine,
    choropleth,
    crossed,
    proportional_symbols,
)
from views.map_files import geojson_file
from views.observation import Reading
from views.static_map import map_picture, multiples_picture
from views.text import number

CODES = [f"{rank:05d}" for rank in range(1, 10)]
READING = Reading("%", 1, "ratio")


def contours(codes: list[str] = CODES) -> gpd.GeoDataFrame:
    """Squares of about 7 by 11 km in rows of three."""
    shapes = [
        shapely.box(2 + (i % 3) / 10, 49 + (i // 3) / 10, 2.1 + (i % 3) / 10, 49.1 + (i // 3) / 10)
        for i in range(len(codes))
    ]
    names = [f"Commune {code}" for code in codes]
    return gpd.GeoDataFrame({"code": codes, "name": names}, geometry=shapes, crs="EPSG:4326")


def counts(values: dict[str, float], states: dict[str, str] | None = None) -> MapContent:
    known = dict.fromkeys(values, "ok") | (states or {})
    return proportional_symbols(
        CODES,
        values=pd.Series(values, dtype=float),
        states=pd.Series(known, dtype=object),
        inside=set(CODES[:6]),
        title="Naissances",
        write=number,
    )


def crossing(first: dict[str, float], second: dict[str, float], **more: set[str]) -> MapContent:
    ones, twos = pd.Series(first), pd.Series(second)
    known = ones.index.intersection(twos.index)
    options: dict = {"approximate": set(), "secret": set()} | more
    return crossed(
        CODES,
        first=thirds(ones.loc[known]),
        second=thirds(twos.loc[known]),
        inside=set(CODES),
        title="Croisement",
        across="Pauvreté : valeurs hautes",
        up="APL : valeurs basses",
        colours=crossed_palette(),
        names=[f"case {cell}" for cell in range(9)],
        **options,
    )


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(png)).convert("RGB")).astype(int)


def on_the_map(png: bytes, colour: str, tolerance: int = 2) -> int:
    """Pixels of a colour in the part of the picture that holds the map."""
    image = pixels(png)
    image = image[:, : int(image.shape[1] * 0.7)]
    wanted = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return int((np.abs(image - wanted) <= tolerance).all(axis=2).sum())


def test_the_area_of_a_circle_follows_the_count() -> None:
    symbols = counts({CODES[0]: 400, CODES[1]: 100, CODES[2]: 0}).symbols
    assert symbols is not None
    assert symbols.largest == 400
    assert symbols.share(400) == 1
    assert symbols.share(100) == pytest.approx(0.5), "four times fewer, half the radius"
    assert list(symbols.values.index) == CODES[:2], "a zero has no circle"


def test_a_secret_count_has_no_circle_and_is_not_zero() -> None:
    content = counts({CODES[0]: 10, CODES[1]: 7}, {CODES[1]: "secret", CODES[2]: "absent"})
    assert content.along(CODES) == "isaaaaxxx"
    assert content.symbols is not None and CODES[1] not in content.symbols.values.index


@settings(deadline=None)
@given(largest=st.floats(1, 1e7))
def test_the_counts_of_the_legend_are_round_and_within_the_map(largest: float) -> None:
    symbols = counts({CODES[0]: largest}).symbols
    assert symbols is not None
    shown = [value for value, _ in symbols.legend]
    assert shown == sorted(set(shown), reverse=True) and 1 <= len(shown) <= 3
    assert all(0 < value <= largest for value in shown)
    assert all(f"{value:.0f}".rstrip("0") in {"1", "2", "5"} for value in shown)


numbers = st.dictionaries(st.sampled_from(CODES), st.floats(0, 100), min_size=1)


@settings(max_examples=80, deadline=None)
@given(first=numbers, second=numbers, secret=st.sets(st.sampled_from(CODES)))
def test_every_territory_has_one_cell_or_one_state(
    first: dict[str, float], second: dict[str, float], secret: set[str]
) -> None:
    if not set(first) & set(second):
        return
    content = crossing(first, second, secret=secret)
    for code, character in zip(CODES, content.along(CODES), strict=True):
        if code in secret:
            assert character == "s"
        elif code in first and code in second:
            assert character in "012345678"
        else:
            assert character == "a"
    assert content.grid is not None
    assert sum(content.grid.counts) == len(set(first) & set(second))


def test_the_darkest_cell_is_high_on_both() -> None:
    values = {code: float(rank) for rank, code in enumerate(CODES)}
    content = crossing(values, values)
    assert content.along(CODES) == "000444888"
    assert content.grid is not None and content.grid.counts == (3, 0, 0, 0, 3, 0, 0, 0, 3)


def simple(values: dict[str, float], states: dict[str, str] | None = None) -> MapContent:
    series = pd.Series(values, dtype=float)
    classes = classify(series, "quantiles", 3)
    return choropleth(
        CODES,
        classes=classes,
        values=series,
        states=pd.Series(dict.fromkeys(values, "ok") | (states or {})),
        colours=palette("defavorable", classes.size),
        labels=classes.labels(lambda value: number(value, 1)),
        inside=set(CODES[:8]),
        title="Pauvreté, 2023 (%)",
    )


VALUES = {code: float(rank) for rank, code in enumerate(CODES[:6])}


def test_the_table_counts_every_commune_once() -> None:
    content = simple(VALUES, {CODES[5]: "approx", CODES[6]: "secret"})
    people = pd.Series({code: 10 * (rank + 1) for rank, code in enumerate(CODES)})
    table = words.class_table(content, people)
    assert table["Communes"].astype(int).tolist() == [2, 2, 2, 1, 1]
    assert table["Classe"].tolist()[-2:] == ["Secret statistique", "Donnée absente"]
    assert table["Habitants"].astype(int).sum() == people.loc[CODES[:8]].sum()


def test_a_commune_is_said_without_a_rank() -> None:
    content = simple(VALUES)
    row = pd.Series({"value": 5.0, "state": "ok", "denominator": None})
    said = words.commune_sentence("Pauvreté", row, READING, content, CODES[5], "")
    assert said.startswith("**Pauvreté** : 5,0")
    assert "classe « de 3,0 à 5,0 », avec 1\u00a0autre commune." in said
    assert not any(word in said for word in ("rang", "pire", "dernière", "première"))


def test_a_secret_commune_is_said_by_its_bassin() -> None:
    content = simple(VALUES, {CODES[6]: "secret"})
    row = pd.Series({"value": None, "state": "secret", "denominator": None})
    said = words.commune_sentence(
        "Pauvreté", row, READING, content, CODES[6], "Son intercommunalité, CA : 14,2 %."
    )
    assert said == "**Pauvreté** : secret statistique. Son intercommunalité, CA : 14,2 %."


def test_a_commune_is_told_its_cell_once() -> None:
    values = {code: float(rank) for rank, code in enumerate(CODES)}
    content = crossing(values, values, secret={CODES[0]})
    row = pd.Series({"value": 8.0, "state": "ok", "denominator": None})
    said = words.commune_sentence("A", row, READING, content, CODES[8], "")
    assert "case" not in said and "classe" not in said
    assert words.cell_sentence(content, CODES[8]) == "Case de la carte : case 8."
    assert words.cell_sentence(content, CODES[0]) == ""
    assert words.cell_sentence(simple(VALUES), CODES[0]) == ""


def test_few_communes_tell_nothing_of_a_link() -> None:
    sides = "des valeurs hautes de « A »", "des valeurs basses de « B »"
    few = words.crossed_sentence(["Cergy"], 70_906, 4, *sides)
    assert "1\u00a0commune (70\u202f906 habitants) est à la fois" in few and "trop peu" in few
    many = words.crossed_sentence([f"Commune {n}" for n in range(12)], 9_000, 90, *sides)
    assert "et 4\u00a0autres" in many and "il y en aurait environ 10." in many
    none = words.crossed_sentence([], 0, 90, *sides)
    assert none.startswith("Aucune commune n'est à la fois")


@pytest.mark.parametrize(
    ("place", "none"),
    [("arrondissement", "Aucun arrondissement"), ("territoire", "Aucun territoire")],
)
def test_no_place_is_called_a_commune_when_it_is_not_one(place: str, none: str) -> None:
    sides = "des valeurs hautes de « A »", "des valeurs basses de « B »"
    few = words.crossed_sentence(["Paris 10e", "Paris 2e"], 90, 4, *sides, place)
    assert f"2\u00a0{place}s (90 habitants) sont" in few and "Paris 2e et Paris 10e" in few
    assert few.endswith(
        f"4\u00a0{place}s ont les deux chiffres. Il y en a trop peu pour y voir un lien."
    )
    assert words.crossed_sentence([], 0, 90, *sides, place).startswith(f"{none} n'est à la fois")
    row = pd.Series({"value": 5.0, "state": "ok", "denominator": None})
    content = simple(VALUES)
    said = words.commune_sentence("Pauvreté", row, READING, content, CODES[5], "", place)
    assert f"avec 1\u00a0autre {place}." in said
    alone = simple({CODES[0]: 1.0})
    one = words.commune_sentence("Pauvreté", row, READING, alone, CODES[0], "", place)
    assert "seul dans cette classe" in one
    assert "commune" not in few + said + one


def test_thirds_and_empty_classes_are_said() -> None:
    said = words.thirds_sentence([("A", [1.0, 2.5], READING), ("B", [], READING)])
    assert said.startswith("Bornes des tiers : A, 1,0\u202f% et 2,5\u202f% ; B, une seule valeur")
    values = pd.Series([1.0, 3.0])
    assert "(de 1,0 à 3,0) : 4,0. Une classe est vide." in words.empty_side([4.0], values, 1)
    assert words.empty_side([0.0, 4.0], values, 1).endswith("0,0 et 4,0. Des classes sont vides.")


def test_the_geojson_carries_value_state_and_class() -> None:
    content = simple(VALUES, {CODES[6]: "secret", CODES[5]: "approx"})
    columns = pd.DataFrame(
        {
            "valeur": pd.Series(VALUES),
            "etat": pd.Series(dict.fromkeys(VALUES, "publié") | {CODES[6]: "secret statistique"}),
        }
    )
    meanings = {"valeur": "Pauvreté, 2023 (%)"}
    raw = geojson_file(
        contours(), content, columns, meanings=meanings, title="Pauvreté", source_line="Source : x."
    )
    document = json.loads(raw)
    assert document["type"] == "FeatureCollection" and document["source"] == "Source : x."
    assert [one["classe"] for one in document["legende"]] == list(content.labels)
    assert [one["couleur"] for one in document["legende"]] == list(content.colours)
    rows = {one["properties"]["code"]: one["properties"] for one in document["features"]}
    assert list(rows) == CODES[:8], "nothing outside the perimeter"
    assert rows[CODES[0]]["valeur"] == 0 and rows[CODES[0]]["classe"] == content.labels[0]
    assert rows[CODES[0]]["couleur"] == content.colours[0] and rows[CODES[0]]["reserve"] is None
    assert rows[CODES[5]]["classe"] == content.labels[-1]
    assert rows[CODES[5]]["reserve"] == "Valeur approchée"
    assert rows[CODES[6]] == {
        "code": CODES[6],
        "nom": f"Commune {CODES[6]}",
        "valeur": None,
        "etat": "secret statistique",
        "classe": None,
        "couleur": None,
        "reserve": None,
    }
    assert document["colonnes"] == meanings and document["legende_titre"] == content.title
    assert [one["effectif"] for one in document["legende"]] == [2, 2, 2]
    assert [one["effectif"] for one in document["hors_classes"]] == [1, 1]
    read = gpd.read_file(BytesIO(raw))
    assert read.geometry.is_valid.all() and len(read) == 8


def test_the_geojson_of_circles_carries_their_scale() -> None:
    content = counts({CODES[0]: 400, CODES[1]: 7}, {CODES[1]: "secret"})
    raw = geojson_file(
        contours(), content, pd.DataFrame(), meanings={}, title="Naissances", source_line="x"
    )
    document = json.loads(raw)
    assert document["cercles"]["plus_grand"] == 400
    assert document["cercles"]["exemples"] == [200, 50, 10]
    assert {one["properties"]["classe"] for one in document["features"]} == {None}


def draw(content: MapContent, **more: object) -> bytes:
    options: dict = {"title": "Titre", "source_line": "Source : essai.", "width_px": 900}
    return map_picture(contours(), content, **(options | more))


def test_the_picture_has_the_classes_of_the_content() -> None:
    content = simple(VALUES, {CODES[6]: "secret"})
    png = draw(content)
    for colour in content.colours:
        assert on_the_map(png, colour, 0) > 2_000, colour
    assert on_the_map(png, HATCH_COLOUR, 30) > 100


def test_every_cell_of_a_crossing_has_its_colour() -> None:
    values = {code: float(rank) for rank, code in enumerate(CODES)}
    turned = {code: float(rank % 3) for rank, code in enumerate(CODES)}
    content = crossing(values, turned)
    png = draw(content)
    assert sorted(set(content.along(CODES))) == list("012345678")
    for colour in content.colours:
        assert on_the_map(png, colour, 0) > 1_000, colour


def test_circles_are_drawn_over_a_plain_ground() -> None:
    big = draw(counts({CODES[4]: 400.0, CODES[0]: 25.0}))
    small = draw(counts({CODES[4]: 400.0 / 4, CODES[0]: 100.0}))
    assert not np.array_equal(pixels(big), pixels(small))
    assert on_the_map(big, "#e1e8ef", 0) > 5_000


def test_a_chosen_commune_and_lines_are_in_the_legend(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    original = Text.draw

    def spy(self: Text, renderer: RendererBase) -> None:
        written.append(self.get_text())
        original(self, renderer)

    monkeypatch.setattr(Text, "draw", spy)
    lines = [PictureLine(contours(CODES[:1]), QUARTERS)]
    draw(simple(VALUES), selected=CODES[1], lines=lines)
    assert f"Commune {CODES[1]}" in written and "Quartiers prioritaires" in written


@pytest.mark.parametrize("format", ["png", "svg"])
def test_the_same_picture_has_the_same_bytes(format: str) -> None:
    content = simple(VALUES)
    first, second = (draw(content, format=format) for _ in range(2))
    assert first == second
    assert first.startswith(b"\x89PNG" if format == "png" else b"<?xml")


def test_small_maps_share_one_legend(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    original = Text.draw

    def spy(self: Text, renderer: RendererBase) -> None:
        written.append(self.get_text())
        original(self, renderer)

    monkeypatch.setattr(Text, "draw", spy)
    content = simple(VALUES)
    years = [(str(year), content) for year in range(2019, 2024)]
    png = multiples_picture(contours(), years, title="Titre", source_line="Source.", width_px=900)
    for year, _ in years:
        assert written.count(year) == 1
    for label in content.labels:
        assert written.count(label) == 1
    for colour in content.colours:
        assert on_the_map(png, colour, 0) > 1_000, colour


def test_colours_and_labels_go_together() -> None:
    with pytest.raises(ValueError, match="autant de libellés"):
        MapContent(pd.Series(dtype=object), "Titre", colours=("#000000",))
