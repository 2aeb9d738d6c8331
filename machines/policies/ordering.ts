/** Who is served first: the band decides, inside a band the one who came first. */
import type { Band, Ticket } from './types.ts';

const rank: Readonly<Record<Band, number>> = { interactive: 0, subagent: 1, auxiliary: 2 };

/** The queue, which is in order of arrival, in order of service. */
export function serviceOrder(queue: readonly Ticket[]): readonly Ticket[] {
  return queue.toSorted((a, b) => rank[a.band] - rank[b.band]);
}
