"""Core indicators that the perimeter lacks: which, why, and where to ask for them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from diagnostic.comparison import shown
from pages.shared import Current, indicators, mart, show_table
from views import core as words
from views.core import Missing
from views.text import escape_markdown
from warehouse.core import CoreIndicator, load_core


@st.cache_resource(show_spinner=False)
def core() -> list[CoreIndicator]:
    """Core indicators of a diagnosis, in order."""
    return load_core()


def show_missing(found: Current, own: pd.DataFrame, others: pd.DataFrame) -> None:
    """The section of the portrait; ``own`` and ``others``: figures of it and of the benchmarks."""
    rows = missing(found, own, others)
    st.subheader(words.TITLE, anchor=False)
    st.markdown(escape_markdown(words.core_sentence(len(core()) - len(rows), len(core()))))
    if not rows:
        return
    with st.expander(f"La liste ({len(rows)})", icon=":material/inventory:"):
        show_table(words.missing_table(rows), "Indicateurs de base sans chiffre ici")
        st.caption(words.LEGEND)
        st.page_link("pages/donnees.py", label="Ouvrir la page Données", icon=":material/database:")


def missing(found: Current, own: pd.DataFrame, others: pd.DataFrame) -> list[Missing]:
    """Core indicators without a figure for the perimeter, in order."""
    known = set(own.index[shown(own)])
    return [_lack(one, found, own, others) for one in core() if not known & set(one.indicators)]


def _lack(one: CoreIndicator, found: Current, own: pd.DataFrame, others: pd.DataFrame) -> Missing:
    cards = [indicators()[name] for name in one.indicators]
    here = own[own.index.isin(one.indicators)]
    elsewhere = others[others["indicator_id"].isin(one.indicators) & shown(others)]
    places = {f"{place.level}:{place.code}": place.name for place in found.comparators}
    sources = mart("sources").set_index("id")
    waiting = sources[sources["state"].eq("non chargé") & ~sources["grain"].str.startswith("QPV")]
    wanted = [name for card in cards for name in card.sources if name in waiting.index]
    return Missing(
        one.label,
        one.producer,
        one.access,
        one.level,
        one.ask,
        masked=bool(here["state"].eq("secret").any()),
        larger=[places[key] for key in places if key in set(elsewhere["place"])],
        to_load=[
            (row.title, row.grain) for row in waiting.loc[list(dict.fromkeys(wanted))].itertuples()
        ],
    )
