// The page: its parts, and what each message of the server changes in them.
//
// The server sends a scene once (places, ties) and then frames (a byte for each tie and person, gestures as records).
// Each frame is acknowledged when it is drawn, and only then does the server compute on.

import { Charts } from "./charts.js";
import { Choice } from "./choice.js";
import { Clock } from "./clock.js";
import { commandsOf } from "./commands.js";
import { Counted } from "./counted.js";
import { make, showText } from "./dom.js";
import { Help } from "./help.js";
import { listenToKeys } from "./keys.js";
import { Legend } from "./legend.js";
import { LostFrames } from "./lost_frames.js";
import { Notice } from "./notice.js";
import { Person } from "./person.js";
import { Picture } from "./picture.js";
import { Presenting } from "./presenting.js";
import { Question } from "./question.js";
import { Settings } from "./settings.js";
import { Share } from "./share.js";
import { Story } from "./story.js";
import { Tools } from "./tools.js";
import { Transport } from "./transport.js";
import { ViewSwitch } from "./view_switch.js";

/**
 * Attributes of the root say where the page is, for style sheets and tests: `data-ready`, `data-day`, `data-frame`,
 * `data-worlds`, `data-playing`, `data-told` (states that have come), `data-took` (ms to draw a frame), `data-copied`,
 * `data-view` (circle or everyone).
 */
export class Page {
  constructor(root, palette, connection, opensStory = false) {
    this.root = root;
    this.state = {}; // as the server sent it last
    this.act = (message) => connection.send(message);
    this.buildParts(palette);
    this.arrange();
    listenToKeys(this.commands, () => root.querySelector("dialog[open]"), this.story);
    if (opensStory) this.story.open();
    else this.notice.show("Getting ready …", { forGood: true });
  }

  buildParts(palette) {
    const { act, root } = this;
    this.commands = commandsOf(this);
    this.transport = new Transport(act);
    this.clock = new Clock();
    this.presenting = new Presenting(root);
    this.help = new Help();
    this.tools = new Tools(act, this.commands);
    this.question = new Question(act);
    this.choice = new Choice(act, this.question.element);
    this.stage = make("div", { class: "rk-stage" });
    this.sentence = make("p", { class: "rk-sentence" });
    this.viewSwitch = new ViewSwitch(act);
    const follow = (person) => person !== null && act({ do: "follow", person });
    this.picture = new Picture(this.stage, palette, follow, (text) => showText(this.sentence, text));
    this.person = new Person(act);
    this.counted = new Counted();
    this.legend = new Legend(palette);
    this.charts = new Charts(palette);
    this.settings = new Settings(act);
    this.notice = new Notice();
    this.story = new Story(act, palette, root);
    this.share = new Share(act, this.notice, root);
    const isPlaying = () => this.state.playing, speed = () => this.state.speed;
    this.lostFrames = new LostFrames(isPlaying, speed, () => act({ do: "again" }));
  }

  arrange() {
    const brand = make("div", { class: "rk-brand" }, "Rekindle");
    this.root.append(
      make("header", { class: "rk-bar" }, brand, this.transport.element, this.clock.element, this.tools.element),
      this.choice.element,
      make("main", { class: "rk-main" },
        make("div", { class: "rk-says" }, this.sentence, this.viewSwitch.element),
        this.stage, this.counted.element, this.legend.element),
      make("aside", { class: "rk-side" },
        this.person.element, ...this.charts.elements, this.settings.element, this.share.element),
      this.story.element, this.notice.element, this.help.element, this.choice.dialog);
  }

  take(message, buffers) {
    const name = TAKES[message.is];
    if (name) this[name](message, buffers);
  }

  takeScene(message, buffers) {
    this.worldNames = message.arms;
    this.charts.begin(message.outcomes, message.colours);
    this.question.begin(message.outcomes);
    this.legend.show(message.families);
    this.picture.takeScene(message, buffers);
    if (!message.again) this.charts.clear();
    this.story.takeScene(message);
    this.root.dataset.worlds = message.arms.length;
  }

  takeFrame(message, buffers) {
    this.lostFrames.heard();
    if (this.story.isOn) this.story.takeFrame(message);
    else this.showFrame(message, buffers);
    this.root.dataset.day = message.day;
    this.root.dataset.frame = message.frame;
    requestAnimationFrame(() => this.act({ do: "drawn", frame: message.frame }));
  }

  showFrame(message, buffers) {
    const began = performance.now();
    this.picture.takeFrame(message, buffers);
    this.root.dataset.took = (performance.now() - began).toFixed(1);
    this.charts.add(message.day, message.outcomes);
    this.charts.draw(this.worldNames);
    this.clock.show(message.day, this.state);
    this.counted.show(message.day, this.state);
    this.question.showPair(message.day, message.outcomes);
    this.person.show(message.followed, this.state.by_hand);
  }

  /** Outcomes of the days before the first frame. */
  takeSeries({ rows }) {
    rows.forEach(([day, outcomes]) => this.charts.add(day, outcomes));
  }

  takeState(state) {
    this.state = state;
    if (this.story.isOn) this.story.takeState(state);
    this.picture.showState(state);
    this.legend.showState(state);
    const parts = [this.transport, this.tools, this.choice, this.question, this.settings, this.share, this.viewSwitch];
    for (const part of parts) part.show(state);
    this.clock.show(state.day, state);
    this.counted.show(state.day, state);
    this.charts.showState(state);
    if (state.followed === null) this.person.show(null);
    if (!this.root.dataset.ready) this.notice.show("");
    const view = this.viewSwitch.shown;
    Object.assign(this.root.dataset, { playing: state.playing, ready: true, told: state.told, view });
  }

  takeError({ text, path }) {
    if (!this.settings.refuse(path, text)) this.notice.show(text);
  }

  takeNote({ text }) {
    this.notice.show(text);
  }

  takeProgress({ what, done, total }) {
    const text = what ? `${what[0].toUpperCase()}${what.slice(1)}: ${Math.round((100 * done) / total)}%` : "";
    if (this.story.isOn) {
      this.story.showProgress(text, what ? done / total : null);
      return;
    }
    this.notice.show(text, { forGood: true });
  }

  takeCompiling({ done, total, seconds }) {
    const text = `Compiling the model (once): ${done} of about ${total} functions, ${seconds} s`;
    if (this.story.isOn) {
      this.story.showProgress(text, done / total);
      return;
    }
    this.notice.show(text, { forGood: true });
  }

  takeConnection({ text }) {
    this.notice.show(text, { forGood: true });
  }

  takeFile(message, buffers) {
    this.share.takeFile(message, buffers);
  }
}

const TAKES = {
  scene: "takeScene",
  frame: "takeFrame",
  series: "takeSeries",
  state: "takeState",
  error: "takeError",
  note: "takeNote",
  progress: "takeProgress",
  compiling: "takeCompiling",
  connection: "takeConnection",
  file: "takeFile",
};
