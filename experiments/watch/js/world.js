// One world on the screen: its name, its numbers and its picture, which is the circle of one person or a map of all.

import { Circle } from "./circle.js";
import { make, showText } from "./dom.js";
import { canvasSize, layOut, nearestPerson } from "./layout.js";
import { Overlay } from "./overlay.js";
import { Raster } from "./raster.js";
import { decimal } from "./text.js";
import { circleTip, mapTip, Tip } from "./tip.js";

const STANDING = 0.45; // age at which gestures are drawn that do not move
const LARGE = 4; // outcomes above a world; further ones are only in the charts
const REACH = 18; // pixels of the page within which a click means a person

/**
 * `view` holds what is drawn in the map: the scene, where people stand in it (`at`, `size`, `ratio`), and of the last
 * frame `ties`, `people`, `gestures` and who is `followed`. `circled` is what `Circle` draws; null without a circle.
 */
export class World {
  constructor(host, palette, follow) {
    this.base = make("canvas", { class: "rk-base", role: "img" });
    this.over = make("canvas", { class: "rk-over" });
    this.round = make("canvas", { class: "rk-circle", role: "img" });
    this.name = make("figcaption", { class: "rk-name" });
    this.figures = make("div", { class: "rk-figures" });
    this.own = make("p", { class: "rk-own" });
    const said = make("div", { class: "rk-said" }, this.name, this.own, this.figures);
    this.sky = make("div", { class: "rk-sky" }, this.base, this.over, this.round);
    this.element = make("figure", { class: "rk-world" }, said, this.sky);
    host.append(this.element);
    this.view = { scene: null, at: null, ties: null };
    this.circled = null;
    this.raster = new Raster(this.base, palette);
    this.overlay = new Overlay(this.over, palette);
    this.circle = new Circle(this.round, palette);
    this.tip = new Tip(this.sky);
    this.listen(follow);
    this.watcher = new ResizeObserver(() => this.redraw());
    this.watcher.observe(this.sky);
  }

  listen(follow) {
    for (const [canvas, personAt, tipOf] of [
      [this.over, (x, y) => this.personAt(x, y), (person) => mapTip(this.view, person)],
      [this.round, (x, y) => this.circle.otherAt(x, y), (person) => circleTip(this.circled, person)],
    ]) {
      const at = (event) => personAt(...this.pixelOf(event));
      if (follow) canvas.addEventListener("click", (event) => follow(at(event)));
      canvas.addEventListener("mousemove", (event) => {
        const person = at(event);
        canvas.style.cursor = person === null || !follow ? "default" : "pointer";
        this.tip.show(person === null ? "" : `${tipOf(person)}${follow ? "\nClick to follow" : ""}`, event);
      });
      canvas.addEventListener("mouseleave", () => this.tip.show("", null));
    }
  }

  /** Another scene begins; nothing is drawn before its first frame. `outcomes` says which numbers there are. */
  begin(scene, name, colour, outcomes) {
    this.name.textContent = name;
    this.name.style.color = colour; // that of its lines in the charts; empty: that of the style sheet
    const large = outcomes.slice(0, LARGE);
    this.numbers = large.map((outcome) => [outcome.name, make("span", { "data-outcome": outcome.name })]);
    this.figures.dataset.per = outcomes.length ? outcomes[0].per : "";
    this.figures.replaceChildren(...large.map(({ label, meaning }, k) =>
      make("div", { class: "rk-figure", title: meaning },
        make("div", { class: "rk-number" }, this.numbers[k][1]),
        make("div", { class: "rk-unit" }, label))));
    Object.assign(this.view, { scene, ties: null });
  }

  show(frame, followed, outcome, { seconds, isHurried, isStill }) {
    Object.assign(this.view, frame, { followed });
    for (const [name, number] of this.numbers) showText(number, decimal(outcome[name]));
    this.began = performance.now();
    this.lasts = Math.max(160, Math.min(1400, seconds * 1000));
    this.redraw(isHurried, isHurried && !isStill);
  }

  /**
   * Show the circle of `view`, see `Circle.draw`, which lasts `seconds` to the next frame; the map if it is null.
   * `inTouch` counts those with whom the person is in touch, drawn or not.
   */
  showCircle(view, seconds, inTouch = 0) {
    this.circled = view;
    if (view) {
      const back = view.ties.filter(({ rekindled, state }) => rekindled && state === "active").length;
      showText(this.own, `${inTouch} in touch, ${back} of them came back`);
    }
    this.circleLasts = seconds * 1000;
    this.element.dataset.view = view ? "circle" : "everyone";
  }

  describe(text) {
    for (const canvas of [this.base, this.round]) canvas.setAttribute("aria-label", text);
  }

  /** While it moves, what is above the still picture is drawn in its turn. */
  redraw(isHurried = false, isMoving = false) {
    if (!this.view.scene || !this.view.ties) return;
    this.place();
    if (!this.circled) this.raster.draw(this.view, isHurried);
    if (!isMoving) this.animate(STANDING);
  }

  /** Fit the canvases to the screen, and people to the canvases. */
  place() {
    const size = canvasSize(this.sky.getBoundingClientRect(), this.sharpest), { view } = this;
    if (this.circled) this.circle.resize(size.width, size.height);
    else this.resizeMap(size);
    view.ratio = size.ratio;
  }

  resizeMap(size) {
    const { view } = this, placed = `${size.width}x${size.height}`;
    this.raster.resize(size.width, size.height);
    this.overlay.resize(size.width, size.height);
    if (this.placed === placed && view.at && this.placedScene === view.scene) return;
    [this.placed, this.placedScene] = [placed, view.scene];
    Object.assign(view, layOut(view.scene, size));
  }

  /** What moves; when all has arrived, nothing need be drawn until the next frame. */
  animate(age = (performance.now() - this.began) / (this.circled ? this.circleLasts : this.lasts)) {
    if (!this.view.scene || (age > 1 && this.isCalm)) return;
    this.isCalm = age > 1;
    if (this.circled) this.circle.draw(this.circled, age);
    else if (this.view.at) this.overlay.draw(this.view, age);
  }

  /** A point of the page in pixels of the canvases. */
  pixelOf(event) {
    const box = this.sky.getBoundingClientRect(), { ratio } = this.view;
    return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  }

  personAt(x, y) {
    const { at, ratio } = this.view;
    return at ? nearestPerson(at, x, y, REACH * ratio) : null;
  }

  close() {
    this.watcher.disconnect();
    this.element.remove();
  }
}
