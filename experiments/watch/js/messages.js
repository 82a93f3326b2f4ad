// What the server sends as bytes, read into arrays and records. `experiments/scene.py` writes them.

const GESTURE_BYTES = 16; // sender i4, receiver i4, day i2, family u1, bright u1, second of the day i4
const MOST_GESTURES = 90; // of a frame that are drawn
const SECONDS_A_DAY = 86400;

/** A copy, since the bytes that came need not begin where an array of numbers may. */
export const bytesOf = (view) => new Uint8Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

const wholeNumbers = (view) => new Int32Array(bytesOf(view).buffer);

/** What stays the same from frame to frame: where people stand, which ties are drawn, who are the adopters. */
export function readScene(message, [places, pairs, adopters]) {
  const scene = {
    people: message.people,
    places: new Float32Array(bytesOf(places).buffer),
    pairs: wholeNumbers(pairs),
    adopters: wholeNumbers(adopters),
    adopts: new Uint8Array(message.people),
  };
  for (const person of scene.adopters) scene.adopts[person] = 1;
  return scene;
}

/** Put the ties of a frame that take the place of others into the scene. */
export function replaceTies(scene, rowsView, pairsView) {
  const pairs = wholeNumbers(pairsView);
  wholeNumbers(rowsView).forEach((row, k) => scene.pairs.set(pairs.subarray(2 * k, 2 * k + 2), 2 * row));
}

/** A byte for each tie and person of a world, and its gestures. The first two buffers of a frame are changed ties. */
export function readWorld(buffers, number) {
  const [ties, people, gestures] = buffers.slice(2 + 3 * number, 5 + 3 * number);
  return { ties: bytesOf(ties), people: bytesOf(people), gestures: readGestures(gestures) };
}

function readGestures(view) {
  const count = Math.min(MOST_GESTURES, view.byteLength / GESTURE_BYTES);
  return Array.from({ length: count }, (_, k) => {
    const at = k * GESTURE_BYTES;
    return {
      sender: view.getInt32(at, true),
      receiver: view.getInt32(at + 4, true),
      family: view.getUint8(at + 10),
      bright: view.getUint8(at + 11),
      when: view.getInt32(at + 12, true) / SECONDS_A_DAY,
    };
  });
}
