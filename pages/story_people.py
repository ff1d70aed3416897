"""The first screens of a meeting: who lives here, what goes well, what weighs.

A builder gives its screen, or the reason, in French, why it cannot be shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import pandas as pd

from pages.comparator import Comparator, place_comparator
from pages.reading import assessed, reading
from pages.shared import indicators
from pages.standing_out import StandingOut, finding_sentence, standing_out
from pages.story_told import Told, bars, cautions, elsewhere, has_value, sources_of
from views import story_words as words
from views.observation import value_text
from views.story import Screen, View
from views.text import count_of, number

AGES = ("part_moins_20_ans", "part_65_ans_et_plus", "part_75_ans_et_plus")
AGES_SAID = {
    "part_moins_20_ans": "de moins de 20 ans",
    "part_65_ans_et_plus": "de 65 ans et plus",
}

MOST_POINTS = 3


def people_screen(told: Told) -> Screen | str:
    names = [name for name in AGES if has_value(told.frame, name)]
    if not names:
        return "aucun âge n'est chargé pour ce périmètre."
    shares = [
        (value_text(told.frame.loc[name], reading(indicators()[name])), AGES_SAID[name])
        for name in names
        if name in AGES_SAID
    ]
    population = count_of(told.found.population, "habitant")

    def view(comparator: Comparator, frame: pd.DataFrame) -> View:
        title = words.facing_title(words.HABITANTS, comparator.of, "\u202f?")
        return View(
            title,
            words.people_sentence(title, number(told.found.population), shares),
            bars(comparator, frame, names),
        )

    return Screen(
        "habitants",
        words.HABITANTS,
        view(told.comparator, told.frame),
        elsewhere(told, names, view),
        (f"{told.found.label} : {population}, {told.found.size}.",),
        sources_of(told, names),
    )


@dataclass(frozen=True)
class Points:
    """Main findings of a kind, and what they are told beside: the comparator, else a larger one."""

    comparator: Comparator
    frame: pd.DataFrame
    out: StandingOut
    rows: pd.DataFrame

    @property
    def names(self) -> list[str]:
        """Their indicators, the most telling first."""
        return list(self.rows["indicator_id"])


def points_of(told: Told, kind: str) -> Points | None:
    """Findings beside the comparator, else beside the nearest larger territory that has some."""
    places = list(told.found.comparators)
    keys = [f"{place.level}:{place.code}" for place in places]
    start = keys.index(told.comparator.key) + 1 if told.comparator.key in keys else 0
    larger = (place_comparator(told.found, place) for place in places[start:])
    for comparator in chain([told.comparator], larger):
        frame = assessed(told.found, comparator)
        out = told.out if comparator is told.comparator else standing_out(told.found, frame)
        rows = out.table[out.table["type"] == kind].head(MOST_POINTS)
        if len(rows):
            return Points(comparator, frame, out, rows)
    return None


def strengths_screen(told: Told, points: Points | None) -> Screen | str:
    return points_screen(told, points, "bien", words.BIEN, favourable=True)


def weaknesses_screen(told: Told, points: Points | None) -> Screen | str:
    return points_screen(told, points, "pese", words.PESE, favourable=False)


def points_screen(
    told: Told, points: Points | None, name: str, title: str, *, favourable: bool
) -> Screen | str:
    """The main findings of a kind, each with its value here and beside."""
    tone = words.FAVOURABLE if favourable else words.UNFAVOURABLE
    if points is None:
        return f"aucun écart {tone} n'est établi dans les données chargées."
    names = points.names
    said = words.strengths_sentence if favourable else words.weaknesses_sentence
    kind = "favorable" if favourable else "defavorable"

    def view(comparator: Comparator, frame: pd.DataFrame) -> View:
        heading = words.facing_title(title, comparator.of)
        figure = bars(comparator, frame, names)
        if comparator.key == points.comparator.key:
            return View(heading, said(heading, len(names)), figure)
        compared = [row for row in figure.rows if row.other is not None]
        same = sum(row.kind == kind for row in compared)
        return View(heading, words.again_sentence(heading, same, len(compared), favourable), figure)

    sentences = [
        finding_sentence(one, points.frame.loc[one.indicator_id], points.out, points.comparator)
        for one in points.rows.itertuples()
    ]
    if points.comparator.key != told.comparator.key:
        sentences.insert(
            0,
            f"Aucun écart {tone} n'est établi face à {told.comparator.name} : la comparaison est faite "
            f"avec {points.comparator.name}.",
        )
    return Screen(
        name,
        title,
        view(points.comparator, points.frame),
        elsewhere(told, names, view) if told.other_than(points.comparator) else (),
        (*sentences, words.NOT_A_CAUSE, *cautions(names)),
        sources_of(told, names),
    )
