"""The project of this session: what was noted on the perimeter, with every choice made on it.

Nothing of it leaves the session, and nothing is in a URL, until the visitor saves the file.
"""

from __future__ import annotations

import dataclasses

import streamlit as st

from diagnostic.perimeter import Perimeter, file_name
from diagnostic.project import LISTS, Project, dump
from diagnostic.records import Record
from pages.comparator import KEY as COMPARATOR
from pages.comparator import OTHER, OTHER_PARAMETER
from pages.linked import all_choices, restore_choices
from pages.shared import choose, warehouse

_PROJECT, _BEFORE, _SAVED = "project", "project_before", "project_saved"


def current_project() -> Project:
    """The project as it stands: its perimeter has no part when none is chosen."""
    perimeter = st.session_state.get("perimeter", Perimeter(()))
    choices = all_choices()
    comparator, other = choices.pop(COMPARATOR, ""), choices.pop(OTHER_PARAMETER, "")
    if comparator == OTHER:
        comparator = f"{OTHER}:{other}" if other else ""
    return dataclasses.replace(
        _noted(),
        perimeter=perimeter,
        choices=dict(sorted(choices.items())),
        comparator=comparator,
        build_id=str(warehouse().facts["build_id"]),
    )


def add(record: Record) -> None:
    """Note ``record`` in the list of its kind."""
    name = _list_of(record)
    _write(_noted().with_list(name, (*getattr(_noted(), name), record)))


def replace(record: Record) -> None:
    """Put ``record`` in the place of the one of its identifier; add it if it is gone."""
    remove(record.id)
    add(record)


def remove(record_id: str) -> None:
    """Take the record of this identifier out of the project, if it is there."""
    noted = _noted()
    for name in LISTS:
        noted = noted.with_list(name, (one for one in getattr(noted, name) if one.id != record_id))
    _write(noted)


def set_notes(text: str) -> None:
    """Replace the free notes of the project."""
    _write(dataclasses.replace(_noted(), notes=text))


def open_project(project: Project, *, filed: bool = True) -> None:
    """Make ``project`` that of the session; the one before can be taken back.

    ``filed``: whether a file holds it already.
    """
    before = current_project()
    if before.perimeter.parts:
        st.session_state[_BEFORE] = before
    _use(project)
    if filed:
        _mark_saved()


def previous_project() -> Project | None:
    """The project that the last opening replaced."""
    return st.session_state.get(_BEFORE)


def take_back() -> None:
    """Return to the project that the last opening replaced."""
    before: Project | None = st.session_state.pop(_BEFORE, None)
    if before is not None:
        _use(before)


def save_button(label: str = "Enregistrer le projet", *, key: str = "enregistrer_projet") -> None:
    """The button that gives the file of the project; nothing without a perimeter."""
    project = current_project()
    if not project.perimeter.parts:
        return
    st.download_button(
        label,
        dump(project),
        file_name=file_name(project.perimeter, "projet.json"),
        mime="application/json",
        icon=":material/download:",
        key=key,
        on_click=_mark_saved,
    )


def unsaved() -> bool:
    """Whether something was noted since the last file was saved or opened."""
    return _noted() != st.session_state.get(_SAVED, Project(Perimeter(())))


def _noted() -> Project:
    """What was noted, without the perimeter and the choices, that the session keeps elsewhere."""
    return st.session_state.get(_PROJECT, Project(Perimeter(())))


def _list_of(record: Record) -> str:
    """Name of the list that holds records of this kind."""
    return next(name for name, kind in LISTS.items() if isinstance(record, kind))


def _write(noted: Project) -> None:
    st.session_state[_PROJECT] = noted


def _mark_saved() -> None:
    st.session_state[_SAVED] = _noted()


def _use(project: Project) -> None:
    choices = dict(project.choices)
    key, _, other = project.comparator.partition(":")
    if key == OTHER:
        choices |= {COMPARATOR: OTHER, OTHER_PARAMETER: other}
    elif project.comparator:
        choices[COMPARATOR] = project.comparator
    bare = Project(Perimeter(()))
    _write(
        dataclasses.replace(
            project,
            perimeter=bare.perimeter,
            choices=bare.choices,
            comparator=bare.comparator,
            build_id=bare.build_id,
        )
    )
    choose(project.perimeter)
    restore_choices(choices)
