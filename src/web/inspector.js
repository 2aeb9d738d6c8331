/** What an actor did, from the gateway's inspector: connected to it only while its state chart is open. */
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
 * @typedef {object} Watched
 * @property {() => readonly Step[]} steps the newest last
 * @property {(listener: () => void) => () => void} subscribe connects until its return is called
 */

const start = 'xstate.init';
const keptSteps = 300;

/**
 * One actor, by its machine and label.
 * @param {() => string} key
 * @param {string} machine
 * @param {string} label
 * @returns {Watched}
 */
export function watchActor(key, machine, label) {
  const address = `/inspect/events?only=states&since=0&of=${encodeURIComponent(`${machine} ${label}`)}`;
  /** @type {readonly Step[]} */
  let steps = [];
  /** What it was when we came, until it does something. @type {readonly Step[]} */
  let found = [];

  return {
    steps: () => (steps.length > 0 ? steps : found),
    subscribe(listener) {
      return follow({ url: () => address, key, onEvent, onEnd: () => {} });

      /** @param {{ event: string, data: string }} event */
      function onEvent({ event, data }) {
        if (event === 'actors') {
          steps = [];
          found = parse('actors', data).map((record) => stepOf(record, ''));
        }
        if (event === 'records') parse('records', data).forEach(take);
        listener();
      }
    },
  };

  /** @param {InspectRecord} record */
  function take(record) {
    if (record.type === '@xstate.event') return;
    const step = stepOf(record, start);
    const known = steps.slice(1 - keptSteps);
    // Its start is told twice to those who watch it.
    if (step.event === start && known.at(-1)?.event === start) known.pop();
    // A new one, because viewers render by identity.
    steps = [...known, step];
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
