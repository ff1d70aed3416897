"""Words for one figure: its value, its state, its cautions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from views.text import STATES, count_of, number, percent, period_text, quantity


@dataclass(frozen=True)
class Reading:
    """How an indicator is written: unit, decimals, kind."""

    unit: str
    decimals: int
    kind: str
    signed: bool = False


def _missing(value: Any) -> bool:
    return value is None or bool(pd.isna(value))


def value_text(row: Any, reading: Reading, *, short: bool = True) -> str:
    """Value of an observation as text: « 25 920 € », « ≈ 2,68 », « de 1 245 à 1 290 », « secret ».

    ``row`` has value, ci_low, ci_high, state, numerator, denominator (attributes). A figure that
    does not exist is written by its state, never as a number.
    """
    if _missing(row.value):
        if row.state == "approx" and not _missing(row.ci_low):
            return f"de {number(row.ci_low)} à {number(row.ci_high)}"
        return STATES.get(row.state, "") or "–"
    if reading.kind in ("ordinal", "sample") and not _missing(row.denominator):
        return f"{number(row.value)} sur {number(row.denominator)}"
    text = quantity(row.value, reading.unit, reading.decimals, signed=reading.signed, short=short)
    if row.state == "approx":
        lower_bound = reading.kind == "count"
        return f"{'au moins ' if lower_bound else '≈ '}{text}"
    return text


def commune_value_text(row: Any, reading: Reading, *, short: bool = False) -> str:
    """Value of one commune: an ordinal shows its category, a sample its failures out of samples."""
    if _missing(row.value):
        return STATES.get(row.state, "") or "–"
    if reading.kind == "ordinal":
        return f"catégorie {number(row.value)}"
    if reading.kind == "sample":
        return f"{number(row.value)} sur {count_of(int(row.denominator), 'prélèvement')}"
    return quantity(row.value, reading.unit, reading.decimals, signed=reading.signed, short=short)


def coverage_text(row: Any, communes: int) -> str:
    """« 98,0 % (12 communes sur 13) », the population with a figure; « 100 % » when all of it.

    ``communes``: how many the perimeter has.
    """
    if _missing(row.coverage):
        return "–"
    if row.coverage >= 0.9995:
        return percent(1.0, 0)
    if _missing(row.communes):
        return percent(row.coverage)
    return (
        f"{percent(row.coverage)} ({count_of(int(row.communes), 'commune')} sur {number(communes)})"
    )


def caution_text(row: Any) -> str:
    """State and reason of an observation, in one line; empty when there is nothing to say."""
    if row.state == "ok":
        return ""
    state = STATES.get(row.state, row.state)
    if _missing(row.reason):
        return state
    return row.reason if row.state == "approx" else f"{state} : {row.reason}"


def newer_text(row: Any, reading: Reading) -> str:
    """« 2024 : 2,62, sans comparaison » when a newer figure stands alone."""
    if _missing(row.newer_period) or _missing(row.newer_value):
        return ""
    value = quantity(
        row.newer_value, reading.unit, reading.decimals, signed=reading.signed, short=True
    )
    about = "≈ " if row.newer_state == "approx" else ""
    return f"{period_text(str(row.newer_period))} : {about}{value}, sans comparaison possible"
