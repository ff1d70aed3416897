"""Loading data from the screen: what to ask for, its progress, what came of it."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import streamlit as st

from connectors.base import Scope
from connectors.cards import SourceCard, load_sources
from pages.shared import (
    PERIMETER_PAGE,
    Current,
    build_path,
    indicators,
    show_table,
    use_published,
)
from views.donnees import (
    WHERE_HELP,
    difference_lines,
    duration_text,
    plain,
    size_text,
    source_link,
    to_know,
    where_text,
)
from views.text import count_of, escape_markdown, joined, number
from warehouse.diff import Difference, UnknownBuild, compare, last_builds
from warehouse.errors import WarehouseError
from warehouse.fetch import age, expected_files, fetchable, scope_of
from warehouse.paths import data_dir, published
from warehouse.refresh import Job, Order, SourceResult, State, job, start

LOOPBACK = ("127.0.0.1", "localhost", "::1")
ADMIN = "GRADIENT_ADMIN"
# A relay in front of a server on loopback: whoever is behind it may be anywhere.
RELAYED = ("X-Forwarded-For", "X-Real-Ip", "Forwarded")
EVERY = 1.0
NOT_HERE = (
    "Charger ou remplacer les données partagées est réservé à la personne qui fait tourner "
    "Gradient : sur son propre poste, ou en lançant l'application avec la variable "
    "GRADIENT_ADMIN=1. Demandez-le-lui."
)
WHERE = {
    "departement": ("mon département", "mes départements"),
    "region": ("ma région", "mes régions"),
    "france": ("la France", "la France"),
}


def may_change_data() -> bool:
    """Whether this visitor may load, drop or rebuild: on this machine, or where an admin said so."""
    if os.environ.get(ADMIN) == "1":
        return True
    relayed = any(name in st.context.headers for name in RELAYED)
    return st.get_option("server.address") in LOOPBACK and not relayed


def source_titles(cards: dict[str, SourceCard]) -> dict[str, str]:
    """Title of each source, after its producer."""
    return {name: f"{card.producer}, {card.title}" for name, card in cards.items()}


@st.cache_data(max_entries=8, show_spinner="Comparaison des deux constructions…")
def _difference(before: str, after: str) -> Difference | str:
    """What changed, or the sentence that says why the two cannot be compared."""
    try:
        return compare(Path(before), Path(after))
    except UnknownBuild as error:
        return str(error)


def tell_difference(before: Path, after: Path) -> None:
    """What changed from a build to another, in plain French."""
    found = _difference(str(before), str(after))
    if isinstance(found, str):
        st.markdown(escape_markdown(found))
        return
    labels = {card.id: card.label for card in indicators().values()}
    lines = difference_lines(found, source_titles(load_sources()), labels)
    st.markdown("\n".join(f"- {line}" for line in lines))


def what_changed() -> None:
    """The two last builds compared, in a fold that is only computed once open; none without two."""
    try:
        before, after = last_builds(data_dir())
    except UnknownBuild:
        return
    fold = st.expander(
        "Ce qui a changé depuis la construction précédente",
        icon=":material/difference:",
        on_change="rerun",
        key="ce_qui_a_change",
    )
    if fold.open:
        with fold:
            tell_difference(before, after)


def offer_new_build(where: str) -> None:
    """Say that a newer build than the one this session reads is ready, and let it be read.

    ``where`` on the page tells this offer from another one.
    """
    if str(published().path) == build_path():
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            ":material/new_releases: **Nouvelle construction prête.** Vos écrans gardent la "
            "précédente jusqu'à votre accord.",
            width="stretch",
        )
        st.button(
            "Utiliser ces données", on_click=use_published, type="primary", key=f"utiliser_{where}"
        )


def loading(found: Current | None) -> None:
    """The whole section: choose and start, or follow, then read what came of it."""
    current = job()
    if current is not None and current.state.running:
        _follow(current)
        return
    if current is not None:
        _outcome(current.state)
    if may_change_data():
        _choose(found)
    else:
        st.info(NOT_HERE, icon=":material/lock:")


def launch(order: Order) -> None:
    """Start a refresh and show it; a refusal is a sentence."""
    try:
        start(order)
    except WarehouseError as error:
        st.error(escape_markdown(str(error)), icon=":material/hourglass_top:")
        return
    st.rerun()


# Choosing.


def _places(found: Current | None) -> dict[str, tuple[str, ...]]:
    """What may be loaded: départements by choice; none for the whole country."""
    if found is None:
        return {"france": ()}
    regions = tuple(sorted(found.communes["region_code"].dropna().unique()))
    return {
        "departement": found.departements,
        "region": scope_of(regions=regions).departements,
        "france": (),
    }


def _place_names(choice: str, found: Current | None) -> list[str]:
    if found is None or choice == "france":
        return []
    return sorted(found.communes[f"{choice}_name"].dropna().unique())


def _mine(choice: str, found: Current | None) -> str:
    """« mon département », « mes départements »…"""
    return WHERE[choice][len(_place_names(choice, found)) > 1]


def _place_label(choice: str, found: Current | None) -> str:
    mine, names = _mine(choice, found), _place_names(choice, found)
    label = mine[0].upper() + mine[1:]
    if not names:
        return label
    shown = joined(names) if len(names) <= 3 else f"{names[0]} et {len(names) - 1} autres"
    return f"{label} : {escape_markdown(shown)}"


@st.cache_data(max_entries=16, show_spinner=False)
def _expected(departements: tuple[str, ...], elsewhere: str) -> dict[str, int]:
    return expected_files(Scope(departements))


@st.fragment
def _choose(found: Current | None) -> None:
    places = _places(found)
    if found is None:
        st.page_link(
            PERIMETER_PAGE,
            label="Choisissez un périmètre pour ne charger que votre département ou votre région",
            icon=":material/location_on:",
        )
    choice = st.radio(
        "Quelles données charger ?",
        list(places),
        format_func=lambda one: _place_label(one, found),
        key="donnees_a_charger",
        horizontal=True,
    )
    departements = places[choice]
    expected = _expected(departements, os.environ.get("GRADIENT_SOURCES_DIR", ""))
    wanted = _ticked(expected)
    files = sum(expected.get(name, 0) for name in wanted)
    st.markdown(
        f"**{count_of(len(wanted), 'source')}** à demander à leurs producteurs, soit au moins "
        f"{count_of(files, 'fichier')} ; ce qui a moins d'une semaine n'est pas redemandé. Comptez "
        "quelques minutes, plus avec une connexion lente. Gradient reste utilisable pendant ce temps."
    )
    label = f"Charger {_mine(choice, found)}"
    if st.button(label, type="primary", icon=":material/cloud_download:", disabled=not wanted):
        launch(Order(tuple(wanted), departements))


def _ticked(expected: dict[str, int]) -> list[str]:
    """The sources to ask for: all that have an address, but those unticked."""
    cards = fetchable(load_sources())
    by_hand = [card.title for name, card in cards.items() if not expected.get(name)]
    ticked = []
    with st.expander("Choisir les sources", icon=":material/checklist:"):
        sides = zip(st.columns(2, gap="large"), _in_two(cards, expected), strict=True)
        for column, producers in sides:
            with column:
                for producer, names in producers:
                    st.markdown(f"**{escape_markdown(producer)}**")
                    ticked += [name for name in names if _tick(cards[name], expected[name])]
        if by_hand:
            shown = escape_markdown(" ; ".join(sorted(by_hand)))
            st.caption(f"Sans adresse connue, à déposer à la main : {shown}.")
    return [name for name in cards if name in ticked]


def _in_two(
    cards: dict[str, SourceCard], expected: dict[str, int]
) -> tuple[list[tuple[str, list[str]]], list[tuple[str, list[str]]]]:
    """Sources that have an address, by producer, in two columns of about the same height."""
    by_producer: dict[str, list[str]] = {}
    for name in sorted(cards, key=lambda one: cards[one].title):
        if expected.get(name):
            by_producer.setdefault(cards[name].producer, []).append(name)
    columns: tuple[list[tuple[str, list[str]]], ...] = ([], [])
    heights = [0, 0]
    for producer, names in sorted(by_producer.items(), key=lambda item: -len(item[1])):
        shorter = heights.index(min(heights))
        columns[shorter].append((producer, names))
        heights[shorter] += len(names) + 1
    left, right = (sorted(column, key=lambda item: item[0].casefold()) for column in columns)
    return left, right


def _tick(card: SourceCard, files: int) -> bool:
    title = escape_markdown(card.title)
    label = f"{title} ({count_of(files, 'fichier')})"
    return st.checkbox(label, value=True, key=f"oui_{card.id}", wrap=True)


# Following.


def _follow(current: Job) -> None:
    st.fragment(_progress, run_every=EVERY)(current)


def _progress(current: Job) -> None:
    state = current.state
    if not state.running:
        st.rerun()
    st.progress(min(state.fraction, 1.0), text=_doing(state))
    facts = [f"Depuis {duration_text(state.seconds)}"]
    if state.bytes_had:
        facts.append(f"{size_text(state.bytes_had)} reçus")
    if state.results:
        missing = sum(where_text(one) == "manquant" for one in state.results)
        said = count_of(len(state.results), "source demandée", "sources demandées")
        facts.append(said + (f", dont {count_of(missing, 'manquante')}" if missing else ""))
    st.caption(
        f"{' · '.join(facts)}. Vous pouvez changer de page : le chargement continue, et les écrans "
        "gardent leurs données."
    )
    if may_change_data() and st.button("Annuler", icon=":material/cancel:", key="annuler"):
        current.cancel()
        st.toast("Arrêt demandé : ce qui est téléchargé est gardé.", icon=":material/cancel:")
    if state.results:
        _results(state.results)


def _doing(state: State) -> str:
    if state.phase == "construction":
        return f"Construction et contrôles : étape {number(state.step)} sur {number(state.steps)}"
    if not state.source_id:
        return "Préparation du chargement…"
    cards = load_sources()
    title = cards[state.source_id].title if state.source_id in cards else state.source_id
    where = f"source {number(state.position)} sur {number(len(state.order.sources))}"
    said = f"Téléchargement, {where} : {title}"
    if state.done:
        total = f" sur {size_text(state.total)}" if state.total else ""
        said += f" ({size_text(state.done)}{total})"
    return escape_markdown(said)


# What came of it.


def _outcome(state: State) -> None:
    """How the last refresh of this server ended, source by source, and what it changed."""
    with st.container(border=True):
        _ending(state)
        offer_new_build("compte_rendu")
        if state.results:
            _results(state.results)
        for one in state.left:
            said = f"{one.file_name} laissé de côté : {plain(one.reason)}"
            st.caption(escape_markdown(said))
        if state.phase == "fini" and state.before and state.after and state.before != state.after:
            st.markdown("**Ce qui a changé**")
            tell_difference(state.before, state.after)


def _ending(state: State) -> None:
    lasted = duration_text(state.seconds)
    if state.phase == "arrete":
        st.info(
            f"Chargement annulé après {lasted}. Les données affichées n'ont pas changé ; ce qui "
            "était téléchargé est gardé et servira au prochain chargement.",
            icon=":material/cancel:",
        )
        had = any(one.files for one in state.results)
        label = "Construire avec ce qui est déjà là"
        if had and may_change_data() and st.button(label, icon=":material/construction:"):
            launch(Order())
    elif state.phase == "echec":
        st.error(escape_markdown(plain(state.sentence)), icon=":material/error:")
    else:
        wrong = [one for one in state.results if to_know(one)]
        told = f"Chargement terminé en {lasted}. "
        if state.before == state.after:
            told += "Rien de nouveau : les données étaient déjà à jour. "
        if wrong:
            told += (
                f"{count_of(len(wrong), 'source demande', 'sources demandent')} votre attention, en "
                "tête du tableau."
            )
            st.warning(told, icon=":material/rule:")
        else:
            st.success(told, icon=":material/check_circle:")


def _results(results: tuple[SourceResult, ...]) -> None:
    """Every source: those with something to know first."""
    cards = load_sources()
    rows = [
        {
            "Source": cards[one.source_id].title if one.source_id in cards else one.source_id,
            "Provenance": where_text(one),
            "Fichiers": number(one.files) if one.files else "–",
            "Données obtenues": age(one.oldest) if one.oldest else "–",
            "À savoir": to_know(one) or "–",
        }
        for one in sorted(results, key=lambda one: not to_know(one))
    ]
    show_table(pd.DataFrame(rows), "Ce qui a été obtenu, source par source", ["Fichiers"])
    st.caption(WHERE_HELP)
    links = [
        source_link(cards[one.source_id].title, cards[one.source_id].page)
        for one in results
        if one.source_id in cards and to_know(one)
    ]
    if links:
        st.markdown(f"Pages des producteurs : {', '.join(links)}.")
