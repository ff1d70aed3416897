"""The interactive choropleth map: folium through streamlit-folium, no request to the outside.

Leaflet and the geometry are static files of the app. The page sends the map once; afterwards a
change of indicator, classes or selection sends one character per polygon, the legend and the
tooltips, and the browser repaints in place: the iframe and the view are kept.

How it holds together (streamlit-folium 0.27): `_SCRIPT` is a static file too. A constant call
starts it, since streamlit-folium reloads its iframe when the constant part changes; it leaves
`gradientMap`, on which each rerun calls `apply` through a feature group.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import re
import tempfile
from collections.abc import Collection, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import streamlit as st
from branca.element import MacroElement
from folium.template import Template
from streamlit_folium import st_folium

from views.classification import (
    ABSENT,
    ABSENT_COLOUR,
    HATCH_COLOUR,
    INK,
    INSIDE,
    MAX_CLASSES,
    OUTSIDE,
    OUTSIDE_COLOUR,
    PERIMETER_COLOUR,
    Classes,
    class_characters,
)

CONTOUR_CREDIT = "Contours : IGN, Admin Express"

_COUNTRY_SIZE = 2_000  # above: fewer decimals and no boundary, to stay fluid


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
    there with the same content is left alone. Raises MapAssetsMissing if the package is absent.
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


def publish_layer(gdf: gpd.GeoDataFrame, static_dir: Path, key: str) -> GeometryLayer:
    """Write the compact GeoJSON of `gdf` under static_dir/geo, unless it is there already.

    `gdf` has the columns code, name and geometry (EPSG:4326). The file is sorted by code, keeps
    only code and name, and its name carries a hash of its content: the browser may keep it for
    good. `key` is lowered and every other character becomes a dash. Raises ValueError, in
    French, for another projection, a duplicated code, an empty geometry or no row.
    """
    name = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")
    _check_layer(gdf, name)
    ordered = gdf.sort_values("code", kind="stable")
    content = _geojson(ordered).encode("utf-8")
    filename = f"{name}-{hashlib.sha256(content).hexdigest()[:12]}.json"
    target = static_dir / "geo" / filename
    if not target.exists():
        _write_atomically(target, content)
    west, south, east, north = (float(edge) for edge in ordered.total_bounds)
    return GeometryLayer(
        key=name,
        url=f"/app/static/geo/{filename}",
        codes=tuple(ordered["code"].astype(str)),
        bounds=(west, south, east, north),
    )


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
) -> str | None:
    """Draw the map and return the code clicked since the last run, or None.

    `values`, `states` (ok, approx, secret, absent) and `tooltips` (plain text, lines separated
    by line feeds) are indexed by code. A commune without a tooltip shows its name and the label
    of its class. `inside` holds the codes of the perimeter; the rest of the layer is a light
    background that cannot be clicked. `colours` and `legend_labels` hold one item per class.
    The code is returned once: the next rerun gives None until another click, which may be on the
    same commune. Raises ValueError when colours, labels and classes do not match.
    """
    characters = class_characters(layer.codes, classes, values, states, inside)
    _check_legend(classes, colours, legend_labels)
    update: dict[str, object] = {
        "classes": characters,
        "colours": colours,
        "tooltips": _tooltip_lines(layer, characters, tooltips),
        "marked": _marked_inside(layer, characters, marked),
        "selected": selected,
        "title": legend_title,
        "labels": legend_labels,
        "markedLabel": marked_label,
        "approximateLabel": approximate_label,
        "absentLabel": absent_label,
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


def _geojson(ordered: gpd.GeoDataFrame) -> str:
    decimals = 5 if len(ordered) <= _COUNTRY_SIZE else 4
    geometries = shapely.transform(
        ordered.geometry.to_numpy(), lambda points: np.round(points, decimals)
    )
    features = [
        {
            "type": "Feature",
            "properties": {"code": str(code), "name": str(name)},
            "geometry": shapely.geometry.mapping(_largest_first(geometry)),
        }
        for code, name, geometry in zip(ordered["code"], ordered["name"], geometries, strict=True)
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":"))


def _largest_first(geometry: shapely.Geometry) -> shapely.Geometry:
    """The parts by decreasing area: Leaflet puts the mark of a polygon on its first part."""
    if geometry.geom_type != "MultiPolygon":
        return geometry
    return shapely.MultiPolygon(sorted(geometry.geoms, key=lambda part: part.area, reverse=True))


def _check_legend(
    classes: Classes | None, colours: Sequence[str], legend_labels: Sequence[str]
) -> None:
    expected = 0 if classes is None else classes.size
    if len(colours) != expected or len(legend_labels) != expected:
        raise ValueError(
            f"La légende attend {expected} couleurs et libellés ; "
            f"reçu {len(colours)} couleurs et {len(legend_labels)} libellés."
        )
    if expected > MAX_CLASSES:
        raise ValueError(f"Une carte porte au plus {MAX_CLASSES} classes, pas {expected}.")


def _tooltip_lines(layer: GeometryLayer, characters: str, tooltips: pd.Series) -> list[str]:
    """Tooltips of the polygons inside the perimeter, in file order; [] when there is none."""
    texts = tooltips.to_dict()
    if not texts:
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


_STYLE = """\
#map_div { background: #fff; }
.gradient-box { background: rgba(255, 255, 255, .94); border: 1px solid #d5d9df;
  border-radius: 6px; color: #1f2933; padding: 10px 12px; max-width: 230px;
  font: 13px/1.35 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
.gradient-legend { overflow-y: auto; box-sizing: border-box; }
.gradient-legend strong { display: block; margin-bottom: 6px; overflow-wrap: anywhere; }
.gradient-row { display: flex; align-items: center; gap: 8px; margin-top: 3px; }
.gradient-row.gradient-first { margin-top: 9px; }
.gradient-swatch { flex: none; width: 24px; height: 15px; border: 1px solid #b4bac3;
  box-sizing: border-box; background-size: 8px 8px; }
.gradient-dot { flex: none; width: 24px; text-align: center; line-height: 0; }
.gradient-dot i { display: inline-block; width: 8px; height: 8px; border-radius: 50%;
  background: #1f2933; border: 1px solid #fff; outline: 1px solid #1f2933; }
.gradient-error { position: absolute; z-index: 1100; top: 40%; left: 50%;
  transform: translateX(-50%); max-width: 320px; text-align: center; }
.leaflet-tooltip.gradient-tip { white-space: normal; max-width: 280px; width: max-content;
  font: 13px/1.35 system-ui, "Segoe UI", "DejaVu Sans", sans-serif;
  color: #1f2933; padding: 7px 10px; }
.gradient-tip div { white-space: pre-line; overflow-wrap: anywhere; }
.leaflet-control-attribution { font-size: 11px; }
.leaflet-bar button { display: grid; place-items: center; width: 30px; height: 30px; border: 0;
  padding: 0; background: #fff; cursor: pointer; }
.leaflet-bar svg { width: 16px; height: 16px; fill: none; stroke: #000; stroke-width: 2; }
.leaflet-bar button + button { border-top: 1px solid #ccc; }
.leaflet-bar button:hover { background: #f4f4f4; }
"""

_SCRIPT = """\
window.gradientStart = function (map, config) {
  const state = { polygons: [], codes: {}, update: null, perimeter: null, moved: false };
  const container = map.getContainer();

  // Without animation: a running zoom would end after, and undo, the fit to the perimeter.
  if (container.clientWidth) map.fitBounds(config.bounds, { animate: false });
  const layer = L.geoJSON(null, { smoothFactor: 0, renderer: L.canvas({ padding: 0.3 }) });
  layer.addTo(map);
  map.createPane("gradient-top").style.cssText = "z-index: 450; pointer-events: none";
  const top = L.svg({ pane: "gradient-top" });
  const overlay = L.layerGroup().addTo(map);
  const hover = L.layerGroup().addTo(map);

  function element(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  }
  function tile(draw) {
    const canvas = element("canvas");
    canvas.width = canvas.height = 8;
    draw(canvas.getContext("2d"));
    return canvas;
  }
  const hatchTile = tile((pen) => {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = config.hatch;
    pen.lineWidth = 1.6;
    [-8, 0, 8].forEach((shift) => {
      pen.moveTo(shift - 2, 10);
      pen.lineTo(shift + 10, -2);
    });
    pen.stroke();
  });
  function dottedTile(colour, dark) {
    return tile((pen) => {
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 8, 8);
      pen.fillStyle = dark ? "rgba(255,255,255,.8)" : "rgba(31,41,51,.6)";
      pen.beginPath();
      pen.arc(4, 4, 1.2, 0, 7);
      pen.fill();
    });
  }
  function isDark(colour) {
    const part = (start) => parseInt(colour.slice(start, start + 2), 16);
    return 0.299 * part(1) + 0.587 * part(3) + 0.114 * part(5) < 140;
  }
  function pattern(canvas) {
    return canvas.getContext("2d").createPattern(canvas, "repeat");
  }
  function styles(update) {
    const fills = Object.assign({ s: pattern(hatchTile) }, config.fills);
    update.colours.forEach((colour, index) => {
      fills[index] = colour;
      fills["ABCDEFG"[index]] = pattern(dottedTile(colour, isDark(colour)));
    });
    const result = {};
    Object.keys(fills).forEach((character) => {
      result[character] = {
        fillColor: fills[character], fillOpacity: 1, stroke: config.boundaries, weight: 0.8,
        color: { x: "#dde1e6", s: "#aab0b9" }[character] || "#fff",
      };
    });
    return result;
  }

  function outline(code, group, weight) {
    const polygon = state.codes[code];
    if (!polygon) return;
    const common = { fill: false, interactive: false, renderer: top };
    const shape = polygon.getLatLngs();
    L.polygon(shape, { ...common, color: "#fff", weight: weight + 2.5 }).addTo(group);
    L.polygon(shape, { ...common, color: config.ink, weight: weight }).addTo(group);
  }
  function mark(code, index, all) {
    const polygon = state.codes[code];
    if (!polygon) return;
    L.circleMarker(polygon.getCenter(), { radius: all.length > 300 ? 1.8 : 3.5,
      color: "#fff", weight: 1.2, fillColor: config.ink, fillOpacity: 1,
      interactive: false, renderer: top }).addTo(overlay);
  }

  const legend = L.control({ position: "topright" });
  legend.onAdd = () => {
    legend.box = element("div", "gradient-box gradient-legend");
    L.DomEvent.disableClickPropagation(legend.box);
    L.DomEvent.disableScrollPropagation(legend.box);
    return legend.box;
  };
  legend.addTo(map);
  function row(text, swatch, first) {
    const line = element("div", "gradient-row" + (first ? " gradient-first" : ""));
    line.append(swatch, element("span", "", text));
    legend.box.append(line);
  }
  function swatch(fill) {
    const box = element("span", "gradient-swatch");
    box.style.background = typeof fill === "string" ? fill : `url(${fill.toDataURL()})`;
    return box;
  }
  function drawLegend(update) {
    const present = new Set(update.classes);
    legend.box.replaceChildren(element("strong", "", update.title));
    legend.box.style.maxHeight = `${container.clientHeight - 40}px`;
    update.labels.forEach((label, index) => row(label, swatch(update.colours[index])));
    let first = update.labels.length > 0;
    const extra = (text, sample) => { row(text, sample, first); first = false; };
    const middle = update.colours[Math.floor(update.colours.length / 2)];
    if (present.has("i")) extra("Dans le périmètre", swatch(config.fills.i));
    if (/[A-G]/.test(update.classes)) {
      extra(update.approximateLabel, swatch(dottedTile(middle, isDark(middle))));
    }
    if (present.has("s")) extra("Secret statistique", swatch(hatchTile));
    if (present.has("a")) extra(update.absentLabel, swatch(config.fills.a));
    if (update.marked.length) {
      const dot = element("span", "gradient-dot");
      dot.append(element("i"));
      extra(update.markedLabel, dot);
    }
    if (present.has("x")) extra("Hors du périmètre", swatch(config.fills.x));
  }

  function describe(polygon) {
    const index = polygon.gradientIndex;
    const character = state.update.classes[index];
    const name = polygon.feature.properties.name;
    const lines = (state.tooltips[index] || "").split("\\n");
    const rest = lines[0] === name ? lines.slice(1) : lines;
    if (character === "x") rest.splice(0, rest.length, "Hors du périmètre");
    else if (!rest.join("")) rest.splice(0, rest.length, classLabel(character));
    return [name, rest.join("\\n")];
  }
  function classLabel(character) {
    const special = { i: "", s: "Secret statistique", a: state.update.absentLabel };
    if (character in special) return special[character];
    const approximate = "ABCDEFG".indexOf(character);
    if (approximate < 0) return state.update.labels[Number(character)];
    return state.update.labels[approximate] + ` (${state.update.approximateLabel.toLowerCase()})`;
  }
  layer.bindTooltip((polygon) => {
    const box = element("div");
    if (!state.update) return box;
    if (state.update.classes[polygon.gradientIndex] !== "x") {
      // Read by the page when the polygon is clicked; never shown.
      const code = polygon.feature.properties.code;
      box.append(element("span", "", `@${code}@${Date.now()}@`));
      box.firstChild.hidden = true;
    }
    const [name, text] = describe(polygon);
    box.append(element("b", "", name), element("div", "", text));
    return box;
  }, { sticky: true, className: "gradient-tip", opacity: 1 });
  layer.on("mouseover", (event) => {
    hover.clearLayers();
    outline(event.layer.feature.properties.code, hover, 1.5);
  });
  layer.on("mouseout", () => hover.clearLayers());

  function showError(text) {
    const box = element("div", "gradient-box gradient-error", text);
    box.setAttribute("role", "alert");
    container.append(box);
  }
  function fit() {
    if (!container.clientWidth) return; // hidden, in a tab: the resize event comes back here
    const chosen = state.polygons.filter((polygon, index) => state.update.classes[index] !== "x");
    const shown = chosen.length ? chosen : state.polygons;
    const bounds = L.latLngBounds([]);
    shown.forEach((polygon) => bounds.extend(polygon.getBounds()));
    const right = container.clientWidth > 520 ? legend.box.offsetWidth + 24 : 12;
    map.fitBounds(bounds, {
      paddingTopLeft: [container.clientWidth > 520 ? 48 : 12, 12],
      paddingBottomRight: [right, 12], animate: false,
    });
  }
  function paint() {
    const update = state.update;
    if (!update || !state.polygons.length) return;
    if (update.classes.length !== state.polygons.length) {
      showError("Les données et le fond de carte ne correspondent pas : rechargez la page.");
      return;
    }
    let rank = 0;
    state.tooltips = Array.from(
      update.classes, (c) => c === "x" ? "" : update.tooltips[rank++] || "");
    const style = styles(update);
    state.polygons.forEach((polygon, index) => polygon.setStyle(style[update.classes[index]]));
    overlay.clearLayers();
    update.marked.forEach(mark);
    if (update.selected) outline(update.selected, overlay, 3);
    const perimeter = update.classes.replace(/[^x]/g, "i");
    if (perimeter !== state.perimeter) {
      state.perimeter = perimeter;
      state.moved = false;
      fit();
    }
  }
  window.gradientMap = {
    map: map,
    apply(update) {
      state.update = update;
      drawLegend(update);
      paint();
    },
  };

  // The fit leaves room for the legend, whose width is known once the style sheets are there.
  const sheets = [...document.querySelectorAll("link[rel=stylesheet]")].map((link) =>
    link.sheet || new Promise((done) => { link.onload = link.onerror = done; }));
  const geometry = fetch(config.url, { cache: "force-cache" })
    .then((answer) => answer.ok ? answer.json() : Promise.reject(new Error(answer.status)));
  Promise.all([geometry, ...sheets])
    .then(([collection]) => {
      layer.addData(collection);
      state.polygons = layer.getLayers();
      state.polygons.forEach((polygon, index) => {
        polygon.gradientIndex = index;
        state.codes[polygon.feature.properties.code] = polygon;
      });
      paint();
    })
    .catch(() => showError("Le fond de carte n'a pas pu être chargé."));

  const zoom = L.control.zoom({ zoomInTitle: "Zoomer", zoomOutTitle: "Dézoomer" }).addTo(map);
  const tools = L.control({ position: "topleft" });
  tools.onAdd = () => {
    const bar = element("div", "leaflet-bar");
    L.DomEvent.disableClickPropagation(bar);
    [["M2 8 8 2l6 6M4 7v7h8V7", "Revenir au périmètre", () => { state.moved = false; fit(); }],
      ["M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4", "Plein écran", () => document.fullscreenElement
        ? document.exitFullscreen() : container.requestFullscreen()],
    ].forEach(([drawing, title, action]) => {
      const button = element("button");
      button.type = "button";
      button.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${drawing}"/></svg>`;
      button.title = title;
      button.setAttribute("aria-label", title);
      button.onclick = action;
      bar.append(button);
    });
    return bar;
  };
  tools.addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  const credit = element("span", "", config.credit);
  map.attributionControl.setPrefix("Leaflet").addAttribution(credit.innerHTML);

  const moved = () => { state.moved = true; };
  map.on("dragstart", moved);
  zoom.getContainer().addEventListener("click", moved);
  ["wheel", "dblclick", "touchmove"].forEach((name) => container.addEventListener(name, moved));
  map.on("resize", () => {
    if (!state.update) return;
    drawLegend(state.update);
    if (state.polygons.length && !state.moved) fit();
  });
  // The wheel scrolls the page until the map is clicked: a map must not trap the reader.
  container.addEventListener("mousedown", () => map.scrollWheelZoom.enable());
  container.addEventListener("mouseleave", () => map.scrollWheelZoom.disable());
  // A click takes the keyboard: it is given back to the page, whose shortcuts keep working.
  ["mouseup", "touchend"].forEach((name) => container.addEventListener(
    name, () => setTimeout(() => window.parent.focus(), 0)));
};
"""


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
            }
        )
    )
    return base


def _update_group(update: dict[str, object]) -> folium.FeatureGroup:
    group = folium.FeatureGroup(control=False)
    group.add_child(_UpdateScript(update))
    return group
