"""Accès aux soins: what is within reach, what would change if it moved, the quartiers."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from diagnostic.perimeter import file_name
from pages.care import BPE, Distances, Kind, distances, periods
from pages.care_told import beyond_table, mark_sentences, professions_table, zoning_text
from pages.comparator import Comparator, choose_comparator
from pages.layers import contour_credit, layer
from pages.linked import linked_segments, linked_selectbox
from pages.map_controls import DRAWN_OVER, LISTED
from pages.mapping import TOOLTIPS
from pages.quarter_sites import show_quartiers
from pages.reading import assessed, reading
from pages.series import show_series
from pages.shared import Current, header, indicators, require_perimeter, show_table
from pages.what_if import show_what_if
from views.care import (
    FRONTIER,
    MARK_RULE,
    NEAR_FRONTIER,
    NO_APL_HERE,
    NO_SITES,
    NO_TWENTY_MINUTES,
    NO_TWENTY_MINUTES_HERE,
    NO_ZONING,
    OLDER_RULE,
    OLDER_TITLE,
    PARTIAL_SITES,
    PROFESSIONS,
    SITES_NOT_SUPPLY,
    STRAIGHT_LINE,
    THRESHOLDS,
    TWENTY_MINUTES,
    UNDER_65,
    UNDER_65_LABEL,
    UNDER_TITLE,
    WITHOUT_APL,
    distance_labels,
    distance_sentence,
    far_sentence,
    km_text,
)
from views.classification import Classes, classify, palette
from views.maps import choropleth_map
from views.sentences import comparison_sentence, subject
from views.tables import csv_file
from views.text import alphabetical, count_of, escape_markdown, number, period_text

VIEWS = {"acces": "Accès aujourd'hui", "et-si": "Et si…", "quartiers": "Quartiers prioritaires"}


def show_access(found: Current) -> None:
    """What is published of access, then what can be measured of distances."""
    comparator = choose_comparator(found)
    frame = assessed(found, comparator)
    st.subheader(f"Accessibilité (APL), par rapport à : {comparator.name}", anchor=False)
    show_professions(found, comparator, frame)
    if set(found.departements) <= WITHOUT_APL:
        st.info(NO_APL_HERE, icon=":material/info:")
    loaded = {one.apl: one.label for one in PROFESSIONS.values() if one.apl in frame.index}
    if UNDER_65 in frame.index:
        loaded[UNDER_65] = UNDER_65_LABEL
    if loaded:
        left, right = st.columns(2, gap="large")
        with left:
            chosen = linked_selectbox(st.container(), "Série", loaded, next(iter(loaded)), "serie")
            show_series(found, comparator, indicators()[chosen], "serie-apl")
        with right:
            show_marks(found, frame)
    show_distances(found)
    left, right = st.columns(2, gap="large")
    with left:
        show_twenty_minutes(found, frame, comparator)
    with right:
        show_zoning(found)


def show_professions(found: Current, comparator: Comparator, frame: pd.DataFrame) -> None:
    """The five professions; those without a figure with the file to load."""
    table = professions_table(found, comparator, frame)
    show_table(
        table,
        "Accessibilité aux cinq professions",
        ["APL", comparator.name],
    )
    main = PROFESSIONS["generalistes"].apl
    if main in frame.index:
        card = indicators()[main]
        said = comparison_sentence(
            frame.loc[main], subject(card.label), reading(card), comparator.of
        )
        st.markdown(escape_markdown(said))
    st.caption(
        "Généralistes : consultations accessibles par an et par habitant. Autres professions : équivalents "
        "temps plein pour 100 000 habitants (ou femmes) ; les deux unités ne se comparent pas. L'APL est un "
        "résultat de modèle, sans intervalle de confiance."
    )


def show_marks(found: Current, frame: pd.DataFrame) -> None:
    """People under the zoning mark, and what depends on doctors over 65."""
    main = PROFESSIONS["generalistes"].apl
    if main not in frame.index or pd.isna(frame.loc[main, "value"]):
        return
    below, older = mark_sentences(found, frame)
    st.markdown(f"**{UNDER_TITLE}**")
    st.markdown(below)
    st.caption(MARK_RULE)
    if older:
        st.markdown(f"**{OLDER_TITLE}**")
        st.markdown(older)
        st.caption(OLDER_RULE)


def show_distances(found: Current) -> None:
    st.subheader("À quelle distance ?", anchor=False)
    measured = distances(found)
    if not measured.kinds:
        st.info(
            "Ni équipement (BPE) ni site (FINESS) n'est chargé pour ces communes : voyez la page Données.",
            icon=":material/info:",
        )
        return
    st.caption(STRAIGHT_LINE)
    if FRONTIER & set(found.departements):
        st.caption(NEAR_FRONTIER)
    show_beyond(found, measured)
    if all(kind.source == BPE for kind in measured.kinds.values()):
        st.caption(PARTIAL_SITES if measured.partial else NO_SITES)
    labels = {name: f"{kind.label} ({kind.source})" for name, kind in measured.kinds.items()}
    name = linked_selectbox(
        st.container(width=420), "Sur la carte", labels, next(iter(labels)), "service"
    )
    show_distance_map(found, measured, measured.kinds[name])
    st.caption(SITES_NOT_SUPPLY)
    if len(found.codes) <= LISTED:
        word = found.place
        title = f"{word.capitalize()} par {word} ({number(len(found.codes))})"
        with st.expander(title, icon=":material/table:"):
            show_listing(found, measured, measured.kinds[name])
    else:
        st.caption(
            f"Les {count_of(len(found.codes), 'commune')} sont dans le fichier CSV, à télécharger ci-dessous."
        )
    st.download_button(
        "Télécharger les distances (CSV)",
        lambda: csv_file(distance_listing(found, measured, list(measured.kinds.values()))),
        file_name=file_name(found.perimeter, "-distances.csv"),
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def show_beyond(found: Current, measured: Distances) -> None:
    """People past each threshold, kind by kind: equipments by commune, then sites by their point."""
    frame = beyond_table(found, measured)
    counted = frame["Source"].str.startswith(BPE)
    title = "Habitants selon la distance au plus proche"
    if counted.any():
        equipments = frame[counted]
        show_table(equipments, f"{title}, équipements", list(frame.columns[2:]))
    if not counted.all():
        sites = frame[~counted].drop(columns=frame.columns[2])
        show_table(sites, f"{title}, sites", list(sites.columns[2:]))
    missing = int(found.communes["lon"].isna().sum())
    if missing:
        st.caption(f"{count_of(missing, found.place)} sans contour : sans distance.")


def show_listing(found: Current, measured: Distances, kind: Kind) -> None:
    """The distances of the map, read without it."""
    shown = column_label(measured, kind)
    show_table(
        distance_listing(found, measured, [kind]),
        f"Distance de chaque {found.place} au plus proche, à vol d'oiseau : {shown}",
        [shown, "Habitants"],
    )
    st.caption("Le fichier ci-dessous donne toutes les distances.")


def distance_listing(found: Current, measured: Distances, kinds: list[Kind]) -> pd.DataFrame:
    """One row a commune, one column a kind of care."""
    ordered = found.communes.sort_values("name", key=lambda names: names.map(alphabetical))
    columns: dict[str, list[str]] = {found.place.capitalize(): list(ordered["name"])}
    for kind in kinds:
        here = measured.found[kind.id].reindex(ordered["code"])
        columns[column_label(measured, kind)] = [
            km_text(km, exact=exact is True or bool(exact))
            for km, exact in zip(here["km"], here["exact"].eq(True), strict=True)
        ]
    columns["Habitants"] = list(ordered["population"].map(number))
    return pd.DataFrame(columns)


def column_label(measured: Distances, kind: Kind) -> str:
    """Name of a kind, with its source when two sources have the same."""
    alike = [one for one in measured.kinds.values() if one.label == kind.label]
    return kind.label if len(alike) == 1 else f"{kind.label} ({kind.source})"


def show_distance_map(found: Current, measured: Distances, kind: Kind) -> None:
    shapes = layer(found)
    here = measured.found[kind.id]
    # « At most » beyond the last threshold: nothing is known.
    values = here["km"].where(here["exact"].eq(True) | (here["km"] <= THRESHOLDS[-1])).dropna()
    if shapes is None or values.empty:
        st.info("Pas de carte ici : le tableau donne les distances.", icon=":material/map:")
        return
    own = kind.source == BPE
    st.markdown(
        escape_markdown(
            distance_sentence(kind.label, values, len(found.codes), found.place, own=own)
        )
    )
    cuts = [0.0, *THRESHOLDS] if own else list(THRESHOLDS)
    classes: Classes = classify(values, "seuils", 5, cuts)
    choropleth_map(
        shapes,
        classes=classes,
        values=values,
        states=here["exact"]
        .map({True: "ok", False: "approx"})
        .where(here.index.isin(values.index), "absent"),
        colours=palette("neutre", classes.size),
        tooltips=distance_tooltips(found, here),
        inside=set(found.codes),
        legend_title=f"{kind.label} : distance au plus proche",
        legend_labels=distance_labels(THRESHOLDS, own=own, place=found.place),
        approximate_label="Au plus cette distance",
        absent_label="Distance inconnue",
        points=site_points(found, measured, kind),
        point_categories={kind.id: (kind.label, "#c05a00", "losange" if own else "cercle")},
        height=520,
        attribution=contour_credit(),
        key="acces",
    )


def distance_tooltips(found: Current, here: pd.DataFrame) -> pd.Series:
    """The commune, its distance and the nearest; none for a map that would be too heavy with them."""
    if len(here) > TOOLTIPS:
        return pd.Series(dtype=object)
    names = found.communes.set_index("code")["name"].reindex(here.index)
    rows = zip(names, here["km"], here["exact"], here["name"], strict=True)
    texts = [
        f"{name}\n{km_text(km, exact=bool(exact))}"
        + (f"\n{nearest}" if isinstance(nearest, str) else "")
        for name, km, exact, nearest in rows
    ]
    return pd.Series(texts, index=here.index, dtype=object)


def site_points(found: Current, measured: Distances, kind: Kind) -> pd.DataFrame:
    """Where the kind is, in the départements of the map; a BPE count stands at its commune's point.

    None on a map of a country: they would hide it.
    """
    sites = measured.sites[kind.id]
    if len(found.codes) > DRAWN_OVER:
        sites = sites.head(0)
    if kind.source == BPE:
        sites = sites[sites["departement_code"].isin(found.departements)]
        how = [number(count) for count in sites["facilities"]]
        names = [f"{name} : {count}" for name, count in zip(sites["name"], how, strict=True)]
    else:
        what = zip(sites["name"], sites["category"], strict=True)
        names = [f"{name} ({category})" for name, category in what]
    return sites[["lon", "lat"]].assign(code=sites.index, name=names, category=kind.id)


def show_twenty_minutes(found: Current, frame: pd.DataFrame, comparator: Comparator) -> None:
    st.markdown("**À plus de 20 minutes de route**")
    if TWENTY_MINUTES not in frame.index:
        st.markdown(NO_TWENTY_MINUTES_HERE if periods(TWENTY_MINUTES) else NO_TWENTY_MINUTES)
        return
    card, row = indicators()[TWENTY_MINUTES], frame.loc[TWENTY_MINUTES]
    said = comparison_sentence(row, subject(card.label), reading(card), comparator.of)
    people = "" if pd.isna(row["value"]) else far_sentence(row["value"], found.population)
    st.markdown(f"{escape_markdown(said)} ({period_text(str(row['period']))}) {people}")
    st.caption(escape_markdown(" ".join(card.caveats)))


def show_zoning(found: Current) -> None:
    st.markdown("**Zonage officiel (ZIP, ZAC)**")
    listed = zoning_text(found)
    st.markdown(listed or NO_ZONING)
    if not listed:
        st.page_link("pages/donnees.py", label="Ouvrir la page Données", icon=":material/database:")


found = require_perimeter()
header(found, "Accès aux soins")
view = linked_segments("Que voulez-vous voir ?", VIEWS, "acces", "vue")
if view == "et-si":
    show_what_if(found)
elif view == "quartiers":
    show_quartiers(found)
else:
    show_access(found)
