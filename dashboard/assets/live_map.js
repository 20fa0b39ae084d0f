/* The live map: put on the page's #live-map while that is there, fed by the live socket, drawn by MapLibre. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});
  const ELEMENT_ID = "live-map";
  const RASTER_ERRORS_ALLOWED = 3;
  const FLY_ZOOM = 16;
  const UNTOLD_SHARE = 0.08; // of the view's width and height
  const DEFAULT_BOUNDS = [24.93, 60.16, 24.96, 60.18];
  let vendor = null;
  let mounted = null; // the LiveMap on the page
  let lastView = null; // where the map was when its page was left

  /* MapLibre and PMTiles, fetched once a page; the map is the only one to need them. */
  function libraries(base) {
    vendor ??= Promise.all([import(`${base}/maplibre-gl.mjs`), script(`${base}/pmtiles.js`), stylesheet(`${base}/maplibre-gl.css`)]).then(([maplibre]) => {
      maplibre.addProtocol("pmtiles", new window.pmtiles.Protocol().tile);
      return maplibre;
    });
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

  function boundsOf(places) {
    const [lons, lats] = [places.map(([lon]) => lon).sort((a, b) => a - b), places.map(([, lat]) => lat).sort((a, b) => a - b)];
    return [lons[0], lats[0], lons.at(-1), lats.at(-1)];
  }

  const collection = (features) => ({ type: "FeatureCollection", features });
  const point = (coordinates) => collection(coordinates ? [{ type: "Feature", properties: {}, geometry: { type: "Point", coordinates } }] : []);
  const line = (coordinates) => collection(coordinates.length > 1 ? [{ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates } }] : []);

  async function asked(address) {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`${address} answers ${answer.status}`);
    return answer.json();
  }

  class LiveMap {
    constructor(element, maplibre) {
      this.element = element;
      this.setup = JSON.parse(element.dataset.setup);
      this.view = new driveops.viewFrame.View();
      this.names = new Map();
      this.selected = null; // a device id
      this.following = false;
      this.trail = [];
      this.rasterErrors = 0;
      this.ready = false;
      this.map = new maplibre.Map({
        container: element, style: driveops.mapStyle.style(this.setup), ...(lastView ?? { bounds: DEFAULT_BOUNDS }),
        fitBoundsOptions: { padding: 40, maxZoom: FLY_ZOOM }, attributionControl: false, dragRotate: false, pitchWithRotate: false, maxZoom: 20,
        locale: this.setup.texts.controls,
      });
      this.map.addControl(new maplibre.AttributionControl({ compact: true }), "bottom-right");
      this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), "bottom-right");
      this.map.touchZoomRotate.disableRotation();
      this.listen();
    }

    listen() {
      const map = this.map;
      map.on("load", () => this.loaded());
      map.on("moveend", () => this.tellView());
      map.on("dragstart", () => this.setFollowing(false));
      map.on("error", (event) => this.failed(event));
      map.on("click", (event) => this.clicked(event.point));
      map.on("mousemove", (event) => (map.getCanvas().style.cursor = this.hit(event.point) ? "pointer" : ""));
      this.resizer = new ResizeObserver(() => map.resize());
      this.resizer.observe(this.element);
      this.schemes = new MutationObserver(() => this.colour());
      this.schemes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
      this.clock = setInterval(() => this.colour(), 1000);
    }

    loaded() {
      driveops.mapStyle.addIcons(this.map);
      this.ready = true;
      this.colour();
      this.draw();
      this.tellView();
      this.drawFences();
      this.readUnits();
    }

    remove() {
      lastView = { center: this.map.getCenter(), zoom: this.map.getZoom() };
      clearInterval(this.clock);
      this.resizer.disconnect();
      this.schemes.disconnect();
      this.map.remove();
    }

    /* Dark as the page, grey when nothing comes any more. */
    colour() {
      if (!this.ready) return;
      const dark = document.documentElement.dataset.mantineColorScheme === "dark";
      const dead = Boolean(driveops.state) && driveops.state !== "open";
      if (dark !== this.dark) this.map.setGlobalStateProperty("dark", (this.dark = dark));
      if (dead !== this.dead) this.map.setGlobalStateProperty("dead", (this.dead = dead));
      this.note("dead", dead ? this.deadText() : null);
    }

    deadText() {
      if (!this.lastFrameAt) return this.setup.texts.no_positions;
      const age_s = Math.round((performance.now() - this.lastFrameAt) / 1000);
      return this.setup.texts.old_positions.replace("{seconds}", String(age_s));
    }

    /* A line of text over the map, or none; one for each reason. */
    note(reason, text) {
      let node = this.element.querySelector(`[data-note="${reason}"]`);
      if (!text) return void node?.remove();
      if (!node) {
        node = Object.assign(document.createElement("div"), { className: "map-note" });
        node.dataset.note = reason;
        node.setAttribute("role", "status");
        this.element.append(node);
      }
      if (node.textContent !== text) node.textContent = text;
    }

    failed(event) {
      if (event.sourceId === "raster") {
        this.rasterErrors += 1;
        if (this.rasterErrors <= RASTER_ERRORS_ALLOWED || !this.map.getLayer("raster")) return;
        this.map.setLayoutProperty("raster", "visibility", "none");
        return this.note("raster", this.setup.texts.no_raster);
      }
      if (event.sourceId === "town") return this.note("town", this.setup.texts.no_town);
      console.warn("map:", event.error?.message);
    }

    /* The server sends a margin around the view, so a small move needs no word; following a unit would be one long conversation. */
    tellView(always = false) {
      const bounds = this.map.getBounds();
      const bbox = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
      const spans = [bbox[2] - bbox[0], bbox[3] - bbox[1]];
      const near = this.told && this.told.every((edge, i) => Math.abs(edge - bbox[i]) < spans[i % 2] * UNTOLD_SHARE);
      if (near && !always) return;
      this.told = bbox;
      driveops.send?.({ type: "view", bbox, zoom: this.map.getZoom() });
    }

    receive(buffer) {
      this.view.apply(driveops.viewFrame.decode(buffer));
      this.lastFrameAt = performance.now();
      if (this.ready) this.draw();
    }

    draw() {
      const units = Array.from(this.view.units.values());
      for (const unit of units) unit.properties.name = this.names.get(unit.id) ?? null;
      this.map.getSource("units").setData(collection(units));
      this.map.getSource("clusters").setData(collection(this.view.clusters));
      this.drawSelected();
    }

    drawSelected() {
      const found = this.view.units.get(this.selected)?.geometry.coordinates;
      const last = this.trail.at(-1);
      if (found && (!last || last[0] !== found[0] || last[1] !== found[1])) this.trail.push(found);
      this.map.getSource("selected").setData(point(this.selected === null ? null : found ?? last));
      this.map.getSource("trail").setData(line(this.selected === null ? [] : this.trail));
      if (!this.following || !found || String(found) === this.followed) return;
      this.followed = String(found);
      this.map.easeTo({ center: found, offset: this.offset(), duration: 400 });
    }

    async drawFences() {
      try {
        const fences = await asked("/api/v1/geofences");
        if (mounted === this) this.map.getSource("fences").setData(fences);
      } catch (error) {
        console.warn("map:", error.message);
      }
    }

    /* The units' names, and where they are: the map opens there unless it was somewhere already. */
    async readUnits() {
      try {
        const units = await asked("/api/v1/units");
        if (mounted !== this) return;
        this.names = new Map(units.map((unit) => [unit.id, unit.name]));
        if (lastView || driveops.map.wished) return;
        const places = units.filter((unit) => unit.is_current).map((unit) => [unit.lon, unit.lat]);
        if (places.length) this.map.fitBounds(boundsOf(places), { padding: 60, maxZoom: FLY_ZOOM, duration: 0 });
      } catch (error) {
        console.warn("map:", error.message);
      }
    }

    hit(at) {
      if (!this.ready) return null;
      const around = [[at.x - 8, at.y - 8], [at.x + 8, at.y + 8]];
      return this.map.queryRenderedFeatures(around, { layers: ["unit-alert", "unit-icon", "unit-dot", "cluster"] })[0] ?? null;
    }

    clicked(at) {
      const found = this.hit(at);
      if (found?.layer.id === "cluster") return void this.map.easeTo({ center: found.geometry.coordinates, zoom: this.map.getZoom() + 2 });
      if (found) driveops.setProps("selected-unit", { data: found.id });
    }

    async select(id) {
      if (id === this.selected) return;
      this.selected = id;
      this.trail = [];
      if (this.ready) this.drawSelected();
      if (id === null) return;
      try {
        const trail = await asked(`/api/v1/units/${id}/trail?minutes=10`);
        if (mounted !== this || this.selected !== id) return;
        this.trail = positions(trail);
        if (!this.ready) return;
        const shown = this.view.units.get(id)?.geometry.coordinates ?? this.trail.at(-1);
        if (shown && this.isHidden(shown)) this.flyTo(shown[1], shown[0]);
        this.drawSelected();
      } catch (error) {
        console.warn("map:", error.message);
      }
    }

    /* Outside of the view, or under the card. */
    isHidden(place) {
      const [at, map] = [this.map.project(place), this.element.getBoundingClientRect()];
      const card = document.getElementById("unit-card")?.getBoundingClientRect();
      const [x, y] = [at.x + map.x, at.y + map.y];
      if (x < map.left || x > map.right || y < map.top || y > map.bottom) return true;
      return Boolean(card?.width) && x > card.left && x < card.right && y > card.top && y < card.bottom;
    }

    /* On a phone the card covers the lower part: the middle of what is left is higher. */
    offset() {
      const isNarrow = matchMedia("(max-width: 767px)").matches && this.selected !== null;
      return [0, isNarrow ? -this.element.clientHeight / 4 : 0];
    }

    setFollowing(on) {
      if (this.following === on) return;
      this.following = on;
      if (document.getElementById("follow-switch")) driveops.setProps("follow-switch", { checked: on });
      if (on && this.ready) this.drawSelected();
    }

    flyTo(lat, lon) {
      const duration = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 900;
      this.map.flyTo({ center: [lon, lat], offset: this.offset(), zoom: Math.max(this.map.getZoom(), FLY_ZOOM), duration });
    }
  }

  /* The trail's places as [lon, lat], the oldest first. */
  function positions(trail) {
    return (trail.fixes ?? trail).map((fix) => [fix.lon, fix.lat]);
  }

  async function look() {
    const element = document.getElementById(ELEMENT_ID);
    if (mounted?.element === element || (!mounted && !element)) return;
    mounted?.remove();
    mounted = null;
    if (!element || element.dataset.mounting) return;
    element.dataset.mounting = "1";
    const setup = JSON.parse(element.dataset.setup);
    let maplibre;
    try {
      maplibre = await libraries(setup.vendor);
    } catch (error) {
      vendor = null;
      element.textContent = setup.texts.no_map;
      return void console.error("map:", error.message);
    }
    if (!element.isConnected) return;
    mounted = new LiveMap(element, maplibre);
    driveops.map.wished = Boolean(driveops.map.wish);
    driveops.map.wish?.(mounted);
    driveops.map.wish = null;
  }

  function watch() {
    driveops.on("frame", (buffer) => mounted?.receive(buffer));
    driveops.on("state", (state) => {
      mounted?.colour();
      if (state === "open" && mounted?.ready) mounted.tellView(true);
    });
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
    look();
  }

  /* Asked before there is a map (another page's "fly to"), done as soon as there is one. */
  function whenMounted(act) {
    if (mounted) act(mounted);
    else driveops.map.wish = act;
  }

  driveops.map = {
    wish: null,
    wished: false, // the map was opened to show a place
    flyTo: (lat, lon) => whenMounted((map) => (map.ready ? map.flyTo(lat, lon) : map.map.once("load", () => map.flyTo(lat, lon)))),
    select: (id) => (mounted || id !== null) && whenMounted((map) => map.select(id)),
    follow: (on) => mounted?.setFollowing(on),
    stats: () => ({
      units: mounted?.view.units.size ?? 0,
      clusters: mounted?.view.clusters.length ?? 0,
      frames: mounted?.view.frames ?? 0,
      last_tick_ms: mounted?.view.tickMs ?? 0,
      dead: mounted?.dead ?? false,
      zoom: mounted?.map.getZoom() ?? null,
    }),
  };
  /* What the page's callbacks call. */
  const NO_UPDATE = () => window.dash_clientside.no_update;
  const namespace = { chosen, toggle: (clicks) => toggle(clicks), select: told("select"), follow: told("follow"), close: (clicks) => (clicks ? [null, false] : NO_UPDATE()) };

  function chosen(clicked, rows) {
    const by_row = window.dash_clientside.callback_context.triggered[0]?.prop_id.endsWith("selectedRows");
    const id = by_row ? rows?.[0]?.id : clicked?.rowId;
    document.getElementById("unit-side")?.classList.remove("open");
    return id === undefined ? NO_UPDATE() : Number(id);
  }

  const toggle = (clicks) => (document.getElementById("unit-side")?.classList.contains("open") || !clicks ? "map-side" : "map-side open");

  function told(what) {
    return (value) => {
      driveops.map[what](value ?? null);
      return value === null || value === undefined ? "" : String(value);
    };
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, { driveops_map: namespace });
  if (document.readyState === "complete") watch();
  else window.addEventListener("load", watch);
})();
