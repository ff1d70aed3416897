"""Words and charts of targeting: groups without rank, need beside access, ratios as they are."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from views.cibles import (
    GROUP_COLOURS,
    GROUP_MEANING,
    GROUPS,
    aside_text,
    crossing_chart,
    crossing_sentence,
    group_sentence,
    method_text,
    periods_text,
    profile_text,
    ratio_sentence,
)
from warehouse.needs import load_needs

LABELS = {domain.id: domain.label for domain in load_needs().domains}
METHOD = method_text(list(LABELS.values()))
scores = st.one_of(st.floats(-3, 3), st.just(np.nan))


def places(
    needs: list[float], accesses: list[float], groups: list[str] | None = None
) -> pd.DataFrame:
    size = len(needs)
    return pd.DataFrame(
        {
            "name": [f"Commune {letter}" for letter in "abcdefghijklmnopqrstuvwxyz"[:size]],
            "need": needs,
            "access": accesses,
            "population": [100 * (position + 1) for position in range(size)],
            "group": groups or ["socle"] * size,
        }
    )


def test_groups_are_counted_with_their_inhabitants() -> None:
    groups = pd.Series(["socle", "intensif", "socle", "non classable"])
    population = pd.Series([500, 300, 100, 100])
    sentence = group_sentence(groups, population)
    assert sentence == (
        "Socle : 2\u00a0communes (60,0\u202f% des habitants) · "
        "Intensif : 1\u00a0commune (30,0\u202f% des habitants) · "
        "Non classable : 1\u00a0commune (10,0\u202f% des habitants)"
    )


def test_an_empty_population_has_no_share() -> None:
    assert "0,0\u202f%" in group_sentence(pd.Series(["socle"]), pd.Series([0]))


def test_every_group_has_a_meaning_and_its_own_colour() -> None:
    assert set(GROUP_MEANING) == set(GROUPS)
    assert set(GROUP_COLOURS) == set(GROUPS) - {"non classable"}
    assert len(set(GROUP_COLOURS.values())) == 3


def test_groups_are_depths_of_action_never_ranks() -> None:
    words = " ".join([*GROUPS.values(), *GROUP_MEANING.values(), METHOD]).lower()
    for verdict in ("pire", "mauvais", "dernier", "classement", "rang", "retard"):
        assert not re.search(rf"\b{verdict}", words), verdict


def test_the_method_is_one_paragraph_without_jargon() -> None:
    assert "\n" not in METHOD
    for jargon in ("z-score", "quintile", "écart-type", "standardis", "pondér", "quantile"):
        assert jargon not in METHOD.lower()
    assert len(METHOD.split()) < 180


def test_the_method_names_the_domains_that_count() -> None:
    text = method_text(["Ressources", "Emploi", "Logement"])
    assert "trois sujets : ressources, emploi et logement." in text


def test_the_periods_used_are_written() -> None:
    used = {"Niveau de vie médian": "2021", "Logements vacants": "2021"}
    for national in (True, False):
        text = periods_text(used, national=national)
        assert "niveau de vie médian 2021 et logements vacants 2021." in text
        assert ("départements chargés" in text) != national


def test_a_domain_left_aside_is_named_with_its_indicators() -> None:
    (sentence,) = aside_text({"Éducation": ["Sans diplôme"]})
    assert sentence.startswith("« Éducation » n'entre pas dans le besoin : sans diplôme")
    assert "90 %" in sentence
    assert aside_text({}) == []


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(LABELS)), scores, min_size=1))
def test_a_profile_names_what_carries_the_need(row: dict[str, float]) -> None:
    """A domain is named as carrying need above half a deviation, easing it below, else unnamed."""
    sentence = profile_text(pd.Series(row, dtype=float), LABELS)
    carrying, _, easing = sentence.partition("atténué par")
    for name, score in row.items():
        label = LABELS[name].lower()
        assert (label in carrying) == (score >= 0.5)
        assert (label in easing) == (score <= -0.5)
    if not any(abs(score) >= 0.5 for score in row.values()):
        assert sentence == "proche de la moyenne nationale sur chaque domaine"


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.floats(-3, 3), st.floats(0, 6), st.sampled_from(sorted(GROUP_COLOURS))),
        min_size=1,
        max_size=20,
    ),
    st.floats(1, 5),
)
def test_every_commune_is_drawn_within_the_axes(points, mean_access: float) -> None:
    frame = places(*(list(column) for column in zip(*points, strict=True)))
    figure = crossing_chart(frame, mean_access, "Accès")
    assert sum(len(trace.x) for trace in figure.data) == len(frame)
    for trace in figure.data:
        assert trace.marker.color in GROUP_COLOURS.values()
    for axis, values, centre in (
        (figure.layout.xaxis, frame["need"], 0.0),
        (figure.layout.yaxis, frame["access"], mean_access),
    ):
        low, high = axis.range
        assert low < min(values.min(), centre)
        assert high > max(values.max(), centre)
    assert len(figure.layout.annotations) == 4
    assert [shape.type for shape in figure.layout.shapes] == ["line", "line"]


def test_names_in_the_chart_are_text() -> None:
    frame = places([1.0], [2.0]).assign(name=["<script>alert(1)</script>"])
    figure = crossing_chart(frame, 3.0, "Accès")
    assert figure.data[0].text[0] == "&lt;script&gt;alert(1)&lt;/script&gt;"


def test_communes_with_need_and_without_access_are_named() -> None:
    frame = places([1.0, 1.0, -1.0, -1.0], [2.0, 4.0, 2.0, 4.0])
    sentence = crossing_sentence(frame, 3.0)
    assert "Commune a" in sentence
    assert not re.search(r"Commune [bcd]", sentence)
    assert "10,0\u202f% des habitants" in sentence
    assert "Aucune commune" in crossing_sentence(frame.iloc[1:], 3.0)


@settings(deadline=None)
@given(st.integers(1, 12))
def test_a_long_list_is_counted_rather_than_named(size: int) -> None:
    sentence = crossing_sentence(places([1.0] * size, [1.0] * size), 3.0)
    assert sentence.startswith(f"{size}\u00a0commune")
    assert sentence.count("Commune ") == (size if size <= 8 else 0)
    assert ("cumulent" in sentence) == (size > 1)


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (1.8, "soit 1,8 fois plus par habitant là où le besoin est le plus élevé"),
        (1.0, "soit la même quantité par habitant partout"),
        (float("inf"), ""),
        (float("nan"), ""),
    ],
)
def test_the_ratio_is_said(ratio: float, expected: str) -> None:
    assert ratio_sentence(ratio) == expected
