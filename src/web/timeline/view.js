/** Which stretch of time a timeline shows. */

/**
 * @typedef {object} View
 * @property {number} width in milliseconds
 * @property {number | undefined} end undefined: now, going on with it
 */

export const longest = 15 * 60_000;
const shortest = 2_000;

/** @type {View} */
export const start = { width: 3 * 60_000, end: undefined };

/**
 * Keeps the moment under the pointer where it is.
 * @param {View} view
 * @param {number} factor above 1 shows more time
 * @param {number} at share of the width from the left
 * @param {number} now
 * @returns {View}
 */
export function zoomed(view, factor, at, now) {
  const width = Math.min(longest, Math.max(shortest, view.width * factor));
  const end = endOf(view, now);
  const fixed = end - view.width * (1 - at);
  return view.end === undefined ? { width, end: undefined } : bounded({ width, end: fixed + width * (1 - at) }, now);
}

/**
 * @param {View} view
 * @param {number} by milliseconds; later is positive
 * @param {number} now
 * @returns {View}
 */
export function panned(view, by, now) {
  return bounded({ width: view.width, end: endOf(view, now) + by }, now);
}

/**
 * @param {View} view
 * @param {number} now
 */
export function endOf({ end }, now) {
  return end ?? now;
}

/**
 * @param {{ width: number, end: number }} view
 * @param {number} now
 * @returns {View}
 */
function bounded({ width, end }, now) {
  if (end >= now) return { width, end: undefined };
  return { width, end: Math.max(end, now - longest + width) };
}
