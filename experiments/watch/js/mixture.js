// The dialog that asks for the shares of a mixture of strategies.

import { make } from "./dom.js";
import { mixtureText } from "./text.js";

const NOTE = "rk-mixture-note";

const rounded = (percent) => Math.round(percent * 1e4) / 1e4;

export class Mixture {
  constructor() {
    this.rows = make("div", { class: "rk-shares" });
    this.sum = make("p", { class: "rk-sum", "aria-live": "polite" });
    this.note = make("p", { class: "rk-error", id: NOTE, role: "alert" });
    const cancel = make("button", { type: "button", "data-do": "no-mixture", onclick: () => this.dialog.close() },
      "Cancel");
    const use = make("button", { type: "submit", "data-do": "use-mixture", class: "rk-send" }, "Use this mixture");
    const form = make("form", { onsubmit: (event) => this.submit(event) },
      make("h2", {}, "A mixture of strategies"),
      make("p", {}, "Shares of the effort, which add up to 100%."),
      this.rows, this.sum, this.note, make("div", { class: "rk-share" }, use, cancel));
    const label = "A mixture of strategies";
    this.dialog = make("dialog", { class: "rk-mixture", "aria-label": label, onclose: () => this.onClose() }, form);
  }

  /** `use` is called with the mixture, if one is made; `onClose` whenever the dialog closes. */
  open({ strategies, labels }, shares, use, onClose) {
    Object.assign(this, { labels, use, onClose });
    this.inputs = strategies.map((name) => this.input(name, shares && shares[name]));
    this.rows.replaceChildren(...this.inputs.flatMap((input) => [
      make("label", { for: input.id }, labels[input.dataset.share]), make("span", {}, input, "%"),
    ]));
    this.showSum();
    this.dialog.showModal();
    this.inputs[0].focus();
  }

  input(name, share) {
    return make("input", {
      id: `rk-share-${name}`, "data-share": name, value: share ? String(rounded(100 * share)) : "",
      inputmode: "decimal", size: 5, autocomplete: "off", "aria-describedby": NOTE, oninput: () => this.showSum(),
    });
  }

  /** The shares above zero by strategy, in percent, and the first field that has no share in it. */
  read() {
    const shares = {};
    let wrong = null;
    for (const input of this.inputs) {
      const share = Number(input.value.trim().replace(",", ".")), fits = share >= 0 && share <= 100;
      if (fits) input.removeAttribute("aria-invalid");
      else input.setAttribute("aria-invalid", "true");
      if (!fits) wrong ||= input;
      else if (share > 0) shares[input.dataset.share] = share;
    }
    const sum = Object.values(shares).reduce((one, other) => one + other, 0);
    return { shares, wrong, sum: rounded(sum), left: rounded(100 - sum) };
  }

  showSum() {
    const { sum, left } = this.read();
    this.note.textContent = "";
    let rest = ".";
    if (left > 0) rest = `; ${left}% are left.`;
    else if (left < 0) rest = `; ${-left}% too much.`;
    this.sum.textContent = `So far ${sum}%${rest}`;
  }

  submit(event) {
    event.preventDefault();
    const { shares, wrong, sum, left } = this.read();
    if (wrong || left !== 0) {
      this.refuse(wrong, sum);
      return;
    }
    const names = Object.keys(shares);
    const parts = Object.fromEntries(names.map((name) => [name, Math.round(shares[name] * 1e6) / 1e8]));
    this.use(names.length === 1 ? names[0] : mixtureText(parts));
    this.dialog.close();
  }

  refuse(wrong, sum) {
    this.note.textContent = wrong
      ? `${this.labels[wrong.dataset.share]}: “${wrong.value}” is not a share; write a number from 0 to 100.`
      : `The shares add up to ${sum}%; they must add up to 100%.`;
    (wrong || this.inputs.find((input) => input.value.trim()) || this.inputs[0]).focus();
  }
}
