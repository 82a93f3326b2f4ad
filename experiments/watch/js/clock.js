// The day, and what phase of the run it is in.

import { make } from "./dom.js";

const YEAR = 365;

export class Clock {
  constructor() {
    this.day = make("div", { class: "rk-clock", "aria-live": "off" }, "…");
    this.phase = make("div", { class: "rk-phase" });
    this.element = make("div", { class: "rk-when" }, this.day, this.phase);
  }

  show(day, { strategy_days: strategyDays, end, of_pairs: ofPairs }) {
    this.day.textContent = day < YEAR ? `Day ${day}` : `Year ${Math.floor(day / YEAR) + 1}, day ${day % YEAR}`;
    this.phase.textContent = ofPairs && day < end ? "" : phaseOf(day, strategyDays, end);
  }
}

function phaseOf(day, strategyDays, end) {
  if (day >= end) return "the run is over";
  if (day >= strategyDays) return "ordinary life, to see what lasts";
  return `the strategy runs to day ${strategyDays}`;
}
