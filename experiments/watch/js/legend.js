// What the colours mean.

import { make } from "./dom.js";

export function legend(palette) {
  const entry = (text, colour) => make("span", colour ? { style: `color:${colour}` } : {}, text);
  return make("div", { class: "rk-legend" },
    ...palette.families.map((family) => entry(family.name, family.colour)),
    entry("a rekindled tie; an open door", palette.ember),
    entry("○ adopter"));
}
