"""The files of the map page: the table, the picture, the layer."""

from __future__ import annotations

from collections.abc import Callable, Collection

import geopandas as gpd
import pandas as pd
import streamlit as st

from diagnostic.perimeter import file_name
from pages.extents import Extent
from pages.layers import contours_of
from pages.linked import linked_selectbox
from pages.local_data import kept_back
from pages.map_lines import has_limits, has_quarters, picture_lines
from pages.map_panels import commune_rows, published_state
from pages.mapping import Figures, credit
from pages.shared import Current, build_path
from views.importing import KEPT_BACK
from views.map_content import Format, MapContent
from views.map_files import geojson_file
from views.tables import csv_file
from views.text import escape_markdown, period_text

WITH_LINES, PLAIN = "traces", "couleurs"
PICTURES = {
    WITH_LINES: "Couleurs, limites et quartiers prioritaires",
    PLAIN: "Couleurs seules",
}


def _offer(
    found: Current, label: str, make: Callable[[], bytes], name: str, mime: str, icon: str
) -> None:
    st.download_button(
        label,
        make,
        file_name=file_name(found.perimeter, name),
        mime=mime,
        icon=f":material/{icon}:",
        on_click="ignore",
    )


def _choose_lines(extent: Extent, polygons: int) -> str:
    """Whether the picture carries the outlines, as the map does until one hides them there."""
    if not has_quarters(extent) and not has_limits(polygons):
        return PLAIN
    where = st.container(width=420)
    return linked_selectbox(where, "Sur l'image", PICTURES, WITH_LINES, "image")


def offer_files(
    extent: Extent,
    shown: list[Figures],
    content: MapContent,
    drawn: list[tuple[str, MapContent]],
    marked: Collection[str],
    selected: str | None,
    place: str,
) -> None:
    """The table, and the map as a picture and as a layer; made when asked."""
    if kept_back(one.card.id for one in shown):
        st.info(KEPT_BACK, icon=":material/lock:")
        return
    name = "-".join([extent.key, *(one.card.id for one in shown[:2])])
    title = " et ".join(dict.fromkeys(one.card.label for one in shown))
    source = credit(shown)

    polygons = len(content.characters)
    plain = not drawn and _choose_lines(extent, polygons) == PLAIN
    lines = None if plain or drawn else picture_lines(extent, polygons)
    path = build_path()  # files are made when no session can tell it

    def shapes_drawn() -> gpd.GeoDataFrame:
        return contours_of(path, extent.departements, extent.arms)

    def picture(format: Format) -> Callable[[], bytes]:
        def make() -> bytes:
            # Matplotlib waits for a picture to be asked for.
            from views.static_map import map_picture, multiples_picture

            if drawn:
                return multiples_picture(
                    shapes_drawn(),
                    drawn,
                    title=title,
                    subtitle=extent.label,
                    source_line=source,
                    selected=selected,
                    format=format,
                )
            periods = ", ".join(dict.fromkeys(period_text(one.period) for one in shown))
            return map_picture(
                shapes_drawn(),
                content,
                title=title,
                subtitle=f"{extent.label}, {periods}",
                source_line=source,
                marked=list(marked),
                selected=selected,
                lines=lines() if lines else [],
                format=format,
            )

        return make

    def geojson() -> bytes:
        named = list(zip(shown, ("", "_2"), strict=False))
        columns = {}
        for one, suffix in named:
            columns[f"valeur{suffix}"] = one.frame["value"].round(one.card.decimals)
            columns[f"etat{suffix}"] = one.frame["state"].map(published_state)
        return geojson_file(
            shapes_drawn(),
            content,
            pd.DataFrame(columns),
            meanings={f"valeur{suffix}": one.title for one, suffix in named},
            title=title,
            source_line=source,
        )

    with st.container(horizontal=True):
        _offer(
            extent.found,
            "Télécharger le tableau (CSV)",
            lambda: csv_file(commune_rows(shown, place)),
            f"-{name}.csv",
            "text/csv",
            "download",
        )
        if extent.drawn:
            _offer(
                extent.found,
                "Télécharger la carte (PNG)",
                picture("png"),
                f"-{name}.png",
                "image/png",
                "image",
            )
            _offer(
                extent.found,
                "Télécharger la carte (SVG)",
                picture("svg"),
                f"-{name}.svg",
                "image/svg+xml",
                "draw",
            )
            if not drawn:
                _offer(
                    extent.found,
                    "Télécharger la carte (GeoJSON)",
                    geojson,
                    f"-{name}.geojson",
                    "application/geo+json",
                    "layers",
                )
    st.caption(escape_markdown(f"{source} {' '.join(dict.fromkeys(o.licence for o in shown))}"))
