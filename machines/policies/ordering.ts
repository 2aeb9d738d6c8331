/**
 * Who is served first: whoever a slot is kept for; then the band decides, then fairness between clients, then the smallest
 * predicted prefill, then arrival. Where that would make somebody wait too long, deadlines decide.
 */
import { compareBands } from './band.ts';
import { isSameLineage } from './hold.ts';
import type { Spot } from './spot.ts';
import type { Policy, Waiting } from './types.ts';

/** One that could start at once. */
export interface Candidate {
  readonly waiting: Waiting;
  /** Its best. */
  readonly spot: Spot;
  /** Milliseconds that its client is beyond its share, see fairness. */
  readonly excessMs: number;
}

/** @param candidates in order of arrival */
export function serviceOrder(candidates: readonly Candidate[], policy: Policy): readonly Candidate[] {
  return candidates.toSorted((a, b) => compare(a, b, policy));
}

/** For when the others could not all be served in time if the first of the usual order ran now, see slack. */
export function deadlineOrder(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.toSorted((a, b) => a.waiting.deadline - b.waiting.deadline);
}

function compare(a: Candidate, b: Candidate, { order }: Policy): number {
  const kept = Number(isExpected(b)) - Number(isExpected(a));
  if (order === 'fifo') return kept || a.excessMs - b.excessMs;
  return (
    kept ||
    compareBands(a.waiting.ticket.band, b.waiting.ticket.band) ||
    a.excessMs - b.excessMs ||
    a.spot.prefillMs - b.spot.prefillMs
  );
}

export type Criterion = 'kept' | 'band' | 'share' | 'prefill' | 'arrival';

/** What puts the first of two before the second in the order of service. */
export function decisive(a: Candidate, b: Candidate, { order }: Policy): Criterion {
  if (isExpected(a) !== isExpected(b)) return 'kept';
  if (order === 'warm' && a.waiting.ticket.band !== b.waiting.ticket.band) return 'band';
  if (a.excessMs !== b.excessMs) return 'share';
  return order === 'warm' && a.spot.prefillMs !== b.spot.prefillMs ? 'prefill' : 'arrival';
}

/** The slot was kept for it. */
function isExpected({ waiting, spot }: Candidate): boolean {
  const { hold } = spot.slot;
  return hold !== undefined && isSameLineage(hold.ticket, waiting.ticket);
}
