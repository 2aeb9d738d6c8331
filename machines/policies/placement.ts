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
  const best = warmest(ticket, backend, own);
  if (!best) return undefined;
  const { slot, warmth } = best;
  const plan = planFor(backend.cacheKind, warmth);
  return { backend: backend.name, slot: slot.index, plan, reason: reasonOf(slot, warmth, ticket.lineage) };
}

interface Candidate {
  readonly slot: SlotView;
  /** Rendered bytes that need no prefill on it. */
  readonly warmth: number;
}

/** The free slot with most to reuse; then the lineage's own, which may share more than is known; then the least recently used. */
function warmest(ticket: Ticket, backend: BackendView, slots: readonly SlotView[]): Candidate | undefined {
  // Only a cache that lies in the slots differs from slot to slot.
  const everywhere = backend.cacheKind === 'slots' ? undefined : reusableBytes(ticket.shape, backend, 0);
  let best: Candidate | undefined;
  for (const slot of slots) {
    if (slot.state !== 'free') continue;
    const warmth = everywhere ?? reusableBytes(ticket.shape, backend, slot.index);
    if (!best || isBetter({ slot, warmth }, best, ticket.lineage)) best = { slot, warmth };
  }
  return best;
}

function isBetter(a: Candidate, b: Candidate, lineage: string): boolean {
  if (a.warmth !== b.warmth) return a.warmth > b.warmth;
  const [aOwn, bOwn] = [a.slot.lineage === lineage, b.slot.lineage === lineage];
  return aOwn === bOwn ? a.slot.usedAt < b.slot.usedAt : aOwn;
}

function reasonOf(slot: SlotView, warmth: number, lineage: string): string {
  const own = slot.lineage === lineage;
  if (warmth > 0) return own ? 'the slot is warm for this lineage' : 'the engine holds this prefix';
  if (slot.lineage === undefined) return 'the slot is unused';
  return own ? "the lineage's last slot" : 'the least recently used slot';
}
