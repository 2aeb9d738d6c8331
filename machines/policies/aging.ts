/**
 * The bound on waiting: nobody waits longer than 1.2 times the longest wait that first come, first served would have given
 * those that are there, plus one generation. The longest and not each one's own: every switch that comes sooner than that
 * is a prompt prefilled again, which in the end makes all wait. It holds by the predicted costs, over all bands and clients;
 * one that floods the queue is owed no more than its share would have given.
 */
import { defaultRates, generationMs } from './cost.ts';
import { poolOf } from './pool.ts';
import { waitMs } from './queue-time.ts';
import type { Floor, Ticket, Waiting } from './types.ts';

const stretch = 1.2;

/** A client whose share gives it this much less than the order of arrival would floods the queue. */
const flood = 2;

/** What a ticket that arrives now is owed. */
export function dueOf(ticket: Ticket, floor: Floor): Pick<Waiting, 'fifoMs' | 'deadline'> {
  if (!floor.policy.aging) return { fifoMs: 0, deadline: Number.POSITIVE_INFINITY };
  const waiting = floor.queue.map((other) => other.ticket);
  const fifoMs = waitMs(ticket, waiting, floor);
  const own = waiting.filter(({ client }) => client === ticket.client);
  const byShare = waitMs(ticket, own, floor) / shareOf(ticket, floor);
  const floods = floor.policy.fairness && byShare > flood * fifoMs;
  const owedMs = floods ? byShare : Math.max(fifoMs, longestOf(ticket, floor));
  return { fifoMs, deadline: floor.now + stretch * owedMs + generationOf(ticket, floor) };
}

/** Of those that wait for or run on its engines. */
function longestOf({ pool }: Ticket, { queue, slots }: Floor): number {
  const there = [...queue, ...slots.flatMap(({ running }) => running ?? [])];
  const beside = there.filter(({ ticket }) => ticket.pool.some((name) => pool.includes(name)));
  return Math.max(0, ...beside.map(({ fifoMs }) => fifoMs));
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
