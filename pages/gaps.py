"""The gradient of one indicator between the communes of a perimeter: its rows and its sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from diagnostic.assessment import NOT_COMPARED
from diagnostic.inequality import gap_in_persons
from pages.gradient import (
    NATIONAL,
    Axis,
    Groups,
    circular,
    component,
    slopes,
    speaking,
    standard_errors,
)
from pages.reading import reading
from pages.shared import Current, indicators, mart
from views import inegalites as words
from views import measures as table_of
from views.sentences import subject
from views.text import alphabetical
from warehouse.indicators import IndicatorCard

# What a room is told when no gap is established.
USUAL = "part_sans_diplome"


def cut_sentence(groups: Groups) -> str:
    table = groups.table
    if groups.cut == NATIONAL:
        share = float(table.loc[table.index <= 2, "share"].sum())
        return words.national_sentence(share, len(table))
    how = reading(indicators()[groups.axis.indicator])
    return words.local_sentence(
        words.value_said(float(table["lowest"].min()), how),
        words.value_said(float(table["highest"].max()), how),
        words.the(groups.axis.label),
    )


def rows_of(figures: pd.DataFrame, groups: Groups, card: IndicatorCard) -> pd.DataFrame:
    """Figures of the indicator, one row a group, those without a figure included."""
    own = figures[figures["indicator_id"] == card.id].set_index("rank")
    return own.reindex(groups.table.index).assign(population=groups.table["population"])


def refused(groups: Groups, known: dict[str, Axis], card: IndicatorCard) -> str | None:
    """Why no gradient of this indicator can be read here, if so."""
    if card.kind in NOT_COMPARED:
        return words.NO_COUNT
    if card.id in circular(groups.axis):
        others = [axis.label for axis in known.values() if card.id not in circular(axis)]
        return words.tautology(words.inside(groups.axis.label), others[0] if others else None)
    if not groups.usable:
        inhabited = int((groups.table["population"] > 0).sum())
        return words.few_groups(inhabited, groups.cut == NATIONAL)
    return None


def persons(rows: pd.DataFrame, card: IndicatorCard) -> str:
    """The gap in persons, dwellings, households or families, or why there is none."""
    unit = words.counted(card.denominator)
    if card.direction not in words.DIRECTED or card.interval_rule != "proportion" or unit is None:
        return words.not_in_persons(card.kind, card.direction)
    favourable = card.direction == "favorable"
    gap = gap_in_persons(
        rows["value"].to_numpy(float),
        rows["denominator"].to_numpy(float),
        rows.index.to_numpy(float),
        standard_errors(rows),
        favourable,
        card.scale,
    )
    total = float(rows["denominator"].sum())
    return words.persons_sentence(gap, unit, card.numerator, favourable, total)


def cautions(
    found: Current,
    groups: Groups,
    rows: pd.DataFrame,
    card: IndicatorCard,
    names: list[str],
    period: str,
) -> str:
    """Small numbers, communes without a figure, what the groups are."""
    events = rows["numerator"].astype(float)
    events = events if card.interval_rule != "none" else events * math.nan
    values = mart("map_values", codes=found.code_list, indicator=card.id, at_period=period)
    unplaced = found.communes.loc[found.communes["code"].isin(groups.unplaced), "name"]
    group = names[list(rows.index).index(events.idxmin())] if events.notna().any() else ""
    said = words.small_numbers(
        float(events.min()),
        group,
        values["state"].value_counts().to_dict(),
        sorted(unplaced, key=alphabetical),
    )
    notes = [said]
    if component(groups.axis, card.id):
        notes.append(words.COMPONENT)
    if card.theme == "offre" and card.interval_rule == "rate":
        notes.append(words.DENSITY)
    return " ".join(note for note in notes if note)


def gap_text(rows: pd.DataFrame, card: IndicatorCard, names: list[str]) -> str:
    """The gap in words: both ends, whether it is established, groups out of step."""
    slope = slopes(rows.reset_index())[card.id]
    values = list(rows["value"].astype(float))
    said = [
        words.gap_sentence(values, subject(card.label), reading(card)),
        words.verdict_sentence(values, slope, card.direction),
        words.uneven(rows, names),
    ]
    return " ".join(one for one in said if one)


def groups_table(
    found: Current, groups: Groups, rows: pd.DataFrame, names: list[str], card: IndicatorCard
) -> pd.DataFrame:
    """One line a group, the communes that are in none, and the total, as texts."""
    lost = found.communes[found.communes["code"].isin(groups.unplaced)]
    axis = indicators()[groups.axis.indicator]
    return words.groups_table(
        rows,
        groups.table,
        names,
        reading(card),
        (len(lost), float(lost["population"].sum())),
        (card.short_label, axis.short_label, reading(axis)),
    )


def summary_table(figures: pd.DataFrame, groups: Groups) -> pd.DataFrame:
    """Every indicator whose gradient says something, in the order of themes, never of gaps."""
    found = slopes(figures)
    lines = []
    wanted = set(speaking(found)) - circular(groups.axis)
    for card in (card for name, card in indicators().items() if name in wanted):
        own = figures[figures["indicator_id"] == card.id]
        values = list(own["value"].astype(float))
        how = (reading(card), card.direction)
        period = str(own["period"].iloc[0])
        lines.append(table_of.summary_row(card.short_label, period, values, found[card.id], how))
    return pd.DataFrame(lines)


def gap_shown(found: Sequence[str], groups: Groups, figures: pd.DataFrame) -> str | None:
    """The gap that a room reads best: a finding whose groups follow one another, else an established
    gap that does, else the first finding."""
    cards, lines = indicators(), slopes(figures)
    others = [
        name
        for name in speaking(lines)
        if cards[name].direction in words.DIRECTED and words.established(lines[name])
    ]
    kept = [name for name in dict.fromkeys([*found, *others]) if name in lines]
    kept = [name for name in kept if name not in circular(groups.axis)]
    steady = [name for name in kept if follows(figures[figures["indicator_id"] == name])]
    if steady or kept:
        return (steady or kept)[0]
    return USUAL if USUAL in lines and USUAL not in circular(groups.axis) else None


def follows(rows: pd.DataFrame) -> bool:
    """Whether each group is on the same side of the one before."""
    values = rows.sort_values("rank")["value"]
    return bool(values.is_monotonic_increasing or values.is_monotonic_decreasing)
