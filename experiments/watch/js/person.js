// The person who is followed: their ties, and gestures that you send for them.

import { button, fillMenu, make } from "./dom.js";
import { silenceText } from "./text.js";

const MOST_TIES = 40; // that are listed
const DOOR = 0.05; // how far a door must be open to be mentioned
const WITH_AND_WITHOUT = "Two worlds from today on: one in which it is sent, one in which it is not";

export class Person {
  constructor(act) {
    this.act = act;
    this.element = make("section", { class: "rk-person" });
    this.shown = null;
  }

  /** Nobody, where nobody is followed. */
  show(followed, kinds) {
    if (!followed) {
      this.element.replaceChildren();
      this.shown = null;
      return;
    }
    if (this.shown !== followed.person) this.build(followed.person, kinds);
    const ties = followed.ties[0];
    this.nature.textContent = natureOf(followed);
    this.counts.textContent = countsOf(followed.counts);
    this.showReceivers(ties);
    this.tieList.replaceChildren(...ties.slice(0, MOST_TIES).map((tie) => this.tie(tie)));
  }

  /** To whom a gesture can go; at first, somebody whose tie is dormant. */
  showReceivers(ties) {
    const chosen = this.to.value, isThere = ties.some((tie) => String(tie.other) === chosen);
    const first = ties.find((tie) => tie.state === "dormant") || ties[0] || { other: "" };
    const options = ties.map((tie) => [String(tie.other), `person ${tie.other}, ${tie.state}`]);
    fillMenu(this.to, options, isThere ? chosen : String(first.other));
  }

  build(person, kinds) {
    this.shown = person;
    this.nature = make("p", { class: "rk-nature" });
    this.counts = make("p", { class: "rk-counts" });
    this.tieList = make("ul", { class: "rk-ties" });
    this.kind = make("select", { "data-do": "kind", "aria-label": "Gesture" },
      ...kinds.map((kind) => make("option", { value: kind }, kind)));
    this.to = make("select", { "data-do": "to", "aria-label": "To whom" });
    this.fork = make("input", { type: "checkbox", "data-do": "fork", checked: true });
    const send = make("button", { type: "button", "data-do": "send", class: "rk-send", onclick: () => this.send() },
      "Send");
    const leave = button("unfollow", "×", "Stop following (esc)", () => this.act({ do: "follow", person: null }));
    this.element.replaceChildren(
      make("h3", {}, `Person ${person}`, leave), this.nature, this.counts,
      make("div", { class: "rk-hand" }, "send a ", this.kind, " to ", this.to,
        make("label", { class: "rk-switch", title: WITH_AND_WITHOUT }, this.fork, " with and without"), send),
      this.tieList);
  }

  send() {
    this.act({ do: "send", kind: this.kind.value, to: Number(this.to.value), fork: this.fork.checked });
  }

  tie(tie) {
    const look = tie.rekindled ? "rekindled" : tie.state;
    const doors = doorsOf(tie), history = tie.history.map(historyText);
    const follow = () => this.act({ do: "follow", person: tie.other });
    const title = `Follow person ${tie.other}`;
    return make("li", { class: `rk-tie rk-${look}`, "data-other": tie.other, title: history.join("\n") },
      make("button", { type: "button", class: "rk-who", title, onclick: follow }, `person ${tie.other}`),
      make("span", { class: "rk-bar-of" }, make("i", { style: `width:${Math.round(100 * tie.strength)}%` })),
      make("span", { class: "rk-state" }, `${look}, ${silenceText(tie.silence)}`),
      doors ? make("span", { class: "rk-door" }, doors) : "",
      history.length ? make("span", { class: "rk-history" }, history.slice(0, 3).join(" · ")) : "");
  }
}

const natureOf = ({ sociability, reticence, role }) =>
  `sociability ${sociability}, reticence ${reticence}${role && `, ${role}`}`;

const countsOf = ([left, right]) =>
  `${left.active} active, ${left.dormant} dormant, ${left.rekindled} rekindled` +
  (right ? ` (in the right world: ${right.rekindled} rekindled)` : "");

const doorsOf = ({ door, own_door: own }) =>
  [
    door > DOOR && `their door ${Math.round(100 * door)}%`,
    own > DOOR && `own door ${Math.round(100 * own)}%`,
  ].filter(Boolean).join(", ");

const historyText = ([day, isOwn, kind, answers]) =>
  `day ${day}: ${isOwn ? "→" : "←"} ${kind}${answers ? " (answer)" : ""}`;
