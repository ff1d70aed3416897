"""Access to care as the open build knows it: places, supply, distances; kept once a build."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from diagnostic.nearby import nearest, people_beyond
from pages.shared import Current, build_path, fingerprint, mart, open_warehouse
from views.care import FACILITIES, SITE_KINDS, THRESHOLDS, site_kinds

# Sites are looked for this far around the perimeter, in degrees: some 50 km.
_AROUND = 0.6
BPE, FINESS = "BPE", "FINESS"
# Share of the inhabitants with a figure for a period to be the one shown.
_NEARLY_ALL = 0.9


def _by_code(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows indexed by code; as objects, a country's codes are looked up ten times faster."""
    return rows.astype({"code": object}).set_index("code")


@st.cache_resource(max_entries=2, show_spinner=False)
def _places(path: str) -> pd.DataFrame:
    return _by_code(open_warehouse(path).mart("care_places"))


def places() -> pd.DataFrame:
    """Every inhabited commune or arrondissement; never to be changed in place (index: code)."""
    return _places(build_path())


@st.cache_resource(max_entries=40, show_spinner=False)
def _figures(path: str, indicator: str, period: str) -> pd.DataFrame:
    return _by_code(
        open_warehouse(path).mart("care_figures", indicator=indicator, at_period=period)
    )


def figures(indicator: str, period: str) -> pd.DataFrame:
    """Value, facilities and weight of one indicator in every place; not to be changed in place."""
    return _figures(build_path(), indicator, period)


def periods(indicator: str) -> list[str]:
    """Periods of an indicator, the newest first."""
    wanted = [*FACILITIES, indicator]
    rows = mart("care_periods", indicators=sorted(set(wanted)))
    return list(rows.loc[rows["indicator_id"] == indicator, "period"])


@dataclass(frozen=True)
class Kind:
    """A kind of care that is looked for: what it is called, where it is read, as of when."""

    id: str
    label: str
    source: str
    period: str


@dataclass(frozen=True, eq=False)
class Distances:
    """From each commune of a perimeter to the nearest of each kind.

    ``found``: kind -> km, exact, name (of the nearest), by commune; for the BPE, ``untold`` where
    the commune's own number is not loaded. ``sites``: kind -> points (name, lon, lat). ``beyond``:
    kind -> people past each threshold. ``partial``: FINESS sites are loaded close by, but for too few
    of the inhabitants to look for the nearest.
    """

    kinds: dict[str, Kind]
    found: dict[str, pd.DataFrame]
    sites: dict[str, pd.DataFrame]
    beyond: dict[str, pd.DataFrame]
    partial: bool = False


def distances(current: Current) -> Distances:
    """Straight-line distances of the perimeter on screen, remembered by build and communes."""
    return _distances(build_path(), fingerprint(current.codes), current)


@st.cache_resource(max_entries=20, show_spinner="Calcul des distances…")
def _distances(path: str, key: str, _current: Current) -> Distances:
    communes = _by_code(_current.communes)
    origins = communes[communes["lon"].notna()]
    result = Distances({}, {}, {}, {})
    for indicator, label in FACILITIES.items():
        period = _best_period(indicator, communes["population"])
        if period is not None:
            known = figures(indicator, period)["facilities"].dropna()
            _add_facilities(result, origins, Kind(indicator, label, BPE, period), known)
    if not len(origins):
        return result
    box = sites_about(origins["lon"], origins["lat"])
    loaded = set(mart("site_departements")["code"])
    people = origins["population"]
    covered = people[origins["departement_code"].isin(loaded)].sum() / people.sum()
    if len(box) and covered >= _NEARLY_ALL:
        _add_sites(result, origins, box, loaded)
        return result
    return replace(result, partial=bool(len(box)))


def _best_period(indicator: str, population: pd.Series) -> str | None:
    """The newest period known for nearly all the inhabitants; else that of the most of them."""
    best, most = None, 0.0
    for period in periods(indicator):
        codes = figures(indicator, period)["facilities"].dropna().index
        known = population.index.isin(codes)
        share = population[known].sum() / population.sum()
        if share >= _NEARLY_ALL:
            return period
        if share > most:
            best, most = period, share
    return best


def _add_facilities(result: Distances, origins: pd.DataFrame, kind: Kind, known: pd.Series) -> None:
    every = places()
    with_point = every[every["lon"].notna()]
    counts = known.reindex(with_point.index)
    sites = with_point[counts > 0].assign(facilities=counts[counts > 0])
    found = nearest(origins, sites, with_point[counts.isna()])
    home = origins.index.isin(sites["commune_code"]) | origins.index.isin(known.index[known > 0])
    found.loc[home, ["km", "exact"]] = [0.0, True]
    found["name"] = found["site"].map(sites["name"]).where(~home, "dans la commune")
    # A city is known by its arrondissements.
    told = origins.index.isin(known.index) | origins.index.isin(
        every.loc[every.index.isin(known.index), "commune_code"]
    )
    found["untold"] = ~told & ~home
    _keep(result, kind, origins, found, sites)


def _add_sites(
    result: Distances, origins: pd.DataFrame, box: pd.DataFrame, loaded: set[str]
) -> None:
    every = places()
    unknown = every[every["lon"].notna() & ~every["departement_code"].isin(loaded)]
    # « Autre » mixes what has nothing in common: the nearest of them would mean nothing.
    for one in SITE_KINDS:
        sites = box[box["kind"] == one.id].set_index("site_id")
        if len(sites):
            kind = Kind(one.id, one.label, FINESS, str(sites["as_of"].dropna().max()))
            found = nearest(origins, sites, unknown)
            found["name"] = found["site"].map(sites["name"])
            _keep(result, kind, origins, found, sites)


def _keep(
    result: Distances, kind: Kind, origins: pd.DataFrame, found: pd.DataFrame, sites: pd.DataFrame
) -> None:
    result.kinds[kind.id] = kind
    result.found[kind.id] = found
    result.sites[kind.id] = sites
    result.beyond[kind.id] = people_beyond(found, origins["population"], THRESHOLDS)


def sites_about(lon: pd.Series, lat: pd.Series) -> pd.DataFrame:
    """FINESS sites around points, with their plain category in ``kind``."""
    sites = mart(
        "sites_between",
        west=float(lon.min()) - _AROUND,
        south=float(lat.min()) - _AROUND,
        east=float(lon.max()) + _AROUND,
        north=float(lat.max()) + _AROUND,
    )
    return sites.assign(kind=site_kinds(sites))
