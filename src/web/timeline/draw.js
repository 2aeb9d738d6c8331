/** Draws the timeline: colour and texture both tell what is warm (filled) and what is cold (hatched). */
import { clock } from '../format.js';
import { axis, rowOf, xOf } from './layout.js';

/**
 * @import { Span } from '../../observe/overview/types.ts'
 * @import { Frame } from './layout.js'
 */

/** @typedef {Record<'dim' | 'line' | 'warm' | 'cold' | 'decode' | 'focus', string>} Colours */

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300].map((seconds) => seconds * 1_000);

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 * @param {readonly Span[]} spans
 * @param {Span | undefined} pointed
 * @param {Colours} colours
 * @param {number} now
 */
export function draw(context, frame, spans, pointed, colours, now) {
  context.clearRect(0, 0, frame.width, frame.height);
  drawGrid(context, frame, colours);
  const inView = spans.filter((span) => (span.queuedFrom ?? span.from) < frame.to && (span.to ?? now) > frame.from);
  context.save();
  context.beginPath();
  context.rect(frame.gutter, 0, frame.width - frame.gutter, frame.height);
  context.clip();
  for (const span of inView) drawSpan(context, boxOf(frame, span, now), span, colours);
  if (pointed) outline(context, boxOf(frame, pointed, now), colours.focus);
  context.restore();
}

/**
 * @typedef {{ x: number, y: number, width: number, height: number, queue: number }} Box
 * @param {Frame} frame
 * @param {Span} span
 * @param {number} now
 * @returns {Box}
 */
function boxOf(frame, span, now) {
  const x = xOf(frame, span.from);
  const inset = frame.row > 16 ? 5 : 2;
  const y = rowOf(frame.rows, span) * frame.row + inset;
  const width = Math.max(1.5, xOf(frame, span.to ?? now) - x);
  return { x, y, width, height: frame.row - 2 * inset, queue: xOf(frame, span.queuedFrom ?? span.from) };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Box} box
 * @param {Span} span
 * @param {Colours} colours
 */
function drawSpan(context, box, { kind, warm = 0 }, colours) {
  const { x, y, width, height, queue } = box;
  if (queue < x) {
    context.fillStyle = colours.dim;
    for (let at = queue; at < x - 1; at += 5) context.fillRect(at, y + height - 1.5, Math.min(3, x - at), 1.5);
  }
  switch (kind) {
    case 'prefill':
    case 'restore': {
      const filled = Math.round(height * warm);
      hatch(context, { x, y, width, height: height - filled }, colours.cold);
      context.fillStyle = colours.warm;
      context.fillRect(x, y + height - filled, width, filled);
      return;
    }
    case 'decode':
      context.fillStyle = colours.decode;
      context.fillRect(x, y + height * 0.25, Math.max(1, width - 1), height * 0.5);
      return;
    case 'hold':
      context.strokeStyle = colours.warm;
      context.setLineDash([2, 2]);
      context.strokeRect(x + 0.5, y + height * 0.25 + 0.5, Math.max(1, width - 1), height * 0.5 - 1);
      context.setLineDash([]);
      return;
    case 'switch':
      context.fillStyle = colours.dim;
      context.fillRect(x, y + height / 2 - 1, width, 2);
      context.fillRect(x, y + height * 0.25, 1.5, height * 0.5);
      context.fillRect(x + width - 1.5, y + height * 0.25, 1.5, height * 0.5);
      return;
    case 'warmUp':
      hatch(context, box, colours.warm);
      outline(context, box, colours.warm);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Pick<Box, 'x' | 'y' | 'width' | 'height'>} box
 * @param {string} colour
 */
function hatch(context, { x, y, width, height }, colour) {
  if (height <= 0) return;
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.globalAlpha = 0.35;
  context.fillStyle = colour;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 1;
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  // On one lattice for all, so that spans that touch look like one.
  const left = Math.max(x, 0);
  for (let at = Math.floor((left - height) / 6) * 6; at < Math.min(x + width, 6_000); at += 6) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
  context.lineWidth = 1;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Pick<Box, 'x' | 'y' | 'width' | 'height'>} box
 * @param {string} colour
 */
function outline(context, { x, y, width, height }, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
  context.lineWidth = 1;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 * @param {Colours} colours
 */
function drawGrid(context, frame, colours) {
  const { gutter, height, width, rows, row, from, to } = frame;
  const bottom = height - axis;
  const step = steps.find((each) => ((to - from) / each) * 70 < width - gutter) ?? 300_000;
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  for (let at = Math.ceil(from / step) * step; at < to; at += step) {
    const x = Math.round(xOf(frame, at)) + 0.5;
    context.fillStyle = colours.line;
    context.fillRect(x, 0, 1, bottom);
    context.fillStyle = colours.dim;
    const text = clock(at);
    if (x > gutter + 26 && x < width - 26)
      context.fillText(text, x - context.measureText(text).width / 2, bottom + axis / 2 + 2);
  }
  rows.forEach(({ backend, slot }, index) => {
    context.fillStyle = colours.line;
    context.fillRect(0, (index + 1) * row - 0.5, width, 1);
    context.fillStyle = colours.dim;
    if (row >= 14 || index % 2 === 0)
      context.fillText(fitting(context, `${backend} ${slot}`, gutter - 8), 0, (index + 0.5) * row);
  });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} width
 */
function fitting(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let end = text.length - 1;
  while (end > 1 && context.measureText(`…${text.slice(-end)}`).width > width) end--;
  return `…${text.slice(-end)}`;
}
