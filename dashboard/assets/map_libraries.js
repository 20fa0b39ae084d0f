/* MapLibre and PMTiles, fetched once a visit; the map is the only one to need them. What failed is tried again when it is next asked for. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});
  let vendor = null;
  let protocol = null;
  let tries = 0;

  /* What MapLibre is to its caller; `base` is the address of the folder. */
  function libraries(base) {
    tries += vendor ? 0 : 1;
    const again = tries > 1 ? `?try=${tries}` : ""; // browsers remember a module that failed
    vendor ??= Promise.all([import(`${base}/maplibre-gl.mjs${again}`), script(`${base}/pmtiles.js`), stylesheet(`${base}/maplibre-gl.css`)]).then(
      ([maplibre]) => {
        protocol = new window.pmtiles.Protocol();
        maplibre.addProtocol("pmtiles", protocol.tile);
        return maplibre;
      },
    );
    vendor.catch(() => (vendor = null));
    return vendor;
  }

  function script(address) {
    return attached(Object.assign(document.createElement("script"), { src: address }));
  }

  function stylesheet(address) {
    return attached(Object.assign(document.createElement("link"), { rel: "stylesheet", href: address }));
  }

  function attached(node) {
    return new Promise((resolve, reject) => {
      node.onload = resolve;
      node.onerror = () => reject(new Error(`${node.src || node.href} cannot be loaded`));
      document.head.append(node);
    });
  }

  /* PMTiles remembers a file that could not be read, for good. */
  const forget = () => protocol.tiles.clear();

  driveops.mapLibraries = { load: libraries, forget };
})();
