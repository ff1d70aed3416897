"""Données: what is loaded, from whom, how old, under which licence; the dictionary."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from diagnostic.perimeter import file_name
from pages.shared import current, indicators, mart, profile, show_table, warehouse
from views.tables import csv_file
from views.text import DIRECTIONS, STATES, THEMES, escape_markdown, number, period_text

KINDS = {
    "ratio": "somme des numérateurs / somme des dénominateurs",
    "count": "somme",
    "mean": "moyenne pondérée",
    "median": "valeur publiée, sinon moyenne pondérée (approchée)",
    "ordinal": "communes dans la catégorie la plus haute",
    "sample": "communes avec au moins un prélèvement non conforme",
    "list": "liste, jamais de moyenne",
}

st.title("Données", anchor=False)
facts = warehouse().facts
st.markdown(
    f"Construction **{escape_markdown(facts['build_id'])}**, du "
    f"{pd.Timestamp(facts['construit_le']).strftime('%d/%m/%Y à %H:%M')} (temps universel). "
    "Tous les chiffres viennent des sources chargées ci-dessous : aucune connexion n'est nécessaire."
)

st.subheader("Les sources", anchor=False)
every_source = mart("sources")
is_loaded = every_source["rows"] > 0
sources = every_source[is_loaded]
show_table(
    pd.DataFrame(
        {
            "Producteur": sources["producer"],
            "Titre": sources["title"],
            "Millésime": sources["vintage"],
            "Lignes": sources["rows"].map(number),
            "Licence": sources["licence"],
            "Mise à jour": sources["cadence"],
            "État": sources["state"],
        }
    ),
    "Sources de données",
    ["Lignes"],
)
with st.expander("Sources connues, pas encore chargées", icon=":material/cloud_download:"):
    waiting = every_source[~is_loaded]
    show_table(
        waiting[["producer", "title", "vintage", "licence"]].set_axis(
            ["Producteur", "Titre", "Millésime", "Licence"], axis=1
        ),
        "Sources connues, pas encore chargées",
    )
    st.markdown(
        "Déposez leurs fichiers dans un dossier, puis : "
        "`python -m warehouse build --profil national --depot DOSSIER`."
    )
with st.expander("Limites de chaque source", icon=":material/warning:"):
    for row in sources.itertuples():
        st.markdown(f"**{escape_markdown(row.producer)}**, {escape_markdown(row.title)}")
        for caveat in row.caveats:
            st.markdown(f"- {escape_markdown(caveat)}")
        st.markdown(f"- Page du producteur : <{row.page}>")
        if row.checked:
            st.markdown(f"- Vérifié : {escape_markdown(row.checked)}")

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
    csv_file(dictionary),
    file_name="gradient-dictionnaire.csv",
    mime="text/csv",
    icon=":material/download:",
    on_click="ignore",
)

found = current()
if found is not None:
    st.subheader(f"Tous les chiffres de {escape_markdown(found.label)}", anchor=False)
    frame = profile(found)
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
            "Source": frame["source_id"],
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
