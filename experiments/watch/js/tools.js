// The seed, presets, and the way to the full screen and to the keys.

import { button, fillMenu, make, showValue } from "./dom.js";

export class Tools {
  constructor(act, { present, toggleHelp }) {
    this.act = act;
    this.state = { questions: {}, presets: {}, preset: "" };
    this.seed = make("input", {
      "data-path": "run.seed", inputmode: "numeric", size: 6, "aria-label": "Random seed",
      title: "Random seed: the same seed makes the same run",
      onchange: () => act({ do: "set", path: "run.seed", value: this.seed.value }),
    });
    this.preset = make("select", {
      "data-do": "preset", "aria-label": "Preset", onchange: () => act({ do: "preset", value: this.preset.value }),
    });
    this.element = make("div", { class: "rk-tools" },
      make("label", {}, "seed ", this.seed),
      make("label", { class: "rk-preset" }, "preset ", this.preset),
      button("present", "Present", "Full screen, large type (f)", present),
      button("help", "?", "Keys (?)", toggleHelp));
  }

  show(state) {
    this.state = state;
    showValue(this.seed, state.seed);
    fillMenu(this.preset, [["", "as opened"], ...this.offered()], state.preset);
  }

  /** Questions of the essay, then files, as [value, text]. */
  offered() {
    return [...Object.entries(this.state.questions), ...Object.entries(this.state.presets)];
  }

  nextPreset() {
    const names = ["", ...this.offered().map(([name]) => name)];
    this.act({ do: "preset", value: names[(names.indexOf(this.state.preset) + 1) % names.length] });
  }
}
