"""Triangulation on screen: the table, how it is read, and the readings that people choose."""

from __future__ import annotations

import streamlit as st

from diagnostic.perimeter import file_name
from diagnostic.records import Crossing, Reading
from diagnostic.triangulation import Row, crossing_id
from pages import project
from pages.comparator import Comparator
from pages.noting import check_text
from pages.shared import Current
from pages.shared_diagnosis import SharedDiagnosis, subject_label
from views.shared_diagnosis import (
    EMPTY,
    READINGS,
    RULE_TEXT,
    blind_html,
    crossing_frame,
    crossing_html,
    crossing_sentence,
)
from views.tables import csv_file
from views.text import escape_markdown

BY_RULE = "regle"
_REFUSED = "lecture_refus"


def show_crossing(found: Current, comparator: Comparator, shared: SharedDiagnosis) -> None:
    """The table, its file, and the choice of another reading."""
    st.subheader(f"Chiffres et paroles, par rapport à : {comparator.name}", anchor=False)
    said = crossing_sentence(shared.lines)
    if said:
        st.markdown(said)
    else:
        st.info(EMPTY, icon=":material/forum:")
    st.html(
        crossing_html(
            f"Triangulation, {found.label}, par rapport à : {comparator.name}", shared.themes
        )
    )
    st.subheader("Angles morts : ce qu'aucun chiffre ouvert ne dit ici", anchor=False)
    st.html(blind_html(f"Angles morts des chiffres, {found.label}", shared.spots))
    st.download_button(
        "Télécharger la triangulation (CSV)",
        csv_file(crossing_frame(shared.lines)),
        file_name=file_name(found.perimeter, "triangulation.csv"),
        mime="text/csv",
        icon=":material/download:",
    )
    with st.expander("Comment la lecture est proposée", icon=":material/help:"):
        st.markdown(RULE_TEXT)
    _show_choice([row for row in shared.rows if row.entries])


def _show_choice(rows: list[Row]) -> None:
    """Choose the reading of a subject that somebody spoke of."""
    if not rows:
        return
    st.subheader("Choisir une lecture ensemble", anchor=False)
    by_id = {crossing_id(row.subject): row for row in rows}
    what, how = st.columns(2, gap="large")
    name = what.selectbox(
        "Sujet dont on a parlé",
        list(by_id),
        format_func=lambda one: subject_label(by_id[one].subject),
        key="lecture_sujet",
    )
    row = by_id[name]
    options: dict[str, str] = {BY_RULE: "Selon la règle"} | {str(k): v for k, v in READINGS.items()}
    kept = row.chosen.reading if row.chosen else BY_RULE
    how.segmented_control(
        "Lecture",
        list(options),
        default=kept,
        format_func=options.__getitem__,
        required=True,
        key=f"lecture_choix-{name}",
    )
    st.text_input(
        "Pourquoi (facultatif)",
        value=row.chosen.reason if row.chosen else "",
        max_chars=200,
        key=f"lecture_raison-{name}",
    )
    if _REFUSED in st.session_state:
        st.error(escape_markdown(st.session_state[_REFUSED]), icon=":material/block:")
    st.button("Garder cette lecture", icon=":material/check:", on_click=_keep, args=(row,))


def _keep(row: Row) -> None:
    name = crossing_id(row.subject)
    chosen: Reading | str = st.session_state[f"lecture_choix-{name}"]
    reason = st.session_state[f"lecture_raison-{name}"]
    why, _ = check_text(reason)
    st.session_state.pop(_REFUSED, None)
    if why:
        st.session_state[_REFUSED] = why
        return
    for crossing in project.current_project().crossings:
        if (crossing.theme, crossing.indicator) == (row.subject.theme, row.subject.indicator):
            project.remove(crossing.id)
    if chosen in READINGS:
        project.add(
            Crossing(
                id=name,
                theme=row.subject.theme,
                indicator=row.subject.indicator,
                reading=chosen,
                reason=reason,
            )
        )
