"""Quartiers prioritaires of the perimeter, beside their city, where figures exist."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.reading import reading
from pages.shared import Current, indicators, mart, show_table
from views import quarters as words
from views.text import alphabetical, departement_text, escape_markdown

DATA_PAGE = "pages/donnees.py"


def show_quarters(found: Current) -> None:
    """Names of the quartiers, their figures beside those of their city, and what does not exist."""
    st.subheader("Quartiers prioritaires et leur ville", anchor=False)
    rows = mart("quarter_figures", codes=found.code_list)
    rows = rows[rows["indicator_id"].isna() | rows["indicator_id"].isin(list(indicators()))]
    listed = rows[rows["geography"] == "QP2024"].drop_duplicates(["code", "commune_code"])
    named = listed.groupby("code").agg(name=("name", "first"), communes=("commune_name", list))
    current = sorted(words.told_apart(named), key=alphabetical)
    figures = rows[rows["indicator_id"].notna()]
    if found.arrondissements:
        st.markdown(words.ONLY_CITIES)
    if not current and figures.empty:
        if found.arrondissements < len(found.codes):
            st.markdown(words.NO_QUARTER)
        return
    if current:
        st.markdown(escape_markdown(words.quarters_sentence(current)))
        show_unlisted(found)
    with_figures = set(figures["geography"])
    if current and "QP2024" not in with_figures:
        st.markdown(escape_markdown(words.no_figures(older="QP2015" in with_figures)))
        st.page_link(DATA_PAGE, label="Ouvrir la page Données", icon=":material/database:")
    for geography, title in words.GEOGRAPHIES.items():
        if geography in with_figures:
            _show_geography(rows[rows["geography"] == geography], geography, title)
    st.caption(words.HEALTH)


def show_unlisted(found: Current) -> None:
    """The départements of the perimeter whose quartiers are not known, if any."""
    listed = set(mart("quartier_departements")["code"])
    held = found.communes[["departement_name", "departement_code"]].drop_duplicates()
    unlisted = held[~held["departement_code"].isin(listed)]
    if len(unlisted):
        names = [departement_text(name, code) for name, code in unlisted.itertuples(index=False)]
        st.caption(escape_markdown(words.unlisted_text(names)))


def _show_geography(figures: pd.DataFrame, geography: str, title: str) -> None:
    cards = indicators()
    cities = mart("commune_values", codes=sorted(figures["commune_code"].unique()))
    table = words.quarters_table(
        figures,
        cities,
        list(cards),
        {name: card.short_label for name, card in cards.items()},
        {name: reading(card) for name, card in cards.items()},
    )
    st.markdown(f"**{title}**")
    show_table(table, f"Quartiers prioritaires et leur ville, {title}", table.columns[2:])
    st.caption(words.BESIDE)
    if geography == "QP2015":
        st.caption(words.BEFORE_2024)
