// Marks of gestures on their way, one for each family: a heart, a bubble, an envelope, a triangle, a star.

const HEART = [[0, 0.9, -1, 0, -0.9, -0.5], [-0.8, -1.1, -0.1, -0.9, 0, -0.35], [0.1, -0.9, 0.8, -1.1, 0.9, -0.5],
  [1, 0, 0, 0.9, 0, 0.9]];

const MARKS = [traceHeart, traceBubble, traceEnvelope, traceTriangle, traceStar];

/** Draw the mark of a family around a point, with a dark rim since there are lines behind it. */
export function drawMark(context, family, x, y, size, colour, rim) {
  context.save();
  context.translate(x, y);
  context.scale(size, size);
  context.beginPath();
  (MARKS[family] || traceHeart)(context);
  context.restore();
  context.lineJoin = "round";
  context.strokeStyle = rim;
  context.lineWidth = size * 0.7;
  context.stroke();
  context.fillStyle = colour;
  context.fill();
}

function traceHeart(context) {
  context.moveTo(0, 0.9);
  for (const curve of HEART) context.bezierCurveTo(...curve);
}

function traceBubble(context) {
  context.roundRect(-1, -0.85, 2, 1.4, 0.4);
  context.moveTo(-0.5, 0.5);
  context.lineTo(-0.5, 1.05);
  context.lineTo(0.1, 0.5);
}

function traceEnvelope(context) {
  context.rect(-1.05, -0.7, 2.1, 1.4);
}

function traceTriangle(context) {
  context.moveTo(-0.9, -0.6);
  context.lineTo(0.9, 0);
  context.lineTo(-0.9, 0.6);
  context.closePath();
}

function traceStar(context) {
  for (let k = 0; k < 10; k++) {
    const reach = k % 2 ? 0.48 : 1.1, angle = (k * Math.PI) / 5;
    context.lineTo(reach * Math.sin(angle), -reach * Math.cos(angle));
  }
  context.closePath();
}
