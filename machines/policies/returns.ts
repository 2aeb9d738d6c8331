/** How soon a lineage is back with the results of its tools, learned from how soon it was back before. */
import { assumed, meanOf, observe } from './mean.ts';
import type { Returns, Ticket } from './types.ts';

/** Most tools of a coding agent read a file or run a short command. */
const untold = assumed(1_000);

/** What the client does around its tools. */
const clientMs = 1_000;

/** A gap longer than this was a person's, or a tool nobody waits for with a slot. */
const longestGap = 10_000;

/** Lineages and sessions remembered. */
const most = 512;

type Who = Pick<Ticket, 'lineage' | 'session'>;

/** Milliseconds. The first time it is the session's, before that a guess. */
export function expectedReturn({ lineage, session }: Who, returns: Returns): number {
  return meanOf(returns.get(lineage) ?? returns.get(sessionKey(session)) ?? untold);
}

export function hasReturned({ lineage }: Who, returns: Returns): boolean {
  return returns.has(lineage);
}

/** @param gapMs between the end of the turn that called tools and the arrival of this one, which brings the results */
export function learnReturn(returns: Returns, ticket: Ticket, gapMs: number): Returns {
  // Tools that had to be allowed by somebody waited for that: they will not the next time.
  const tools = ticket.toolMs === undefined ? longestGap : ticket.toolMs + clientMs;
  const gap = Math.min(gapMs, tools, longestGap);
  const learned = new Map(returns);
  for (const key of [ticket.lineage, sessionKey(ticket.session)]) {
    learned.delete(key);
    learned.set(key, observe(returns.get(key) ?? untold, gap));
  }
  return new Map([...learned].slice(-most));
}

/** A lineage's name may be its session's. */
function sessionKey(session: string): string {
  return `session ${session}`;
}
