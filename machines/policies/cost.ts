/** What a request costs on a slot, in milliseconds, predicted from what the backend did so far. */
import { assumed, meanOf, observe } from './mean.ts';
import type { BackendView, Measured, Rates, Running } from './types.ts';

/** About a thousand tokens of prefill a second, an answer of some hundred tokens, and Claude Code's first prompt. */
export const defaultRates: Rates = {
  prefillMsPerByte: assumed(0.3),
  decodeMs: assumed(5_000),
  promptBytes: assumed(50_000),
};

/** Shorter prefills tell of the engine's fixed costs and not of its speed. */
const leastBytes = 2_000;

export function learnRates(rates: Rates, running: Running, { prefillMs, decodeMs, reused }: Measured): Rates {
  if (prefillMs === undefined) return rates;
  const { bytes } = running.ticket;
  const prefilled = reused === undefined ? bytes - running.reusable : bytes * (1 - reused);
  const isTelling = prefilled >= leastBytes;
  return {
    prefillMsPerByte: isTelling ? observe(rates.prefillMsPerByte, prefillMs, prefilled) : rates.prefillMsPerByte,
    decodeMs: observe(rates.decodeMs, decodeMs),
    promptBytes: observe(rates.promptBytes, bytes * bytes, bytes),
  };
}

export function prefillMs(bytes: number, { rates }: Pick<BackendView, 'rates'>): number {
  return Math.max(0, bytes) * meanOf(rates.prefillMsPerByte);
}

/** To the end of the answer. @param prefill milliseconds to the first token */
export function durationMs(prefill: number, { rates }: Pick<BackendView, 'rates'>): number {
  return prefill + meanOf(rates.decodeMs);
}

/** What an average prompt takes that finds nothing in the cache. */
export function generationMs(backend: Pick<BackendView, 'rates'>): number {
  return durationMs(prefillMs(meanOf(backend.rates.promptBytes), backend), backend);
}

/** Until a running one is through. One that takes longer than predicted may take as long again. */
export function remainingMs({ since, durationMs }: Running, now: number): number {
  const elapsed = now - since;
  return elapsed < durationMs ? durationMs - elapsed : elapsed - durationMs;
}
