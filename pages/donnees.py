"""Données: what is loaded and how old, loading more, dropping files, the dictionary, the tables."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from connectors.cards import load_sources
from connectors.errors import ConnectorError
from diagnostic.perimeter import file_name
from pages.dropping import dropping
from pages.exporting import exporting
from pages.local_data import exportable, kept_back, local_sources
from pages.refreshing import loading, offer_new_build, what_changed
from pages.shared import (
    current,
    indicators,
    mart,
    profile,
    show_table,
    warehouse,
)
from views.donnees import KINDS, scope_sentence, source_link, state_text
from views.tables import csv_file
from views.text import DIRECTIONS, STATES, THEMES, escape_markdown, number, period_text
from warehouse.fetch import age

found = current()
st.title("Données", anchor=False)
facts = warehouse().facts
every_source = mart("sources")
is_loaded = every_source["rows"] > 0
sources = every_source[is_loaded]
has_producer_file = every_source["state"] == "chargé"
departements = mart("loaded_departements")
st.markdown(
    f"Construction **{escape_markdown(facts['build_id'])}**, du "
    f"{pd.Timestamp(facts['construit_le']).strftime('%d/%m/%Y à %H:%M')} (temps universel). "
    "Tous les chiffres viennent des sources chargées ci-dessous : aucune connexion n'est nécessaire "
    "pour les lire.  \n"
    + scope_sentence(
        facts["profil"],
        int(has_producer_file.sum()),
        list(departements[departements["loaded"]]["name"]),
        len(departements),
    )
)
offer_new_build("haut")

st.subheader("Les sources", anchor=False)
show_table(
    pd.DataFrame(
        {
            "Producteur": sources["producer"],
            "Titre": sources["title"],
            "Millésime": sources["vintage"],
            "Lignes": sources["rows"].map(number),
            "Licence": sources["licence"],
            "Mise à jour": sources["cadence"],
            "État et âge": [
                state_text(state, age(day) if day else "")
                for state, day in zip(sources["state"], sources["retrieved_at"], strict=True)
            ],
        }
    ),
    "Sources de données",
    ["Lignes"],
)
what_changed()
with st.expander("Sources connues, pas encore chargées", icon=":material/cloud_download:"):
    waiting = [
        f"- {source_link(row.title, row.page)} : "
        + escape_markdown(f"{row.producer} ; millésime {row.vintage} ; {row.licence}")
        for row in every_source[~is_loaded].itertuples()
    ]
    st.markdown("\n".join(waiting))
with st.expander("Limites de chaque source", icon=":material/warning:"):
    for row in sources.itertuples():
        told = list(map(escape_markdown, row.caveats))
        if row.page:
            told.append(f"Page du producteur : <{row.page}>")
        if row.checked:
            told.append(f"Vérifié : {escape_markdown(row.checked)}")
        heading = f"**{escape_markdown(row.producer)}**, {escape_markdown(row.title)}"
        st.markdown(f"{heading}\n\n" + "\n".join(f"- {one}" for one in told))

st.subheader("Charger les données des producteurs", anchor=False)
try:
    load_sources()
except ConnectorError as error:
    st.error(escape_markdown(str(error)), icon=":material/error:")
else:
    loading(found)
    st.subheader("Déposer un fichier public", anchor=False)
    dropping()

st.subheader("Le dictionnaire des indicateurs", anchor=False)
dictionary = pd.DataFrame(
    [
        {
            "Identifiant": card.id,
            "Indicateur": card.label,
            "Thème": THEMES[card.theme],
            "Unité": card.unit,
            "Sens": DIRECTIONS[card.direction],
            "Pour un territoire": KINDS[card.kind],
            "Définition": card.definition,
            "Mises en garde": " ".join(card.caveats),
        }
        for card in indicators().values()
    ]
)
shown_columns = [
    "Indicateur",
    "Thème",
    "Unité",
    "Pour un territoire",
    "Définition",
    "Mises en garde",
]
show_table(dictionary[shown_columns], "Dictionnaire des indicateurs")
st.download_button(
    "Télécharger le dictionnaire (CSV)",
    csv_file(dictionary[~dictionary["Identifiant"].map(lambda name: kept_back([name]))]),
    file_name="gradient-dictionnaire.csv",
    mime="text/csv",
    icon=":material/download:",
    on_click="ignore",
)

if found is not None:
    st.subheader(f"Tous les chiffres : {escape_markdown(found.label)}", anchor=False)
    frame = exportable(profile(found))
    cards = indicators()
    export = pd.DataFrame(
        {
            "Identifiant": frame["indicator_id"],
            "Indicateur": frame["indicator_id"].map(lambda one: cards[one].label),
            "Période": frame["period"].map(period_text),
            "Valeur": frame["value"],
            "Numérateur": frame["numerator"],
            "Dénominateur": frame["denominator"],
            "Borne basse": frame["ci_low"],
            "Borne haute": frame["ci_high"],
            "État": frame["state"].map(lambda state: STATES[state] or "publié"),
            "Précision": frame["reason"].fillna(""),
            "Population couverte (%)": (100 * frame["coverage"]).round(1),
            "Source": frame["source_id"].replace(local_sources()),
        }
    ).sort_values(["Identifiant", "Période"])
    st.caption(f"{number(len(export))} lignes, toutes périodes.")
    st.download_button(
        "Télécharger les chiffres du périmètre (CSV)",
        csv_file(export),
        file_name=file_name(found.perimeter, "-chiffres.csv"),
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )

st.subheader("Toutes les tables", anchor=False)
exporting(found)
