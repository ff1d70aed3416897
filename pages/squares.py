"""Strengths, weaknesses, opportunities, threats on screen, and what to keep of them."""

from __future__ import annotations

import streamlit as st

from diagnostic.records import Placement
from diagnostic.swot import QUADRANTS, Element, placed, placement_id
from pages import project
from pages.comparator import Comparator
from pages.shared import Current
from pages.shared_diagnosis import SharedDiagnosis, squares_of
from views.shared_diagnosis import (
    AFOM_TEXT,
    NO_TREND,
    NOWHERE,
    QUADRANT_TITLES,
    TREND_CAUTION,
    afom_html,
)
from views.text import escape_markdown

_NOWHERE = "aucune"


def show_squares(found: Current, comparator: Comparator, shared: SharedDiagnosis) -> None:
    """The four squares, then the choice of what stands there."""
    st.subheader(f"{found.label}, par rapport à : {comparator.name}", anchor=False)
    found_there = squares_of(shared)
    st.html(afom_html({name: [one.text for one in found_there[name]] for name in QUADRANTS}))
    trends = any(one.origin == "tendance" for one in shared.elements)
    st.caption(TREND_CAUTION if trends else NO_TREND)
    with st.expander("Comment les cases se remplissent", icon=":material/help:"):
        st.markdown(AFOM_TEXT)
    with st.expander("Choisir ce qui est gardé, et où", icon=":material/tune:"):
        if not shared.elements:
            st.markdown("Aucun constat ni aucune note à placer pour l'instant.")
        for element in shared.elements:
            _show_element(element, shared)


def _show_element(element: Element, shared: SharedDiagnosis) -> None:
    text, choice = st.columns([4, 1.3], vertical_alignment="center")
    text.markdown(escape_markdown(element.text))
    options = {name: QUADRANT_TITLES[name] for name in element.allowed} | {_NOWHERE: NOWHERE}
    key = f"case-{placement_id(element.key)}"
    st.session_state[key] = placed(element, shared.project.placements) or _NOWHERE
    choice.selectbox(
        f"Case de : {escape_markdown(element.text)}",
        list(options),
        format_func=options.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=_place,
        args=(element, key),
    )


def _place(element: Element, key: str) -> None:
    """Keep the choice; forget it when it is what the rule says."""
    chosen = st.session_state[key]
    quadrant = None if chosen == _NOWHERE else chosen
    for one in project.current_project().placements:
        if one.item == element.key:
            project.remove(one.id)
    if quadrant != element.proposed:
        project.add(Placement(id=placement_id(element.key), item=element.key, quadrant=quadrant))
