"""AFOM: what stands where, and nothing that was not found, tested or written."""

from __future__ import annotations

from datetime import date

import pytest

from diagnostic.findings import ATOUT, FRAGILITE, INCERTAIN, INEGALITE
from diagnostic.records import Entry, Placement, Vote
from diagnostic.swot import (
    QUADRANTS,
    Element,
    entry_quadrant,
    finding_quadrant,
    placed,
    placement_id,
    squares,
    trend_quadrant,
    unclaimed,
    voices,
)
from diagnostic.trend import DECREASING, INCREASING, NO_TREND

FOUND = Element("constat:x:fragilite", "constat", "offre", "Un constat", "faiblesse")
TREND = Element("tendance:x", "tendance", "offre", "Une évolution", "menace")
WORDS = Element("parole:a", "parole", "offre", "Une parole", "atout")


def moved(element: Element, quadrant: str | None, day: int = 1) -> Placement:
    fields = {"item": element.key, "quadrant": quadrant, "written": date(2026, 1, day)}
    return Placement.model_validate(fields)


@pytest.mark.parametrize(
    ("kind", "gradient", "expected"),
    [
        (ATOUT, "", "atout"),
        (FRAGILITE, "", "faiblesse"),
        (INEGALITE, "usuel", "faiblesse"),
        (INEGALITE, "inverse", None),
        (INCERTAIN, "", None),
    ],
)
def test_a_finding_is_a_strength_or_a_weakness(
    kind: str, gradient: str, expected: str | None
) -> None:
    assert finding_quadrant(kind, gradient) == expected


@pytest.mark.parametrize(
    ("verdict", "direction", "expected"),
    [
        (INCREASING, "favorable", "opportunite"),
        (DECREASING, "defavorable", "opportunite"),
        (INCREASING, "defavorable", "menace"),
        (DECREASING, "favorable", "menace"),
        (NO_TREND, "favorable", None),
        (None, "favorable", None),
        (INCREASING, "neutre", None),
        (INCREASING, "ambigu", None),
    ],
)
def test_only_an_established_trend_is_an_opportunity_or_a_threat(
    verdict: str | None, direction: str, expected: str | None
) -> None:
    assert trend_quadrant(verdict, direction) == expected


@pytest.mark.parametrize(
    ("kind", "saying", "expected"),
    [
        ("verbatim", "va_bien", "atout"),
        ("observation", "probleme", "faiblesse"),
        ("verbatim", "ni_l_un_ni_l_autre", None),
        ("verbatim", None, None),
        ("action", None, "atout"),
        ("structure", None, "atout"),
        ("question", None, None),
    ],
)
def test_an_entry_stands_where_its_author_says(
    kind: str, saying: str | None, expected: str | None
) -> None:
    entry = Entry.model_validate({"kind": kind, "saying": saying, "text": "…"})
    assert entry_quadrant(entry) == expected


def test_people_keep_and_move_words_and_never_turn_a_figure_over() -> None:
    for element in (FOUND, TREND):
        assert placed(element, [moved(element, None)]) is None
        for quadrant in QUADRANTS:
            assert placed(element, [moved(element, quadrant)]) == element.proposed
    for quadrant in QUADRANTS:
        assert placed(WORDS, [moved(WORDS, quadrant)]) == quadrant
    assert placed(WORDS, [moved(WORDS, "menace", 2), moved(WORDS, None, 1)]) == "menace"
    assert placed(WORDS, [moved(FOUND, None)]) == "atout"


def test_squares_hold_every_element_kept_once_in_its_order() -> None:
    later = Element("parole:b", "parole", "offre", "Une autre", "atout")
    found = squares([FOUND, WORDS, TREND, later], [moved(WORDS, "opportunite")])
    assert found == {
        "atout": (later,),
        "faiblesse": (FOUND,),
        "opportunite": (WORDS,),
        "menace": (TREND,),
    }
    assert placement_id(FOUND.key) != placement_id(WORDS.key)
    assert Placement(id=placement_id(FOUND.key), item=FOUND.key)


def test_votes_are_matched_by_name_and_none_is_lost() -> None:
    first = Vote(id="a", held_on=date(2026, 3, 3), priorities=(("Accès aux  dentistes", 12),))
    second = Vote(
        id="b", held_on=date(2026, 5, 3), priorities=(("ACCÈS AUX DENTISTES", 0), ("Air", 4))
    )
    assert voices(["Accès aux dentistes"], [first, second]) == [(second, 0), (first, 12)]
    assert voices(["Sommeil"], [first, second]) == []
    assert unclaimed(["Accès aux dentistes"], [first, second]) == [("Air", 4, second)]
