/** Which band goes first. */
import type { Band } from './types.ts';

const rank: Readonly<Record<Band, number>> = { interactive: 0, subagent: 1, auxiliary: 2 };

/** Negative where the first goes before the second. */
export function compareBands(a: Band, b: Band): number {
  return rank[a] - rank[b];
}
