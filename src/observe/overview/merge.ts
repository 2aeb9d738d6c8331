/** A picture of the gateway brought up to date, see changes.ts. */
import { type Change, mostDecisions, type Overview, type Span, timelineMs } from './types.ts';

export function merged(
  before: Overview,
  { sessions = [], timeline = [], log = [], gone = [], ...rest }: Change,
): Overview {
  const isGone = new Set(gone);
  return {
    ...before,
    ...rest,
    sessions: mergedBy(before.sessions, sessions, ({ id }) => id)
      .filter(({ id }) => !isGone.has(id))
      .sort((a, b) => b.activeAt - a.activeAt),
    timeline: mergedBy(before.timeline, timeline, ({ id }) => id)
      .filter(({ to }) => to === undefined || to >= rest.at - timelineMs)
      .sort(bySlot),
    log: mergedBy(before.log, log, ({ number }) => number).slice(-mostDecisions),
  };
}

/** By slot, in order of time. */
export function bySlot(a: Span, b: Span): number {
  if (a.backend !== b.backend) return a.backend < b.backend ? -1 : 1;
  return a.slot - b.slot || a.from - b.from || a.id - b.id;
}

function mergedBy<T>(before: readonly T[], more: readonly T[], key: (item: T) => unknown): T[] {
  return [...new Map([...before, ...more].map((item) => [key(item), item])).values()];
}
