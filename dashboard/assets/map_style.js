/* What the map looks like: the town, the units by shape and colour, icons drawn here. Dark and dead are global states of the style. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});
  /* Okabe and Ito's colours, told apart by the colour-blind; the shape says the same again. */
  const COLOURS = Object.freeze({
    moving: "#56b4e9",
    still: "#009e73",
    stale: "#999999",
    open: "#d55e00",
    acknowledged: "#e69f00",
    fence: "#cc79a7",
    dead: "#8c8c8c",
  });
  const ICON_ZOOM = 13;
  const NAME_ZOOM = 15;
  const KINDS = 3;
  const FONT = ["sans-serif"];

  const isDark = ["==", ["global-state", "dark"], true];
  const isDead = ["==", ["global-state", "dead"], true];
  const tone = (light, dark) => ["case", isDark, dark, light];
  const alive = (colour, grey = COLOURS.dead) => ["case", isDead, grey, colour];
  const GREY_TEXT = tone("#55585d", "#b9bec5");
  const byState = ["match", ["get", "state"], ...["moving", "still", "open", "acknowledged"].flatMap((s) => [s, COLOURS[s]]), COLOURS.stale];
  const isAlert = ["in", ["get", "state"], ["literal", ["open", "acknowledged"]]];
  const width = (at12, at16) => ["interpolate", ["exponential", 1.6], ["zoom"], 12, at12, 17, at16];

  function town() {
    const from = (id, layer, type, rest) => ({ id, type, source: "town", "source-layer": layer, ...rest });
    const ofKind = (kind) => ["==", ["get", "kind"], kind];
    const line = (colour, thick, rest) => ({ layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colour, "line-width": thick }, ...rest });
    const name = tone("#4a4f57", "#b8bfc9");
    const halo = { "text-color": name, "text-halo-color": tone("#ffffff", "#16191e"), "text-halo-width": 1.4 };
    const text = (size, rest) => ({ "text-field": ["get", "name"], "text-font": FONT, "text-size": size, ...rest });
    return [
      from("green", "land", "fill", { filter: ofKind("green"), paint: { "fill-color": tone("#d5e6cb", "#1f2d24") } }),
      from("square", "land", "fill", { filter: ofKind("square"), paint: { "fill-color": tone("#eae6de", "#25292f") } }),
      from("water", "water", "fill", { filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": tone("#bcd7e8", "#16303f") } }),
      from("stream", "water", "line", { filter: ofKind("stream"), ...line(tone("#bcd7e8", "#16303f"), width(1, 5)) }),
      from("building", "building", "fill", { minzoom: 13, paint: { "fill-color": tone("#ddd7cd", "#2a2f36"), "fill-outline-color": tone("#c9c2b6", "#353b44") } }),
      from("path", "road", "line", { minzoom: 14, filter: ofKind("path"), paint: { "line-color": tone("#cfc6b8", "#3a414b"), "line-width": 1, "line-dasharray": [3, 2] } }),
      from("street-edge", "road", "line", { filter: ofKind("street"), ...line(tone("#cdc7bc", "#14171b"), width(1, 15)) }),
      from("main-edge", "road", "line", { filter: ofKind("main"), ...line(tone("#cfb98a", "#14171b"), width(2, 21)) }),
      from("street", "road", "line", { filter: ofKind("street"), ...line(tone("#ffffff", "#3c434d"), width(0.6, 12)) }),
      from("main", "road", "line", { filter: ofKind("main"), ...line(tone("#fbe7b6", "#525a66"), width(1.4, 18)) }),
      from("rail", "rail", "line", { paint: { "line-color": tone("#9a948a", "#5a6470"), "line-width": 1.2, "line-dasharray": [4, 3] } }),
      from("road-name", "road", "symbol", { minzoom: 14, filter: ["in", ["get", "kind"], ["literal", ["main", "street"]]], layout: text(11, { "symbol-placement": "line", "symbol-spacing": 320 }), paint: halo }),
      from("place-name", "place", "symbol", { minzoom: 16, layout: text(10, { "text-max-width": 7 }), paint: halo }),
    ];
  }

  function marks() {
    const size = ["case", isAlert, 8, 5];
    const ring = ["case", ["==", ["get", "state"], "stale"], alive(COLOURS.stale), tone("#ffffff", "#0e1013")];
    return [
      { id: "fence-area", type: "fill", source: "fences", paint: { "fill-color": alive(COLOURS.fence), "fill-opacity": 0.07 } },
      { id: "fence-edge", type: "line", source: "fences", paint: { "line-color": alive(COLOURS.fence), "line-width": 2, "line-dasharray": [3, 1.5] } },
      {
        id: "fence-name", type: "symbol", source: "fences", minzoom: 12,
        layout: { "text-field": ["coalesce", ["get", "name"], ""], "text-font": FONT, "text-size": 12 },
        paint: { "text-color": alive(tone("#7d2f5c", "#f0b6d6"), GREY_TEXT), "text-halo-color": tone("#ffffff", "#16191e"), "text-halo-width": 1.6 },
      },
      { id: "trail", type: "line", source: "trail", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": alive("#0072b2"), "line-width": 4, "line-opacity": 0.75 } },
      { id: "selected", type: "circle", source: "selected", paint: { "circle-radius": 19, "circle-color": alive("rgba(0, 114, 178, 0.18)", "rgba(140, 140, 140, 0.18)"), "circle-stroke-color": alive(tone("#0072b2", "#8ccbf2")), "circle-stroke-width": 2.5 } },
      {
        id: "unit-dot", type: "circle", source: "units", maxzoom: ICON_ZOOM, filter: ["!", isAlert],
        paint: {
          "circle-radius": size, "circle-color": alive(byState), "circle-stroke-color": ring, "circle-stroke-width": 1.5,
          "circle-opacity": ["case", ["==", ["get", "state"], "stale"], 0, 1],
        },
      },
      unitIcons("unit-icon", ["!", isAlert], ICON_ZOOM),
      unitIcons("unit-alert", isAlert, 0),
      { id: "cluster", type: "circle", source: "clusters", paint: clusterPaint() },
      {
        id: "cluster-count", type: "symbol", source: "clusters",
        layout: { "text-field": clusterText(), "text-font": FONT, "text-size": 13, "text-allow-overlap": true },
        paint: { "text-color": ["case", [">", ["get", "alerts"], 0], "#ffffff", "#0e1013"] },
      },
    ];
  }

  function unitIcons(id, filter, minzoom) {
    const image = ["concat", ["get", "state"], "-", ["to-string", ["get", "kind"]], ["case", isDead, "-dead", ""]];
    const turns = ["all", ["==", ["get", "state"], "moving"], [">=", ["get", "course"], 0]];
    const layout = {
      "icon-image": image, "icon-rotate": ["case", turns, ["get", "course"], 0], "icon-rotation-alignment": "map",
      "icon-allow-overlap": true, "icon-ignore-placement": true,
    };
    const paint = { "text-color": tone("#16191e", "#f1f3f5"), "text-halo-color": tone("#ffffff", "#16191e"), "text-halo-width": 1.6 };
    const label = {
      "text-field": ["step", ["zoom"], "", NAME_ZOOM, ["coalesce", ["get", "name"], ""]], "text-font": FONT, "text-size": 12, "text-offset": [0, 1.5],
      "text-anchor": "top", "text-optional": true,
    };
    return { id, type: "symbol", source: "units", minzoom, filter, layout: { ...layout, ...label }, paint };
  }

  function clusterPaint() {
    const colour = ["case", [">", ["get", "alerts"], 0], COLOURS.open, COLOURS.moving];
    return {
      "circle-color": alive(colour), "circle-stroke-color": "#ffffff", "circle-stroke-width": 2, "circle-opacity": 0.92,
      "circle-radius": ["interpolate", ["linear"], ["log10", ["max", 1, ["get", "units"]]], 0, 11, 2, 18, 4, 30],
    };
  }

  function clusterText() {
    const count = ["number-format", ["get", "units"], { locale: document.documentElement.lang || "en" }];
    return ["case", [">", ["get", "alerts"], 0], ["concat", "▲ ", count], count];
  }

  function style(setup) {
    const empty = { type: "geojson", data: { type: "FeatureCollection", features: [] } };
    /* Fewer, larger tiles (half a metre a step): each one that changes draws the whole map anew. Points need no margin. */
    const points = { ...empty, maxzoom: 12, buffer: 0 };
    const sources = { fences: { ...empty }, trail: { ...empty }, selected: { ...points }, units: { ...points }, clusters: { ...points } };
    const layers = [{ id: "background", type: "background", paint: { "background-color": tone("#f3f0ea", "#1b1f24") } }];
    if (setup.pmtiles) {
      sources.town = { type: "vector", url: `pmtiles://${new URL(setup.pmtiles, location.href)}`, attribution: setup.attribution };
      layers.push(...town());
    }
    if (setup.raster) {
      sources.raster = { type: "raster", tiles: [setup.raster], tileSize: 256, attribution: setup.attribution };
      layers.push({ id: "raster", type: "raster", source: "raster", paint: { "raster-saturation": ["case", isDead, -1, 0] } });
    }
    return { version: 8, sources, layers: [...layers, ...marks()], state: { dark: { default: false }, dead: { default: false } } };
  }

  const SHAPES = {
    moving: (pen) => polygon(pen, [[0, -15], [11, 12], [0, 6], [-11, 12]]),
    still: (pen) => pen.roundRect(-9, -9, 18, 18, 5),
    stale: (pen) => pen.arc(0, 0, 8, 0, 7),
    open: (pen) => polygon(pen, [[0, -13], [14, 11], [-14, 11]]),
    acknowledged: (pen) => polygon(pen, [[0, -13], [13, 0], [0, 13], [-13, 0]]),
  };

  function polygon(pen, points) {
    points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
  }

  /* One icon, twice as many pixels as points; no larger than it must be, as thousands are drawn. */
  function icon(state, kind, dead) {
    const [points, ratio] = [state === "open" ? 48 : 36, 2];
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = points * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.translate(points / 2, points / 2);
    const colour = dead ? COLOURS.dead : COLOURS[state];
    if (state === "open") halo(pen, colour);
    pen.lineJoin = "round";
    pen.beginPath();
    SHAPES[state](pen);
    stroke(pen, "#ffffff", state === "stale" ? 6 : 5);
    stroke(pen, state === "stale" ? colour : "#16191e", state === "stale" ? 3.5 : 1.5);
    pen.fillStyle = colour;
    if (state !== "stale") pen.fill();
    mark(pen, state, kind, colour);
    return pen.getImageData(0, 0, canvas.width, canvas.height);
  }

  function halo(pen, colour) {
    pen.beginPath();
    pen.arc(0, 1, 22, 0, 7);
    pen.globalAlpha = 0.35;
    pen.fillStyle = colour;
    pen.fill();
    pen.globalAlpha = 1;
  }

  function stroke(pen, colour, thick) {
    pen.lineWidth = thick;
    pen.strokeStyle = colour;
    pen.stroke();
  }

  /* An alert is a "!", a person a dot, a tracker a bar, a vehicle bare. */
  function mark(pen, state, kind, colour) {
    pen.fillStyle = state === "stale" ? colour : "#16191e";
    pen.font = "bold 15px sans-serif";
    pen.textAlign = "center";
    if (state === "open") pen.fillText("!", 0, 8);
    if (state === "acknowledged") pen.fillText("✓", 0, 5);
    if (state === "open" || state === "acknowledged" || kind === 0) return;
    pen.beginPath();
    if (kind === 2) pen.arc(0, 0, 3.2, 0, 7);
    else pen.rect(-4, -1.5, 8, 3);
    pen.fill();
  }

  function addIcons(map) {
    for (const state of Object.keys(SHAPES)) {
      for (let kind = 0; kind < KINDS; kind += 1) {
        map.addImage(`${state}-${kind}`, icon(state, kind, false), { pixelRatio: 2 });
        map.addImage(`${state}-${kind}-dead`, icon(state, kind, true), { pixelRatio: 2 });
      }
    }
  }

  driveops.mapStyle = { style, addIcons, COLOURS };
})();
