"""The story of a meeting, built once for a perimeter, a comparator and the choices of other pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial

import pandas as pd

from diagnostic.findings import ATOUT, FRAGILITE
from pages.comparator import SIMILAR, Comparator, place_comparator, similar_comparator
from pages.layers import contours
from pages.local_data import remembered
from pages.needs import commune_needs
from pages.reading import assessed, reading
from pages.shared import Current, build_path, indicators, mart, warehouse
from pages.standing_out import standing_out
from pages.story_access import access_screen
from pages.story_crossing import CROSSED, crossing
from pages.story_gaps import gaps_screen
from pages.story_need import dosing_screen, groups_screen, groups_table, question_screen
from pages.story_people import people_screen, points_of, strengths_screen, weaknesses_screen
from pages.story_questions import leaving
from pages.story_told import ACCESS, Told, commune_figures, sources_of
from pages.unasked import current_cut, current_need, current_settings, current_target
from views import story_words as words
from views.cibles import place_text
from views.observation import commune_value_text
from views.shapes import commune_shapes
from views.story import Answer, Screen, Story
from views.supply_change import PRUDENT
from views.text import alphabetical, count_of, quantity

# Whose numerator counts the doctors that a departure takes away.
SUPPLY = "densite_medecins_generalistes"


def build_story(found: Current, comparator: Comparator, address: str) -> Story:
    """Every screen that the data allow, those that they do not, and what is said of each commune."""
    chosen = current_need()
    target = current_target(found, chosen.purpose.target if chosen else "tous")
    settings = None
    if chosen is not None:
        reference = commune_needs(chosen.weights, chosen.purpose.id).reference
        settings = current_settings(reference)
    state = (chosen, current_cut(), target, settings)
    story = _story(
        build_path(), found.codes, found.label, found.whole, comparator.key, repr(state),
        found, comparator, state,
    )  # fmt: skip
    return dataclasses.replace(story, address=address)


@remembered(max_entries=30, spinner="Préparation des écrans de la réunion…")
def _story(
    path: str,
    codes: tuple[str, ...],
    label: str,
    whole: tuple[str, str],
    key: str,
    choices: str,
    _found: Current,
    _comparator: Comparator,
    _state: tuple,
) -> Story:
    told = _told(_found, _comparator, _state)
    groups = groups_table(told)
    strong, weak = points_of(told, ATOUT), points_of(told, FRAGILITE)
    built: list[Screen] = []
    dropped: list[str] = []
    for title, made in (
        (words.HABITANTS, people_screen(told)),
        (words.BIEN, strengths_screen(told, strong)),
        (words.PESE, weaknesses_screen(told, weak)),
        (words.ECARTS, gaps_screen(told)),
        (words.ACCES, access_screen(told)),
        (words.AGIR, groups_screen(told, groups)),
        (words.INTENSITE, dosing_screen(told, groups)),
    ):
        if isinstance(made, Screen):
            built.append(made)
        else:
            dropped.append(f"{title.removesuffix(' ?')} : {made}")
    access = next((one for one in built if one.name == "acces"), None)
    if access is not None:
        asked, missing = with_questions(told, access)
        built[built.index(access)] = asked
        access = asked
        dropped += missing
    built.append(question_screen(weak, built))
    facts = warehouse().facts
    return Story(
        words.spoken_name(label),
        tuple(built),
        told.shapes,
        answers(told, groups, access),
        tuple(dropped),
        (
            f"{label}, {count_of(len(codes), 'commune')}",
            f"comparaison : {_comparator.name}",
            f"données {facts['build_id']} du {pd.Timestamp(facts['construit_le']):%d/%m/%Y}",
        ),
        warnings=_found.warnings,
    )


def _told(found: Current, comparator: Comparator, state: tuple) -> Told:
    chosen, cut, target, settings = state
    frame = assessed(found, comparator)
    other = other_comparator(found, comparator)
    sources = {
        row.id: f"{row.producer}, {row.title}, {row.vintage} ({row.licence})"
        for row in mart("sources").itertuples()
    }
    known = found.departements and found.communes["has_contour"].any()
    return Told(
        found,
        comparator,
        frame,
        standing_out(found, frame),
        other,
        assessed(found, other) if other is not None else None,
        commune_shapes(contours(found), found.codes) if known else None,
        chosen,
        cut,
        target,
        settings,
        sources,
    )


def other_comparator(found: Current, comparator: Comparator) -> Comparator | None:
    """What « ailleurs » means: similar territories, or the nearest larger one when they are it."""
    if comparator.key != SIMILAR:
        return similar_comparator(found)
    inner = [place for place in found.comparators if place.level == "departement"]
    places = inner or list(found.comparators)
    return place_comparator(found, places[0]) if places else None


def with_questions(told: Told, screen: Screen) -> tuple[Screen, list[str]]:
    """The screen on access with what the room may ask of it, and what cannot be answered, in words."""
    asked = {
        words.CROSS: (crossing(told), words.NO_CROSS),
        words.LEAVE: (leaving(told.found), words.NO_LEAVE),
    }
    extras = tuple(extra for extra, _ in asked.values() if extra is not None)
    missing = [f"{title} {reason}" for title, (extra, reason) in asked.items() if extra is None]
    names = [extra.name for extra in extras]
    used = [*(CROSSED if "croiser" in names else ()), *([SUPPLY] if "departs" in names else ())]
    return dataclasses.replace(
        screen,
        extras=(*screen.extras, *extras),
        notes=(*screen.notes, *((PRUDENT.replace("*", ""),) if "departs" in names else ())),
        sources=tuple(dict.fromkeys([*screen.sources, *sources_of(told, used)])),
    ), missing


def answers(told: Told, groups: pd.DataFrame | None, access: Screen | None) -> tuple[Answer, ...]:
    """« Et ma commune ? »: the figure and the group of each commune, in words; never a rank."""
    shown = told.found.communes.sort_values("name", key=lambda names: names.map(alphabetical))
    value = {row.code: "" for row in shown.itertuples()}
    if access is not None:
        value = figure_texts(told, ACCESS, words.consultations)
    crossed = crossed_texts(told, access)
    made = []
    for row in shown.itertuples():
        group = group_said(groups.loc[row.code]) if groups is not None else ""
        both = " ".join(one for one in (value[row.code], group) if one)
        said = {"agir": group, "acces": both} | {
            view: f"{texts[row.code]} {value[row.code]}".strip() for view, texts in crossed.items()
        }
        where = row.epci_name if pd.notna(row.epci_name) else row.departement_name
        made.append(Answer(row.code, row.name, str(where), {k: v for k, v in said.items() if v}))
    return tuple(made)


def crossed_texts(told: Told, access: Screen | None) -> dict[str, dict[str, str]]:
    """What is said of each commune on each crossing: the indicator crossed; view -> code -> text."""
    extra = next((one for one in access.extras if one.name == "croiser"), None) if access else None
    if extra is None:
        return {}
    cards = indicators()
    shorts = {words.plain_short(name, cards[name].short_label): name for name in CROSSED}
    return {
        f"acces/croiser/{rank}": figure_texts(told, shorts[label], partial(words.said_of, label))
        for rank, (label, _) in enumerate(extra.views)
    }


def figure_texts(told: Told, name: str, said: Callable[[str], str]) -> dict[str, str]:
    """The figure of each commune; without one, why, and that of its intercommunalité."""
    card, period = indicators()[name], str(told.frame.at[name, "period"])
    figures = commune_figures(told.found, name, period)
    beside = epci_figures(told.found, name, period)
    texts = {}
    for row in told.found.communes.itertuples():
        one = figures.loc[row.code]
        state = commune_value_text(one, reading(card), short=True)
        if pd.notna(one["value"]):
            texts[row.code] = said(state)
        elif row.epci_code in beside.index:
            value = quantity(beside[row.epci_code], card.unit, card.decimals, short=True)
            texts[row.code] = words.in_epci(state, value, row.epci_name)
        else:
            texts[row.code] = f"{state} pour cette commune."
    return texts


def epci_figures(found: Current, name: str, period: str) -> pd.Series:
    """The figure of the intercommunalités of the perimeter, for communes without one."""
    codes = sorted(found.communes["epci_code"].dropna().unique())
    rows = mart("level_values", levels=["epci"] * len(codes), codes=codes)
    rows = rows[(rows["indicator_id"] == name) & (rows["period"] == period)]
    return rows.set_index("code")["value"].dropna()


def group_said(row: pd.Series) -> str:
    """The group of a commune, or the two it stands between."""
    if row["group"] == "non classable":
        return words.UNPLACED
    if row["between"]:
        return f"Groupe non assuré, {place_text('', row['between'], complete=True)}."
    return f"Groupe {words.GROUP_SHORT[row['group']]}."
