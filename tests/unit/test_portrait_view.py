"""The portrait's table: inert HTML, states said."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from views.observation import Reading
from views.portrait import Line, portrait_table
from views.text import DIRECTIONS

HOSTILE = '</td><script>alert(1)</script><img src=x onerror="alert(2)">'
ALLOWED = {
    "table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "p", "span",
    "style",
}  # fmt: skip
directions = st.sampled_from(sorted(DIRECTIONS))


def observation(**fields: object) -> SimpleNamespace:
    base = {
        "value": 12.5, "ci_low": np.nan, "ci_high": np.nan, "numerator": 1.0, "denominator": 8.0,
        "state": "ok", "reason": None, "coverage": 1.0, "communes": 3, "period": "2023",
        "newer_period": None, "newer_value": None, "newer_state": None,
    }  # fmt: skip
    return SimpleNamespace(**(base | fields))


def line(**fields: Any) -> Line:
    plain = Line(
        label="Part des 65 ans et plus",
        reading=Reading("%", 1, "ratio"),
        direction="neutre",
        own=observation(),
        others={"dep": observation(value=9.9)},
        definition="Définition",
        caveats=["Prudence"],
        source="Insee, RP 2023",
        communes=3,
    )
    return replace(plain, **fields)


class Page(HTMLParser):
    """Tags, attributes and the text of cells, as a browser sees them."""

    def __init__(self, content: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.rows: list[list[str]] = []
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_the_table_writes_each_indicator_beside_its_comparators() -> None:
    page = Page(portrait_table("Population", {"dep": "Val-d'Oise"}, [line()]))
    assert page.rows[0][1:3] == ["Périmètre", "Val-d'Oise"]
    assert page.rows[1][1:4] == ["12,5\u202f%", "9,9\u202f%", "2023"]
    for words in ("Définition", "Prudence", "Insee, RP 2023", DIRECTIONS["neutre"]):
        assert words in page.rows[1][0]


def test_hostile_text_is_shown_and_never_run() -> None:
    """Names, labels, definitions, sources, reasons and periods: whatever they hold is text."""
    own = observation(state="approx", reason=HOSTILE, period=f"2023{HOSTILE}")
    hostile = line(
        label=HOSTILE,
        own=own,
        reading=Reading(HOSTILE, 1, "ratio"),
        definition=HOSTILE,
        caveats=[HOSTILE],
        source=HOSTILE,
    )
    page = Page(portrait_table(HOSTILE, {"dep": HOSTILE}, [hostile]))
    assert page.tags <= ALLOWED
    assert page.attributes <= {"class", "scope"}
    assert page.text.count("<script>alert(1)</script>") >= 7
    assert page.rows[0][2] == HOSTILE


@pytest.mark.parametrize(
    ("state", "words"), [("secret", "secret statistique"), ("absent", "pas de chiffre")]
)
def test_a_figure_that_is_not_known_is_said_not_drawn(state: str, words: str) -> None:
    hidden = observation(
        value=np.nan,
        numerator=np.nan,
        denominator=np.nan,
        state=state,
        reason="trop peu d'habitants",
    )
    page = Page(portrait_table("", {"dep": "Lot"}, [line(own=hidden, others={"dep": hidden})]))
    _, own, other, *_ = page.rows[1]
    assert own == words
    assert not re.search(r"\d", own + other)
    assert "trop peu d'habitants" in page.rows[1][0]


def test_a_comparator_without_a_figure_is_a_dash() -> None:
    page = Page(portrait_table("", {"dep": "Lot", "reg": "Occitanie"}, [line(others={})]))
    assert page.rows[1][2:4] == ["–", "–"]


def test_partial_coverage_and_a_newer_figure_are_said() -> None:
    own = observation(coverage=0.9798, communes=12, newer_period="2024", newer_value=13.1)
    page = Page(portrait_table("", {}, [line(own=own, communes=13)]))
    assert "98,0\u202f%" in page.text
    assert "2024 : " in page.rows[1][0]
    assert "13,1" in page.rows[1][0]
