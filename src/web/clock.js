/** One timer for everything that shows how long something takes; it rests while nobody shows such a thing or looks. */

/** @typedef {{ subscribe: (listener: () => void) => () => void }} Clock */

const tick = 250;

/** @returns {Clock} */
export function createClock() {
  /** @type {Set<() => void>} */
  const listeners = new Set();
  let timer = 0;
  const run = () => {
    if (!document.hidden) for (const listener of listeners) listener();
  };
  return {
    subscribe(listener) {
      listeners.add(listener);
      if (listeners.size === 1) timer = window.setInterval(run, tick);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) window.clearInterval(timer);
      };
    },
  };
}
