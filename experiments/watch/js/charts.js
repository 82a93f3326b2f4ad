// The charts next to the worlds: one outcome of each world, and its difference.

import { Chart } from "./chart.js";
import { fillMenu, make } from "./dom.js";
import { Series } from "./series.js";
import { capital, overWorldsText } from "./text.js";

const ONE_PAIR = "One pair of worlds, same random draws.";
const SWEEP = "For an interval over many pairs, use rekindle sweep.";

export class Charts {
  constructor(palette) {
    this.palette = palette;
    this.outcomes = [];
    this.menu = make("select", { id: "rk-outcome", "data-do": "outcome", onchange: () => this.choose() });
    const label = make("label", { for: "rk-outcome" }, "Charts of");
    this.outcome = new Chart("Outcome");
    this.difference = new Chart("Difference, right − left", { isSigned: true });
    this.difference.element.classList.add("rk-difference");
    this.elements = [
      make("div", { class: "rk-charted" }, label, this.menu), this.outcome.element, this.difference.element,
    ];
  }

  /** Another scene, with these outcomes and the colour of each world. */
  begin(outcomes, colours) {
    this.colours = colours;
    const names = JSON.stringify(outcomes.map(({ name }) => name));
    if (names !== this.outcomeNames) {
      this.outcomeNames = names;
      this.outcomes = outcomes.map((each) => ({ ...each, series: new Series(), difference: new Series() }));
      fillMenu(this.menu, outcomes.map(({ name, label }) => [name, label]), outcomes[0].name);
      this.choose();
    }
  }

  clear() {
    for (const each of this.outcomes) [each.series, each.difference].forEach((series) => series.clear());
  }

  /** The outcomes of each world on a day. */
  add(day, values) {
    for (const { name, series, difference } of this.outcomes) {
      const [first, second] = values.map((each) => each[name]);
      series.add(day, values.map((each) => each[name]));
      difference.add(day, [values.length > 1 && first !== null && second !== null ? second - first : null]);
    }
  }

  /** Show the outcome of the menu. */
  choose() {
    this.chosen = this.outcomes.find(({ name }) => name === this.menu.value);
    this.outcome.show(`${capital(this.chosen.label)} ${this.chosen.per}`, this.chosen.series);
    this.difference.show("Difference, right − left", this.chosen.difference);
    this.note();
    if (this.names) this.draw(this.names);
  }

  /** When the strategy stops, and what is stored of many worlds. */
  showState({ strategy_days: stops, kept_after: after, over_worlds: overWorlds, of_pairs: ofPairs }) {
    const marks = ofPairs ? [] : [stops, stops + after];
    this.outcome.marks = this.difference.marks = marks;
    this.outcome.say(ofPairs ? "" : `Dotted lines: the strategy stops, and ${after} days later.`);
    Object.assign(this, { overWorlds, after });
    this.note();
    if (this.names) this.draw(this.names);
  }

  note() {
    const known = this.overWorlds && this.chosen && this.overWorlds[this.chosen.name];
    this.difference.say(`${ONE_PAIR} ${known ? overWorldsText(known, this.chosen.name, this.after) : SWEEP}`);
  }

  draw(names) {
    this.names = names;
    const colours = this.colours.slice(0, names.length);
    this.outcome.draw(colours, names);
    if (names.length > 1) this.difference.draw([this.palette.ember], [""]);
  }
}
