"""Side by side: the list in the link, the scale of a panel, the words, the HTML."""

from __future__ import annotations

import math
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostic.perimeter import Part, Perimeter
from diagnostic.together import COMPOSED, MOST, are_mixed, kind, read, write
from views.comparer import (
    KINDS,
    Line,
    Panel,
    filter_ignored_sentence,
    interval_text,
    kept_sentence,
    mixed_sentence,
    nothing_left_sentence,
    nothing_loaded_sentence,
    order_sentence,
    other_kind_sentence,
    panel_axis,
    panels_table,
    refusal,
    refused_sentence,
    shared_sentence,
    straddling_sentence,
    weight_sentence,
)
from views.lexicon import refused_words
from views.observation import Reading

READING = Reading("%", 1, "ratio")
CERGY, OSNY = Perimeter((Part("epci", "249500109"),)), Perimeter((Part("commune", "95476"),))
BOTH = Perimeter((Part("epci", "249500109"), Part("commune", "46042")))
LESS = Perimeter((Part("epci", "249500109"), Part("commune", "95127", removed=True)))

perimeters = st.lists(
    st.lists(
        st.builds(
            Part,
            st.just("epci"),
            st.integers(200_000_000, 249_999_999).map(str),
            st.booleans(),
        ),
        min_size=1,
        max_size=3,
    ).map(lambda parts: Perimeter(tuple(parts))),
    max_size=MOST,
    unique=True,
)


@given(perimeters)
def test_the_link_gives_back_the_list_in_its_order(wanted: list[Perimeter]) -> None:
    assert read(write(wanted)) == (wanted, [])


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    found, _ = read(text)
    assert len(found) <= MOST
    assert len(set(found)) == len(found)


def test_too_many_territories_are_cut_and_said() -> None:
    text = ";".join(f"com:9500{digit}" for digit in range(9))
    found, notes = read(text)
    assert len(found) == MOST and "au plus 6" in notes[-1]
    assert read("epci:249500109;;epci:249500109") == ([CERGY], [])
    assert "ignoré" in read("zzz;epci:249500109")[1][0]


def test_kinds() -> None:
    assert [kind(one) for one in (CERGY, OSNY, BOTH, LESS)] == [
        "epci",
        "commune",
        COMPOSED,
        COMPOSED,
    ]
    assert are_mixed([CERGY, OSNY]) and are_mixed([CERGY, BOTH])
    assert not are_mixed([BOTH, LESS]) and not are_mixed([])


def line(value: float, low: float = math.nan, high: float = math.nan, **more: object) -> Line:
    texts = {
        "name": "A",
        "own": "x",
        "interval": "y",
        "said": "z",
        "tone": "neutre",
        "differs": False,
    }
    return Line(**(texts | more), value=value, low=low, high=high)  # type: ignore[arg-type]


def panel(*lines: Line, mark: float = 20.0, spread: float = 5.0) -> Panel:
    return Panel("Thème", "Part", "2023", "20,0 %", mark, spread, READING, lines)


def test_the_scale_holds_every_interval_and_a_deviation_around_the_comparator() -> None:
    low, high = panel_axis(panel(line(19, 18, 21), line(21, 20, 23)))
    assert low < 15 and high > 25
    low, high = panel_axis(panel(line(19, 2, 40), spread=0.1))
    assert 0 <= low < 2 and high > 40


numbers = st.floats(-1e6, 1e6, allow_nan=False)
maybe = st.one_of(st.just(math.nan), numbers)


@given(
    st.lists(maybe, min_size=1, max_size=6), maybe, st.one_of(st.just(math.nan), st.floats(0, 1e5))
)
def test_whatever_is_drawn_is_inside_its_scale(
    values: list[float], mark: float, spread: float
) -> None:
    drawn = panel(
        *(line(value, value - 1, value + 1) for value in values), mark=mark, spread=spread
    )
    low, high = panel_axis(drawn)
    known = [end for value in values for end in (value - 1, value, value + 1) if math.isfinite(end)]
    known += [mark] if math.isfinite(mark) else []
    assert math.isnan(low) == (not known)
    assert all(low <= end <= high for end in known)
    assert math.isnan(low) or low < high
    html = panels_table("légende", "France", [drawn])
    for left in re.findall(r"left:(-?[\d.]+)%", html):
        assert -0.1 <= float(left) <= 100.1
    assert "nan" not in html


