"""The story's words, shapes and HTML: short, escaped, without acronym, without a rank."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import geopandas as gpd
import numpy as np
import pytest
import shapely

from views import story_words as words
from views.lexicon import refused_words
from views.shapes import SIDE, commune_shapes
from views.story import (
    MOST_WORDS,
    Answer,
    Ballot,
    Bar,
    Bars,
    Columns,
    Extra,
    Grid,
    Map,
    Screen,
    Story,
    Swatch,
    View,
    fitting,
)
from views.story import words as count_words
from views.story_html import notes_html, story_data, story_document, story_html

TRAP = "<img src=x onerror=alert(1)> \"quote\" & 'apostrophe' </script>"


def squares(codes: list[str], west: float = 2.0, south: float = 48.9) -> gpd.GeoDataFrame:
    boxes = [
        shapely.box(west + 0.1 * rank, south, west + 0.1 * rank + 0.1, south + 0.1)
        for rank in range(len(codes))
    ]
    return gpd.GeoDataFrame({"code": codes, "name": codes}, geometry=boxes, crs="EPSG:4326")


def story(label: str = "Ici", address: str = "") -> Story:
    shapes = commune_shapes(squares(["01", "02"]), {"01", "02"})
    bars = Bars("Ici", TRAP, (Bar(TRAP, 3.0, "3", 6.0, "6", "favorable", "plus favorable"),), TRAP)
    coloured = Map(
        TRAP, "0a", (Swatch("0", "#123456", TRAP), Swatch("a", "#c3c7cd", "Absent")), TRAP
    )
    crossed = Map(
        "Tiers", "80", (), "Croisement", Grid(tuple(f"#00000{n}" for n in range(9)), TRAP, "Accès")
    )
    return Story(
        label,
        (
            Screen("bien", "Bien", View("Titre", TRAP, bars), notes=(TRAP,), sources=(TRAP,)),
            Screen(
                "ecarts",
                "Écarts",
                View("Écarts", "Dit.", Columns(("Bas", "Haut"), (1.0, 2.0), ("1", "2"), TRAP)),
            ),
            Screen(
                "acces",
                "Accès",
                View("Accès", "Dit.", coloured),
                (Extra("croiser", "x", "Croiser ?", (("A", View("C", "D.", crossed)),)),),
            ),
            Screen("question", "Question", View("Quoi ?", "Votez.", Ballot((TRAP, "B")))),
        ),
        shapes,
        (Answer("01", TRAP, TRAP, {"acces": TRAP}),),
        ("Absent : pas de chiffre.",),
        ("faits",),
        address,
    )


class Tags(HTMLParser):
    """Tags and texts of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("220\u202f279 habitants, dont 29,2\u202f% de jeunes.", 6),
        ("Qui vit ici, face à la France\u202f?", 7),
        ("Avant → après : 3 ; 4 · 5", 5),
        ("25\u202f920\u00a0€ par an", 3),
        ("", 0),
    ],
)
def test_words_are_counted_as_a_reader_does(text: str, count: int) -> None:
    assert count_words(text) == count


def test_a_view_refuses_to_be_too_long() -> None:
    figure = Ballot(("A",))
    assert View("mot " * 20, "mot " * 5, figure)
    with pytest.raises(ValueError, match="26 mots"):
        View("mot " * 20, "mot " * 6, figure)


def test_the_fullest_sentence_that_fits_is_kept() -> None:
    assert fitting("un deux", ["mot " * 24, "mot " * 23, ""]) == "mot " * 23
    assert fitting("mot " * 24, ["deux mots", "seul"]) == "seul"


@pytest.mark.parametrize(
    ("of", "to"),
    [
        ("du Val-d'Oise", "au Val-d'Oise"),
        ("de la France", "à la France"),
        ("de l'Occitanie", "à l'Occitanie"),
        ("des territoires similaires", "aux territoires similaires"),
        ("d'Osny", "à Osny"),
        ("de Paris", "à Paris"),
        (
            "de l'intercommunalité « CC du Vexin »",
            "à l'intercommunalité « communauté de communes du Vexin »",
        ),
    ],
)
def test_facing_a_place(of: str, to: str) -> None:
    assert words.facing(of) == to


def test_a_name_too_long_for_a_wall_is_not_written_on_it() -> None:
    of = "de « " + "très long nom de territoire " * 4 + "»"
    title = words.facing_title(words.BIEN, of)
    assert title == "Ce qui va bien, face au territoire choisi"
    assert count_words(f"{title} {words.strengths_sentence(title, 3)}") <= MOST_WORDS


def test_bodies_are_said_whole() -> None:
    assert words.spoken_name("CC Quercy-Bouriane") == "Communauté de communes Quercy-Bouriane"
    assert words.spoken_name("CAMBRAI") == "CAMBRAI"


@pytest.mark.parametrize("favourable", [True, False])
@pytest.mark.parametrize(("same", "compared"), [(0, 1), (0, 3), (1, 1), (1, 3), (2, 3), (3, 3)])
def test_what_holds_elsewhere_is_said(same: int, compared: int, favourable: bool) -> None:
    said = words.again_sentence("Titre", same, compared, favourable)
    word = words.FAVOURABLE if favourable else words.UNFAVOURABLE
    assert word in said and not refused_words(said)
    if 1 <= same < compared:
        assert f"sur {['un', 'deux', 'trois'][compared - 1]}" in said
    assert ("aucun" in said) is (same == 0)


