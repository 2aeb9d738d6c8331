/** Lights a state chart: where its actor is, and how it came there. */

/**
 * @typedef {object} Moment
 * @property {string} state dotted
 * @property {string} event type of the last one; empty for none
 * @property {string | undefined} before the state before it
 */

/**
 * @param {Element} chart
 * @param {Moment} moment
 */
export function light(chart, { state, event, before }) {
  for (const box of chart.querySelectorAll('[data-state]')) {
    const path = box.getAttribute('data-state') ?? '';
    box.classList.toggle('active', path !== '' && isIn(state, path));
  }
  const taken = before === undefined ? undefined : takenBy(chart, before, state, event);
  for (const part of chart.querySelectorAll('[data-transition]')) {
    const isArrow = part.classList.contains('arrow');
    const isTaken = isArrow
      ? part.getAttribute('data-transition') === taken?.getAttribute('data-transition')
      : part === taken;
    part.classList.toggle('taken', isTaken);
  }
}

/**
 * The label of the transition: of those of the event whose ends fit, the one that starts deepest, since the innermost state
 * deals with an event first, and that names its end most exactly; else one that is taken at once, without an event.
 * @param {Element} chart
 * @param {string} before
 * @param {string} after
 * @param {string} event
 */
function takenBy(chart, before, after, event) {
  const fitting = [...chart.querySelectorAll('.label[data-transition]')]
    .map((label) => ({ label, ends: (label.getAttribute('data-transition') ?? '').split('>') }))
    .filter(
      ({ ends: [from = '', to = ''] }) => isIn(before, from) && (from === to ? before === after : isIn(after, to)),
    )
    .sort((a, b) => depth(b.ends[0]) - depth(a.ends[0]) || depth(b.ends[1]) - depth(a.ends[1]));
  const of = (/** @type {string} */ type) =>
    fitting.find(({ label }) => label.getAttribute('data-event') === type)?.label;
  return of(event) ?? (before === after ? undefined : of(''));
}

/**
 * @param {string} state
 * @param {string} path
 */
function isIn(state, path) {
  return path === '' || state === path || state.startsWith(`${path}.`);
}

/** @param {string | undefined} path */
function depth(path) {
  return path ? path.split('.').length : 0;
}
