// The story with which the page opens: two people, years of silence, and a gesture that you send. The world then splits
// in two, with it and without it, and captions say what happens. The full page is behind it all the time.

import { button, fillMenu, make, showText } from "./dom.js";
import { Side } from "./story_side.js";
import { choiceText } from "./story_text.js";

const KEYS = new Set(["play", "escape", "present", "day", "week"]); // that mean something while the story is on
const HINT = "Click, and the world splits in two: in one the gesture is sent, in the other it is not. " +
  "Chance is the same in both.";
const ANNOUNCES = "Two people who were close once. Years of silence. Then one of them clicks a like.";

export class Story {
  /** `act` sends a message to the server; `root` is the page's element. */
  constructor(act, palette, root) {
    Object.assign(this, { act, palette, root, sides: [], about: null, state: {}, captions: [] });
    this.isOn = false;
    this.isStill = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.build();
    this.commands = {
      play: () => (this.phase === "before" ? this.send() : this.phase === "running" && act({ do: "play" })),
      day: () => this.phase === "running" && act({ do: "step", days: 1 }),
      week: () => this.phase === "running" && act({ do: "step", days: 7 }),
      escape: () => this.leave(),
    };
  }

  build() {
    this.list = make("ol", { class: "rk-captions", "aria-live": "polite", "aria-label": "What happens" });
    this.loading = make("progress", { class: "rk-loading", max: 1, "aria-label": "Getting ready" });
    this.doing = make("p", { class: "rk-doing", role: "status" }, "Getting ready …");
    this.wait = make("div", { class: "rk-wait" }, make("p", { class: "rk-announces" }, ANNOUNCES), this.doing,
      this.loading);
    this.kind = make("select", { "data-do": "story-kind", "aria-label": "Gesture", onchange: () => this.showPhase() });
    this.main = make("button", { type: "button", "data-do": "story-send", class: "rk-send rk-large",
      onclick: () => this.send() });
    this.pause = button("story-play", "Pause", "Pause or go on (space)", () => this.act({ do: "play" }));
    this.another = button("another", "Another pair", "Two other people, in random order",
      () => this.act({ do: "story", number: this.about.number + 1 }));
    this.everybody = button("story-everybody", "Now everybody →", "The whole world, and all settings (esc)",
      () => this.leave(), { class: "rk-next" });
    this.deeds = make("div", { class: "rk-deeds" }, this.main, make("label", { class: "rk-or" }, "gesture ", this.kind),
      this.pause, this.another, this.everybody);
    this.reason = make("p", {});
    this.why = make("details", { class: "rk-why" }, make("summary", {}, "How were these two chosen?"), this.reason);
    this.hint = make("p", { class: "rk-hint" });
    this.clock = make("p", { class: "rk-since" });
    this.stage = make("div", { class: "rk-sides" });
    const skip = button("skip", "Skip to everybody", "The whole world, and all settings (esc)", () => this.leave());
    this.element = make("section", { class: "rk-story", "aria-label": "The story of one gesture" },
      make("header", { class: "rk-story-bar" }, make("div", { class: "rk-brand" }, "Rekindle"), this.clock, skip),
      make("div", { class: "rk-tale" }, this.wait, this.list, this.hint, this.deeds, this.why), this.stage);
  }

  /** Cover the page, and say how far the world is. */
  open() {
    this.isOn = true;
    this.root.classList.add("rk-telling");
    this.phase = this.root.dataset.story = "waiting";
    this.tick();
  }

  close() {
    this.isOn = false;
    this.root.classList.remove("rk-telling");
    delete this.root.dataset.story;
    this.sides.splice(0).forEach((side) => side.close());
    this.about = null;
  }

  /** Whether a key's command is the story's own while it is on. */
  means(command) {
    return KEYS.has(command);
  }

  leave() {
    this.act({ do: "preset", value: "" });
  }

