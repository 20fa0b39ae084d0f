/* The binary frames of the live socket (described in api/view_frame.py), and the units that they tell of. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});
  const HEADER_BYTES = 64;
  const VERSION = 1;
  const FULL = 65535;
  const NO_COURSE = 255;
  const KIND = Object.freeze({ SNAPSHOT: 0, DELTA: 1, CLUSTERS: 2 });
  const STATUS = Object.freeze({ MOVING: 1, STALE: 2, OPEN: 4, ACKNOWLEDGED: 8 });

  /* Columns may start at odd offsets, where a typed array cannot; a DataView can. */
  class Columns {
    constructor(buffer) {
      this.view = new DataView(buffer);
      this.at = HEADER_BYTES;
    }
    bytes(count) {
      const column = new Uint8Array(this.view.buffer, this.at, count);
      this.at += count;
      return column;
    }
    u16(count) {
      const column = new Uint16Array(count);
      for (let i = 0; i < count; i += 1, this.at += 2) column[i] = this.view.getUint16(this.at, true);
      return column;
    }
    u32(count) {
      const column = new Uint32Array(count);
      for (let i = 0; i < count; i += 1, this.at += 4) column[i] = this.view.getUint32(this.at, true);
      return column;
    }
  }

  function header(view) {
    const magic = String.fromCharCode(view.getUint8(0), view.getUint8(1));
    if (magic !== "DV" || view.getUint8(2) !== VERSION) {
      throw new Error(`a frame of another version: ${magic} ${view.getUint8(2)}`);
    }
    const number = (at) => view.getFloat64(at, true);
    return {
      kind: view.getUint8(3),
      tickMs: Number(view.getBigUint64(4, true)),
      box: [number(12), number(20), number(28), number(36)],
      count: view.getUint32(44, true),
      removedCount: view.getUint32(48, true),
    };
  }

  function decode(buffer) {
    const columns = new Columns(buffer);
    const frame = header(columns.view);
    const n = frame.count;
    if (frame.kind === KIND.CLUSTERS) {
      return { ...frame, x: columns.u16(n), y: columns.u16(n), units: columns.u32(n), moving: columns.u32(n), alerts: columns.u16(n) };
    }
    return {
      ...frame,
      ids: columns.u32(n),
      x: columns.u16(n),
      y: columns.u16(n),
      course: columns.bytes(n),
      status: columns.bytes(n),
      age: columns.bytes(n),
      removed: columns.u32(frame.removedCount),
    };
  }

  function position(frame, i) {
    const [west, south, east, north] = frame.box;
    return [west + ((east - west) * frame.x[i]) / FULL, south + ((north - south) * frame.y[i]) / FULL];
  }

  function stateOf(status) {
    if (status & STATUS.OPEN) return "open";
    if (status & STATUS.ACKNOWLEDGED) return "acknowledged";
    if (status & STATUS.STALE) return "stale";
    return status & STATUS.MOVING ? "moving" : "still";
  }

  /* A unit as it is drawn; `place` is longitude and latitude, the course −1 where it is unknown. */
  function unitOf(frame, i, name) {
    const status = frame.status[i];
    const course = frame.course[i];
    return {
      id: frame.ids[i], name: name ?? null, state: stateOf(status), kind: (status >> 4) & 3, course: course === NO_COURSE ? -1 : (course * 360) / 256,
      at: frame.tickMs - frame.age[i] * 1e3, // Unix ms of the fix, to a second
      place: position(frame, i),
    };
  }

  function clusterOf(frame, i) {
    return { units: frame.units[i], moving: frame.moving[i], alerts: frame.alerts[i], place: position(frame, i) };
  }

  /* What is in the view: single units by their id, or clusters. */
  class View {
    constructor() {
      this.units = new Map();
      this.clusters = [];
      this.names = new Map(); // by unit
      this.frames = 0;
      this.tickMs = 0;
    }
    apply(frame) {
      this.frames += 1;
      this.tickMs = frame.tickMs;
      if (frame.kind !== KIND.DELTA) this.units.clear();
      this.clusters = frame.kind === KIND.CLUSTERS ? Array.from({ length: frame.count }, (_, i) => clusterOf(frame, i)) : [];
      if (frame.kind === KIND.CLUSTERS) return;
      for (let i = 0; i < frame.count; i += 1) this.units.set(frame.ids[i], unitOf(frame, i, this.names.get(frame.ids[i])));
      for (const id of frame.removed) this.units.delete(id);
    }
    rename(names) {
      this.names = names;
      for (const [id, unit] of this.units) unit.name = names.get(id) ?? null;
    }
  }

  driveops.viewFrame = { decode, position, View, KIND };
})();
