"""Notes of the shared diagnosis: words, observations, actions, structures, questions; written, corrected."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from connectors.personal import Suspicion, personal_in_text
from diagnostic.records import Entry, clean_text
from diagnostic.triangulation import SPOKEN, subject_of
from pages import project
from pages.acting import name_of, places_to_choose
from pages.shared import Current, indicators
from pages.shared_diagnosis import (
    blind_spots,
    place_of,
    subject_label,
    withheld,
)
from views.shared_diagnosis import (
    EMPTY,
    KINDS,
    NO_NAMES,
    SAYINGS,
    SOURCES,
    WITHHELD,
    day_text,
    note_html,
    read_day,
    refusal,
    said,
)
from views.text import THEMES, alphabetical, count_of, escape_markdown, joined

MOST_LETTERS = 600
NONE = ""
_START: dict[str, Any] = {
    "note_nature": "verbatim",
    "note_texte": "",
    "note_source": "habitants",
    "note_dit": None,
    "note_sujet": "offre",
    "note_indicateur": NONE,
    "note_territoire": NONE,
    "note_date": "",
    "note_lieu": False,
}
_EDITED, _REFUSED, _SUSPECT = "note_modifiee", "note_refus", "note_douteuse"


def keep_typed() -> None:
    """Keep what is typed from one step of the page to another, which forgets what it does not show."""
    for key in _START:
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]


def show_notes(found: Current) -> None:
    """The form on one side, the notes on the other."""
    form, notes = st.columns([5, 6], gap="large")
    with form:
        _show_form(found)
    with notes:
        _show_list()


def _show_form(found: Current) -> None:
    for key, value in _START.items():
        st.session_state.setdefault(key, value)
    edited = st.session_state.get(_EDITED)
    st.subheader("Modifier la note" if edited else "Noter", anchor=False)
    what, who = st.columns(2)
    kind = what.selectbox("Nature", list(KINDS), format_func=KINDS.__getitem__, key="note_nature")
    who.selectbox("Qui le dit", list(SOURCES), format_func=SOURCES.__getitem__, key="note_source")
    st.text_area(
        "Texte",
        key="note_texte",
        max_chars=MOST_LETTERS,
        height=110,
        placeholder="Une phrase, comme elle a été dite ou vue",
    )
    st.caption(NO_NAMES)
    if kind in SPOKEN:
        st.segmented_control(
            "Pour cette personne…",
            list(SAYINGS),
            format_func=SAYINGS.__getitem__,
            key="note_dit",
            help="C'est la personne qui le dit : Gradient ne devine rien d'après les mots.",
        )
    _show_subject(found)
    _say_refusal()
    save, cancel = st.columns(2)
    save.button(
        "Enregistrer la note" if edited else "Ajouter",
        type="primary",
        icon=":material/check:" if edited else ":material/add:",
        on_click=_save,
        width="stretch",
    )
    if edited:
        cancel.button("Annuler", on_click=_clear, width="stretch")


def _show_subject(found: Current) -> None:
    labels = dict(THEMES) | {
        name: f"{spot.label} (angle mort des chiffres)" for name, spot in blind_spots().items()
    }
    kept = str(st.session_state["note_sujet"])
    if kept not in labels:  # a free subject, from a file
        labels[kept] = kept or "Sujet non précisé"
    theme = st.selectbox("Sujet", list(labels), format_func=labels.__getitem__, key="note_sujet")
    cards = {NONE: "Le sujet dans son ensemble"} | {
        card.id: card.label for card in indicators().values() if card.theme == theme
    }
    _keep_option("note_indicateur", cards)
    if len(cards) > 1:
        st.selectbox(
            "Indicateur (facultatif)",
            list(cards),
            format_func=cards.__getitem__,
            key="note_indicateur",
        )
    places = {NONE: "Tout le périmètre"} | places_to_choose(found)
    kept = st.session_state["note_territoire"]
    if kept not in places:
        places[kept] = f"{name_of(kept)} (hors du périmètre)"
    st.selectbox(
        "Territoire (facultatif)",
        list(places),
        format_func=places.__getitem__,
        key="note_territoire",
    )
    day_input("Quand (facultatif)", "note_date")


def day_input(label: str, key: str) -> None:
    """A date typed as in French, which Streamlit's calendar does not offer."""
    st.text_input(label, key=key, max_chars=10, placeholder="jj/mm/aaaa", width=220)


def _keep_option(key: str, options: dict[str, str]) -> None:
    """Return to the first option when the one kept is not offered any more."""
    if st.session_state[key] not in options:
        st.session_state[key] = NONE


