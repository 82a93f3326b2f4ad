// The dialog that lists the keys.

import { button, make } from "./dom.js";
import { KEY_MEANINGS } from "./keys.js";

export class Help {
  constructor() {
    const rows = KEY_MEANINGS.flatMap(([key, meaning]) => [make("dt", {}, key), make("dd", {}, meaning)]);
    const close = button("close", "Close", "Close", () => this.element.close());
    this.element = make("dialog", { class: "rk-help" }, make("h2", {}, "Keys"), make("dl", {}, ...rows), close);
  }

  toggle() {
    if (this.element.open) this.element.close();
    else this.element.showModal();
  }
}
