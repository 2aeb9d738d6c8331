/** Requests as metrics: how they ended, how long they waited, the tokens they took. Labels are bands, backends and codes. */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { EventBus, RequestSummary } from '../../runtime/events.ts';

/** From a warm slot of a small model to a long prompt on a slow Mac. */
const firstTokenBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320];
const waitBuckets = [0.01, 0.1, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1_280];
const durationBuckets = [0.1, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1_280];

/** For what never had one. */
const none = 'none';

/** An engine may say anything, and a counter takes no less than nothing. */
const count = (tokens: number) => (Number.isFinite(tokens) ? Math.max(0, tokens) : 0);

export function countRequests(events: EventBus, registry: Registry): void {
  const registers = [registry];
  const requests = new Counter({
    name: 'warmslot_requests_total',
    help: 'Requests by how they ended; refused: an error before they were taken in.',
    labelNames: ['outcome', 'band', 'backend'] as const,
    registers,
  });
  const errors = new Counter({
    name: 'warmslot_request_errors_total',
    help: 'Requests that were refused or failed, by the code of the error.',
    labelNames: ['code'] as const,
    registers,
  });
  const timesByBand = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, labelNames: ['band'] as const, buckets, registers });
  const firstToken = timesByBand(
    'warmslot_time_to_first_token_seconds',
    'From arrival to the first token.',
    firstTokenBuckets,
  );
  const wait = timesByBand('warmslot_queue_wait_seconds', 'From arrival to a slot.', waitBuckets);
  const duration = timesByBand('warmslot_request_duration_seconds', 'From arrival to the last byte.', durationBuckets);
  const tokens = (name: string, help: string) =>
    new Counter({ name, help, labelNames: ['backend', 'band'] as const, registers });
  const prefilled = tokens('warmslot_prefilled_tokens_total', 'Prompt tokens that an engine had to read.');
  const reused = tokens('warmslot_reused_tokens_total', 'Prompt tokens that an engine still had in its cache.');
  const decoded = tokens('warmslot_decoded_tokens_total', 'Tokens that an engine generated.');
  const exactCache = new Counter({
    name: 'warmslot_exact_cache_requests_total',
    help: 'Requests by what the exact-response cache had for them; joined: the answer of a generation under way.',
    labelNames: ['result'] as const,
    registers,
  });
  const toolCalls = new Counter({
    name: 'warmslot_tool_calls_total',
    help: 'Tool calls by what became of them.',
    labelNames: ['outcome'] as const,
    registers,
  });

  const countTokens = (summary: RequestSummary) => {
    const { cache, ttftMs, promptTokens, cachedTokens, outputTokens, askedAgain, band, backend = none } = summary;
    // Of answers without a generation of their own, and of prompts that nobody read to their end, there is nothing to count.
    if (cache === 'hit' || cache === 'joined' || ttftMs === undefined) return;
    const { promptTokens: again = 0, cachedTokens: reusedAgain = 0, outputTokens: decodedAgain = 0 } = askedAgain ?? {};
    prefilled.inc({ backend, band }, promptTokens - cachedTokens + count(again - reusedAgain));
    reused.inc({ backend, band }, cachedTokens + count(reusedAgain));
    decoded.inc({ backend, band }, outputTokens + count(decodedAgain));
  };

  events.on((event) => {
    switch (event.type) {
      case 'request.finished': {
        const { outcome, band, backend = none, errorCode, cache, queuedMs, ttftMs, totalMs } = event;
        requests.inc({ outcome, band, backend });
        if (errorCode) errors.inc({ code: errorCode });
        exactCache.inc({ result: cache });
        duration.observe({ band }, totalMs / 1_000);
        // Who joins another's generation waits for no slot.
        if (queuedMs !== undefined && cache !== 'joined') wait.observe({ band }, queuedMs / 1_000);
        if (ttftMs !== undefined) firstToken.observe({ band }, ttftMs / 1_000);
        return countTokens(event);
      }
      case 'request.refused':
        requests.inc({ outcome: 'refused', band: none, backend: none });
        return errors.inc({ code: event.code });
      case 'toolCall.read':
        return toolCalls.inc({ outcome: event.outcome });
    }
  });
}
