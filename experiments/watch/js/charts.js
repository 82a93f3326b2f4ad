// The three charts next to the worlds.

import { Chart } from "./chart.js";

const ONE_PAIR = "One pair of worlds, same random draws. For an interval over many pairs, use rekindle sweep.";

export class Charts {
  constructor(palette) {
    this.palette = palette;
    this.colours = palette.arms;
    this.outcome = new Chart("Reconnected ties per adopter");
    this.difference = new Chart("Difference, second − first", { note: ONE_PAIR, isSigned: true });
    this.active = new Chart("Active ties per adopter");
    this.all = [this.outcome, this.difference, this.active];
    this.elements = this.all.map((chart) => chart.element);
  }

  clear() {
    this.all.forEach((chart) => chart.series.clear());
  }

  /** The outcomes of each world on a day. */
  add(day, outcomes) {
    const [first, second] = outcomes;
    this.outcome.series.add(day, outcomes.map((each) => each.reconnected));
    this.active.series.add(day, outcomes.map((each) => each.active_ties));
    this.difference.series.add(day, [second ? second.reconnected - first.reconnected : null]);
  }

  /** One for each world. */
  setColours(colours) {
    this.colours = colours;
  }

  draw(names) {
    const colours = this.colours.slice(0, names.length);
    this.outcome.draw(colours, names);
    this.active.draw(colours, names);
    if (names.length > 1) this.difference.draw([this.palette.ember], [""]);
  }
}
