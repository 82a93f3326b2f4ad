// What the colours mean.

import { make } from "./dom.js";

export class Legend {
  constructor(palette) {
    const entry = (text, colour) => make("span", colour ? { style: `color:${colour}` } : {}, text);
    this.families = palette.families.map((family) => entry(family.name, family.colour));
    this.element = make("div", { class: "rk-legend" },
      ...this.families,
      entry("a rekindled tie; an open door", palette.ember),
      entry("○ adopter"));
  }

  /** The gestures of each family, those that the experiment adds among them. */
  show(names) {
    names.forEach((name, k) => { this.families[k].textContent = name; });
  }
}
