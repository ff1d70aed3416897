"""A map as a file that a cartographer's tools open: GeoJSON with values, states and classes."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from views.classification import APPROX_CHARACTERS, OK_CHARACTERS, OUTSIDE
from views.map_content import MapContent

_DECIMALS = 5


def geojson_file(
    gdf: gpd.GeoDataFrame,
    content: MapContent,
    columns: pd.DataFrame,
    *,
    title: str,
    source_line: str,
) -> bytes:
    """The territories shown, as GeoJSON in degrees (RFC 7946), with the legend beside them.

    ``gdf``: code, name and geometry. ``columns`` (index code): what each territory also carries,
    such as value and state; missing values become null. ``classe`` is the label of its class, null
    for a secret or absent figure. The colours of the classes are in ``legende``.
    """
    characters = pd.Series(list(content.along(gdf["code"].tolist())), index=gdf.index)
    shown = gdf[characters != OUTSIDE]
    rank = {
        character: place
        for alphabet in (OK_CHARACTERS, APPROX_CHARACTERS)
        for place, character in enumerate(alphabet)
    }
    shapes = shapely.transform(
        shown.geometry.to_numpy(), lambda points: np.round(points, _DECIMALS)
    )
    carried = columns.reindex(shown["code"])
    features = []
    for place, (code, name) in enumerate(zip(shown["code"], shown["name"], strict=True)):
        found = rank.get(content.characters.get(code, OUTSIDE))
        properties: dict[str, object] = {"code": str(code), "nom": str(name)}
        properties |= {key: _plain(carried[key].iloc[place]) for key in carried}
        properties["classe"] = (
            content.labels[found] if found is not None and content.labels else None
        )
        features.append(
            {
                "type": "Feature",
                "properties": properties,
                "geometry": shapely.geometry.mapping(shapes[place]),
            }
        )
    document = {
        "type": "FeatureCollection",
        "titre": title,
        "source": source_line,
        "legende": [
            {"classe": label, "couleur": colour}
            for label, colour in zip(content.labels, content.colours, strict=True)
        ],
        "features": features,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _plain(value: Any) -> object:
    if value is None or pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value
