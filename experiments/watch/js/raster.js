// The still picture of a world: ties, people and rings around adopters, on one canvas.

import { FaintLayer } from "./layer.js";
import { discMask, pixelOf, rgb, stampDisc } from "./pixels.js";
import { drawTies, isLarge, LOOKS, tieColours } from "./ties.js";

const PERSON = [223, 230, 244], RING = [238, 242, 250];
const FULL_GLOW = 63; // of the byte of a person
const LEAST_GLOW = 6; // that is drawn

export class Raster {
  constructor(canvas, palette) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.night = pixelOf(rgb(palette.night));
    this.colours = tieColours(palette);
    this.door = rgb(palette.door);
    this.masks = new Map();
  }

  resize(width, height) {
    if (this.image && this.image.width === width && this.image.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.image = this.context.createImageData(width, height);
    this.pixels = new Int32Array(this.image.data.buffer);
    this.masks.clear();
  }

  /** The whole picture; in a hurry, the faint ties of a large world may be some frames old. */
  draw(view, isHurried) {
    if (isHurried && isLarge(view.ties)) this.copyLayer(view);
    else {
      this.layer = null;
      this.pixels.fill(this.night);
      this.ties(LOOKS.dormant, view);
    }
    for (const look of [LOOKS.living, LOOKS.rekindled]) this.ties(look, view);
    this.people(view);
    this.context.putImageData(this.image, 0, 0);
  }

  copyLayer(view) {
    const { width, height } = this.image;
    if (this.layer && this.layer.fits(view)) this.layer.advance(view);
    else this.layer = new FaintLayer(view, width, height, this.night, this.colours);
    this.layer.copyTo(this.pixels, view);
  }

  ties(look, view) {
    drawTies(this.pixels, this.image.width, this.colours, look, view);
  }

  people({ scene, at, people, size }) {
    const halo = this.mask(size * 2.1, false), body = this.mask(size, false), ring = this.mask(size + 2.2, true);
    const stamp = (person, mask, colour, alpha) =>
      stampDisc(this.pixels, this.image.width, at[2 * person], at[2 * person + 1], mask, colour, alpha);
    people.forEach((glow, person) => {
      if (glow > LEAST_GLOW) stamp(person, halo, this.door, 18 + (80 * glow) / FULL_GLOW);
    });
    people.forEach((_, person) => stamp(person, body, PERSON, 245));
    for (const person of scene.adopters) stamp(person, ring, RING, 230);
  }

  /** Masks are kept until the canvas has another size: a world of thousands needs three of them. */
  mask(radius, isRing) {
    const key = `${radius}${isRing ? "o" : ""}`;
    if (!this.masks.has(key)) this.masks.set(key, discMask(radius, isRing));
    return this.masks.get(key);
  }
}
