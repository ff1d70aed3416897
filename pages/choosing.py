"""Choosing a perimeter: search and examples. Shared by the welcome and perimeter pages."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import streamlit as st
import yaml

from diagnostic.perimeter import Part, Perimeter, decode
from pages.shared import LANDING_PAGE, Current, choose, search_index
from views.text import LEVELS, departement_text, escape_markdown, number
from warehouse.paths import ROOT


def take(perimeter: Perimeter) -> None:
    """Make ``perimeter`` the one on screen and show it."""
    choose(perimeter)
    st.session_state["recherche"] = ""
    st.session_state["just_chosen"] = True


def go_on_once_chosen() -> None:
    """Leave the welcome page for what stands out when a perimeter has just been chosen."""
    if st.session_state.pop("just_chosen", False):
        st.switch_page(LANDING_PAGE)


def change(parts: Iterable[Part]) -> None:
    """Replace the parts of the perimeter on screen; say so when they are too many."""
    old: Perimeter = st.session_state["perimeter"]
    try:
        choose(Perimeter(tuple(parts), old.name))
    except ValueError as error:
        st.session_state["perimeter_notes"] = (str(error),)


def add_part(part: Part) -> None:
    """Add ``part`` to the perimeter on screen, undoing its removal if it had been removed."""
    old: Perimeter = st.session_state["perimeter"]
    opposite = Part(part.level, part.code, removed=True)
    change([*(one for one in old.parts if one != opposite), part])
    st.session_state["recherche"] = ""


def show_examples() -> None:
    """The perimeters that ship with Gradient, one click each."""
    examples = yaml.safe_load((ROOT / "data" / "exemples.yml").read_text("utf-8"))
    for column, example in zip(st.columns(len(examples)), examples, strict=True):
        perimeter, _ = decode(example["perimeter"])
        with column.container(border=True):
            st.button(
                example["name"],
                key=f"exemple-{example['name']}",
                icon=":material/play_arrow:",
                type="primary",
                on_click=take,
                args=(Perimeter(perimeter.parts, example["name"]),),
                width="stretch",
            )
            st.markdown(example["description"])


def show_search(found: Current | None) -> None:
    """The search box and its results; with a perimeter on screen, results can be added to it."""
    typed = st.text_input(
        "Chercher une commune, une intercommunalité, un département ou une région",
        key="recherche",
        type="search",
        live="300ms",
        max_chars=80,
        placeholder="Par exemple : cergy pontoise, grand cahors, 95127",
        help="Sans accent ni majuscule si vous voulez ; une faute de frappe est "
        "pardonnée. Paris, Lyon et Marseille se cherchent aussi par arrondissement : « paris 18 ».",
    )
    if not typed or len(typed.strip()) < 2:
        return
    results = search_index().query(typed)
    if results.empty:
        st.info(
            f"Rien ne ressemble à « {escape_markdown(typed)} ». Essayez un mot du nom, ou le code Insee.",
            icon=":material/search_off:",
        )
        return
    for row in results.itertuples():
        show_result(row, found)


def show_result(row, found: Current | None) -> None:
    """One territory found: what it is, and what can be done with it."""
    part = Part(row.level, row.code)
    where = (
        ""
        if row.level in ("departement", "region")
        else departement_text(row.departement_name, row.departement)
    )
    people = f"{number(row.population)} habitants" if pd.notna(row.population) else ""
    details = " · ".join(one for one in (LEVELS[row.level], where, people) if one)
    text, *actions = st.columns([5, 2, 2] if found else [6, 2], vertical_alignment="center")
    text.markdown(f"**{escape_markdown(row.name)}**  \n{escape_markdown(details)}")
    actions[0].button(
        "Choisir",
        key=f"choisir-{row.level}-{row.code}",
        type="primary",
        icon=":material/check:",
        on_click=take,
        args=(Perimeter((part,)),),
        width="stretch",
    )
    if found is not None:
        actions[1].button(
            "Ajouter",
            key=f"ajouter-{row.level}-{row.code}",
            icon=":material/add:",
            on_click=add_part,
            args=(part,),
            disabled=part in found.perimeter.parts,
            width="stretch",
        )
