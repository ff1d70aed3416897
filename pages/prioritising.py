"""Priorities: what may found them theme by theme, those kept with their reasons, and their votes."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from diagnostic.records import Priority, Vote, clean_line, clean_text
from diagnostic.swot import unclaimed, voices
from pages import project
from pages.noting import check_text, day_input, icon_button
from pages.shared import show_table
from pages.shared_diagnosis import SharedDiagnosis, reasons_of, theme_of, theme_reasons
from views.shared_diagnosis import (
    FOUND_ON_NOTHING,
    NO_VOTE,
    PRIORITIES_TEXT,
    day_text,
    quoted,
    read_day,
    reasons_frame,
    said,
    vote_text,
    votes_text,
)
from views.text import THEMES, escape_markdown, joined, number

MOST_VOICES = 100_000
_START: dict[str, Any] = {
    "priorite_titre": "",
    "priorite_theme": "offre",
    "priorite_raison": "",
    "priorite_constats": [],
    "priorite_notes": [],
}
_EDITED, _REFUSED, _VOTE_REFUSED = "priorite_modifiee", "priorite_refus", "vote_refus"


def show_priorities(shared: SharedDiagnosis) -> None:
    """The table of reasons, the priorities kept, the form, the votes."""
    st.markdown(PRIORITIES_TEXT)
    frame = reasons_frame(theme_reasons(shared))
    show_table(frame, "Ce qui peut fonder une priorité, par thème")
    kept, form = st.columns([6, 5], gap="large")
    with kept:
        _show_kept(shared)
        _show_votes(shared)
    with form:
        _show_form(shared)
        _show_voting(shared)


def _show_kept(shared: SharedDiagnosis) -> None:
    st.subheader("Priorités retenues", anchor=False)
    priorities = shared.project.priorities
    if not priorities:
        st.info(
            "Aucune priorité n'est encore retenue : écrivez-en une, avec ce qui la fonde.",
            icon=":material/flag:",
        )
    for priority in priorities:
        with st.container(border=True):
            _show_priority(priority, shared)


def _show_priority(priority: Priority, shared: SharedDiagnosis) -> None:
    text, edit, remove = st.columns([8, 1, 1], vertical_alignment="center")
    theme = THEMES.get(priority.theme, priority.theme)
    text.markdown(f"**{escape_markdown(priority.title)}** · {escape_markdown(theme)}")
    icon_button(edit, "edit", f"revoir-{priority.id}", "Modifier", partial(_edit, priority))
    icon_button(
        remove, "delete", f"oter-{priority.id}", "Retirer", partial(project.remove, priority.id)
    )
    figures, notes = reasons_of(priority, shared)
    lines = [escape_markdown(one) for one in (*figures, *notes)]
    if priority.reason:
        st.markdown(escape_markdown(priority.reason))
    if lines:
        st.markdown("\n".join(f"- {line}" for line in lines))
    elif not priority.reason:
        st.caption(FOUND_ON_NOTHING)
    found = voices([priority.title], shared.project.votes)
    st.caption(f":material/how_to_vote: {escape_markdown(votes_text(found) or NO_VOTE)}")


def _show_form(shared: SharedDiagnosis) -> None:
    for key, value in _START.items():
        st.session_state.setdefault(key, value)
    edited = st.session_state.get(_EDITED)
    st.subheader("Modifier la priorité" if edited else "Retenir une priorité", anchor=False)
    theme = st.selectbox(
        "Thème", list(THEMES), format_func=THEMES.__getitem__, key="priorite_theme"
    )
    st.text_input(
        "Priorité",
        key="priorite_titre",
        max_chars=200,
        placeholder="Par exemple : rapprocher les soins dentaires des enfants",
    )
    elements = {
        one.key: one.label
        for one in shared.elements
        if one.theme == theme and one.origin != "parole"
    }
    notes = {
        one.id: quoted(said(one, "")) for one in shared.project.entries if theme_of(one) == theme
    }
    _multiselect("Chiffres qui la fondent", elements, "priorite_constats")
    _multiselect("Notes qui la fondent", notes, "priorite_notes")
    st.text_area("Autre raison (facultatif)", key="priorite_raison", max_chars=600, height=80)
    if _REFUSED in st.session_state:
        st.error(escape_markdown(st.session_state[_REFUSED]), icon=":material/block:")
    st.button(
        "Enregistrer la priorité" if edited else "Retenir",
        type="primary",
        icon=":material/flag:",
        on_click=_save,
        args=(shared,),
    )
    if edited:
        st.button("Annuler", key="priorite_annuler", on_click=_clear)


def _multiselect(label: str, options: dict[str, str], key: str) -> None:
    """Several among ``options``; what is kept and no longer offered is let go."""
    st.session_state[key] = [one for one in st.session_state[key] if one in options]
    st.multiselect(
        label,
        list(options),
        format_func=options.__getitem__,
        key=key,
        placeholder="Choisir" if options else "Rien dans ce thème",
        disabled=not options,
    )


def _save(shared: SharedDiagnosis) -> None:
    state = st.session_state
    title, reason = clean_line(state["priorite_titre"]), clean_text(state["priorite_raison"])
    why, _ = check_text(title, reason)
    if not title:
        why = "Écrivez d'abord la priorité."
    if why:
        state[_REFUSED] = why
        return
    fields = {
        "title": title,
        "theme": state["priorite_theme"],
        "reason": reason,
        "findings": tuple(state["priorite_constats"]),
        "entries": tuple(state["priorite_notes"]),
    }
    edited = next((one for one in shared.project.priorities if one.id == state.get(_EDITED)), None)
    if edited is None:
        project.add(Priority(**fields))
    else:
        project.replace(edited.model_copy(update=fields))
    _clear()


def _clear() -> None:
    theme = st.session_state["priorite_theme"]
    st.session_state.update(_START | {"priorite_theme": theme})
    for key in (_EDITED, _REFUSED):
        st.session_state.pop(key, None)


def _edit(priority: Priority) -> None:
    st.session_state.update(
        {
            "priorite_titre": priority.title,
            "priorite_theme": priority.theme if priority.theme in THEMES else "offre",
            "priorite_raison": priority.reason,
            "priorite_constats": list(priority.findings),
            "priorite_notes": list(priority.entries),
            _EDITED: priority.id,
        }
    )


def _show_voting(shared: SharedDiagnosis) -> None:
    """Type the voices that each priority had."""
    priorities = shared.project.priorities
    if not priorities:
        return
    st.subheader("Noter un vote", anchor=False)
    day_input("Date du vote", "vote_date")
    st.text_input("Où (facultatif)", max_chars=100, key="vote_lieu")
    for priority in priorities:
        st.number_input(
            f"Voix pour : {escape_markdown(priority.title)}",
            0,
            MOST_VOICES,
            value=None,
            step=1,
            key=f"voix-{priority.id}",
        )
    if _VOTE_REFUSED in st.session_state:
        st.error(escape_markdown(st.session_state[_VOTE_REFUSED]), icon=":material/block:")
    st.button(
        "Enregistrer le vote", icon=":material/how_to_vote:", on_click=_vote, args=(priorities,)
    )


def _vote(priorities: tuple[Priority, ...]) -> None:
    state = st.session_state
    given = tuple(
        (one.title, int(state[f"voix-{one.id}"]))
        for one in priorities
        if state.get(f"voix-{one.id}") is not None
    )
    why, _ = check_text(state["vote_lieu"])
    held_on = None
    try:
        held_on = read_day(state["vote_date"])
    except ValueError as error:
        why = str(error)
    if held_on is None and not why:
        why = "Écrivez la date du vote."
    if not given:
        why = "Écrivez au moins un nombre de voix ; une case vide n'est pas zéro voix."
    if why:
        state[_VOTE_REFUSED] = why
        return
    project.add(Vote(priorities=given, held_on=held_on, where=state["vote_lieu"]))
    for one in priorities:
        state[f"voix-{one.id}"] = None
    state.pop(_VOTE_REFUSED, None)


def _show_votes(shared: SharedDiagnosis) -> None:
    """The votes recorded, and what they named that no priority says."""
    votes = shared.project.votes
    if not votes:
        return
    st.subheader("Votes notés", anchor=False)
    for vote in sorted(votes, key=lambda one: (one.held_on or one.written, one.id), reverse=True):
        text, remove = st.columns([9, 1], vertical_alignment="center")
        day = day_text((vote.held_on or vote.written).isoformat())
        place = f" ({vote.where})" if vote.where else ""
        counts = joined([f"{name} : {number(count)}" for name, count in vote.priorities])
        text.markdown(escape_markdown(f"{day}{place}. {counts}."))
        icon_button(
            remove,
            "delete",
            f"retirer-vote-{vote.id}",
            "Retirer ce vote",
            partial(project.remove, vote.id),
        )
    left = unclaimed([one.title for one in shared.project.priorities], votes)
    if left:
        told = " ; ".join(f"{text}, {vote_text(vote, count)}" for text, count, vote in left)
        st.caption(escape_markdown(f"Voté sans priorité écrite sous ce nom : {told}."))
