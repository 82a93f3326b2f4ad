// One world on the screen: its name, its numbers and its picture.

import { make, showText } from "./dom.js";
import { canvasSize, layOut, nearestPerson } from "./layout.js";
import { Overlay } from "./overlay.js";
import { Raster } from "./raster.js";
import { decimal } from "./text.js";

const STANDING = 0.45; // age at which gestures are drawn that do not move
const LARGE = 4; // outcomes above a world; further ones are only in the charts
const REACH = 18; // pixels of the page within which a click means a person

/**
 * `view` holds what is drawn: the scene, where people stand in it (`at`, `size`, `ratio`), and of the last frame
 * `ties`, `people`, `gestures` and who is `followed`.
 */
export class World {
  constructor(host, palette, follow) {
    const label = "People by community, ties by strength";
    const base = make("canvas", { class: "rk-base", role: "img", "aria-label": label });
    this.over = make("canvas", { class: "rk-over" });
    this.name = make("figcaption", { class: "rk-name" });
    this.figures = make("div", { class: "rk-figures" });
    const said = make("div", { class: "rk-said" }, this.name, this.figures);
    this.sky = make("div", { class: "rk-sky" }, base, this.over);
    this.element = make("figure", { class: "rk-world" }, said, this.sky);
    host.append(this.element);
    this.view = { scene: null, at: null, ties: null };
    this.raster = new Raster(base, palette);
    this.overlay = new Overlay(this.over, palette);
    this.over.addEventListener("click", (event) => follow(this.personAt(event)));
    this.over.addEventListener("mousemove", (event) => this.point(this.personAt(event)));
    this.watcher = new ResizeObserver(() => this.redraw());
    this.watcher.observe(this.sky);
  }

  /** Another scene begins; nothing is drawn before its first frame. `outcomes` says which numbers there are. */
  begin(scene, name, colour, outcomes) {
    this.name.textContent = name;
    this.name.style.color = colour; // that of its lines in the charts; empty: that of the style sheet
    const large = outcomes.slice(0, LARGE);
    this.numbers = large.map((outcome) => [outcome.name, make("span", { "data-outcome": outcome.name })]);
    this.figures.replaceChildren(...large.map(({ label, meaning }, k) =>
      make("div", { class: "rk-figure", title: meaning },
        make("div", { class: "rk-number" }, this.numbers[k][1]),
        make("div", { class: "rk-unit" }, label))));
    Object.assign(this.view, { scene, ties: null });
  }

  show(frame, followed, outcome, { seconds, isHurried }) {
    Object.assign(this.view, frame, { followed });
    for (const [name, number] of this.numbers) showText(number, decimal(outcome[name]));
    this.began = performance.now();
    this.lasts = Math.max(160, Math.min(1400, seconds * 1000));
    this.redraw(isHurried);
  }

  redraw(isHurried = false) {
    if (!this.view.scene || !this.view.ties) return;
    this.place();
    this.raster.draw(this.view, isHurried);
    this.animate(STANDING);
  }

  /** Fit both canvases to the screen, and people to the canvases. */
  place() {
    const size = canvasSize(this.sky.getBoundingClientRect()), { view } = this;
    this.raster.resize(size.width, size.height);
    this.overlay.resize(size.width, size.height);
    const placed = `${size.width}x${size.height}`;
    if (this.placed === placed && view.at && this.placedScene === view.scene) return;
    [this.placed, this.placedScene, view.ratio] = [placed, view.scene, size.ratio];
    Object.assign(view, layOut(view.scene, size));
  }

  /** Gestures on their way; when all have arrived, nothing need be drawn until the next frame. */
  animate(age = (performance.now() - this.began) / this.lasts) {
    if (!this.view.at || (age > 1 && this.isCalm)) return;
    this.isCalm = age > 1;
    this.overlay.draw(this.view, age);
  }

  personAt(event) {
    const { at, ratio } = this.view;
    if (!at) return null;
    const box = this.over.getBoundingClientRect();
    return nearestPerson(at, (event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio, REACH * ratio);
  }

  point(person) {
    this.over.style.cursor = person === null ? "default" : "pointer";
    this.over.title = person === null ? "" : `Person ${person}: click to follow`;
  }

  close() {
    this.watcher.disconnect();
    this.element.remove();
  }
}
