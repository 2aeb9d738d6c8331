/** Whether a request may join the queue at all. */
import type { BackendView, Ticket } from './types.ts';

export type Refusal = 'queue_full' | 'no_backend' | 'shutting_down';

export interface AdmissionState {
  readonly waiting: number;
  readonly maxWaiting: number;
  readonly draining: boolean;
  readonly backends: readonly BackendView[];
}

/**
 * Why the ticket is refused, or undefined. With every candidate down there is nothing to wait for: Claude Code retries a 503
 * by itself for three minutes, which is better than a silent stream.
 */
export function refusal(ticket: Ticket, state: AdmissionState): Refusal | undefined {
  if (state.draining) return 'shutting_down';
  if (!state.backends.some((backend) => takesWork(backend) && ticket.candidates.includes(backend.name)))
    return 'no_backend';
  return state.waiting >= state.maxWaiting ? 'queue_full' : undefined;
}

export function takesWork(backend: BackendView): boolean {
  return backend.intake !== 'none';
}
