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
    .map((slot) => ({ slot, warmth: warmth(ticket, backend, slot) }))
    .sort((a, b) => b.warmth - a.warmth || a.slot.usedAt - b.slot.usedAt);
  if (!best) return undefined;
  return {
    backend: backend.name,
    slot: best.slot.index,
    plan: planFor(ticket.shape, backend, best.slot.index),
    reason: reasonOf(ticket, best.slot, best.warmth),
  };
}

/** Bytes that need no prefill; the lineage that was on the slot last breaks ties between slots that share a prefix. */
function warmth(ticket: Ticket, backend: BackendView, slot: SlotView): number {
  return reusableBytes(ticket.shape, backend, slot.index) + (slot.lineage === ticket.lineage ? 1 : 0);
}

function reasonOf(ticket: Ticket, slot: SlotView, warmth: number): string {
  if (slot.lineage === ticket.lineage) return 'the slot is warm for this lineage';
  if (warmth > 0) return 'the engine holds this prefix';
  return slot.lineage === undefined ? 'the slot is unused' : 'the least recently used slot';
}
