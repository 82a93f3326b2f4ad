// The circle of one person: they are in the middle, their ties around them, the further out the longer ago the last
// words to and fro. It draws into one canvas and knows neither the page nor the server.

import { Brushes } from "./brushes.js";
import { CircleLabels } from "./circle_labels.js";
import { drawMark } from "./marks.js";
import { angleOf, distanceOf, IN_TOUCH, ringOf } from "./rings.js";
import { Zones } from "./zones.js";

const USUAL = 340; // pixels of the shorter side at which sizes are as they are written here
const MARGIN = 26; // around the outermost ring, for names
const MIDDLE = 15, LEAST = 2.6, GROWTH = 6; // radii of discs: the middle, the weakest tie, what the strongest adds
const QUIET_SHARE = 0.45; // of its opacity that a tie keeps which is the same in both worlds
const LEAST_DOOR = 0.15; // how far a door must be open to be drawn
const PULL_FROM = 0.45; // share of a day after which those who come nearer do so: the gesture is there
const FLIGHT = 0.55; // share of a day that a gesture flies
const AFTERGLOW = 10; // days in which a line to somebody fades after a gesture
const NEAR_DISC = 10; // pixels around a disc that still mean it

export class Circle {
  constructor(canvas, palette) {
    Object.assign(this, { canvas, palette, spots: [] });
    this.context = canvas.getContext("2d", { alpha: false });
    this.zones = new Zones(palette);
    this.labels = new CircleLabels(this.context, palette);
  }

  /** In device pixels. */
  resize(width, height) {
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
  }

  /**
   * `view` is a person on a day: `{ person, names, day, ties, before, gestures, differs, in_touch_days }`, with ties as
   * the server sends them, those of the frame before (or null), the day's gestures, and the ids of those who differ
   * between two worlds (or null). `age` is the share of the time between two frames that is over.
   */
  draw(view, age) {
    const share = Math.max(0, Math.min(1, age));
    this.measure();
    this.spots = this.spotsOf(view, share);
    this.zones.draw(this.context, this, view.in_touch_days || IN_TOUCH);
    this.lines(view.day);
    this.discs();
    this.gestures(view.gestures, share);
    this.labels.draw(this, view);
    this.context.globalAlpha = 1;
  }

  /** The id of the person at this point in device pixels, or null. */
  otherAt(x, y) {
    let best = null, least = Infinity;
    for (const spot of this.spots) {
      const distance = Math.hypot(spot.x - x, spot.y - y) - spot.size;
      if (distance < NEAR_DISC * this.unit && distance < least) [best, least] = [spot.tie.other, distance];
    }
    return best;
  }

  measure() {
    const { width, height } = this.canvas, side = Math.min(width, height);
    this.unit = Math.max(1, side / USUAL);
    this.centre = [width / 2, height / 2];
    this.reach = Math.max(10, side / 2 - MARGIN * this.unit);
  }

  spotsOf({ ties, before, differs, in_touch_days: inTouch = IN_TOUCH }, share) {
    const earlier = new Map((before || []).map((tie) => [tie.other, tie.silence]));
    return ties.map((tie) => {
      const now = distanceOf(tie.silence, inTouch);
      const from = earlier.has(tie.other) ? distanceOf(earlier.get(tie.other), inTouch) : now;
      const distance = from + (now - from) * glide(share, now < from), angle = angleOf(tie.other);
      const isBack = tie.rekindled && tie.state === "active", isLoud = Boolean(differs && differs.has(tie.other));
      return {
        tie, isBack, isLoud, angle, distance,
        x: this.centre[0] + this.reach * distance * Math.cos(angle),
        y: this.centre[1] + this.reach * distance * Math.sin(angle),
        size: (LEAST + GROWTH * Math.sqrt(tie.strength)) * this.unit,
        colour: isBack ? this.palette.ember : this.palette.ties[tie.state === "active" ? 2 : 1],
        alpha: differs && differs.size && !isLoud ? QUIET_SHARE : 1,
        ring: ringOf(tie.silence, inTouch),
      };
    });
  }

