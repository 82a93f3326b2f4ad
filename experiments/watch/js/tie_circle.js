// The circle of one agent, whatever the model. All that is said of others comes with their ties.

import { Circle } from "./circle.js";
import { make } from "./dom.js";
import { TiePicture } from "./tie_picture.js";

export class TieCircle extends TiePicture {
  constructor(palette, choose) {
    const canvas = make("canvas", { role: "img" });
    super([canvas], choose);
    Object.assign(this, { canvas, view: null, circle: new Circle(canvas, palette) });
  }

  takeScene() {}

  /** The next step of the same agent moves on from the last one. */
  take(shown) {
    const { view } = this, isNext = view && view.person === shown.person && view.day < shown.day;
    this.isReady = Boolean(shown.ties);
    if (!this.isReady) return;
    this.canvas.setAttribute("aria-label", shown.caption);
    const before = isNext && !this.isStill ? view.ties : null;
    this.view = { ...shown, names: new Map(shown.names), before, differs: null };
    this.step();
  }

  resize({ width, height }) {
    this.circle.resize(width, height);
  }

  still() {}

  animate(age) {
    this.circle.draw(this.view, age);
  }

  agentAt(x, y) {
    return this.circle.otherAt(x, y);
  }

  about(agent) {
    return this.view.ties.find(({ other }) => other === agent).about;
  }
}
