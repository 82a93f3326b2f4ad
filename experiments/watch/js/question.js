// A question of the essay about the two worlds: first a guess, then the answer over many worlds, beside this one pair.

import { button, make, showText } from "./dom.js";
import { capital, daysText, decimal } from "./text.js";

const GUESSES = ["left", "same", "right"];

export class Question {
  constructor(act) {
    this.asks = make("p", { class: "rk-asks" });
    this.prompt = make("span", { id: "rk-prompt" });
    this.buttons = GUESSES.map((value) =>
      button(`guess-${value}`, "", "", () => act({ do: "guess", value }), { title: null, "aria-label": null }));
    this.guesses = make("div", { class: "rk-guesses", role: "group", "aria-labelledby": "rk-prompt" },
      this.prompt, ...this.buttons);
    this.pair = make("p", { class: "rk-pair" });
    this.answer = make("p", { class: "rk-answer", "aria-live": "polite" });
    this.element = make("section", { class: "rk-question", "aria-label": "Question", hidden: true },
      this.asks, this.guesses, this.pair, this.answer);
  }

  /** Another scene, with these outcomes. */
  begin(outcomes) {
    this.outcomes = outcomes;
  }

  show({ question, names, day }) {
    this.element.hidden = !question;
    this.question = question;
    if (!question) return;
    const { asks, worlds, guess, answer } = question, counted = this.counted();
    showText(this.asks, asks);
    const what = `“${counted.label}” (${counted.per})`;
    showText(this.prompt, `In which world will ${what} be larger on day ${question.day}? Guess: `);
    const texts = [`left: ${worlds[0]}`, "about the same", `right: ${worlds[1]}`];
    this.buttons.forEach((each, k) => {
      showText(each, texts[k]);
      each.setAttribute("aria-pressed", String(guess === GUESSES[k]));
    });
    showText(this.answer, guess ? answerText(answer) : "");
    this.names = names;
    this.showPair(day, this.latest);
  }

  /** The numbers of this pair today. */
  showPair(day, outcomes) {
    this.latest = outcomes;
    if (!this.question || !outcomes || outcomes.length < 2) return;
    const { outcome, worlds, day: last } = this.question, left = last - day;
    const over = left === 0 ? "counts today" : `counted on day ${last}; this is today`;
    const when = left > 0 ? `counts in ${daysText(left)}` : over;
    const values = outcomes.map((each, k) => `${worlds[k]} ${decimal(each[outcome])}`);
    showText(this.pair, `In this pair of worlds: ${values.join(", ")} (${when}).`);
  }

  counted() {
    return this.outcomes.find(({ name }) => name === this.question.outcome);
  }
}

function answerText(answer) {
  if (!answer) return "No answer over many worlds is stored.";
  const on = answer.on ? ` ${capital(answer.on)}.` : "";
  return `In many plausible worlds: ${answer.found}. Verdict on the essay’s claim: ${answer.verdict}.${on}`;
}

