/** What the actors did, from the gateway's inspector: connected to it only while a state chart is open. */
import { follow } from './follow.js';

/** @import { Facts, InspectRecord, StreamEvents } from '../observe/inspect/types.ts' */

/**
 * One thing that happened to an actor, and the state it was in afterwards.
 * @typedef {object} Step
 * @property {string} id
 * @property {number} at
 * @property {string} event its type; empty where the actor was found as it is
 * @property {string} state dotted
 * @property {string} status `active`, `done`, …
 * @property {Facts} facts
 */

/**
 * @typedef {object} Inspector
 * @property {(machine: string, label: string) => readonly Step[]} steps the newest last
 * @property {(listener: () => void) => () => void} subscribe connects with the first listener
 */

const start = 'xstate.init';
const keptSteps = 300;
const keptActors = 3_000;

/**
 * @param {() => string} key
 * @returns {Inspector}
 */
export function createInspector(key) {
  /** @type {Map<string, Step[]>} */
  const steps = new Map();
  /** What was alive when we came, until it does something. @type {Map<string, Step>} */
  const found = new Map();
  /** @type {Set<() => void>} */
  const listeners = new Set();
  /** @type {(() => void) | undefined} */
  let stop;

  return {
    steps(machine, label) {
      const name = `${machine}:${label}`;
      const alive = found.get(name);
      return steps.get(name) ?? (alive ? [alive] : []);
    },
    subscribe(listener) {
      listeners.add(listener);
      stop ??= follow({ url: () => '/inspect/events?only=states&since=0', key, onEvent, onEnd: () => {} });
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = undefined;
        forget();
      };
    },
  };

  function forget() {
    steps.clear();
    found.clear();
  }

  /** @param {{ event: string, data: string }} event */
  function onEvent({ event, data }) {
    if (event === 'actors') {
      forget();
      for (const record of parse('actors', data)) found.set(`${record.machine}:${record.label}`, stepOf(record, ''));
    }
    if (event === 'records') parse('records', data).forEach(take);
    for (const listener of listeners) listener();
  }

  /** @param {InspectRecord} record */
  function take(record) {
    if (record.type === '@xstate.event') return;
    const name = `${record.machine}:${record.label}`;
    const step = stepOf(record, start);
    const known = (steps.get(name) ?? []).slice(1 - keptSteps);
    // Its start is told twice to those who watch it.
    if (step.event === start && known.at(-1)?.event === start) known.pop();
    // A new one, because viewers render by identity.
    steps.set(name, [...known, step]);
    if (steps.size > keptActors) steps.delete(steps.keys().next().value ?? '');
  }
}

/**
 * @param {Exclude<InspectRecord, { type: '@xstate.event' }>} record
 * @param {string} without its event, where it has none
 * @returns {Step}
 */
function stepOf(record, without) {
  const { id, createdAt, state, snapshot } = record;
  const event = record.type === '@xstate.snapshot' ? record.event.type : without;
  return { id, at: Number(createdAt), event, state, status: snapshot.status, facts: snapshot.context };
}

/**
 * @template {keyof StreamEvents} Name
 * @param {Name} _name
 * @param {string} data
 * @returns {StreamEvents[Name]}
 */
function parse(_name, data) {
  return JSON.parse(data);
}
