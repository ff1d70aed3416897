// The browser half of views/maps.py. `gradientStart` is called once a map; every rerun of the page
// then calls `gradientMap.apply` with what changed: one character a polygon, colours, legend.
window.gradientStart = function (map, config) {
  const state = {
    polygons: [], codes: {}, update: null, perimeter: null, moved: false,
    hidden: new Set(), known: new Set(), lines: {}, background: "", tiles: null, failed: false,
  };
  const container = map.getContainer();
  document.documentElement.lang = "fr"; // or a screen reader would read it with English sounds
  const APPROXIMATE = "ABCDEFGHI";
  const digit = Object.fromEntries(Array.from(config.digits, (one, rank) => [one, rank]));
  const BASE = 64; // of the places and radii of circles

  // Without animation: a running zoom would end after, and undo, the fit to the perimeter.
  if (container.clientWidth) map.fitBounds(config.bounds, { animate: false });
  map.createPane("gradient-lines").style.cssText = "z-index: 440; pointer-events: none";
  map.createPane("gradient-top").style.cssText = "z-index: 450; pointer-events: none";
  const lineCanvas = L.canvas({ pane: "gradient-lines", padding: 0.3 });

  function element(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  }

  // The inverses of `_packed`, `_sparse` and `_compact` in views/maps.py.
  function unpacked({ alphabet, base, size, length, digits }) {
    let characters = "";
    for (const one of digits) {
      let number = digit[one];
      let group = "";
      for (let rank = 0; rank < size; rank += 1) {
        group = alphabet[number % base] + group;
        number = Math.floor(number / base);
      }
      characters += group;
    }
    return characters.slice(0, length);
  }
  function sizes(text) {
    const found = [];
    let place = -1;
    for (let at = 0; at < text.length; at += 3) {
      place += BASE * digit[text[at]] + digit[text[at + 1]];
      if (digit[text[at + 2]]) found.push([digit[text[at + 2]], place]);
    }
    return found;
  }
  // Points are kept in one list of numbers a file, projected once in pixels of the zoom 0 (Web
  // Mercator, as Leaflet does): an object a point, as in L.Polygon, takes seconds on a country.
  const WORLD = 256;
  const mercator = (latitude) =>
    WORLD / 2 - WORLD * Math.log(Math.tan(Math.PI / 4 + latitude * Math.PI / 360)) / (2 * Math.PI);
  function decoded({ scale, codes, names, polygons, rings, points: counts, steps }) {
    const points = new Float64Array(steps.length);
    let at = 0;
    let ringRank = 0;
    let polygonRank = 0;
    function ring() {
      const first = at;
      const last = at + 2 * counts[ringRank++];
      let x = 0;
      let y = 0;
      for (; at < last; at += 2) {
        x += steps[at];
        y += steps[at + 1];
        points[at] = WORLD * (x / scale / 360 + 0.5);
        points[at + 1] = mercator(y / scale);
      }
      return [first, last];
    }
    const times = (count, make) => Array.from({ length: count }, make);
    const polygon = () => times(rings[polygonRank++], ring);
    return codes.map((code, index) => ({
      code, name: names[index], points, polygons: times(polygons[index], polygon),
    }));
  }
  // A polygon whose points stay numbers; those that share a pixel are drawn once.
  const Territory = L.Polygon.extend({
    initialize(shape, options) {
      L.setOptions(this, options);
      this.shape = shape;
      const box = this._box = [Infinity, Infinity, -Infinity, -Infinity];
      shape.polygons.forEach((rings) => {
        for (let [at, end] = rings[0]; at < end; at += 2) {
          const x = shape.points[at];
          const y = shape.points[at + 1];
          if (x < box[0]) box[0] = x;
          if (y < box[1]) box[1] = y;
          if (x > box[2]) box[2] = x;
          if (y > box[3]) box[3] = y;
        }
      });
    },
    getBounds() {
      const corner = (x, y) => L.CRS.EPSG3857.pointToLatLng(L.point(x, y), 0);
      return L.latLngBounds(corner(this._box[0], this._box[1]), corner(this._box[2], this._box[3]));
    },
    // Asked for a few polygons only: those that are outlined or marked.
    getLatLngs() {
      const { points: numbers, polygons } = this.shape;
      const place = ([first, last]) => Array.from({ length: (last - first) / 2 }, (_, rank) =>
        L.CRS.EPSG3857.pointToLatLng(
          L.point(numbers[first + 2 * rank], numbers[first + 2 * rank + 1]), 0));
      return polygons.map((rings) => rings.map(place));
    },
    toGeoJSON: undefined, // or streamlit-folium would write a country out at each click
    _defaultShape() {
      return this.getLatLngs()[0][0];
    },
    _project() {
      const scale = this._scale = this._map.options.crs.scale(this._map.getZoom()) / WORLD;
      const { x, y } = this._origin = this._map.getPixelOrigin();
      const [west, north, east, south] = this._box.map((one) => one * scale);
      this._rawPxBounds = L.bounds([west - x, north - y], [east - x, south - y]);
      this._updateBounds();
    },
    _update() {
      if (this._map) this._updatePath();
    },
    _updatePath() {
      const { _drawing: drawing, _ctx: pen, _bounds: seen } = this._renderer;
      if (!drawing || !this._pxBounds.intersects(seen)) return;
      pen.beginPath();
      this._eachRing((xs, ys) => {
        pen.moveTo(xs[0], ys[0]);
        for (let at = 1; at < xs.length; at += 1) pen.lineTo(xs[at], ys[at]);
        pen.closePath();
      });
      this._renderer._fillStroke(pen, this);
    },
    _containsPoint(point) {
      if (!this._pxBounds || !this._pxBounds.contains(point)) return false;
      let inside = false;
      this._eachRing((xs, ys) => {
        for (let at = 0, last = xs.length - 1; at < xs.length; last = at, at += 1) {
          if ((ys[at] > point.y) !== (ys[last] > point.y) && point.x <
            (xs[last] - xs[at]) * (point.y - ys[at]) / (ys[last] - ys[at]) + xs[at]) inside = !inside;
        }
      });
      return inside;
    },
    // Whole pixels, as Leaflet rounds them: neighbours keep the same border.
    _eachRing(use) {
      const { points: numbers, polygons } = this.shape;
      polygons.forEach((rings) => rings.forEach(([first, last]) => {
        const xs = [];
        const ys = [];
        for (let at = first; at < last; at += 2) {
          const x = Math.round(numbers[at] * this._scale) - this._origin.x;
          const y = Math.round(numbers[at + 1] * this._scale) - this._origin.y;
          const end = xs.length - 1;
          if (end < 0 || x !== xs[end] || y !== ys[end]) {
            xs.push(x);
            ys.push(y);
          }
        }
        use(xs, ys);
      }));
    },
  });
  function load(url) {
    return fetch(url, { cache: "force-cache" })
      .then((answer) => answer.ok ? answer.json() : Promise.reject(new Error(answer.status)))
      .then(decoded);
  }

  // The main map and, for territories overseas beside the métropole, one small map each.
  function surface(leaflet, prefix) {
    const made = {
      // On the map while still empty: streamlit-folium listens to the layers that it finds at first.
      map: leaflet, prefix: prefix, layer: L.featureGroup().addTo(leaflet), polygons: [],
      canvas: L.canvas({ padding: 0.3 }),
      overlay: L.layerGroup().addTo(leaflet), hover: L.layerGroup().addTo(leaflet),
      symbols: L.layerGroup().addTo(leaflet), marks: L.layerGroup().addTo(leaflet),
    };
    if (leaflet !== map) {
      leaflet.createPane("gradient-top").style.cssText = "z-index: 450; pointer-events: none";
    }
    made.top = L.svg({ pane: "gradient-top" });
    return made;
  }
  const insetBox = element("div", "gradient-insets");
  const surfaces = [surface(map, "")];
  config.insets.forEach(({ name, prefix }) => {
    const frame = element("div", "gradient-inset");
    const place = element("div", "gradient-inset-map");
    frame.append(place, element("span", "", name));
    insetBox.append(frame);
    if (!insetBox.parentNode) {
      container.append(insetBox);
      ["click", "mousedown", "dblclick", "wheel", "touchstart"].forEach((name_) =>
        insetBox.addEventListener(name_, (event) => event.stopPropagation()));
    }
    const inset = L.map(place, {
      zoomControl: false, attributionControl: false, zoomSnap: 0, dragging: false,
      scrollWheelZoom: false, doubleClickZoom: false, boxZoom: false, touchZoom: false,
      keyboard: false, preferCanvas: true, fadeAnimation: false, zoomAnimation: false,
    }).setView([0, 0], 5);
    L.control.scale({ imperial: false, maxWidth: 56 }).addTo(inset);
    surfaces.push(surface(inset, prefix));
  });
  const main = surfaces[0];
  const surfaceOf = (code) => surfaces.find((one) => one.prefix && code.startsWith(one.prefix)) || main;

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
  // White or black, that which contrasts more: as `text_on` in views/map_sheet.py.
  function textOn(colour) {
    const [red, green, blue] = [1, 3, 5].map((start) => {
      const one = parseInt(colour.slice(start, start + 2), 16) / 255;
      return one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
    });
    const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    return 1.05 / (light + 0.05) > (light + 0.05) / 0.05 ? "#fff" : "#000";
  }
  function pattern(canvas) {
    return canvas.getContext("2d").createPattern(canvas, "repeat");
  }
  function styles(update) {
    const fills = Object.assign({ s: pattern(hatchTile) }, config.fills);
    if (update.symbols) fills.i = update.symbols.ground;
    update.colours.forEach((colour, index) => {
      fills[index] = colour;
      fills[APPROXIMATE[index]] = pattern(dottedTile(colour, isDark(colour)));
    });
    const result = {};
    Object.keys(fills).forEach((character) => {
      result[character] = {
        fillColor: fills[character], stroke: config.boundaries, weight: 0.8,
        // Over a background, the streets must show through.
        fillOpacity: state.tiles ? (character === "x" ? 0.1 : 0.68) : 1,
        color: { x: "#dde1e6", s: "#aab0b9" }[character] || "#fff",
      };
    });
    return result;
  }

  function outline(code, place, group, weight) {
    const polygon = state.codes[code];
    if (!polygon) return;
    const common = { fill: false, interactive: false, renderer: place.top };
    const shape = polygon.getLatLngs();
    L.polygon(shape, { ...common, color: "#fff", weight: weight + 2.5 }).addTo(group);
    L.polygon(shape, { ...common, color: config.ink, weight: weight }).addTo(group);
  }
  function mark(code, index, all) {
    const polygon = state.codes[code];
    if (!polygon) return;
    const place = surfaceOf(code);
    L.circleMarker(polygon.getCenter(), { radius: all.length > 300 ? 1.8 : 3.5,
      color: "#fff", weight: 1.2, fillColor: config.ink, fillOpacity: 1,
      interactive: false, renderer: place.top }).addTo(place.marks);
  }
  function drawMarks(update) {
    surfaces.forEach((place) => place.marks.clearLayers());
    if (!state.hidden.has("marks")) update.marked.forEach(mark);
  }

  // Circles whose area is proportional to a count, the largest under the others.
  function drawSymbols(update) {
    surfaces.forEach((one) => one.symbols.clearLayers());
    if (!update.symbols) return;
    sizes(update.symbols.sizes).sort((one, other) => other[0] - one[0] || one[1] - other[1])
      .forEach(([step, index]) => {
        const polygon = state.polygons[index];
        const place = surfaceOf(polygon.shape.code);
        L.circleMarker(polygon.getCenter(), {
          radius: step / (BASE - 1) * update.symbols.radius, interactive: false,
          color: "#fff", weight: 0.8, fillColor: update.symbols.colour, fillOpacity: 0.75,
          renderer: place.canvas,
        }).addTo(place.symbols);
      });
  }

  // Points of a category share a shape and a colour: neither is needed to tell them apart.
  function trace(pen, shape, x, y, r) {
    pen.beginPath();
    if (shape === "cercle") {
      pen.arc(x, y, r, 0, 7);
      return;
    }
    const ring = {
      carre: [[-1, -1], [1, -1], [1, 1], [-1, 1]],
      losange: [[0, -1.35], [1.35, 0], [0, 1.35], [-1.35, 0]],
      triangle: [[0, -1.3], [1.25, 1], [-1.25, 1]],
      "triangle-bas": [[0, 1.3], [1.25, -1], [-1.25, -1]],
      croix: [[-0.45, -1.3], [0.45, -1.3], [0.45, -0.45], [1.3, -0.45], [1.3, 0.45], [0.45, 0.45],
        [0.45, 1.3], [-0.45, 1.3], [-0.45, 0.45], [-1.3, 0.45], [-1.3, -0.45], [-0.45, -0.45]],
      etoile: Array.from({ length: 10 }, (_, i) => {
        const reach = i % 2 ? 0.62 : 1.5;
        return [reach * Math.sin(i * Math.PI / 5), -reach * Math.cos(i * Math.PI / 5)];
      }),
    }[shape];
    ring.forEach(([dx, dy], i) => pen[i ? "lineTo" : "moveTo"](x + dx * r, y + dy * r));
    pen.closePath();
  }
  const ShapeMarker = L.CircleMarker.extend({
    _updatePath() {
      const { _ctx: pen, _drawing: drawing } = this._renderer;
      if (!drawing || this._empty()) return;
      trace(pen, this.options.shape, this._point.x, this._point.y, this._radius);
      // A white edge around the dark one: whatever is under, one of them is seen.
      pen.lineWidth = 4;
      pen.strokeStyle = "#fff";
      pen.lineJoin = "round";
      pen.stroke();
      this._renderer._fillStroke(pen, this);
    },
  });
  const points = L.featureGroup().addTo(map);
  points.bindTooltip((marker) => {
    const box = element("div");
    box.append(element("b", "", marker.options.name), element("div", "", marker.options.category));
    return box;
  }, { className: "gradient-tip", opacity: 1 });
  function drawPoints(update) {
    points.clearLayers();
    update.points.rows.forEach(([rank, lon, lat, name]) => {
      const category = update.points.categories[rank];
      if (state.hidden.has(`point:${category.label}`)) return;
      new ShapeMarker([lat, lon], {
        shape: category.shape, radius: 5, color: config.ink, weight: 1, fillColor: category.colour,
        fillOpacity: 1, renderer: main.canvas, name: name, category: category.label,
      }).addTo(points);
    });
  }

  // Lines over the colours (limits, outlines of quarters): each file is fetched once.
  function drawLines(update) {
    const wanted = Object.fromEntries(update.lines.map((line) => [line.url, line]));
    Object.keys(state.lines).forEach((url) => {
      if (!wanted[url]) { state.lines[url].remove(); delete state.lines[url]; }
    });
    update.lines.forEach((line) => {
      if (!state.lines[line.url]) {
        const group = state.lines[line.url] = L.layerGroup();
        const common = { interactive: false, renderer: lineCanvas, fill: false };
        load(line.url)
          .then((shapes) => [["#fff", line.weight + 2, null], [line.colour, line.weight, line.dash]]
            .forEach(([color, weight, dashArray]) => shapes.forEach((shape) =>
              new Territory(shape, { ...common, color, weight, dashArray }).addTo(group))))
          .catch(() => showError(`Le tracé « ${line.label} » n'a pas pu être chargé.`));
      }
      const shown = !state.hidden.has(`line:${line.label}`);
      if (shown !== map.hasLayer(state.lines[line.url])) {
        if (shown) state.lines[line.url].addTo(map); else state.lines[line.url].remove();
      }
    });
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
  function toggle(name, text, sample, first, where = legend.box) {
    const line = element("label", "gradient-row" + (first ? " gradient-first" : ""));
    const box = element("input");
    box.type = "checkbox";
    box.checked = !state.hidden.has(name);
    box.onchange = () => {
      if (box.checked) state.hidden.delete(name); else state.hidden.add(name);
      drawMarks(state.update);
      drawLines(state.update);
      drawPoints(state.update);
    };
    line.append(box, sample, element("span", "", text));
    where.append(line);
  }
  function pointSample({ shape, colour }) {
    const canvas = element("canvas", "gradient-point");
    canvas.width = canvas.height = 32;
    const pen = canvas.getContext("2d");
    trace(pen, shape, 16, 16, 9);
    pen.fillStyle = colour;
    pen.fill();
    pen.lineWidth = 2;
    pen.strokeStyle = config.ink;
    pen.stroke();
    return canvas;
  }
  function lineSample({ colour, dash }) {
    const sample = element("span", "gradient-line");
    sample.style.borderTop = `3px ${dash ? "dashed" : "solid"} ${colour}`;
    return sample;
  }
  function circleRows({ legend: circles, colour }) {
    circles.forEach(([radius, label]) => {
      const sample = element("span", "gradient-circle");
      const dot = element("i");
      dot.style.width = dot.style.height = `${2 * radius}px`;
      dot.style.background = colour;
      sample.append(dot);
      row(label, sample);
    });
  }
  // The key of two crossed indicators: high on the first to the right, on the second upwards.
  function gridKey({ across, up, counts }, colours) {
    const table = element("table", "gradient-grid");
    [2, 1, 0].forEach((y) => {
      const line = element("tr");
      [0, 1, 2].forEach((x) => {
        const cell = element("td", "", String(counts[3 * y + x]));
        cell.style.background = colours[3 * y + x];
        cell.style.color = textOn(colours[3 * y + x]);
        line.append(cell);
      });
      table.append(line);
    });
    const box = element("div", "gradient-key");
    box.append(element("div", "", `↑ ${up}`), table, element("div", "", `${across} →`));
    legend.box.append(box);
  }
  // Those that a page offers without showing them stay folded: the classes come first.
  function pointToggles({ categories, shown }) {
    if (!categories.length) return;
    const asked = categories.some(({ label }) => !state.hidden.has(`point:${label}`));
    const box = shown ? legend.box : element("details", "gradient-first");
    if (!shown) {
      box.open = state.unfolded || asked;
      box.ontoggle = () => { state.unfolded = box.open; };
      box.append(element("summary", "", "Lieux de soins"));
      legend.box.append(box);
    }
    categories.forEach((category, rank) => toggle(`point:${category.label}`, category.label,
      pointSample(category), shown && !rank && !legend.box.querySelector("input"), box));
  }
  function backgrounds() {
    const box = element("details", "gradient-first");
    box.open = Boolean(state.background) || state.failed;
    box.append(element("summary", "", "Fond de plan"));
    [{ label: "Aucun", name: "" }, ...config.backgrounds].forEach(({ label, name }) => {
      const line = element("label", "gradient-row");
      const choice = element("input");
      choice.type = "radio";
      choice.name = "gradient-background";
      choice.checked = state.background === name;
      choice.onchange = () => { state.failed = false; setBackground(name); };
      line.append(choice, element("span", "", label));
      box.append(line);
    });
    const said = state.failed ? "Ce fond demande un accès à l'internet : il n'a pas répondu."
      : "Demande une image à un autre site.";
    const note = element("div", "gradient-note", said);
    if (state.failed) note.setAttribute("role", "alert");
    box.append(note);
    legend.box.append(box);
  }
  function setBackground(name) {
    if (state.tiles) state.tiles.remove();
    const chosen = config.backgrounds.find((one) => one.name === name);
    state.background = chosen ? name : "";
    state.tiles = chosen ? L.tileLayer(chosen.url, { attribution: chosen.credit, maxZoom: 19 }) : null;
    if (state.tiles) {
      const tiles = state.tiles;
      let loaded = false;
      tiles.on("tileload", () => { loaded = true; });
      // Without a network the map goes back to no background, and says so.
      tiles.on("tileerror", () => {
        if (loaded || state.tiles !== tiles) return;
        state.failed = true;
        setBackground("");
      });
      tiles.addTo(map);
    }
    const focused = legend.box.contains(document.activeElement);
    drawLegend(state.update);
    if (focused) legend.box.querySelector("input[type=radio]:checked").focus();
    paint();
  }
  function drawLegend(update) {
    const present = new Set(update.classes);
    legend.box.replaceChildren(element("strong", "", update.title));
    legend.box.style.maxHeight = `${container.clientHeight - 40}px`;
    if (update.grid) gridKey(update.grid, update.colours);
    else update.labels.forEach((label, index) => row(label, swatch(update.colours[index])));
    if (update.symbols) circleRows(update.symbols);
    let first = update.labels.length > 0 || Boolean(update.symbols);
    const extra = (text, sample) => { row(text, sample, first); first = false; };
    const middle = update.colours[Math.floor(update.colours.length / 2)];
    if (present.has("i") && !update.symbols) extra("Dans le périmètre", swatch(config.fills.i));
    if (/[A-I]/.test(update.classes)) {
      extra(update.approximateLabel, swatch(dottedTile(middle, isDark(middle))));
    }
    if (present.has("s")) extra("Secret statistique", swatch(hatchTile));
    if (present.has("a")) extra(update.absentLabel, swatch(config.fills.a));
    if (present.has("x")) extra("Hors du périmètre", swatch(config.fills.x));
    if (update.marked.length) {
      const dot = element("span", "gradient-dot");
      dot.append(element("i"));
      toggle("marks", update.markedLabel, dot, true);
    }
    update.lines.forEach((line, rank) =>
      toggle(`line:${line.label}`, line.label, lineSample(line), !rank && !update.marked.length));
    pointToggles(update.points);
    if (update.source) legend.box.append(element("div", "gradient-note gradient-first", update.source));
    backgrounds();
  }

  function describe(polygon) {
    const index = polygon.gradientIndex;
    const character = state.update.classes[index];
    const name = polygon.shape.name;
    const lines = (state.tooltips[index] || "").split("\n");
    const rest = lines[0] === name ? lines.slice(1) : lines;
    if (character === "x") rest.splice(0, rest.length, "Hors du périmètre");
    else if (!rest.join("")) rest.splice(0, rest.length, classLabel(character));
    return [name, rest.join("\n")];
  }
  function classLabel(character) {
    const special = { i: "", s: "Secret statistique", a: state.update.absentLabel };
    if (character in special) return special[character];
    const approximate = APPROXIMATE.indexOf(character);
    if (approximate < 0) return state.update.labels[Number(character)];
    return state.update.labels[approximate] + ` (${state.update.approximateLabel.toLowerCase()})`;
  }
  surfaces.forEach((place) => {
    place.layer.bindTooltip((polygon) => {
      const box = element("div");
      if (!state.update) return box;
      if (state.update.classes[polygon.gradientIndex] !== "x") {
        // Read by the page when the polygon is clicked; never shown.
        const code = polygon.shape.code;
        box.append(element("span", "", `@${code}@${Date.now()}@`));
        box.firstChild.hidden = true;
      }
      const [name, text] = describe(polygon);
      box.append(element("b", "", name), element("div", "", text));
      return box;
    }, { sticky: true, className: "gradient-tip", opacity: 1 });
    place.layer.on("mouseover", (event) => {
      place.hover.clearLayers();
      outline(event.layer.shape.code, place, place.hover, 1.5);
    });
    place.layer.on("mouseout", () => place.hover.clearLayers());
    if (place !== main) place.layer.on("click", (event) => choose(event.layer));
  });
  // streamlit-folium listens to the mouse on the main map only: an inset and the keyboard speak to
  // the page by themselves.
  function choose(polygon) {
    if (state.update.classes[polygon.gradientIndex] === "x") return;
    window.parent.postMessage({
      isStreamlitMessage: true, type: "streamlit:setComponentValue", dataType: "json",
      value: { ["last_object_clicked_tooltip"]: `@${polygon.shape.code}@${Date.now()}@` },
    }, "*");
  }

  // Without a mouse: a cross in the middle of the map, and what is under it in words.
  const cross = element("div", "gradient-cross");
  const reading = element("div", "gradient-box gradient-reading");
  cross.setAttribute("aria-hidden", "true");
  reading.setAttribute("role", "status");
  container.append(cross, reading);
  const readByKeys = () => container.matches(":focus-visible");
  function underCross() {
    const point = map.containerPointToLayerPoint(map.getSize().divideBy(2).round());
    return main.polygons.find((polygon) => polygon._containsPoint(point));
  }
  function read() {
    const polygon = readByKeys() && state.update ? underCross() : undefined;
    cross.hidden = reading.hidden = !readByKeys();
    main.hover.clearLayers();
    reading.replaceChildren();
    if (reading.hidden) return;
    if (!polygon) {
      reading.append(element("div", "", "Rien sous la croix."));
      return;
    }
    outline(polygon.shape.code, main, main.hover, 1.5);
    const [name, text] = describe(polygon);
    reading.append(element("b", "", name), element("div", "", text));
  }
  read();

  function showError(text) {
    const box = element("div", "gradient-box gradient-error", text);
    box.setAttribute("role", "alert");
    container.append(box);
  }
  function fit() {
    if (!container.clientWidth) return; // hidden, in a tab: the resize event comes back here
    const wide = container.clientWidth > 520;
    surfaces.forEach((place) => {
      const chosen = place.polygons.filter((one) => state.update.classes[one.gradientIndex] !== "x");
      const bounds = L.latLngBounds([]);
      (chosen.length ? chosen : place.polygons).forEach((one) => bounds.extend(one.getBounds()));
      if (!bounds.isValid()) return;
      if (place !== main) {
        place.map.invalidateSize({ pan: false });
        place.map.fitBounds(bounds, { padding: [3, 3], animate: false });
        return;
      }
      const left = wide ? 48 + (config.insets.length ? insetBox.offsetWidth : 0) : 12;
      map.fitBounds(bounds, {
        paddingTopLeft: [left, 12],
        paddingBottomRight: [wide ? legend.box.offsetWidth + 24 : 12, 12], animate: false,
      });
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
    const perimeter = update.classes.replace(/[^x]/g, "i");
    if (perimeter !== state.perimeter) {
      state.perimeter = perimeter;
      state.moved = false;
      fit();
    }
    // Once styled and in its place, so that a country is projected and drawn a single time.
    surfaces.forEach((place) => {
      if (!place.layer.getLayers().length) {
        place.polygons.forEach((polygon) => place.layer.addLayer(polygon));
      }
      place.overlay.clearLayers();
    });
    drawMarks(update);
    if (update.selected) {
      const place = surfaceOf(update.selected);
      outline(update.selected, place, place.overlay, 3);
    }
    drawSymbols(update);
    drawLines(update);
    drawPoints(update);
    if (readByKeys()) read();
    // Leaflet draws at the next frame, and asked for it first.
    requestAnimationFrame(() => { window.gradientMap.painted += 1; });
  }
  window.gradientMap = {
    map: map,
    painted: 0,
    apply(sent) {
      const update = state.update = { ...sent, classes: unpacked(sent.classes) };
      // Points that the page offers without showing them are hidden until the reader asks.
      update.points.categories.map(({ label }) => `point:${label}`).forEach((name) => {
        if (!state.known.has(name) && !update.points.shown) state.hidden.add(name);
        state.known.add(name);
      });
      container.setAttribute("aria-label", `Carte : ${update.title}. Les flèches la déplacent, plus et `
        + "moins la zooment, Entrée choisit la commune sous la croix. Un tableau donne les mêmes chiffres.");
      drawLegend(update);
      paint();
    },
  };

  // The fit leaves room for the legend, whose width is known once the style sheets are there.
  const sheets = [...document.querySelectorAll("link[rel=stylesheet]")].map((link) =>
    link.sheet || new Promise((done) => { link.onload = link.onerror = done; }));
  Promise.all([load(config.url), ...sheets])
    .then(([shapes]) => {
      shapes.forEach((shape, index) => {
        const place = surfaceOf(shape.code);
        const polygon = new Territory(shape, { renderer: place.canvas });
        polygon.gradientIndex = index;
        place.polygons.push(polygon);
        state.polygons.push(polygon);
        state.codes[shape.code] = polygon;
      });
      paint();
    })
    .catch(() => showError("Le fond de carte n'a pas pu être chargé."));

  // Leaflet forgets what it is asked while it zooms: the way back waits for the end.
  function goBack() {
    state.moved = false;
    if (map._animatingZoom) map.once("zoomend", () => setTimeout(fit, 0)); else fit();
  }
  const zoom = L.control.zoom({ zoomInTitle: "Zoomer", zoomOutTitle: "Dézoomer" }).addTo(map);
  const tools = L.control({ position: "topleft" });
  tools.onAdd = () => {
    const bar = element("div", "leaflet-bar");
    L.DomEvent.disableClickPropagation(bar);
    [["M2 8 8 2l6 6M4 7v7h8V7", "Revenir au périmètre", goBack],
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
  const north = L.control({ position: "bottomleft" });
  north.onAdd = () => element("div", "gradient-north", "▲ Nord");
  north.addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  const credit = element("span", "", config.credit);
  map.attributionControl.setPrefix("Leaflet").addAttribution(credit.innerHTML);

  // Reached by the Tab key, the map moves with the arrows (by a little with the Shift key), zooms
  // with + and -, and Enter is a click under the cross.
  container.tabIndex = 0;
  container.setAttribute("role", "region");
  container.addEventListener("keydown", (event) => {
    if (event.target !== container || event.ctrlKey || event.altKey || event.metaKey) return;
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const pixels = event.shiftKey ? 12 : 80;
    if (step[event.key]) {
      map.panBy(step[event.key].map((one) => one * pixels), { animate: false });
    } else if (event.key === "+" || event.key === "=") map.zoomIn(0.5, { animate: false });
    else if (event.key === "-") map.zoomOut(0.5, { animate: false });
    else if (event.key === "Enter") {
      const polygon = underCross();
      if (polygon) choose(polygon);
    } else return;
    state.moved = true;
    event.preventDefault();
    read();
  });
  ["focus", "blur"].forEach((name) => container.addEventListener(name, read));

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
  // A click takes the keyboard: it is given back to the page, whose shortcuts keep working. Not
  // from a control of the map, which needs it.
  ["mouseup", "touchend"].forEach((name) => container.addEventListener(name, (event) => {
    if (!event.target.closest(".gradient-legend, .leaflet-control")) {
      setTimeout(() => window.parent.focus(), 0);
    }
  }));
};
