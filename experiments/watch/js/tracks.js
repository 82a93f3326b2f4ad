// Arrays of a file, as `experiments/watch/tracks.py` writes them.

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, i4: Int32Array, f4: Float32Array, record: Uint8Array };

const product = (numbers) => numbers.reduce((all, one) => all * one, 1);

/** The bytes of a base64 text that was deflated. Nothing is fetched. */
export async function inflated(text) {
  const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const whole = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(whole).arrayBuffer());
}

/** The arrays by name. Records are left as bytes. */
export function readTracks(described, bytes) {
  const tracks = {};
  let at = 0;
  for (const one of described) {
    const size = product(one.shape) * one.item;
    tracks[one.name] = valuesOf(one, bytes.subarray(at, at + size), tracks[one.beyond]);
    at += size;
  }
  return tracks;
}

function valuesOf({ type, item, shape, changes }, planes, beyond) {
  const values = new ARRAYS[type](inTurn(planes, item).buffer);
  const width = product(shape.slice(1));
  if (changes) for (let k = width; k < values.length; k++) values[k] += values[k - width];
  if (beyond) for (let k = 0; k < values.length; k++) values[k] += beyond[k];
  return values;
}

/** The bytes of each item together: in the file, the first bytes of all items stand first. */
function inTurn(planes, item) {
  if (item === 1) return planes.slice();
  const count = planes.length / item, bytes = new Uint8Array(planes.length);
  for (let place = 0; place < item; place++) {
    for (let k = 0; k < count; k++) bytes[k * item + place] = planes[place * count + k];
  }
  return bytes;
}
