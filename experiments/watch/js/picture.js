// The worlds of a page, side by side: what is between the messages of the server and the screen.

import { screenRatio } from "./layout.js";
import { readScene, readWorld, replaceTies } from "./messages.js";
import { ringOf } from "./rings.js";
import { sentenceOf } from "./sentence.js";
import { World } from "./world.js";

const MOST_FRAMES = 50; // a second, as the server sends them
const COARSER = 0.75; // share of the pixels along each side that a coarser picture keeps
const STEP_LASTS = 1; // seconds in which a single day passes in a circle that does not play

/**
 * `follow` is called with the person who was clicked on, if they can be followed; else it is null. `say` is called with
 * a sentence that says what is shown, whenever that is another one. `names` are those of people who have one, by id.
 */
export class Picture {
  constructor(host, palette, follow, say = () => {}) {
    Object.assign(this, { host, palette, follow, say, worlds: [], speed: 5, isPlaying: false, mode: "circle" });
    Object.assign(this, { followed: null, earlier: null, differences: false, inTouch: undefined, names: null });
    this.isStill = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const tick = () => {
      if (!this.isStill) for (const world of this.worlds) world.animate();
      this.ticking = requestAnimationFrame(tick);
    };
    this.ticking = requestAnimationFrame(tick);
  }

  takeScene(message, buffers) {
    this.scene = readScene(message, buffers);
    const wanted = message.arms.length;
    while (this.worlds.length > wanted) this.worlds.pop().close();
    while (this.worlds.length < wanted) this.worlds.push(new World(this.host, this.palette, this.follow));
    const colours = wanted > 1 && message.colours || [];
    this.worlds.forEach((world, k) => world.begin(this.scene, message.arms[k], colours[k] || "", message.outcomes));
    this.host.dataset.worlds = wanted;
    this.followed = null;
  }

  takeFrame(message, buffers) {
    replaceTies(this.scene, buffers[0], buffers[1]);
    this.takeFollowed(message.followed || null, message.day);
    const person = this.followed && this.followed.person;
    const pace = { seconds: 1.4 / Math.min(this.speed, 6), isHurried: this.isPlaying, isStill: this.isStill };
    this.showCircles();
    this.worlds.forEach((world, k) => {
      const known = this.followed && this.followed.ties[k];
      world.show({ ...readWorld(buffers, k), known, names: this.names }, person, message.outcomes[k], pace);
    });
  }

  /** The followed person of a frame, and of the frame before, if it is the same person and an earlier day. */
  takeFollowed(followed, day) {
    const isNext = this.followed && followed && this.followed.person === followed.person && this.day < day;
    this.earlier = isNext && !this.isStill ? this.followed.ties : null;
    Object.assign(this, { followed, day });
  }

  /** Give each world its circle, or none, and say what is shown. */
  showCircles() {
    const { followed, worlds } = this, isCircle = this.mode === "circle" && followed !== null;
    const differs = this.differences && worlds.length > 1 && isCircle ? whoDiffers(followed.ties, this.inTouch) : null;
    const seconds = this.isPlaying ? 1 / Math.min(this.speed, MOST_FRAMES) : STEP_LASTS;
    worlds.forEach((world, k) => world.showCircle(isCircle ? {
      person: followed.person, names: this.names, day: this.day, ties: followed.ties[k],
      before: this.earlier && this.earlier[k], gestures: followed.gestures[k], differs, in_touch_days: this.inTouch,
    } : null, seconds, isCircle ? followed.counts[k].active : 0));
    const text = sentenceOf({
      followed, isCircle, differs, day: this.day, isPair: worlds.length > 1, differences: this.differences,
      names: this.names,
    });
    worlds.forEach((world) => world.describe(text));
    this.say(text);
  }

  /** What the page's controls set: how fast it plays, if it does; circle or everyone; only differences or all. */
  showState({ speed, playing, view, differences, in_touch_days: inTouch }) {
    const stops = this.isPlaying && !playing, isOther = this.mode !== view || this.differences !== differences;
    Object.assign(this, { speed, isPlaying: playing, mode: view, differences, inTouch });
    if (isOther && this.day !== undefined) this.showCircles();
    if (stops || isOther) this.worlds.forEach((world) => world.redraw()); // what was drawn in a hurry is drawn whole
  }

  /** Draw on fewer pixels from now on, since this machine is too slow; false if that is so already. */
  coarsen() {
    const sharpest = Math.max(1, COARSER * (this.sharpest || screenRatio()));
    if (sharpest === (this.sharpest || screenRatio())) return false;
    this.sharpest = sharpest;
    this.worlds.forEach((world) => Object.assign(world, { sharpest }));
    return true;
  }

  close() {
    cancelAnimationFrame(this.ticking);
    this.worlds.forEach((world) => world.close());
  }
}

/** Ids of those who are in another ring in the other world, or known in one of them only. */
export function whoDiffers([left, right], inTouch) {
  const rings = [left, right].map((ties) => new Map(ties.map((tie) => [tie.other, ringOf(tie.silence, inTouch)])));
  const all = [...left, ...right].map(({ other }) => other);
  return new Set(all.filter((other) => rings[0].get(other) !== rings[1].get(other)));
}
