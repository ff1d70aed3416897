"""The quartiers prioritaires of the perimeter: figures where they exist, map, sites close by."""

from __future__ import annotations

import pandas as pd
import shapely
import streamlit as st

from diagnostic.nearby import sites_around
from pages.care import sites_about
from pages.layers import contour_credit, layer, quarters
from pages.quarters import show_quarters
from pages.shared import Current, build_path, mart, show_table
from views.care import NO_SITES, OTHER_SITE, SITE_KINDS
from views.maps import choropleth_map
from views.quarter_sites import (
    HONEST,
    MARKERS,
    NO_LIST,
    NO_OUTLINES,
    NONE_HERE,
    PARTIAL_SITES,
    SITES_NEAR,
    count_text,
)
from views.text import alphabetical, joined

MARGIN_M = 500.0
_LABELS = {kind.id: kind.label for kind in (*SITE_KINDS, OTHER_SITE)}


def show_quartiers(found: Current) -> None:
    """The whole screen."""
    rows = mart("quartiers_of", codes=list(found.cities))
    if rows.empty:
        listed = set(mart("quartier_departements")["code"])
        known = set(found.departements) <= listed
        st.info(NONE_HERE if known else NO_LIST, icon=":material/info:")
        return
    st.markdown(HONEST)
    show_quarters(found)
    st.subheader("Les sites de soins dans le quartier ou à moins de 500 mètres", anchor=False)
    drawn = rows[rows["geometry"].notna()].set_index("code")
    if drawn.empty:
        st.info(NO_OUTLINES, icon=":material/info:")
        return
    drawn = drawn.sort_values("name", key=lambda names: names.map(alphabetical))
    pairs = _pairs(build_path(), tuple(drawn.index), found)
    _show_map(found, drawn, pairs)
    if pairs.empty:
        st.info(NO_SITES, icon=":material/info:")
        return
    _show_counts(drawn, pairs)


@st.cache_data(max_entries=100, show_spinner=False)
def _pairs(path: str, codes: tuple[str, ...], _found: Current) -> pd.DataFrame:
    """One row a (quartier, site) at most 500 m apart, with the site's point, name and category."""
    rows = mart("quartiers_of", codes=list(_found.cities)).set_index("code").loc[list(codes)]
    rows = rows.assign(geometry=shapely.from_wkb(rows["geometry"].map(bytes).to_numpy()))
    bounds = shapely.bounds(rows["geometry"].to_numpy())
    sites = sites_about(
        pd.Series([bounds[:, 0].min(), bounds[:, 2].max()]),
        pd.Series([bounds[:, 1].min(), bounds[:, 3].max()]),
    ).set_index("site_id")
    pairs = sites_around(rows[["geometry", "departement_code"]], sites, MARGIN_M)
    return pairs.join(sites[["name", "kind", "category", "lon", "lat"]], on="site")


def _show_map(found: Current, drawn: pd.DataFrame, pairs: pd.DataFrame) -> None:
    """Outlines of the quartiers over the communes, and the sites counted below."""
    shapes = layer(found)
    if shapes is None:
        return
    nothing = pd.Series(dtype=object)
    near = pairs.drop_duplicates("site")
    counted = near["kind"].value_counts()
    said = joined([f"{_LABELS[name].lower()} : {count}" for name, count in counted.items()])
    choropleth_map(
        shapes,
        classes=None,
        values=nothing,
        states=nothing,
        colours=[],
        tooltips=nothing,
        inside=set(found.codes),
        legend_title="Quartiers prioritaires et sites proches",
        legend_labels=[],
        outlines=quarters(found.cities),
        points=pd.DataFrame(
            {
                "code": near["site"],
                "name": near["name"] + " (" + near["category"] + ")",
                "category": near["kind"],
                "lon": near["lon"],
                "lat": near["lat"],
            }
        ),
        point_categories={name: (_LABELS[name], *MARKERS[name]) for name in _LABELS},
        height=520,
        attribution=contour_credit(),
        key="quartiers",
    )
    if said:
        st.caption(f"Sites montrés, dans les quartiers ou à 500 mètres au plus : {said}.")


def _show_counts(drawn: pd.DataFrame, pairs: pd.DataFrame) -> None:
    table = pd.DataFrame(
        {
            "Quartier": drawn["name"],
            "Communes": drawn["communes"].map(lambda names: joined(list(names))),
        }
    )
    for kind, label in _LABELS.items():
        here = pairs[pairs["kind"] == kind].groupby("outline")["inside"].agg(["sum", "size"])
        if len(here):
            here = here.reindex(drawn.index, fill_value=0)
            table[label] = [
                count_text(int(inside), int(near))
                for inside, near in zip(here["sum"], here["size"], strict=True)
            ]
    show_table(table, "Sites dans chaque quartier ou à moins de 500 mètres")
    st.caption(SITES_NEAR)
    if not set(drawn["departement_code"]) <= set(mart("site_departements")["code"]):
        st.caption(PARTIAL_SITES)
