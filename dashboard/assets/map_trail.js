/* Where the selected unit was in the last ten minutes, the oldest first. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});
  const KEPT_MS = 10 * 60_000;

  class Trail {
    constructor() {
      this.steps = []; // {atMs, place}
      this.flawed = []; // places that no way goes through, shown on request
    }
    get places() {
      return this.steps.map((step) => step.place);
    }
    get last() {
      return this.steps.at(-1)?.place ?? null;
    }
    clear() {
      this.steps = [];
      this.flawed = [];
    }
    /* The fixes that the server has; what came since by the socket stays. */
    read(fixes) {
      const isFlawed = (fix) => fix.flags.some((flag) => flag !== "drift");
      const placed = (fix) => ({ atMs: Date.parse(fix.time), place: [fix.lon, fix.lat] });
      const known = fixes.filter((fix) => !isFlawed(fix)).map(placed);
      this.flawed = fixes.filter(isFlawed).map((fix) => placed(fix).place);
      const newest = known.at(-1)?.atMs ?? -Infinity;
      this.steps = [...known, ...this.steps.filter((step) => step.atMs > newest)];
    }
    add(atMs, place) {
      const last = this.steps.at(-1);
      if (last && (last.atMs >= atMs || String(last.place) === String(place))) return;
      this.steps.push({ atMs, place });
    }
    /* By the server's clock: this one's may be wrong. */
    cut(nowMs) {
      this.steps = this.steps.filter((step) => step.atMs >= nowMs - KEPT_MS);
    }
  }

  driveops.MapTrail = Trail;
})();
