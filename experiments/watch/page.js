// The page: pictures of one or two worlds, drawn from bytes, and the controls around them. Needs nothing from elsewhere.
//
// The server sends a scene once (places, ties) and then frames (a byte for each tie and person, gestures as records); each
// frame is acknowledged when it is drawn, and only then does the server compute on.

const FULL = 63, DORMANT = 1, LIVING = 2, REKINDLED = 3;
const RECORD = 16; // bytes of a gesture: sender i4, receiver i4, day i2, family u1, bright u1, second i4
const AIRBORNE = 90; // gestures drawn of a frame
const DASHES = [[], [7, 4]]; // of the lines of a chart
const POINTS = 900; // of a chart, after which every other one goes
const SMOOTH_UP_TO = 9000; // ties that are drawn with smooth edges; more of them are drawn faster
const CROWD = 3000; // ties that all show as bright as they are; among more, those of adopters do
const LAYER_PARTS = 8; // frames over which the faint ties of so many are drawn anew while a world plays

// Pixels ------------------------------------------------------------------------------------------------------------

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** Draws ties and people into an array of pixels, since a canvas path takes five times as long. */
class Raster {
  constructor(canvas, palette) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    const [r, g, b] = rgb(palette.night);
    this.night = (255 << 24) | (b << 16) | (g << 8) | r;
    this.ties = new Float32Array(256 * 4);
    for (let byte = 0; byte < 256; byte++) {
      const colour = rgb(palette.ties[byte >> 6] || palette.night);
      this.ties.set([...colour, palette.opacity[byte] * 256], byte * 4);
    }
    this.ember = rgb(palette.ember);
    this.stamps = new Map();
  }

  resize(width, height) {
    if (this.image && this.image.width === width && this.image.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.image = this.context.createImageData(width, height);
    this.pixels = new Int32Array(this.image.data.buffer);
  }

  blend(pixels, at, r, g, b, alpha) {
    const old = pixels[at];
    const red = old & 255, green = (old >> 8) & 255, blue = (old >> 16) & 255;
    pixels[at] =
      (255 << 24) | ((blue + (((b - blue) * alpha) >> 8)) << 16) | ((green + (((g - green) * alpha) >> 8)) << 8) |
      (red + (((r - red) * alpha) >> 8));
  }

  /** A line whose edges are smooth (Wu 1991): each step shares its light between two pixels. */
  smooth(pixels, x0, y0, x1, y1, r, g, b, alpha) {
    const width = this.image.width;
    const steep = Math.abs(y1 - y0) > Math.abs(x1 - x0);
    if (steep) [x0, y0, x1, y1] = [y0, x0, y1, x1];
    if (x0 > x1) [x0, y0, x1, y1] = [x1, y1, x0, y0];
    const slope = x1 - x0 < 1e-6 ? 0 : (y1 - y0) / (x1 - x0);
    const along = steep ? width : 1, across = steep ? 1 : width;
    const last = Math.round(x1);
    let y = y0 + slope * (Math.round(x0) - x0);
    for (let x = Math.round(x0); x <= last; x++, y += slope) {
      const row = y | 0, share = y - row, at = x * along + row * across;
      this.blend(pixels, at, r, g, b, alpha * (1 - share));
      this.blend(pixels, at + across, r, g, b, alpha * share);
    }
  }

  /** A line of whole pixels, in fixed point; red and blue are blended in one go. */
  quick(pixels, x0, y0, x1, y1, r, g, b, alpha) {
    const width = this.image.width, keep = 256 - (alpha | 0);
    const redBlue = Math.imul((b << 16) | r, 256 - keep) + 0x800080, green = Math.imul(g << 8, 256 - keep) + 0x8000;
    const steep = Math.abs(y1 - y0) > Math.abs(x1 - x0);
    if (steep) [x0, y0, x1, y1] = [y0, x0, y1, x1];
    if (x0 > x1) [x0, y0, x1, y1] = [x1, y1, x0, y0];
    const along = steep ? width : 1, across = steep ? 1 : width, first = Math.round(x0), last = Math.round(x1);
    const slope = last > first ? (((y1 - y0) * 65536) / (last - first)) | 0 : 0;
    let y = ((y0 + 0.5) * 65536) | 0;
    for (let k = first * along, end = last * along; k <= end; k += along, y += slope) {
      const at = k + Math.imul(y >> 16, across), old = pixels[at];
      pixels[at] = -16777216 |
        (((Math.imul(old & 0xff00ff, keep) + redBlue) >>> 8) & 0xff00ff) | (((Math.imul(old & 0xff00, keep) + green) >>> 8) & 0xff00);
    }
  }

  /** How opaque a disc (or ring) of this radius is, pixel by pixel. */
  stamp(radius, ring) {
    const key = `${radius.toFixed(1)}${ring ? "o" : ""}`;
    if (!this.stamps.has(key)) {
      const reach = Math.ceil(radius + 1), mask = [];
      for (let dy = -reach; dy <= reach; dy++) {
        for (let dx = -reach; dx <= reach; dx++) {
          const distance = Math.hypot(dx, dy);
          const cover = ring ? 1.2 - Math.abs(distance - radius) : radius - distance + 0.5;
          if (cover > 0) mask.push(dx, dy, Math.min(1, cover));
        }
      }
      this.stamps.set(key, mask);
    }
    return this.stamps.get(key);
  }

  disc(x, y, mask, r, g, b, alpha) {
    const pixels = this.pixels, width = this.image.width, middle = Math.round(y) * width + Math.round(x);
    for (let k = 0; k < mask.length; k += 3) this.blend(pixels, middle + mask[k + 1] * width + mask[k], r, g, b, (alpha * mask[k + 2]) | 0);
  }

  /** Ties of one look, all or some of them, onto an array of pixels. */
  lines(pixels, look, from, to, { scene, at, ties, followed }, drawn) {
    const { pairs, adopts } = scene, colours = this.ties, line = ties.length > SMOOTH_UP_TO ? "quick" : "smooth";
    const crowd = Math.min(1, Math.sqrt(CROWD / ties.length));
    for (let k = from; k < to; k++) {
      const byte = ties[k];
      if (byte >> 6 !== look || (drawn && drawn[k])) continue;
      const one = pairs[2 * k], other = pairs[2 * k + 1], a = 2 * one, b = 2 * other;
      let alpha = adopts[one] || adopts[other] ? colours[4 * byte + 3] : crowd * colours[4 * byte + 3];
      if (followed !== null) alpha = one === followed || other === followed ? Math.max(alpha, 150) : alpha * 0.4;
      this[line](pixels, at[a], at[a + 1], at[b], at[b + 1], colours[4 * byte], colours[4 * byte + 1], colours[4 * byte + 2], alpha);
    }
  }

  /**
   * The whole picture. In a hurry, the faint ties of a large world are taken from a layer that is some frames old, while
   * the next one is drawn a part at a time; a tie that has become faint since then is drawn on top of it.
   */
  draw(view, hurried) {
    const { scene, at, ties, people, followed, size } = view;
    if (hurried && ties.length > SMOOTH_UP_TO) this.drawLayer(view);
    else {
      this.layer = null;
      this.pixels.fill(this.night);
      this.lines(this.pixels, DORMANT, 0, ties.length, view);
    }
    for (const look of [LIVING, REKINDLED]) this.lines(this.pixels, look, 0, ties.length, view);
    const halo = this.stamp(size * 2.1, false), body = this.stamp(size, false), ring = this.stamp(size + 2.2, true);
    const [er, eg, eb] = this.ember;
    for (let k = 0; k < people.length; k++) {
      if (people[k] > 6) this.disc(at[2 * k], at[2 * k + 1], halo, er, eg, eb, 18 + (80 * people[k]) / FULL);
    }
    for (let k = 0; k < people.length; k++) this.disc(at[2 * k], at[2 * k + 1], body, 223, 230, 244, 245);
    for (const k of scene.adopters) this.disc(at[2 * k], at[2 * k + 1], ring, 238, 242, 250, 230);
    this.context.putImageData(this.image, 0, 0);
  }

  drawLayer(view) {
    const { at, ties, followed } = view;
    let layer = this.layer;
    if (!layer || layer.at !== at || layer.followed !== followed) {
      const fresh = () => ({ pixels: new Int32Array(this.pixels.length), has: new Uint8Array(ties.length) });
      layer = this.layer = { at, followed, shown: fresh(), next: fresh(), done: 0 };
      this.layerPart(view, ties.length);
    } else this.layerPart(view, Math.ceil(ties.length / LAYER_PARTS));
    this.pixels.set(layer.shown.pixels);
    this.lines(this.pixels, DORMANT, 0, ties.length, view, layer.shown.has);
  }

  /** So many more ties of the next layer; when it has all, it is the one that is shown. */
  layerPart(view, count) {
    const layer = this.layer, { pixels, has } = layer.next, to = Math.min(view.ties.length, layer.done + count);
    if (layer.done === 0) pixels.fill(this.night);
    this.lines(pixels, DORMANT, layer.done, to, view);
    for (let k = layer.done; k < to; k++) has[k] = view.ties[k] >> 6 === DORMANT;
    layer.done = to;
    if (to === view.ties.length) [layer.shown, layer.next, layer.done] = [layer.next, layer.shown, 0];
  }
}

