// Plays a recording: the pictures of the page, a caption, and controls.

import { About } from "./about.js";
import { Clock } from "./clock.js";
import { make, showText } from "./dom.js";
import { Legend } from "./legend.js";
import { Picture } from "./picture.js";
import { Reel } from "./reel.js";
import { choiceText } from "./story_text.js";
import { ViewSwitch } from "./view_switch.js";

const SPEEDS = [1, 2, 5, 10, 20, 50, 100]; // days a second
const LASTS = 45; // seconds that a replay should take about
const READ_BASE = 0.8, READ_LETTER = 0.045; // seconds for which days stand still at a new caption
const MOST_STANDING = 8;
const NARROW = 640; // pixels, up to which there is no room for a note
const SLOW = 30, MEAN_OVER = 15; // ms for a screen frame, and frames over which it is averaged
const KEYS = {
  " ": "play", ArrowRight: "next", ArrowLeft: "previous", Home: "first", End: "last", "+": "faster", "-": "slower",
  v: "otherView", d: "differ",
};

/**
 * Attributes of the root say what is shown, for style sheets and tests: `data-ready`, `data-day`, `data-frame`,
 * `data-playing`, `data-view`, `data-worlds`.
 */
export class Player {
  constructor(root, recording) {
    Object.assign(this, { root, recording, frame: -1, since: null, standsUntil: 0 });
    this.state = {
      playing: false, speed: this.usualSpeed(), view: "circle", differences: false,
      followed: recording.head.followed.person, in_touch_days: recording.head.in_touch_days,
      strategy_days: recording.head.strategy_days, end: recording.head.end,
    };
    requestAnimationFrame((now) => this.tick(now, now)); // before the picture's, which draws what this one changes
    this.build(recording.head);
    this.picture.takeScene(...recording.scene());
    this.legend.show(recording.head.families);
    this.set({});
    this.goTo(this.frameOf(Number(this.wanted("day"))));
    document.addEventListener("keydown", (event) => this.press(event));
    root.dataset.ready = true;
    if (this.wanted("play") !== null && !this.picture.isStill) this.set({ playing: true });
  }

  /** A part of the address, as in story.html#day=120&play. */
  wanted(name) {
    return new URLSearchParams(location.hash.slice(1)).get(name);
  }

  build(head) {
    const stage = make("div", { class: "rk-stage" });
    this.clock = new Clock();
    this.text = make("p", { class: "rk-caption", role: "status", "aria-live": "polite" });
    this.sentence = make("p", { class: "rk-sentence" });
    this.picture = new Picture(stage, head.palette, null, (text) => showText(this.sentence, text));
    this.picture.names = new Map(Object.entries(head.names).map(([person, name]) => [Number(person), name]));
    this.legend = new Legend(head.palette);
    this.reel = new Reel(this.recording.days, SPEEDS, this);
    this.viewSwitch = new ViewSwitch(({ value }) => this.set({ view: value }));
    this.about = new About(head, this.recording.days);
    this.differ = make("input", { type: "checkbox", onchange: () => this.set({ differences: this.differ.checked }) });
    const tools = make("div", { class: "rk-replay-tools" }, this.viewSwitch.element, this.about.button);
    if (head.arms.length > 1) tools.prepend(make("label", { class: "rk-switch" }, this.differ, " what differs"));
    Object.assign(this.root.dataset, { worlds: head.arms.length, story: Boolean(head.chosen) });
    this.root.replaceChildren(
      make("header", { class: "rk-replay-head" }, make("h1", {}, head.title), this.clock.element, tools),
      this.sentence, stage, this.text, ...noteOf(head), this.reel.element, this.legend.element, this.about.dialog);
  }

  /** A speed at which the whole lasts about as long as people watch. */
  usualSpeed() {
    const wanted = this.recording.days.at(-1) / LASTS;
    return SPEEDS.findLast((speed) => speed <= 1.2 * wanted) || SPEEDS[0];
  }

