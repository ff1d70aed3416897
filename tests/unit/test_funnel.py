"""The funnel: limits recomputed by hand, names outside, words."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson

from diagnostic.funnel import BEYOND_95, BEYOND_998, INSIDE, LIMITS, funnel
from views.funnel import (
    funnel_chart,
    funnel_sentences,
    funnel_sheet,
    funnel_table,
    no_funnel_sentence,
)
from views.lexicon import refused_words
from views.observation import Reading

READING = Reading("%", 1, "ratio")
Z95, Z998 = 1.959963984540054, 3.090232306167813


def shares(*pairs: tuple[float, float]) -> pd.DataFrame:
    """Territories a, b, c… with these numerators and denominators."""
    names = [chr(97 + position) for position in range(len(pairs))]
    return pd.DataFrame(pairs, columns=["numerator", "denominator"], index=names)


def test_proportions_against_the_textbook_formula() -> None:
    figures = shares((200, 1000), (260, 1000), (150, 1000), (225, 1000))
    drawn = funnel(figures, 20.0, "proportion", 100)
    deviation = math.sqrt(0.2 * 0.8 / 1000) * 100
    row = drawn.points.loc["a"]
    assert [row[name] for name in LIMITS] == pytest.approx(
        [20 - Z95 * deviation, 20 + Z95 * deviation, 20 - Z998 * deviation, 20 + Z998 * deviation]
    )
    assert list(drawn.points["outside"]) == [INSIDE, BEYOND_998, BEYOND_998, BEYOND_95]
    assert list(drawn.points["way"]) == ["non différent", "plus haut", "plus bas", "plus haut"]
    assert drawn.beyond == 3


def test_rates_agree_with_the_exact_poisson_tail() -> None:
    """Outside at 95 % when the count is in a tail of .025 of what is expected."""
    counts, people, baseline = [3, 8, 12, 20, 30], 10_000, 10.0
    drawn = funnel(shares(*((count, people) for count in counts)), baseline, "rate", 10_000)
    for count, outside in zip(counts, drawn.points["outside"], strict=True):
        tail = min(poisson.cdf(count, 10), poisson.sf(count - 1, 10))
        assert (outside != INSIDE) == (tail < 0.025), count
        assert (outside == BEYOND_998) == (tail < 0.001), count


def test_the_smallest_have_the_widest_limits() -> None:
    drawn = funnel(shares((20, 100), (200, 1000), (2000, 10_000)), 20.0, "proportion", 100)
    width = (drawn.curve["high_998"] - drawn.curve["low_998"]).to_numpy()
    assert (np.diff(width) < 0).all()
    assert drawn.curve["size"].iloc[0] < 100 and drawn.curve["size"].iloc[-1] > 10_000


def test_territories_without_counts_are_left_out() -> None:
    drawn = funnel(shares((20, 100), (math.nan, 1000), (1, 0)), 20.0, "proportion", 100)
    assert list(drawn.points.index) == ["a"]
    with pytest.raises(ValueError, match="numérateur"):
        funnel(shares((math.nan, 10)), 20.0, "proportion", 100)


def named(figures: pd.DataFrame):
    drawn = funnel(figures, 20.0, "proportion", 100)
    drawn.points["name"] = [f"CC <{one}>" for one in drawn.points.index]
    return drawn


def test_those_outside_are_named_in_alphabetical_order() -> None:
    drawn = named(
        shares((300, 1000), (200, 1000), (290, 1000), (100, 1000), (199, 1000), (201, 1000))
    )
    said = funnel_sentences(drawn, "du Val-d'Oise")
    assert said[0].endswith("à 99,8\u202f% : CC <a> et CC <c>.")
    assert "Au-dessous" in said[1] and "CC <d>" in said[1]
    assert not any("Plus de la moitié" in one for one in said)
    assert refused_words(" ".join(said)) == []


def test_nobody_outside_and_nearly_everybody_outside() -> None:
    assert "hasard" in funnel_sentences(named(shares((200, 1000), (201, 1000))), "de la France")[0]
    crowded = named(shares((300, 1000), (100, 1000), (200, 1000)))
    assert "sépare alors mal" in funnel_sentences(crowded, "de la France")[-1]


def test_table_chart_and_sheet_hold_the_same_points() -> None:
    drawn = named(shares((300, 1000), (200, 1000), (225, 1000)))
    table = funnel_table(drawn, READING, "personnes")
    assert list(table["Valeur"]) == ["30,0\u202f%", "20,0\u202f%", "22,5\u202f%"]
    assert table["Lecture"].iloc[0] == "hors de la limite à 99,8\u202f%, plus haut"
    figure = funnel_chart(drawn, READING, "Val-d'<b>Oise", "personnes")
    texts = " ".join(str(trace.name) for trace in figure.data)
    assert "<b>" not in texts
    points = [text for trace in figure.data for text in (trace.text or ())]
    assert sorted(points) == ["CC &lt;a&gt;", "CC &lt;b&gt;", "CC &lt;c&gt;"]
    sheet = funnel_sheet(drawn, "Sans diplôme", "personnes", 1, "Val-d'Oise")
    assert list(sheet.frame["Valeur"]) == [30.0, 20.0, 22.5]
    assert set(sheet.formats) <= set(sheet.frame.columns)


def test_why_there_is_no_funnel() -> None:
    assert "numérateur" in no_funnel_sentence("APL", False, "du Lot")
    assert "au moins trois" in no_funnel_sentence("Part", True, "du Lot")
