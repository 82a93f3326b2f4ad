// What moves above the still picture: gestures on their way, and the mark of the person who is followed.

import { nameOf } from "./circle_labels.js";

export class Overlay {
  constructor(canvas, palette) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.palette = palette;
  }

  resize(width, height) {
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
  }

  /** `age` is the share of the flight that is over; beyond 1, all gestures have arrived. */
  draw(view, age) {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (view.followed !== null && view.followed !== undefined) this.markPerson(view, view.followed);
    if (age <= 1) this.gestures(view, age);
  }

  gestures(view, age) {
    const { context } = this, fade = age < 0.75 ? 1 : Math.max(0, (1 - age) * 4);
    context.lineCap = "round";
    for (const bright of [0, 1]) {
      this.palette.families.forEach((family, number) => {
        context.beginPath();
        for (const gesture of view.gestures) {
          if (gesture.family === number && gesture.bright === bright) this.trace(view.at, gesture, age);
        }
        context.strokeStyle = family.colour;
        context.globalAlpha = (bright ? 0.95 : 0.3) * fade;
        context.lineWidth = (bright ? 2.2 : 1.2) * view.ratio;
        context.stroke();
      });
    }
    context.globalAlpha = 1;
  }

  /** A gesture as a short streak; those of the evening start later. */
  trace(at, { sender, receiver, when }, age) {
    const gone = Math.min(1, Math.max(0, age * 1.5 - 0.5 * when)), tail = Math.max(0, gone - 0.45);
    const x = at[2 * sender], y = at[2 * sender + 1], dx = at[2 * receiver] - x, dy = at[2 * receiver + 1] - y;
    this.context.moveTo(x + dx * tail, y + dy * tail);
    this.context.lineTo(x + dx * gone, y + dy * gone);
  }

  markPerson(view, person) {
    const { context, palette } = this, { at, size, ratio } = view, x = at[2 * person], y = at[2 * person + 1];
    context.strokeStyle = palette.ember;
    context.lineWidth = 2.5 * ratio;
    context.beginPath();
    context.arc(x, y, size + 7 * ratio, 0, 2 * Math.PI);
    context.stroke();
    context.fillStyle = palette.ink;
    context.font = `600 ${14 * ratio}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.strokeStyle = palette.night; // a rim, since there are people behind the name
    context.lineWidth = 5 * ratio;
    context.lineJoin = "round";
    const name = nameOf(view, person), half = context.measureText(name).width / 2 + 4 * ratio;
    const middle = Math.max(half, Math.min(x, this.canvas.width - half)); // near an edge it would be cut off
    context.strokeText(name, middle, y - size - 13 * ratio);
    context.fillText(name, middle, y - size - 13 * ratio);
  }
}
