/** The next decision: who gets which slot now, or until when nothing changes by itself. */
import { excessOf, type OnFloor, sharesOf } from './fairness.ts';
import { mayTake } from './hold.ts';
import { type Candidate, serviceOrder } from './ordering.ts';
import { lossMs, ridesAlong, waitsUntil } from './patience.ts';
import { bestSpot } from './placement.ts';
import { slotsOf } from './pool.ts';
import { waitMs } from './queue-time.ts';
import { slackMs } from './slack.ts';
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
  const order = orderOf(floor, isOpen);
  for (const candidate of order) {
    const until = waitsUntil(candidate.waiting, candidate.spot, floor);
    if (until <= floor.now) return { next: passengerOf(candidate, order, floor) ?? candidate, wakeAt };
    wakeAt = Math.min(wakeAt, until);
  }
  return { next: undefined, wakeAt };
}

/** A side request that goes before this one, since the slot changes hands anyway. */
function passengerOf({ spot, waiting }: Candidate, order: readonly Candidate[], floor: Floor): Candidate | undefined {
  const rides = order.find(
    (side) => side.spot.slot === spot.slot && ridesAlong(side.waiting, spot, waiting.ticket, floor),
  );
  return rides;
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

type IsOpen = (waiting: Waiting, spot: Spot, on: OnFloor) => boolean;

function orderOf(floor: Floor, isOpen: IsOpen): readonly Candidate[] {
  const on = { floor, shares: sharesOf(floor) };
  const candidates = floor.queue.flatMap((waiting): Candidate[] => {
    const { ticket } = waiting;
    const spots = spotsOf(ticket, floor.backends, floor.slots).filter((spot) => isOpen(waiting, spot, on));
    const isSide = ticket.band === 'auxiliary' && floor.policy.order === 'warm';
    const spot = bestSpot(ticket, spots, isSide ? (each) => lossMs(ticket, each, floor) : () => 0, floor.slots);
    if (!spot) return [];
    const excessMs = excessOf(ticket, spot.durationMs, on);
    return [{ waiting, spot, excessMs }];
  });
  return serviceOrder(candidates, floor.policy, ({ waiting }) => slackMs(floor, waiting.ticket));
}

const isOpen: IsOpen = (waiting, spot, on) =>
  lets(spot.backend, on.floor) &&
  (spot.slot.state === 'free' || (spot.slot.state === 'held' && mayTake(waiting, spot, on)));

/** A circuit that is half open lets one request through; an engine that loads is waited for. */
function lets(backend: BackendView, { slots }: Floor): boolean {
  if (backend.intake === 'trial') return slotsOf(backend, slots).every(({ state }) => state !== 'leased');
  return backend.intake === 'full';
}
