/** A request's moments as spans: request, and in it queue, attempt, prefill and decode. No texts, only figures and reasons. */
import { type Attempt, attemptsOf, find, type Wait, waitsOf } from '../story/course.ts';
import type { Moment, MomentOf } from '../story/moment.ts';

export type Attributes = Record<string, string | number | undefined>;

export interface SpanPlan {
  readonly name: 'request' | 'queue' | 'attempt' | 'prefill' | 'decode';
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly attributes: Attributes;
  /** A code of the error table, and words without quotes. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly children: readonly SpanPlan[];
}

/** @param moments of one request that is over; undefined if it never became one */
export function spansOf(moments: readonly Moment[]): SpanPlan | undefined {
  const started = find(moments, 'request.started');
  const finished = find(moments, 'request.finished');
  if (!started || !finished) return undefined;
  const { errorCode: code, errorMessage: message = '' } = finished;
  return {
    name: 'request',
    from: started.at,
    to: finished.at,
    attributes: requestAttributes(started, finished, find(moments, 'session.turn')),
    error: code === undefined ? undefined : { code, message },
    children: [
      ...waitsOf(moments).map((wait) => queueSpan(wait, finished.at)),
      ...attemptsOf(moments).map((attempt) => attemptSpan(attempt, finished.at)),
    ],
  };
}

function requestAttributes(
  started: MomentOf<'request.started'>,
  finished: MomentOf<'request.finished'>,
  turn: MomentOf<'session.turn'> | undefined,
): Attributes {
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'warmslot',
    'gen_ai.request.model': started.model,
    'gen_ai.conversation.id': started.session,
    'gen_ai.usage.input_tokens': finished.promptTokens,
    'gen_ai.usage.cache_read.input_tokens': finished.cachedTokens,
    'gen_ai.usage.output_tokens': finished.outputTokens,
    'gen_ai.response.time_to_first_chunk': finished.ttftMs === undefined ? undefined : finished.ttftMs / 1_000,
    'warmslot.request.id': started.requestId,
    'warmslot.outcome': finished.outcome,
    'warmslot.client': started.client,
    'warmslot.lineage': started.lineage,
    'warmslot.band': started.band,
    'warmslot.exact_cache': finished.cache,
    'warmslot.backend': finished.backend,
    'warmslot.slot': finished.slot,
    'warmslot.reused_tokens': finished.cachedTokens,
    'warmslot.turn': turn?.turn,
    'warmslot.cause': turn?.cause,
    'warmslot.lost_tokens': turn?.lostTokens,
  };
}

function queueSpan({ from, to, joined }: Wait, end: number): SpanPlan {
  const attributes = {
    'warmslot.queue.place': joined.place,
    'warmslot.queue.waiting': joined.waiting,
    'warmslot.queue.expected_seconds': joined.startsInMs / 1_000,
  };
  return { name: 'queue', from, to: to ?? end, attributes, error: undefined, children: [] };
}

function attemptSpan(
  { from, to = Number.POSITIVE_INFINITY, lease, prefilledAt, failure }: Attempt,
  end: number,
): SpanPlan {
  const until = Math.min(to, end);
  const phase = (name: 'prefill' | 'decode', from: number, to: number): SpanPlan => ({
    ...{ name, from, to, attributes: {}, error: undefined, children: [] },
  });
  return {
    name: 'attempt',
    from,
    to: until,
    attributes: {
      'warmslot.backend': lease.backend,
      'warmslot.slot': lease.slot,
      'warmslot.plan': lease.plan,
      'warmslot.reason': lease.reason,
    },
    error: failure && { code: failure.code, message: failure.message },
    children: [
      phase('prefill', from, prefilledAt ?? until),
      ...(prefilledAt === undefined ? [] : [phase('decode', prefilledAt, until)]),
    ],
  };
}
