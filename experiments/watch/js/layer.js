// The faint ties of a large world while it plays. They change slowly and there are many, so a finished layer of them is
// shown for some frames while the next one is drawn a part at a time.

import { drawTies, LOOKS, lookOf } from "./ties.js";

const PARTS = 8; // frames over which a layer is drawn

export class FaintLayer {
  constructor(view, width, height, night, colours) {
    Object.assign(this, { width, night, colours });
    this.at = view.at;
    this.followed = view.followed;
    const empty = () => ({ pixels: new Int32Array(width * height), has: new Uint8Array(view.ties.length) });
    this.shown = empty();
    this.next = empty();
    this.done = 0;
    this.drawPart(view, view.ties.length);
  }

  /** Whether people still stand where the layer has them, and the same person is followed. */
  fits(view) {
    return this.at === view.at && this.followed === view.followed;
  }

  advance(view) {
    this.drawPart(view, Math.ceil(view.ties.length / PARTS));
  }

  /** The layer that is shown, and on top of it what has become faint since it was drawn. */
  copyTo(pixels, view) {
    pixels.set(this.shown.pixels);
    drawTies(pixels, this.width, this.colours, LOOKS.dormant, view, undefined, this.shown.has);
  }

  /** Draw the next `count` ties; a layer that has all of them is the one that is shown from then on. */
  drawPart(view, count) {
    const { pixels, has } = this.next, from = this.done, to = Math.min(view.ties.length, from + count);
    if (from === 0) pixels.fill(this.night);
    drawTies(pixels, this.width, this.colours, LOOKS.dormant, view, [from, to]);
    for (let k = from; k < to; k++) has[k] = lookOf(view.ties[k]) === LOOKS.dormant;
    this.done = to;
    if (to === view.ties.length) [this.shown, this.next, this.done] = [this.next, this.shown, 0];
  }
}
