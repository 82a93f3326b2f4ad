// What was recorded for a replay, as the messages that the server of `rekindle watch` would have sent.

const FLASH_BYTES = 16, OWN_BYTES = 12; // of a record; see `experiments/watch/replay.py`
const MOST_HISTORY = 8; // gestures of a tie, as the server sends them

const viewOf = (values) => new DataView(values.buffer, values.byteOffset, values.byteLength);

export class Recording {
  /** `head` says what was recorded, `tracks` are the arrays. */
  constructor(head, tracks) {
    Object.assign(this, { head, tracks, days: tracks.days });
    this.own = head.arms.map((_, world) => this.readOwn(world));
    this.last = -1; // the frame whose ties the receiver of messages has
  }

  get count() {
    return this.days.length;
  }

  /** The message with what stays the same, and its arrays. */
  scene() {
    const { people, arms, colours, families, outcomes } = this.head, { places, pairs, adopters } = this.tracks;
    this.last = -1;
    const message = { is: "scene", people, arms, colours, families, outcomes, again: false };
    return [message, [places, pairs, adopters].map(viewOf)];
  }

  /** The message of a frame, and its arrays; frames can be asked for in any order. */
  frame(k) {
    const worlds = this.head.arms.map((_, world) => world);
    const message = {
      is: "frame", frame: k, day: this.days[k],
      outcomes: worlds.map((world) => this.outcome(k, world)), followed: this.followed(k, worlds),
    };
    const buffers = worlds.flatMap((world) => [
      this.row(`ties.${world}`, k), this.row(`people.${world}`, k), this.rows(`flashes.${world}`, k, FLASH_BYTES),
    ]);
    return [message, [...this.changedSince(k), ...buffers].map(viewOf)];
  }

  /** The row of a frame, of an array with one for each. */
  row(name, k) {
    const values = this.tracks[name], width = values.length / this.count;
    return values.subarray(k * width, (k + 1) * width);
  }

  /** The rows that came with the frames from `k` to `last`, of an array with any number of them for each frame. */
  rows(name, k, width, last = k) {
    const from = this.tracks[`${name}.from`];
    return this.tracks[name].subarray(width * from[k], width * from[last + 1]);
  }

  /** Rows of the drawn ties that have another pair than the receiver has; on a way back, all of them. */
  changedSince(k) {
    const isOnward = k >= this.last, first = isOnward ? this.last + 1 : 0;
    let rows = this.rows("changed_rows", first, 1, k), pairs = this.rows("changed_pairs", first, 2, k);
    if (!isOnward) {
      const all = this.tracks.pairs;
      rows = Int32Array.of(...Int32Array.from({ length: all.length / 2 }, (_, row) => row), ...rows);
      pairs = Int32Array.of(...all, ...pairs);
    }
    this.last = k;
    return [rows, pairs];
  }

  number(thousandths) {
    return thousandths === this.head.never ? null : thousandths / 1000;
  }

  outcome(k, world) {
    const values = this.row(`outcomes.${world}`, k);
    return Object.fromEntries(this.head.outcomes.map(({ name }, at) => [name, this.number(values[at])]));
  }

  followed(k, worlds) {
    return {
      ...this.head.followed,
      ties: worlds.map((world) => this.ties(k, world)),
      counts: worlds.map((world) => this.counts(k, world)),
      gestures: worlds.map((world) => this.gestures(k, world)),
    };
  }

  counts(k, world) {
    const values = this.row(`counts.${world}`, k);
    return Object.fromEntries(this.head.counted.map((name, at) => [name, values[at]]));
  }

  ties(k, world) {
    const names = ["state", "rekindled", "strength", "door", "own_door", "touch"];
    const [state, rekindled, strength, door, ownDoor, touch] = names.map((name) => this.row(`${name}.${world}`, k));
    const found = [], others = this.tracks[`others.${world}`];
    others.forEach((other, at) => {
      if (state[at] === 0) return; // not shown on this day
      found.push({
        other,
        state: this.head.states[state[at] - 1],
        strength: this.number(strength[at]),
        silence: touch[at] === this.head.never ? null : this.days[k] - touch[at],
        door: this.number(door[at]),
        own_door: this.number(ownDoor[at]),
        rekindled: Boolean(rekindled[at]),
        history: this.history(k, world, other),
      });
    });
    return found;
  }

  /** The gestures of the followed person since the frame before. */
  gestures(k, world) {
    const from = this.tracks[`own.${world}.from`];
    return this.own[world].all.slice(from[k], from[k + 1])
      .map(({ other, outgoing, family, kind }) => ({ other, outgoing, family, kind }));
  }

  history(k, world, other) {
    const end = this.tracks[`own.${world}.from`][k + 1], gestures = this.own[world].of.get(other) || [];
    const until = gestures.findLastIndex(({ number }) => number < end) + 1;
    return gestures.slice(Math.max(0, until - MOST_HISTORY), until).reverse()
      .map(({ day, outgoing, kind, answers }) => [day, outgoing, kind, answers]);
  }

  /** All gestures of the followed person in their order, and those to and from each other person. */
  readOwn(world) {
    const view = viewOf(this.tracks[`own.${world}`]), of = new Map();
    const all = Array.from({ length: view.byteLength / OWN_BYTES }, (_, number) => this.gestureAt(view, number));
    for (const gesture of all) {
      if (!of.has(gesture.other)) of.set(gesture.other, []);
      of.get(gesture.other).push(gesture);
    }
    return { all, of };
  }

  gestureAt(view, number) {
    const at = number * OWN_BYTES;
    return {
      number,
      day: view.getInt32(at, true),
      other: view.getInt32(at + 4, true),
      kind: this.head.kinds[view.getUint8(at + 8)],
      family: view.getUint8(at + 9),
      outgoing: Boolean(view.getUint8(at + 10)),
      answers: Boolean(view.getUint8(at + 11)),
    };
  }
}
