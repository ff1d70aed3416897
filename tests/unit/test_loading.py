"""Bringing files into a build: a site without a commune is in the one whose outline holds its point."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from connectors.depot import Found, scan
from tests.connectors import test_contours as contours_files
from tests.connectors.test_finess import a_site
from warehouse.loading import Loader, connectors


def test_sites_are_placed_whatever_the_order_of_the_files(tmp_path: Path) -> None:
    depot, workshop = tmp_path / "depot", tmp_path / "atelier"
    depot.mkdir()
    workshop.mkdir()
    inside, outside = a_site(lat=48.5, lon=2.5), a_site(nom="Au large", lat=48.5, lon=9.5)
    (depot / "a-sites.json").write_text(json.dumps([inside, outside]), "utf-8")
    contours_files.written(depot, contours_files.by_code("95127", 2.0), name="b.geojson")
    loader, modules = Loader(workshop), connectors()
    assert loader.locate() == 0
    for found in scan(depot, modules):
        assert isinstance(found, Found), found
        loader.load_file(found, modules[found.connector])
    assert loader.locate() == 1
    with duckdb.connect() as connection:
        loader.register(connection)
        placed = connection.execute(
            "SELECT rs, codgeo, codgeo_contour FROM raw_finess_sites ORDER BY 1"
        ).fetchall()
    assert placed == [("Au large", "", ""), ("Pharmacie Du Voyage", "", "95127")]
