/** How long an answer is gone on with that nobody is there to read: not at all while somebody needs what it keeps. */
import type { SnapshotFrom } from 'xstate';
import { compareBands } from '../../machines/policies/band.ts';
import type { Ticket } from '../../machines/policies/types.ts';
import type { SchedulerActor } from '../../machines/scheduler.ts';

/**
 * Whether its slot is wanted by a request that is no less urgent, or the gateway is closing.
 * @param ticket of a request nobody reads the answer of
 * @param backend whose slot it has; undefined while it waits for one, which keeps nobody from anything
 * @param isDeserted whether nobody reads the answer of another request either
 */
export function isWanted(
  scheduling: SnapshotFrom<SchedulerActor>,
  ticket: Ticket,
  backend: string | undefined,
  isDeserted: (requestId: string) => boolean,
): boolean {
  if (scheduling.matches('draining')) return true;
  if (backend === undefined) return false;
  return scheduling.context.queue.some(
    ({ ticket: other }) =>
      other.candidates.includes(backend) && compareBands(other.band, ticket.band) <= 0 && !isDeserted(other.requestId),
  );
}
