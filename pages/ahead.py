"""What the first visit would wait for, made ready before it comes: see tools/serve.py."""

from __future__ import annotations

import atexit
import gc
import importlib
import logging

from warehouse.build import NATIONAL
from warehouse.errors import NotBuilt
from warehouse.paths import published

# What the pages most often opened first import, and the map.
MODULES = (
    "pages.care",
    "pages.choosing",
    "pages.filing",
    "pages.map_controls",
    "pages.map_exports",
    "pages.standing_out",
)


def prepare() -> None:
    """Declare the component of the map, import what pages import, open the published build.

    To be called once the server runs. Without a build nothing more happens: the pages say so. The
    communes of the country are drawn ahead when their figures are there.
    """
    _declare_map()
    for module in MODULES:
        importlib.import_module(module)
    try:
        path = str(published().path)
    except NotBuilt:
        return
    _open(path)
    # All this stays until the end: the collector need not walk through it at each visit.
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)


def _declare_map() -> None:
    """Import the component first, so that no page meets it before it is registered."""
    # Streamlit warns of a component that no page declares, on the terminal of whoever serves.
    log = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    log.disabled = True
    try:
        maps = importlib.import_module("views.maps")
    finally:
        log.disabled = False
    maps.register_component()


def _open(path: str) -> None:
    from pages.extents import FRANCE, departements_of
    from pages.layers import prepare_layer
    from pages.shared import open_warehouse, prepare_build

    known = prepare_build(path)
    if open_warehouse(path).facts["profil"] == NATIONAL:
        prepare_layer(path, departements_of(known, FRANCE))