  /** The line to somebody: the brighter, the stronger and the shorter ago the last gesture. */
  lines(day) {
    const brushes = new Brushes();
    for (const { tie, x, y, colour, alpha, isBack } of this.spots) {
      const latest = tie.history.length ? day - tie.history[0][0] : Infinity;
      const lit = 0.1 + 0.35 * tie.strength + 0.4 * Math.exp(-latest / AFTERGLOW) + (isBack ? 0.3 : 0);
      brushes.line(this.centre, [x, y], colour, Math.min(0.9, lit) * alpha, (isBack ? 2 : 1.1) * this.unit);
    }
    brushes.draw(this.context);
  }

  /** Everybody, and the doors between them and the person in the middle: theirs around them, the person's around it. */
  discs() {
    const brushes = new Brushes(), { centre, palette, unit } = this;
    for (const { tie, x, y, size, colour, alpha, angle } of this.spots) {
      const isFaint = tie.state === "faint" || tie.state === "acquainted";
      if (isFaint) brushes.arc([x, y], size, palette.night, 1);
      brushes.arc([x, y], size, colour, alpha * (isFaint ? 0.5 : 1), isFaint ? unit : 0);
      this.door(brushes, [x, y], size + 3 * unit, angle + Math.PI, tie.door, tie.door, alpha);
      this.door(brushes, centre, (MIDDLE + 3) * unit, angle, tie.own_door, 0.35 * tie.own_door, 0.6 * alpha);
    }
    brushes.arc(centre, MIDDLE * unit, palette.ink, 1);
    brushes.draw(this.context);
  }

  /** An open door: an arc towards the other, the longer and brighter, the further it is open. */
  door(brushes, at, radius, towards, openness, share, alpha) {
    if (openness < LEAST_DOOR) return;
    const half = 1.25 * share, lit = alpha * Math.min(1, 0.25 + 0.75 * openness);
    brushes.arc(at, radius, this.palette.door, lit, 2 * this.unit, towards - half, towards + half);
  }

  /** Gestures on their way; several to and from one person fly one after another. */
  gestures(gestures, share) {
    const at = new Map(this.spots.map((spot) => [spot.tie.other, spot])), count = new Map(), turn = new Map();
    for (const { other } of gestures) count.set(other, (count.get(other) || 0) + 1);
    for (const gesture of gestures) {
      const spot = at.get(gesture.other), k = turn.get(gesture.other) || 0;
      turn.set(gesture.other, k + 1);
      const begins = count.get(gesture.other) > 1 ? ((1 - FLIGHT) * k) / (count.get(gesture.other) - 1) : 0;
      const gone = (share - begins) / FLIGHT;
      if (spot && gone >= 0 && gone < 1) this.fly(gesture, spot, gone);
    }
  }

  /** From the rim of one disc to that of the other, with a tail where it came from. */
  fly({ outgoing, family }, spot, gone) {
    const { context, palette, unit } = this, [x, y] = this.centre;
    const length = Math.hypot(spot.x - x, spot.y - y), near = (MIDDLE * unit) / length, far = 1 - spot.size / length;
    const along = (share) => near + (far - near) * (outgoing ? share : 1 - share);
    const point = (share) => [x + (spot.x - x) * along(share), y + (spot.y - y) * along(share)];
    const colour = palette.families[family].colour, head = point(gone);
    context.globalAlpha = 0.75;
    context.beginPath();
    context.moveTo(...point(Math.max(0, gone - 0.4)));
    context.lineTo(...head);
    context.strokeStyle = colour;
    context.lineWidth = 2.4 * unit;
    context.stroke();
    context.globalAlpha = 1;
    drawMark(context, family, ...head, 5.5 * unit, colour, palette.night);
  }
}

/** The share of the way to the next frame: outward all the time, inward once the gesture is there. */
function glide(share, isInward) {
  const begun = isInward ? Math.max(0, (share - PULL_FROM) / (1 - PULL_FROM)) : share;
  return begun * begun * (3 - 2 * begun);
}
