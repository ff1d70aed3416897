"""Périmètre: put territories together, name them, save and reopen."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from diagnostic.perimeter import MAX_NAME, Part, Perimeter, city_of
from pages.choosing import change, show_search
from pages.filing import show_file_box
from pages.layers import contour_credit, layer
from pages.shared import (
    LANDING_PAGE,
    Current,
    choose,
    current,
    header,
    mart,
    show_table,
)
from views.maps import perimeter_map
from views.text import LEVELS, alphabetical, count_of, escape_markdown, number

NEXT_PAGES = (
    (LANDING_PAGE, "Voir ce qui ressort", ":material/lightbulb:"),
    ("pages/portrait.py", "Lire le portrait", ":material/list_alt:"),
    ("pages/carte.py", "Voir la carte", ":material/map:"),
    ("pages/cibles.py", "Cibler et doser", ":material/balance:"),
)


def remove_commune() -> None:
    code = st.session_state.get("retirer")
    if not code:
        return
    old: Perimeter = st.session_state["perimeter"]
    level = "arm" if city_of(code) else "commune"
    added = Part(level, code)
    if added in old.parts:
        change([one for one in old.parts if one != added])
    else:
        change([*old.parts, Part(level, code, removed=True)])
    st.session_state["retirer"] = None


def drop_part(part: Part) -> None:
    old: Perimeter = st.session_state["perimeter"]
    change([one for one in old.parts if one != part])


def rename() -> None:
    old: Perimeter = st.session_state["perimeter"]
    choose(Perimeter(old.parts, st.session_state["nom_saisi"]))


def show_composition(found: Current) -> None:
    st.session_state["nom_saisi"] = found.perimeter.name
    st.text_input(
        "Nom du périmètre",
        key="nom_saisi",
        max_chars=MAX_NAME,
        placeholder=found.label,
        on_change=rename,
    )
    if len(found.perimeter.parts) > 1:
        st.markdown("**Composition**")
        for part in found.perimeter.parts:
            show_part(part)
    names = dict(zip(found.communes["code"], found.communes["name"], strict=True))
    if len(names) > 1:
        st.selectbox(
            "Retirer une commune ou un arrondissement"
            if found.arrondissements
            else "Retirer une commune",
            sorted(names, key=lambda code: alphabetical(names[code])),
            index=None,
            format_func=lambda code: f"{names[code]} ({code})",
            key="retirer",
            placeholder="Choisir dans le périmètre",
            on_change=remove_commune,
        )


def show_part(part: Part) -> None:
    named = mart("territory_named", levels=[part.level], codes=[part.code])
    name = named["name"].iloc[0] if len(named) else part.code
    sign = "sans " if part.removed else ""
    text, button = st.columns([5, 2], vertical_alignment="center")
    level = LEVELS.get(part.level, part.level)
    text.markdown(f"{sign}{escape_markdown(name)}  \n:gray[{level}, {part.code}]")
    button.button(
        "Rétablir" if part.removed else "Retirer",
        key=f"enlever-{part.removed}-{part.level}-{part.code}",
        on_click=drop_part,
        args=(part,),
        width="stretch",
    )


def show_map(found: Current) -> None:
    shapes = layer(found)
    if shapes is None:
        st.info(
            "Aucune commune de ce périmètre n'a de contour : la carte est vide.",
            icon=":material/map:",
        )
        return
    communes = found.communes.set_index("code")
    tooltips = (
        communes["name"]
        + "\n"
        + communes["population"].map(lambda people: f"{number(people)} habitants")
    )
    perimeter_map(
        shapes,
        inside=set(found.codes),
        tooltips=tooltips,
        legend_title=found.label,
        attribution=contour_credit(),
        key="perimetre",
    )
    missing = int((~found.communes["has_contour"]).sum())
    if missing:
        st.caption(
            f"{count_of(missing, 'commune')} sans contour : dans les tableaux, pas sur la carte."
        )


def show_communes(found: Current) -> None:
    table = found.communes.sort_values("name", key=lambda names: names.map(alphabetical))
    texts = pd.DataFrame(
        {
            "Arrondissement ou commune" if found.arrondissements else "Commune": table["name"]
            + " ("
            + table["code"]
            + ")",
            "Intercommunalité": table["epci_name"].fillna("aucune"),
            "Département": table["departement_name"],
            "Habitants": table["population"].map(number),
        }
    )
    if table["departement_name"].nunique() == 1:
        texts = texts.drop(columns="Département")
    with st.expander(f"La liste : {found.size}", icon=":material/list:"):
        show_table(texts, "Communes du périmètre", ["Habitants"])


def show_numbers(found: Current) -> None:
    people, places, bodies = st.columns(3)
    people.metric("Habitants", number(found.population), border=True)
    places.metric(
        "Communes et arrondissements" if found.arrondissements else "Communes",
        number(len(found.codes)),
        border=True,
    )
    bodies.metric(
        "Intercommunalités (EPCI)", number(found.communes["epci_code"].nunique()), border=True
    )


found = current()
if found is None:
    st.title("Périmètre", anchor=False)
    for note in (
        *st.session_state.pop("unresolved", ()),
        *st.session_state.get("perimeter_notes", ()),
    ):
        st.warning(escape_markdown(note), icon=":material/info:")
    st.markdown("Aucun périmètre pour l'instant : cherchez un territoire, ou rouvrez un fichier.")
    show_search(None)
    show_file_box()
else:
    header(found, "Périmètre")
    show_numbers(found)
    left, right = st.columns([3, 2], gap="large")
    with left:
        show_map(found)
        show_communes(found)
    with right:
        for page, label, icon in NEXT_PAGES:
            st.page_link(page, label=label, icon=icon)
        show_composition(found)
        show_search(found)
        show_file_box()
