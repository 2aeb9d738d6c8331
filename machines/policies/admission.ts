/** Whether a request may join the queue at all. */
import type { BackendView, Ticket } from './types.ts';

export type Refusal = 'queue_full' | 'no_backend' | 'shutting_down';

export interface Limits {
  /** Requests that may wait, in all and for each client; more are refused. */
  readonly maxWaiting: number;
  readonly maxWaitingPerClient?: number;
  /** Milliseconds; one that is predicted to wait longer is refused at once. */
  readonly maxWaitMs?: number;
}

export interface AdmissionState extends Limits {
  /** Those that wait. */
  readonly waiting: readonly Ticket[];
  /** Milliseconds it would wait. */
  readonly predictedMs: number;
  readonly draining: boolean;
  readonly backends: readonly BackendView[];
}

/**
 * Why the ticket is refused, or undefined. With every candidate down there is nothing to wait for: Claude Code retries a 503
 * by itself for three minutes, which is better than a silent stream.
 */
export function refusal(ticket: Ticket, state: AdmissionState): Refusal | undefined {
  if (state.draining) return 'shutting_down';
  if (isHopeless(ticket, state.backends)) return 'no_backend';
  const { waiting, maxWaiting, maxWaitingPerClient = maxWaiting, maxWaitMs = Number.POSITIVE_INFINITY } = state;
  const own = waiting.filter(({ client }) => client === ticket.client).length;
  const isFull = waiting.length >= maxWaiting || own >= maxWaitingPerClient || state.predictedMs > maxWaitMs;
  return isFull ? 'queue_full' : undefined;
}

/** None of its backends takes work. */
export function isHopeless(ticket: Ticket, backends: readonly BackendView[]): boolean {
  return !backends.some((backend) => takesWork(backend) && ticket.candidates.includes(backend.name));
}

export function takesWork({ intake, drained }: BackendView): boolean {
  return intake !== 'none' && !drained;
}

/** Whole seconds for the client's `retry-after`: it gives up at once on more than 60. */
export function retryAfter(predictedMs: number): number {
  return Math.min(60, Math.max(1, Math.ceil(predictedMs / 1000)));
}
