// Draws the ties of a world. A tie is a byte: its look in the two high bits, its strength in the other six.

import { quickLine, rgb, smoothLine } from "./pixels.js";

export const LOOKS = { dormant: 1, living: 2, rekindled: 3 };
export const lookOf = (byte) => byte >> 6;

const MOST_SMOOTH = 9000; // ties that are drawn with smooth edges; more of them are drawn faster
const CROWD = 3000; // ties that are not of adopters; more of them are fainter
const SHARE_OF_CROWD = 0.3; // of its alpha that a tie keeps which is of no adopter; as in palette.py
const LEAST_OF_FOLLOWED = 150; // alpha of a tie of the person who is followed
const SHARE_OF_OTHERS = 0.4; // of their alpha that other ties keep meanwhile

export const isLarge = (ties) => ties.length > MOST_SMOOTH;

/** Red, green, blue and alpha (0 to 256) for each of the 256 bytes of a tie. */
export function tieColours(palette) {
  const colours = new Float32Array(256 * 4);
  for (let byte = 0; byte < 256; byte++) {
    const colour = rgb(palette.ties[lookOf(byte)] || palette.night);
    colours.set([...colour, palette.opacity[byte] * 256], byte * 4);
  }
  return colours;
}

/**
 * Ties of one look, onto an array of pixels of this width.
 *
 * `view` is a world as it is laid out on the canvas. `range` says which ties, all if it is left out; ties that are
 * marked in `skip` are left out.
 */
export function drawTies(pixels, width, colours, look, view, range = [0, view.ties.length], skip = null) {
  const { scene, at, ties, followed } = view;
  const { pairs, adopts } = scene, line = isLarge(ties) ? quickLine : smoothLine;
  const crowd = scene.adopters.length ? SHARE_OF_CROWD * Math.min(1, Math.sqrt(CROWD / ties.length)) : 1;
  for (let k = range[0]; k < range[1]; k++) {
    const byte = ties[k];
    if (lookOf(byte) !== look || (skip && skip[k])) continue;
    const one = pairs[2 * k], other = pairs[2 * k + 1], from = 2 * one, to = 2 * other, colour = 4 * byte;
    let alpha = adopts[one] || adopts[other] ? colours[colour + 3] : crowd * colours[colour + 3];
    if (followed !== null) {
      const isTheirs = one === followed || other === followed;
      alpha = isTheirs ? Math.max(alpha, LEAST_OF_FOLLOWED) : alpha * SHARE_OF_OTHERS;
    }
    line(
      pixels, width, at[from], at[from + 1], at[to], at[to + 1],
      colours[colour], colours[colour + 1], colours[colour + 2], alpha,
    );
  }
}
