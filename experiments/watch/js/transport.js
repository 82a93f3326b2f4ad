// Play, pause, steps and speed.

import { button, fillMenu, make } from "./dom.js";

export class Transport {
  constructor(act) {
    this.play = button("play", "▶", "Play (space)", () => act({ do: "play" }), { class: "rk-play" });
    this.speed = make("select", {
      "data-do": "speed", title: "Days a second (+, −)", "aria-label": "Days a second",
      onchange: () => act({ do: "speed", value: Number(this.speed.value) }),
    });
    this.element = make("div", { class: "rk-transport" },
      this.play,
      button("day", "+1 day", "One day on (→)", () => act({ do: "step", days: 1 })),
      button("week", "+1 week", "One week on (↓)", () => act({ do: "step", days: 7 })),
      button("reset", "Reset", "Back to day 0 (r)", () => act({ do: "reset" })),
      this.speed);
  }

  show({ playing, speed, speeds }) {
    this.play.textContent = playing ? "❚❚" : "▶";
    this.play.title = playing ? "Pause (space)" : "Play (space)";
    this.play.setAttribute("aria-label", this.play.title);
    fillMenu(this.speed, speeds.map((each) => [String(each), `${each} d / s`]), String(speed));
  }
}
