// The form of all settings, in groups. It is built once, from the controls that the server lists.

import { make, showValue } from "./dom.js";

export class Settings {
  constructor(act) {
    this.act = act;
    this.fields = null; // by path: the input, its slider if it has one, and the note below
    this.drift = make("p", { class: "rk-drift" });
    this.element = make("section", { class: "rk-settings" });
  }

  show({ controls, drifted }) {
    if (!this.fields) this.build(controls);
    for (const { path, value } of controls) {
      const { input, slider, note } = this.fields[path];
      const text = Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
      showValue(input, text);
      if (slider) showValue(slider, text);
      note.textContent = "";
      input.removeAttribute("aria-invalid");
    }
    this.drift.textContent =
      drifted === null ? "" : `Changed on day ${drifted}. Reset starts a run with these settings from day 0.`;
  }

  /** Say below a field what is wrong with it; false if there is no field for this path. */
  refuse(path, text) {
    const field = this.fields && this.fields[path];
    if (!field || !text) return false;
    field.note.textContent = text;
    field.input.setAttribute("aria-invalid", "true");
    field.input.closest("details").open = true;
    return true;
  }

  build(controls) {
    this.fields = {};
    const groups = {};
    for (const control of controls) (groups[control.group] ||= []).push(this.field(control));
    const details = Object.entries(groups).map(([name, fields], k) =>
      make("details", { open: k === 0 }, make("summary", {}, name), ...fields));
    this.element.append(make("h3", {}, "Settings"), this.drift, ...details);
  }

  field(control) {
    const { path, unit, live, meaning, range, source } = control;
    const id = `rk-${path.replaceAll(".", "-")}`, noteId = `${id}-note`;
    const input = make("input", {
      id, "data-path": path, inputmode: "decimal", size: 7, "aria-describedby": noteId,
      onchange: () => this.set(path, input.value),
    });
    const slider = this.slider(control, input);
    const note = make("p", { class: "rk-error", id: noteId, role: "alert" });
    this.fields[path] = { input, slider, note };
    const when = live ? ["Acts from today on", "live"] : ["Starts again on day 0", "↺ resets"];
    return make("div", { class: "rk-field", title: [meaning, range, source].filter(Boolean).join("; ") },
      make("label", { for: id }, control.label),
      make("span", { class: "rk-acts", title: when[0] }, when[1]),
      make("div", { class: "rk-row" }, slider || "", input, unit ? make("span", { class: "rk-unit" }, unit) : ""),
      note);
  }

  slider({ path, low, high, step, label }, input) {
    if (step === null) return null;
    const slider = make("input", {
      type: "range", min: low, max: high, step, "aria-label": label, "data-slider": path,
      oninput: () => (input.value = slider.value), onchange: () => this.set(path, slider.value),
    });
    return slider;
  }

  set(path, value) {
    this.act({ do: "set", path, value: String(value) });
  }
}
