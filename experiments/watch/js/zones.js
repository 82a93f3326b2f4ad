// The ground of a circle: its zones, the innermost the lightest. They stay the same, so they are drawn once and copied.

import { bordersOf, distanceOf } from "./rings.js";

const ALPHAS = [1, 0.6, 0.35]; // of the zones, from the innermost

export class Zones {
  constructor(palette) {
    this.palette = palette;
    this.canvas = document.createElement("canvas");
  }

  /** Fill a canvas of the same size; `circle` has its measures. */
  draw(context, circle, inTouch) {
    const { width, height } = context.canvas, key = `${width}x${height} ${inTouch}`;
    if (this.key !== key) {
      this.key = key;
      Object.assign(this.canvas, { width, height });
      this.paint(this.canvas.getContext("2d", { alpha: false }), circle, inTouch);
    }
    context.drawImage(this.canvas, 0, 0);
  }

  paint(context, { centre, reach, unit }, inTouch) {
    const { night, panel, quiet } = this.palette;
    context.fillStyle = night;
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    const ends = [...bordersOf(inTouch).map((border) => distanceOf(border, inTouch)), 1];
    ends.map((end, k) => [end, ALPHAS[k]]).reverse().forEach(([end, alpha]) => {
      context.beginPath();
      context.arc(...centre, end * reach, 0, 2 * Math.PI);
      Object.assign(context, { globalAlpha: alpha, fillStyle: panel });
      context.fill();
      Object.assign(context, { globalAlpha: 0.3, strokeStyle: quiet, lineWidth: unit });
      context.stroke();
    });
  }
}
