/**
 * The anticipatory hold: a lineage whose turn ended in a tool call is back within a moment. Its slot is kept for it as long as
 * that moment costs less than what it would have to prefill again if somebody else ran there meanwhile.
 */
import { generationOf } from './aging.ts';
import { compareBands } from './band.ts';
import { durationMs, prefillMs } from './cost.ts';
import { excessOf, type Shares } from './fairness.ts';
import { expectedReturn, hasReturned } from './returns.ts';
import { bytesLost } from './reuse.ts';
import type { BackendView, Floor, Hold, SlotView, Ticket, Waiting } from './types.ts';

const longestHold = 5_000;

/** The hold that begins when a turn of this lineage has ended in a tool call; undefined where there is nothing to keep. */
export function holdAfter(ticket: Ticket, backend: BackendView, { now, policy, returns }: Floor): Hold | undefined {
  if (!policy.hold || !losesState(backend)) return undefined;
  const expected = expectedReturn(ticket, returns);
  if (expected > longestHold) return undefined;
  return { ticket, since: now, expectedAt: now + expected, until: now + Math.min(longestHold, 2 * expected + 500) };
}

/** Whether those that run in the meantime can push out what the engine holds of a lineage that has just run. */
function losesState({ cacheKind, capacity, slots }: BackendView): boolean {
  return cacheKind === 'slots' || (cacheKind !== 'none' && capacity <= slots);
}

/** Whether one that waits gets a slot that is kept. */
export function mayTake(waiting: Waiting, backend: BackendView, slot: SlotView, on: { floor: Floor; shares: Shares }) {
  const { ticket, deadline } = waiting;
  const { hold } = slot;
  if (!hold || hold.ticket.lineage === ticket.lineage) return true;
  const { floor, shares } = on;
  const { now } = floor;
  // An agent that is new was called by the turn that ended: its lineage waits for the agent.
  if (hold.ticket.session === ticket.session && !hasReturned(ticket, floor.returns)) return true;
  if (compareBands(ticket.band, hold.ticket.band) < 0) return true;
  const turnMs = durationMs(0, backend);
  const allowedMs = generationOf(hold.ticket, floor);
  if (excessOf(hold.ticket, turnMs, { floor, shares, allowedMs }) > 0) return true;
  if (deadline < Math.max(now, hold.expectedAt) + turnMs) return true;
  const lossMs = prefillMs(bytesLost(hold.ticket.shape, ticket.shape, backend, slot.index), backend);
  // Nobody knows when one that is late will be back: waiting as long again as the loss takes is the most it is worth.
  return lossMs <= Math.max(hold.expectedAt - now, now - hold.since);
}
