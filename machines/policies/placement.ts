/** Where a request runs: on the slot that starts it soonest. */

import { isSameLineage } from './hold.ts';
import { planFor } from './reuse.ts';
import type { Spot } from './spot.ts';
import type { CachePlan, SlotView, Ticket } from './types.ts';

export interface Placement {
  readonly backend: string;
  readonly slot: number;
  readonly plan: CachePlan;
  /** Of the prompt, 0 to 1: what the engine is believed to have already. */
  readonly share: number;
  /** Its prefix is to be read from disk. */
  readonly restores: boolean;
  /** In words, for the log and the page. */
  readonly reason: string;
}

/**
 * The one with the shortest prefill; then the lineage's own, which may share more than is known; then one that is kept for
 * nobody, on the engine with the least to do, the least recently used. Undefined where there are none.
 * @param costs what else counts against a spot, in milliseconds
 */
export function bestSpot(
  ticket: Ticket,
  spots: readonly Spot[],
  costs: (spot: Spot) => number,
  slots: readonly SlotView[],
): Spot | undefined {
  if (spots.length === 1) return spots[0];
  const priced = spots.map((spot) => ({ spot, cost: costs(spot) }));
  const loads = new Map<string, number>();
  for (const { backend, running } of slots) if (running) loads.set(backend, (loads.get(backend) ?? 0) + 1);
  const load = (name: string) => loads.get(name) ?? 0;
  const isOwn = ({ slot }: Spot) => Number(slot.lineage === ticket.lineage);
  const isKept = ({ slot }: Spot) => Number(slot.state === 'held' && slot.lineage !== ticket.lineage);
  type Priced = (typeof priced)[number];
  const compare = (a: Priced, b: Priced) =>
    a.cost - b.cost ||
    a.spot.prefillMs - b.spot.prefillMs ||
    isOwn(b.spot) - isOwn(a.spot) ||
    isKept(a.spot) - isKept(b.spot) ||
    load(a.spot.backend.name) - load(b.spot.backend.name) ||
    a.spot.slot.usedAt - b.spot.slot.usedAt;
  // Not sorted: there may be hundreds of slots, and this runs for every request.
  return priced.reduce<Priced | undefined>((best, each) => (best && compare(best, each) <= 0 ? best : each), undefined)
    ?.spot;
}

export function placementOn({ backend, slot, reuse }: Spot, ticket: Ticket): Placement {
  return {
    backend: backend.name,
    slot: slot.index,
    plan: planFor(backend.cacheKind, reuse.bytes),
    share: reuse.bytes / Math.max(1, ticket.bytes),
    restores: reuse.restored > 0,
    reason: reasonOf({ slot, reuse }, ticket),
  };
}

function reasonOf({ slot, reuse }: Pick<Spot, 'slot' | 'reuse'>, ticket: Ticket): string {
  const { lineage } = ticket;
  const own = slot.lineage === lineage;
  if (slot.hold && isSameLineage(slot.hold.ticket, ticket)) return 'the slot was kept for it';
  if (reuse.restored > 0) return 'the engine has this prefix on disk';
  if (reuse.bytes > 0) return own ? 'the slot is warm for this lineage' : 'the engine holds this prefix';
  if (slot.lineage === undefined) return 'the slot is unused';
  return own ? "the lineage's last slot" : 'the least recently used slot';
}
