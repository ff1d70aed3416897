"""The shared diagnosis computed: figures and notes of a project read together, for screens and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from connectors.personal import Suspicion, personal_in_text
from diagnostic.findings import ATOUT, FRAGILITE, INEGALITE
from diagnostic.project import Project
from diagnostic.records import Entry, Priority, Quadrant
from diagnostic.swot import (
    Element,
    entry_key,
    entry_quadrant,
    finding_key,
    finding_quadrant,
    squares,
    trend_key,
    trend_quadrant,
    voices,
)
from diagnostic.trend import BrokenSeries, OverlappingPeriods
from diagnostic.trend import assess as assess_trend
from diagnostic.triangulation import (
    RESIDENTS,
    Row,
    Stance,
    Subject,
    figures_stance,
    spoken,
    subject_of,
    triangulate,
)
from pages.acting import name_of
from pages.comparator import Comparator
from pages.local_data import remembered
from pages.reading import reading
from pages.shared import Current, build_path, indicators, profile
from pages.standing_out import KINDS, StandingOut, finding_sentence
from pages.trends import series_of, trend_window
from views.sentences import comparison_sentence, subject
from views.shared_diagnosis import (
    LOST_ELEMENT,
    LOST_ENTRY,
    NOT_LOADED,
    Line,
    ThemeReasons,
    blind_figures,
    quoted,
    row_line,
    said,
    theme_figures,
    trend_text,
    votes_text,
)
from views.text import THEMES
from warehouse.blind_spots import BlindSpot, load_blind_spots
from warehouse.indicators import IndicatorCard


@st.cache_resource(show_spinner=False)
def blind_spots() -> dict[str, BlindSpot]:
    """What no open figure tells, in display order."""
    return load_blind_spots()


@dataclass(frozen=True)
class SharedDiagnosis:
    """Everything that screens and files say of it.

    ``themes``, ``spots``: lines of the triangulation; ``rows``: what they come from, in their order;
    ``elements``: what may stand in the AFOM; ``judged``: themes with a figure that is compared and has
    a direction.
    """

    project: Project
    themes: tuple[Line, ...]
    spots: tuple[Line, ...]
    rows: tuple[Row, ...]
    elements: tuple[Element, ...]
    judged: frozenset[str]

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line of the triangulation."""
        return (*self.themes, *self.spots)


def shared_diagnosis(
    found: Current,
    comparator: Comparator,
    frame: pd.DataFrame,
    out: StandingOut,
    project: Project,
) -> SharedDiagnosis:
    """Figures assessed (``frame``), findings (``out``) and notes of the project, read together.

    A note that surely designates somebody (a file written elsewhere) is left out.
    """
    entries = tuple(one for one in project.entries if not withheld(one))
    rows = triangulate(subjects(entries), stances(frame), entries, project.crossings)
    where = {one.id: place_of(one) for one in entries}
    blind = [row.subject.theme in blind_spots() for row in rows]
    lines = [
        row_line(
            row,
            subject_label(row.subject),
            figures_text(row.subject, frame, comparator),
            where,
            blind_spots()[row.subject.theme].who if is_blind else "",
        )
        for row, is_blind in zip(rows, blind, strict=True)
    ]
    return SharedDiagnosis(
        project,
        tuple(line for line, is_blind in zip(lines, blind, strict=True) if not is_blind),
        tuple(line for line, is_blind in zip(lines, blind, strict=True) if is_blind),
        tuple(rows),
        (
            *finding_elements(frame, out, comparator),
            *trend_elements(found),
            *entry_elements(entries, where),
        ),
        frozenset(frame.loc[frame["significance"].notna() & _directed(frame), "theme"]),
    )


def place_of(entry: Entry) -> str:
    """Name of the territory of a note, empty without one."""
    return name_of(entry.territory) if entry.territory else ""


def withheld(entry: Entry) -> list[Suspicion]:
    """What surely designates somebody in a note, which keeps it out of tables and files."""
    return [one for one in personal_in_text(entry.text) if one.certain]


def subjects(entries: Sequence[Entry]) -> list[Subject]:
    """Themes, each followed by its indicators that are spoken of; blind spots; free subjects."""
    spoken_of = {subject_of(one) for one in entries}
    order: list[Subject] = []
    for theme in THEMES:
        order.append(Subject(theme))
        order += [one for name in indicators() if (one := Subject(theme, name)) in spoken_of]
    order += [Subject(name) for name in blind_spots()]
    return order


def stances(frame: pd.DataFrame) -> dict[Subject, Stance | None]:
    """Where the figures of each theme and indicator lean; one that nothing is compared with, neither way."""
    known = frame[frame["value"].notna()]
    found: dict[Subject, Stance | None] = {
        Subject(theme): figures_stance(known.loc[known["theme"] == theme, "tone"])
        for theme in THEMES
    }
    for row in known.itertuples():
        found[Subject(row.theme, str(row.Index))] = figures_stance([row.tone])
    return found


def subject_label(about: Subject) -> str:
    """Name of a theme, a blind spot or an indicator; a free subject as it was typed."""
    if about.indicator is not None:
        card = indicators().get(about.indicator)
        return card.label if card else about.indicator.replace("_", " ")
    spot = blind_spots().get(about.theme)
    return spot.label if spot else THEMES.get(about.theme, about.theme or "Sujet non précisé")


