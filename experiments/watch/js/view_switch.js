// Circle or everyone: which of its two pictures each world shows.

import { button, make } from "./dom.js";

const VIEWS = [
  ["circle", "circle", "The circle of one person: an adopter, if nobody is followed (v)"],
  ["everyone", "everyone", "A map of everyone (v)"],
];

export class ViewSwitch {
  constructor(act) {
    this.act = act;
    this.buttons = VIEWS.map(([value, label, title]) =>
      button(value, label, title, () => act({ do: "view", value })));
    this.element = make("div", { class: "rk-view", role: "group", "aria-label": "View" }, ...this.buttons);
  }

  /** Without somebody who is followed, there is no circle, so everyone is shown. */
  show({ view, followed }) {
    this.shown = followed === null ? "everyone" : view;
    VIEWS.forEach(([value], k) => this.buttons[k].setAttribute("aria-pressed", String(value === this.shown)));
  }

  toggle() {
    this.act({ do: "view", value: this.shown === "circle" ? "everyone" : "circle" });
  }
}
