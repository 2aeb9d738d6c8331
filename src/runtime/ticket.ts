/** What the scheduler needs to know of a request. */
import type { Ticket } from '../../machines/policies/types.ts';
import type { Eligible } from './eligible.ts';
import type { Job } from './job.ts';

/** @param bytes of the whole prompt, as its shape counts them */
export function ticketOf(job: Job, bytes: number, { candidates, pool, promptTokens }: Eligible): Ticket {
  const { id, identity, client, arrivedAt, shape } = job;
  const { sessionId, lineage, band, toolMs } = identity;
  return {
    requestId: id,
    session: sessionId,
    lineage,
    client,
    band,
    arrivedAt,
    shape,
    bytes,
    promptTokens,
    toolMs,
    candidates: candidates.map(({ backend }) => backend.name),
    pool: pool.map(({ backend }) => backend.name),
  };
}
