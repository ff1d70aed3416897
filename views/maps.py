"""The interactive choropleth map: folium through streamlit-folium, no request to the outside.

Leaflet and the geometry are static files of the app. The page sends the map once; afterwards a
change of indicator, classes or selection sends one character per polygon, the legend and the
tooltips, and the browser repaints in place: the iframe and the view are kept.

How it holds together (streamlit-folium 0.27): `map.js` is served as a static file too. A constant
call starts it, since streamlit-folium reloads its iframe when the constant part changes; it leaves
`gradientMap`, on which each rerun calls `apply` through a feature group.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import re
import tempfile
import time
from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
import streamlit as st
import streamlit_folium
from branca.element import MacroElement
from folium.template import Template
from streamlit.runtime import get_instance
from streamlit_folium import st_folium

from views.classification import (
    ABSENT,
    ABSENT_COLOUR,
    HATCH_COLOUR,
    INK,
    INSIDE,
    OUTSIDE,
    OUTSIDE_COLOUR,
    PERIMETER_COLOUR,
    Classes,
)
from views.map_content import (
    LIMITS,
    QUARTERS,
    SYMBOL_GROUND,
    LineStyle,
    MapContent,
    Symbols,
    choropleth,
)

CONTOUR_CREDIT = "Contours : IGN, Admin Express"

_COUNTRY_SIZE = 2_000  # above: fewer decimals and no boundary, to stay fluid
_TOOLTIPS = 1_500  # above: a polygon tells its class and a click the rest, so that little is sent

# Of a static file that no page asked for: a process that serves a former build is done by then.
_UNUSED_SECONDS = 24 * 3600

# Radius of the largest circle, in pixels. On a country, those under a pixel are left out.
_LARGEST_RADIUS = 32
_SMALLEST_STEP, _SMALLEST_STEP_COUNTRY = 1, 3

# Digits of what is sent to the browser: none of them is changed on the way by JSON or Jinja.
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-.!$()*+,/:;=?@[]^|~"
# A circle is two digits for how far it is from the one before, and one for its radius.
_BASE = 64

# Departments overseas, drawn beside the métropole when a layer holds both.
_OVERSEAS = {
    "971": "Guadeloupe",
    "972": "Martinique",
    "973": "Guyane",
    "974": "La Réunion",
    "976": "Mayotte",
}

# Drawn only when the reader asks: the only addresses of other machines that a map knows.
BACKGROUNDS = (
    {
        "name": "ign",
        "label": "Plan IGN",
        "credit": "Fond : IGN",
        "url": "https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
        "&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2&STYLE=normal&FORMAT=image/png"
        "&TILEMATRIXSET=PM&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}",
    },
    {
        "name": "osm",
        "label": "OpenStreetMap",
        "credit": "Fond : contributeurs OpenStreetMap",
        "url": "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
    },
)

# Shapes that a category of points may have.
SHAPES = ("cercle", "carre", "losange", "triangle", "triangle-bas", "croix", "etoile")


class MapAssetsMissing(RuntimeError):
    """The files that draw the map cannot be found; the message, in French, says what to do."""


@dataclass(frozen=True)
class GeometryLayer:
    """A published geometry file: codes in file order, bounds west, south, east, north (degrees)."""

    key: str
    url: str
    codes: tuple[str, ...]
    bounds: tuple[float, float, float, float]


def ensure_leaflet(static_dir: Path) -> None:
    """Copy Leaflet (from XStatic-Leaflet) and the map's own script into static_dir/leaflet.

    To be called once when the app starts. Each file is written aside and renamed; a file already
    there with the same content is left alone; a script of an earlier version goes after a day.
    Raises MapAssetsMissing if the package is absent.
    """
    try:
        package = importlib.import_module("xstatic.pkg.leaflet")
    except ImportError as error:
        raise MapAssetsMissing(
            "Le paquet XStatic-Leaflet est introuvable : la carte ne peut pas s’afficher. "
            "Installez les dépendances avec « pip install -r requirements.txt »."
        ) from error
    source = Path(package.BASE_DIR)
    paths = (source / "leaflet.js", source / "leaflet.css", *source.glob("images/*.png"))
    files = {str(path.relative_to(source)): path.read_bytes() for path in paths} | _OWN_FILES
    for name, content in files.items():
        target = static_dir / "leaflet" / name
        if not target.exists() or target.read_bytes() != content:
            _write_atomically(target, content)
    earlier = set((static_dir / "leaflet").glob("gradient-*"))
    _sweep(earlier - {static_dir / "leaflet" / name for name in _OWN_FILES})


def register_component() -> None:
    """Make streamlit-folium known to the server, when this module was imported outside a page.

    Streamlit registers a component when a page imports it; otherwise its frame would stay blank.
    Raises RuntimeError when no server runs.
    """
    get_instance().component_registry.register_component(streamlit_folium._component_func)


def publish_layer(gdf: gpd.GeoDataFrame, static_dir: Path, key: str) -> GeometryLayer:
    """Write the shapes of `gdf` under static_dir/geo, unless they are there already.

    `gdf` has the columns code, name and geometry (EPSG:4326). The file is sorted by code, keeps
    only code and name, and its name carries a hash of its content: the browser may keep it for
    good. Writing a new one removes those that nobody asked for in a day: those of former builds, or
    of places looked at once, which would be written again (see `is_served`). `key` is lowered and every other character becomes a dash. Raises ValueError, in
    French, for another projection, a duplicated code, an empty geometry or no row.
    """
    name = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")
    _check_layer(gdf, name)
    ordered = gdf.sort_values("code", kind="stable")
    content = _compact(ordered).encode("utf-8")
    filename = f"{name}-{hashlib.sha256(content).hexdigest()[:12]}.json"
    codes = ordered["code"].astype(str)
    beside = codes.str[:3].isin(list(_insets(codes)))
    west, south, east, north = (float(edge) for edge in ordered[~beside].total_bounds)
    layer = GeometryLayer(
        key=name,
        url=f"/app/static/geo/{filename}",
        codes=tuple(codes),
        bounds=(west, south, east, north),
    )
    if not is_served(layer, static_dir):
        target = static_dir / "geo" / filename
        _write_atomically(target, content)
        _sweep(set(target.parent.iterdir()) - {target})
    return layer


def is_served(layer: GeometryLayer | None, static_dir: Path) -> bool:
    """Whether the file of a layer is still there; if so it stays for one more day.

    To be asked each time a layer is reused: another process may have removed its file.
    """
    if layer is None:
        return True
    try:
        os.utime(static_dir / "geo" / Path(layer.url).name)
    except FileNotFoundError:
        return False
    return True


def _sweep(files: Collection[Path]) -> None:
    """Remove the files untouched for a day; another process may be doing the same."""
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            if time.time() - file.stat().st_mtime > _UNUSED_SECONDS:
                file.unlink()


@dataclass(frozen=True)
class Line:
    """Outlines drawn over the colours, that the reader may hide."""

    layer: GeometryLayer
    style: LineStyle


def choropleth_map(
    layer: GeometryLayer,
    *,
    classes: Classes | None,
    values: pd.Series,
    states: pd.Series,
    colours: list[str],
    tooltips: pd.Series,
    inside: Collection[str],
    marked: Collection[str] = (),
    legend_title: str,
    legend_labels: list[str],
    selected: str | None = None,
    height: int = 560,
    key: str,
    attribution: str = CONTOUR_CREDIT,
    marked_label: str = "Commune avec un quartier prioritaire",
    approximate_label: str = "Valeur approchée",
    absent_label: str = "Donnée absente",
    outlines: GeometryLayer | None = None,
    limits: GeometryLayer | None = None,
    points: pd.DataFrame | None = None,
    point_categories: Mapping[str, tuple[str, str, str]] = MappingProxyType({}),
    source: str = "",
) -> str | None:
    """Draw the map and return the code clicked since the last run, or None.

    `values`, `states` (ok, approx, secret, absent) and `tooltips` (plain text, lines separated
    by line feeds) are indexed by code. A commune without a tooltip shows its name and the label
    of its class. `inside` holds the codes of the perimeter; the rest of the layer is a light
    background that cannot be clicked. `colours` and `legend_labels` hold one item per class.
    `outlines` (quartiers prioritaires) and `limits` (intercommunalités) are drawn over the
    colours. `points` (code, name, category, lon, lat; degrees) are markers, and
    `point_categories` gives each category its label, its colour and one of `SHAPES`. Each of
    these layers can be hidden in the legend.
    The code is returned once: the next rerun gives None until another click, which may be on the
    same commune. Raises ValueError when colours, labels and classes do not match.
    """
    content = choropleth(
        layer.codes,
        classes=classes,
        values=values,
        states=states,
        colours=colours,
        labels=legend_labels,
        inside=inside,
        title=legend_title,
        approximate_label=approximate_label,
        absent_label=absent_label,
    )
    lines = [
        *([Line(outlines, QUARTERS)] if outlines is not None else []),
        *([Line(limits, LIMITS)] if limits is not None else []),
    ]
    return draw_map(
        layer,
        content,
        tooltips=tooltips,
        marked=marked,
        marked_label=marked_label,
        selected=selected,
        lines=lines,
        points=points,
        point_categories=point_categories,
        height=height,
        key=key,
        attribution=attribution,
        source=source,
    )


def draw_map(
    layer: GeometryLayer,
    content: MapContent,
    *,
    tooltips: pd.Series,
    marked: Collection[str] = (),
    marked_label: str = "Commune avec un quartier prioritaire",
    selected: str | None = None,
    lines: Sequence[Line] = (),
    points: pd.DataFrame | None = None,
    point_categories: Mapping[str, tuple[str, str, str]] = MappingProxyType({}),
    points_shown: bool = True,
    height: int = 560,
    key: str,
    attribution: str = CONTOUR_CREDIT,
    source: str = "",
) -> str | None:
    """Draw any content (classes, circles, two indicators crossed); see `choropleth_map`.

    With `points_shown` false, the reader shows the categories of points from the legend.
    """
    characters = content.along(layer.codes)
    update: dict[str, object] = {
        "classes": _packed(characters),
        "colours": content.colours,
        "tooltips": _tooltip_lines(layer, characters, tooltips),
        "marked": _marked_inside(layer, characters, marked),
        "selected": selected,
        "title": content.title,
        "labels": content.labels,
        "markedLabel": marked_label,
        "approximateLabel": content.approximate_label,
        "absentLabel": content.absent_label,
        "symbols": _symbols(layer, content.symbols),
        "grid": asdict(content.grid) if content.grid else None,
        "lines": [_line(one) for one in lines],
        "points": _points(points, point_categories) | {"shown": points_shown},
        "source": source,
    }
    answer = st_folium(
        _base_map(layer, attribution),
        key=f"{key}-{layer.key}",
        height=height,
        use_container_width=True,
        returned_objects=["last_object_clicked_tooltip"],
        feature_group_to_add=_update_group(update),
    )
    memory = f"{key}-{layer.key}-dernier-clic"
    return _new_click(st.session_state, memory, (answer or {}).get("last_object_clicked_tooltip"))


def perimeter_map(
    layer: GeometryLayer,
    *,
    inside: Collection[str],
    marked: Collection[str] = (),
    tooltips: pd.Series | None = None,
    legend_title: str = "Périmètre",
    selected: str | None = None,
    height: int = 460,
    key: str,
    attribution: str = CONTOUR_CREDIT,
) -> str | None:
    """Draw a perimeter in one soft colour, without values; same return as `choropleth_map`."""
    nothing = pd.Series(dtype=object)
    return choropleth_map(
        layer,
        classes=None,
        values=nothing,
        states=nothing,
        colours=[],
        tooltips=nothing if tooltips is None else tooltips,
        inside=inside,
        marked=marked,
        legend_title=legend_title,
        legend_labels=[],
        selected=selected,
        height=height,
        key=key,
        attribution=attribution,
    )


def _insets(codes: Iterable[str]) -> dict[str, str]:
    """Territories to draw beside the main one: those overseas of a layer that also has others."""
    prefixes = {code[:3] for code in codes}
    overseas = {prefix: name for prefix, name in _OVERSEAS.items() if prefix in prefixes}
    if prefixes - set(overseas):
        return overseas
    return dict(list(overseas.items())[1:])


def _write_atomically(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".partiel-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _check_layer(gdf: gpd.GeoDataFrame, name: str) -> None:
    if not name:
        raise ValueError("La clé d’une couche doit contenir au moins une lettre ou un chiffre.")
    if gdf.empty:
        raise ValueError(f"La couche « {name} » ne contient aucun contour.")
    if gdf.crs is None or gdf.crs.to_epsg() != 4326:
        raise ValueError(f"La couche « {name} » doit être en EPSG:4326, pas en {gdf.crs}.")
    repeated = gdf.loc[gdf["code"].duplicated(), "code"].tolist()
    if repeated:
        raise ValueError(f"Codes en double dans la couche « {name} » : {repeated[:5]}.")
    empty = gdf.loc[gdf.geometry.isna() | gdf.geometry.is_empty, "code"].tolist()
    if empty:
        raise ValueError(f"Contours vides dans la couche « {name} » : {empty[:5]}.")


def _compact(ordered: gpd.GeoDataFrame) -> str:
    """Codes, names and shapes as whole numbers, four times shorter than GeoJSON.

    `steps` holds every ring one after the other: x, y of its first point, then the steps from each
    point to the next, in units of 1 / scale degree. `points`, `rings` and `polygons` count the
    points of each ring, the rings of each polygon, the polygons of each territory: lists without
    depth, that are written and read in a fraction of the time. `map.js` reads it.
    """
    scale = 10 ** (5 if len(ordered) <= _COUNTRY_SIZE else 4)
    parts, owner = shapely.get_parts(ordered.geometry.to_numpy(), return_index=True)
    # By decreasing area: the mark of a territory stands on its first part.
    largest_first = np.lexsort((-shapely.area(parts), owner))
    rings, polygon = shapely.get_rings(parts[largest_first], return_index=True)
    steps, points = _steps(rings, scale)
    content = {
        "scale": scale,
        "codes": ordered["code"].astype(str).tolist(),
        "names": ordered["name"].astype(str).tolist(),
        "polygons": np.bincount(owner).tolist(),
        "rings": np.bincount(polygon).tolist(),
        "points": points,
        "steps": steps,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _steps(rings: npt.NDArray[np.object_], scale: int) -> tuple[list[int], list[int]]:
    """Rings as x, y, then the steps to the following points (1 / scale); points of each ring."""
    points, ring = shapely.get_coordinates(rings, return_index=True)
    whole = np.round(points * scale).astype(int)
    starts = np.diff(ring, prepend=-1) != 0
    steps = np.diff(whole, axis=0, prepend=whole[:1])
    steps[starts] = whole[starts]
    # A point that rounding brought onto the one before says nothing.
    kept = starts | (steps != 0).any(axis=1)
    return steps[kept].ravel().tolist(), np.bincount(ring[kept]).tolist()


def _symbols(layer: GeometryLayer, symbols: Symbols | None) -> dict[str, object] | None:
    """The radius of each circle, and the circles of the legend."""
    if symbols is None:
        return None
    shares = (symbols.values.reindex(list(layer.codes)).fillna(0) / (symbols.largest or 1)) ** 0.5
    steps = (shares * (_BASE - 1)).round().astype(int).tolist()
    least = _SMALLEST_STEP if len(steps) <= _COUNTRY_SIZE else _SMALLEST_STEP_COUNTRY
    return {
        "sizes": _sparse(steps, least),
        "radius": _LARGEST_RADIUS,
        "colour": symbols.colour,
        "ground": SYMBOL_GROUND,
        "legend": [
            [round(_LARGEST_RADIUS * symbols.share(value), 1), label]
            for value, label in symbols.legend
        ],
    }


def _packed(characters: str) -> dict[str, Any]:
    """The characters of a map in fewer, several of the same alphabet making one digit.

    `map.js` gives them back: `size` of them a digit, the last group filled with the first letter.
    """
    alphabet = sorted(set(characters)) or [OUTSIDE]
    base = max(len(alphabet), 2)
    size = 1
    while base ** (size + 1) <= len(_DIGITS):
        size += 1
    ranks = {character: rank for rank, character in enumerate(alphabet)}
    padded = characters + alphabet[0] * (-len(characters) % size)
    groups = np.array([ranks[one] for one in padded], dtype=int).reshape(-1, size)
    numbers = groups @ (base ** np.arange(size)[::-1])
    return {
        "alphabet": "".join(alphabet),
        "base": base,
        "size": size,
        "length": len(characters),
        "digits": "".join(_DIGITS[number] for number in numbers),
    }


def _sparse(steps: Sequence[int], least: int) -> str:
    """Places and values of the steps that reach `least`, three digits each.

    A gap too long for two digits is cut by an empty circle.
    """
    written = []
    last = -1
    for place, step in enumerate(steps):
        if step < least:
            continue
        gap = place - last
        while gap >= _BASE**2:
            written.append(_DIGITS[_BASE - 1] * 2 + _DIGITS[0])
            gap -= _BASE**2 - 1
        written.append(_DIGITS[gap // _BASE] + _DIGITS[gap % _BASE] + _DIGITS[step])
        last = place
    return "".join(written)


def _line(line: Line) -> dict[str, object]:
    return {
        "url": _from_component(line.layer.url),
        "label": line.style.label,
        "colour": line.style.colour,
        "weight": line.style.width,
        "dash": line.style.dash,
    }


def _points(
    points: pd.DataFrame | None, categories: Mapping[str, tuple[str, str, str]]
) -> dict[str, object]:
    """Categories that have a point, then one row a point: category, lon, lat, name."""
    if points is None:
        return {"categories": [], "rows": []}
    placed = points[points["category"].isin(list(categories))].dropna(subset=["lon", "lat"])
    ranks = {name: rank for rank, name in enumerate(placed["category"].unique())}
    described = []
    for name in ranks:
        label, colour, shape = categories[name]
        if shape not in SHAPES:
            raise ValueError(f"Forme de point inconnue : {shape!r} ; attendu : {list(SHAPES)}.")
        described.append({"label": label, "colour": colour, "shape": shape})
    rows = [
        [ranks[one.category], round(one.lon, 5), round(one.lat, 5), str(one.label)]
        for one in placed.rename(columns={"name": "label"}).itertuples()
    ]
    return {"categories": described, "rows": rows}


def _tooltip_lines(layer: GeometryLayer, characters: str, tooltips: pd.Series) -> list[str]:
    """Tooltips of the polygons inside the perimeter, in file order; [] for none or too many."""
    texts = tooltips.to_dict()
    if not texts or len(texts) > _TOOLTIPS:
        return []
    return [
        str(texts.get(code) or "")
        for code, character in zip(layer.codes, characters, strict=True)
        if character != OUTSIDE
    ]


def _marked_inside(layer: GeometryLayer, characters: str, marked: Collection[str]) -> list[str]:
    wanted = set(marked)
    return [
        code
        for code, character in zip(layer.codes, characters, strict=True)
        if character != OUTSIDE and code in wanted
    ]


def _new_click(memory: MutableMapping[Any, Any], name: str, answer: str | None) -> str | None:
    """The clicked code if `answer` differs from the one kept in `memory`, which is updated.

    `answer` starts with « @code@time@ », written by the tooltip of the browser: the time makes
    two clicks on the same commune two answers.
    """
    found = re.match(r"@([0-9A-Za-z-]+)@(\d+)@", answer or "")
    if found is None or memory.get(name) == found.group(0):
        return None
    memory[name] = found.group(0)
    return found.group(1)


def _script_json(value: object) -> str:
    """JSON that is safe inside a script, and that folium and streamlit-folium leave alone.

    folium parses the script as a Jinja template, where a text holding two braces would be run
    on the server; streamlit-folium rewrites names that follow an underscore.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029'_":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return re.sub(r"\{(?=[{%#])", r"\\u007b", text)


