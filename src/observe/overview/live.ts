/** Requests that wait or run. */
import { slotAt } from '../../../machines/policies/books.ts';
import { prefillMs } from '../../../machines/policies/cost.ts';
import { outlook } from '../../../machines/policies/outlook.ts';
import { worthOf } from '../../../machines/policies/reuse.ts';
import type { Ticket } from '../../../machines/policies/types.ts';
import type { Gateway } from '../../runtime/gateway.ts';
import type { LiveRequest } from '../../runtime/live.ts';
import { wallClock, wallClockOrNot } from './clock.ts';
import { agentOf } from './names.ts';
import type { RequestView, RunningView, WaitingView } from './types.ts';

type Scheduling = ReturnType<Gateway['scheduler']['getSnapshot']>['context'];

/** How long a forecast is good for while nothing is decided. */
const forecastMs = 1_000;

/** The returned function looks into the queue: at a long one that takes a while, so that it does so no more often than it must. */
export function createForecasts(): (scheduling: Scheduling) => readonly WaitingView[] {
  let last: { of: Scheduling; at: number; views: readonly WaitingView[] } | undefined;
  return (scheduling) => {
    const at = performance.now();
    const isGood = last && at - last.at < forecastMs && isSameFloor(last.of, scheduling);
    if (!last || !isGood) last = { of: scheduling, at, views: waitingViews(scheduling, at) };
    return last.views;
  };
}

function isSameFloor(a: Scheduling, b: Scheduling): boolean {
  return a.queue === b.queue && a.slots === b.slots && a.backends === b.backends;
}

function waitingViews(scheduling: Scheduling, now: number): readonly WaitingView[] {
  return outlook({ ...scheduling, now }).map(({ ticket, place, startsInMs, reason }) => ({
    ...requestView(ticket),
    place,
    startsAt: wallClock(now + startsInMs),
    reason,
  }));
}

export function runningViews(live: readonly LiveRequest[], scheduling: Scheduling): readonly RunningView[] {
  const queued = new Set(scheduling.queue.map(({ ticket }) => ticket.requestId));
  return live.filter(({ id }) => !queued.has(id)).map((request) => runningView(request, scheduling));
}

function runningView(request: LiveRequest, scheduling: Scheduling): RunningView {
  const { ticket, state, leader, lease, cache, deserted, usage, progress } = request;
  const promptTokens = ticket.promptTokens;
  const own = leader === undefined ? request : undefined;
  return {
    ...requestView(ticket),
    state,
    backend: lease?.backend,
    slot: lease?.slot,
    reason: reasonOf(request),
    grantedAt: wallClockOrNot(own?.grantedAt),
    firstTokenAt: wallClockOrNot(request.firstTokenAt),
    prefilled: progress && Math.round((promptTokens * progress.done) / Math.max(1, progress.total)),
    firstTokenDue: own && wallClockOrNot(firstTokenDue(own, scheduling)),
    outputTokens: request.firstTokenAt === undefined ? 0 : (usage?.output_tokens ?? 0),
    cachedTokens: usage?.cache_read_input_tokens,
    cache,
    deserted,
  };
}

function reasonOf({ leader, lease, cache }: LiveRequest): string {
  if (leader !== undefined) return `it asks the same as ${leader}`;
  if (cache === 'hit') return 'it has been answered before';
  return lease?.reason ?? 'its last attempt failed, and it is tried again';
}

/** By what the backend's prefills took before. */
function firstTokenDue({ lease, firstTokenAt }: LiveRequest, { slots, backends }: Scheduling): number | undefined {
  if (!lease || firstTokenAt !== undefined) return undefined;
  const backend = backends.find(({ name }) => name === lease.backend);
  const running = slotAt(slots, { backend: lease.backend, index: lease.slot })?.running;
  if (!backend || !running) return undefined;
  return running.since + prefillMs(running.ticket.bytes - worthOf(running.reuse, backend), backend);
}

function requestView(ticket: Ticket): RequestView {
  const { requestId, session, lineage, client, band, promptTokens, arrivedAt } = ticket;
  return {
    requestId,
    session,
    lineage,
    agent: agentOf(lineage, session),
    client,
    band,
    promptTokens,
    arrivedAt: wallClock(arrivedAt),
  };
}
