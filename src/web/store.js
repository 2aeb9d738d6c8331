/** A plain store: a state, a reducer, and who wants to hear of changes. */

/**
 * @template State, Action
 * @typedef {object} Store
 * @property {() => State} get
 * @property {(action: Action) => void} dispatch
 * @property {(listener: () => void) => () => void} subscribe
 */

/**
 * @template State, Action
 * @param {(state: State, action: Action) => State} reduce
 * @param {State} initial
 * @returns {Store<State, Action>}
 */
export function createStore(reduce, initial) {
  let state = initial;
  /** @type {Set<() => void>} */
  const listeners = new Set();
  return {
    get: () => state,
    dispatch(action) {
      const next = reduce(state, action);
      if (next === state) return;
      state = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
