// One of the worlds of the story: its title, and the circle of the person who is played.

import { Circle } from "./circle.js";
import { make, showText } from "./dom.js";
import { canvasSize } from "./layout.js";

const STANDING = 0.45; // age at which gestures are drawn that do not move

export class Side {
  constructor(host, palette) {
    this.canvas = make("canvas", { role: "img" });
    this.name = make("figcaption", { class: "rk-side-name" });
    this.sky = make("div", { class: "rk-side-sky" }, this.canvas);
    this.element = make("figure", { class: "rk-side-world" }, this.name, this.sky);
    host.append(this.element);
    this.circle = new Circle(this.canvas, palette);
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(this.sky);
  }

  title(text) {
    showText(this.name, text);
  }

  describe(text) {
    this.canvas.setAttribute("aria-label", text);
  }

  /** Show a view as `Circle` draws it; it takes `seconds` to the next one. */
  show(view, seconds) {
    Object.assign(this, { view, lasts: seconds * 1000, began: performance.now(), isCalm: false });
    this.resize();
  }

  resize() {
    const { width, height } = canvasSize(this.sky.getBoundingClientRect());
    this.circle.resize(width, height);
    if (this.view) this.circle.draw(this.view, this.isCalm ? 1 : this.age);
  }

  get age() {
    return Math.min(1, (performance.now() - this.began) / this.lasts);
  }

  /** What moves; when all has arrived, nothing need be drawn until the next view. */
  animate() {
    if (!this.view || this.isCalm) return;
    this.isCalm = this.age >= 1;
    this.circle.draw(this.view, this.age);
  }

  standStill() {
    if (!this.view || this.isCalm) return;
    this.isCalm = true;
    this.circle.draw({ ...this.view, before: null }, STANDING);
  }

  close() {
    this.watcher.disconnect();
    this.element.remove();
  }
}
