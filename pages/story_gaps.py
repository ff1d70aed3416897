"""The gaps between communes, as a meeting sees them."""

from __future__ import annotations

import pandas as pd

from diagnostic.findings import INEGALITE
from diagnostic.perimeter import Part, Perimeter, decode
from pages import gaps
from pages.comparator import OTHER, SIMILAR
from pages.gradient import (
    LOCAL,
    Groups,
    axes,
    group_figures,
    slopes,
    social_groups,
)
from pages.reading import reading
from pages.shared import Current, indicators, resolved
from pages.similar import similar
from pages.standing_out import finding_sentence
from pages.story_told import Told, cautions, sources_of
from views import story_words as words
from views.inegalites import established, group_names, uneven, value_said
from views.story import Columns, Extra, Screen, View
from views.text import period_text
from warehouse.indicators import IndicatorCard


def gaps_screen(told: Told) -> Screen | str:
    groups, figures = told.out.groups, told.out.figures
    if groups is None or figures is None:
        return "moins de trois groupes de communes se distinguent ici par leurs ressources."
    lines = slopes(figures)
    shown = list(told.out.table[told.out.table["type"] == INEGALITE]["indicator_id"])
    name = gaps.gap_shown(shown, groups, figures)
    if name is None:
        return "aucun indicateur n'a de chiffre dans chaque groupe de communes."
    card = indicators()[name]
    sure = established(lines[name])
    view = gap_view(words.ECARTS, groups, figures, card, sure)
    notes = [
        finding_sentence(one, told.frame.loc[name], told.out, told.comparator)
        for one in told.out.table.itertuples()
        if one.type == INEGALITE and one.indicator_id == name
    ]
    notes.append(
        f"Les communes sont rangées en {len(groups.table)} groupes d'habitants presque égaux, selon : "
        f"{groups.axis.label} ({period_text(groups.axis.period)})."
    )
    rows = figures[figures["indicator_id"] == name].sort_values("rank")
    named = group_names(list(groups.table.index), national=False)
    notes += [one for one in (uneven(rows, named), words.BETWEEN) if one]
    return Screen(
        "ecarts",
        words.ECARTS,
        view,
        gaps_elsewhere(told, groups, card, str(told.frame.at[name, "period"])),
        (*notes, *cautions([name])),
        sources_of(told, [name, groups.axis.indicator]),
    )


def gap_view(
    title: str, groups: Groups, figures: pd.DataFrame, card: IndicatorCard, sure: bool
) -> View:
    own = figures[figures["indicator_id"] == card.id].sort_values("rank")
    texts = tuple(value_said(value, reading(card)) for value in own["value"])
    said = words.gap_sentence(
        title, words.plain_short(card.id, card.short_label), texts[0], texts[-1], established=sure
    )
    label = words.plain_label(card.id, card.label, card.unit)
    return View(
        title,
        said,
        Columns(
            tuple(group_names(list(groups.table.index), national=False)),
            tuple(float(value) for value in own["value"]),
            texts,
            f"{label}, {period_text(str(own['period'].iloc[0]))}, par groupe de communes",
        ),
    )


def gaps_elsewhere(
    told: Told, groups: Groups, card: IndicatorCard, period: str
) -> tuple[Extra, ...]:
    """The same groups cut inside the comparator, where its communes have figures."""
    there = communes_of(told)
    if there is None or groups.axis.key not in (known := axes(there)):
        return ()
    theirs = social_groups(there, known[groups.axis.key], LOCAL)
    figures = group_figures(theirs, pd.Series({card.id: period}))
    lines = slopes(figures)
    if not theirs.usable or card.id not in lines:
        return ()
    title = f"{words.ECARTS} {told.comparator.of}"
    if words.too_long(title):
        title = f"{words.ECARTS}, ailleurs"
    view = gap_view(title, theirs, figures, card, established(lines[card.id]))
    return (Extra("ailleurs", "a", words.ELSEWHERE, ((told.comparator.name, view),)),)


def communes_of(told: Told) -> Current | None:
    """The comparator as a perimeter; None for a région or the country, too large to be cut here."""
    key = told.comparator.key
    level, _, code = key.partition(":")
    if key == SIMILAR:
        perimeter = Perimeter(tuple(Part("epci", one) for one in similar(told.found).codes))
    elif level == OTHER:
        perimeter, _ = decode(code)
    elif level in ("epci", "departement"):
        perimeter = Perimeter((Part(level, code),))
    else:
        return None
    there = resolved(perimeter)
    return there if there.codes else None