def _from_component(path: str) -> str:
    """Address of a static file seen from the component's iframe, whatever the app's base path."""
    return f"../..{path}"


_STYLE = Path(__file__).with_name("map.css").read_text("utf-8")
_SCRIPT = Path(__file__).with_name("map.js").read_text("utf-8")


def _asset(kind: str, content: str) -> tuple[str, bytes]:
    """File name, carrying a hash of the content, and bytes of one of the map's own files."""
    raw = content.encode("utf-8")
    return f"gradient-{hashlib.sha256(raw).hexdigest()[:12]}.{kind}", raw


_OWN_FILES = dict((_asset("js", _SCRIPT), _asset("css", _STYLE)))


def _links(leaflet: str, extension: str) -> list[tuple[str, str]]:
    own = [name for name in _OWN_FILES if name.endswith(extension)]
    return [(name, _from_component(f"/app/static/leaflet/{name}")) for name in (leaflet, *own)]


class _LocalMap(folium.Map):
    """A folium map whose scripts and style sheets are all served by the app."""

    default_js = _links("leaflet.js", ".js")
    default_css = _links("leaflet.css", ".css")


class _BaseScript(MacroElement):
    """The constant part of the map, sent again at each rerun but run once: start `_SCRIPT`."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "window.gradientStart({{ this._parent.get_name() }}, {{ this.configuration }});"
        "{% endmacro %}"
    )

    def __init__(self, configuration: dict[str, object]) -> None:
        super().__init__()
        self._name = "GradientBase"
        self.configuration = _script_json(configuration)


class _UpdateScript(MacroElement):
    """The part sent at each rerun: classes, colours, legend, tooltips, selection."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        # streamlit-folium adds each group to this list and never empties it.
        "window.feature_group = [];\nwindow.gradientMap.apply({{ this.update }});"
        "{% endmacro %}"
    )

    def __init__(self, update: dict[str, object]) -> None:
        super().__init__()
        self._name = "GradientUpdate"
        self.update = _script_json(update)


