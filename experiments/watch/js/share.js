// What you take with you: a configuration, a link, pictures and films.

import { showQuery } from "./address.js";
import { button, make } from "./dom.js";
import { bytesOf } from "./messages.js";

const KEPT = 60000; // ms for which a file that was downloaded stays in memory

export class Share {
  /** `notice` says what was done; `root` keeps the text that was copied last, for where no clipboard can be read. */
  constructor(act, notice, root) {
    Object.assign(this, { notice, root, state: {} });
    const picture = (value) => () => act({ do: "picture", value });
    this.element = make("section", { class: "rk-share" },
      button("config", "Copy as config", "A TOML file from which the command line makes the same run (c)",
        () => act({ do: "config" })),
      button("link", "Copy link", "The address of what you see: settings, seed and day (l)", () => this.copyLink()),
      button("png", "PNG", "This day as a picture", picture("png")),
      button("svg", "SVG", "This day as a vector picture", picture("svg")),
      button("film", "Film", "From day 0 to this day, as MP4", () => act({ do: "film", value: "mp4" })),
      button("replay", "Replay", "From day 0 to this day, as a page in one file: no Python, no network",
        () => act({ do: "replay" })));
  }

  show(state) {
    this.state = state;
    if (!state.playing) showQuery(state.query);
  }

  copyLink() {
    showQuery(this.state.query);
    this.copy(location.href, "The link is copied: these settings, this seed, this day.");
  }

  /** A file from the server: a text to copy, or bytes to download. */
  takeFile({ name, type, text }, buffers) {
    if (text !== undefined) {
      const [command, runs] = this.hasTwoWorlds ? ["sweep", "both runs"] : ["run", "the same run"];
      this.copy(text, `Copied. Save it as ${name}; rekindle ${command} ${name} makes ${runs}.`);
      return;
    }
    const href = URL.createObjectURL(new Blob([bytesOf(buffers[0])], { type }));
    make("a", { href, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(href), KEPT);
    this.notice.show(`${name} is in your downloads.`);
  }

  /** Of two worlds, the configuration is a sweep; of a world and its twin without a gesture, it is the run. */
  get hasTwoWorlds() {
    return Boolean(this.state.beside);
  }

  async copy(text, done) {
    this.root.dataset.copied = text;
    try {
      await navigator.clipboard.writeText(text);
      this.notice.show(done);
    } catch {
      window.prompt("Copy this:", text);
    }
  }
}
