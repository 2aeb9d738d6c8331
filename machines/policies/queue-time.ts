/** When those that wait would start if they were served one after the other, by the predicted costs. */
import { durationMs, prefillMs, remainingMs } from './cost.ts';
import { poolOf, slotsOf } from './pool.ts';
import { remember, sparedBytes } from './reuse.ts';
import type { BackendView, Floor, Ticket } from './types.ts';

type Clockwork = Pick<Floor, 'backends' | 'slots' | 'now'>;

interface Lane {
  readonly backend: string;
  readonly slot: number;
  freeAt: number;
}

/** Milliseconds until each starts, in the order given; 0 for those that no engine takes. */
export function startTimes(order: readonly Ticket[], { backends, slots, now }: Clockwork): readonly number[] {
  const engines = new Map(backends.map((backend) => [backend.name, backend]));
  const lanes = backends.flatMap((backend) => lanesOf(backend, { slots, now }, order.length));
  return order.map((ticket) => {
    const pool = poolOf(ticket, backends).map(({ name }) => name);
    const lane = firstFree(lanes.filter(({ backend }) => pool.includes(backend)));
    const backend = lane && engines.get(lane.backend);
    if (!lane || !backend) return 0;
    const startsIn = lane.freeAt;
    const unspared = ticket.bytes - sparedBytes(ticket.shape, backend, lane.slot);
    lane.freeAt += durationMs(prefillMs(unspared, backend), backend);
    engines.set(backend.name, { ...backend, held: remember(backend, { ...ticket.shape, slot: lane.slot }) });
    return startsIn;
  });
}

/** Milliseconds until a slot is there for it. @param ahead in the order they are served */
export function waitMs(ticket: Ticket, ahead: readonly Ticket[], floor: Clockwork): number {
  if (ahead.length === 0 && hasFreeSlot(ticket, floor)) return 0;
  return startTimes([...ahead, ticket], floor).at(-1) ?? 0;
}

function hasFreeSlot(ticket: Ticket, { backends, slots }: Clockwork): boolean {
  const pool = poolOf(ticket, backends);
  return slots.some(
    ({ backend, index, running }) => !running && pool.some((engine) => engine.name === backend && index < engine.slots),
  );
}

/** @param mostFree more of those that are free would not be used */
function lanesOf(backend: BackendView, { slots, now }: Pick<Floor, 'slots' | 'now'>, mostFree: number): Lane[] {
  let free = 0;
  return slotsOf(backend, slots).flatMap(({ index, running }) => {
    if (!running && backend.cacheKind !== 'slots' && ++free > mostFree) return [];
    return [{ backend: backend.name, slot: index, freeAt: running ? remainingMs(running, now) : 0 }];
  });
}

function firstFree(lanes: readonly Lane[]): Lane | undefined {
  return lanes.reduce<Lane | undefined>((best, lane) => (best && best.freeAt <= lane.freeAt ? best : lane), undefined);
}
