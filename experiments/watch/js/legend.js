// What the colours mean.

import { make } from "./dom.js";

const SIGNS = ["♥", "●", "✉", "▶", "★"]; // as `drawMark` draws the families in a circle

export class Legend {
  constructor(palette) {
    const entry = (text, colour) => make("span", colour ? { style: `color:${colour}` } : {}, text);
    this.families = palette.families.map((family, k) => entry(textOf(family.name, k), family.colour));
    this.back = entry("━ came back", palette.ember);
    this.door = entry("( open door", palette.door);
    this.adopter = entry("○ adopter");
    this.element = make("div", { class: "rk-legend" }, ...this.families, this.back, this.door, this.adopter);
  }

  /** The gestures of each family, those that the experiment adds among them. */
  show(names) {
    names.forEach((name, k) => { this.families[k].textContent = textOf(name, k); });
  }

  /** Doors are drawn around the ties of somebody who is followed, and rings around adopters on the map. */
  showState({ view, followed }) {
    this.door.hidden = followed === null;
    this.adopter.hidden = followed !== null && view === "circle";
  }
}

const textOf = (name, family) => `${SIGNS[family]} ${name}`;
