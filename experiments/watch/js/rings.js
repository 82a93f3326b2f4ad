// How far from the middle a person is drawn: the longer ago the last words to and fro, the further out.

export const RINGS = ["in touch this month", "this season", "dormant"];
export const IN_TOUCH = 90; // days of silence from which a tie is dormant
const MONTH = 30;
const NEAREST = 0.15, BORDERS = [0.41, 0.63], FARTHEST = 0.95; // shares of the outermost distance
const LONGEST = 40; // times `IN_TOUCH` (ten years), beyond which nobody moves further out
const GOLDEN = Math.PI * (3 - Math.sqrt(5)); // spreads any numbers around a circle

/** The silences at which rings end: a month, and the silence from which a tie is dormant. */
export const bordersOf = (inTouch) => [Math.min(MONTH, inTouch), inTouch];

/**
 * The distance of a tie from the middle, 0 to 1: it grows in a straight line up to each border, and beyond the last
 * with the logarithm of the silence. `silence` is in days since two-way contact; null if there was none.
 */
export function distanceOf(silence, inTouch = IN_TOUCH) {
  if (silence === null) return 1;
  const [month, season] = bordersOf(inTouch);
  if (silence < month) return between(NEAREST, BORDERS[0], silence / month);
  if (silence < season) return between(BORDERS[0], BORDERS[1], (silence - month) / (season - month));
  return between(BORDERS[1], FARTHEST, Math.min(1, Math.log(silence / season) / Math.log(LONGEST)));
}

/** The number of the ring of a tie, in `RINGS`. */
export function ringOf(silence, inTouch = IN_TOUCH) {
  const within = silence === null ? -1 : bordersOf(inTouch).findIndex((border) => silence < border);
  return within < 0 ? RINGS.length - 1 : within;
}

/** The direction in which a person is drawn, in radians: the same on every day, in every world, around everybody. */
export const angleOf = (person) => (person * GOLDEN) % (2 * Math.PI);

const between = (from, to, share) => from + (to - from) * share;
