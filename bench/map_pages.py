"""Two pages that show the same communes: our map, and the way most people would write it.

Each is the body of a Streamlit script that bench/maps.py serves. A click on « Autre chiffre »
changes the figure shown.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import streamlit as st
from streamlit_folium import st_folium

from views.classification import classify, palette
from views.maps import choropleth_map, ensure_leaflet, publish_layer
from warehouse.paths import published
from warehouse.read import Warehouse

POLYGONS = 2_800
BUTTON = "Autre chiffre"


@st.cache_resource
def communes() -> gpd.GeoDataFrame:
    """The first communes of the country, as contours at the scale of a département."""
    warehouse = Warehouse(published().path)
    departements = [f"{number:02d}" for number in range(1, 20)]
    frame = warehouse.mart("layer_communes", departements=departements).head(POLYGONS)
    warehouse.close()
    shapes = gpd.GeoSeries.from_wkb(frame["geometry"].map(bytes), crs="EPSG:4326")
    return gpd.GeoDataFrame(frame[["code", "name"]], geometry=shapes).reset_index(drop=True)


def figures(codes: pd.Series) -> pd.Series:
    """A made-up figure a commune, another at each click."""
    st.session_state.setdefault("tour", 0)
    if st.button(BUTTON):
        st.session_state["tour"] += 1
    drawn = np.random.default_rng(st.session_state["tour"]).gamma(3, 1, len(codes))
    return pd.Series(drawn, index=codes.to_numpy())


def gradient_page(static: Path) -> None:
    """Our map."""
    gdf = communes()
    values = figures(gdf["code"])
    ensure_leaflet(static)
    classes = classify(values, "quantiles", 5)
    choropleth_map(
        publish_layer(gdf, static, "banc"),
        classes=classes,
        values=values,
        states=pd.Series("ok", index=values.index),
        colours=palette("defavorable", classes.size),
        tooltips=pd.Series(dtype=object),
        inside=set(values.index),
        legend_title=f"Tour {st.session_state['tour']}",
        legend_labels=classes.labels(lambda value: f"{value:.2f}"),
        key="banc",
    )


def explore_page() -> None:
    """geopandas' own map, shown by streamlit-folium; its legend asks for d3, and is left out."""
    gdf = communes()
    values = figures(gdf["code"])
    drawn = gdf.assign(valeur=values.to_numpy())
    shown = drawn.explore(
        "valeur", scheme="quantiles", k=5, cmap="Oranges", tiles=None, legend=False
    )
    st_folium(shown, height=560, use_container_width=True, returned_objects=[])