def _say_refusal() -> None:
    if _REFUSED in st.session_state:
        st.error(escape_markdown(st.session_state[_REFUSED]), icon=":material/block:")
    if st.session_state.get(_SUSPECT):
        st.checkbox(
            "C'est le nom d'un lieu ou d'un établissement, pas d'une personne", key="note_lieu"
        )


def check_text(*texts: str, place: bool = False) -> tuple[str, bool]:
    """Why these texts are not kept, empty when they are, and whether only a doubt stops them.

    ``place``: the visitor said that what looks like a name or an address is that of a place.
    """
    found: list[Suspicion] = [one for text in texts for one in personal_in_text(text)]
    certain = [one for one in found if one.certain]
    kept = certain or ([] if place else found)
    if not kept:
        return "", False
    return refusal([(one.what, one.excerpt) for one in kept], certain=bool(certain)), not certain


def _save() -> None:
    state = st.session_state
    text = clean_text(state["note_texte"])
    if not text:
        state[_REFUSED], state[_SUSPECT] = "Écrivez d'abord la note.", False
        return
    why, doubt = check_text(text, place=state["note_lieu"])
    if why:
        state[_REFUSED], state[_SUSPECT] = why, doubt
        return
    try:
        said_on = read_day(state["note_date"])
    except ValueError as error:
        state[_REFUSED], state[_SUSPECT] = str(error), False
        return
    kind = state["note_nature"]
    fields = {
        "kind": kind,
        "source": state["note_source"],
        "said_on": said_on,
        "theme": state["note_sujet"],
        "indicator": state["note_indicateur"] or None,
        "territory": state["note_territoire"] or None,
        "text": text,
        "saying": state.get("note_dit") if kind in SPOKEN else None,
    }
    edited = next((one for one in _entries() if one.id == state.get(_EDITED)), None)
    if edited is None:
        project.add(Entry(**fields))
    else:
        project.replace(edited.model_copy(update=fields))
    _clear()


def _clear() -> None:
    """Empty the form, but what the next note will likely share: its kind, who speaks, when, of what."""
    for key in ("note_texte", "note_dit", "note_indicateur", "note_territoire", "note_lieu"):
        st.session_state[key] = _START[key]
    for key in (_EDITED, _REFUSED, _SUSPECT):
        st.session_state.pop(key, None)


def _edit(entry: Entry) -> None:
    st.session_state.update(
        {
            "note_nature": entry.kind,
            "note_texte": entry.text,
            "note_source": entry.source,
            "note_dit": entry.saying,
            "note_sujet": entry.theme,
            "note_indicateur": entry.indicator or NONE,
            "note_territoire": entry.territory or NONE,
            "note_date": day_text(entry.said_on.isoformat()) if entry.said_on else "",
            "note_lieu": False,
            _EDITED: entry.id,
        }
    )
    st.session_state.pop(_REFUSED, None)
    st.session_state.pop(_SUSPECT, None)


def _remove(entry: Entry) -> None:
    project.remove(entry.id)
    if st.session_state.get(_EDITED) == entry.id:
        _clear()


def _entries() -> tuple[Entry, ...]:
    return project.current_project().entries


def _show_list() -> None:
    entries = sorted(
        _entries(), key=lambda one: (alphabetical(subject_label(subject_of(one))), one.id)
    )
    st.subheader(
        f"Ce qui est noté ({count_of(len(entries), 'note')})" if entries else "Ce qui est noté",
        anchor=False,
    )
    if not entries:
        st.info(EMPTY, icon=":material/forum:")
    for entry in entries:
        _show_note(entry, subject_label(subject_of(entry)))


def _show_note(entry: Entry, label: str) -> None:
    with st.container(border=True):
        text, edit, remove = st.columns([8, 1, 1], vertical_alignment="center")
        text.html(note_html(said(entry, place_of(entry)), label))
        personal = withheld(entry)
        if personal:
            text.warning(
                WITHHELD.format(what=joined(sorted({one.what for one in personal}))),
                icon=":material/block:",
            )
        icon_button(edit, "edit", f"modifier-{entry.id}", "Modifier", partial(_edit, entry))
        icon_button(remove, "delete", f"retirer-{entry.id}", "Retirer", partial(_remove, entry))


def icon_button(where: Any, icon: str, key: str, label: str, act: Callable[[], None]) -> None:
    """A small button with an icon, its label said on hover."""
    where.button(f":material/{icon}:", key=key, help=label, on_click=act, type="tertiary")
