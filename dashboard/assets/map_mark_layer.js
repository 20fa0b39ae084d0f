/* A layer of the map that draws all marks in one call (MapLibre's CustomLayerInterface): a tick costs one upload and one redraw, however many units move. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});
  const VERTEX = `#version 300 es
    uniform mat4 u_matrix; uniform vec2 u_point; uniform float u_middle; uniform bool u_afar;
    uniform vec4 u_boxes[MOST]; uniform vec2 u_cells; uniform float u_cell;
    in vec2 a_place; in vec2 a_shift; in float a_turn; in vec2 a_sprite;
    out vec2 v_at;
    void main() {
      int sprite = int(u_afar ? a_sprite.y : a_sprite.x);
      vec4 box = u_boxes[sprite];
      vec2 corner = vec2((gl_VertexID & 1) == 0 ? box.x : box.z, (gl_VertexID & 2) == 0 ? box.y : box.w);
      vec2 cell = vec2(float(sprite % int(u_cells.x)), float(sprite / int(u_cells.x)));
      v_at = (cell + 0.5 + corner / u_cell) / u_cells;
      float angle = a_turn * 6.283185307179586 / 256.0;
      vec2 turned = mat2(cos(angle), sin(angle), -sin(angle), cos(angle)) * corner + a_shift;
      float east = a_place.x - floor(a_place.x - u_middle + 0.5); // the nearest of the worlds side by side
      gl_Position = u_matrix * vec4(east, a_place.y, 0.0, 1.0);
      gl_Position.xy += vec2(turned.x, -turned.y) * u_point * gl_Position.w;
    }`;
  const FRAGMENT = `#version 300 es
    precision mediump float;
    uniform sampler2D u_atlas; in vec2 v_at; out vec4 colour;
    void main() { colour = texture(u_atlas, v_at); }`;
  const UNIFORMS = ["matrix", "point", "middle", "afar", "boxes", "cells", "cell", "atlas"];
  const CORNERS = [0, 1, 2, 2, 1, 3]; // of a mark, as two triangles

  function program(gl, sources) {
    const made = gl.createProgram();
    for (const [type, source] of sources) {
      const shader = gl.createShader(type);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(made, shader);
    }
    gl.linkProgram(made);
    if (!gl.getProgramParameter(made, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(`the marks' shaders: ${gl.getProgramInfoLog(made)}`);
    return made;
  }

  /* The matrix of the camera, column by column, for places counted from an origin; in doubles, as single floats are too coarse near by. */
  function movedTo(matrix, [x, y]) {
    const moved = Array.from(matrix);
    for (let row = 0; row < 4; row += 1) moved[12 + row] += matrix[row] * x + matrix[4 + row] * y;
    return new Float32Array(moved);
  }

  /* Each mark four times over, for its corners. One instance a mark would send less, but graphics by software draw each instance apart: three times as slow. */
  function corners(marks) {
    const words = driveops.mapMarks.BYTES / 4;
    const from = new Uint32Array(marks.buffer, 0, marks.count * words);
    const to = new Uint32Array(from.length * 4);
    for (let i = 0, at = 0; i < from.length; i += words) {
      for (let corner = 0; corner < 4; corner += 1) for (let word = 0; word < words; word += 1, at += 1) to[at] = from[i + word];
    }
    return to;
  }

  function triangles(count) {
    const indices = new Uint32Array(count * CORNERS.length);
    for (let i = 0; i < indices.length; i += 1) indices[i] = Math.floor(i / CORNERS.length) * 4 + CORNERS[i % CORNERS.length];
    return indices;
  }

  class MarkLayer {
    constructor(id, nearZoom) {
      Object.assign(this, { id, type: "custom", renderingMode: "2d", nearZoom, marks: null, theme: {}, isNew: false, isRepainted: false });
    }
    /* `marks` is a Marks. */
    set(marks) {
      this.marks = marks;
      this.isNew = true;
      this.map?.triggerRepaint();
    }
    colour(theme) {
      this.theme = theme;
      this.isRepainted = true;
      this.map?.triggerRepaint();
    }
    onAdd(map, gl) {
      this.map = map;
      const most = driveops.mapSprites.count;
      this.program = program(gl, [[gl.VERTEX_SHADER, VERTEX.replace("MOST", String(most))], [gl.FRAGMENT_SHADER, FRAGMENT]]);
      this.at = Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(this.program, `u_${name}`)])); // asking each time waits for the graphics
      this.vertices = gl.createBuffer();
      this.indices = gl.createBuffer();
      this.most = 0; // marks that there are indices for
      this.texture = gl.createTexture();
      this.array = gl.createVertexArray();
      this.bindColumns(gl);
      this.isNew = this.isRepainted = true;
    }
    onRemove(_map, gl) {
      this.map = null;
      gl.deleteProgram(this.program);
      gl.deleteBuffer(this.vertices);
      gl.deleteBuffer(this.indices);
      gl.deleteTexture(this.texture);
      gl.deleteVertexArray(this.array);
    }
    bindColumns(gl) {
      const column = (name, size, type, at) => {
        const index = gl.getAttribLocation(this.program, name);
        gl.enableVertexAttribArray(index);
        gl.vertexAttribPointer(index, size, type, false, driveops.mapMarks.BYTES, at);
      };
      gl.bindVertexArray(this.array);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.vertices);
      column("a_place", 2, gl.FLOAT, 0);
      column("a_shift", 2, gl.SHORT, 8);
      column("a_turn", 1, gl.UNSIGNED_BYTE, 12);
      column("a_sprite", 2, gl.UNSIGNED_BYTE, 13);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.indices);
      gl.bindVertexArray(null);
    }
    /* What has changed goes to the graphics. */
    upload(gl) {
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, this.texture);
      if (this.isRepainted) {
        gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, driveops.mapSprites.atlas(this.theme));
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
      }
      if (this.isNew) {
        gl.bindBuffer(gl.ARRAY_BUFFER, this.vertices);
        gl.bufferData(gl.ARRAY_BUFFER, corners(this.marks), gl.DYNAMIC_DRAW);
        if (this.marks.count > this.most) gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, triangles((this.most = this.marks.count)), gl.STATIC_DRAW);
      }
      this.isNew = this.isRepainted = false;
    }
    render(gl, { defaultProjectionData }) {
      if (!this.marks?.count) return;
      const { map, marks } = this;
      const [box, sprites] = [map.getCanvas(), driveops.mapSprites];
      gl.bindVertexArray(this.array);
      this.upload(gl);
      gl.useProgram(this.program);
      gl.uniformMatrix4fv(this.at.matrix, false, movedTo(defaultProjectionData.mainMatrix, marks.origin));
      gl.uniform2f(this.at.point, 2 / box.clientWidth, 2 / box.clientHeight);
      gl.uniform1f(this.at.middle, driveops.mapMarks.mercatorX(map.getCenter().lng) - marks.origin[0]);
      gl.uniform1i(this.at.afar, map.getZoom() < this.nearZoom);
      gl.uniform4fv(this.at.boxes, sprites.boxes());
      gl.uniform2f(this.at.cells, sprites.COLUMNS, sprites.rows);
      gl.uniform1f(this.at.cell, sprites.CELL);
      gl.uniform1i(this.at.atlas, 0);
      gl.drawElements(gl.TRIANGLES, marks.count * CORNERS.length, gl.UNSIGNED_INT, 0);
      gl.bindVertexArray(null);
    }
    /* Whose mark is at a place on the map, in points from its top left corner; null for none. */
    nearest(at) {
      if (!this.marks) return null;
      const [box, centre] = [this.map.getCanvas(), this.map.getCenter()];
      const camera = { x: driveops.mapMarks.mercatorX(centre.lng), y: driveops.mapMarks.mercatorY(centre.lat), scale: 512 * 2 ** this.map.getZoom() };
      return this.marks.nearest(at.x - box.clientWidth / 2, at.y - box.clientHeight / 2, camera);
    }
  }

  driveops.MarkLayer = MarkLayer;
})();
