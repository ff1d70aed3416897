"""« Et si deux généralistes partent ? », answered in advance for the screen on access."""

from __future__ import annotations

from pages.shared import Current
from pages.what_if import Departure, departures
from views import story_words as words
from views.story import Bar, Bars, Extra, View
from views.supply_change import value_decimals
from views.text import number, period_text

COUNTS = (0, 1, 2, 3)
USUAL = 2
PLACES = 3


def leaving(found: Current) -> Extra | None:
    """« Et si deux généralistes partent ? »; None where the estimate cannot be made."""
    known = departures(found, COUNTS, USUAL, PLACES)
    if not known:
        return None
    views = tuple((words.leaving_option(one.count, one.name), leaving_view(one)) for one in known)
    start = next(rank for rank, one in enumerate(known) if one.count == USUAL)
    return Extra("departs", "d", words.LEAVE, views, words.LEAVE_CHOICE, start)


def leaving_view(one: Departure) -> View:
    title = words.leaving_title(one.count, one.name)
    decimals = value_decimals(one.before, one.after)
    rows = (
        change_bar("Habitants dont l'accès baisserait", 0.0, one.people, 0),
        change_bar(words.access_in(one.name), one.before, one.after, decimals),
        change_bar("Habitants sous 2,5 consultations par an, ici et autour", *one.below, 0),
    )
    figure = Bars(
        "Après",
        "Aujourd'hui",
        rows,
        f"Accès publié {period_text(one.apl_period)}, médecins de {one.supply_period}",
    )
    return View(title, words.leaving_sentence(one.count, number(one.people)), figure)


def change_bar(label: str, before: float, after: float, decimals: int) -> Bar:
    """After, beside before."""
    return Bar(label, after, number(after, decimals), before, number(before, decimals))
