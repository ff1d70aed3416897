"""Figures beside words: the rule that proposes a reading, table by table, and its choices."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostic.records import Crossing, Entry
from diagnostic.triangulation import (
    Stance,
    Subject,
    crossing_id,
    figures_stance,
    leaning,
    propose,
    triangulate,
    words_stance,
)

STANCES: tuple[Stance | None, ...] = (None, "favorable", "defavorable", "neutre", "partage")
OPPOSITE: dict[Stance, Stance] = {"favorable": "defavorable", "defavorable": "favorable"}


def turned(stance: Stance | None) -> Stance | None:
    return None if stance is None else OPPOSITE.get(stance, stance)


def said(saying: str | None = "probleme", source: str = "habitants", **more: object) -> Entry:
    fields: dict[str, object] = {"kind": "verbatim", "theme": "offre", "text": "…"}
    return Entry.model_validate(fields | {"source": source, "saying": saying} | more)


@pytest.mark.parametrize(
    ("figures", "actors", "residents", "reading", "rule"),
    [
        ("defavorable", "defavorable", "defavorable", "convergent", "accord"),
        ("defavorable", "defavorable", None, "convergent", "accord"),
        ("favorable", None, "favorable", "convergent", "accord"),
        ("favorable", "neutre", "favorable", "convergent", "accord"),
        ("favorable", "defavorable", None, "divergent", "desaccord"),
        ("defavorable", "defavorable", "favorable", "divergent", "desaccord"),
        (None, "defavorable", "defavorable", "non_mesure", "sans_chiffre"),
        (None, None, None, "non_mesure", "sans_chiffre"),
        ("favorable", None, None, None, "sans_parole"),
        ("neutre", "defavorable", "defavorable", None, "chiffres_neutres"),
        ("partage", "defavorable", None, None, "partage"),
        ("favorable", "partage", "defavorable", None, "partage"),
        ("favorable", "neutre", None, None, "parole_neutre"),
    ],
)
def test_the_rule(
    figures: Stance | None,
    actors: Stance | None,
    residents: Stance | None,
    reading: str | None,
    rule: str,
) -> None:
    assert propose(figures, actors, residents) == (reading, rule)


@pytest.mark.parametrize(("figures", "actors", "residents"), list(product(STANCES, repeat=3)))
def test_the_rule_has_no_side(
    figures: Stance | None, actors: Stance | None, residents: Stance | None
) -> None:
    """Good and bad exchanged, or the two groups: the same reading. Never said without both sources."""
    found = propose(figures, actors, residents)
    assert propose(turned(figures), turned(actors), turned(residents)) == found
    assert propose(figures, residents, actors) == found
    if found[0] in ("convergent", "divergent"):
        assert figures in OPPOSITE
        assert {actors, residents} & set(OPPOSITE)
    assert (found[0] == "non_mesure") == (figures is None)


@given(st.lists(st.sampled_from(["favorable", "defavorable", "neutre"])))
def test_where_voices_lean(stances: list[Stance]) -> None:
    found = leaning(stances)
    assert (found is None) == (not stances)
    assert (found == "partage") == ({"favorable", "defavorable"} <= set(stances))
    assert (found == "neutre") == (set(stances) == {"neutre"})
    assert leaning([*stances, "partage"]) == "partage"
    assert figures_stance(stances) == found


def test_words_lean_as_their_authors_said_and_never_by_their_text() -> None:
    good = said("va_bien", text="C'est un problème, un drame, une honte")
    assert words_stance([good]) == "favorable"
    assert words_stance([said(None, text="Tout va mal")]) is None
    assert words_stance([good, said("ni_l_un_ni_l_autre")]) == "favorable"
    assert words_stance([good, said("probleme")]) == "partage"


def test_rows_keep_the_order_and_lose_no_note() -> None:
    care, dentists = Subject("offre"), Subject("offre", "densite_chirurgiens_dentistes")
    entries = [
        said(id="a"),
        said("va_bien", "elus", id="b", indicator=dentists.indicator),
        said("probleme", "professionnels", id="c", kind="action"),
        said(None, id="d", kind="question"),
        said(id="e", theme="un sujet écrit à la main"),
    ]
    rows = triangulate([care, dentists, Subject("addictions")], {care: "defavorable"}, entries)
    assert [row.subject for row in rows] == [
        care,
        dentists,
        Subject("addictions"),
        Subject("un sujet écrit à la main"),
    ]
    assert sorted(one.id for row in rows for one in row.entries) == list("abcde")
    first = rows[0]
    assert [one.id for one in first.residents] == ["a"]
    assert first.actors == ()  # what exists is no opinion
    assert [one.id for one in first.means] == ["c"]
    assert [one.id for one in first.questions] == ["d"]
    assert [row.reading for row in rows] == ["convergent", "non_mesure", "non_mesure", "non_mesure"]


def test_a_choice_takes_the_place_of_the_rule() -> None:
    care = Subject("offre")
    name = crossing_id(care)
    older = Crossing(id="x", theme="offre", reading="non_mesure", written=date(2026, 1, 1))
    chosen = Crossing(id=name, theme="offre", reading="divergent", written=date(2026, 2, 1))
    (row,) = triangulate([care], {care: "favorable"}, [said("va_bien")], [chosen, older])
    assert (row.proposed, row.reading, row.chosen) == ("convergent", "divergent", chosen)
    other = Crossing(theme="offre", indicator="autre", reading="divergent")
    (row, *_) = triangulate([care], {care: "favorable"}, [said("va_bien")], [other])
    assert row.reading == "convergent"


def test_two_colleagues_choose_under_the_same_name() -> None:
    assert crossing_id(Subject("offre")) == crossing_id(Subject("offre"))
    names = {crossing_id(Subject("offre")), crossing_id(Subject("offre", "x"))}
    assert len(names | {crossing_id(Subject("offrex"))}) == 3
    assert all(Crossing(id=one, reading="divergent") for one in names)
