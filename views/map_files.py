"""A map as a file that a cartographer's tools open: GeoJSON with values, states and classes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from views.classification import ABSENT, APPROX_CHARACTERS, OK_CHARACTERS, OUTSIDE, SECRET
from views.map_content import MapContent

_DECIMALS = 5
_RANKS = {
    character: rank
    for alphabet in (OK_CHARACTERS, APPROX_CHARACTERS)
    for rank, character in enumerate(alphabet)
}


def geojson_file(
    gdf: gpd.GeoDataFrame,
    content: MapContent,
    columns: pd.DataFrame,
    *,
    meanings: Mapping[str, str],
    title: str,
    source_line: str,
) -> bytes:
    """The territories shown, as GeoJSON in degrees (RFC 7946), with the legend beside them.

    ``gdf``: code, name and geometry. ``columns`` (index code): what each territory also carries,
    such as value and state; missing values become null. ``meanings``: what those columns are.
    ``classe`` is the label of its class, null for a secret or absent figure, and ``reserve`` says
    that this class is not sure.
    """
    characters = pd.Series(list(content.along(gdf["code"].tolist())), index=gdf.index)
    shown = gdf[characters != OUTSIDE]
    shapes = shapely.transform(
        shown.geometry.to_numpy(), lambda points: np.round(points, _DECIMALS)
    )
    carried = columns.reindex(shown["code"])
    features = []
    for place, (code, name) in enumerate(zip(shown["code"], shown["name"], strict=True)):
        properties: dict[str, object] = {"code": str(code), "nom": str(name)}
        properties |= {key: _plain(carried[key].iloc[place]) for key in carried}
        features.append(
            {
                "type": "Feature",
                "properties": properties | _look(content, content.characters.get(code, OUTSIDE)),
                "geometry": shapely.geometry.mapping(shapes[place]),
            }
        )
    document = {
        "type": "FeatureCollection",
        "titre": title,
        "source": source_line,
        "colonnes": dict(meanings),
        **_legend(content, characters[characters != OUTSIDE]),
        "features": features,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _look(content: MapContent, character: str) -> dict[str, object]:
    """Class and colour of a territory, and what makes it unsure."""
    rank = _RANKS.get(character)
    if rank is None or not content.labels:
        return {"classe": None, "couleur": None, "reserve": None}
    unsure = content.approximate_label if character in APPROX_CHARACTERS else None
    return {"classe": content.labels[rank], "couleur": content.colours[rank], "reserve": unsure}


def _legend(content: MapContent, characters: pd.Series) -> dict[str, object]:
    """The legend of the map, with how many territories stand in each class."""
    ranks = characters.map(_RANKS)
    legend: dict[str, object] = {
        "legende_titre": content.title,
        "legende": [
            {"classe": label, "couleur": colour, "effectif": int((ranks == rank).sum())}
            for rank, (label, colour) in enumerate(
                zip(content.labels, content.colours, strict=True)
            )
        ],
        "hors_classes": [
            {"libelle": label, "effectif": int((characters == character).sum())}
            for label, character in (("Secret statistique", SECRET), (content.absent_label, ABSENT))
        ],
    }
    if content.symbols is not None:
        legend["cercles"] = {
            "regle": "La surface du cercle est proportionnelle au nombre.",
            "couleur": content.symbols.colour,
            "plus_grand": content.symbols.largest,
            "exemples": [value for value, _ in content.symbols.legend],
        }
    return legend


def _plain(value: Any) -> object:
    if value is None or pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value
