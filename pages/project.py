"""The project of this session: what was noted on the perimeter, with every choice made on it.

Nothing of it leaves the session, and nothing is in a URL, until the visitor saves the file.
"""

from __future__ import annotations

import dataclasses
from functools import partial

import streamlit as st

from diagnostic.kept import KeptFigureError
from diagnostic.perimeter import Perimeter, file_name
from diagnostic.project import LISTS, Project, dump
from diagnostic.records import MAX_FIGURES_SIZE, LocalData, Record
from pages.comparator import KEY as COMPARATOR
from pages.comparator import OTHER, OTHER_PARAMETER
from pages.importing import kept, restored
from pages.linked import all_choices, restore_choices
from pages.local_data import Imported, forget, imports, take
from pages.shared import choose, warehouse
from views.importing import kept_notice, not_restored_sentence, restored_sentence

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
    name = _list_of(record)
    found: tuple[Record, ...] = getattr(_noted(), name)
    if any(one.id == record.id for one in found):
        _write(_noted().with_list(name, (record if one.id == record.id else one for one in found)))
    else:
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


def open_project(project: Project, *, filed: bool = True) -> tuple[str, ...]:
    """Make ``project`` that of the session; the one before can be taken back.

    ``filed``: whether a file holds it already. What is to be said of the local figures it kept.
    """
    before = current_project()
    if before.perimeter.parts:
        st.session_state[_BEFORE] = before
    said = _use(project)
    if filed:
        _mark_saved()
    return said


def previous_project() -> Project | None:
    """The project that the last opening replaced."""
    return st.session_state.get(_BEFORE)


def let_go(name: str) -> None:
    """Remove an import from this visit, and from the project."""
    forget(name)
    remove(name)


def take_in(one: Imported) -> None:
    """Show the figures of an import on every page; the project keeps them if it kept those before.

    Those that it replaces leave the project with the visit.
    """
    was_kept = keeps(one.id)
    before = set(imports())
    take(one)
    for gone in before - set(imports()):
        remove(gone)
    if was_kept and not keep(one):
        remove(one.id)


def take_back() -> None:
    """Return to the project that the last opening replaced."""
    before: Project | None = st.session_state.pop(_BEFORE, None)
    if before is not None:
        _use(before)


def save_button(
    label: str = "Enregistrer le projet", *, key: str = "enregistrer_projet", told: bool = True
) -> None:
    """The button that gives the file of the project; nothing without a perimeter.

    ``told``: say under it whether the file holds local figures, when this visit has some.
    """
    project = current_project()
    if not project.perimeter.parts:
        return
    st.download_button(
        label,
        partial(dump, project),
        file_name=file_name(project.perimeter, "projet.json"),
        mime="application/json",
        icon=":material/download:",
        key=key,
        on_click=_mark_saved,
    )
    if imports() and told:
        st.caption(kept_notice([one.source for one in project.local_data]))


def keeps(name: str) -> bool:
    """Whether the project keeps the figures of an import."""
    return any(one.id == name for one in _noted().local_data)


def keep(one: Imported) -> bool:
    """Keep the figures of an import in the project; False, and nothing is kept, past the size."""
    record = kept(one)
    others = [other for other in _noted().local_data if other.id != one.id]
    if record.size + sum(other.size for other in others) > MAX_FIGURES_SIZE:
        return False
    _write(_noted().with_list("local_data", (*others, record)))
    return True


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


def _use(project: Project) -> tuple[str, ...]:
    """Make ``project`` that of the session, its local figures in the place of those it replaces."""
    for one in _noted().local_data:
        if one.id in imports():
            forget(one.id)
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
    return tuple(_restore(one) for one in project.local_data)


def _restore(record: LocalData) -> str:
    """Show again the figures that a file kept; what is to be said of them."""
    try:
        one, gone = restored(record)
    except KeptFigureError as refusal:
        return not_restored_sentence(record.name, str(refusal))
    take(one)
    return restored_sentence(one.name, one.plan.source, record.count - gone, gone)