// One world ---------------------------------------------------------------------------------------------------------

class World {
  constructor(host, palette, act, index) {
    this.palette = palette;
    this.element = make("figure", { class: "rk-world" });
    this.base = make("canvas", { class: "rk-base", role: "img", "aria-label": "People by community, ties by strength" });
    this.over = make("canvas", { class: "rk-over" });
    this.name = make("figcaption", { class: "rk-name" });
    this.number = make("div", { class: "rk-number" });
    this.unit = make("div", { class: "rk-unit" }, "ties per adopter reconnected");
    this.sky = make("div", { class: "rk-sky" }, this.base, this.over);
    this.element.append(make("div", { class: "rk-said" }, this.number, make("div", {}, this.name, this.unit)), this.sky);
    host.append(this.element);
    this.raster = new Raster(this.base, palette);
    this.context = this.over.getContext("2d");
    this.flying = [];
    this.over.addEventListener("click", (event) => act({ do: "follow", person: this.nearest(event) }));
    this.over.addEventListener("mousemove", (event) => {
      const near = this.scene ? this.nearest(event) : null;
      this.over.style.cursor = near === null ? "default" : "pointer";
      this.over.title = near === null ? "" : `Person ${near}: click to follow`;
    });
    this.watcher = new ResizeObserver(() => this.redraw());
    this.watcher.observe(this.sky);
    this.index = index;
  }

