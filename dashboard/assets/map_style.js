/* What the map looks like under the units: the town, geofences, what is selected, names. Dark and dead are global states of the style. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});
  const { COLOURS } = driveops.mapSprites;
  const NAME_ZOOM = 15;
  const FONT = ["sans-serif"];

  const isDark = ["==", ["global-state", "dark"], true];
  const isDead = ["==", ["global-state", "dead"], true];
  const tone = (light, dark) => ["case", isDark, dark, light];
  const alive = (colour, grey = COLOURS.dead) => ["case", isDead, grey, colour];
  const GREY_TEXT = tone("#55585d", "#b9bec5");
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
    return [
      { id: "fence-area", type: "fill", source: "fences", paint: { "fill-color": alive(COLOURS.fence), "fill-opacity": 0.07 } },
      { id: "fence-edge", type: "line", source: "fences", paint: { "line-color": alive(COLOURS.fence), "line-width": 2, "line-dasharray": [3, 1.5] } },
      {
        id: "fence-name", type: "symbol", source: "fences", minzoom: 12,
        layout: { "text-field": ["coalesce", ["get", "name"], ""], "text-font": FONT, "text-size": 12 },
        paint: { "text-color": alive(tone("#7d2f5c", "#f0b6d6"), GREY_TEXT), "text-halo-color": tone("#ffffff", "#16191e"), "text-halo-width": 1.6 },
      },
      { id: "trail", type: "line", source: "trail", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": alive("#0072b2"), "line-width": 4, "line-opacity": 0.75 } },
      { id: "flawed", type: "circle", source: "flawed", paint: { "circle-radius": 5, "circle-opacity": 0, "circle-stroke-color": alive("#d55e00"), "circle-stroke-width": 2 } },
      { id: "selected", type: "circle", source: "selected", paint: { "circle-radius": 19, "circle-color": alive("rgba(0, 114, 178, 0.18)", "rgba(140, 140, 140, 0.18)"), "circle-stroke-color": alive(tone("#0072b2", "#8ccbf2")), "circle-stroke-width": 2.5 } },
      {
        id: "unit-name", type: "symbol", source: "names", minzoom: NAME_ZOOM,
        layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 12, "text-offset": [0, 1.5], "text-anchor": "top" },
        paint: { "text-color": tone("#16191e", "#f1f3f5"), "text-halo-color": tone("#ffffff", "#16191e"), "text-halo-width": 1.6 },
      },
    ];
  }

  function style(setup) {
    const empty = { type: "geojson", data: { type: "FeatureCollection", features: [] } };
    /* Fewer, larger tiles (half a metre a step): each one that changes draws the whole map anew. Points need no margin. */
    const points = { ...empty, maxzoom: 12, buffer: 0 };
    const sources = { fences: { ...empty }, trail: { ...empty }, selected: { ...points }, flawed: { ...points }, names: { ...points } };
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

  driveops.mapStyle = { style, NAME_ZOOM };
})();
