// Lines and discs, written straight into an array of pixels: a canvas path takes five times as long.
//
// A pixel is a 32-bit integer with the bytes alpha, blue, green, red, as canvases keep them on little-endian machines.
// Colours come as three numbers and points as two: an object for each of 100,000 ties would cost more than its line.

const OPAQUE = 255 << 24;

export const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

export const pixelOf = ([r, g, b]) => OPAQUE | (b << 16) | (g << 8) | r;

/** Mix a colour into a pixel; alpha is 0 to 256. */
function blend(pixels, at, r, g, b, alpha) {
  const old = pixels[at];
  const red = old & 255, green = (old >> 8) & 255, blue = (old >> 16) & 255;
  pixels[at] =
    OPAQUE |
    ((blue + (((b - blue) * alpha) >> 8)) << 16) |
    ((green + (((g - green) * alpha) >> 8)) << 8) |
    (red + (((r - red) * alpha) >> 8));
}

/** A line whose edges are smooth (Wu 1991): each step shares its light between two pixels. */
export function smoothLine(pixels, width, x0, y0, x1, y1, r, g, b, alpha) {
  const steep = Math.abs(y1 - y0) > Math.abs(x1 - x0);
  if (steep) [x0, y0, x1, y1] = [y0, x0, y1, x1];
  if (x0 > x1) [x0, y0, x1, y1] = [x1, y1, x0, y0];
  const slope = x1 - x0 < 1e-6 ? 0 : (y1 - y0) / (x1 - x0);
  const along = steep ? width : 1, across = steep ? 1 : width;
  const last = Math.round(x1);
  let y = y0 + slope * (Math.round(x0) - x0);
  for (let x = Math.round(x0); x <= last; x++, y += slope) {
    const row = y | 0, share = y - row, at = x * along + row * across;
    blend(pixels, at, r, g, b, alpha * (1 - share));
    blend(pixels, at + across, r, g, b, alpha * share);
  }
}

/** A line of whole pixels, in fixed point, for large worlds; red and blue are blended in one go. */
export function quickLine(pixels, width, x0, y0, x1, y1, r, g, b, alpha) {
  const keep = 256 - (alpha | 0);
  const redBlue = Math.imul((b << 16) | r, 256 - keep) + 0x800080;
  const green = Math.imul(g << 8, 256 - keep) + 0x8000;
  const steep = Math.abs(y1 - y0) > Math.abs(x1 - x0);
  if (steep) [x0, y0, x1, y1] = [y0, x0, y1, x1];
  if (x0 > x1) [x0, y0, x1, y1] = [x1, y1, x0, y0];
  const along = steep ? width : 1, across = steep ? 1 : width;
  const first = Math.round(x0), last = Math.round(x1);
  const slope = last > first ? (((y1 - y0) * 65536) / (last - first)) | 0 : 0;
  let y = ((y0 + 0.5) * 65536) | 0;
  for (let k = first * along, end = last * along; k <= end; k += along, y += slope) {
    const at = k + Math.imul(y >> 16, across), old = pixels[at];
    pixels[at] =
      OPAQUE |
      (((Math.imul(old & 0xff00ff, keep) + redBlue) >>> 8) & 0xff00ff) |
      (((Math.imul(old & 0xff00, keep) + green) >>> 8) & 0xff00);
  }
}

/** How much of each pixel a disc (or ring) of this radius covers: dx, dy and cover, one after another. */
export function discMask(radius, isRing) {
  const reach = Math.ceil(radius + 1), mask = [];
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const distance = Math.hypot(dx, dy);
      const cover = isRing ? 1.2 - Math.abs(distance - radius) : radius - distance + 0.5;
      if (cover > 0) mask.push(dx, dy, Math.min(1, cover));
    }
  }
  return mask;
}

/** A disc or ring around a point. */
export function stampDisc(pixels, width, x, y, mask, [r, g, b], alpha) {
  const middle = Math.round(y) * width + Math.round(x);
  for (let k = 0; k < mask.length; k += 3) {
    blend(pixels, middle + mask[k + 1] * width + mask[k], r, g, b, (alpha * mask[k + 2]) | 0);
  }
}
