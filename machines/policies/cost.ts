/** What a request costs on a slot, in milliseconds, predicted from what the backend did so far. */
import { assumed, isLearned, meanOf, observe } from './mean.ts';
import type { BackendView, Mean, Measured, Rates, Running } from './types.ts';

/**
 * About a thousand tokens of prefill a second, an answer of some hundred tokens, and Claude Code's first prompt. Reading a
 * prefix from disk is measured at 0.007 to 0.05 of prefilling it (see llama-cpp/snapshots); a busy disk takes longer.
 */
export const defaultRates: Rates = {
  prefillMsPerByte: assumed(0.3),
  restorePrice: assumed(0.1),
  decodeMs: assumed(5_000),
  promptBytes: assumed(50_000),
};

/** Shorter prefills tell of the engine's fixed costs and not of its speed. */
const leastBytes = 2_000;

export function learnRates(rates: Rates, running: Running, { prefillMs, decodeMs, reused }: Measured): Rates {
  if (prefillMs === undefined) return rates;
  const { ticket, reuse } = running;
  const { bytes } = ticket;
  const prefilled = reused === undefined ? bytes - reuse.bytes : bytes * (1 - reused);
  const restored = reused === 0 ? 0 : reuse.restored;
  return {
    prefillMsPerByte: restored > 0 ? rates.prefillMsPerByte : learnPrefill(rates, prefillMs, prefilled),
    restorePrice: learnRestore(rates, prefillMs, prefilled, restored),
    decodeMs: observe(rates.decodeMs, decodeMs),
    promptBytes: observe(rates.promptBytes, bytes * bytes, bytes),
  };
}

function learnPrefill({ prefillMsPerByte }: Rates, prefillMs: number, prefilled: number): Mean {
  return prefilled < leastBytes ? prefillMsPerByte : observe(prefillMsPerByte, prefillMs, prefilled);
}

/** What the time to the first token leaves for the disk tells of it where the disk gave the most. */
function learnRestore(rates: Rates, prefillMs: number, prefilled: number, restored: number): Mean {
  const { prefillMsPerByte, restorePrice } = rates;
  if (restored < leastBytes || restored < prefilled || !isLearned(prefillMsPerByte)) return restorePrice;
  const asBytes = Math.max(0, prefillMs / meanOf(prefillMsPerByte) - prefilled);
  return observe(restorePrice, asBytes, restored);
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