  /** Where each person is, in pixels of the canvas. */
  place() {
    const box = this.sky.getBoundingClientRect();
    const ratio = Math.min(window.devicePixelRatio || 1, Math.sqrt(1.6e6 / Math.max(1, box.width * box.height)));
    const width = Math.max(2, Math.round(box.width * ratio)), height = Math.max(2, Math.round(box.height * ratio));
    this.raster.resize(width, height);
    if (this.over.width !== width || this.over.height !== height) Object.assign(this.over, { width, height });
    if (this.placed === `${width}x${height}` && this.at && this.of === this.scene) return;
    [this.placed, this.of, this.ratio] = [`${width}x${height}`, this.scene, width / box.width];
    const n = this.scene.people, places = this.scene.places, short = Math.min(width, height);
    this.size = Math.max(1.1, Math.min(5 * this.ratio, (short * 0.14) / Math.sqrt(n)));
    let extent = [1e9, 1e9, -1e9, -1e9];
    for (let k = 0; k < n; k++) {
      extent = [Math.min(extent[0], places[2 * k]), Math.min(extent[1], places[2 * k + 1]), Math.max(extent[2], places[2 * k]), Math.max(extent[3], places[2 * k + 1])];
    }
    const margin = this.size * 2.4 + 8, spread = [Math.max(extent[2] - extent[0], 1e-3), Math.max(extent[3] - extent[1], 1e-3)];
    const scale = Math.min((width - 2 * margin) / spread[0], (height - 2 * margin) / spread[1]);
    const middle = [(extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2];
    this.at = new Float32Array(2 * n);
    for (let k = 0; k < n; k++) {
      this.at[2 * k] = width / 2 + (places[2 * k] - middle[0]) * scale;
      this.at[2 * k + 1] = height / 2 - (places[2 * k + 1] - middle[1]) * scale;
    }
  }

  nearest(event) {
    if (!this.at) return null;
    const box = this.over.getBoundingClientRect();
    const x = (event.clientX - box.left) * this.ratio, y = (event.clientY - box.top) * this.ratio;
    let best = null, least = (18 * this.ratio) ** 2;
    for (let k = 0; k < this.scene.people; k++) {
      const distance = (this.at[2 * k] - x) ** 2 + (this.at[2 * k + 1] - y) ** 2;
      if (distance < least) [best, least] = [k, distance];
    }
    return best;
  }

  show(scene, ties, people, gestures, followed, seconds, hurried) {
    Object.assign(this, { scene, ties, people, followed });
    this.flying = gestures;
    this.began = performance.now();
    this.lasts = Math.max(160, Math.min(1400, seconds * 1000));
    this.redraw(hurried);
  }

  redraw(hurried = false) {
    if (!this.scene || !this.ties) return;
    this.place();
    this.raster.draw(this, hurried);
    this.animate(true);
  }

  /** Gestures on their way. */
  animate(still) {
    const context = this.context, age = still ? 0.45 : (performance.now() - this.began) / this.lasts;
    if (!this.at || (age > 1 && this.calm)) return;
    this.calm = age > 1; // all have arrived, and nothing need be drawn until the next frame
    context.clearRect(0, 0, this.over.width, this.over.height);
    if (this.followed !== null && this.followed !== undefined) this.ring(context, this.followed);
    if (age > 1) return;
    context.lineCap = "round";
    for (const bright of [0, 1]) {
      this.palette.families.forEach((family, number) => {
        context.beginPath();
        for (const gesture of this.flying) {
          if (gesture.family !== number || gesture.bright !== bright) continue;
          const gone = Math.min(1, Math.max(0, age * 1.5 - 0.5 * gesture.when)), from = 2 * gesture.sender, to = 2 * gesture.receiver;
          const dx = this.at[to] - this.at[from], dy = this.at[to + 1] - this.at[from + 1], tail = Math.max(0, gone - 0.45);
          context.moveTo(this.at[from] + dx * tail, this.at[from + 1] + dy * tail);
          context.lineTo(this.at[from] + dx * gone, this.at[from + 1] + dy * gone);
        }
        context.strokeStyle = family.colour;
        context.globalAlpha = (bright ? 0.95 : 0.3) * (age < 0.75 ? 1 : Math.max(0, (1 - age) * 4));
        context.lineWidth = (bright ? 2.2 : 1.2) * this.ratio;
        context.stroke();
      });
    }
    context.globalAlpha = 1;
  }

  ring(context, person) {
    const x = this.at[2 * person], y = this.at[2 * person + 1];
    context.strokeStyle = this.palette.ember;
    context.lineWidth = 2.5 * this.ratio;
    context.beginPath();
    context.arc(x, y, this.size + 7 * this.ratio, 0, 2 * Math.PI);
    context.stroke();
    context.fillStyle = this.palette.ink;
    context.font = `600 ${14 * this.ratio}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.strokeStyle = this.palette.night; // a rim, since the name stands amid people
    context.lineWidth = 5 * this.ratio;
    context.lineJoin = "round";
    context.strokeText(`person ${person}`, x, y - this.size - 13 * this.ratio);
    context.fillText(`person ${person}`, x, y - this.size - 13 * this.ratio);
  }

  close() {
    this.watcher.disconnect();
    this.element.remove();
  }
}

// A chart -----------------------------------------------------------------------------------------------------------

/** Lines over days, with their values at their ends; of two, the second is dashed, and a key says whose is which. */
class Chart {
  constructor(title, note) {
    this.canvas = make("canvas", { role: "img", "aria-label": title });
    this.key = make("div", { class: "rk-key" });
    this.element = make("section", { class: "rk-chart" }, make("h3", {}, title), this.key, this.canvas, note ? make("p", {}, note) : "");
    this.watcher = new ResizeObserver(() => this.drawn && this.draw(...this.drawn));
    this.watcher.observe(this.canvas);
    this.clear();
  }

  clear() {
    this.days = [];
    this.values = [];
    this.every = 1;
  }

  add(day, values) {
    if (this.days.length && day <= this.days[this.days.length - 1]) return;
    this.days.push(day);
    this.values.push(values);
    if (this.days.length > POINTS) {
      this.days = this.days.filter((_, k) => k % 2 === 0 || k === this.days.length - 1);
      this.values = this.values.filter((_, k) => k % 2 === 0 || k === this.values.length - 1);
    }
  }

  /** The key, which is only touched when it changes. */
  name(colours, names) {
    const said = names.length > 1 ? names.map((name, k) => `${"━╍"[k]} ${words(name)}`) : [];
    if (this.key.dataset.said === said.join()) return;
    this.key.dataset.said = said.join();
    this.key.replaceChildren(...said.map((text, k) => make("span", { style: `color: ${colours[k]}` }, text)));
  }

  draw(colours, names, fill) {
    this.drawn = [colours, names, fill];
    this.name(colours, names);
    const box = this.canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
    if (box.width < 10) return;
    const width = Math.round(box.width * ratio), height = Math.round(box.height * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, box.width, box.height);
    const flat = this.values.flat().filter((value) => value !== null);
    const low = Math.min(0, ...flat), high = Math.max(1e-9, ...flat, low + 1), span = high - low;
    const [left, right, top, bottom] = [8, box.width - 58, 10, box.height - 20];
    const last = Math.max(30, this.days[this.days.length - 1] || 0);
    const x = (day) => left + ((right - left) * day) / last, y = (value) => bottom - ((bottom - top) * (value - low)) / span;
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = context.strokeStyle = "#9aa8c2";
    context.globalAlpha = 0.35;
    line(context, [[left, y(0)], [right, y(0)]], 1);
    context.globalAlpha = 1;
    context.textAlign = "left";
    context.fillText("day 0", left, box.height - 5);
    context.textAlign = "right";
    context.fillText(`day ${last.toLocaleString("en")}`, right, box.height - 5);
    context.textAlign = "left";
    let spots = [];
    colours.forEach((colour, k) => {
      const points = this.days.map((day, row) => [x(day), this.values[row][k]]).filter(([, value]) => value !== null && value !== undefined);
      if (!points.length) return;
      const path = points.map(([at, value]) => [at, y(value)]);
      if (fill) {
        context.fillStyle = colour;
        context.globalAlpha = 0.22;
        context.beginPath();
        [[path[0][0], y(0)], ...path, [path[path.length - 1][0], y(0)]].forEach(([a, b], n) => (n ? context.lineTo(a, b) : context.moveTo(a, b)));
        context.fill();
        context.globalAlpha = 1;
      }
      context.strokeStyle = colour;
      context.setLineDash(DASHES[k]);
      line(context, path, 2.4);
      context.setLineDash([]);
      spots.push({ colour, value: points[points.length - 1][1], at: path[path.length - 1] });
    });
    spots = spots.sort((a, b) => a.at[1] - b.at[1]);
    spots.forEach((spot, k) => {
      const level = k && spot.at[1] - spots[k - 1].level < 15 ? spots[k - 1].level + 15 : spot.at[1];
      spot.level = level;
      context.fillStyle = spot.colour;
      context.font = "600 14px system-ui, sans-serif";
      context.fillText(number(spot.value, fill), Math.min(spot.at[0] + 6, right + 6), level + 5);
    });
  }
}

function line(context, points, width) {
  context.lineWidth = width;
  context.lineJoin = "round";
  context.beginPath();
  points.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}

const number = (value, signed) =>
  value === null || value === undefined ? "–" : `${signed && value >= 0 ? "+" : ""}${value.toFixed(1)}`.replace("-", "−");

// The page ----------------------------------------------------------------------------------------------------------

function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") element.style.cssText = value; // as an attribute, the page's own policy forbids it
    else if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...inside);
  return element;
}

const words = (name) => name.replaceAll("_", " ");

/** What is between the server and the screen, with or without controls around it. */
class Picture {
  constructor(host, palette, act) {
    Object.assign(this, { host, palette, act, worlds: [], state: { speed: 5, differences: false }, still: false });
    this.still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const tick = () => {
      if (this.closed) return;
      if (!this.still) for (const world of this.worlds) world.animate(false);
      this.ticking = requestAnimationFrame(tick);
    };
    this.ticking = requestAnimationFrame(tick);
  }

  takeScene(message, [places, pairs, adopters]) {
    this.scene = {
      people: message.people,
      places: new Float32Array(bytes(places).buffer),
      pairs: new Int32Array(bytes(pairs).buffer),
      adopters: new Int32Array(bytes(adopters).buffer),
      adopts: new Uint8Array(message.people),
    };
    for (const person of this.scene.adopters) this.scene.adopts[person] = 1;
    while (this.worlds.length > message.arms.length) this.worlds.pop().close();
    while (this.worlds.length < message.arms.length) this.worlds.push(new World(this.host, this.palette, this.act, this.worlds.length));
    this.worlds.forEach((world, k) => {
      world.name.textContent = message.arms[k];
      world.ties = null;
      world.scene = this.scene;
    });
    this.host.dataset.worlds = message.arms.length;
  }

  takeFrame(message, buffers) {
    const rows = new Int32Array(bytes(buffers[0]).buffer), pairs = new Int32Array(bytes(buffers[1]).buffer);
    rows.forEach((row, k) => this.scene.pairs.set(pairs.subarray(2 * k, 2 * k + 2), 2 * row));
    const followed = message.followed ? message.followed.person : null;
    this.worlds.forEach((world, k) => {
      const [ties, people, gestures] = buffers.slice(2 + 3 * k, 5 + 3 * k);
      world.show(this.scene, bytes(ties), bytes(people), records(gestures), followed, 1.4 / Math.min(this.state.speed, 6), this.state.playing);
      world.number.textContent = number(message.outcomes[k].reconnected);
    });
  }

  close() {
    this.closed = true;
    cancelAnimationFrame(this.ticking);
    this.worlds.forEach((world) => world.close());
  }
}

const bytes = (view) => new Uint8Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

function records(view) {
  const count = Math.min(AIRBORNE, view.byteLength / RECORD), found = [];
  for (let k = 0; k < count; k++) {
    const at = k * RECORD;
    found.push({
      sender: view.getInt32(at, true), receiver: view.getInt32(at + 4, true), family: view.getUint8(at + 10),
      bright: view.getUint8(at + 11), when: view.getInt32(at + 12, true) / 86400,
    });
  }
  return found;
}

const KEYS = [
  [" ", "space", "play or pause", (page) => page.act({ do: "play" })],
  ["ArrowRight", "→", "one day on", (page) => page.act({ do: "step", days: 1 })],
  ["ArrowDown", "↓", "one week on", (page) => page.act({ do: "step", days: 7 })],
  ["r", "r", "reset to day 0", (page) => page.act({ do: "reset" })],
  ["+", "+", "faster", (page) => page.act({ do: "speed", by: 1 })],
  ["-", "−", "slower", (page) => page.act({ do: "speed", by: -1 })],
  ["s", "s", "a second world beside it, or not", (page) => page.toggleBeside()],
  ["d", "d", "only what differs, or all", (page) => page.act({ do: "differences", on: !page.state.differences })],
  ["a", "a", "follow an adopter, the next one", (page) => page.followNext()],
  ["f", "f", "present: full screen, large type", (page) => page.present()],
  ["m", "m", "motion of gestures on or off", (page) => page.toggleMotion()],
  ["c", "c", "copy as configuration", (page) => page.act({ do: "config" })],
  ["l", "l", "copy the link", (page) => page.copyLink()],
  ["p", "p", "next preset", (page) => page.nextPreset()],
  ["Escape", "esc", "stop following, or close this", (page) => page.escape()],
  ["?", "?", "these keys", (page) => page.toggleHelp()],
];

class Page {
  constructor(root, model) {
    this.model = model;
    this.root = root;
    this.state = {};
    this.palette = model.get("palette");
    this.act = (message) => model.send(message);
    this.build();
    this.picture = new Picture(this.stage, this.palette, (message) => message.person !== null && this.act(message));
    this.onKey = (event) => this.key(event);
    document.addEventListener("keydown", this.onKey);
    this.waiting = setInterval(() => this.lookForLost(), 1000);
    this.tell("Getting ready …", "", true);
    this.onLeave = () => !document.fullscreenElement && this.root.classList.remove("rk-present");
    document.addEventListener("fullscreenchange", this.onLeave);
  }

  build() {
    const button = (name, label, title, press, more = {}) =>
      make("button", { type: "button", "data-do": name, title, "aria-label": title, onclick: press, ...more }, label);
    this.play = button("play", "▶", "Play (space)", () => this.act({ do: "play" }), { class: "rk-play" });
    this.clock = make("div", { class: "rk-clock", "aria-live": "off" }, "…");
    this.phase = make("div", { class: "rk-phase" });
    this.speed = make("select", { "data-do": "speed", title: "Days a second (+, −)", "aria-label": "Days a second", onchange: () => this.act({ do: "speed", value: Number(this.speed.value) }) });
    this.seed = make("input", { "data-path": "run.seed", inputmode: "numeric", size: 6, "aria-label": "Seed of luck", title: "The seed of all luck: the same seed is the same run", onchange: () => this.set("run.seed", this.seed.value) });
    this.strategy = make("select", { "data-path": "run.strategy", "aria-label": "Strategy of the first world", onchange: () => this.chooseStrategy(this.strategy, 0, (value) => this.set("run.strategy", value)) });
    this.beside = make("select", { "data-do": "beside", "aria-label": "Strategy of the second world", onchange: () => this.chooseStrategy(this.beside, 1, (value) => this.act({ do: "beside", value })) });
    this.differences = make("input", { type: "checkbox", "data-do": "differences", onchange: () => this.act({ do: "differences", on: this.differences.checked }) });
    this.onlyDifferences = make("label", { class: "rk-switch" }, this.differences, " only what differs");
    this.preset = make("select", { "data-do": "preset", "aria-label": "Preset", onchange: () => this.act({ do: "preset", value: this.preset.value }) });
    this.stage = make("div", { class: "rk-stage" });
    this.legend = make("div", { class: "rk-legend" },
      ...this.palette.families.map((family) => make("span", { style: `color:${family.colour}` }, family.name)),
      make("span", { style: `color:${this.palette.ember}` }, "a tie rekindled; an open door"), make("span", {}, "○ adopter"));
    this.told = make("div", { class: "rk-told", role: "status", "aria-live": "polite" });
    this.outcome = new Chart("Reconnected ties per adopter");
    this.difference = new Chart("Difference, second − first", "One pair of worlds with the same luck. Other worlds differ: rekindle sweep gives the interval.");
    this.active = new Chart("Active ties per adopter");
    this.person = make("section", { class: "rk-person" });
    this.settings = make("section", { class: "rk-settings" });
    this.share = make("section", { class: "rk-share" },
      button("config", "Copy as config", "A TOML file of which the command line makes the same run (c)", () => this.act({ do: "config" })),
      button("link", "Copy link", "The address of just this: settings, seed and day (l)", () => this.copyLink()),
      button("png", "PNG", "This day as a picture", () => this.act({ do: "picture", value: "png" })),
      button("svg", "SVG", "This day as a picture to scale", () => this.act({ do: "picture", value: "svg" })),
      button("film", "Film", "From day 0 to this day, as MP4", () => this.act({ do: "film", value: "mp4" })));
    this.help = make("dialog", { class: "rk-help" }, make("h2", {}, "Keys"), make("dl", {}, ...KEYS.flatMap(([, key, meaning]) => [make("dt", {}, key), make("dd", {}, meaning)])),
      button("close", "Close", "Close", () => this.help.close()));
    this.mixture = new Mixture();
    this.side = make("aside", { class: "rk-side" }, this.person, this.outcome.element, this.difference.element, this.active.element, this.settings, this.share);
    this.root.append(
      make("header", { class: "rk-bar" },
        make("div", { class: "rk-brand" }, "Rekindle"),
        make("div", { class: "rk-transport" },
          this.play, button("day", "+1 day", "One day on (→)", () => this.act({ do: "step", days: 1 })),
          button("week", "+1 week", "One week on (↓)", () => this.act({ do: "step", days: 7 })),
          button("reset", "Reset", "To day 0 (r)", () => this.act({ do: "reset" })), this.speed),
        make("div", { class: "rk-when" }, this.clock, this.phase),
        make("div", { class: "rk-tools" },
          make("label", {}, "seed ", this.seed), make("label", { class: "rk-preset" }, "preset ", this.preset),
          button("present", "Present", "Full screen, large type (f)", () => this.present()), button("help", "?", "Keys (?)", () => this.toggleHelp()))),
      make("div", { class: "rk-choice" }, make("label", {}, "first ", this.strategy), make("label", {}, "second ", this.beside), this.onlyDifferences),
      make("main", { class: "rk-main" }, this.stage, this.legend), this.side, this.told, this.help, this.mixture.dialog);
  }

  take(message, buffers) {
    if (message.is === "scene") {
      this.arms = message.arms;
      this.picture.takeScene(message, buffers);
      if (!message.again) [this.outcome, this.difference, this.active].forEach((chart) => chart.clear());
      this.root.dataset.worlds = message.arms.length;
      this.scene = this.picture.scene;
    } else if (message.is === "frame") this.takeFrame(message, buffers);
    else if (message.is === "series") message.rows.forEach(([day, outcomes]) => this.note(day, outcomes));
    else if (message.is === "state") this.takeState(message);
    else if (message.is === "error") this.tell(message.text, message.path);
    else if (message.is === "progress") this.tell(message.what ? `${message.what[0].toUpperCase()}${message.what.slice(1)}: ${Math.round((100 * message.done) / message.total)} %` : "", "", true);
    else if (message.is === "compiling") this.tell(`Compiling the model (once): ${message.done} of about ${message.total} functions, ${message.seconds} s`, "", true);
    else if (message.is === "connection") this.tell(message.text, "", true);
    else if (message.is === "file") this.takeFile(message, buffers);
  }

  takeFrame(message, buffers) {
    const began = performance.now();
    this.picture.takeFrame(message, buffers);
    this.root.dataset.took = (performance.now() - began).toFixed(1);
    const second = message.outcomes[1], arms = this.palette.arms;
    this.note(message.day, message.outcomes);
    this.outcome.draw(arms.slice(0, message.outcomes.length), this.arms);
    this.active.draw(arms.slice(0, message.outcomes.length), this.arms);
    if (second) this.difference.draw([this.palette.ember], [""], true);
    this.heard = performance.now();
    this.showClock(message.day);
    this.showPerson(message.followed);
    this.root.dataset.day = message.day;
    this.root.dataset.frame = message.frame;
    requestAnimationFrame(() => this.act({ do: "drawn", frame: message.frame }));
  }

  note(day, outcomes) {
    const [first, second] = outcomes;
    this.outcome.add(day, outcomes.map((each) => each.reconnected));
    this.active.add(day, outcomes.map((each) => each.active_ties));
    this.difference.add(day, [second ? second.reconnected - first.reconnected : null]);
  }

  showClock(day) {
    this.clock.textContent = day < 365 ? `Day ${day}` : `Year ${Math.floor(day / 365) + 1}, day ${day % 365}`;
    const { strategy_days: last, end } = this.state;
    this.phase.textContent = day >= end ? "the run is over" : day >= last ? "ordinary life, to see what lasts" : `the strategy runs to day ${last}`;
  }

  takeState(state) {
    const stops = this.state.playing && !state.playing;
    this.state = this.picture.state = state;
    if (stops) this.picture.worlds.forEach((world) => world.redraw());
    this.play.textContent = state.playing ? "❚❚" : "▶";
    this.play.title = state.playing ? "Pause (space)" : "Play (space)";
    this.play.setAttribute("aria-label", this.play.title);
    this.root.dataset.playing = state.playing;
    fill(this.speed, state.speeds.map((speed) => [String(speed), `${speed} d / s`]), String(state.speed));
    if (document.activeElement !== this.seed) this.seed.value = state.seed;
    const named = [...state.strategies.map((name) => [name, words(name)]), ["mixture", "a mixture …"]];
    const options = (arm) => (state.shares[arm] ? [...named, [mixed(state.shares[arm]), state.names[arm]]] : named);
    fill(this.strategy, options(0), state.shares[0] ? mixed(state.shares[0]) : state.strategy);
    fill(this.beside, [["", state.forked ? "the same, without the gesture" : "none"], ...options(1)], state.shares[1] ? mixed(state.shares[1]) : state.beside || "");
    this.differences.checked = state.differences;
    fill(this.preset, [["", "as opened"], ...Object.entries(state.presets)], state.preset);
    if (!state.playing) history.replaceState(null, "", state.query ? `?${state.query}` : location.pathname);
    this.showSettings(state.controls);
    this.showClock(state.day);
    if (state.followed === null) this.showPerson(null);
    if (!this.root.dataset.ready) this.tell("");
    this.root.dataset.ready = "true";
    this.root.dataset.told = state.told;
  }

  showSettings(controls) {
    if (!this.fields) this.buildSettings(controls);
    for (const control of controls) {
      const { input, slider, note } = this.fields[control.path];
      const value = Array.isArray(control.value) ? `[${control.value.join(", ")}]` : String(control.value);
      if (document.activeElement !== input) input.value = value;
      if (slider && document.activeElement !== slider) slider.value = value;
      note.textContent = "";
      input.removeAttribute("aria-invalid");
    }
    this.drift.textContent = this.state.drifted === null ? "" : `Changed on day ${this.state.drifted}. Reset shows the run that has these from day 0.`;
  }

  buildSettings(controls) {
    this.fields = {};
    this.drift = make("p", { class: "rk-drift" });
    const groups = {};
    for (const control of controls) (groups[control.group] ||= []).push(this.field(control));
    this.settings.append(make("h3", {}, "Settings"), this.drift,
      ...Object.entries(groups).map(([name, fields], k) => make("details", { open: k === 0 }, make("summary", {}, name), ...fields)));
  }

  field(control) {
    const id = `rk-${control.path.replaceAll(".", "-")}`;
    const input = make("input", { id, "data-path": control.path, inputmode: "decimal", size: 7, "aria-describedby": `${id}-note`, onchange: () => this.set(control.path, input.value) });
    const slider = control.step === null ? null : make("input", {
      type: "range", min: control.low, max: control.high, step: control.step, "aria-label": control.label, "data-slider": control.path,
      oninput: () => (input.value = slider.value), onchange: () => this.set(control.path, slider.value),
    });
    const note = make("p", { class: "rk-error", id: `${id}-note`, role: "alert" });
    this.fields[control.path] = { input, slider, note };
    const unit = control.unit ? make("span", { class: "rk-unit" }, control.unit) : "";
    const acts = make("span", { class: "rk-acts", title: control.live ? "Acts from today on" : "Begins anew on day 0" }, control.live ? "live" : "↺ resets");
    const meaning = [control.meaning, control.range && `${control.range}`, control.source].filter(Boolean).join("; ");
    return make("div", { class: "rk-field", title: meaning }, make("label", { for: id }, control.label), acts, make("div", { class: "rk-row" }, slider || "", input, unit), note);
  }

  set(path, value) {
    this.act({ do: "set", path, value: String(value) });
  }

  chooseStrategy(select, arm, then) {
    if (select.value === "mixture") this.mixture.open(this.state.strategies, this.state.shares[arm], then, () => this.takeState(this.state));
    else then(select.value);
  }

  showPerson(followed) {
    const day = this.root.dataset.day;
    if (!followed) {
      this.person.replaceChildren();
      this.shown = null;
      return;
    }
    if (this.shown !== followed.person) this.buildPerson(followed);
    const arm = followed.ties[0], counts = followed.counts[0];
    this.personHead.textContent = `${counts.active} active, ${counts.dormant} dormant, ${counts.rekindled} rekindled` +
      (followed.ties.length > 1 ? ` (beside: ${followed.counts[1].rekindled} rekindled)` : "");
    const chosen = this.to.value;
    fill(this.to, arm.map((tie) => [String(tie.other), `person ${tie.other}, ${tie.state}`]), arm.some((tie) => String(tie.other) === chosen) ? chosen : String((arm.find((tie) => tie.state === "dormant") || arm[0] || { other: "" }).other));
    this.tieList.replaceChildren(...arm.slice(0, 40).map((tie) => this.tie(tie, Number(day))));
  }

  buildPerson(followed) {
    this.shown = followed.person;
    this.personHead = make("p", { class: "rk-counts" });
    this.kind = make("select", { "data-do": "kind", "aria-label": "Gesture" }, ...this.state.by_hand.map((kind) => make("option", { value: kind }, kind)));
    this.to = make("select", { "data-do": "to", "aria-label": "To whom" });
    this.fork = make("input", { type: "checkbox", "data-do": "fork", checked: true });
    this.tieList = make("ul", { class: "rk-ties" });
    const send = make("button", { type: "button", "data-do": "send", class: "rk-send", onclick: () => this.act({ do: "send", kind: this.kind.value, to: Number(this.to.value), fork: this.fork.checked }) }, "Send");
    const leave = make("button", { type: "button", "data-do": "unfollow", title: "Stop following (esc)", "aria-label": "Stop following", onclick: () => this.act({ do: "follow", person: null }) }, "×");
    const nature = `sociability ${followed.sociability}, hesitance ${followed.hesitance}${followed.adopts ? ", an adopter" : ""}`;
    this.person.replaceChildren(
      make("h3", {}, `Person ${followed.person}`, leave), make("p", { class: "rk-nature" }, nature), this.personHead,
      make("div", { class: "rk-hand" }, "send a ", this.kind, " to ", this.to, make("label", { class: "rk-switch", title: "Two worlds from today on: one in which it is sent, one in which it is not" }, this.fork, " with and without"), send),
      this.tieList);
  }

  tie(tie) {
    const look = tie.rekindled ? "rekindled" : tie.state;
    const silence = tie.silence === null ? "never in touch" : tie.silence === 0 ? "in touch today" : `silent ${tie.silence.toLocaleString("en")} d`;
    const doors = [tie.door > 0.05 && `their door ${Math.round(100 * tie.door)} %`, tie.own_door > 0.05 && `own door ${Math.round(100 * tie.own_door)} %`].filter(Boolean);
    const said = tie.history.map(([day, mine, kind, answers]) => `day ${day}: ${mine ? "→" : "←"} ${kind}${answers ? " (answer)" : ""}`);
    return make("li", { class: `rk-tie rk-${look}`, "data-other": tie.other, title: said.join("\n") },
      make("button", { type: "button", class: "rk-who", title: `Follow person ${tie.other}`, onclick: () => this.act({ do: "follow", person: tie.other }) }, `person ${tie.other}`),
      make("span", { class: "rk-bar-of" }, make("i", { style: `width:${Math.round(100 * tie.strength)}%` })),
      make("span", { class: "rk-state" }, `${look}, ${silence}`),
      doors.length ? make("span", { class: "rk-door" }, doors.join(", ")) : "",
      said.length ? make("span", { class: "rk-history" }, said.slice(0, 3).join(" · ")) : "");
  }

  takeFile(message, buffers) {
    if (message.text !== undefined) {
      this.copy(message.text, `Copied. Save it as ${message.name}; rekindle run ${message.name} makes the same run.`);
      return;
    }
    const link = make("a", { href: URL.createObjectURL(new Blob([bytes(buffers[0])], { type: message.type })), download: message.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    this.tell(`${message.name} is in your downloads.`);
  }

  async copy(text, said) {
    this.root.dataset.copied = text;
    try {
      await navigator.clipboard.writeText(text);
      this.tell(said);
    } catch {
      window.prompt("Copy this:", text);
    }
  }

  /** Frames that were on their way when a connection broke never come: ask anew. */
  lookForLost() {
    const patience = 2500 + 1000 / (this.state.speed || 1);
    if (!this.state.playing || document.visibilityState !== "visible" || performance.now() - this.heard < patience) return;
    this.heard = performance.now();
    this.act({ do: "again" });
  }

  copyLink() {
    const query = this.state.query ? `?${this.state.query}` : "";
    history.replaceState(null, "", query || location.pathname);
    this.copy(location.href, "The link is copied: these settings, this seed, this day.");
  }

  tell(text, path = "", stays = false) {
    const field = this.fields && this.fields[path];
    if (field && text) {
      field.note.textContent = text;
      field.input.setAttribute("aria-invalid", "true");
      field.input.closest("details").open = true;
      return;
    }
    this.told.textContent = text;
    clearTimeout(this.fading);
    if (text && !stays) this.fading = setTimeout(() => (this.told.textContent = ""), 7000);
  }

  toggleBeside() {
    if (this.state.beside || this.state.forked) this.lastBeside = this.state.beside;
    this.act({ do: "beside", value: this.state.beside || this.state.forked ? "" : this.lastBeside || (this.state.strategy === "wait" ? "engage_regularly" : "wait") });
  }

  followNext() {
    if (!this.scene) return;
    const adopters = Array.from(this.scene.adopters);
    if (adopters.length) this.act({ do: "follow", person: adopters[(adopters.indexOf(this.state.followed) + 1) % adopters.length] });
  }

  nextPreset() {
    const names = ["", ...Object.keys(this.state.presets)];
    this.act({ do: "preset", value: names[(names.indexOf(this.state.preset) + 1) % names.length] });
  }

  present() {
    const on = this.root.classList.toggle("rk-present");
    if (on && this.root.requestFullscreen) this.root.requestFullscreen().catch(() => {});
    else if (document.fullscreenElement) document.exitFullscreen();
  }

  toggleMotion() {
    this.picture.still = !this.picture.still;
    this.tell(this.picture.still ? "Gestures stand still." : "Gestures move.");
  }

  toggleHelp() {
    if (this.help.open) this.help.close();
    else this.help.showModal();
  }

  escape() {
    if (this.state.followed !== null) this.act({ do: "follow", person: null });
    else if (this.root.classList.contains("rk-present")) this.present();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.root.querySelector("dialog[open]")) return;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox") return;
    const known = KEYS.find(([key]) => key === event.key);
    if (!known || (event.target.tagName === "BUTTON" && event.key === " ")) return;
    event.preventDefault();
    known[3](this);
  }

  close() {
    clearInterval(this.waiting);
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("fullscreenchange", this.onLeave);
    [this.outcome, this.difference, this.active].forEach((chart) => chart.watcher.disconnect());
    this.picture.close();
  }
}

/** Shares as a configuration has them. */
const mixed = (shares) => `{ ${Object.entries(shares).map(([name, share]) => `${name} = ${share}`).join(", ")} }`;

/** Asks for the shares of a mixture of strategies. */
class Mixture {
  constructor() {
    this.rows = make("div", { class: "rk-shares" });
    this.sum = make("p", { class: "rk-sum", "aria-live": "polite" });
    this.note = make("p", { class: "rk-error", id: "rk-mixture-note", role: "alert" });
    const cancel = make("button", { type: "button", "data-do": "no-mixture", onclick: () => this.dialog.close() }, "Cancel");
    const use = make("button", { type: "submit", "data-do": "use-mixture", class: "rk-send" }, "Use this mixture");
    this.form = make("form", { onsubmit: (event) => this.use(event) }, make("h2", {}, "A mixture of strategies"), make("p", {}, "Shares of the effort, which add up to 100 %."), this.rows, this.sum, this.note, make("div", { class: "rk-share" }, use, cancel));
    this.dialog = make("dialog", { class: "rk-mixture", "aria-label": "A mixture of strategies", onclose: () => this.left() }, this.form);
  }

  /** `then` is called with the mixture, or `left` if there is none. */
  open(strategies, shares, then, left) {
    Object.assign(this, { then, left });
    this.inputs = strategies.map((name) => {
      const share = shares && shares[name] ? String(Math.round(shares[name] * 1e6) / 1e4) : "";
      return make("input", { id: `rk-share-${name}`, "data-share": name, value: share, inputmode: "decimal", size: 5, autocomplete: "off", "aria-describedby": "rk-mixture-note", oninput: () => this.add() });
    });
    this.rows.replaceChildren(...this.inputs.flatMap((input) => [make("label", { for: input.id }, words(input.dataset.share)), make("span", {}, input, " %")]));
    this.add();
    this.dialog.showModal();
    this.inputs[0].focus();
  }

  /** Share by strategy, in per cent; marks what is no share. */
  read() {
    const shares = {};
    this.wrong = null;
    for (const input of this.inputs) {
      const text = input.value.trim().replace(",", "."), share = text === "" ? 0 : Number(text), fits = share >= 0 && share <= 100;
      if (fits) input.removeAttribute("aria-invalid");
      else input.setAttribute("aria-invalid", "true");
      if (!fits) this.wrong ||= input;
      else if (share > 0) shares[input.dataset.share] = share;
    }
    return shares;
  }

  add() {
    const sum = Object.values(this.read()).reduce((a, b) => a + b, 0), left = Math.round((100 - sum) * 1e4) / 1e4;
    this.note.textContent = "";
    this.sum.textContent = `So far ${Math.round(sum * 1e4) / 1e4} %` + (left > 0 ? `; ${left} % are left.` : left < 0 ? `; ${-left} % too much.` : ".");
    return left;
  }

  use(event) {
    event.preventDefault();
    const shares = this.read(), left = this.add(), names = Object.keys(shares);
    if (this.wrong || left !== 0) {
      this.note.textContent = this.wrong
        ? `${words(this.wrong.dataset.share)}: “${this.wrong.value}” is no share; write a number from 0 to 100.`
        : `The shares add up to ${Math.round((100 - left) * 1e4) / 1e4} %; they must add up to 100 %.`;
      (this.wrong || this.inputs.find((input) => input.value.trim()) || this.inputs[0]).focus();
      return;
    }
    this.then(names.length === 1 ? names[0] : mixed(Object.fromEntries(names.map((name) => [name, Math.round(shares[name] * 1e6) / 1e8]))));
    this.dialog.close();
  }
}

/** Options of a menu, only touched when they change, so that an open menu stays open. */
function fill(select, options, chosen) {
  const key = JSON.stringify(options);
  if (select.dataset.options !== key) {
    select.replaceChildren(...options.map(([value, text]) => make("option", { value }, text)));
    select.dataset.options = key;
  }
  if (document.activeElement !== select || select.value !== chosen) select.value = chosen;
}

function render({ model, el }) {
  const root = make("div", { class: model.get("bare") ? "rk rk-bare" : "rk" });
  el.append(root);
  let page;
  if (model.get("bare")) {
    const picture = new Picture(make("div", { class: "rk-stage" }), model.get("palette"), (message) => model.send(message));
    root.append(picture.host);
    page = {
      take(message, buffers) {
        if (message.is === "scene") picture.takeScene(message, buffers);
        else if (message.is === "frame") {
          picture.takeFrame(message, buffers);
          root.dataset.day = message.day;
          requestAnimationFrame(() => model.send({ do: "drawn", frame: message.frame }));
        }
      },
      close: () => picture.close(),
    };
  } else page = new Page(root, model);
  const take = (message, buffers) => page.take(message, buffers);
  model.on("msg:custom", take);
  model.send({ do: "ready" });
  return () => {
    model.off("msg:custom", take);
    page.close();
  };
}

export default { render };
