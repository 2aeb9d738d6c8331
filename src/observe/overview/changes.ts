/** What differs between two pictures of the gateway. */
import { isDeepStrictEqual } from 'node:util';
import type { Change, Overview } from './types.ts';

const sections = ['gateway', 'engines', 'queue', 'clients'] as const;

/**
 * Undefined where nothing differs. What is the same object in both is taken for unchanged without a look at it.
 * @param counts whether tokens that were generated are a difference: they always are while anything runs
 */
export function changeBetween(before: Overview, after: Overview, counts: boolean): Change | undefined {
  const different = [
    ...sections.filter((name) => !isDeepStrictEqual(before[name], after[name])),
    ...(runsTheSame(before.running, after.running, counts) ? [] : (['running'] as const)),
  ];
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

function runsTheSame(before: Overview['running'], after: Overview['running'], counts: boolean): boolean {
  if (counts) return isDeepStrictEqual(before, after);
  const uncounted = (running: Overview['running']) => running.map((each) => ({ ...each, outputTokens: 0 }));
  return isDeepStrictEqual(uncounted(before), uncounted(after));
}

function added<T extends object>(before: readonly T[], after: readonly T[]): readonly T[] {
  const known = new Set(before);
  return after.filter((item) => !known.has(item));
}

function goneSessions(before: Overview, after: Overview): readonly string[] {
  const there = new Set(after.sessions.map(({ id }) => id));
  return before.sessions.flatMap(({ id }) => (there.has(id) ? [] : [id]));
}
