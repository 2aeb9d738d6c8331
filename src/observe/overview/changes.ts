/** What differs between two pictures of the gateway. */
import { isDeepStrictEqual } from 'node:util';
import type { Change, Overview } from './types.ts';

const sections = ['gateway', 'engines', 'queue', 'running', 'clients'] as const;

/** Undefined where nothing differs. What is the same object in both is taken for unchanged without a look at it. */
export function changeBetween(before: Overview, after: Overview): Change | undefined {
  const different = sections.filter((name) => !isDeepStrictEqual(before[name], after[name]));
  const lastNumber = before.log.at(-1)?.number ?? 0;
  const lists = {
    sessions: added(before.sessions, after.sessions),
    timeline: added(before.timeline, after.timeline),
    log: after.log.filter(({ number }) => number > lastNumber),
    gone: goneSessions(before, after),
  };
  const additions = Object.entries(lists).filter(([, list]) => list.length > 0);
  if (different.length === 0 && additions.length === 0) return undefined;
  return {
    at: after.at,
    ...Object.fromEntries(different.map((name) => [name, after[name]])),
    ...Object.fromEntries(additions),
  };
}

function added<T extends object>(before: readonly T[], after: readonly T[]): readonly T[] {
  const known = new Set(before);
  return after.filter((item) => !known.has(item));
}

function goneSessions(before: Overview, after: Overview): readonly string[] {
  const there = new Set(after.sessions.map(({ id }) => id));
  return before.sessions.flatMap(({ id }) => (there.has(id) ? [] : [id]));
}
