/* GeoJSON of places, and the box around them, on a round world. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});
  const TURN = 360;

  const collection = (features) => ({ type: "FeatureCollection", features });
  const feature = (type, coordinates) => ({ type: "Feature", properties: {}, geometry: { type, coordinates } });
  const point = (place) => collection(place ? [feature("Point", place)] : []);
  const points = (places) => collection(places.map((place) => feature("Point", place)));
  const line = (places) => collection(places.length > 1 ? [feature("LineString", unwrapped(places))] : []);

  const names = (units) => collection(units.map((unit) => ({ ...feature("Point", unit.place), properties: { name: unit.name } })));

  /* Each longitude within half a turn of the one before: a line over 180° does not go round the world. */
  function unwrapped(places) {
    let last = places[0][0];
    return places.map(([lon, lat]) => [(last = lon - TURN * Math.round((lon - last) / TURN)), lat]);
  }

  /* West, south, east, north. East is over 180 where the places lie on both sides of it: the largest gap is left out. */
  function bounds(places) {
    const lons = places.map(([lon]) => lon).sort((a, b) => a - b);
    const lats = places.map(([, lat]) => lat);
    let [west, gap] = [0, TURN + lons[0] - lons.at(-1)];
    for (let i = 1; i < lons.length; i += 1) if (lons[i] - lons[i - 1] > gap) [west, gap] = [i, lons[i] - lons[i - 1]];
    const east = west ? lons[west - 1] + TURN : lons.at(-1);
    return [lons[west], lats.reduce((a, b) => Math.min(a, b)), east, lats.reduce((a, b) => Math.max(a, b))];
  }

  driveops.mapShapes = { point, points, line, names, bounds };
})();
