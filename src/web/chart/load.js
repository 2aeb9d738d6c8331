/** The state charts, drawn when the documentation was: each is fetched once. */

/** By the id of the machine's definition; the charts go by the names of its files. @type {Readonly<Record<string, string>>} */
const files = {
  request: 'request',
  session: 'session',
  scheduler: 'scheduler',
  slot: 'slot',
  prefixCache: 'prefix-cache',
  backend: 'backend',
  warmUp: 'warm-up',
  synthesizer: 'synthesizer',
};

/** @type {Map<string, Promise<string>>} */
const loaded = new Map();

/**
 * A copy of the chart to be put into the page.
 * @param {string} machine
 * @returns {Promise<Element>}
 */
export async function loadChart(machine) {
  const known = loaded.get(machine) ?? fetch(`/page/charts/${files[machine]}.svg`).then((response) => response.text());
  loaded.set(machine, known);
  return new DOMParser().parseFromString(await known, 'image/svg+xml').documentElement;
}

/** @param {string} machine */
export function hasChart(machine) {
  return machine in files;
}
