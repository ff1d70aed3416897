"""An indicator over time beside its comparator: chart, what may be said, values."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.comparator import Comparator
from pages.reading import reading
from pages.shared import Current, profile, show_table
from pages.trends import time_lines, trend_sentence
from views.sheet import CONFIG, OTHER, OWN, time_chart
from views.text import escape_markdown, number, period_text, quantity
from warehouse.indicators import IndicatorCard


def show_series(found: Current, comparator: Comparator, card: IndicatorCard, key: str) -> None:
    """Chart of the perimeter and its comparator, the sentence that goes with it, the values."""
    own = time_lines(profile(found), card)
    if len(own) < 2:
        known = "Une seule période est chargée" if len(own) else "Aucune période n'a de chiffre ici"
        st.markdown(f"{known} : rien à dire d'une évolution.")
        return
    others = time_lines(comparator.values, card)
    others = others[others["period"].isin(own["period"])]
    lines = [(found.label, own, OWN), (comparator.name, others, OTHER)]
    st.plotly_chart(
        time_chart(lines, reading(card)),
        key=key,
        config=CONFIG,
        alt=f"{card.label} à {found.label}, {number(len(own))} périodes ; les valeurs sont dans le tableau.",
    )
    st.markdown(escape_markdown(trend_sentence(own, card)))
    with st.expander("Les valeurs", icon=":material/table:"):
        table = own[["period", "value", "low", "high"]].merge(
            others[["period", "value"]].rename(columns={"value": "other"}), on="period", how="left"
        )
        said = {
            "Période": table["period"].map(lambda one: period_text(str(one))),
            found.label: table["value"].map(lambda one: text(one, card)),
            "Intervalle à 95 %": [
                "–" if pd.isna(low) else f"{text(low, card)} à {text(high, card)}"
                for low, high in zip(table["low"], table["high"], strict=True)
            ],
            comparator.name: table["other"].map(lambda one: text(one, card)),
        }
        show_table(pd.DataFrame(said), f"{card.label}, période par période")


def text(value: float, card: IndicatorCard) -> str:
    """A value as the table of the series writes it."""
    return quantity(value, card.unit, card.decimals, signed=card.signed, short=True)
