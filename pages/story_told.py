"""What the screens of a meeting are told from, and what they share: bars, maps, cautions, sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from pages.comparator import Comparator
from pages.dosing import Settings
from pages.reading import reading
from pages.shared import Current, indicators, mart
from pages.standing_out import StandingOut, differs
from pages.weighing import Chosen
from views import story_words as words
from views.classification import (
    ABSENT,
    ABSENT_COLOUR,
    APPROX_CHARACTERS,
    OK_CHARACTERS,
    SECRET,
    Classes,
    class_characters,
)
from views.observation import value_text
from views.sentences import HIGHER, LOWER
from views.shapes import Shapes
from views.spine import mark_class
from views.story import Bar, Bars, Extra, Map, Swatch
from views.text import count_of, period_text, quantity
from warehouse.indicators import IndicatorCard

ACCESS = "apl_medecins_generalistes"
# Communes with a figure under which a map says less than a line.
LEAST_ON_MAP = 3


@dataclass(frozen=True)
class Told:
    """What every screen is told from. ``again``: the frame beside ``other``, None without one."""

    found: Current
    comparator: Comparator
    frame: pd.DataFrame
    out: StandingOut
    other: Comparator | None
    again: pd.DataFrame | None
    shapes: Shapes | None
    need: Chosen | None
    cut: str
    target: str
    settings: Settings | None
    sources: dict[str, str]

    def other_than(self, comparator: Comparator) -> bool:
        """Whether « ailleurs » is another territory than ``comparator``."""
        return self.other is not None and self.other.key != comparator.key


def elsewhere(told: Told, names: Sequence[str], view) -> tuple[Extra, ...]:
    """« C'est pareil ailleurs ? »: the same view beside the other comparator, where it has a figure."""
    if told.other is None or told.again is None:
        return ()
    rows = told.again.reindex(list(names))
    if rows["value"].isna().any() or rows["other"].isna().all():
        return ()
    said = view(told.other, told.again)
    return (Extra("ailleurs", "a", words.ELSEWHERE, ((told.other.name, said),)),)


def bars(comparator: Comparator, frame: pd.DataFrame, names: Sequence[str]) -> Bars:
    """One line an indicator: its value here and beside."""
    rows = tuple(bar(frame.loc[name], indicators()[name]) for name in names)
    periods = sorted({period_text(str(frame.at[name, "period"])) for name in names})
    return Bars("Ici", comparator.name, rows, f"Chiffres de {', '.join(periods)}")


def bar(row: pd.Series, card: IndicatorCard) -> Bar:
    beside = None if pd.isna(row["other"]) else float(row["other"])
    return Bar(
        words.plain_label(card.id, card.label, card.unit),
        float(row["value"]),
        value_text(row, reading(card)),
        beside,
        quantity(row["other"], card.unit, card.decimals, signed=card.signed, short=True)
        if beside is not None
        else "pas de chiffre",
        mark_class(row["tone"], differs(row)),
        verdict(row),
    )


def verdict(row: pd.Series) -> str:
    """Two words: what the colour and the shape say."""
    if pd.isna(row["significance"]):
        return ""
    if not differs(row):
        return words.NO_DIFFERENCE
    told = {"favorable": words.FAVOURABLE, "defavorable": words.UNFAVOURABLE}
    said = {HIGHER: "plus haut", LOWER: "plus bas"}
    return told.get(row["tone"], said[row["significance"]])


def has_value(frame: pd.DataFrame, name: str) -> bool:
    return name in frame.index and bool(pd.notna(frame.at[name, "value"]))


def coloured(
    shapes: Shapes,
    classes: Classes,
    values: pd.Series,
    states: pd.Series,
    colours: Sequence[str],
    labels: Sequence[str],
    heading: str,
    *,
    approximate: str = "Valeur approchée",
    absent: str = "Donnée absente",
) -> Map:
    """A map, its key holding only what is on it."""
    characters = class_characters(shapes.codes, classes, values, states, set(shapes.codes))
    key = [
        Swatch(f"{OK_CHARACTERS[rank]}", colour, label)
        for rank, (colour, label) in enumerate(zip(colours, labels, strict=True))
    ]
    key += [
        Swatch(APPROX_CHARACTERS[rank], colour, "", "dots") for rank, colour in enumerate(colours)
    ]
    if set(characters) & set(APPROX_CHARACTERS):
        key.append(Swatch("", "#ffffff", approximate, "dots"))
    if SECRET in characters:
        key.append(Swatch(SECRET, "#ffffff", "Secret statistique", "stripes"))
    if ABSENT in characters:
        key.append(Swatch(ABSENT, ABSENT_COLOUR, absent))
    counts = [
        f"{label}, {count_of(sum(characters.count(one) for one in pair), 'commune')}"
        for label, *pair in zip(labels, OK_CHARACTERS, APPROX_CHARACTERS, strict=False)
    ]
    return Map(heading, characters, tuple(key), f"Carte : {heading}. {' ; '.join(counts)}.")


def commune_figures(found: Current, name: str, period: str) -> pd.DataFrame:
    """Figures of one indicator by commune code."""
    rows = mart("map_values", codes=found.code_list, indicator=name, at_period=period)
    return rows.set_index("code")


def cautions(names: Sequence[str]) -> tuple[str, ...]:
    """The first caution of each card."""
    cards = indicators()
    return tuple(
        f"{cards[name].label} : {cards[name].caveats[0]}" for name in names if cards[name].caveats
    )


def sources_of(told: Told, names: Sequence[str]) -> tuple[str, ...]:
    """Label, period and source of each indicator of a screen."""
    lines = []
    for name in dict.fromkeys(names):
        if name in told.frame.index and pd.notna(told.frame.at[name, "period"]):
            card, row = indicators()[name], told.frame.loc[name]
            lines.append(
                f"{card.label}, {period_text(str(row['period']))} : {told.sources[row['source_id']]}"
            )
    return tuple(lines)
