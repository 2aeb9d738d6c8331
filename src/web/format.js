/** Figures in as few letters as they can be read in. */

/** @param {number | undefined} ms */
export function duration(ms) {
  if (ms === undefined) return '–';
  if (ms < 950) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.round(seconds) % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/**
 * Of ages: whole units alone.
 * @param {number} ms
 */
export function age(ms) {
  const seconds = Math.max(0, ms / 1_000);
  if (seconds < 5) return 'now';
  if (seconds < 60) return `${Math.floor(seconds / 5) * 5} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** @param {number} count */
export function tokens(count) {
  if (count < 1_000) return String(Math.round(count));
  if (count < 99_950) return `${(count / 1_000).toFixed(1)}k`;
  return count < 999_500 ? `${Math.round(count / 1_000)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

/** @param {number} share */
export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/**
 * @param {number} part
 * @param {number} whole
 */
export function share(part, whole) {
  return whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0;
}

/** @param {number} at */
export function clock(at) {
  return new Date(at).toLocaleTimeString('en-GB');
}

/** @param {string} id */
export function shortId(id) {
  return id.length > 14 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}

/**
 * @param {number} count
 * @param {string} one
 */
export function plural(count, one) {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

/**
 * Those of XState itself in words, the machines' own as they are.
 * @param {string} type
 */
export function eventInWords(type) {
  const [, kind = '', rest = ''] = /^xstate\.(init|stop|after|done\.actor|error\.actor)\.?(.*)$/.exec(type) ?? [];
  const [first = ''] = rest.split('.');
  const child = /^\d/.test(first) ? 'what it invoked' : rest;
  const words = {
    init: 'start',
    stop: 'stop',
    after: `after ${first}`,
    'done.actor': `${child} is done`,
    'error.actor': `${child} fails`,
  };
  return words[/** @type {keyof typeof words} */ (kind)] ?? type;
}
