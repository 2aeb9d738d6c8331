/** Where things are on the timeline's canvas. */

/** @import { EngineView, Span } from '../../observe/overview/types.ts' */

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

/** @param {number} rows */
export function rowHeight(rows) {
  return Math.round(Math.min(34, Math.max(11, 420 / Math.max(1, rows))));
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
