"""What is said of access to care, for the page and for the documents: tables and sentences."""

from __future__ import annotations

import pandas as pd

from pages.care import BPE, Distances
from pages.comparator import Comparator
from pages.reading import reading
from pages.shared import Current, indicators, mart
from views.care import (
    HOME,
    NO_APL_OTHERS,
    PROFESSIONS,
    THRESHOLDS,
    UNDER_65,
    UNDER_MARK,
    ZONING_MARK,
    beyond_text,
    mark_sentence,
    older_sentence,
    zoning_sentence,
)
from views.observation import coverage_text, value_text
from views.sentences import verdict_text
from views.text import number, period_text, quantity


def professions_table(found: Current, comparator: Comparator, frame: pd.DataFrame) -> pd.DataFrame:
    """The five professions; those without a figure with the file to load."""
    rows = []
    for one in PROFESSIONS.values():
        card = indicators()[one.apl]
        if one.apl not in frame.index:
            rows.append([one.label, "–", "non chargée", "–", "–", NO_APL_OTHERS])
            continue
        row = frame.loc[one.apl]
        other = quantity(row["other"], card.unit, card.decimals, short=True)
        rows.append(
            [
                one.label,
                period_text(str(row["period"])),
                value_text(row, reading(card)),
                other,
                coverage_text(row, len(found.codes)),
                verdict_text(row) if row["significance"] is not None else "sans comparaison",
            ]
        )
    columns = ["Profession", "Période", "APL", comparator.name, "Population couverte", "Lecture"]
    return pd.DataFrame(rows, columns=columns)


def mark_sentences(found: Current, frame: pd.DataFrame) -> tuple[str, str]:
    """People under the zoning mark, and what depends on doctors over 65 (empty when not loaded).

    ``frame``: assessed, with a figure for general practitioners.
    """
    main = PROFESSIONS["generalistes"].apl
    row = frame.loc[main]
    period = str(row["period"])
    values = mart("map_values", codes=found.code_list, indicator=main, at_period=period)
    known = values[values["value"].notna()]
    below = known[known["value"] < ZONING_MARK]
    people, total = float(below["population"].sum()), float(known["population"].sum())
    official = UNDER_MARK in frame.index and str(frame.loc[UNDER_MARK, "period"]) == period
    if official:
        people, total = (
            float(frame.loc[UNDER_MARK, name]) for name in ("numerator", "denominator")
        )
    below_mark = mark_sentence(
        len(below),
        len(known),
        people,
        total,
        period_text(period),
        official=official,
        place=found.place,
    )
    if UNDER_65 not in frame.index or str(frame.loc[UNDER_65, "period"]) != period:
        return below_mark, ""
    under = float(frame.loc[UNDER_65, "value"])
    return below_mark, older_sentence(float(row["value"]), under, period_text(period))


def beyond_table(found: Current, measured: Distances) -> pd.DataFrame:
    """People past each threshold, kind by kind."""
    located = found.communes[found.communes["lon"].notna()]
    total = float(located["population"].sum())
    rows = []
    for name, kind in measured.kinds.items():
        here = measured.found[name]
        own = located.set_index("code")["population"].reindex(here.index)
        home = "–"
        if kind.source == BPE:
            inside, untold = (
                float(own[which].sum()) for which in (here["km"] == 0, here["untold"])
            )
            home = beyond_text(inside, untold, total)
        beyond = measured.beyond[name]
        rows.append(
            {
                "Au plus proche": kind.label,
                "Source": f"{kind.source} {kind.period}",
                HOME[found.place].capitalize(): home,
                **{
                    f"À plus de {number(limit)} km": beyond_text(
                        beyond.loc[limit, "sure"], beyond.loc[limit, "unsure"], total
                    )
                    for limit in THRESHOLDS
                },
            }
        )
    return pd.DataFrame(rows)


def zoning_text(found: Current) -> str:
    """The official zoning of the communes, in a sentence; empty when none is loaded."""
    rows = mart("commune_zoning", codes=found.code_list)
    if rows.empty:
        return ""
    period = str(rows["period"].max())
    return zoning_sentence(rows["class"], len(found.codes), period_text(period), found.place)
