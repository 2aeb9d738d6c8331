/** Where things are on the timeline's canvas. */
import { endOf } from './view.js';

/**
 * @import { EngineView, Span } from '../../observe/overview/types.ts'
 * @import { View } from './view.js'
 */

/**
 * @typedef {{ backend: string, slot: number }} Row
 * @typedef {{ width: number, height: number, gutter: number, row: number, from: number, to: number, rows: readonly Row[] }} Frame
 */

export const axis = 20;

/**
 * @param {readonly EngineView[]} engines
 * @returns {Row[]}
 */
export function rowsOf(engines) {
  return engines.flatMap(({ name, slots }) => slots.map(({ index }) => ({ backend: name, slot: index })));
}

/**
 * @param {number} width in pixels
 * @param {readonly Row[]} rows
 * @param {View} view
 * @param {number} now
 * @returns {Frame}
 */
export function frameOf(width, rows, view, now) {
  const row = Math.round(Math.min(34, Math.max(11, 420 / Math.max(1, rows.length))));
  const to = endOf(view, now);
  const gutter = width < 500 ? 56 : 96;
  return { width, height: rows.length * row + axis, gutter, row, rows, from: to - view.width, to };
}

/**
 * @param {Frame} frame
 * @param {number} at
 */
export function xOf({ from, to, gutter, width }, at) {
  return gutter + ((at - from) / (to - from)) * (width - gutter);
}

/**
 * @param {Frame} frame
 * @param {number} x
 */
export function timeAt({ from, to, gutter, width }, x) {
  return from + ((x - gutter) / (width - gutter)) * (to - from);
}

/**
 * Whose row it is, -1 for none.
 * @param {readonly Row[]} rows
 * @param {Pick<Span, 'backend' | 'slot'>} span
 */
export function rowOf(rows, { backend, slot }) {
  return rows.findIndex((row) => row.backend === backend && row.slot === slot);
}

/**
 * What lies under a point.
 * @param {Frame} frame
 * @param {readonly Span[]} spans
 * @param {number} x
 * @param {number} y
 * @param {number} now
 */
export function spanAt(frame, spans, x, y, now) {
  const row = frame.rows[Math.floor(y / frame.row)];
  const slack = ((frame.to - frame.from) / (frame.width - frame.gutter)) * 2;
  const at = timeAt(frame, x);
  return spans.findLast(
    (span) =>
      span.backend === row?.backend &&
      span.slot === row?.slot &&
      span.from - slack <= at &&
      at <= (span.to ?? now) + slack,
  );
}

/**
 * The next of those that are seen, in order of slots and time; the first or last one when none is pointed at.
 * @param {Frame} frame
 * @param {readonly Span[]} spans
 * @param {number | undefined} pointedId
 * @param {number} by
 * @param {number} now
 */
export function neighbour({ rows, from, to }, spans, pointedId, by, now) {
  const seen = spans
    .filter((span) => span.from < to && (span.to ?? now) > from)
    .sort((a, b) => rowOf(rows, a) - rowOf(rows, b) || a.from - b.from);
  const at = seen.findIndex(({ id }) => id === pointedId);
  if (at < 0) return seen.at(by > 0 ? 0 : -1);
  return seen[Math.min(seen.length - 1, Math.max(0, at + by))];
}
