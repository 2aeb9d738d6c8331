/** Waits for SimpleEngine: it works on through the prefill of a request whose client is gone, and refuses others meanwhile. */
import { setTimeout as delay } from 'node:timers/promises';
import { toGatewayError } from '../../protocol/errors.ts';
import { type EngineHttp, getJson } from '../openai-compatible/http.ts';
import { readStatus } from './server-status.ts';

/** Milliseconds; after an abort while decoding the engine is free at once, after one in a prefill only at its end. */
const firstWait = 100;
const nextWait = 250;
const patience = 5_000;

/**
 * Resolves when nothing runs but what is ours, or the engine cannot be asked: the next attempt finds out then.
 * @param ours generations of ours that the engine has taken and that still run
 * @param signal gives up; the promise resolves then, too
 */
export async function engineIdle(http: EngineHttp, ours: () => number, signal: AbortSignal): Promise<void> {
  // The engine counts what it has taken a moment later, and may meanwhile be asked: so none of ours counts the first time.
  let known = 0;
  for (let wait = firstWait; !signal.aborted; wait = nextWait) {
    const before = ours();
    const running = await countRunning(http, signal);
    if (running === 'unknown' || (running !== 'silent' && running <= Math.min(known, ours()))) return;
    known = before;
    // The one rejection there is: the signal fired, which the loop looks at.
    await delay(wait, undefined, { signal }).catch(() => undefined);
  }
}

async function countRunning(http: EngineHttp, signal: AbortSignal): Promise<number | 'unknown' | 'silent'> {
  try {
    const given = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    const { body } = await getJson(http, `${http.baseUrl}/status`, given);
    return readStatus(body)?.num_running ?? 'unknown';
  } catch (error) {
    return toGatewayError(error).code === 'engine_unreachable' ? 'unknown' : 'silent';
  }
}
