/**
 * The bound on waiting: nobody waits longer than 1.2 times what first come, first served would have given, plus one
 * generation. It holds over all bands, by the predicted costs, for clients within their share (see fairness): who floods the
 * queue is owed no place in it.
 */
import { defaultRates, generationMs } from './cost.ts';
import { poolOf } from './pool.ts';
import { waitMs } from './queue-time.ts';
import type { Floor, Ticket } from './types.ts';

const stretch = 1.2;

/** When a ticket that arrives now has to run at the latest. */
export function deadlineOf(ticket: Ticket, floor: Floor): number {
  if (!floor.policy.aging) return Number.POSITIVE_INFINITY;
  const everybody = floor.queue.map((waiting) => waiting.ticket);
  return floor.now + stretch * waitMs(ticket, everybody, floor) + generationOf(ticket, floor);
}

/** One generation, in milliseconds, where it would run. */
export function generationOf(ticket: Ticket, { backends }: Floor): number {
  return generationMs(poolOf(ticket, backends)[0] ?? { rates: defaultRates });
}
