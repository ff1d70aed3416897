"""The choice to keep imported figures in the project file: off until the visitor turns it on."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from pages.local_data import Imported, imports
from pages.project import keep, keeps, remove
from views.importing import KEEP_LABEL, KEEP_MEANING, KEEP_REFUSED, keep_label

_REFUSED = "garder_refuse"


def choose_to_keep(chosen: Iterable[Imported], where: str, *, named: bool = True) -> None:
    """One switch a file, and what it means. ``named``: whether the switch says which file."""
    files = list(chosen)
    for one in files:
        key = f"garder_{where}_{one.id}"
        st.session_state[key] = keeps(one.id)
        st.toggle(
            keep_label(one.name) if named else KEEP_LABEL,
            key=key,
            on_change=_changed,
            args=(one.id, key),
        )
        if st.session_state.get(_REFUSED) == one.id:
            st.warning(KEEP_REFUSED, icon=":material/data_alert:")
    if files:
        st.caption(KEEP_MEANING)


def _changed(name: str, key: str) -> None:
    st.session_state.pop(_REFUSED, None)
    if not st.session_state[key]:
        remove(name)
    elif not keep(imports()[name]):
        st.session_state[_REFUSED] = name
