// Which strategies the two worlds have, and whether only their differences are shown.

import { fillMenu, make } from "./dom.js";
import { Mixture } from "./mixture.js";
import { mixtureText } from "./text.js";

const MIXTURE = "mixture"; // the entry of a menu that opens the dialog

export class Choice {
  /** `question` is the element that says what the worlds are, instead of their strategies, if a question is asked. */
  constructor(act, question) {
    this.act = act;
    this.state = {};
    this.mixture = new Mixture();
    const setFirst = (value) => act({ do: "set", path: "run.strategy", value });
    const setSecond = (value) => act({ do: "beside", value });
    this.first = make("select", {
      "data-path": "run.strategy", "aria-label": "Strategy of the left world",
      onchange: () => this.choose(this.first, 0, setFirst),
    });
    this.second = make("select", {
      "data-do": "beside", "aria-label": "Strategy of the right world",
      onchange: () => this.choose(this.second, 1, setSecond),
    });
    this.differences = make("input", {
      type: "checkbox", "data-do": "differences",
      onchange: () => act({ do: "differences", on: this.differences.checked }),
    });
    this.strategies = [make("label", {}, "left ", this.first), make("label", {}, "right ", this.second)];
    this.element = make("div", { class: "rk-choice" }, question, ...this.strategies,
      make("label", { class: "rk-switch" }, this.differences, " only what differs"));
    this.dialog = this.mixture.dialog;
  }

  show(state) {
    this.state = state;
    const { shares, forked } = state;
    fillMenu(this.first, this.options(0), shares[0] ? mixtureText(shares[0]) : state.strategy);
    const none = ["", forked ? "the same, without the gesture" : "none"];
    fillMenu(this.second, [none, ...this.options(1)], shares[1] ? mixtureText(shares[1]) : state.beside || "");
    this.differences.checked = state.differences;
    for (const each of this.strategies) each.hidden = Boolean(state.question);
    this.element.toggleAttribute("data-asks", Boolean(state.question));
  }

  /** The strategies by name, the way to a mixture, and the mixture that is there, if there is one. */
  options(world) {
    const { strategies, labels, shares, names } = this.state;
    const named = [...strategies.map((name) => [name, labels[name]]), [MIXTURE, "a mixture …"]];
    return shares[world] ? [...named, [mixtureText(shares[world]), names[world]]] : named;
  }

  choose(select, world, use) {
    if (select.value !== MIXTURE) use(select.value);
    else this.mixture.open(this.state, this.state.shares[world], use, () => this.show(this.state));
  }

  /** A second world on or off; it comes back with the strategy that it had. */
  toggleSecond() {
    const { beside, forked, strategy } = this.state, hasSecond = beside || forked;
    if (hasSecond) this.last = beside;
    const usual = strategy === "wait" ? "engage_regularly" : "wait";
    this.act({ do: "beside", value: hasSecond ? "" : this.last || usual });
  }
}
