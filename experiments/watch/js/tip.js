// What is said about a person where the pointer is.

import { nameOf } from "./circle_labels.js";
import { make, showText } from "./dom.js";
import { capital, silenceText } from "./text.js";

const AWAY = 14; // pixels from the pointer

export class Tip {
  constructor(host) {
    this.host = host;
    this.element = make("div", { class: "rk-tip", role: "tooltip", hidden: true });
    host.append(this.element);
  }

  /** Nothing, where the text is empty. */
  show(text, event) {
    this.element.hidden = !text;
    if (!text) return;
    showText(this.element, text);
    const box = this.host.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const { offsetWidth: width, offsetHeight: height } = this.element;
    this.element.style.left = `${Math.max(0, x + AWAY + width > box.width ? x - AWAY - width : x + AWAY)}px`;
    this.element.style.top = `${Math.max(0, y + AWAY + height > box.height ? y - AWAY - height : y + AWAY)}px`;
  }
}

/** Of somebody in a circle: how they stand with the person in the middle. */
export function circleTip({ ties, names }, person) {
  const tie = ties.find(({ other }) => other === person);
  return [capital(nameOf({ names }, person)), ...(tie ? tieLines(tie) : [])].join("\n");
}

/** Of somebody on the map: how they stand with the followed person, if there is one who knows them. */
export function mapTip({ scene, followed, known, names }, person) {
  const tie = known && known.find(({ other }) => other === person);
  const who = `${capital(nameOf({ names }, person))}${scene.adopts[person] ? ", an adopter" : ""}`;
  return [who, ...(tie ? [`For ${nameOf({ names }, followed)}:`, ...tieLines(tie)] : [])].join("\n");
}

function tieLines(tie) {
  const look = tie.rekindled && tie.state === "active" ? "rekindled" : tie.state;
  return [`${look}, ${silenceText(tie.silence)}`, tie.history.length ? lastText(tie.history[0]) : "No gesture so far"];
}

const lastText = ([day, isOwn, kind]) => `Last gesture: ${kind} ${isOwn ? "to" : "from"} them, day ${day}`;
