"""One figure in words: a secret or an absence is never a number, an approximation always says so."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from views.observation import (
    Reading,
    caution_text,
    commune_value_text,
    coverage_text,
    newer_text,
    value_text,
)
from views.text import number
from warehouse.indicators import load_indicators

READINGS = [
    Reading(card.unit, card.decimals, card.kind, card.signed) for card in load_indicators().values()
]
numbers = st.one_of(st.none(), st.just(math.nan), st.floats(-1e6, 1e6))
present = st.floats(0, 1e6)


def row(**fields: object) -> SimpleNamespace:
    base = {
        "value": None, "ci_low": None, "ci_high": None, "numerator": None, "denominator": None,
        "state": "ok", "reason": None, "coverage": 1.0, "communes": None,
    }  # fmt: skip
    return SimpleNamespace(**(base | fields))


@settings(deadline=None)
@given(
    st.sampled_from(READINGS),
    st.sampled_from(["secret", "absent"]),
    st.sampled_from([None, math.nan]),
    numbers,
    numbers,
    numbers,
    numbers,
    st.booleans(),
)
def test_a_secret_or_an_absence_is_never_a_number(
    reading, state, value, numerator, denominator, low, high, short
) -> None:
    """Whatever else the row carries, and for every indicator that exists."""
    hidden = row(
        value=value,
        state=state,
        numerator=numerator,
        denominator=denominator,
        ci_low=low,
        ci_high=high,
    )
    expected = {"secret": "secret statistique", "absent": "pas de chiffre"}[state]
    assert value_text(hidden, reading, short=short) == expected
    assert commune_value_text(hidden, reading) == expected


@settings(deadline=None)
@given(st.sampled_from(READINGS), st.floats(0, 1e6))
def test_a_published_value_is_written_without_a_mark(reading: Reading, value: float) -> None:
    written = value_text(row(value=value), reading)
    assert written.startswith(number(value, reading.decimals, signed=reading.signed))


@settings(deadline=None)
@given(st.sampled_from(READINGS), present)
def test_an_approximation_says_so(reading: Reading, value: float) -> None:
    written = value_text(row(value=value, state="approx", reason="x"), reading)
    assert written.startswith("au moins " if reading.kind == "count" else "≈ ")


@settings(deadline=None)
@given(present, present)
def test_two_bounds_are_both_written(low: float, high: float) -> None:
    bounded = row(state="approx", ci_low=low, ci_high=high, reason="x")
    written = value_text(bounded, Reading("foyers", 0, "count"))
    assert written == f"de {number(low)} à {number(high)}"


@pytest.mark.parametrize(
    ("fields", "reading", "expected"),
    [
        ({"value": 25920.0}, Reading("€ par an", 0, "median"), "25\u202f920\u00a0€"),
        ({"value": 98.04}, Reading("%", 1, "ratio"), "98,0\u202f%"),
        ({"value": 2.5}, Reading("%", 1, "ratio", signed=True), "+2,5\u202f%"),
        ({"value": 0.0}, Reading("foyers", 0, "count"), "0"),
        ({"value": 3.0, "denominator": 147.0}, Reading("communes", 0, "ordinal"), "3 sur 147"),
        ({"value": 0.0, "denominator": 12.0}, Reading("communes", 0, "sample"), "0 sur 12"),
        (
            {"value": 2.68, "state": "approx"},
            Reading("consultations par an et par habitant", 2, "mean"),
            "≈ 2,68",
        ),
    ],
)
def test_values(fields: dict, reading: Reading, expected: str) -> None:
    assert value_text(row(**fields), reading) == expected


@pytest.mark.parametrize(
    ("fields", "reading", "expected"),
    [
        ({"value": 3.0}, Reading("communes", 0, "ordinal"), "catégorie 3"),
        (
            {"value": 6.0, "denominator": 80.0},
            Reading("communes", 0, "sample"),
            "6 sur 80\u00a0prélèvements",
        ),
        ({"value": 0.0}, Reading("foyers", 0, "count"), "0 foyers"),
    ],
)
def test_values_of_one_commune(fields: dict, reading: Reading, expected: str) -> None:
    assert commune_value_text(row(**fields), reading) == expected


def test_coverage() -> None:
    assert coverage_text(row(coverage=0.97978, communes=12), 13) == (
        "98,0\u202f% (12\u00a0communes sur 13)"
    )
    assert coverage_text(row(coverage=1.0, communes=13), 13) == "100\u202f%"
    assert coverage_text(row(coverage=0.9, communes=None), 13) == "90,0\u202f%"
    assert coverage_text(row(coverage=math.nan), 13) == "–"
    assert coverage_text(row(coverage=0.9994, communes=146), 147) != "100\u202f%"


@pytest.mark.parametrize("state", ["secret", "absent", "approx"])
def test_what_is_not_plain_gives_its_reason(state: str) -> None:
    assert "parce que" in caution_text(row(state=state, reason="parce que"))
    assert caution_text(row(state=state)) != ""
    assert caution_text(row(state="ok", reason=None)) == ""


def test_a_newer_figure_stands_alone() -> None:
    reading = Reading("consultations par an et par habitant", 2, "mean")
    newer = row(newer_period="2024", newer_value=2.615, newer_state="approx")
    assert re.fullmatch(r"2024 : ≈ 2,6[12], sans comparaison possible", newer_text(newer, reading))
    for period, value in [(None, 2.6), ("2024", math.nan), (math.nan, math.nan)]:
        assert newer_text(row(newer_period=period, newer_value=value), reading) == ""
