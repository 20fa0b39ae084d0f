/* The raster tiles of somebody's server: taken off the map while that fails or is silent, tried again after a while. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});
  const SOURCE = "raster"; // and its layer
  const ERRORS_ALLOWED = 3;
  const SILENCE_MS = 6_000;
  const RETRY_MS = 30_000;

  class RasterWatch {
    /* `tell(true)` when the tiles are hidden, `tell(false)` when there are any again. */
    constructor(map, tell) {
      this.map = map;
      this.tell = tell;
      this.begin();
      map.on("sourcedata", (event) => event.sourceId === SOURCE && event.tile && this.came());
    }
    begin() {
      this.errors = 0;
      this.waitingSince = null;
      this.hiddenSince = null;
    }
    came() {
      this.errors = 0;
      this.waitingSince = null;
      if (this.hiddenSince === null) this.tell(false);
    }
    failed() {
      this.errors += 1;
      if (this.errors > ERRORS_ALLOWED && this.hiddenSince === null) this.hide();
    }
    /* Look now and then: a server may take a connection and never answer. */
    look() {
      if (!this.map.getLayer(SOURCE)) return;
      const now = performance.now();
      if (this.hiddenSince !== null) return void (now - this.hiddenSince >= RETRY_MS && this.retry());
      if (this.map.isSourceLoaded(SOURCE)) return void (this.waitingSince = null);
      this.waitingSince ??= now;
      if (now - this.waitingSince >= SILENCE_MS) this.hide();
    }
    hide() {
      this.hiddenSince = performance.now();
      this.map.setLayoutProperty(SOURCE, "visibility", "none"); // nothing is asked for any more
      this.tell(true);
    }
    retry() {
      if (this.hiddenSince === null) return;
      this.begin();
      this.map.setLayoutProperty(SOURCE, "visibility", "visible");
    }
  }

  driveops.RasterWatch = RasterWatch;
})();
