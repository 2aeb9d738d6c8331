/** What happened to the last requests, and to those that run: for traces, and for whoever asks why a turn took so long. */
import { LRUCache } from 'lru-cache';
import type { EventBus } from '../../runtime/events.ts';
import { isWarmUp } from '../../runtime/warm-up.ts';
import { type Wait, waitsOf } from './course.ts';
import { type Moment, type MomentOf, momentOf } from './moment.ts';

export interface Recent {
  add(moment: Moment): void;
  /** With what others did meanwhile on the slots that it waited for, in order of time; undefined for one that is not known. */
  about(requestId: string): readonly Moment[] | undefined;
  /** The request that arrived last. */
  newest(): string | undefined;
}

/** Requests remembered after their end. */
const mostEnded = 300;
/** Moments of one request: a model may write any number of tool calls. */
const mostMoments = 200;

/** @param ended is given the moments of each request at its end */
export function createRecent(ended: (moments: readonly Moment[]) => void = () => {}): Recent {
  const running = new Map<string, Moment[]>();
  const past = new LRUCache<string, Moment[]>({ max: mostEnded });
  let newest: string | undefined;

  const known = (id: string) => running.get(id) ?? past.peek(id);
  const all = () => [...past.values(), ...running.values()];

  const begin = ({ requestId }: Moment) => {
    const moments: Moment[] = [];
    running.set(requestId, moments);
    if (!isWarmUp(requestId)) newest = requestId;
    return moments;
  };

  return {
    add(moment) {
      const { requestId } = moment;
      const moments = known(requestId) ?? (begins(moment) ? begin(moment) : undefined);
      if (!moments) return;
      const isLast = ends(moment);
      if (moments.length < mostMoments || isLast) moments.push(moment);
      if (!isLast || !running.delete(requestId)) return;
      past.set(requestId, moments);
      if (!isWarmUp(requestId)) ended(moments);
    },
    about(requestId) {
      const own = known(requestId);
      if (!own) return undefined;
      const waits = waitsOf(own);
      const others = all().filter((moments) => moments !== own);
      return [...own, ...others.flatMap((moments) => meanwhile(moments, waits))].sort((a, b) => a.at - b.at);
    },
    newest: () => newest,
  };
}

/** Of all requests of a gateway. */
export function keepRecent(events: EventBus, ended?: (moments: readonly Moment[]) => void): Recent {
  const recent = createRecent(ended);
  events.on((event) => {
    const moment = momentOf(event, Date.now());
    if (moment) recent.add(moment);
  });
  return recent;
}

function begins({ type, requestId }: Moment): boolean {
  return type === 'request.started' || type === 'request.refused' || (type === 'queue.joined' && isWarmUp(requestId));
}

/** Warm-ups are no requests: for them a lease or a refusal is all there is. */
function ends({ type, requestId }: Moment): boolean {
  if (type === 'request.finished' || type === 'request.refused') return true;
  return isWarmUp(requestId) && (type === 'lease.released' || type === 'queue.left' || type === 'queue.refused');
}

/** When another had a slot that was waited for. */
function meanwhile(moments: readonly Moment[], waits: readonly Wait[]): readonly Moment[] {
  const leases = moments.filter((moment): moment is MomentOf<'lease.granted'> => moment.type === 'lease.granted');
  return leases.flatMap((lease) => {
    const after = moments.slice(moments.indexOf(lease));
    const released = after.find(({ type }) => type === 'lease.released');
    const until = released?.at ?? Number.POSITIVE_INFINITY;
    const inTheWay = waits.some(
      ({ from, to = Number.POSITIVE_INFINITY, lease: got }) =>
        lease.at < to && until > from && (got === undefined || got.backend === lease.backend),
    );
    if (!inTheWay) return [];
    return released ? [lease, released] : [lease];
  });
}
