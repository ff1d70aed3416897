"""« Et si on croise pauvreté et médecins ? », answered in advance for the screen on access."""

from __future__ import annotations

import pandas as pd

from pages.shared import indicators
from pages.story_told import ACCESS, Told, commune_figures, has_value
from views import story_words as words
from views.classification import (
    ABSENT,
    ABSENT_COLOUR,
    GRID_CLASSES,
    SECRET,
    class_characters,
    crossed_palette,
    thirds,
)
from views.story import Extra, Grid, Map, Swatch, View
from views.text import count_of, number

# What is crossed with access to doctors, most asked first; those with figures here are offered.
CROSSED = (
    "taux_pauvrete",
    "mediane_niveau_vie",
    "part_sans_diplome",
    "part_65_ans_et_plus",
    "taux_chomage_15_64",
)
# Communes with both figures under which thirds say nothing.
LEAST_CROSSED = 9


def crossing(told: Told) -> Extra | None:
    """« Et si on croise pauvreté et médecins ? », and the other indicators known here."""
    if told.shapes is None or not has_value(told.frame, ACCESS):
        return None
    found = [(name, crossed(told, name)) for name in CROSSED if has_value(told.frame, name)]
    cards = indicators()
    views = tuple(
        (words.plain_short(name, cards[name].short_label), view)
        for name, view in found
        if view is not None
    )
    return Extra("croiser", "x", words.CROSS, views, words.CROSS_CHOICE) if views else None


def crossed(told: Told, name: str) -> View | None:
    """Communes in thirds of an indicator and of access, each towards its less favourable side."""
    cards = indicators()
    first, second = (
        commune_figures(told.found, one, str(told.frame.at[one, "period"]))
        for one in (name, ACCESS)
    )
    known = first["value"].dropna().index.intersection(second["value"].dropna().index)
    if told.shapes is None or len(known) < LEAST_CROSSED:
        return None
    high = cards[name].direction != "favorable"
    one = thirds(first.loc[known, "value"], highest_last=high)
    two = thirds(second.loc[known, "value"], highest_last=False)
    states = pd.Series("absent", index=first.index)
    states[(first["state"] == "secret") | (second["state"] == "secret")] = "secret"
    states[known] = "ok"
    characters = class_characters(
        told.shapes.codes, GRID_CLASSES, 3 * two + one, states, set(told.shapes.codes)
    )
    both = known[(one == 2) & (two == 2)]
    people = float(first.loc[both, "population"].sum())
    short = words.plain_short(name, cards[name].short_label)
    title = words.crossing_title(short)
    key = []
    if SECRET in characters:
        key.append(Swatch(SECRET, "#ffffff", "Secret statistique", "stripes"))
    if ABSENT in characters:
        key.append(Swatch(ABSENT, ABSENT_COLOUR, "Donnée absente"))
    said = words.crossing_sentence(title, len(both), len(known), number(people))
    grid = Grid(
        tuple(crossed_palette()), words.axis_text(short, high), words.axis_text("Accès", False)
    )
    heading = f"Tiers des {count_of(len(known), 'commune')} aux deux chiffres"
    return View(title, said, Map(heading, characters, tuple(key), f"Carte : {said}", grid))
