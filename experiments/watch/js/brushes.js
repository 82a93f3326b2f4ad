// Shapes of one look, drawn in one go: each stroke or fill of its own takes a canvas several times as long.

const STEPS = 12; // of opacity that are told apart

export class Brushes {
  constructor() {
    this.looks = new Map();
  }

  /** The path for shapes of this colour and opacity (0 to 1); filled, or lines of this width. */
  path(colour, alpha, width = 0) {
    const step = Math.ceil(alpha * STEPS), key = `${colour} ${step} ${width}`;
    if (!this.looks.has(key)) this.looks.set(key, { colour, alpha: step / STEPS, width, path: new window.Path2D() });
    return this.looks.get(key).path;
  }

  line(from, to, colour, alpha, width) {
    const path = this.path(colour, alpha, width);
    path.moveTo(...from);
    path.lineTo(...to);
  }

  /** An arc around a point, from one angle to another; the whole circle where they are left out. */
  arc([x, y], radius, colour, alpha, width = 0, from = 0, to = 2 * Math.PI) {
    const path = this.path(colour, alpha, width);
    path.moveTo(x + radius * Math.cos(from), y + radius * Math.sin(from));
    path.arc(x, y, radius, from, to);
  }

  /** Draw all of it, in the order in which looks first came up. */
  draw(context) {
    for (const { colour, alpha, width, path } of this.looks.values()) {
      context.globalAlpha = alpha;
      context.lineWidth = width;
      context.strokeStyle = context.fillStyle = colour;
      if (width) context.stroke(path);
      else context.fill(path);
    }
    context.globalAlpha = 1;
  }
}
