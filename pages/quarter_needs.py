"""Groups among the quartiers prioritaires of the perimeter, once those of all France are loaded."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from diagnostic import need
from diagnostic.quarter_need import quarter_groups
from pages.needs import DRAWS, quarter_domains
from pages.shared import Current, build_path, indicators, mart, open_warehouse, show_table
from views.cibles import NO_QUARTER_GROUPS, quarter_groups_text, quarter_listing
from views.text import period_text

GEOGRAPHY = "QP2015"


@dataclass(frozen=True)
class QuarterNeeds:
    """Need and group of the quartiers of France, and how many are listed."""

    table: pd.DataFrame
    listed: int


@st.cache_resource(max_entries=2, show_spinner="Lecture des quartiers de France…")
def _quarter_needs(path: str) -> QuarterNeeds | None:
    source = open_warehouse(path)
    members = source.mart("members")
    communes = sorted(members.loc[members["parent_level"] == "commune", "commune_code"])
    rows = source.mart("quarter_figures", codes=communes)
    rows = rows[rows["geography"] == GEOGRAPHY].drop_duplicates(["code", "indicator_id", "period"])
    periods = {one.id: one.period for domain in quarter_domains() for one in domain.indicators}
    people = rows[rows["indicator_id"] == "population_municipale"].set_index("code")["value"]
    used = rows[rows["period"] == rows["indicator_id"].map(periods)]
    wide = used.pivot(index="code", columns="indicator_id", values="value")
    wide = wide.reindex(index=people.index, columns=list(periods)).astype(float)
    if wide.empty:
        return None
    directions = {
        domain.id: {one.id: one.direction for one in domain.indicators}
        for domain in quarter_domains()
    }
    table = quarter_groups(wide, people.fillna(0.0), directions, DRAWS)
    return None if table is None else QuarterNeeds(table, len(wide))


def show_quarter_groups(found: Current) -> None:
    """The groups of the quartiers of 2015 of the perimeter, or what they wait for."""
    drawn = _quarter_needs(build_path())
    rows = mart("quarter_figures", codes=found.code_list)
    rows = rows[rows["geography"] == GEOGRAPHY]
    if drawn is None or rows.empty:
        st.markdown(NO_QUARTER_GROUPS)
        return
    here = rows.groupby("code").agg(
        name=("name", "first"),
        commune_name=("commune_name", lambda names: ", ".join(dict.fromkeys(names))),
    )
    table = here.join(drawn.table, how="inner")
    st.markdown(quarter_groups_text(int(drawn.table["classable"].sum()), drawn.listed))
    labels = {f"{need.DOMAIN_PREFIX}{one.id}": one.label for one in quarter_domains()}
    show_table(
        quarter_listing(table.assign(between=need.frontiers(table)), labels),
        "Groupe de chaque quartier de 2015, entre quartiers",
        list(labels.values()),
    )
    cards = indicators()
    figures = [
        f"{cards[one.id].short_label} ({period_text(str(one.period))})"
        for domain in quarter_domains()
        for one in domain.indicators
    ]
    st.caption(
        f"Chiffres : {', '.join(figures)}. Chaque domaine est en écarts-types des quartiers de France : 0 est leur "
        "moyenne. Aucune erreur n'est publiée pour ces chiffres : les probabilités ne mesurent que les choix de "
        "calcul, et sont un peu trop sûres d'elles. Âge, emploi et santé n'y entrent pas, faute de chiffre."
    )
