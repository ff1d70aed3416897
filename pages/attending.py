"""A visitor's count by territory: received, checked, read; kept for the visit, nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from connectors.attendance import (
    Attendance,
    Columns,
    Kind,
    Places,
    check_columns,
    check_nobody,
    guess_columns,
    read_attendance,
)
from connectors.errors import ImportRejected
from connectors.fichier_local import COUNTS, LocalTable, read_tables
from diagnostic.perimeter import encode, file_name
from pages.shared import Current, geography, mart, show_table
from views.reach import EXAMPLE_BANNER, rows_sentence
from views.tables import csv_file
from views.text import count_of, escape_markdown

QUARTERS = "quartiers_prioritaires"
NONE = ""
MEGABYTES = COUNTS.size // 1024**2


@dataclass(frozen=True)
class Held:
    """A file of this visit; ``example_of``: the perimeter an invented one was made for, else empty."""

    tables: tuple[LocalTable, ...]
    example_of: str = ""


@dataclass(frozen=True)
class Box:
    """What a box of this page receives: ``amount`` is the title of its number in the template."""

    kind: Kind
    label: str
    amount: str


def places_of(found: Current) -> Places:
    """Territories that a row may name."""
    known = geography()
    quarters = quarters_of(found)
    return Places(
        inside=dict(zip(found.communes["code"], found.communes["name"], strict=True)),
        quarters=dict(zip(quarters["item_id"], quarters["name"], strict=True)),
        communes=known.communes,
        former=known.passage,
    )


def quarters_of(found: Current) -> pd.DataFrame:
    """Priority neighbourhoods of the perimeter, one row a neighbourhood and commune."""
    items = mart("list_items", codes=found.code_list)
    return items[items["indicator_id"] == QUARTERS]


def held(found: Current, box: Box) -> Held | None:
    """The file of this visit; an example made for another perimeter is dropped."""
    one: Held | None = st.session_state.get(_key(box, "tenu"))
    if one is not None and one.example_of and one.example_of != encode(found.perimeter):
        _forget(box)
        return None
    return one


def receive(
    found: Current, box: Box, places: Places, example: Callable[[], pd.Series] | None = None
) -> None:
    """The empty box: template, upload, and an invented example where one can be made."""
    turn = st.session_state.setdefault(_key(box, "tour"), 0)
    file = st.file_uploader(
        f"{box.label} (CSV ou XLSX, {MEGABYTES} Mo au plus)",
        max_upload_size=MEGABYTES,
        key=f"{_key(box, 'fichier')}_{turn}",
    )
    if file is not None:
        try:
            tables = read_tables(file.getvalue(), file.name)
            for table in tables:
                check_columns(table)
                check_nobody(table, places)
            st.session_state[_key(box, "tenu")] = Held(tables)
        except ImportRejected as refusal:
            st.session_state[_key(box, "dit")] = str(refusal)
        st.session_state[_key(box, "tour")] = turn + 1
        st.rerun()
    said = st.session_state.pop(_key(box, "dit"), None)
    if said:
        st.error(escape_markdown(said), icon=":material/block:")
    with st.container(horizontal=True):
        st.download_button(
            f"Télécharger le modèle à remplir : {box.label.lower()} (CSV)",
            csv_file(template(found, box)),
            file_name=file_name(found.perimeter, f"-modele-{box.kind}.csv"),
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=_key(box, "modele"),
        )
        if example is not None and st.button(
            "Essayer avec un exemple fictif", icon=":material/science:", key=_key(box, "exemple")
        ):
            _take_example(found, box, example())


def template(found: Current, box: Box, counts: pd.Series | None = None) -> pd.DataFrame:
    """Codes and names of the communes of the perimeter; the numbers are empty unless given."""
    communes = found.communes[["code", "name"]]
    amounts = "" if counts is None else communes["code"].map(counts).astype(str)
    return communes.rename(columns={"code": "Code Insee", "name": "Commune"}).assign(
        **{box.amount: amounts}
    )


def _take_example(found: Current, box: Box, counts: pd.Series) -> None:
    """The example goes through the same reading as a file."""
    content = csv_file(template(found, box, counts))
    tables = read_tables(content, "exemple-fictif.csv")
    st.session_state[_key(box, "tenu")] = Held(tables, encode(found.perimeter))
    st.rerun()


def reading_of(found: Current, box: Box, one: Held, places: Places) -> Attendance | None:
    """What the file says, with what was refused and repaired; None until its columns are known."""
    with st.container(horizontal=True, vertical_alignment="center"):
        name = "Exemple fictif" if one.example_of else one.tables[0].name
        st.markdown(f":material/description: **{escape_markdown(name)}**", width="stretch")
        st.button(
            "Retirer l'exemple" if one.example_of else f"Retirer ce fichier : {box.label.lower()}",
            icon=":material/delete:",
            on_click=_forget,
            args=(box,),
            key=_key(box, "retirer"),
        )
    if one.example_of:
        st.warning(EXAMPLE_BANNER, icon=":material/science:")
    table = _choose_sheet(box, one)
    columns = _choose_columns(box, table)
    if columns is None:
        return None
    read = read_attendance(table, columns, places, box.kind)
    st.markdown(rows_sentence(read.rows, len(read.used)))
    _show_refused(found, box, read)
    _show_repaired(read)
    return read


def _choose_sheet(box: Box, one: Held) -> LocalTable:
    if len(one.tables) == 1:
        return one.tables[0]
    position = st.selectbox(
        "Feuille du classeur",
        range(len(one.tables)),
        format_func=lambda at: one.tables[at].sheet,
        key=_key(box, "feuille"),
    )
    return one.tables[position]


def _choose_columns(box: Box, table: LocalTable) -> Columns | None:
    """The columns guessed by their titles, which the visitor may change."""
    guess = guess_columns(table)
    if guess is None:
        st.warning(
            "Dites quelles colonnes lire : leurs titres ne le disent pas.", icon=":material/help:"
        )
    start = guess or Columns(NONE, NONE)
    with st.expander("Colonnes lues", icon=":material/view_column:", expanded=guess is None):
        asked = (
            ("Territoire (le code si possible)", start.place, guess is None),
            ("Nom, pour vérifier le code", start.name, True),
            ("Nombre", start.amount, guess is None),
            ("Action", start.label, True),
        )
        place, name, amount, label = (
            _ask_column(where, box, table, *one)
            for where, one in zip(st.columns(4), asked, strict=True)
        )
    if not place or not amount or place == amount:
        return None
    return Columns(place, amount, name if name != place else None, label)


def _ask_column(
    where: DeltaGenerator,
    box: Box,
    table: LocalTable,
    label: str,
    start: str | None,
    optional: bool,
) -> str | None:
    choices = [NONE, *table.columns] if optional else table.columns
    turn = st.session_state.get(_key(box, "tour"), 0)
    chosen = where.selectbox(
        label,
        choices,
        index=choices.index(start) if start else 0,
        format_func=lambda one: one or "Aucune",
        key=f"{_key(box, label)}_{turn}_{table.sheet}",
    )
    return chosen or None


def _show_refused(found: Current, box: Box, read: Attendance) -> None:
    if read.refused.empty:
        return
    listing = pd.DataFrame(
        {
            "Ligne": read.refused["line"],
            "Territoire, comme écrit": read.refused["written"],
            "Motif": read.refused["reason"],
        }
    )
    with st.expander(
        f"Pourquoi {count_of(len(listing), 'ligne refusée', 'lignes refusées')}",
        icon=":material/block:",
        expanded=len(listing) <= 8,
    ):
        show_table(listing.astype(str), "Lignes refusées")
        st.download_button(
            f"Télécharger les lignes refusées : {box.label.lower()} (CSV)",
            csv_file(listing),
            file_name=file_name(found.perimeter, f"-refus-{box.kind}.csv"),
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=_key(box, "refus"),
        )


def _show_repaired(read: Attendance) -> None:
    if read.repaired.empty:
        return
    listing = pd.DataFrame(
        {
            "Ligne": read.repaired["line"].astype(str),
            "Territoire, comme écrit": read.repaired["written"],
            "Code utilisé": read.repaired["code"],
            "Réparation": read.repaired["what"],
        }
    )
    with st.expander(
        count_of(len(listing), "territoire réparé", "territoires réparés"), icon=":material/build:"
    ):
        show_table(listing, "Codes réparés")


def _forget(box: Box) -> None:
    st.session_state.pop(_key(box, "tenu"), None)


def _key(box: Box, what: str) -> str:
    return f"touche_{box.kind}_{what}"
