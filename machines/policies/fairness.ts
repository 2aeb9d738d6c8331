/**
 * Fairness between clients by virtual counters (VTC, Sheng et al. 2024): each client is charged the slot time it really used,
 * divided by its weight, and one whose counter is ahead of the others' has to let them catch up.
 */
import { generationOf } from './aging.ts';
import type { Account, Accounts, Floor, Ticket } from './types.ts';

/** Counters at this moment, with what still runs. */
export interface Shares {
  readonly spentMs: ReadonlyMap<string, number>;
  /** Of the clients that wait, or that a slot is kept for. */
  readonly leastMs: number;
}

export function charge(accounts: Accounts, client: string, ms: number): Accounts {
  const account = accountOf(accounts, client);
  return { ...accounts, [client]: { ...account, spentMs: account.spentMs + ms / account.weight } };
}

/**
 * A client that comes back starts level with the least of those that are there: nobody saves up credit. With nobody there all
 * are level.
 */
export function lift(accounts: Accounts, client: string, active: ReadonlySet<string>): Accounts {
  if (active.has(client)) return accounts;
  const others = [...active].map((name) => accountOf(accounts, name).spentMs);
  const account = accountOf(accounts, client);
  if (others.length > 0) {
    return { ...accounts, [client]: { ...account, spentMs: Math.max(account.spentMs, Math.min(...others)) } };
  }
  return Object.fromEntries(Object.entries(accounts).map(([name, { weight }]) => [name, { spentMs: 0, weight }]));
}

export function sharesOf({ accounts, slots, queue, now }: Floor): Shares {
  const spentMs = new Map(Object.entries(accounts).map(([client, account]) => [client, account.spentMs]));
  for (const { running } of slots) {
    if (!running) continue;
    const { client } = running.ticket;
    const { weight } = accountOf(accounts, client);
    spentMs.set(client, (spentMs.get(client) ?? 0) + (now - running.since) / weight);
  }
  const there = [...queue, ...slots.flatMap(({ hold }) => hold ?? [])].map(({ ticket }) => ticket.client);
  return { spentMs, leastMs: Math.min(...there.map((client) => spentMs.get(client) ?? 0)) };
}

/** Clients may be this many generations apart, so that one keeps a warm slot for a few turns. */
const generationsApart = 3;

/**
 * How far a client would be beyond its share, in milliseconds, if this ticket of its ran now; 0 within it.
 * @param costMs what the ticket is predicted to take
 */
export function excessOf(ticket: Ticket, costMs: number, { floor, shares }: OnFloor): number {
  if (!floor.policy.fairness) return 0;
  const spent = shares.spentMs.get(ticket.client) ?? 0;
  if (spent <= shares.leastMs) return 0;
  const allowed = shares.leastMs + generationsApart * generationOf(ticket, floor);
  return Math.max(0, spent + costMs / accountOf(floor.accounts, ticket.client).weight - allowed);
}

interface OnFloor {
  readonly floor: Floor;
  readonly shares: Shares;
}

function accountOf(accounts: Accounts, client: string): Account {
  return accounts[client] ?? { spentMs: 0, weight: 1 };
}
