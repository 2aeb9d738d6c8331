/** How long a request waits when those before it go first, one after the other, by the predicted costs. */
import { durationMs, prefillMs, remainingMs } from './cost.ts';
import { poolOf, slotsOf } from './pool.ts';
import { remember, reusableBytes } from './reuse.ts';
import type { BackendView, Floor, Ticket } from './types.ts';

interface Lane {
  readonly backend: string;
  readonly slot: number;
  freeAt: number;
}

/** Milliseconds until a slot is there for it. @param ahead in the order they are served */
export function waitMs(ticket: Ticket, ahead: readonly Ticket[], floor: Floor): number {
  const pool = poolOf(ticket, floor.backends);
  const engines = new Map(pool.map((backend) => [backend.name, backend]));
  const lanes = pool.flatMap((backend) => lanesOf(backend, floor));
  for (const other of ahead) {
    const mine = poolOf(other, floor.backends).map(({ name }) => name);
    const lane = firstFree(lanes.filter(({ backend }) => mine.includes(backend)));
    const backend = lane && engines.get(lane.backend);
    if (!lane || !backend) continue;
    const unknown = other.bytes - reusableBytes(other.shape, backend, lane.slot);
    lane.freeAt += durationMs(prefillMs(unknown, backend), backend);
    engines.set(backend.name, { ...backend, held: remember(backend, { ...other.shape, slot: lane.slot }) });
  }
  return firstFree(lanes)?.freeAt ?? 0;
}

function lanesOf(backend: BackendView, { slots, now }: Floor): Lane[] {
  return slotsOf(backend, slots).map(({ index, running }) => ({
    backend: backend.name,
    slot: index,
    freeAt: running ? remainingMs(running, now) : 0,
  }));
}

function firstFree(lanes: readonly Lane[]): Lane | undefined {
  return lanes.reduce<Lane | undefined>((best, lane) => (best && best.freeAt <= lane.freeAt ? best : lane), undefined);
}
