/* What is drawn for the units and clusters of a view, as columns for the graphics: a mark is one sprite at one place. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});
  const BYTES = 16; // a mark: place f32 × 2, shift in points i16 × 2, turn u8 (256ths), sprite near u8, sprite afar u8, 0
  const LEAST_REACH = 12; // points from the middle
  const isAlert = (unit) => unit.state === "open" || unit.state === "acknowledged";
  const mercatorX = (lon) => (lon + 180) / 360;
  const mercatorY = (lat) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);

  /* Marks, later ones over earlier ones. Places are Web Mercator (the world is 1 wide) from an origin near them: a single float is precise there. */
  class Marks {
    constructor(most, origin) {
      this.origin = origin;
      this.count = 0;
      this.buffer = new ArrayBuffer(most * BYTES);
      this.floats = new Float32Array(this.buffer);
      this.shorts = new Int16Array(this.buffer);
      this.bytes = new Uint8Array(this.buffer);
      this.subjects = []; // whose mark it is
    }
    add(subject, [lon, lat], { near, afar = near, turn = 0, shift = 0 }) {
      const at = this.count * BYTES;
      this.floats[at / 4] = mercatorX(lon) - this.origin[0];
      this.floats[at / 4 + 1] = mercatorY(lat) - this.origin[1];
      this.shorts[at / 2 + 4] = shift;
      this.bytes[at + 12] = turn;
      this.bytes[at + 13] = near;
      this.bytes[at + 14] = afar;
      this.subjects.push(subject);
      this.count += 1;
    }
    /* The subject whose mark is nearest to a place and reaches it, of two the upper; the place in points from the middle of `camera`, which is
       {x, y: in Web Mercator, scale: points a world}. */
    nearest(right, down, camera) {
      let [found, least] = [null, Infinity];
      const reaches = driveops.mapSprites.reaches();
      const [middleX, middleY] = [camera.x - this.origin[0], camera.y - this.origin[1]];
      for (let i = this.count - 1; i >= 0; i -= 1) {
        let east = this.floats[i * 4] - middleX;
        east -= Math.round(east); // the nearest of the worlds side by side
        const x = east * camera.scale - right;
        const y = (this.floats[i * 4 + 1] - middleY) * camera.scale - down;
        const away = x * x + y * y;
        const reach = Math.max(LEAST_REACH, reaches[this.bytes[i * BYTES + 13]]);
        if (away < least && away <= reach * reach) [found, least] = [this.subjects[i], away];
      }
      return found;
    }
  }

  class Painter {
    constructor(language) {
      this.sprites = driveops.mapSprites;
      this.advances = this.sprites.advances();
      this.format = new Intl.NumberFormat(language);
    }
    marks(view) {
      const units = Array.from(view.units.values());
      const labels = view.clusters.map((cluster) => this.label(cluster));
      const most = units.length + labels.reduce((sum, label) => sum + 1 + label.length, 0);
      const marks = new Marks(most, origin(units[0] ?? view.clusters[0]));
      for (const unit of units) if (!isAlert(unit)) this.unit(marks, unit);
      for (const unit of units) if (isAlert(unit)) this.unit(marks, unit);
      view.clusters.forEach((cluster, i) => this.cluster(marks, cluster, labels[i]));
      return marks;
    }
    unit(marks, unit) {
      const near = this.sprites.index(`${unit.state}-${unit.kind}`);
      const afar = isAlert(unit) ? near : this.sprites.index(`dot-${unit.state}`);
      const turn = unit.state === "moving" && unit.course >= 0 ? Math.round((unit.course * 256) / 360) : 0;
      marks.add(unit, unit.place, { near, afar, turn });
    }
    cluster(marks, cluster, label) {
      marks.add(cluster, cluster.place, { near: this.sprites.index(this.sprites.clusterKey(cluster.units, cluster.alerts)) });
      for (const { near, shift } of label) marks.add(cluster, cluster.place, { near, shift });
    }
    /* The glyphs of a cluster's count, side by side around its middle. */
    label(cluster) {
      const text = `${cluster.alerts ? "▲ " : ""}${this.format.format(cluster.units)}`;
      const chars = Array.from(text).filter((char) => this.advances.has(char));
      let left = chars.reduce((sum, char) => sum + this.advances.get(char), 0) / -2;
      return chars.map((char) => {
        const wide = this.advances.get(char);
        left += wide;
        return { near: this.sprites.index(char), shift: Math.round(left - wide / 2) };
      });
    }
  }

  const origin = (subject) => (subject ? [mercatorX(subject.place[0]), mercatorY(subject.place[1])] : [0.5, 0.5]);

  driveops.mapMarks = { Painter, BYTES, mercatorX, mercatorY };
})();
