"""Périmètre: search territories, put them together, name them, save and reopen."""

from __future__ import annotations

import pandas as pd
import streamlit as st
import yaml

from diagnostic.perimeter import (
    MAX_FILE_BYTES,
    MAX_NAME,
    Part,
    Perimeter,
    PerimeterFileError,
    decode,
    dump,
    file_name,
    load,
)
from pages.shared import Current, choose, current, header, layer, mart, search_index, warehouse
from views.maps import perimeter_map
from views.text import (
    LEVELS,
    count_of,
    departement_text,
    escape_markdown,
    number,
)
from warehouse.paths import ROOT

NEXT_PAGES = (
    ("pages/portrait.py", "Lire le portrait", ":material/list_alt:"),
    ("pages/carte.py", "Voir la carte", ":material/map:"),
    ("pages/cibles.py", "Cibler et doser", ":material/balance:"),
)


def welcome() -> None:
    st.title("Gradient", anchor=False)
    st.markdown(
        "**Le diagnostic de santé d'un territoire, de la recherche d'une commune à la répartition "
        "des moyens.** Des chiffres publics, leur source et leurs limites toujours visibles. "
        "Tout fonctionne sans réseau."
    )


def show_examples() -> None:
    examples = yaml.safe_load((ROOT / "data" / "exemples.yml").read_text("utf-8"))
    st.markdown("**Ou commencez par un exemple**")
    for column, example in zip(st.columns(len(examples)), examples, strict=True):
        perimeter, _ = decode(example["perimeter"])
        with column.container(border=True):
            st.button(
                example["name"],
                key=f"exemple-{example['name']}",
                icon=":material/play_arrow:",
                type="primary",
                on_click=choose,
                args=(Perimeter(perimeter.parts, example["name"]),),
                width="stretch",
            )
            st.caption(example["description"])


