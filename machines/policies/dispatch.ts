/** The next decision: who gets which slot now, or until when nothing changes by itself. */
import { excessOf, sharesOf } from './fairness.ts';
import { mayTake, type Standings } from './hold.ts';
import { type Candidate, deadlineOrder, serviceOrder } from './ordering.ts';
import { lossMs, ridesAlong, waitsUntil } from './patience.ts';
import { bestSpot } from './placement.ts';
import { distinctSlots, slotsOf } from './pool.ts';
import { waitMs } from './queue-time.ts';
import { slackMs } from './slack.ts';
import { type Spot, spotsOf } from './spot.ts';
import type { BackendView, Floor, SlotView, Ticket, Waiting } from './types.ts';

export interface Decision {
  /** Undefined when nobody can be served now. */
  readonly next: Candidate | undefined;
  /** Who waits for something better than what is free decides anew then; Infinity when only an event can help. */
  readonly wakeAt: number;
}

export function decide(floor: Floor): Decision {
  let wakeAt = Number.POSITIVE_INFINITY;
  const { order } = orderOfStartable(floor);
  for (const candidate of order) {
    const until = waitsUntil(candidate.waiting, candidate.spot, floor);
    if (until <= floor.now) return { next: passengerOf(candidate, order, floor) ?? candidate, wakeAt };
    wakeAt = Math.min(wakeAt, until);
  }
  return { next: undefined, wakeAt };
}

/** A side request that goes before this one, since the slot changes hands anyway and nobody waits much longer for that. */
function passengerOf(next: Candidate, order: readonly Candidate[], floor: Floor): Candidate | undefined {
  return order.find(
    ({ waiting, spot }) =>
      spot.slot === next.spot.slot &&
      spot.durationMs <= next.spot.prefillMs &&
      ridesAlong(waiting, spot, next.waiting.ticket, floor) &&
      spot.durationMs <= slackMs(floor, waiting.ticket),
  );
}

export interface Forecast {
  /** In the order of service, 1 is next. */
  readonly place: number;
  readonly startsInMs: number;
}

/** When one that waits will be served if nobody else comes. */
export function forecast(ticket: Ticket, floor: Floor): Forecast {
  const ahead = floor.queue.length > 1 ? aheadOf(ticket, floor) : [];
  return { place: ahead.length + 1, startsInMs: Math.round(waitMs(ticket, ahead, floor)) };
}

function aheadOf(ticket: Ticket, floor: Floor): readonly Ticket[] {
  const order = orderOfAll(floor).order.map(({ waiting }) => waiting.ticket);
  return order.slice(0, Math.max(0, order.indexOf(ticket)));
}

type IsOpen = (waiting: Waiting, spot: Spot, on: Standings) => boolean;

interface Order {
  readonly order: readonly Candidate[];
  /** Somebody would wait too long in the usual order. */
  readonly byDeadline: boolean;
}

/** As if every slot could be had. */
export function orderOfAll(floor: Floor): Order {
  return orderOf(floor, () => true);
}

/** Of those who could have a slot now. */
export function orderOfStartable(floor: Floor): Order {
  const isAnybodys = floor.queue.length > 0 && floor.slots.some(isAvailable);
  return isAnybodys ? orderOf(floor, mayHave) : { order: [], byDeadline: false };
}

function orderOf(floor: Floor, isOpen: IsOpen): Order {
  const isKept = floor.slots.some(({ state }) => state === 'held');
  const on = { floor, shares: sharesOf(floor), slackMs: isKept ? slackMs(floor) : Number.POSITIVE_INFINITY };
  const order = serviceOrder(candidatesOf(on, isOpen), floor.policy);
  const [first] = order;
  const byDeadline = first !== undefined && first.spot.durationMs > slackMs(floor, first.waiting.ticket);
  if (!byDeadline) return { order, byDeadline };
  // Nobody's slot is kept while others run out of time.
  const isHad: IsOpen = (waiting, spot, each) => isIdle(spot, each) || isOpen(waiting, spot, each);
  return { order: deadlineOrder(candidatesOf(on, isHad)), byDeadline };
}

/** Those that wait and could start now, each with its best spot, in order of arrival. */
function candidatesOf(on: Standings, isOpen: IsOpen): readonly Candidate[] {
  const { floor } = on;
  return floor.queue.flatMap((waiting): Candidate[] => {
    const { ticket } = waiting;
    const slots = floor.backends.flatMap((backend) => distinctSlots(ticket, backend, floor.slots));
    const spots = spotsOf(ticket, floor.backends, slots).filter((spot) => isOpen(waiting, spot, on));
    const isSide = ticket.band === 'auxiliary' && floor.policy.order === 'warm';
    const costs = (each: Spot) => (isSide && each.backend.cacheKind === 'slots' ? lossMs(ticket, each, floor) : 0);
    const spot = bestSpot(ticket, spots, costs, floor.slots);
    return spot ? [{ waiting, spot, excessMs: excessOf(ticket, spot.durationMs, on) }] : [];
  });
}

function isIdle({ backend, slot }: Spot, { floor }: Standings): boolean {
  return isAvailable(slot) && lets(backend, floor);
}

function isAvailable({ state }: SlotView): boolean {
  return state === 'free' || state === 'held';
}

const mayHave: IsOpen = (waiting, spot, on) =>
  isIdle(spot, on) && (spot.slot.state === 'free' || mayTake(waiting, spot, on));

/** A circuit that is half open lets one request through; an engine that loads is waited for. */
function lets(backend: BackendView, { slots }: Floor): boolean {
  if (backend.intake === 'trial') return slotsOf(backend, slots).every(({ state }) => state !== 'leased');
  return backend.intake === 'full';
}
