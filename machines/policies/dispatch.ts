/** The next decision: who gets which slot now, or until when nothing changes by itself. */
import { generationOf } from './aging.ts';
import { excessOf, type Shares, sharesOf } from './fairness.ts';
import { mayTake } from './hold.ts';
import { type Candidate, serviceOrder } from './ordering.ts';
import { lossMs, waitsUntil } from './patience.ts';
import { bestSpot } from './placement.ts';
import { slotsOf } from './pool.ts';
import { waitMs } from './queue-time.ts';
import { type Spot, spotsOf } from './spot.ts';
import type { BackendView, Floor, Ticket, Waiting } from './types.ts';

export interface Decision {
  /** Undefined when nobody can be served now. */
  readonly next: Candidate | undefined;
  /** Who waits for something better than what is free decides anew then; Infinity when only an event can help. */
  readonly wakeAt: number;
}

export function decide(floor: Floor): Decision {
  let wakeAt = Number.POSITIVE_INFINITY;
  if (!floor.slots.some(({ state }) => state === 'free' || state === 'held')) return { next: undefined, wakeAt };
  for (const candidate of orderOf(floor, isOpen)) {
    const until = waitsUntil(candidate.waiting, candidate.spot, floor);
    if (until <= floor.now) return { next: candidate, wakeAt };
    wakeAt = Math.min(wakeAt, until);
  }
  return { next: undefined, wakeAt };
}

export interface Forecast {
  /** In the order of service, 1 is next. */
  readonly place: number;
  readonly startsInMs: number;
}

/** When one that waits will be served if nobody else comes. */
export function forecast(ticket: Ticket, floor: Floor): Forecast {
  const order = orderOf(floor, () => true).map(({ waiting }) => waiting.ticket);
  const ahead = order.slice(0, Math.max(0, order.indexOf(ticket)));
  return { place: ahead.length + 1, startsInMs: Math.round(waitMs(ticket, ahead, floor)) };
}

type IsOpen = (waiting: Waiting, spot: Spot, on: { floor: Floor; shares: Shares }) => boolean;

function orderOf(floor: Floor, isOpen: IsOpen): readonly Candidate[] {
  const on = { floor, shares: sharesOf(floor) };
  const candidates = floor.queue.flatMap((waiting): Candidate[] => {
    const { ticket } = waiting;
    const spots = spotsOf(ticket, floor.backends, floor.slots).filter((spot) => isOpen(waiting, spot, on));
    const isSide = ticket.band === 'auxiliary' && floor.policy.order === 'warm';
    const spot = bestSpot(ticket, spots, isSide ? (each) => lossMs(ticket, each, floor) : () => 0, floor.slots);
    if (!spot) return [];
    const excessMs = excessOf(ticket, spot.durationMs, { ...on, allowedMs: generationOf(ticket, floor) });
    return [{ waiting, spot, excessMs }];
  });
  return serviceOrder(candidates, floor.policy, floor.now);
}

const isOpen: IsOpen = (waiting, { backend, slot }, on) =>
  lets(backend, on.floor) && (slot.state === 'free' || (slot.state === 'held' && mayTake(waiting, backend, slot, on)));

/** A circuit that is half open lets one request through; an engine that loads is waited for. */
function lets(backend: BackendView, { slots }: Floor): boolean {
  if (backend.intake === 'trial') return slotsOf(backend, slots).every(({ state }) => state !== 'leased');
  return backend.intake === 'full';
}
