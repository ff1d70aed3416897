"""Access to general practitioners, as a meeting sees it."""

from __future__ import annotations

import pandas as pd

from pages.reading import reading
from pages.shared import indicators
from pages.story_told import (
    ACCESS,
    LEAST_ON_MAP,
    Told,
    cautions,
    coloured,
    commune_figures,
    has_value,
    sources_of,
    verdict,
)
from views import story_words as words
from views.classification import (
    classify,
    palette,
)
from views.observation import value_text
from views.story import Bar, Bars, Extra, Map, Screen, View
from views.text import number, period_text, quantity
from warehouse.indicators import IndicatorCard

MAP_CLASSES = 4


def access_screen(told: Told) -> Screen | str:
    if not has_value(told.frame, ACCESS):
        return "l'accès aux médecins n'a pas de chiffre chargé ici."
    card, row = indicators()[ACCESS], told.frame.loc[ACCESS]
    title = words.facing_title(words.ACCES, told.comparator.of)
    own = value_text(row, reading(card))
    other = (
        ""
        if pd.isna(row["other"])
        else quantity(row["other"], card.unit, card.decimals, short=True)
    )
    said = words.access_sentence(title, own, other, verdict(row))
    return Screen(
        "acces",
        words.ACCES,
        View(title, said, access_map(told, card) or territories_bars(told, card)),
        access_elsewhere(told, card),
        (card.definition, *cautions([ACCESS])),
        sources_of(told, [ACCESS]),
    )


def access_map(told: Told, card: IndicatorCard) -> Map | None:
    """Consultations within reach, commune by commune; None when too few have a figure or a contour."""
    values = commune_figures(told.found, card.id, str(told.frame.at[card.id, "period"]))
    known = values["value"].dropna()
    if told.shapes is None or len(known) < LEAST_ON_MAP:
        return None
    classes = classify(known, "quantiles", MAP_CLASSES)
    labels = classes.labels(lambda value: number(value, card.decimals))
    heading = (
        f"{words.opening(words.plain_unit(card.unit))}, "
        f"{period_text(str(told.frame.at[card.id, 'period']))}"
    )
    return coloured(
        told.shapes,
        classes,
        values["value"],
        values["state"],
        palette(card.direction, classes.size),
        labels,
        heading,
    )


def territories_bars(told: Told, card: IndicatorCard) -> Bars:
    """The same figure here and in every larger territory that has one."""
    rows = [("Ici", told.frame.at[card.id, "value"])]
    for comparator, frame in ((told.comparator, told.frame), (told.other, told.again)):
        if comparator is not None and frame is not None and card.id in frame.index:
            rows.append((comparator.name, frame.at[card.id, "other"]))
    name = words.plain_label(card.id, card.label, card.unit)
    lines = tuple(
        Bar(label, float(value), number(value, card.decimals), None, "")
        for label, value in rows
        if pd.notna(value)
    )
    caption = f"{name}, {period_text(str(told.frame.at[card.id, 'period']))}"
    return Bars(name, "", lines, caption, one_scale=True)


def access_elsewhere(told: Told, card: IndicatorCard) -> tuple[Extra, ...]:
    if told.other is None or told.again is None or card.id not in told.again.index:
        return ()
    row = told.again.loc[card.id]
    if pd.isna(row["other"]) or pd.isna(row["value"]):
        return ()
    title = words.facing_title(words.ACCES, told.other.of)
    said = words.access_sentence(
        title,
        value_text(row, reading(card)),
        quantity(row["other"], card.unit, card.decimals, short=True),
        verdict(row),
    )
    view = View(title, said, territories_bars(told, card))
    return (Extra("ailleurs", "a", words.ELSEWHERE, ((told.other.name, view),)),)
