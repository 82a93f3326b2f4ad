// What is written in a circle: the names of its rings, of the person in the middle, and of those who matter today.

import { bordersOf, distanceOf, IN_TOUCH, RINGS } from "./rings.js";

const MOST_NAMES = 14, MOST_WHO_DIFFER = 8; // that are written, in one world and in two

export class CircleLabels {
  constructor(context, palette) {
    Object.assign(this, { context, palette, widths: new Map() });
  }

  draw(circle, view) {
    const { unit } = circle;
    const [x, y] = circle.centre, middle = 15 * unit;
    this.taken = [[x - middle, y - middle, x + middle, y + middle]];
    this.context.textBaseline = "middle";
    const nameRings = () => this.ringNames(circle, view.in_touch_days || IN_TOUCH, view.rings || RINGS);
    if (!view.names) nameRings();
    this.context.font = `650 ${13 * unit}px system-ui, sans-serif`;
    this.put(nameOf(view, view.person), x, y + 24 * unit, "center", unit, 1);
    this.context.font = `${12 * unit}px system-ui, sans-serif`;
    for (const spot of namedSpots(circle.spots, view)) this.name(nameOf(view, spot.tie.other), spot, unit);
    if (view.names) nameRings(); // where people have names, these come first
  }

  /** Each below the border of its ring, at the top. */
  ringNames({ centre: [x, y], reach, unit }, inTouch, names) {
    const ends = [...bordersOf(inTouch).map((border) => distanceOf(border, inTouch)), 1];
    this.context.font = `${11 * unit}px system-ui, sans-serif`;
    names.forEach((name, k) => this.put(name, x, y - ends[k] * reach + 9 * unit, "center", unit, 0.8, true));
  }

  /** Beside a disc, away from the middle if there is room, else where there is; nowhere if names stand all around. */
  name(text, { x, y, size, angle }, unit) {
    const away = Math.cos(angle) >= 0 ? 1 : -1, level = y + Math.sin(angle) * 6 * unit;
    const beside = away * (size + 5 * unit), far = size + 9 * unit;
    [[beside, level], [beside, y - far], [beside, y + far], [0, y + far], [0, y - far],
      [-beside, level], [-beside, y + far], [-beside, y - far]]
      .some(([right, at]) =>
        this.put(text, x + right, at, right > 0 ? "left" : right < 0 ? "right" : "center", unit, 1));
  }

  /**
   * Write a text with a dark rim, `isQuiet` in the colour of what is not important. False, and nothing written, where
   * it would cover another or leave the canvas.
   */
  put(text, x, y, align, unit, alpha, isQuiet = false) {
    const { context, palette } = this, wide = this.widthOf(text), high = 8 * unit;
    const begins = align === "left" ? x : align === "right" ? x - wide : x - wide / 2;
    const left = Math.max(3 * unit, Math.min(begins, this.context.canvas.width - wide - 3 * unit)); // not cut off
    const box = [left - 3 * unit, y - high, left + wide + 3 * unit, y + high];
    const isCut = box[0] < 0 || box[2] > context.canvas.width || box[3] > context.canvas.height;
    if (isCut || this.taken.some((other) => overlap(box, other))) return false;
    this.taken.push(box);
    context.globalAlpha = alpha;
    context.textAlign = "left";
    context.lineJoin = "round";
    context.lineWidth = 4 * unit;
    context.strokeStyle = palette.night;
    context.strokeText(text, left, y);
    context.fillStyle = isQuiet ? palette.quiet : palette.ink;
    context.fillText(text, left, y);
    return true;
  }

  /** Measured once for each font: measuring takes longer than drawing. */
  widthOf(text) {
    const key = `${this.context.font} ${text}`;
    if (!this.widths.has(key)) this.widths.set(key, this.context.measureText(text).width);
    return this.widths.get(key);
  }
}

export const nameOf = ({ names }, person) => (names && names.get(person)) || `person ${person}`;

/** Those who are named: who has a name; who differs between the worlds; in one world, who came back or wrote today. */
function namedSpots(spots, { differs, gestures, names }) {
  const today = new Set(gestures.map(({ other }) => other));
  const hasName = ({ tie }) => Boolean(names && names.has(tie.other));
  if (differs) { // the same people in both worlds
    return spots.filter((spot) => hasName(spot) || spot.isLoud)
      .sort((one, other) => hasName(other) - hasName(one) || one.tie.other - other.tie.other)
      .slice(0, MOST_WHO_DIFFER);
  }
  const weight = (spot) => 4 * hasName(spot) + 2 * today.has(spot.tie.other) + spot.isBack;
  return spots.filter((spot) => weight(spot) > 0)
    .sort((one, other) => weight(other) - weight(one) || other.tie.strength - one.tie.strength)
    .slice(0, MOST_NAMES);
}

const overlap = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
