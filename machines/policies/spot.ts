/** A slot seen with the eyes of one request. */
import { durationMs, prefillMs } from './cost.ts';
import { poolOf, slotsOf } from './pool.ts';
import { reuseOf, worthOf } from './reuse.ts';
import type { BackendView, Reuse, SlotView, Ticket } from './types.ts';

export interface Spot {
  readonly backend: BackendView;
  readonly slot: SlotView;
  readonly reuse: Reuse;
  /** Milliseconds to the first token, once it has the slot. */
  readonly prefillMs: number;
  /** Milliseconds to the end. */
  readonly durationMs: number;
}

/** Every slot it may run on, whatever runs there now. */
export function spotsOf(ticket: Ticket, backends: readonly BackendView[], slots: readonly SlotView[]): readonly Spot[] {
  return poolOf(ticket, backends).flatMap((backend) => {
    // Only a cache that lies in the slots differs from slot to slot.
    const everywhere = backend.cacheKind === 'slots' ? undefined : costs(ticket, backend, 0);
    return slotsOf(backend, slots).map((slot) => ({
      backend,
      slot,
      ...(everywhere ?? costs(ticket, backend, slot.index)),
    }));
  });
}

function costs(ticket: Ticket, backend: BackendView, slot: number): Omit<Spot, 'backend' | 'slot'> {
  const reuse = reuseOf(ticket.shape, backend, slot);
  const prefill = prefillMs(ticket.bytes - worthOf(reuse, backend), backend);
  return { reuse, prefillMs: prefill, durationMs: durationMs(prefill, backend) };
}
