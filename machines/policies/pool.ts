/** Where a request may run at the moment. */
import { takesWork } from './admission.ts';
import type { BackendView, SlotView, Ticket } from './types.ts';

/**
 * The first of its backends that takes work, with its equals. A busy backend is waited for: a lower priority is a fallback
 * for failure, not for load, since it may be the noise of a demo model or somebody's cloud bill.
 */
export function poolOf(ticket: Ticket, backends: readonly BackendView[]): readonly BackendView[] {
  const working = ticket.candidates
    .map((name) => backends.find((backend) => backend.name === name))
    .filter((backend) => backend !== undefined && takesWork(backend)) as readonly BackendView[];
  const [first] = working;
  if (!first) return [];
  return ticket.pool.includes(first.name) ? working.filter(({ name }) => ticket.pool.includes(name)) : [first];
}

/** The slots an engine has now; one restarted with fewer leaves the higher indexes unused. */
export function slotsOf(backend: BackendView, slots: readonly SlotView[]): readonly SlotView[] {
  return slots.filter((slot) => slot.backend === backend.name && slot.index < backend.slots);
}

/**
 * Those of an engine's slots that are not alike for this request, however many there are: where the cache does not lie in the
 * slots, the least recently used stands for all that are free, and for all that are busy.
 */
export function distinctSlots(
  { lineage }: Ticket,
  backend: BackendView,
  slots: readonly SlotView[],
): readonly SlotView[] {
  const all = slotsOf(backend, slots);
  if (backend.cacheKind === 'slots') return all;
  const distinct: SlotView[] = [];
  let free: SlotView | undefined;
  let busy: SlotView | undefined;
  for (const slot of all) {
    if (slot.state === 'held' || slot.lineage === lineage) distinct.push(slot);
    else if (slot.state !== 'free') busy = older(slot, busy);
    else free = older(slot, free);
  }
  return [...distinct, ...(free ? [free] : []), ...(busy ? [busy] : [])];
}

function older(a: SlotView, b: SlotView | undefined): SlotView {
  return b && b.usedAt <= a.usedAt ? b : a;
}
