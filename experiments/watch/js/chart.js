// A chart: lines over days with their values at their ends. Of two lines the second is dashed.

import { make, showText } from "./dom.js";
import { decimal } from "./text.js";

const DASHES = [[], [7, 4]];
const MARKS = "━╍"; // the same in the key
const QUIET = "#9aa8c2";
const LABEL_HEIGHT = 15;

export class Chart {
  /** With `isSigned`, the area between line and zero is filled, and values have their sign. */
  constructor(title, { isSigned = false } = {}) {
    this.isSigned = isSigned;
    this.marks = []; // days with a dotted line
    this.canvas = make("canvas", { role: "img" });
    this.title = make("h3", {}, title);
    this.key = make("div", { class: "rk-key" });
    this.note = make("p");
    this.element = make("section", { class: "rk-chart" }, this.title, this.key, this.canvas, this.note);
    new ResizeObserver(() => this.drawn && this.draw(...this.drawn)).observe(this.canvas);
  }

  /** Show another series from now on. */
  show(title, series) {
    this.series = series;
    this.title.textContent = title;
    this.canvas.setAttribute("aria-label", title);
  }

  /** Write a sentence below. */
  say(text) {
    showText(this.note, text);
  }

  draw(colours, names) {
    this.drawn = [colours, names];
    this.showKey(colours, names);
    const box = this.canvas.getBoundingClientRect();
    if (box.width < 10) return; // hidden
    const context = this.cleared(box), scale = scaleOf(this.series, box);
    drawAxis(context, scale, this.series.lastDay, box.height);
    drawMarks(context, scale, this.marks.filter((day) => day <= this.series.lastDay));
    const ends = [];
    colours.forEach((colour, number) => {
      const points = this.series.line(number);
      if (!points.length) return;
      const path = points.map(([day, value]) => [scale.x(day), scale.y(value)]);
      if (this.isSigned) fillArea(context, path, scale.y(0), colour);
      strokeLine(context, path, colour, DASHES[number]);
      ends.push({ colour, value: points.at(-1)[1], at: path.at(-1) });
    });
    this.labelEnds(context, ends, scale);
  }

  /** Says which line is which, where there are two; only touched when it changes. */
  showKey(colours, names) {
    const entries = names.length > 1 ? names.map((name, k) => `${MARKS[k]} ${name}`) : [];
    if (this.key.dataset.said === entries.join()) return;
    this.key.dataset.said = entries.join();
    this.key.replaceChildren(...entries.map((text, k) => make("span", { style: `color: ${colours[k]}` }, text)));
  }

  /** The empty canvas, as sharp as the screen, in pixels of the page. */
  cleared(box) {
    const ratio = window.devicePixelRatio || 1, { canvas } = this;
    const width = Math.round(box.width * ratio), height = Math.round(box.height * ratio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, box.width, box.height);
    return context;
  }

  /**
   * The last values, at the right of the chart, even of lines that have just begun. Labels that would cover each other
   * move down, or up where the days are written.
   */
  labelEnds(context, ends, { right, bottom }) {
    ends.sort((one, other) => one.at[1] - other.at[1]);
    const levels = [];
    for (const { at } of ends) levels.push(Math.max(at[1], levels.length ? levels.at(-1) + LABEL_HEIGHT : 0));
    const excess = Math.max(0, levels.at(-1) - bottom);
    context.font = "600 14px system-ui, sans-serif";
    ends.forEach(({ colour, value }, k) => {
      context.fillStyle = colour;
      context.fillText(decimal(value, this.isSigned), right + 6, levels[k] - excess + 5);
    });
  }
}

/** Where days and values are on the canvas, with room for the labels. */
function scaleOf(series, box) {
  const left = 8, right = box.width - 58, top = 10, bottom = box.height - 20;
  const { low, high } = series.range;
  return {
    left,
    right,
    top,
    bottom,
    x: (day) => left + ((right - left) * day) / series.lastDay,
    y: (value) => bottom - ((bottom - top) * (value - low)) / (high - low),
  };
}

function drawAxis(context, scale, lastDay, height) {
  context.font = "12px system-ui, sans-serif";
  context.fillStyle = context.strokeStyle = QUIET;
  context.globalAlpha = 0.35;
  tracePath(context, [[scale.left, scale.y(0)], [scale.right, scale.y(0)]]);
  context.lineWidth = 1;
  context.stroke();
  context.globalAlpha = 1;
  context.textAlign = "right";
  context.fillText(`day ${lastDay.toLocaleString("en")}`, scale.right, height - 5);
  context.textAlign = "left";
  context.fillText("day 0", scale.left, height - 5);
}

function drawMarks(context, scale, days) {
  for (const day of days) {
    context.lineWidth = 1;
    context.strokeStyle = QUIET;
    context.setLineDash([2, 4]);
    tracePath(context, [[scale.x(day), scale.top], [scale.x(day), scale.bottom]]);
    context.stroke();
  }
  context.setLineDash([]);
}

function tracePath(context, points) {
  context.lineJoin = "round";
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
}

function strokeLine(context, path, colour, dashes) {
  context.strokeStyle = colour;
  context.setLineDash(dashes);
  context.lineWidth = 2.4;
  tracePath(context, path);
  context.stroke();
  context.setLineDash([]);
}

function fillArea(context, path, zero, colour) {
  context.fillStyle = colour;
  context.globalAlpha = 0.22;
  tracePath(context, [[path[0][0], zero], ...path, [path.at(-1)[0], zero]]);
  context.fill();
  context.globalAlpha = 1;
}