  set(changes) {
    const { state, root, recording } = this, isStart = changes.playing && !state.playing;
    Object.assign(state, changes);
    if (isStart && this.frame === recording.count - 1) this.goTo(0);
    const differences = state.differences && state.view === "circle"; // the map has no record of them
    this.picture.showState({ ...state, differences, speed: this.framesASecond() });
    for (const part of [this.reel, this.viewSwitch]) part.show(state);
    this.legend.showState(state);
    this.differ.checked = state.differences;
    this.differ.parentElement?.toggleAttribute("hidden", state.view !== "circle");
    Object.assign(root.dataset, { playing: state.playing, view: state.view });
  }

  framesASecond() {
    const { days } = this.recording;
    return this.state.speed / Math.max(1, days[1] - days[0] || 1);
  }

  /** The last frame up to a day. */
  frameOf(day) {
    return Math.max(0, this.recording.days.findLastIndex((each) => each <= day));
  }

  /** Show a frame, and go on from there. */
  goTo(k) {
    const frame = Math.max(0, Math.min(this.recording.count - 1, k));
    this.show(frame);
    this.day = this.recording.days[frame];
    this.standsUntil = 0;
  }

  show(k) {
    if (k === this.frame) return;
    this.frame = k;
    const [message, buffers] = this.recording.frame(k);
    this.picture.takeFrame(message, buffers);
    this.clock.show(message.day, this.state);
    this.reel.showFrame(k);
    this.showCaption(message.day);
    Object.assign(this.root.dataset, { day: message.day, frame: k });
  }

  /** The captions of the latest day that has some. While it plays, days stand still until a new one can be read. */
  showCaption(day) {
    const { captions } = this.recording.head;
    const [since] = captions.findLast(([from]) => from <= day) || [null];
    if (since === this.since) return;
    this.since = since;
    const text = captions.filter(([from]) => from === since).map((caption) => caption[1]).join(" ");
    showText(this.text, text);
    this.standsUntil = performance.now() + 1000 * Math.min(MOST_STANDING, READ_BASE + READ_LETTER * text.length);
  }

  tick(before, now) {
    if (this.state.playing) {
      this.keepPace(now - before);
      if (now >= this.standsUntil) this.advance(Math.min(0.25, (now - before) / 1000));
    }
    requestAnimationFrame((next) => this.tick(now, next));
  }

  /** Where screen frames take long, on a slow phone, pictures get coarser. */
  keepPace(took) {
    this.took = (this.took || 0) + (took - (this.took || 0)) / MEAN_OVER;
    if (this.took > SLOW && this.picture.coarsen()) this.took = 0;
  }

  advance(seconds) {
    this.day += seconds * this.state.speed;
    this.show(this.frameOf(this.day));
    if (this.frame === this.recording.count - 1) this.set({ playing: false });
  }

  press(event) {
    const name = KEYS[event.key], { target } = event;
    const isTaken = event.key === " " ? /^(BUTTON|INPUT|SELECT|TEXTAREA)$/ : /^(INPUT|SELECT|TEXTAREA)$/;
    if (!name || event.ctrlKey || event.metaKey || event.altKey || this.about.dialog.open) return;
    if (isTaken.test(target.tagName) && target.type !== "range") return;
    event.preventDefault();
    this.act(name);
  }

  /** What a key or a button means. */
  act(name) {
    const { state } = this, by = { faster: 1, slower: -1 }[name], to = this.frameAfter(name);
    if (to !== undefined) this.goTo(to);
    if (by) this.set({ speed: SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(state.speed) + by))] });
    if (name === "play") this.set({ playing: !state.playing });
    if (name === "otherView") this.set({ view: state.view === "circle" ? "everyone" : "circle" });
    if (name === "differ") this.set({ differences: !state.differences });
  }

  frameAfter(name) {
    const { frame, recording } = this;
    return { next: frame + 1, previous: frame - 1, first: 0, last: recording.count - 1 }[name];
  }
}

/** How the people of a story were chosen: one that was chosen for what happens does not say how often it does. */
function noteOf({ chosen }) {
  if (!chosen) return [];
  const attributes = { class: "rk-note", open: window.innerWidth > NARROW };
  return [make("details", attributes, make("summary", {}, "Why these two?"), choiceText(chosen))];
}
