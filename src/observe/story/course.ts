/** A request's course in time: when it waited, and what each attempt did until when. */
import type { Moment, MomentOf } from './moment.ts';

/** Times are milliseconds since 1970; undefined for what has not come yet. */
export interface Wait {
  readonly from: number;
  readonly to: number | undefined;
  readonly joined: MomentOf<'queue.joined'>;
  /** How it ended, unless it was given up. */
  readonly lease: MomentOf<'lease.granted'> | undefined;
}

export interface Attempt {
  readonly from: number;
  readonly to: number | undefined;
  readonly lease: MomentOf<'lease.granted'>;
  /** The engine was through with the prompt. */
  readonly prefilledAt: number | undefined;
  readonly failure: MomentOf<'attempt.failed'> | undefined;
}

/** The first of its kind. */
export function find<T extends Moment['type']>(moments: readonly Moment[], type: T): MomentOf<T> | undefined {
  return moments.find((moment): moment is MomentOf<T> => moment.type === type);
}

export function waitsOf(moments: readonly Moment[]): readonly Wait[] {
  return moments.flatMap((joined, index) => {
    if (joined.type !== 'queue.joined') return [];
    const end = moments.slice(index + 1).find(({ type }) => endsWait.has(type));
    const lease = end?.type === 'lease.granted' ? end : undefined;
    return [{ from: joined.at, to: end?.at, joined, lease }];
  });
}

export function attemptsOf(moments: readonly Moment[]): readonly Attempt[] {
  return moments.flatMap((lease, index) => {
    if (lease.type !== 'lease.granted') return [];
    const after = moments.slice(index + 1);
    const end = after.findIndex(({ type }) => endsAttempt.has(type));
    const during = end < 0 ? after : after.slice(0, end + 1);
    const prefilledAt = find(during, 'attempt.prefilled')?.at;
    return [{ from: lease.at, to: after[end]?.at, lease, prefilledAt, failure: find(during, 'attempt.failed') }];
  });
}

const endsWait: ReadonlySet<Moment['type']> = new Set([
  'lease.granted',
  'queue.left',
  'queue.refused',
  'request.finished',
]);

const endsAttempt: ReadonlySet<Moment['type']> = new Set([
  'attempt.done',
  'attempt.failed',
  'lease.released',
  'request.finished',
]);