def _base_map(layer: GeometryLayer, attribution: str) -> folium.Map:
    west, south, east, north = layer.bounds
    base = _LocalMap(
        location=[(south + north) / 2, (west + east) / 2],
        zoom_start=8,
        tiles=None,
        prefer_canvas=True,
        keyboard=False,
        zoom_control=False,
        scroll_wheel_zoom=False,
        zoom_snap=0.1,
        zoom_delta=0.5,
        font_size="14px",
    )
    base.add_child(
        _BaseScript(
            {
                "url": _from_component(layer.url),
                "bounds": [[south, west], [north, east]],
                "credit": attribution,
                "boundaries": len(layer.codes) <= _COUNTRY_SIZE,
                "ink": INK,
                "fills": {OUTSIDE: OUTSIDE_COLOUR, INSIDE: PERIMETER_COLOUR, ABSENT: ABSENT_COLOUR},
                "hatch": HATCH_COLOUR,
                "digits": _DIGITS,
                "insets": [
                    {"prefix": prefix, "name": name}
                    for prefix, name in _insets(layer.codes).items()
                ],
                "backgrounds": list(BACKGROUNDS),
            }
        )
    )
    return base


def _update_group(update: dict[str, object]) -> folium.FeatureGroup:
    group = folium.FeatureGroup(control=False)
    group.add_child(_UpdateScript(update))
    return group
