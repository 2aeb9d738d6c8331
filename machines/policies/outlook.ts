/** All that wait, seen at once: in which order they are served, when each is expected to start, and why in this place. */
import { type Forecast, orderOfAll, orderOfStartable } from './dispatch.ts';
import { type Candidate, decisive } from './ordering.ts';
import { waitsFor } from './patience.ts';
import { poolOf, slotsOf } from './pool.ts';
import { startTimes } from './queue-time.ts';
import type { Floor, Ticket } from './types.ts';

export interface Outlook extends Forecast {
  readonly ticket: Ticket;
  /** In words. */
  readonly reason: string;
}

/** In the order of service; those that no engine takes at the moment are the last. */
export function outlook(floor: Floor): readonly Outlook[] {
  if (floor.queue.length === 0) return [];
  const { order, byDeadline } = orderOfAll(floor);
  const startable = new Map(orderOfStartable(floor).order.map((each) => [each.waiting.ticket, each]));
  const placed = order.map(({ waiting }) => waiting.ticket);
  const starts = startTimes(placed, floor);
  const isPlaced = new Set(placed);
  const stranded = floor.queue.flatMap(({ ticket }) => (isPlaced.has(ticket) ? [] : [ticket]));
  return [
    ...order.map((candidate, index) => {
      const { ticket } = candidate.waiting;
      const now = startable.get(ticket);
      const hurdle = now && waitsFor(now.waiting, now.spot, floor);
      const place = { candidate, before: order[index - 1], byDeadline };
      const reason = hurdle === undefined ? placeReason(place, floor) : `waits for ${hurdle}`;
      return { ticket, place: index + 1, startsInMs: starts[index] ?? 0, reason };
    }),
    ...stranded.map((ticket, index) => ({
      ticket,
      place: order.length + index + 1,
      startsInMs: 0,
      reason: 'none of its engines takes work',
    })),
  ];
}

interface Place {
  readonly candidate: Candidate;
  readonly before: Candidate | undefined;
  readonly byDeadline: boolean;
}

function placeReason({ candidate, before, byDeadline }: Place, floor: Floor): string {
  if (!before) return `next: ${obstacle(candidate.waiting.ticket, floor)}`;
  if (byDeadline) return 'by deadline: in the usual order somebody would wait too long';
  switch (decisive(before, candidate, floor.policy)) {
    case 'kept':
      return 'behind one whose slot was kept for it';
    case 'band':
      return `behind ${bandWords[before.waiting.ticket.band]}`;
    case 'share':
      return `its client is ${Math.ceil(candidate.excessMs / 1_000)} s beyond its share`;
    case 'prefill':
      return `has more to prefill than the one before${against(candidate, before)}`;
    case 'arrival':
      return 'came after the one before';
  }
}

const bandWords = {
  interactive: 'interactive turns',
  subagent: 'subagents',
  auxiliary: 'side requests that came earlier',
} as const;

/** Why not even the first of all starts. */
function obstacle(ticket: Ticket, { backends, slots }: Floor): string {
  const pool = poolOf(ticket, backends);
  if (pool.every(({ intake }) => intake === 'soon')) return 'its engine is not ready yet';
  const states = pool.flatMap((backend) => slotsOf(backend, slots)).map(({ state }) => state);
  if (states.includes('held')) return 'the slot is kept for one that is about to come back';
  if (states.every((state) => state === 'cancelling' || state === 'quarantined')) {
    return 'the engine has not let go of an abandoned request yet';
  }
  return 'every slot is taken';
}

function against({ spot }: Candidate, before: Candidate): string {
  const [own, others] = [seconds(spot.prefillMs), seconds(before.spot.prefillMs)];
  return own === others ? '' : `: ${own} against ${others}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
