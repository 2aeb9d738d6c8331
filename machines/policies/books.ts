/** Keeps what the order of service is decided by: what runs where, who has used how much, who is away since when. */
import { defaultRates, learnRates } from './cost.ts';
import { charge, lift } from './fairness.ts';
import { learnReturn } from './returns.ts';
import type { Spot } from './spot.ts';
import type {
  Accounts,
  BackendView,
  Floor,
  Hold,
  Measured,
  SlotState,
  SlotView,
  Ticket,
  TurnEnd,
  Waiting,
} from './types.ts';

export interface Books extends Omit<Floor, 'now'> {
  /** By lineage: those whose last turn ended in a tool call. The newest last. */
  readonly away: ReadonlyMap<string, Away>;
  /** Leases granted so far; the clock of "least recently used". */
  readonly granted: number;
}

interface Away {
  readonly client: string;
  readonly since: number;
}

/** For so long after a tool call a client counts as there: its agent works. */
const absenceMs = 60_000;

/** Lineages that may be away; the oldest are forgotten. */
const mostAway = 512;

export function accountsOf(weights: Readonly<Record<string, number>>): Accounts {
  return Object.fromEntries(Object.entries(weights).map(([client, weight]) => [client, { spentMs: 0, weight }]));
}

/** Before it is in the queue. */
export function arrived(books: Books, ticket: Ticket, now: number): Pick<Books, 'accounts' | 'returns' | 'away'> {
  const { returns } = books;
  const away = new Map(books.away);
  const left = away.get(ticket.lineage);
  away.delete(ticket.lineage);
  return {
    accounts: lift(books.accounts, ticket.client, clientsThere(books, now)),
    returns: left ? learnReturn(returns, ticket, now - left.since) : returns,
    away,
  };
}

/** Clients with something that waits or runs, or with an agent that is at its tools. */
function clientsThere({ queue, slots, away }: Books, now: number): ReadonlySet<string> {
  const waiting = queue.map(({ ticket }) => ticket.client);
  const running = slots.flatMap(({ running }) => (running ? [running.ticket.client] : []));
  const working = [...away.values()].filter(({ since }) => now - since < absenceMs).map(({ client }) => client);
  return new Set([...waiting, ...running, ...working]);
}

export function leased(
  books: Books,
  { ticket, fifoMs }: Waiting,
  { slot, reuse, durationMs }: Spot,
  now: number,
): Pick<Books, 'slots' | 'granted'> {
  const usedAt = books.granted + 1;
  const running = { ticket, fifoMs, since: now, reuse, durationMs, prefilled: false };
  const patch = { state: 'leased', lineage: ticket.lineage, usedAt, running, hold: undefined } as const;
  return { granted: usedAt, slots: withSlot(books.slots, slot, patch) };
}

export interface Ending {
  readonly slot: SlotView;
  /** Absent: the answer is not complete. */
  readonly turn: TurnEnd | undefined;
  /** Set if the slot is kept for the lineage. */
  readonly hold: Hold | undefined;
  readonly now: number;
}

/** The lease is over; what ran stays on the slot until the slot says that it can be used again. */
export function ended(books: Books, { slot, turn, hold, now }: Ending): Pick<Books, 'slots' | 'away'> {
  const ticket = slot.running?.ticket;
  if (!ticket || !turn) return { slots: books.slots, away: books.away };
  const away = new Map(books.away);
  away.delete(ticket.lineage);
  if (turn.endedIn === 'tool_use') away.set(ticket.lineage, { client: ticket.client, since: now });
  const last = { ticket, endedAt: now };
  return { slots: withSlot(books.slots, slot, { hold, last }), away: new Map([...away].slice(-mostAway)) };
}

/** A slot that is through with its work charges the client for it. */
export function slotChanged(
  books: Books,
  at: SlotName,
  state: SlotState,
  now: number,
): Pick<Books, 'slots' | 'accounts'> {
  const slot = slotAt(books.slots, at);
  if (!slot) return books;
  const { running, hold } = slot;
  const isOver = state !== 'cancelling';
  return {
    accounts: running && isOver ? charge(books.accounts, running.ticket.client, now - running.since) : books.accounts,
    slots: withSlot(books.slots, slot, {
      state,
      running: isOver ? undefined : running,
      hold: state === 'held' ? hold : undefined,
    }),
  };
}

/** The engine is through with the prompt of this lease. */
export function prefilled({ slots }: Books, at: SlotName): Pick<Books, 'slots'> {
  const running = slotAt(slots, at)?.running;
  return { slots: running ? withSlot(slots, at, { running: { ...running, prefilled: true } }) : slots };
}

export function measured({ slots, backends }: Books, at: SlotName, figures: Measured): Pick<Books, 'backends'> {
  const running = slotAt(slots, at)?.running;
  const backend = backends.find(({ name }) => name === at.backend);
  if (!running || !backend) return { backends };
  return { backends: withBackend(backends, backend.name, { rates: learnRates(backend.rates, running, figures) }) };
}

export interface SlotName {
  readonly backend: string;
  readonly index: number;
}

export function slotAt(slots: readonly SlotView[], { backend, index }: SlotName): SlotView | undefined {
  return slots.find((slot) => slot.backend === backend && slot.index === index);
}

function withSlot(slots: readonly SlotView[], at: SlotName, patch: Partial<SlotView>): readonly SlotView[] {
  return slots.map((slot) => (slot.backend === at.backend && slot.index === at.index ? { ...slot, ...patch } : slot));
}

/** Not free before its actor says so: else that first word, still on its way, would undo a lease granted meanwhile. */
export function unusedSlot(backend: string, index: number): SlotView {
  const state = 'quarantined';
  return { backend, index, state, lineage: undefined, usedAt: 0, running: undefined, last: undefined, hold: undefined };
}

export function withBackend(
  backends: readonly BackendView[],
  name: string,
  patch: Partial<BackendView>,
): readonly BackendView[] {
  const before = backends.find((backend) => backend.name === name) ?? unknownBackend(name);
  return [...backends.filter((backend) => backend.name !== name), { ...before, ...patch }];
}

const unknown = {
  intake: 'none',
  drained: false,
  slots: 0,
  cacheKind: 'none',
  capacity: 1,
  held: [],
  stored: [],
} as const;

function unknownBackend(name: string): BackendView {
  return { name, ...unknown, rates: defaultRates };
}
