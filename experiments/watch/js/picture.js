// The worlds of a page, side by side: what is between the messages of the server and the screen.

import { readScene, readWorld, replaceTies } from "./messages.js";
import { World } from "./world.js";

export class Picture {
  constructor(host, palette, follow) {
    Object.assign(this, { host, palette, follow, worlds: [], speed: 5, isPlaying: false });
    this.isStill = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const tick = () => {
      if (!this.isStill) for (const world of this.worlds) world.animate();
      this.ticking = requestAnimationFrame(tick);
    };
    this.ticking = requestAnimationFrame(tick);
  }

  takeScene(message, buffers) {
    this.scene = readScene(message, buffers);
    const wanted = message.arms.length;
    while (this.worlds.length > wanted) this.worlds.pop().close();
    while (this.worlds.length < wanted) this.worlds.push(new World(this.host, this.palette, this.follow));
    const colours = wanted > 1 && message.colours || [];
    this.worlds.forEach((world, k) => world.begin(this.scene, message.arms[k], colours[k] || "", message.outcomes));
    this.host.dataset.worlds = wanted;
  }

  takeFrame(message, buffers) {
    replaceTies(this.scene, buffers[0], buffers[1]);
    const followed = message.followed ? message.followed.person : null;
    const pace = { seconds: 1.4 / Math.min(this.speed, 6), isHurried: this.isPlaying };
    this.worlds.forEach((world, k) =>
      world.show(readWorld(buffers, k), followed, message.outcomes[k], pace));
  }

  /** How fast it plays, if it does; what was drawn in a hurry is drawn whole once it stands. */
  setPace(speed, isPlaying) {
    const stops = this.isPlaying && !isPlaying;
    Object.assign(this, { speed, isPlaying });
    if (stops) this.worlds.forEach((world) => world.redraw());
  }

  close() {
    cancelAnimationFrame(this.ticking);
    this.worlds.forEach((world) => world.close());
  }
}
