// Frames that were on their way when a connection broke never come, and the server waits until they are acknowledged.
// So a page that plays and hears nothing for a while says so.

const LOOK_EVERY = 1000; // ms
const PATIENCE = 2500; // ms, and a day at the speed at which it plays

export class LostFrames {
  /** `isPlaying` says whether frames are expected, `speed` how many days a second; `report` is called without them. */
  constructor(isPlaying, speed, report) {
    Object.assign(this, { isPlaying, speed, report });
    setInterval(() => this.look(), LOOK_EVERY);
  }

  heard() {
    this.last = performance.now();
  }

  look() {
    const silence = performance.now() - this.last;
    // A page in the background draws nothing, and so hears nothing.
    if (!this.isPlaying() || document.visibilityState !== "visible" || silence < PATIENCE + 1000 / this.speed()) return;
    this.heard();
    this.report();
  }
}