  /** Send the gesture of the menu; at the end, from the first day of the same two people again. */
  send() {
    const { number, pair } = this.about, kind = this.kind.value;
    if (this.phase === "end") this.act({ do: "story", number });
    this.main.blur(); // so that space pauses, and does not send it again
    this.act({ do: "send", kind, to: pair.other, fork: true });
    this.act({ do: "play", on: true });
    this.sentKind = kind;
  }

  showProgress(text, share) {
    showText(this.doing, text || "Getting ready …");
    if (share === null) this.loading.removeAttribute("value");
    else this.loading.value = share;
  }

  /** The story of a scene, or null; what is in its frames is then drawn here. */
  takeScene({ story, arms }) {
    if (!story) {
      if (this.isOn) this.close();
      return;
    }
    if (!this.isOn) this.open();
    const isOther = !this.about || this.about.number !== story.number;
    this.about = story;
    this.names = new Map([[story.pair.you, `${story.names[0]} (you)`], [story.pair.other, story.names[1]]]);
    fillMenu(this.kind, story.kinds.map((kind) => [kind, kind]), isOther ? story.kinds[0] : this.kind.value);
    while (this.sides.length > arms.length) this.sides.pop().close();
    while (this.sides.length < arms.length) this.sides.push(new Side(this.stage, this.palette));
    this.stage.dataset.sides = arms.length;
    if (arms.length === 1) this.earlier = null;
  }

  takeFrame({ day, followed, captions }) {
    const isNext = this.earlier && this.earlier.day < day && !this.isStill, { speed = 5, playing } = this.state;
    const view = (k) => ({
      person: followed.person, names: this.names, day, ties: followed.ties[k],
      before: isNext ? this.earlier.ties[k] || this.earlier.ties[0] : null, gestures: followed.gestures[k],
      differs: new Set([this.about.pair.other]), in_touch_days: this.state.in_touch_days,
    });
    this.sides.forEach((side, k) => side.show(view(k), playing ? 1 / speed : 1));
    this.earlier = { day, ties: followed.ties };
    this.showCaptions(captions);
    this.showClock(day);
  }

  takeState(state) {
    this.state = state;
    if (state.day >= state.end) this.phase = "end";
    else this.phase = state.forked ? "running" : "before";
    this.root.dataset.story = this.phase;
    this.showPhase();
    this.showClock(state.day);
  }

  showClock(day) {
    const isOver = this.phase === "end";
    showText(this.clock, this.phase === "before" ? "" : `Day ${day} of ${this.about.days}${isOver ? ": the end" : ""}`);
  }

  /** Only what is new is added, since a screen reader reads it out. */
  showCaptions(captions) {
    const isGrown = this.captions.every((each, k) => String(each) === String(captions[k]));
    if (!isGrown) this.list.replaceChildren();
    captions.slice(this.list.children.length).forEach(([day, text], k) => {
      const isFirst = k === 0 && !this.list.children.length;
      this.list.append(make("li", {}, isFirst ? "" : make("span", { class: "rk-on" }, `Day ${day}`), text));
    });
    this.captions = captions;
    const text = captions.map((each) => each[1]).join(" ");
    this.sides.forEach((side) => side.describe(text));
  }

  showPhase() {
    const kind = this.kind.value, isEnd = this.phase === "end";
    showText(this.main, isEnd ? `Again, with a ${kind}` : `Send a ${kind}`);
    showText(this.hint, `You are ${this.about.names[0]}. ${HINT}`);
    showText(this.pause, this.state.playing ? "Pause" : "Go on");
    showText(this.reason, choiceText(this.about));
    this.why.open = isEnd;
    const sent = this.sentKind || kind, titles = [`With the ${sent}`, `Without the ${sent}`];
    this.sides.forEach((side, k) => side.title(this.sides.length > 1 ? titles[k] : ""));
  }

  tick() {
    if (!this.isOn) return;
    if (this.isStill) this.sides.forEach((side) => side.standStill());
    else this.sides.forEach((side) => side.animate());
    requestAnimationFrame(() => this.tick());
  }
}
