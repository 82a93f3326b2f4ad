// A line above the page that says what happens, or what went wrong.

import { make } from "./dom.js";

const STAYS = 7000; // ms

export class Notice {
  constructor() {
    this.element = make("div", { class: "rk-told", role: "status", "aria-live": "polite" });
  }

  /** For a few seconds, or until the next one. */
  show(text, { forGood = false } = {}) {
    this.element.textContent = text;
    clearTimeout(this.fading);
    if (text && !forGood) this.fading = setTimeout(() => this.show(""), STAYS);
  }
}
