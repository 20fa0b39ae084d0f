/* The pictures of units and clusters, drawn here into one atlas of square cells: the state by shape and colour, so that the colour-blind can tell. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});
  /* Okabe and Ito's colours, told apart by the colour-blind; the shape says the same again. */
  const COLOURS = Object.freeze({ moving: "#56b4e9", still: "#009e73", stale: "#999999", open: "#d55e00", acknowledged: "#e69f00", fence: "#cc79a7", dead: "#8c8c8c" });
  const INK = "#0e1013";
  const CELL = 64; // points
  const RATIO = 2; // pixels a point
  const COLUMNS = 8;
  const FONT = "13px sans-serif";
  const STATES = ["moving", "still", "stale", "open", "acknowledged"];
  const KINDS = 3;
  const DISC_RADII = [12, 15, 18, 24, 30]; // of clusters, for up to 10, 100, 1,000, … units
  const GLYPHS = "0123456789.,’' \u00a0\u202f▲";

  const SHAPES = {
    moving: (pen) => polygon(pen, [[0, -15], [11, 12], [0, 6], [-11, 12]]),
    still: (pen) => pen.roundRect(-9, -9, 18, 18, 5),
    stale: (pen) => pen.arc(0, 0, 8, 0, 7),
    open: (pen) => polygon(pen, [[0, -13], [14, 11], [-14, 11]]),
    acknowledged: (pen) => polygon(pen, [[0, -13], [13, 0], [0, 13], [-13, 0]]),
  };

  function polygon(pen, points) {
    points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
  }

  function stroke(pen, colour, thick) {
    pen.lineWidth = thick;
    pen.strokeStyle = colour;
    pen.stroke();
  }

  function disc(pen, radius, colour) {
    pen.beginPath();
    pen.arc(0, 0, radius, 0, 7);
    pen.fillStyle = colour;
    pen.fill();
  }

  function icon(pen, state, kind, colour) {
    const isStale = state === "stale";
    if (state === "open") {
      pen.globalAlpha = 0.35;
      disc(pen, 22, colour);
      pen.globalAlpha = 1;
    }
    pen.lineJoin = "round";
    pen.beginPath();
    SHAPES[state](pen);
    stroke(pen, "#ffffff", isStale ? 6 : 5);
    stroke(pen, isStale ? colour : "#16191e", isStale ? 3.5 : 1.5);
    pen.fillStyle = colour;
    if (!isStale) pen.fill();
    mark(pen, state, kind, colour);
  }

  /* An alert is a "!", a person a dot, a tracker a bar, a vehicle bare. */
  function mark(pen, state, kind, colour) {
    pen.fillStyle = state === "stale" ? colour : "#16191e";
    pen.font = "bold 15px sans-serif";
    if (state === "open") pen.fillText("!", 0, 8);
    if (state === "acknowledged") pen.fillText("✓", 0, 5);
    if (state === "open" || state === "acknowledged" || kind === 0) return;
    pen.beginPath();
    if (kind === 2) pen.arc(0, 0, 3.2, 0, 7);
    else pen.rect(-4, -1.5, 8, 3);
    pen.fill();
  }

  /* From afar a unit is a dot; one that is not heard of is hollow. */
  function dot(pen, state, colour, ring) {
    if (state !== "stale") disc(pen, 5, colour);
    pen.beginPath();
    pen.arc(0, 0, 5.75, 0, 7);
    stroke(pen, state === "stale" ? colour : ring, 1.5);
  }

  function cluster(pen, radius, colour) {
    disc(pen, radius, colour);
    pen.beginPath();
    pen.arc(0, 0, radius + 1, 0, 7);
    stroke(pen, "#ffffff", 2);
  }

  function glyph(pen, char) {
    pen.font = FONT;
    pen.fillStyle = INK;
    pen.fillText(char, 0, 4.5);
  }

  /* Each: its key, and how it is drawn in a theme {dark, dead}. The order is that of the cells. */
  function all() {
    const colour = (state, theme) => (theme.dead ? COLOURS.dead : COLOURS[state]);
    const sprites = [];
    for (const state of STATES) {
      for (let kind = 0; kind < KINDS; kind += 1) {
        sprites.push({ key: `${state}-${kind}`, draw: (pen, theme) => icon(pen, state, kind, colour(state, theme)) });
      }
      sprites.push({ key: `dot-${state}`, draw: (pen, theme) => dot(pen, state, colour(state, theme), theme.dark ? INK : "#ffffff") });
    }
    DISC_RADII.forEach((radius, size) => {
      for (const state of ["moving", "open"]) {
        sprites.push({ key: `cluster-${state}-${size}`, draw: (pen, theme) => cluster(pen, radius, colour(state, theme)) });
      }
    });
    for (const char of GLYPHS) sprites.push({ key: char, draw: (pen) => glyph(pen, char) });
    return sprites;
  }

  const sprites = all();
  const places = new Map(sprites.map((sprite, i) => [sprite.key, i]));

  /* The picture of all of them in a theme. */
  function atlas(theme) {
    const canvas = document.createElement("canvas");
    canvas.width = COLUMNS * CELL * RATIO;
    canvas.height = Math.ceil(sprites.length / COLUMNS) * CELL * RATIO;
    const pen = canvas.getContext("2d");
    pen.textAlign = "center";
    sprites.forEach((sprite, i) => {
      pen.save();
      pen.scale(RATIO, RATIO);
      pen.translate(((i % COLUMNS) + 0.5) * CELL, (Math.floor(i / COLUMNS) + 0.5) * CELL);
      sprite.draw(pen, theme);
      pen.restore();
    });
    return canvas;
  }

  /* How many points each character moves the next one on. */
  function advances() {
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = FONT;
    return new Map(Array.from(GLYPHS, (char) => [char, pen.measureText(char).width]));
  }

  /* The part of each cell that is drawn on: left, top, right, bottom in points from its middle. What is not drawn costs nothing. */
  function boxes() {
    const picture = atlas({});
    const pixels = picture.getContext("2d").getImageData(0, 0, picture.width, picture.height);
    const side = CELL * RATIO;
    return sprites.flatMap((_, i) => {
      const [left, top] = [(i % COLUMNS) * side, Math.floor(i / COLUMNS) * side];
      const box = [side, side, 0, 0];
      for (let y = 0; y < side; y += 1) {
        for (let x = 0; x < side; x += 1) if (pixels.data[((top + y) * picture.width + left + x) * 4 + 3]) widen(box, x, y);
      }
      return box[2] ? box.map((edge) => edge / RATIO - CELL / 2) : [0, 0, 0, 0];
    });
  }

  function widen(box, x, y) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x + 1);
    box[3] = Math.max(box[3], y + 1);
  }

  let known = null; // the boxes, one sprite after the other
  let reaches = null; // by sprite: how far it is drawn from its middle, in points

  driveops.mapSprites = {
    COLOURS, CELL, COLUMNS, atlas, advances,
    rows: Math.ceil(sprites.length / COLUMNS),
    count: sprites.length,
    boxes: () => (known ??= new Float32Array(boxes())),
    reaches: () => (reaches ??= sprites.map((_, i) => Math.max(...driveops.mapSprites.boxes().subarray(i * 4, i * 4 + 4).map(Math.abs)))),
    index: (key) => places.get(key),
    clusterKey: (units, alerts) => `cluster-${alerts ? "open" : "moving"}-${Math.min(DISC_RADII.length - 1, Math.max(0, Math.ceil(Math.log10(units)) - 1))}`,
  };
})();
