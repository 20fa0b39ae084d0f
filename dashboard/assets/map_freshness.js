/* Whether positions still come, and how old the newest is. Ages are counted from when they were heard: clocks differ. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});
  const AGE_UNTOLD = 254; // seconds, and more, and unknown

  class Freshness {
    constructor() {
      this.vitals = null;
      this.newestAt = null; // by performance.now()
    }
    get isConnected() {
      return !driveops.state || driveops.state === "open";
    }
    get isWell() {
      return !this.vitals || (this.vitals.database && this.vitals.broker && this.vitals.ingest);
    }
    get isDead() {
      return !this.isConnected || !this.isWell;
    }
    hear(vitals) {
      this.vitals = vitals;
      if (vitals.positions_age_s !== null) this.learn(vitals.positions_age_s);
    }
    /* A frame comes too when units only get old: their own ages count. Clusters have none. */
    see(frame) {
      if (!frame.age) return void (this.isWell && this.learn(0));
      const youngest = frame.age.reduce((a, b) => Math.min(a, b), AGE_UNTOLD);
      if (youngest < AGE_UNTOLD) this.learn(youngest);
    }
    learn(age_s) {
      this.newestAt = Math.max(this.newestAt ?? -Infinity, performance.now() - age_s * 1e3);
    }
    /* What to say over the map; null while all is well. */
    text(texts) {
      if (!this.isDead) return null;
      if (this.newestAt === null) return this.isConnected ? texts.no_news : texts.no_positions;
      const seconds = String(Math.round((performance.now() - this.newestAt) / 1e3));
      return (this.isConnected ? texts.no_new_positions : texts.old_positions).replace("{seconds}", seconds);
    }
  }

  driveops.freshness = new Freshness(); // of the whole visit, whatever page is shown
})();