def test_nobody_leaving_changes_nothing_and_says_so() -> None:
    assert words.leaving_sentence(0, "0").startswith("Aucun départ")
    assert words.leaving_title(0, "Cahors") == "Si aucun généraliste ne part de Cahors"
    assert words.leaving_title(1, "Osny") == "Et si un généraliste part d'Osny ?"
    assert words.leaving_title(2, "Le Vigan") == "Et si deux généralistes partent du Vigan ?"
    assert "prudente" in words.leaving_sentence(2, "41 000")


def test_shapes_keep_proportions_and_north_is_up() -> None:
    table = squares(["01", "02", "03"])
    shapes = commune_shapes(table, {"01", "02"})
    assert shapes is not None and shapes.codes == ("01", "02") and shapes.left_out == 0
    assert max(shapes.width, shapes.height) in (SIDE, SIDE + 1)
    # 0.2° of longitude at 49° north, 0.1° of latitude: wider than high, by cos(49°) × 2.
    assert shapes.width / shapes.height == pytest.approx(2 * np.cos(np.radians(48.95)), rel=0.03)
    points = np.array(
        [[int(one) for one in pair.split()] for pair in re.findall(r"\d+ \d+", shapes.paths[0])]
    )
    assert points[:, 0].min() <= 3 and points[:, 0].max() == pytest.approx(SIDE / 2, abs=6)
    north = commune_shapes(
        gpd.GeoDataFrame(
            {"code": ["n", "s"], "name": ["n", "s"]},
            geometry=[shapely.box(2, 49, 2.1, 49.1), shapely.box(2, 48.9, 2.1, 49)],
            crs="EPSG:4326",
        ),
        {"n", "s"},
    )
    assert north is not None
    first = [int(pair.split()[1]) for pair in re.findall(r"\d+ \d+", north.paths[0])]
    second = [int(pair.split()[1]) for pair in re.findall(r"\d+ \d+", north.paths[1])]
    assert max(first) <= min(second) + 6


def test_shapes_of_nothing_and_of_two_parts_of_the_world() -> None:
    assert commune_shapes(squares(["01"]), {"99"}) is None
    both = gpd.GeoDataFrame(
        {"code": ["01", "02", "974"], "name": list("abc")},
        geometry=[
            shapely.box(2, 49, 2.1, 49.1),
            shapely.box(2.1, 49, 2.2, 49.1),
            shapely.box(55.3, -21.2, 55.4, -21.1),
        ],
        crs="EPSG:4326",
    )
    shapes = commune_shapes(both, {"01", "02", "974"})
    assert shapes is not None and shapes.codes == ("01", "02") and shapes.left_out == 1


def test_everything_typed_or_read_is_escaped() -> None:
    for html in (story_html(story(TRAP)), notes_html(story(TRAP))):
        found = Tags(html)
        assert "img" not in found.tags and "script" not in found.tags
        assert TRAP in "".join(found.texts)
        assert not [name for name, _ in found.attributes if name.startswith("on")]
    document = story_document(story(TRAP))
    assert document.count("</script>") == 1 and document.rstrip().endswith("</body></html>")


def test_the_file_to_carry_asks_nothing_of_anyone() -> None:
    document = story_document(story())
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", document)
    assert not {name for name, _ in Tags(document).attributes} & {"src", "href", "action"}
    data = document[document.index("mountStory(document.getElementById") :]
    assert '"linked": false' in data


def test_the_data_of_the_browser_is_plain_and_complete() -> None:
    data = story_data(story(), ["vote-1"])
    assert json.loads(json.dumps(data)) == data
    assert data["saved"] == ["vote-1"] and data["linked"] is True
    assert len(data["paths"]) == len(data["codes"]) == 2
    found = Tags(data["html"])
    classes = [value for name, value in found.attributes if name == "data-classes"]
    assert classes == ["0a", "80"] and all(len(one or "") == len(data["codes"]) for one in classes)
    fills = [json.loads(value or "") for name, value in found.attributes if name == "data-fills"]
    assert fills[0]["0"] == ["#123456", ""] and fills[1]["8"] == ["#000008", ""]


def test_the_code_is_drawn_only_when_another_machine_can_open_the_address() -> None:
    assert 'class="qr"' in story_html(story(address="https://gradient.exemple.fr/reunion?p=dep:95"))
    local = story_html(story(address="http://127.0.0.1:8501/reunion?p=dep:95"))
    assert 'class="qr"' not in local and "cet ordinateur" in local
    assert "barre du navigateur" in story_html(story())


def test_bars_of_several_things_have_their_own_scale() -> None:
    rows = (
        Bar("Petit", 1.0, "1", 2.0, "2"),
        Bar("Grand", 300.0, "300", 100.0, "100"),
    )

    def parts(one_scale: bool) -> list[float]:
        figure = Bars("Ici", "Là", rows, "", one_scale=one_scale)
        made = Story("x", (Screen("a", "A", View("T", "S", figure)),), None, (), (), ())
        return [float(part) for part in re.findall(r"--part:([\d.]+)", story_html(made))]

    assert parts(one_scale=False) == [0.5, 1.0, 1.0, 0.333]
    assert parts(one_scale=True) == [0.003, 0.007, 1.0, 0.333]
