"""The image of the map: colours, hatching, literal texts, and safety between threads."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

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

from views.classification import ABSENT_COLOUR, HATCH_COLOUR, Classes, palette
from views.map_content import MapContent
from views.map_sheet import Sheet, round_length
from views.static_map import _parts, draw_choropleth, projected

ROOT = Path(__file__).parents[2]
CLASSES = Classes("quantiles", (0.0, 1.0, 2.0, 3.0), (1, 1, 1))
COLOURS = palette("defavorable", 3)


def grid(codes: str, west: float = 2.0, south: float = 49.0) -> gpd.GeoDataFrame:
    """One square of about 7 by 11 km a letter, side by side."""
    shapes = [
        shapely.box(west + i / 10, south, west + (i + 1) / 10, south + 0.1)
        for i in range(len(codes))
    ]
    return gpd.GeoDataFrame(
        {"code": list(codes), "name": list(codes)}, geometry=shapes, crs="EPSG:4326"
    )


def draw(gdf: gpd.GeoDataFrame | None = None, **changes: object) -> bytes:
    """A map with one commune a class, one secret, one absent, one outside; all replaceable."""
    arguments: dict = {
        "classes": CLASSES,
        "values": pd.Series({"A": 0.5, "B": 1.5, "C": 2.5, "D": 2.5}),
        "states": pd.Series({"A": "ok", "B": "ok", "C": "ok", "D": "secret", "E": "absent"}),
        "colours": COLOURS,
        "inside": list("ABCDE"),
        "title": "Titre",
        "subtitle": "Sous-titre",
        "legend_title": "Légende",
        "legend_labels": ["un", "deux", "trois"],
        "source_line": "Source : essai.",
        "width_px": 800,
    }
    return draw_choropleth(grid("ABCDEF") if gdf is None else gdf, **(arguments | changes))


def inside(codes: str) -> MapContent:
    """A perimeter without values."""
    return MapContent(pd.Series("i", index=list(codes)), "Périmètre")


def pixels(png: bytes) -> np.ndarray:
    """Height x width x 3 array of the image."""
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


def count(png: bytes, colour: str, tolerance: int = 0) -> int:
    """Pixels of that colour, to `tolerance` a channel, in the part that holds the map."""
    image = pixels(png)
    image = image[:, : int(image.shape[1] * 0.68)].astype(int)
    wanted = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return int((np.abs(image - wanted) <= tolerance).all(axis=2).sum())


def test_every_class_has_its_colour_on_the_map() -> None:
    png = draw()
    for colour in (*COLOURS, ABSENT_COLOUR):
        assert count(png, colour) > 1_000


def test_secret_is_hatched_and_never_wears_the_colour_of_its_class() -> None:
    with_secret = draw(colours=["#ffeeaa", "#cc8800", "#0000ff"])
    states = {"A": "ok", "B": "ok", "C": "secret", "D": "secret", "E": "absent"}
    both = draw(colours=["#ffeeaa", "#cc8800", "#0000ff"], states=pd.Series(states))
    assert count(with_secret, "#0000ff") > 1_000
    assert count(both, "#0000ff") == 0
    without = draw(colours=["#ffeeaa", "#cc8800", "#0000ff"], inside=list("ABC"))
    hatched = [count(png, HATCH_COLOUR, tolerance=30) for png in (without, with_secret, both)]
    assert hatched[0] + 300 < hatched[1] < hatched[2] - 300


def test_an_approximate_value_keeps_its_colour_under_dots() -> None:
    exact = count(draw(), COLOURS[2])
    approximate = count(draw(states=pd.Series({"C": "approx"})), COLOURS[2])
    assert 0.3 * exact < approximate < 0.95 * exact


def test_a_hole_is_left_empty() -> None:
    ring = shapely.box(2, 49, 2.4, 49.3).difference(shapely.box(2.1, 49.1, 2.3, 49.2))
    for shape in (ring, shapely.reverse(ring)):
        gdf = gpd.GeoDataFrame({"code": ["A"], "name": ["A"]}, geometry=[shape], crs=4326)
        full = gpd.GeoDataFrame(
            {"code": ["A"], "name": ["A"]}, geometry=[shapely.box(2, 49, 2.4, 49.3)], crs=4326
        )
        share = count(draw(gdf, inside=["A"]), COLOURS[0]) / count(
            draw(full, inside=["A"]), COLOURS[0]
        )
        assert share == pytest.approx(5 / 6, abs=0.03)


def test_marks_are_drawn_inside_the_perimeter_only() -> None:
    plain = draw(marked=[])
    assert plain == draw(marked=["F", "Z"])
    assert plain != draw(marked=["A"])


@pytest.mark.parametrize("width", [600, 1600])
def test_the_image_has_the_width_asked(width: int) -> None:
    assert pixels(draw(width_px=width)).shape[1] == width


def test_the_same_map_gives_the_same_bytes_from_many_threads() -> None:
    expected = [draw(title=f"Titre {number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda number: draw(title=f"Titre {number % 4}"), range(12)))
    assert drawn == expected * 3


def test_no_figure_is_left_in_pyplot() -> None:
    script = (
        "import sys; from tests.unit.test_static_map import draw; draw();"
        "plots = sys.modules.get('matplotlib.pyplot'); print(plots.get_fignums() if plots else [])"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("text", ["$x_1$", "5 $ à 10 $", "<CLS> & Haut_Val", r"$\frac{1}{0", "%"])
def test_special_characters_are_literal(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    original = Text.draw

    def spy(self: Text, renderer: RendererBase) -> None:
        if self.get_text():
            assert self.get_parse_math() is False
            written.append(self.get_text())
        original(self, renderer)

    monkeypatch.setattr(Text, "draw", spy)
    draw(title=text, subtitle=text, legend_title=text, source_line=text)
    assert sum(line == text for line in written) == 4


words = st.text(alphabet="abcdeéèœ$_ \u00a0<-WM", max_size=300)


@settings(max_examples=40, deadline=None)
@given(text=words, width=st.floats(0.6, 9.0))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: float) -> None:
    sheet = Sheet(800)
    wrapped = sheet._wrapped(text, width, 10)
    assert all(sheet._width(line, wrapped.font) <= width for line in wrapped.lines)
    assert re.sub(" ", "", "".join(wrapped.lines)) == re.sub(" ", "", text)


@pytest.mark.parametrize("scale", [1.0, 2.0], ids=["page", "diapositive"])
def test_no_text_overlaps_another_or_leaves_the_page(
    scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes: list[tuple[str, np.ndarray]] = []
    points: list[float] = []
    original = Text.draw

    def spy(self: Text, renderer: RendererBase) -> None:
        if self.get_text():
            points.append(float(self.get_fontsize()))
            boxes.append((self.get_text(), self.get_window_extent(renderer).get_points()))
        original(self, renderer)

    monkeypatch.setattr(Text, "draw", spy)
    long = "Une légende bien longue qui demande plusieurs lignes pour être lue en entier " * 2
    png = draw(
        classes=Classes("egales", tuple(float(edge) for edge in range(8)), (1,) * 7),
        colours=palette("favorable", 7),
        legend_labels=[long] * 7,
        legend_title=long * 2,
        title=long * 2,
        subtitle=long * 2,
        source_line=long * 4,
        marked=["A"],
        states=pd.Series({"A": "approx", "B": "ok", "C": "secret"}),
        text_scale=scale,
    )
    assert min(points) == 8 * scale
    height, width, _ = pixels(png).shape
    for text, ((left, bottom), (right, top)) in boxes:
        assert left >= 0 and bottom >= 0 and right <= width and top <= height, text
    for rank, (text, (low, high)) in enumerate(boxes):
        for other, (low2, high2) in boxes[rank + 1 :]:
            apart = (high <= low2 + 1).any() or (high2 <= low + 1).any()
            assert apart, f"{text!r} overlaps {other!r}"


@pytest.mark.parametrize(
    ("west", "south", "epsg"),
    [
        (2.0, 49.0, 2154),
        (9.0, 42.0, 2154),
        (-61.6, 16.2, 5490),
        (-61.1, 14.6, 5490),
        (-52.5, 4.5, 2972),
        (55.4, -21.1, 2975),
        (45.1, -12.8, 4471),
    ],
)
def test_each_territory_has_its_projection(west: float, south: float, epsg: int) -> None:
    shown, left_out = projected(grid("A", west, south), ["A"])
    assert shown.crs.to_epsg() == epsg
    assert left_out == 0


def test_distances_are_those_of_the_ground() -> None:
    shown, _ = projected(grid("A", 55.4, -21.1), ["A"])
    west, south, east, north = shown.total_bounds
    assert (east - west) / 1_000 == pytest.approx(10.4, rel=0.02)
    assert (north - south) / 1_000 == pytest.approx(11.1, rel=0.02)


def test_territories_overseas_are_drawn_beside_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    gdf = pd.concat(
        [grid("ABC"), grid("DE", 55.4, -21.1), grid("G", -61.6, 16.2)], ignore_index=True
    )
    parts, left_out = _parts(gdf, inside("ABCDEG"))
    assert [(part.zone.name, len(part.rows)) for part in parts] == [
        ("Métropole", 3),
        ("Guadeloupe", 1),
        ("La Réunion", 2),
    ]
    assert left_out == 0
    assert count(draw(gdf, inside=list("ABCDE")), ABSENT_COLOUR) > 100, "E is in the small map"
    written: list[str] = []
    monkeypatch.setattr(Text, "draw", lambda self, renderer: written.append(self.get_text()))
    draw(gdf)
    assert "La Réunion" in written


def test_communes_of_no_known_zone_are_counted_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    gdf = pd.concat([grid("ABC"), grid("DE", -149.5, -17.5)], ignore_index=True)
    parts, left_out = _parts(gdf, inside("ABCDE"))
    assert (len(parts), left_out) == (1, 2)
    written: list[str] = []
    monkeypatch.setattr(Text, "draw", lambda self, renderer: written.append(self.get_text()))
    draw(gdf)
    assert "2 communes du périmètre ne sont pas représentées" in " ".join(written)


def test_a_perimeter_without_values_is_drawn() -> None:
    png = draw(classes=None, colours=[], legend_labels=[], inside=["A", "B"])
    assert count(png, "#a9c4dc") > 1_000


def test_an_empty_perimeter_shows_the_background() -> None:
    assert count(draw(inside=[]), "#f3f4f6") > 1_000


@pytest.mark.parametrize("metres", [1, 3, 999, 1_000, 4_900, 5_000, 123_456])
def test_the_scale_is_round_and_fits(metres: float) -> None:
    length = round_length(metres)
    assert length <= metres < 2.5 * length
    assert str(int(length)).rstrip("0") in {"1", "2", "5"}


@pytest.mark.parametrize(
    ("gdf", "message"),
    [(grid(""), "Aucun contour"), (grid("A").to_crs(2154), "EPSG:4326")],
)
def test_wrong_contours_are_refused_in_french(gdf: gpd.GeoDataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw(gdf)
