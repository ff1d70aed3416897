"""The quartiers prioritaires of the perimeter: figures where they exist, map, sites close by."""

from __future__ import annotations

import pandas as pd
import shapely
import streamlit as st

from diagnostic.nearby import reaching, sites_around
from pages.care import places, sites_about
from pages.layers import around, contour_credit, layer, quarters
from pages.quarters import show_quarters
from pages.shared import Current, build_path, geography, mart, show_table
from views.care import NO_SITES, OTHER_SITE, SITE_KINDS
from views.maps import choropleth_map
from views.quarter_sites import (
    HONEST,
    MARKERS,
    NEIGHBOURS_DRAWN,
    NO_LIST,
    NO_OUTLINES,
    NO_SITE_NEAR,
    SITES_NEAR,
    SOME_UNKNOWN,
    missing_outlines_text,
    none_here_text,
    sites_table,
)
from views.quarters import told_apart
from views.text import alphabetical, departement_text, escape_markdown, joined

MARGIN_M = 500.0
# Communes whose point is this far from a quartier, in degrees, may reach it: some 20 km.
_AROUND = 0.3
_LABELS = {kind.id: kind.label for kind in (*SITE_KINDS, OTHER_SITE)}


def show_quartiers(found: Current) -> None:
    """The whole screen."""
    rows = _listed(found.cities)
    if rows.empty:
        st.info(escape_markdown(none_listed(found)), icon=":material/info:")
        return
    st.markdown(HONEST)
    show_quarters(found)
    st.subheader("Les sites de soins dans le quartier ou à moins de 500 mètres", anchor=False)
    if not rows["drawn"].any():
        st.info(NO_OUTLINES, icon=":material/info:")
        _show_listed(rows)
        return
    drawn, missing = rows[rows["drawn"]], rows[~rows["drawn"]]
    pairs = _pairs(build_path(), tuple(drawn.index), found)
    _show_map(found, drawn, pairs)
    loaded = set(mart("site_departements")["code"])
    unloaded = set(drawn.index[~drawn["departement_code"].isin(loaded)])
    if pairs.empty and len(unloaded) == len(drawn):
        st.info(NO_SITES, icon=":material/info:")
        _show_listed(rows)
        return
    _show_counts(drawn, pairs, unloaded, _partial(build_path(), tuple(drawn.index), found))
    if len(missing):
        st.info(missing_outlines_text(len(missing)), icon=":material/info:")
        _show_listed(missing)


def _listed(cities: tuple[str, ...]) -> pd.DataFrame:
    """Quartiers of communes (index code), alphabetical: label, communes, département, outline."""
    rows = mart("quartiers_of", codes=list(cities)).set_index("code")
    rows = rows.assign(label=told_apart(rows), drawn=rows["geometry"].notna())
    return rows.sort_values("label", key=lambda names: names.map(alphabetical))


def none_listed(found: Current) -> str:
    """Why there is no quartier here: none on the list, or no list."""
    if not set(found.departements) <= set(mart("quartier_departements")["code"]):
        return NO_LIST
    rows = _listed(around(found))
    names = [
        f"{name} ({joined(list(communes))})"
        for name, communes in zip(rows["name"], rows["communes"], strict=True)
    ]
    known = geography().names
    where = [departement_text(known["departement", one], one) for one in found.departements]
    return none_here_text(names, where)


def _shapes(found: Current, codes: tuple[str, ...]) -> pd.DataFrame:
    rows = mart("quartiers_of", codes=list(found.cities)).set_index("code").loc[list(codes)]
    return rows.assign(geometry=shapely.from_wkb(rows["geometry"].map(bytes).to_numpy()))


@st.cache_data(max_entries=100, show_spinner=False)
def _pairs(path: str, codes: tuple[str, ...], _found: Current) -> pd.DataFrame:
    """One row a (quartier, site) at most 500 m apart, with the site's point, name and category."""
    rows = _shapes(_found, codes)
    bounds = shapely.bounds(rows["geometry"].to_numpy())
    sites = sites_about(
        pd.Series([bounds[:, 0].min(), bounds[:, 2].max()]),
        pd.Series([bounds[:, 1].min(), bounds[:, 3].max()]),
    ).set_index("site_id")
    pairs = sites_around(rows[["geometry", "departement_code"]], sites, MARGIN_M)
    return pairs.join(sites[["name", "kind", "category", "lon", "lat"]], on="site")


@st.cache_data(max_entries=100, show_spinner=False)
def _partial(path: str, codes: tuple[str, ...], _found: Current) -> set[str]:
    """Quartiers whose surroundings reach a département without any site loaded."""
    rows = _shapes(_found, codes)
    west, south, east, north = shapely.total_bounds(rows["geometry"].to_numpy())
    near = places()
    near = near[
        near["lon"].between(west - _AROUND, east + _AROUND)
        & near["lat"].between(south - _AROUND, north + _AROUND)
    ]
    unknown = sorted(set(near["departement_code"]) - set(mart("site_departements")["code"]))
    if not unknown:
        return set()
    areas = mart("layer_communes", departements=unknown)
    areas = areas.assign(geometry=shapely.from_wkb(areas["geometry"].map(bytes).to_numpy()))
    return reaching(rows[["geometry", "departement_code"]], areas, MARGIN_M)


def _show_map(found: Current, drawn: pd.DataFrame, pairs: pd.DataFrame) -> None:
    """Outlines of the quartiers over the communes, and the sites counted below."""
    shapes = layer(found)
    if shapes is None:
        return
    outlines = quarters(around(found))
    nothing = pd.Series(dtype=object)
    near = pairs.drop_duplicates("site")
    counted = near["kind"].value_counts()
    said = joined(
        [
            f"{_LABELS[name][0].lower()}{_LABELS[name][1:]} : {count}"
            for name, count in counted.items()
        ]
    )
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
        outlines=outlines,
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
    if outlines is not None and not set(outlines.codes) <= set(drawn.index):
        st.caption(NEIGHBOURS_DRAWN)


def _show_listed(rows: pd.DataFrame) -> None:
    """The quartiers and their communes, where no site can be counted."""
    table = sites_table(rows, pd.DataFrame(columns=["kind", "outline", "inside"]), {}, (), ())
    show_table(table, "Quartiers prioritaires et leurs communes")


def _show_counts(
    rows: pd.DataFrame, pairs: pd.DataFrame, unloaded: set[str], partial: set[str]
) -> None:
    if pairs.empty:
        st.markdown(NO_SITE_NEAR)
    table = sites_table(rows, pairs, _LABELS, unloaded, partial)
    show_table(table, "Sites dans chaque quartier ou à moins de 500 mètres")
    st.caption(SITES_NEAR)
    if unloaded or partial:
        st.caption(SOME_UNKNOWN)
