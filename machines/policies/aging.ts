/**
 * The bound on waiting: nobody waits longer than 1.2 times what first come, first served would have given, plus one
 * generation. It holds by the predicted costs, over all bands and clients; one that floods the queue is owed no more than its
 * share would have given.
 */
import { defaultRates, generationMs } from './cost.ts';
import { poolOf } from './pool.ts';
import { waitMs } from './queue-time.ts';
import type { Floor, Ticket } from './types.ts';

const stretch = 1.2;

/** A client whose share gives it this much less than the order of arrival would floods the queue. */
const flood = 2;

/** When a ticket that arrives now has to run at the latest. */
export function deadlineOf(ticket: Ticket, floor: Floor): number {
  if (!floor.policy.aging) return Number.POSITIVE_INFINITY;
  const waiting = floor.queue.map((other) => other.ticket);
  const byArrival = waitMs(ticket, waiting, floor);
  const own = waiting.filter(({ client }) => client === ticket.client);
  const byShare = waitMs(ticket, own, floor) / shareOf(ticket, floor);
  const floods = floor.policy.fairness && byShare > flood * byArrival;
  return floor.now + stretch * (floods ? byShare : byArrival) + generationOf(ticket, floor);
}

/** Its client's part of everything, by weight, among those that wait or run. */
function shareOf({ client }: Ticket, { queue, slots, accounts }: Floor): number {
  const running = slots.flatMap((slot) => (slot.running ? [slot.running] : []));
  const clients = new Set([client, ...[...queue, ...running].map((each) => each.ticket.client)]);
  const weightOf = (name: string) => accounts[name]?.weight ?? 1;
  return weightOf(client) / [...clients].reduce((sum, name) => sum + weightOf(name), 0);
}

/** One generation, in milliseconds, where it would run. */
export function generationOf(ticket: Ticket, { backends }: Floor): number {
  return generationMs(poolOf(ticket, backends)[0] ?? { rates: defaultRates });
}
