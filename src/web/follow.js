/** Stays connected to a stream of events while the page is seen: comes back by itself, a little later each time. */
import { createParser } from './sse.js';

/** @import { ServerEvent } from './sse.js' */

const pauses = [300, 600, 1_200, 2_500, 5_000];
/** The gateway says something every 15 seconds; a connection that is silent for longer is dead, as after a laptop's sleep. */
const silence = 40_000;

/**
 * @typedef {object} Following
 * @property {() => string} url asked before every attempt
 * @property {() => string} key empty for none
 * @property {(event: ServerEvent) => void} onEvent
 * @property {(status: 'lost' | 'locked') => void} onEnd `locked`: the key is missing or wrong, and it does not try again
 */

/**
 * @param {Following} following
 * @returns {() => void} ends it
 */
export function follow({ url, key, onEvent, onEnd }) {
  const stopping = new AbortController();
  let failures = 0;
  let last = '';
  const run = async () => {
    while (!stopping.signal.aborted) {
      await seen(stopping.signal);
      const status = await read().catch(() => 0);
      if (stopping.signal.aborted) return;
      if (document.hidden) continue;
      onEnd(status === 401 ? 'locked' : 'lost');
      if (status === 401) return;
      await pause(pauses[Math.min(failures++, pauses.length - 1)] ?? 0, stopping.signal);
    }
  };
  run();
  return () => stopping.abort();

  /** @returns {Promise<number>} the status, once the stream has ended */
  async function read() {
    const attempt = new AbortController();
    const end = () => attempt.abort();
    const endUnseen = () => document.hidden && end();
    stopping.signal.addEventListener('abort', end);
    document.addEventListener('visibilitychange', endUnseen);
    let watchdog = setTimeout(end, silence);
    const parse = createParser((event) => {
      failures = 0;
      if (event.id) last = event.id;
      deliver(event);
    });
    try {
      const response = await fetch(url(), { headers: headers(), signal: attempt.signal, cache: 'no-store' });
      if (!response.ok || !response.body) return response.status;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        clearTimeout(watchdog);
        watchdog = setTimeout(end, silence);
        parse(piece.value);
      }
      return response.status;
    } finally {
      clearTimeout(watchdog);
      stopping.signal.removeEventListener('abort', end);
      document.removeEventListener('visibilitychange', endUnseen);
    }
  }

  /** A fault of ours is no fault of the connection. @param {ServerEvent} event */
  function deliver(event) {
    try {
      onEvent(event);
    } catch (error) {
      reportError(error);
    }
  }

  function headers() {
    return { ...authorization(key()), ...(last ? { 'last-event-id': last } : {}) };
  }
}

/**
 * @param {string} key
 * @returns {Record<string, string>}
 */
export function authorization(key) {
  return key ? { authorization: `Bearer ${key}` } : {};
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 */
function pause(ms, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
    signal.addEventListener('abort', () => resolve(undefined));
  });
}

/**
 * Resolves once somebody can see the page, or it is over.
 * @param {AbortSignal} signal
 */
function seen(signal) {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener('visibilitychange', look);
      signal.removeEventListener('abort', look);
      resolve(undefined);
    };
    document.addEventListener('visibilitychange', look);
    signal.addEventListener('abort', look);
    look();
  });
}
