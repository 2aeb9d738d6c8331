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
