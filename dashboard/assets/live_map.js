/* The live map: put on the page's #live-map while that is there, fed by the live socket, drawn by MapLibre. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});
  const ELEMENT_ID = "live-map";
  const [FLY_ZOOM, ICON_ZOOM] = [16, 13]; // from the second on units are icons with a heading, before that dots
  const UNTOLD_SHARE = 0.08; // of the view's width and height
  const DEFAULT_BOUNDS = [24.93, 60.16, 24.96, 60.18];
  /* The socket has no word for "nothing": no unit drives at the pole. */
  const NOWHERE = { type: "view", bbox: [0, -90, 0.001, -89.999], zoom: 22 };
  const READ_AGAIN_MS = 120_000; // units come and are renamed, fences are edited
  const LOAD_AGAIN_MS = 5_000;
  let mounted = null; // the LiveMap on the page
  let lastView = null; // where the map was when its page was left

  class LiveMap {
    constructor(element, maplibre) {
      this.element = element;
      this.setup = JSON.parse(element.dataset.setup);
      this.notes = new driveops.MapNotes(element);
      this.reads = new driveops.MapReads((isFailing) => this.notes.say("reads", isFailing ? this.setup.texts.no_names : null));
      this.view = new driveops.viewFrame.View();
      this.trail = new driveops.MapTrail();
      this.selected = null; // a device id
      this.following = false;
      this.ready = false;
      this.isPlaced = Boolean(lastView); // somebody has chosen what to look at: where the units are moves it no more
      this.map = new maplibre.Map({
        container: element, style: driveops.mapStyle.style(this.setup), ...(lastView ?? { bounds: DEFAULT_BOUNDS }),
        fitBoundsOptions: { padding: 40, maxZoom: FLY_ZOOM }, attributionControl: false, dragRotate: false, pitchWithRotate: false, maxZoom: 20, fadeDuration: 0,
        locale: this.setup.texts.controls,
      });
      this.map.addControl(new maplibre.AttributionControl({ compact: true }), "bottom-right");
      this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), "bottom-right");
      this.map.touchZoomRotate.disableRotation();
      this.map.keyboard.disableRotation();
      this.painter = new driveops.mapMarks.Painter(document.documentElement.lang || "en");
      this.raster = new driveops.RasterWatch(this.map, (isAway) => this.notes.say("raster", isAway ? this.setup.texts.no_raster : null));
      this.listen();
    }

    listen() {
      const map = this.map;
      map.on("style.load", () => this.begin()); // not "load": that waits for tiles, which may never come
      map.on("moveend", () => this.moved());
      map.on("webglcontextlost", () => (this.ready = false)); // a style.load follows when they are back
      map.on("movestart", (event) => (this.isPlaced ||= Boolean(event.originalEvent)));
      map.on("dragstart", () => this.setFollowing(false));
      map.on("error", (event) => this.failed(event));
      map.on("sourcedata", (event) => event.sourceId === "town" && event.tile && this.notes.say("town", null));
      map.on("click", (event) => this.clicked(event.point));
      map.on("mousemove", (event) => (map.getCanvas().style.cursor = this.hit(event.point) ? "pointer" : ""));
      this.resizer = new ResizeObserver(() => map.resize());
      this.resizer.observe(this.element);
      this.schemes = new MutationObserver(() => this.colour());
      this.schemes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
      this.clocks = [setInterval(() => this.tick(), 1000), setInterval(() => this.ready && this.readNames(), READ_AGAIN_MS)];
    }

    begin() {
      this.addMarks();
      this.ready = true;
      this.colour();
      this.draw();
      this.tellView();
      this.readAll();
    }

    /* Lost graphics (of a sleeping laptop) come back without layers of one's own. */
    addMarks() {
      if (this.map.getLayer("marks")) return;
      this.marks = new driveops.MarkLayer("marks", ICON_ZOOM);
      this.map.addLayer(this.marks);
      this.dark = this.dead = undefined;
    }

    whenReady(act) {
      if (this.ready) act();
      else this.map.once("style.load", act);
    }

    remove() {
      if (this.isPlaced) lastView = { center: this.map.getCenter(), zoom: this.map.getZoom() };
      this.clocks.forEach(clearInterval);
      this.reads.end();
      this.resizer.disconnect();
      this.schemes.disconnect();
      this.map.remove();
      driveops.send(NOWHERE);
    }

    tick() {
      this.colour();
      if (this.ready) this.raster.look();
    }

    /* Dark as the page, grey when nothing comes any more. */
    colour() {
      if (!this.ready) return;
      const dark = document.documentElement.dataset.mantineColorScheme === "dark";
      const dead = driveops.freshness.isDead;
      if (dark !== this.dark || dead !== this.dead) this.marks.colour({ dark, dead });
      if (dark !== this.dark) this.map.setGlobalStateProperty("dark", (this.dark = dark));
      if (dead !== this.dead) this.map.setGlobalStateProperty("dead", (this.dead = dead));
      this.notes.say("dead", driveops.freshness.text(this.setup.texts));
    }

    failed(event) {
      if (event.sourceId === "raster") return this.raster.failed();
      if (event.sourceId === "town") {
        driveops.mapLibraries.forget();
        return this.notes.say("town", this.setup.texts.no_town);
      }
      console.warn("map:", event.error?.message);
    }

    /* The socket is open again, or what it depends on works again: what was missed is read, what was given up is tried. */
    recover(isReconnected) {
      if (!this.ready) return;
      this.readAll();
      if (!isReconnected) return;
      this.notes.say("raster", null);
      this.raster.retry();
      const town = this.map.getSource("town");
      if (this.notes.has("town")) town.setUrl(town.url); // its tiles take the note away
    }

    /* The server sends a margin around the view, so a small move needs no word; following a unit would be one long conversation. */
    tellView() {
      const bounds = this.map.getBounds();
      const bbox = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
      const spans = [bbox[2] - bbox[0], bbox[3] - bbox[1]];
      if (this.told && this.told.every((edge, i) => Math.abs(edge - bbox[i]) < spans[i % 2] * UNTOLD_SHARE)) return;
      this.told = bbox;
      driveops.send({ type: "view", bbox, zoom: this.map.getZoom() });
    }

    receive(frame) {
      this.view.apply(frame);
      if (this.ready) this.draw();
    }

    draw() {
      this.marks.set(this.painter.marks(this.view));
      this.drawNames();
      this.drawSelected();
    }

    /* Each source that is set draws the map again: one that is and stays empty is left alone. */
    drawNames() {
      const isNear = this.map.getZoom() >= driveops.mapStyle.NAME_ZOOM;
      const named = isNear ? Array.from(this.view.units.values()).filter((unit) => unit.name) : [];
      if (named.length || this.hasNames) this.map.getSource("names").setData(driveops.mapShapes.names(named));
      this.hasNames = named.length > 0;
    }

    moved() {
      this.tellView();
      if (this.ready) this.drawNames();
    }

    drawSelected() {
      if (this.selected === null && !this.hasSelected) return;
      this.hasSelected = this.selected !== null;
      const unit = this.view.units.get(this.selected);
      const found = unit?.place;
      if (found) this.trail.add(unit.at, found);
      this.trail.cut(this.view.tickMs);
      this.map.getSource("selected").setData(driveops.mapShapes.point(this.hasSelected ? found ?? this.trail.last : null));
      this.map.getSource("trail").setData(driveops.mapShapes.line(this.hasSelected ? this.trail.places : []));
      this.map.getSource("flawed").setData(driveops.mapShapes.points(this.hasSelected ? this.trail.flawed : []));
      if (!this.following || !found || String(found) === this.followed) return;
      this.followed = String(found);
      this.map.easeTo({ center: found, offset: this.offset(), duration: 400 });
    }

    /* What the server knows besides positions. */
    readNames() {
      this.reads.read("/api/v1/geofences", (fences) => this.map.getSource("fences").setData(fences));
      this.reads.read("/api/v1/units", (units) => this.learnUnits(units));
    }

    readAll() {
      this.readNames();
      if (this.selected !== null) this.readTrail();
    }

    /* The units' names, and where they are: the map goes there unless it was sent somewhere already. */
    learnUnits(units) {
      this.view.rename(new Map(units.map((unit) => [unit.id, unit.name])));
      this.draw();
      const places = units.filter((unit) => unit.is_current).map((unit) => [unit.lon, unit.lat]);
      if (this.isPlaced || !places.length) return;
      this.isPlaced = true;
      this.map.fitBounds(driveops.mapShapes.bounds(places), { padding: 60, maxZoom: FLY_ZOOM, duration: 0 });
    }

    /* The unit or cluster at a place on the map. */
    hit(at) {
      return this.ready ? this.marks.nearest(at) : null;
    }

    clicked(at) {
      const found = this.hit(at);
      if (found?.units) return void this.map.easeTo({ center: found.place, zoom: this.map.getZoom() + 2 });
      if (found) driveops.setProps("selected-unit", { data: found.id });
    }

    select(id) {
      if (id === this.selected) return;
      this.reads.forget(this.trailAddress);
      this.selected = id;
      this.isPlaced ||= id !== null;
      this.trail.clear();
      this.drawSelected();
      if (id !== null) this.readTrail(() => this.show(id));
    }

    readTrail(then) {
      const id = this.selected;
      const address = (this.trailAddress = `/api/v1/units/${id}/trail?minutes=10${this.showsFlawed ? "&flagged=true" : ""}`);
      return this.reads.read(address, (fixes) => {
        if (this.selected !== id || this.trailAddress !== address) return;
        this.trail.read(fixes);
        this.drawSelected();
        then?.();
      });
    }

    show(id) {
      const place = this.view.units.get(id)?.place ?? this.trail.last;
      if (place && this.isHidden(place)) this.flyTo(place[1], place[0]);
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

    setFlawed(on) {
      if (Boolean(this.showsFlawed) === on) return;
      this.showsFlawed = on;
      this.reads.forget(this.trailAddress);
      if (this.selected !== null && this.ready) this.readTrail();
    }

    setFollowing(on) {
      if (this.following === on) return;
      this.following = on;
      this.followed = null;
      if (document.getElementById("follow-switch")) driveops.setProps("follow-switch", { checked: on });
      if (on && this.ready) this.drawSelected();
    }

    flyTo(lat, lon) {
      this.isPlaced = true;
      const duration = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 900;
      this.map.flyTo({ center: [lon, lat], offset: this.offset(), zoom: Math.max(this.map.getZoom(), FLY_ZOOM), duration });
    }

    /* For tests and benches: what is drawn, and where a unit is in degrees and on the page. */
    stats() {
      const { lng, lat } = this.map.getCenter();
      return {
        units: this.view.units.size, named: this.view.names.size, clusters: this.view.clusters.length, frames: this.view.frames, last_tick_ms: this.view.tickMs,
        dead: this.dead ?? false, zoom: this.map.getZoom(), center: [lng, lat], selected: this.selected, trail: this.trail.places.length, flawed: this.trail.flawed.length,
      };
    }

    place(id) {
      const unit = this.view.units.get(id);
      if (!unit) return null;
      const [at, box] = [this.map.project(unit.place), this.element.getBoundingClientRect()];
      const [lon, lat] = unit.place;
      return { ...unit, lon, lat, x: box.x + at.x, y: box.y + at.y };
    }
  }

  async function look() {
    const element = document.getElementById(ELEMENT_ID);
    if (mounted?.element === element || (!mounted && !element)) return;
    mounted?.remove();
    mounted = null;
    if (!element || element.dataset.mounting) return;
    element.dataset.mounting = "1";
    let maplibre;
    try {
      maplibre = await driveops.mapLibraries.load(JSON.parse(element.dataset.setup).vendor);
    } catch (error) {
      sayNoMap(element, error);
      return void setTimeout(() => (delete element.dataset.mounting, look()), LOAD_AGAIN_MS);
    }
    if (!element.isConnected) return;
    element.replaceChildren();
    try {
      mounted = new LiveMap(element, maplibre);
    } catch (error) {
      return sayNoMap(element, error); // no WebGL: it will not come by waiting
    }
    driveops.map.wish?.(mounted);
    driveops.map.wish = null;
  }

  function sayNoMap(element, error) {
    element.replaceChildren();
    new driveops.MapNotes(element).say("map", JSON.parse(element.dataset.setup).texts.no_map, "alert");
    console.error("map:", error.message);
  }

  function watch() {
    const freshness = driveops.freshness;
    driveops.on("frame", (buffer) => {
      const frame = driveops.viewFrame.decode(buffer);
      freshness.see(frame);
      mounted?.receive(frame);
    });
    driveops.on("state", (state) => {
      mounted?.colour();
      if (state === "open") mounted?.recover(true); // the socket itself tells the view again
    });
    driveops.on("vitals", (vitals) => {
      const wasWell = freshness.isWell;
      freshness.hear(vitals);
      mounted?.colour();
      if (!wasWell && freshness.isWell) mounted?.recover(false);
    });
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
    look();
  }

  /* Asked before there is a map (another page's "fly to"), done as soon as there is one. */
  function whenMounted(act) {
    const once_ready = (map) => map.whenReady(() => act(map));
    if (mounted) once_ready(mounted);
    else driveops.map.wish = once_ready;
  }

  const NOTHING = { units: 0, named: 0, clusters: 0, frames: 0, last_tick_ms: 0, dead: false, zoom: null, center: null, selected: null, trail: 0, flawed: 0 };
  driveops.map = {
    wish: null,
    flyTo: (lat, lon) => whenMounted((map) => map.flyTo(lat, lon)),
    select: (id) => (mounted || id !== null) && whenMounted((map) => map.select(id)),
    follow: (on) => mounted?.setFollowing(Boolean(on)),
    flawed: (on) => mounted?.setFlawed(Boolean(on)),
    stats: () => mounted?.stats() ?? NOTHING,
    place: (id) => mounted?.place(id) ?? null,
  };
  if (document.readyState === "complete") watch();
  else window.addEventListener("load", watch);
})();
