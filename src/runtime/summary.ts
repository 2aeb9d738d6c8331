/** What is told of a request when it is over. */
import type { SnapshotFrom } from 'xstate';
import type { requestMachine } from '../../machines/request.ts';
import type { TurnReport } from '../../machines/session.ts';
import type { RequestSummary } from './events.ts';
import { shortfallOf } from './expected-prefix.ts';
import { codeOf, toldOf } from './failure.ts';
import type { Job } from './job.ts';

/** Of its own or, where it has joined another, of the one that answered it. */
type Told = Pick<
  Job,
  | 'id'
  | 'identity'
  | 'client'
  | 'backend'
  | 'slot'
  | 'reason'
  | 'cache'
  | 'arrivedAt'
  | 'grantedAt'
  | 'firstTokenAt'
  | 'askedAgain'
  | 'usage'
>;

export function summarize(job: Told, { value, context }: SnapshotFrom<typeof requestMachine>): RequestSummary {
  const usage = job.usage();
  const cachedTokens = usage?.cache_read_input_tokens ?? 0;
  const outcome = value === 'done' || value === 'cancelled' ? value : 'failed';
  const failure = outcome === 'failed' ? context.failure : undefined;
  // Who joins late waits for nothing.
  const since = (at: number | undefined) => (at === undefined ? undefined : Math.max(0, at - job.arrivedAt));
  return {
    type: 'request.finished',
    requestId: job.id,
    session: job.identity.sessionId,
    lineage: job.identity.lineage,
    client: job.client,
    band: job.identity.band,
    outcome,
    errorCode: failure ? codeOf(failure) : undefined,
    errorMessage: failure && toldOf(failure),
    error: failure?.error,
    backend: job.backend,
    slot: job.slot,
    reason: job.reason,
    cache: job.cache,
    promptTokens: usage ? usage.input_tokens + usage.cache_creation_input_tokens + cachedTokens : 0,
    cachedTokens,
    outputTokens: usage?.output_tokens ?? 0,
    queuedMs: since(job.grantedAt),
    ttftMs: since(job.firstTokenAt),
    totalMs: performance.now() - job.arrivedAt,
    askedAgain: job.askedAgain,
  };
}

/** The session's share of it; undefined when there was no answer. */
export function turnOf(summary: RequestSummary, { expected, turn }: Job): TurnReport | undefined {
  const { outcome, backend, promptTokens, cachedTokens, outputTokens, ttftMs } = summary;
  if (outcome !== 'done') return undefined;
  const shortfall = expected && shortfallOf(expected, cachedTokens, turn.hasThinking);
  const figures = { backend, promptTokens, cachedTokens, outputTokens, ttftMs };
  return shortfall === undefined ? figures : { ...figures, shortfall };
}
