// What a replay is made from: its seed, versions and configuration, which makes the same worlds again.

import { button, make } from "./dom.js";

const KEYS_MEAN = "Keys: space plays and pauses, ← and → go a frame, Home and End to the ends, + and − change the " +
  "speed, v switches between the circle and everyone, d shows what differs.";

export class About {
  constructor({ about, stride, people }, days) {
    const { version, model, seed, config, name } = about;
    this.text = make("textarea", { readonly: true, rows: 12, spellcheck: "false", "aria-label": "Configuration" });
    this.text.value = config;
    this.said = make("p", { role: "status" });
    const every = stride === 1 ? "every day" : `one day in ${stride}, so that the file stays small`;
    this.dialog = make("dialog", { class: "rk-help rk-about" },
      make("h2", {}, "A simulation, recorded"),
      make("p", {}, `${people.toLocaleString("en")} simulated people over ${days.at(-1).toLocaleString("en")} days; ` +
        `recorded: ${every}. Simulated, not measured: many parameters are assumptions.`),
      make("p", { class: "rk-made" }, `Rekindle ${version}, model ${model}, seed ${seed}.`),
      make("p", {}, `With Rekindle, this configuration (${name}.toml) makes the same worlds again, ` +
        "apart from what its comments name:"),
      this.text,
      make("div", { class: "rk-row" },
        button("copy", "Copy the configuration", "Copy the configuration", () => this.copy()),
        button("close", "Close", "Close", () => this.dialog.close())),
      this.said, make("p", { class: "rk-keys" }, KEYS_MEAN));
    this.button = button("about", "About", "Seed, version and configuration", () => this.dialog.showModal());
  }

  /** A page in a frame may have no clipboard; then the text is selected. */
  async copy() {
    this.text.select();
    try {
      await navigator.clipboard.writeText(this.text.value);
      this.said.textContent = "Copied.";
    } catch {
      this.said.textContent = "The text is selected; press Ctrl-C.";
    }
  }
}
