"""Public files dropped by hand: recognised or turned away, listed, taken back, built with."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from connectors.cards import load_sources
from connectors.depot import Found, Unknown
from connectors.errors import ConnectorError
from pages.refreshing import NOT_HERE, launch, may_change_data
from views.donnees import plain, size_text
from views.text import escape_markdown, joined
from warehouse.dropped import Accepted, Rejected, drop, dropped, remove
from warehouse.paths import drop_folder
from warehouse.refresh import Order, job

MAX_MEGABYTES = 200
TOLD, TURN = "depot_dit", "depot_tour"
OTHER_FILES = (
    "Ce n'est pas un fichier public que Gradient connaît, il n'est pas gardé. Vos propres fichiers "
    "se lisent page Importer."
)


def dropping() -> None:
    """The whole section."""
    st.markdown(
        "Votre réseau bloque un site, ou une source n'a pas d'adresse connue ? Téléchargez le fichier "
        "depuis la page du producteur, puis déposez-le ici **tel quel**, sans l'ouvrir dans un "
        "tableur : Gradient le reconnaît à son contenu, quel que soit son nom."
    )
    if not may_change_data():
        st.info(NOT_HERE, icon=":material/lock:")
        return
    _receive()
    for told in st.session_state.get(TOLD, ()):
        _tell(told)
    _list_kept()


def _receive() -> None:
    """Take what was dropped, then empty the box: each file is told once."""
    turn = st.session_state.setdefault(TURN, 0)
    files = st.file_uploader(
        f"Fichiers publics ({MAX_MEGABYTES} Mo au plus chacun)",
        accept_multiple_files=True,
        max_upload_size=MAX_MEGABYTES,
        key=f"depot_{turn}",
        help=f"Plus gros ? Copiez-le dans le dossier {escape_markdown(str(drop_folder()))}.",
    )
    if not files:
        return
    with st.spinner("Lecture des fichiers…"):
        try:
            st.session_state[TOLD] = [drop(one, one.name, drop_folder()) for one in files]
        except OSError as error:
            reason = f"Le dossier des données n'est pas utilisable : {error.strerror or error}."
            st.session_state[TOLD] = [Rejected("Dépôt", reason)]
    st.session_state[TURN] = turn + 1
    st.rerun()


def _tell(told: Accepted | Rejected) -> None:
    if isinstance(told, Rejected):
        name, reason = escape_markdown(told.name), plain(told.reason)
        if "aucun connecteur" in reason:
            reason = OTHER_FILES
        st.warning(f"**{name}** : {escape_markdown(reason)}", icon=":material/block:")
        return
    said = f"**{escape_markdown(told.found.raw.name)}** : {_recognised(told.found)}."
    if told.beside:
        names = escape_markdown(joined(list(told.beside)))
        said += (
            f" Déjà déposé pour la même source et le même millésime : {names}. S'il dit la même "
            "chose, retirez l'un des deux."
        )
    st.success(said, icon=":material/check_circle:")


def _recognised(found: Found) -> str:
    card = load_sources()[found.recognition.source_id]
    vintage = found.recognition.vintage
    said = f"{card.producer}, {card.title}"
    return escape_markdown(f"{said}, millésime {vintage}" if vintage else said)


def _signature(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What tells that the folder changed."""
    paths = sorted(folder.rglob("*")) if folder.is_dir() else []
    facts = ((str(path), path.lstat()) for path in paths)
    return tuple((name, status.st_size, status.st_mtime_ns) for name, status in facts)


@st.cache_data(max_entries=4, show_spinner="Lecture des fichiers déposés…")
def _kept(folder: str, signature: tuple[tuple[str, int, int], ...]) -> list[Found | Unknown] | str:
    try:
        return dropped(Path(folder))
    except ConnectorError as error:
        return str(error)


def _take_back(path: Path) -> None:
    remove(path, drop_folder())
    st.session_state.pop(TOLD, None)


def _list_kept() -> None:
    folder = drop_folder()
    kept = _kept(str(folder), _signature(folder))
    if isinstance(kept, str):
        st.error(escape_markdown(kept), icon=":material/error:")
        return
    if not kept:
        return
    st.markdown("**Fichiers déposés**")
    with st.container(border=True):
        for position, one in enumerate(kept):
            _row(one, position)
    current = job()
    busy = current is not None and current.state.running
    if st.button("Reconstruire avec ces fichiers", icon=":material/construction:", disabled=busy):
        launch(Order())


def _row(one: Found | Unknown, position: int) -> None:
    path = one.raw.path if isinstance(one, Found) else one.path
    known = _recognised(one) if isinstance(one, Found) else escape_markdown(plain(one.reason))
    with st.container(horizontal=True, vertical_alignment="center"):
        size = size_text(path.lstat().st_size)
        st.markdown(f"**{escape_markdown(path.name)}** ({size})  \n{known}", width="stretch")
        st.button(
            "Retirer",
            key=f"retirer_{position}_{path.name}",
            on_click=_take_back,
            args=(path,),
            icon=":material/delete:",
            help=f"Retirer {escape_markdown(path.name)}",
        )
