"""Official outlines: communes by département or for the country (GeoJSON), EPCI and EPT (GeoParquet)."""

from __future__ import annotations

import re

import geopandas
import numpy as np
import pandas as pd
import pyarrow as pa

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import DATA, SourceCard
from connectors.cells import commune_codes
from connectors.columns import column_map
from connectors.errors import SchemaDrift
from connectors.geometry import (
    ARRONDISSEMENT,
    commune_level,
    outlines,
    read_json,
    shapes_of,
    to_current,
)
from connectors.text_files import Place, refuse_repeated

SOURCE = "contours_ign"
BY_ID, BY_CODE = "GeoJSON (code en id)", "GeoJSON (code en propriété)"
EPCI = "EPCI et EPT 2025"
# What stands beside the code, by layout: names, parents (contours-administratifs), PLM's city.
PROPERTIES = {
    BY_ID: {"name"},
    BY_CODE: {"code", "nom", "departement", "region", "epci", "plm", "commune"},
}
COLUMNS = {"epci_siren", "epci_nom", "geometry"}
_FEATURES = re.compile(r'"FeatureCollection".*"(Multi)?Polygon"', re.S)
_ID = re.compile(
    r'"properties"\s*:\s*\{\s*"name"[^{}]*\}\s*,\s*"id"\s*:\s*"[0-9][0-9AB]?[0-9]{2,3}"'
)
_CODE = re.compile(r'"properties"\s*:\s*\{(?=[^{}]*"nom")[^{}]*"code"\s*:\s*"[0-9][0-9AB][0-9]*"')
_API = re.compile(r'"code(Epci|Departement)"')
_YEAR = re.compile(r"20[2-9][0-9]")


def recognise(sample: Sample) -> Recognition | None:
    """A GeoJSON of polygons with a code each, gzipped or not, or the GeoParquet of EPCI."""
    if sample.kind == "parquet" and {"epci_siren", "geometry"} <= set(sample.columns):
        return Recognition(SOURCE, "epci", EPCI)
    if sample.kind not in ("json", "gzip") or not _FEATURES.search(sample.head):
        return None
    if _API.search(sample.head):
        return None
    for vintage, pattern in ((BY_ID, _ID), (BY_CODE, _CODE)):
        if pattern.search(sample.head):
            return Recognition(SOURCE, "geojson", vintage)
    return None


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """Outlines by level and code, in degrees. Raises SourceUnavailable, SchemaDrift."""
    place = Place(found.source_id, SOURCE, found.vintage)
    frame = _epci(raw, place) if found.vintage == EPCI else _features(raw, place)
    refuse_repeated(frame, ["level", "codgeo"], place)
    years = _YEAR.findall(raw.url or raw.name)
    return {SOURCE: outlines(to_current(frame)).assign(cog=years[0] if years else "")}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """One national file, of four hosts: the most authoritative first."""
    first, *others = card.urls.values()
    return [Download(first, "contours-communes.geojson.gz", tuple(others))]


def _features(raw: RawFile, place: Place) -> pd.DataFrame:
    document = read_json(raw, place)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
        raise _drift(place, ["features"])
    properties = [one.get("properties") or {} for one in features]
    (theirs, _), *_ = column_map(SOURCE, place.vintage).items()
    holders = features if place.vintage == BY_ID else properties
    if not all(holder.get(theirs) for holder in holders):
        raise _drift(place, [theirs])
    extra = {name for one in properties for name in one} - PROPERTIES[place.vintage]
    if extra:
        raise _drift(place, [], sorted(extra))
    frame = pd.DataFrame(
        {
            "codgeo": [str(holder[theirs]) for holder in holders],
            "city": [str(one.get("commune") or "") for one in properties],
            "region": ["region" in one for one in properties],
            "geometry": shapes_of([one.get("geometry") for one in features], raw, place),
        }
    )
    return _levelled(frame, place)


def _levelled(frame: pd.DataFrame, place: Place) -> pd.DataFrame:
    """One file holds one level, but for communes, among which are arrondissements.

    A commune déléguée or associée (it names its commune, and is no arrondissement) is left out.
    """
    length = frame["codgeo"].str.len()
    if (length == 9).all():
        level = _epci_level(frame["codgeo"])
    elif (length <= 3).all():
        level = pd.Series("departement" if frame["region"].all() else "region", index=frame.index)
    else:
        frame["codgeo"] = commune_codes(frame["codgeo"], place)
        arm = frame["codgeo"].str.fullmatch(ARRONDISSEMENT.pattern)
        frame = frame[(frame["city"] == "") | arm]
        level = commune_level(frame["codgeo"])
    return frame.assign(level=level)[["level", "codgeo", "geometry"]].reset_index(drop=True)


def _epci(raw: RawFile, place: Place) -> pd.DataFrame:
    try:
        frame = geopandas.read_parquet(raw.path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise place.refusal(
            f"le fichier {raw.name} est coupé ou n'est pas un GeoParquet."
        ) from error
    missing, extra = COLUMNS - set(frame.columns), set(frame.columns) - COLUMNS
    if missing or extra:
        raise _drift(place, sorted(missing), sorted(extra))
    if frame.crs is None:
        raise _drift(place, ["geometry (système de coordonnées)"])
    return pd.DataFrame(
        {
            "level": _epci_level(frame["epci_siren"]),
            "codgeo": frame["epci_siren"],
            "geometry": np.asarray(frame.geometry.to_crs(4326).array, dtype=object),
        }
    )


def _epci_level(codes: pd.Series) -> pd.Series:
    """epci, or ept for those that the code géographique names so."""
    groupings = pd.read_csv(DATA / "embarque" / "cog_groupements.csv", dtype=str)
    ept = groupings.loc[groupings["niveau"] == "ept", "code"]
    return pd.Series(np.where(codes.isin(ept), "ept", "epci"), index=codes.index)


def _drift(place: Place, missing: list[str], extra: list[str] | None = None) -> SchemaDrift:
    return SchemaDrift(
        place.source_id, place.table, place.vintage, missing=missing, extra=extra or []
    )