def show_search(found: Current | None) -> None:
    typed = st.text_input(
        "Chercher une commune, une intercommunalité, un département ou une région",
        key="recherche",
        type="search",
        live="300ms",
        max_chars=80,
        placeholder="Par exemple : cergy pontoise, grand cahors, 95127",
        help="Sans accent ni majuscule si vous voulez ; une faute de frappe est pardonnée.",
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


def show_result(row, found: Current | None) -> None:  # type: ignore[no-untyped-def]
    part = Part(row.level, row.code)
    where = (
        ""
        if row.level in ("departement", "region")
        else departement_text(row.departement_name, row.departement)
    )
    people = f"{number(row.population)} habitants" if pd.notna(row.population) else ""
    details = " · ".join(text for text in (LEVELS[row.level], where, people) if text)
    text, only, add = st.columns([6, 2, 2], vertical_alignment="center")
    text.markdown(f"**{escape_markdown(row.name)}**  \n{escape_markdown(details)}")
    only.button(
        "Choisir",
        key=f"choisir-{row.level}-{row.code}",
        type="primary",
        icon=":material/check:",
        on_click=take,
        args=(Perimeter((part,)),),
        width="stretch",
    )
    if found is not None:
        add.button(
            "Ajouter",
            key=f"ajouter-{row.level}-{row.code}",
            icon=":material/add:",
            on_click=add_part,
            args=(part,),
            disabled=part in found.perimeter.parts,
            width="stretch",
        )


def take(perimeter: Perimeter) -> None:
    choose(perimeter)
    st.session_state["recherche"] = ""


def add_part(part: Part) -> None:
    old: Perimeter = st.session_state["perimeter"]
    opposite = Part(part.level, part.code, removed=True)
    parts = tuple(one for one in old.parts if one != opposite)
    take(Perimeter((*parts, part), old.name))


def remove_commune() -> None:
    code = st.session_state.get("retirer")
    if not code:
        return
    old: Perimeter = st.session_state["perimeter"]
    added = Part("commune", code)
    if added in old.parts:
        parts = tuple(one for one in old.parts if one != added)
    else:
        parts = (*old.parts, Part("commune", code, removed=True))
    choose(Perimeter(parts, old.name))
    st.session_state["retirer"] = None


def drop_part(part: Part) -> None:
    old: Perimeter = st.session_state["perimeter"]
    choose(Perimeter(tuple(one for one in old.parts if one != part), old.name))


def rename() -> None:
    old: Perimeter = st.session_state["perimeter"]
    choose(Perimeter(old.parts, st.session_state["nom_saisi"]))


def reopen() -> None:
    uploaded = st.session_state.get("fichier")
    if uploaded is None:
        return
    if uploaded.size > MAX_FILE_BYTES:
        st.session_state["file_error"] = "Ce fichier est trop gros pour un périmètre Gradient."
        return
    try:
        perimeter, notes = load(uploaded.getvalue(), warehouse().facts["build_id"])
    except PerimeterFileError as error:
        st.session_state["file_error"] = str(error)
        return
    st.session_state.pop("file_error", None)
    choose(perimeter)
    st.session_state["perimeter_notes"] = tuple(notes)


def show_file_box(found: Current | None) -> None:
    with st.expander("Enregistrer ou rouvrir un périmètre", icon=":material/folder_open:"):
        if found is not None:
            st.download_button(
                "Enregistrer ce périmètre",
                dump(found.perimeter, warehouse().facts["build_id"]),
                file_name=file_name(found.perimeter, ".json"),
                mime="application/json",
                icon=":material/download:",
                on_click="ignore",
            )
            st.caption(
                "L'adresse de cette page contient aussi le périmètre : copiez-la pour la partager."
            )
        st.file_uploader(
            "Rouvrir un fichier de périmètre (.json)",
            type=["json"],
            key="fichier",
            on_change=reopen,
        )
        if "file_error" in st.session_state:
            st.error(escape_markdown(st.session_state["file_error"]), icon=":material/error:")


def show_composition(found: Current) -> None:
    st.text_input(
        "Nom du périmètre",
        value=found.perimeter.name,
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
            "Retirer une commune",
            sorted(names, key=lambda code: names[code]),
            index=None,
            format_func=lambda code: f"{names[code]} ({code})",
            key="retirer",
            placeholder="Choisir une commune du périmètre",
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
        key="perimetre",
    )
    missing = int((~found.communes["has_contour"]).sum())
    if missing:
        st.caption(
            f"{count_of(missing, 'commune')} sans contour : dans les tableaux, pas sur la carte."
        )


def show_communes(found: Current) -> None:
    with st.expander(f"Les communes ({len(found.codes)})", icon=":material/list:"):
        table = found.communes[["code", "name", "epci_name", "departement_name", "population"]]
        st.dataframe(
            table.set_axis(
                ["Code", "Commune", "Intercommunalité", "Département", "Population"], axis=1
            ),
            hide_index=True,
            column_config={"Population": st.column_config.NumberColumn(format="localized")},
            alt="Communes du périmètre",
        )


found = current()
if found is None:
    welcome()
    for note in (
        *st.session_state.pop("unresolved", ()),
        *st.session_state.get("perimeter_notes", ()),
    ):
        st.warning(escape_markdown(note), icon=":material/info:")
    show_search(None)
    show_examples()
    show_file_box(None)
else:
    header(found, "Périmètre")
    for column, (page, label, icon) in zip(st.columns(len(NEXT_PAGES)), NEXT_PAGES, strict=True):
        column.page_link(page, label=label, icon=icon)
    left, right = st.columns([3, 2], gap="large")
    with left:
        show_map(found)
        show_communes(found)
    with right:
        people, places, bodies = st.columns(3)
        people.metric("Habitants", number(found.population))
        places.metric("Communes", number(len(found.codes)))
        bodies.metric("Intercommunalités", number(found.communes["epci_code"].nunique()))
        show_composition(found)
        show_search(found)
        show_file_box(found)