def figures_text(about: Subject, frame: pd.DataFrame, comparator: Comparator) -> str:
    """What the figures say of a subject, from the assessed frame."""
    spot = blind_spots().get(about.theme)
    if spot is not None:
        near = [indicators()[name].short_label for name in spot.near if name in frame.index]
        return blind_figures(spot.why, near)
    if about.indicator is not None:
        if about.indicator not in frame.index:
            return NOT_LOADED
        card = indicators()[about.indicator]
        row = frame.loc[about.indicator]
        return comparison_sentence(row, subject(card.label), reading(card), comparator.of)
    known = frame[(frame["theme"] == about.theme) & frame["value"].notna()]
    rows = known[known["significance"].notna()]

    def names(tone: str) -> list[str]:
        return [indicators()[str(name)].short_label for name in rows.index[rows["tone"] == tone]]

    directed = _directed(rows)
    same = int((directed & rows["tone"].eq("neutre")).sum())
    return theme_figures(
        names("favorable"),
        names("defavorable"),
        same,
        int((~directed).sum()),
        len(known) - len(rows),
    )


def _directed(frame: pd.DataFrame) -> pd.Series:
    """Whether each figure can be more or less favourable."""
    return frame["direction"].isin(["favorable", "defavorable"])


def finding_elements(
    frame: pd.DataFrame, out: StandingOut, comparator: Comparator
) -> list[Element]:
    """Findings that stand somewhere, in their order of importance."""
    kinds = {ATOUT, FRAGILITE, INEGALITE}
    return [
        Element(
            finding_key(one.indicator_id, one.type),
            "constat",
            one.theme,
            finding_sentence(one, frame.loc[one.indicator_id], out, comparator),
            finding_quadrant(one.type, one.gradient),
            f"{indicators()[one.indicator_id].short_label} : {KINDS[one.type][0].lower()}",
        )
        for one in out.table.itertuples()
        if one.type in kinds and finding_quadrant(one.type, one.gradient)
    ]


def trend_elements(found: Current) -> list[Element]:
    """Established trends of the perimeter that go a favourable way, or the other."""
    return _trends(build_path(), found.codes, found.whole, found)


@remembered(max_entries=100)
def _trends(
    path: str, codes: tuple[str, ...], whole: tuple[str, str], _found: Current
) -> list[Element]:
    rows = profile(_found)
    rows = rows[rows["value"].notna()]
    found = [
        trend_element(rows[rows["indicator_id"] == card.id].sort_values("period"), card)
        for card in indicators().values()
        if card.direction in ("favorable", "defavorable")
    ]
    return [one for one in found if one is not None]


def trend_element(own: pd.DataFrame, card: IndicatorCard) -> Element | None:
    """The established trend of an indicator (known values by period), None without one."""
    try:
        trend = assess_trend(
            own["value"],
            list(own["period"].astype(str)),
            series_of(own["period"], card),
            window=trend_window(own),
        )
    except (BrokenSeries, OverlappingPeriods):
        return None
    quadrant = trend_quadrant(trend.verdict, card.direction)
    if quadrant is None or trend.verdict is None:
        return None
    periods = list(trend.points["period"].astype(str))
    return Element(
        trend_key(card.id),
        "tendance",
        card.theme,
        trend_text(subject(card.label), trend.verdict, periods[0], periods[-1], len(periods)),
        quadrant,
        f"{card.short_label} : {trend.verdict}",
    )


def entry_elements(entries: Sequence[Entry], where: dict[str, str]) -> list[Element]:
    """Every note but questions."""
    return [
        Element(
            entry_key(one),
            "parole",
            theme_of(one),
            said(one, where.get(one.id, "")).line,
            entry_quadrant(one),
            one.text,
        )
        for one in entries
        if one.kind != "question"
    ]


def squares_of(shared: SharedDiagnosis) -> dict[Quadrant, tuple[Element, ...]]:
    """What stands in each square, by the rule and the choices of the project."""
    return squares(shared.elements, shared.project.placements)


def theme_of(entry: Entry) -> str:
    """Theme of a note: that of its blind spot when it is about one."""
    spot = blind_spots().get(entry.theme)
    return spot.theme if spot else entry.theme


def theme_reasons(shared: SharedDiagnosis) -> list[ThemeReasons]:
    """What may make each theme a priority, theme after theme."""
    reasons = []
    for theme, label in THEMES.items():
        rows = [row for row in shared.rows if _theme(row.subject) == theme]
        entries = [one for row in rows for one in row.entries]
        problems = [one for one in spoken(entries) if one.saying == "probleme"]
        residents = sum(one.source == RESIDENTS for one in problems)
        named = [one.title for one in shared.project.priorities if one.theme == theme]
        weaknesses = sum(
            one.theme == theme and one.proposed in ("faiblesse", "menace")
            for one in shared.elements
            if one.origin != "parole"
        )
        reasons.append(
            ThemeReasons(
                label,
                weaknesses if theme in shared.judged else None,
                residents,
                len(problems) - residents,
                sum(len(row.means) for row in rows),
                sum(row.reading == "divergent" for row in rows),
                votes_text(voices([label, theme, *named], shared.project.votes)),
            )
        )
    return reasons


def _theme(about: Subject) -> str:
    spot = blind_spots().get(about.theme)
    return spot.theme if spot else about.theme


def reasons_of(priority: Priority, shared: SharedDiagnosis) -> tuple[list[str], list[str]]:
    """The figures and the notes that a priority rests on, in words, those that are gone said so."""
    elements = {one.key: one.text for one in shared.elements}
    entries = {one.id: quoted(said(one, "")) for one in shared.project.entries if not withheld(one)}
    return (
        [elements.get(key, LOST_ELEMENT) for key in priority.findings],
        [entries.get(one, LOST_ENTRY) for one in priority.entries],
    )
