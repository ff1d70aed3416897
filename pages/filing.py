"""The file of the project: save it, reopen one, take back the one before, merge a colleague's."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from diagnostic.merging import Conflict, Place, Side, merge
from diagnostic.perimeter import WORDS
from diagnostic.project import MAX_FILE_BYTES, Project, ProjectFileError, load
from diagnostic.records import MAX_FIGURES_SIZE
from pages.keeping import choose_to_keep
from pages.local_data import imports
from pages.project import (
    current_project,
    open_project,
    previous_project,
    save_button,
    take_back,
    unsaved,
)
from pages.shared import FILE_NOTES, geography, indicators, warehouse
from views.project import (
    KEPT_HERE,
    TOO_MANY_FIGURES,
    TWO_WAYS,
    conflict_title,
    side_texts,
    summary_text,
)
from views.text import count_of, escape_markdown

MEGABYTES = 20
SIDES: dict[Side, str] = {"ours": "Le mien", "theirs": "Celui du collègue"}


def show_file_box() -> None:
    """Save the project, reopen one, merge two."""
    project = current_project()
    with st.expander("Enregistrer ou rouvrir un projet", icon=":material/folder_open:"):
        if project.perimeter.parts:
            st.markdown(summary_text(project))
            choose_to_keep(imports().values(), "projet")
            save_button()
            st.caption(
                KEPT_HERE
                + " L'adresse de cette page contient aussi le périmètre : copiez-la pour la partager."
            )
            if unsaved():
                st.caption(":material/edit: Des notes ne sont pas encore enregistrées.")
        st.file_uploader(
            "Rouvrir un fichier de projet ou de périmètre (.json)",
            type=["json"],
            max_upload_size=MEGABYTES,
            key="fichier",
            on_change=_reopen,
        )
        _say("file_error")
        before = previous_project()
        if before is not None:
            st.button(
                "Revenir au projet d'avant",
                icon=":material/undo:",
                on_click=take_back,
                help="Celui que la dernière ouverture a remplacé : il est gardé dans cette session.",
            )
        if project.perimeter.parts:
            _show_merging(project)


def _read(uploaded: UploadedFile) -> tuple[Project, list[str]]:
    """The project of a dropped file; ProjectFileError, in French."""
    if uploaded.size > MAX_FILE_BYTES:
        raise ProjectFileError("Ce fichier est trop gros pour un projet Gradient.")
    return load(uploaded.getvalue(), str(warehouse().facts["build_id"]))


def _reopen() -> None:
    """Open the file dropped by the visitor; what is wrong with it is kept for the screen."""
    uploaded = st.session_state.get("fichier")
    if uploaded is None:
        return
    try:
        project, notes = _read(uploaded)
    except ProjectFileError as error:
        st.session_state["file_error"] = str(error)
        return
    st.session_state.pop("file_error", None)
    said = open_project(project)
    st.session_state["recherche"] = ""
    st.session_state["just_chosen"] = True
    st.session_state[FILE_NOTES] = (*notes, *said)


def _say(key: str) -> None:
    if key in st.session_state:
        st.error(escape_markdown(st.session_state[key]), icon=":material/error:")


def _show_merging(ours: Project) -> None:
    """A colleague's file put together with the project, what both changed being chosen here."""
    if not st.toggle("Fusionner avec le fichier d'un collègue", key="fusionner"):
        return
    theirs = _dropped("Le fichier du collègue (.json)", "fichier_collegue")
    base = _dropped("Le fichier dont vous êtes partis tous les deux (facultatif)", "fichier_depart")
    if theirs is None:
        return
    if base is None:
        st.caption(TWO_WAYS)
    _, conflicts = merge(ours, theirs, base)
    picked = {conflict.place: _ask(conflict) for conflict in conflicts}
    if not conflicts:
        st.markdown(
            "Rien n'a été changé des deux côtés : les deux fichiers s'assemblent sans choix."
        )
    merged, _ = merge(ours, theirs, base, picked)
    if sum(one.size for one in merged.local_data) > MAX_FIGURES_SIZE:
        st.warning(TOO_MANY_FIGURES, icon=":material/data_alert:")
        return
    st.markdown(f"Une fois fusionné : {summary_text(merged)}")
    st.button(
        "Fusionner", icon=":material/merge:", type="primary", on_click=_take_merged, args=(merged,)
    )


def _dropped(label: str, key: str) -> Project | None:
    uploaded = st.file_uploader(label, type=["json"], max_upload_size=MEGABYTES, key=key)
    if uploaded is None:
        return None
    try:
        project, notes = _read(uploaded)
    except ProjectFileError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None
    for note in notes:
        st.warning(escape_markdown(note), icon=":material/info:")
    return project


def _ask(conflict: Conflict) -> Side:
    """The side that the visitor takes."""
    texts = dict(zip(SIDES, side_texts(conflict, _names()), strict=True))
    order: list[Side] = list(SIDES)
    chosen = st.radio(
        escape_markdown(conflict_title(conflict)),
        order,
        index=order.index(conflict.kept),
        format_func=SIDES.__getitem__,
        captions=[escape_markdown(texts[side]) for side in order],
        key=f"conflit-{_name(conflict.place)}",
    )
    return "theirs" if chosen == "theirs" else "ours"


def _names() -> dict[str, str]:
    """What a project file calls « com:95127 » or « taux_pauvrete », in plain words."""
    places = {
        f"{WORDS[level]}:{code}": name
        for (level, code), name in geography().names.items()
        if level in WORDS
    }
    return places | {one.id: one.label for one in indicators().values()}


def _name(place: Place) -> str:
    return "-".join(place)


def _take_merged(merged: Project) -> None:
    said = open_project(merged, filed=False)
    st.session_state[FILE_NOTES] = (
        f"Les deux projets sont fusionnés ({count_of(len(merged.records), 'note')}). Enregistrez le "
        "fichier pour le garder.",
        *said,
    )
    st.session_state["fusionner"] = False
