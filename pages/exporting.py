"""Any table of the warehouse as a file, generated on the click."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.shared import Current, build_path, show_table
from views.donnees import TABLES, documented_tables, table_label
from views.text import count_of, escape_markdown
from warehouse.export import ZIPPED_ROWS, Kind, can_narrow, count, write
from warehouse.paths import ROOT

MIME = {"csv": "text/csv", "zip": "application/zip", "parquet": "application/vnd.apache.parquet"}
FORMS = {"csv": "CSV", "parquet": "Parquet"}
ONLY_PARQUET = ("territory_geometry",)
HERE, ALL = "perimetre", "tout"


@st.cache_data(show_spinner=False)
def _documented() -> dict[str, tuple[str, pd.DataFrame]]:
    found = documented_tables((ROOT / "docs" / "entrepot.md").read_text("utf-8"))
    first = {name: found.pop(name) for name in TABLES if name in found}
    return first | found


def _label(name: str) -> str:
    return table_label(name, _documented()[name][0])


@st.cache_data(max_entries=100, show_spinner=False)
def _count(path: str, name: str, codes: tuple[str, ...] | None) -> int:
    return count(Path(path), name, codes)


@st.cache_data(max_entries=100, show_spinner=False)
def _can_narrow(path: str, name: str) -> bool:
    return can_narrow(Path(path), name)


@st.fragment
def exporting(found: Current | None) -> None:
    """Choose a table, see what it holds, download it."""
    path, tables = build_path(), _documented()
    offered = [name for name in tables if _count(path, name, None)]
    name = st.selectbox("Table", offered, format_func=_label, key="table_exportee")
    codes = _communes(path, name, found)
    rows = _count(path, name, codes)
    sentence, columns = tables[name]
    st.markdown(f"{escape_markdown(sentence)} **{count_of(rows, 'ligne')}**.")
    with st.container(horizontal=True):
        if name not in ONLY_PARQUET:
            _button(path, name, "csv", codes, zipped=rows > ZIPPED_ROWS)
        _button(path, name, "parquet", codes)
    with st.expander("Colonnes de cette table", icon=":material/table_rows:"):
        show_table(columns, f"Colonnes de la table : {_label(name)}")


def _communes(path: str, name: str, found: Current | None) -> tuple[str, ...] | None:
    """The communes whose rows are wanted; None for the whole table."""
    if found is None or not _can_narrow(path, name):
        return None
    labels = {HERE: f"Les communes de {escape_markdown(found.label)}", ALL: "Toute la table"}
    chosen = st.radio("Étendue", list(labels), format_func=labels.__getitem__, horizontal=True)
    return found.codes if chosen == HERE else None


def _button(
    path: str, name: str, kind: Kind, codes: tuple[str, ...] | None, *, zipped: bool = False
) -> None:
    """A file made on the click, not before."""
    extension = "csv.zip" if zipped else kind
    form = "CSV, dans un ZIP" if zipped else FORMS[kind]
    where = "perimetre" if codes is not None else "tout"
    st.download_button(
        f"Télécharger la table ({form})",
        partial(_content, path, name, kind, codes),
        file_name=f"gradient-{name}-{where}.{extension}",
        mime=MIME["zip" if zipped else kind],
        icon=":material/download:",
        key=f"table_{kind}",
    )


def _content(path: str, name: str, kind: Kind, codes: tuple[str, ...] | None) -> bytes:
    return write(Path(path), name, kind, codes).content
