/**
 * The anticipatory hold: a lineage whose turn ended in a tool call is back within a moment. Its slot is kept for it as long as
 * that moment costs less than what it would have to prefill again if somebody else ran there meanwhile.
 */
import { compareBands } from './band.ts';
import { durationMs, prefillMs } from './cost.ts';
import { excessOf, type Shares } from './fairness.ts';
import { expectedReturn, hasReturned } from './returns.ts';
import { bytesLost, evictionBy } from './reuse.ts';
import type { Spot } from './spot.ts';
import type { BackendView, Floor, Hold, Ticket, Waiting } from './types.ts';

const longestHold = 5_000;

/** The hold that begins when a turn of this lineage has ended in a tool call; undefined where there is nothing to keep. */
export function holdAfter(ticket: Ticket, backend: BackendView, { now, policy, returns }: Floor): Hold | undefined {
  if (!policy.hold || !losesState(backend)) return undefined;
  const expected = expectedReturn(ticket, returns);
  if (expected > longestHold) return undefined;
  return { ticket, since: now, expectedAt: now + expected, until: now + longestHold };
}

/** Whether those that run in the meantime can push out what the engine holds of a lineage that has just run. */
function losesState({ cacheKind, capacity, slots }: BackendView): boolean {
  return cacheKind === 'slots' || (cacheKind !== 'none' && capacity <= slots);
}

/** What all that wait are judged by. */
export interface Standings {
  readonly floor: Floor;
  readonly shares: Shares;
  /** See slack. */
  readonly slackMs: number;
}

/** Whether one that waits gets a slot that is kept. */
export function mayTake({ ticket }: Waiting, { backend, slot, durationMs: costMs }: Spot, on: Standings): boolean {
  const { hold } = slot;
  if (!hold || !on.floor.policy.hold || isSameLineage(hold.ticket, ticket)) return true;
  const { now } = on.floor;
  if (waitsForAgent(hold, on.floor)) return true;
  if (compareBands(ticket.band, hold.ticket.band) < 0) return true;
  const turnMs = durationMs(0, backend);
  const isLate = on.slackMs < Math.max(0, hold.expectedAt - now) + turnMs;
  if (isLate) return true;
  if (excessOf(hold.ticket, turnMs, on) > 0 && excessOf(ticket, costMs, on) === 0) return true;
  const eviction = evictionBy(ticket.shape, backend, slot.index);
  const lossMs = prefillMs(bytesLost(hold.ticket.shape, eviction, backend, slot.index), backend);
  // Nobody knows when one that is late will be back: waiting as long again as the loss takes is the most it is worth.
  return lossMs <= Math.max(hold.expectedAt - now, now - hold.since);
}

/** Clients name their lineages themselves: one may not take what is kept for another. */
export function isSameLineage(a: Ticket, b: Ticket): boolean {
  return a.lineage === b.lineage && a.client === b.client;
}

/** An agent that is new was called by the turn that ended: its lineage waits for the agent. */
function waitsForAgent({ ticket: { session, client } }: Hold, { queue, returns }: Floor): boolean {
  return queue.some(({ ticket }) => {
    const isOfSession = ticket.session === session && ticket.client === client;
    return isOfSession && ticket.band === 'subagent' && !hasReturned(ticket, returns);
  });
}
