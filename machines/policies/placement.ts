/** Where a request runs: the first of its backends that takes work, there the slot that is warmest for it. */
import { takesWork } from './admission.ts';
import { planFor, reusableBytes } from './reuse.ts';
import type { BackendView, CachePlan, SlotView, Ticket } from './types.ts';

export interface Placement {
  readonly backend: string;
  readonly slot: number;
  readonly plan: CachePlan;
  /** In words, for the log and the page. */
  readonly reason: string;
}

/**
 * Undefined when the request has to wait. A busy backend is waited for: a lower priority is a fallback for failure, not
 * for load, since it may be the noise of a demo model or somebody's cloud bill.
 */
export function place(
  ticket: Ticket,
  backends: readonly BackendView[],
  slots: readonly SlotView[],
): Placement | undefined {
  const backend = ticket.candidates
    .map((name) => backends.find((candidate) => candidate.name === name))
    .find((candidate) => candidate !== undefined && takesWork(candidate));
  if (!backend || backend.intake === 'soon') return undefined;
  const own = slots.filter((slot) => slot.backend === backend.name && slot.index < backend.slots);
  if (backend.intake === 'trial' && own.some((slot) => slot.state === 'leased')) return undefined;
  const [best] = own
    .filter((slot) => slot.state === 'free')
    .map((slot) => ({
      slot,
      bytes: reusableBytes(ticket.shape, backend, slot.index),
      own: slot.lineage === ticket.lineage,
    }))
    .sort((a, b) => b.bytes - a.bytes || Number(b.own) - Number(a.own) || a.slot.usedAt - b.slot.usedAt);
  if (!best) return undefined;
  return {
    backend: backend.name,
    slot: best.slot.index,
    plan: planFor(ticket.shape, backend, best.slot.index),
    reason: reasonOf(best),
  };
}

/** A free slot, the bytes that need no prefill there, and whether this lineage was the last on it. */
interface Option {
  readonly slot: SlotView;
  readonly bytes: number;
  readonly own: boolean;
}

function reasonOf({ slot, bytes, own }: Option): string {
  if (bytes > 0) return own ? 'the slot is warm for this lineage' : 'the engine holds this prefix';
  if (slot.lineage === undefined) return 'the slot is unused';
  return own ? "the lineage's last slot" : 'the least recently used slot';
}