def test_one_scale_for_all_the_territories_of_an_indicator() -> None:
    """The comparator stands at the same place on each row."""
    html = panels_table("légende", "France", [panel(line(10, 9, 11), line(30, 29, 31))])
    centres = re.findall(r'class="centre" style="left:([\d.]+)%"', html)
    assert len(centres) == 2 and len(set(centres)) == 1


def test_marks_follow_the_reading_and_nothing_else() -> None:
    html = panels_table(
        "légende",
        "France",
        [
            panel(
                line(10, tone="favorable", differs=True),
                line(30, tone="defavorable", differs=True),
                line(21, tone="favorable", differs=False),
                line(31, tone="neutre", differs=True),
            )
        ],
    )
    assert re.findall(r'class="mark (\w+)"', html) == [
        "favorable",
        "defavorable",
        "same",
        "differs",
    ]


def test_without_a_figure_the_reason_takes_the_place_of_the_drawing() -> None:
    html = panels_table("légende", "France", [panel(line(math.nan, said="secret statistique"))])
    assert '<td class="said" colspan="3">secret statistique</td>' in html
    assert 'class="mark' not in html.split("</style>")[-1]


def test_names_are_escaped() -> None:
    html = panels_table("<i>", "<b>", [panel(line(1, name="<script>", said='"x"'))])
    assert "<script>" not in html and "<i>" not in html and "<b>" not in html


def test_mortality_ratios_do_not_stand_side_by_side() -> None:
    assert "France" in (refusal("ratio_mortalite") or "")
    assert refusal("ratio_mortalite_hommes") == refusal("ratio_mortalite")
    assert refusal("taux_natalite") is None
    assert "« Ratio »" in refused_sentence({"Ratio": refusal("ratio_mortalite") or ""})


BODIES = pd.DataFrame(
    {
        "name": ["MGP", "CA B", "CC A"],
        "population": [7_000_000, 100_000, 20_000],
        "local_population": [70_000, 98_000, 20_000],
        "elsewhere": [["Paris", "Seine-Saint-Denis", "Yvelines", "Essonne"], ["Yvelines"], []],
    }
)


def test_who_straddles_is_named_with_the_share_that_lives_here() -> None:
    said = straddling_sentence(BODIES, "du Val-d'Oise")
    assert said.index("CA B (98\u202f%") < said.index("MGP (1\u202f%")
    assert "Paris, Seine-Saint-Denis et 2 autres" in said and "CC A" not in said
    assert straddling_sentence(BODIES.tail(1), "du Lot") == ""
    nearly = BODIES.head(2).assign(local_population=[10, 99_900])
    said = straddling_sentence(nearly, "du Lot")
    assert "plus de 99\u202f%" in said and "moins de 1\u202f%" in said


def sentences() -> list[str]:
    refused = [refused_sentence({"Ratio": refusal("ratio_mortalite") or ""})]
    kinds = [other_kind_sentence("Osny", one, other) for one in KINDS for other in KINDS]
    return [
        *refused,
        *kinds,
        mixed_sentence(["Cergy", "Osny", "x"], ["epci", "commune", COMPOSED]),
        straddling_sentence(BODIES, "du Val-d'Oise"),
        nothing_left_sentence(12, {"sans quartier prioritaire": 7, "couverture": 12, "vide": 0}),
        nothing_left_sentence(1, {"a une commune en ZIP": 1}),
        kept_sentence(3, 12, {"a un quartier prioritaire": 1, "sans": 4}),
        kept_sentence(1, 1, {}),
        *(order_sentence(order, "Part", "du Lot") for order in ("nom", "taille", "ecart")),
        nothing_loaded_sentence("Lot", 0),
        nothing_loaded_sentence("Lot", 4),
        filter_ignored_sentence("ZIP"),
        shared_sentence("A", "B", 1),
        weight_sentence({"A": 0.17, "B": 0.2}, "du Lot"),
        interval_text(12.14, 13.0, READING),
        interval_text(math.nan, 13.0, READING),
    ]


@pytest.mark.parametrize("text", sentences())
def test_every_sentence_is_fit_to_be_read(text: str) -> None:
    assert text and refused_words(text) == []
    assert not re.search(r"nan|None|_|  | ,|\.\.$", text), text
    assert not re.search(r"\b1\u00a0\w+s\b", text), text


def test_a_filter_that_leaves_nobody_out_is_not_blamed() -> None:
    said = nothing_left_sentence(12, {"sans quartier": 7, "vide": 0})
    assert "« sans quartier » en écarte 7" in said and "vide" not in said
