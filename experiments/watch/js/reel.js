// The controls of a replay: play and pause, a bar over its days, and the speed.

import { button, fillMenu, make, showValue } from "./dom.js";

export class Reel {
  /** `player` does what is asked: `set`, `goTo`, `act`. */
  constructor(days, speeds, player) {
    Object.assign(this, { days, speeds });
    this.play = button("play", "▶", "Play (space)", () => player.act("play"), { class: "rk-play" });
    this.bar = make("input", {
      type: "range", class: "rk-reel-bar", min: 0, max: days.length - 1, step: 1, value: 0, "aria-label": "Day",
      oninput: () => player.goTo(Number(this.bar.value)),
    });
    this.speed = make("select", {
      "data-do": "speed", "aria-label": "Days a second", title: "Days a second (+, −)",
      onchange: () => player.set({ speed: Number(this.speed.value) }),
    });
    this.element = make("div", { class: "rk-reel" }, this.play, this.bar, this.speed);
  }

  show({ playing, speed }) {
    this.play.textContent = playing ? "❚❚" : "▶";
    this.play.title = playing ? "Pause (space)" : "Play (space)";
    this.play.setAttribute("aria-label", this.play.title);
    fillMenu(this.speed, this.speeds.map((each) => [String(each), `${each} d / s`]), String(speed));
  }

  showFrame(k) {
    showValue(this.bar, k);
    this.bar.value = k;
    this.bar.setAttribute("aria-valuetext", `day ${this.days[k]}`);
  }
}
