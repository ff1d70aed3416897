"""Sentences say what the colours show and what the interval allows, in words that can be read aloud."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic.assessment import NOT_COMPARED, SMALLEST_GAP, assess
from views.lexicon import refused_words
from views.observation import Reading
from views.sentences import (
    FAVOURABLE,
    LESS_FAVOURABLE,
    WITHOUT_INTERVAL,
    comparison_sentence,
    subject,
)
from views.spine import mark_class
from warehouse.indicators import load_indicators

CARDS = load_indicators()


def row(**changes: object) -> SimpleNamespace:
    usual = {
        "value": 24.3,
        "low": 23.9,
        "high": 24.7,
        "state": "ok",
        "numerator": 2430.0,
        "denominator": 10000.0,
        "ci_low": math.nan,
        "other": 20.1,
        "significance": "plus haut",
        "tone": "defavorable",
        "interval": "wilson",
    }
    return SimpleNamespace(**(usual | changes))


SHARE = Reading("%", 1, "ratio")
ABOUT = subject("Part des 15 ans et plus sans diplôme")


def test_a_difference_is_said_with_both_values_and_the_interval() -> None:
    assert comparison_sentence(row(), ABOUT, SHARE, "du Val-d'Oise") == (
        "La part des 15 ans et plus sans diplôme est plus élevée que celle du Val-d'Oise : "
        "24,3\u202f%, contre 20,1\u202f% (intervalle de confiance à 95\u00a0% : de 23,9 à 24,7\u202f%). "
        "Sur ce point, la situation est moins favorable."
    )


def test_no_difference_is_said_so() -> None:
    said = comparison_sentence(
        row(significance="non différent", tone="neutre"), ABOUT, SHARE, "de la France"
    )
    assert said.startswith(
        "La part des 15 ans et plus sans diplôme ne se distingue pas de celle de la France"
    )
    assert FAVOURABLE not in said
    assert LESS_FAVOURABLE not in said


def test_a_masculine_subject_agrees() -> None:
    said = comparison_sentence(
        row(significance="plus bas", tone="favorable"),
        subject("Taux de pauvreté au seuil de 60 %"),
        SHARE,
        "du Lot",
    )
    assert said.startswith("Le taux de pauvreté au seuil de 60 % est plus bas que celui du Lot")
    assert said.endswith(FAVOURABLE)


@pytest.mark.parametrize(
    ("state", "said"), [("secret", "secret statistique"), ("absent", "pas de chiffre")]
)
def test_a_figure_that_does_not_exist_is_said_by_its_state(state: str, said: str) -> None:
    missing = row(value=math.nan, state=state, significance=None, other=math.nan)
    alone = f"La part des 15 ans et plus sans diplôme : {said}."
    assert comparison_sentence(missing, ABOUT, SHARE, "du Lot") == alone
    missing = row(value=math.nan, state=state, significance=None, other=20.04)
    found = comparison_sentence(missing, ABOUT, SHARE, "du Lot")
    assert found == f"{alone} Valeur du Lot : 20,0\u202f%."
    count = comparison_sentence(missing, ABOUT, Reading("habitants", 0, "count"), "du Lot")
    assert count == alone


def test_without_a_comparison_the_figure_stands_alone() -> None:
    said = comparison_sentence(row(significance=None, tone="neutre"), ABOUT, SHARE, "du Lot")
    assert (
        said == "La part des 15 ans et plus sans diplôme : 24,3\u202f%, sans comparaison possible."
    )


def test_without_an_interval_it_is_said() -> None:
    said = comparison_sentence(
        row(interval="aucun", low=math.nan, high=math.nan), ABOUT, SHARE, "du Lot"
    )
    assert said.endswith(WITHOUT_INTERVAL)
    assert "intervalle de confiance à 95" not in said


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.id)
def test_every_indicator_begins_a_sentence(card) -> None:
    about = subject(card.label)
    assert re.match(r"(L'|La |Le )\S", about.opening), about
    assert "  " not in about.text
    assert about.text.count("(") == about.text.count(")")
    for text in (card.label, card.definition, *card.caveats):
        assert not refused_words(text), text


FIGURES = st.fixed_dictionaries(
    {
        "indicator_id": st.sampled_from(sorted(CARDS)),
        "denominator": st.integers(1, 200_000),
        "share": st.floats(0, 1),
        "other": st.floats(0, 100),
        "spread": st.one_of(st.just(math.nan), st.floats(0.01, 30)),
        "state": st.sampled_from(["ok", "approx", "secret", "absent"]),
        "with_counts": st.booleans(),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(FIGURES, min_size=1, max_size=25))
def test_sentence_colour_and_interval_agree(drawn: list[dict]) -> None:
    """Over every indicator and any figure: one reading, whatever the screen."""
    frame = pd.DataFrame([_figure(one) for one in drawn])
    for one in assess(frame).itertuples():
        card = CARDS[one.indicator_id]
        said = comparison_sentence(
            one,
            subject(card.label),
            Reading(card.unit, card.decimals, card.kind, card.signed),
            "du Lot",
        )
        assert not refused_words(said)
        assert not re.search(r"\d{4},|\d\.\d|nan|None", said), said
        higher, lower = _is_higher(one), _is_lower(one)
        assert ("plus élevé" in said) == higher, said
        assert (" plus bas" in said) == lower, said
        kind = mark_class(one.tone, one.significance in ("plus haut", "plus bas"))
        good = (higher and card.direction == "favorable") or (
            lower and card.direction == "defavorable"
        )
        bad = (higher and card.direction == "defavorable") or (
            lower and card.direction == "favorable"
        )
        assert (kind == "favorable") == good == (FAVOURABLE in said), said
        assert (kind == "defavorable") == bad == (LESS_FAVOURABLE in said), said


def _figure(one: dict) -> dict:
    card = CARDS[one["indicator_id"]]
    missing = one["state"] in ("secret", "absent")
    numerator = math.floor(one["share"] * one["denominator"])
    return {
        "indicator_id": card.id,
        "kind": card.kind,
        "direction": card.direction,
        "interval_rule": card.interval_rule,
        "scale": card.scale,
        "value": math.nan if missing else card.scale * numerator / one["denominator"],
        "numerator": numerator if one["with_counts"] and not missing else math.nan,
        "denominator": one["denominator"] if one["with_counts"] and not missing else math.nan,
        "ci_low": math.nan,
        "ci_high": math.nan,
        "state": one["state"],
        "other": one["other"],
        "spread": one["spread"],
    }


def _is_higher(one) -> bool:
    if math.isnan(one.value) or CARDS[one.indicator_id].kind in NOT_COMPARED:
        return False
    return one.low > one.other if one.interval != "aucun" else one.gap >= SMALLEST_GAP


def _is_lower(one) -> bool:
    if math.isnan(one.value) or CARDS[one.indicator_id].kind in NOT_COMPARED:
        return False
    return one.high < one.other if one.interval != "aucun" else one.gap <= -SMALLEST_GAP


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("la pire commune du département", True),
        ("un quartier sensible", True),
        ("le classement des communes", True),
        ("Part des logements vacants", False),
        ("empirer n'est pas dit", False),
        ("la situation est moins favorable", False),
    ],
)
def test_the_lexicon_refuses_stigma_only(text: str, refused: bool) -> None:
    assert bool(refused_words(text)) == refused
