// Where people stand on the canvas.

const MOST_PIXELS = 1.6e6; // of a canvas; on large screens the picture is coarser, so that it keeps its pace

/**
 * The size of a canvas for this box on the screen, in pixels; `ratio` is canvas pixels per pixel of the page, at most
 * `sharpest`.
 */
export function canvasSize(box, sharpest = screenRatio()) {
  const ratio = Math.min(sharpest, Math.sqrt(MOST_PIXELS / Math.max(1, box.width * box.height)));
  const width = Math.max(2, Math.round(box.width * ratio)), height = Math.max(2, Math.round(box.height * ratio));
  return { width, height, ratio: width / box.width };
}

export const screenRatio = () => window.devicePixelRatio || 1;

/** The place of each person (x, y, x, y, …) and the radius of their disc, so that all fit with a margin. */
export function layOut(scene, { width, height, ratio }) {
  const { people, places } = scene;
  const size = Math.max(1.1, Math.min(5 * ratio, (Math.min(width, height) * 0.14) / Math.sqrt(people)));
  const { low, high } = extent(places, people), margin = size * 2.4 + 8;
  const scale = Math.min(
    (width - 2 * margin) / Math.max(high[0] - low[0], 1e-3),
    (height - 2 * margin) / Math.max(high[1] - low[1], 1e-3),
  );
  const middle = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2], at = new Float32Array(2 * people);
  for (let k = 0; k < people; k++) {
    at[2 * k] = width / 2 + (places[2 * k] - middle[0]) * scale;
    at[2 * k + 1] = height / 2 - (places[2 * k + 1] - middle[1]) * scale;
  }
  return { at, size };
}

function extent(places, people) {
  const low = [1e9, 1e9], high = [-1e9, -1e9];
  for (let k = 0; k < 2 * people; k++) {
    low[k % 2] = Math.min(low[k % 2], places[k]);
    high[k % 2] = Math.max(high[k % 2], places[k]);
  }
  return { low, high };
}

/** The person nearest to a point of the canvas, if one is within reach; else null. */
export function nearestPerson(at, x, y, reach) {
  let best = null, least = reach ** 2;
  for (let k = 0; 2 * k < at.length; k++) {
    const distance = (at[2 * k] - x) ** 2 + (at[2 * k + 1] - y) ** 2;
    if (distance < least) [best, least] = [k, distance];
  }
  return best;
}
