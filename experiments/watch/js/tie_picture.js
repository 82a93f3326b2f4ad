// What a circle and a map of ties have in common: canvases that fill their box, the pointer, time between steps.

import { make } from "./dom.js";
import { canvasSize } from "./layout.js";
import { Tip } from "./tip.js";

const STANDING = 0.45; // share of the time between steps at which what does not move is drawn
const SHORTEST_STEP = 160, LONGEST_STEP = 1200; // ms between two steps in which things move

/**
 * Who extends it draws, with `resize(size)`, `still()` and `animate(age)`. `agentAt(x, y)` takes pixels of the canvas
 * and gives an agent or null; `about(agent)` is the text where the pointer is. `isReady` says that there is something.
 */
export class TiePicture {
  constructor(canvases, choose) {
    this.sky = make("div", { class: "rk-sky" }, ...canvases);
    this.tip = new Tip(this.sky);
    this.isStill = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.began = -Infinity;
    this.lasts = LONGEST_STEP;
    this.listen(canvases.at(-1), choose);
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.sky);
    const tick = () => {
      this.move();
      this.ticking = requestAnimationFrame(tick);
    };
    this.ticking = requestAnimationFrame(tick);
  }

  listen(canvas, choose) {
    const at = (event) => {
      if (!this.size) return null;
      const box = this.sky.getBoundingClientRect(), { ratio } = this.size;
      return this.agentAt((event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio);
    };
    canvas.addEventListener("click", (event) => {
      const agent = at(event);
      if (agent !== null) choose(agent);
    });
    canvas.addEventListener("mousemove", (event) => {
      const agent = at(event);
      canvas.style.cursor = agent === null ? "default" : "pointer";
      this.tip.show(agent === null ? "" : this.about(agent), event);
    });
    canvas.addEventListener("mouseleave", () => this.tip.show("", null));
  }

  /** Another step is there; what moves has as long as the step before took. */
  step() {
    const now = performance.now();
    this.lasts = Math.max(SHORTEST_STEP, Math.min(LONGEST_STEP, now - this.began));
    this.began = now;
    this.draw();
  }

  draw() {
    const box = this.sky.getBoundingClientRect();
    if (box.width < 2 || !this.isReady) return; // hidden, or nothing has come
    this.size = canvasSize(box);
    this.resize(this.size);
    this.still();
    this.animate(STANDING);
    this.isCalm = false;
  }

  /** When all has arrived, nothing need be drawn until the next step. */
  move() {
    if (!this.size || this.isCalm || this.isStill) return;
    const age = (performance.now() - this.began) / this.lasts;
    this.isCalm = age > 1;
    this.animate(age);
  }

  close() {
    cancelAnimationFrame(this.ticking);
    this.watcher.disconnect();
  }
}
