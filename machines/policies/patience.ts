/** Why a request rather waits than starts on a slot it could have at once, and until when at the latest. */
import { prefillMs, remainingMs } from './cost.ts';
import { isSameLineage } from './hold.ts';
import { poolOf, slotsOf } from './pool.ts';
import { bytesLost, evictionBy, sparedBytes } from './reuse.ts';
import { type Spot, spotsOf } from './spot.ts';
import type { Floor, Ticket, Waiting } from './types.ts';

/** Titles and summaries are in no hurry. */
const sideRequestMs = 20_000;

/** A loss this small is none. */
const negligibleMs = 200;

/** Lineages that are looked at: those of engines with many slots are too many to ask what each would lose. */
const mostRecent = 16;

/** A lineage silent for longer is not expected back soon. */
const memoryMs = 300_000;

/** A side request that would push something out, were it not that the next one does so anyway: it goes before that. */
export function ridesAlong({ ticket }: Waiting, spot: Spot, next: Ticket, floor: Floor): boolean {
  if (floor.policy.order === 'fifo' || ticket.band !== 'auxiliary' || next.band === 'auxiliary') return false;
  return lossMs(ticket, spot, floor) > negligibleMs && lossMs(ticket, spot, floor, next) <= negligibleMs;
}

/** Milliseconds of the scheduler's clock; a moment in the past when there is nothing to wait for. */
export function waitsUntil({ ticket, deadline }: Waiting, spot: Spot, floor: Floor): number {
  if (floor.policy.order === 'fifo') return floor.now;
  const reasons = [calm(ticket, spot, floor), leader(ticket, spot, floor), warmer(ticket, spot, floor)];
  return Math.min(deadline, Math.max(...reasons));
}

/** What it waits for on this slot, in words; undefined when it would start there at once. */
export function waitsFor(waiting: Waiting, spot: Spot, floor: Floor): string | undefined {
  if (waitsUntil(waiting, spot, floor) <= floor.now) return undefined;
  const { ticket } = waiting;
  if (leader(ticket, spot, floor) > floor.now) return 'the first request with its prefix, which prefills it now';
  if (warmer(ticket, spot, floor) > floor.now) return 'a busy engine that holds more of its prompt';
  return 'a moment in which it pushes nobody out of the cache';
}

/** A side request waits for a moment when it pushes nothing out. */
function calm(ticket: Ticket, spot: Spot, floor: Floor): number {
  if (ticket.band !== 'auxiliary' || lossMs(ticket, spot, floor) <= negligibleMs) return floor.now;
  return ticket.arrivedAt + sideRequestMs;
}

/**
 * What the lineages that ran last, or wait, would have to prefill again if this one ran here.
 * @param next runs here after it: what that one pushes out anyway is not counted
 */
export function lossMs(ticket: Ticket, { backend, slot }: Spot, { slots, queue, now }: Floor, next?: Ticket): number {
  const eviction = evictionBy(ticket.shape, backend, slot.index);
  if (eviction.gone.length === 0) return 0;
  const byNext = next && evictionBy(next.shape, backend, slot.index);
  const ran = slots.flatMap(({ last }) => (last && now - last.endedAt < memoryMs ? [last] : []));
  const recent = ran.length > mostRecent ? ran.toSorted((a, b) => b.endedAt - a.endedAt).slice(0, mostRecent) : ran;
  const all = [...recent.map((last) => last.ticket), ...queue.map((waiting) => waiting.ticket)];
  const others = all.filter((other) => !isSameLineage(other, ticket));
  const losses = others.map((other) => {
    const lost = bytesLost(other.shape, eviction, backend, slot.index);
    if (lost === 0 || !byNext || isSameLineage(other, next)) return lost;
    return lost - bytesLost(other.shape, byNext, backend, slot.index);
  });
  return prefillMs(Math.max(0, ...losses), backend);
}

/**
 * Where several run at once, the first of a cold prefix goes alone: those that come while it is prefilled would all prefill
 * the same. Engines that keep prefixes have it once that is done, those that keep conversations when the answer is.
 */
function leader(ticket: Ticket, { backend, reuse }: Spot, { slots, now }: Floor): number {
  const shares = backend.cacheKind === 'prefixes' || backend.cacheKind === 'conversations';
  if (!shares || reuse.bytes > 0) return now;
  const { prefixKey, prefixBytes } = ticket.shape;
  const sharedMs = prefillMs(prefixBytes, backend);
  if (sharedMs <= negligibleMs) return now;
  const leaders = slotsOf(backend, slots).flatMap(({ running }) =>
    running?.ticket.shape.prefixKey === prefixKey ? [running] : [],
  );
  if (leaders.some(({ prefilled }) => !prefilled)) return Number.POSITIVE_INFINITY;
  if (backend.cacheKind === 'prefixes' || leaders.length === 0) return now;
  const answered = Math.min(...leaders.map((running) => remainingMs(running, now)));
  return answered < sharedMs ? now + answered : now;
}

/** Another engine of the pool may have it warm and be free before this one is through with the prompt. */
function warmer(ticket: Ticket, spot: Spot, { backends, slots, now }: Floor): number {
  if (poolOf(ticket, backends).length < 2) return now;
  const busy = spotsOf(ticket, backends, slots).filter(({ slot }) => slot.running);
  const soonest = Math.min(...busy.map((other) => afterRunning(ticket, other, now)));
  // No longer than the cold start would have taken: predictions may be wrong.
  return soonest < spot.prefillMs ? ticket.arrivedAt + spot.prefillMs : now;
}

/** Milliseconds to the first token when it waits for what runs there. */
function afterRunning(ticket: Ticket, { backend, slot, prefillMs: prefill }: Spot, now: number): number {
  const { running } = slot;
  if (!running) return prefill;
  if (backend.cacheKind !== 'slots') return remainingMs(running, now) + prefill;
  const then = { ...backend, held: [{ ...running.ticket.shape, slot: slot.index }] };
  return remainingMs(running, now) + prefillMs(ticket.bytes - sparedBytes(ticket.shape, then, slot.index), backend);
}
