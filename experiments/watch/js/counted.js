// When each number is counted, and how long ago the strategy stopped.

import { make, showText } from "./dom.js";
import { daysText } from "./text.js";

export class Counted {
  constructor() {
    this.now = make("p", { class: "rk-now" });
    this.meanings = make("p", { class: "rk-meanings" });
    this.element = make("section", { class: "rk-counted" }, this.now, this.meanings);
  }

  show(day, { strategy_days: stops, kept_after: after, in_touch_days: within, end, of_pairs: ofPairs }) {
    if (ofPairs) {
      showText(this.now, "");
      showText(this.meanings, "Of 100 pairs of sender and receiver who were silent or strangers on day 0. " +
        "The other wrote: the receiver sent words within 60 days. " +
        "Talk again: words to and fro three times within 60 days. " +
        `In touch: contact both ways within ${within} days. ` +
        "Bought: the chance that the receiver has bought by today.");
      return;
    }
    const over = day >= end ? " The run is over; play goes on beyond it, reset begins again." : "";
    showText(this.now, `${nowOf(day, stops, after)}${over}`);
    showText(this.meanings, "Per adopter. Old ties back: silent on day 0, in touch today. " +
      "New ties: no tie on day 0, in touch today. " +
      "Reconnected: words to and fro three times, while the strategy ran. " +
      "Kept up: of these, in touch 150 to 240 days later. " +
      `In touch: contact both ways within ${within} days.`);
  }
}

function nowOf(day, stops, after) {
  const counts = stops + after, gone = day - stops;
  if (gone < 0) return `The strategy runs to day ${stops}. What is left of it is counted ${after} days later.`;
  const stopped = gone === 0 ? "The strategy stops today." : `The strategy stopped ${daysText(gone)} ago.`;
  if (day < counts) return `${stopped} In ${daysText(counts - day)}, old ties back are those that are kept.`;
  if (day > counts) return `${stopped} What was kept was counted on day ${counts}; these are today’s numbers.`;
  return `${stopped} Today, old ties back are those that are kept, and new ties are new and kept.`;
}
