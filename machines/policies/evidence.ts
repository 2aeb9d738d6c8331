/** What the time to the first token tells of a cache whose engine says nothing of it: only what no noise explains. */
import { prefillMs } from './cost.ts';
import { isLearned } from './mean.ts';
import { worthOf } from './reuse.ts';
import type { BackendView, Running, SlotView } from './types.ts';

/** Less is noise. */
const leastMs = 2_000;

/** So many times longer than expected is a cache that did not have it, if it is as long as a prefill of the whole prompt. */
const longer = 3;
const asLong = 1.5;

/** So many times shorter is a cache that had more. An engine that is rid of its other work gets faster, too, but not by that. */
const shorter = 10;

/** Share of the prompt that the engine must have had, 0 to 1; undefined where it may be what was expected. */
export function shareByTime(
  { ticket, reuse }: Pick<Running, 'ticket' | 'reuse'>,
  measuredMs: number,
  backend: BackendView,
): number | undefined {
  if (backend.cacheKind === 'none' || !isLearned(backend.rates.prefillMsPerByte)) return undefined;
  const expectedMs = prefillMs(ticket.bytes - worthOf(reuse, backend), backend);
  const wholeMs = prefillMs(ticket.bytes, backend);
  const isFar = Math.abs(measuredMs - expectedMs) >= leastMs;
  const isWhole = measuredMs >= wholeMs / asLong && measuredMs <= wholeMs * asLong;
  if (isFar && isWhole && measuredMs >= expectedMs * longer) return 0;
  return isFar && measuredMs <= expectedMs / shorter ? 1 - measuredMs / wholeMs : undefined;
}

/** Nothing else has run on its engine since it began: else the time tells of that, too. */
export function runsAlone({ backend, index, running }: SlotView, slots: readonly SlotView[]): boolean {
  if (!running) return false;
  const others = slots.filter((slot) => slot.backend === backend && slot.index !== index);
  return others.every((slot) => !slot.running && (slot.last?.endedAt ?? 0) <= running.since);
}
