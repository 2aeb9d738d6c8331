/** What happened, in words for people: for the log of decisions. Never a word of a prompt, an answer or a key. */
import type { GatewayEvent, RequestSummary } from '../../runtime/events.ts';

/** Undefined for what is no decision: what follows from one, or happens all the time. */
export function wordsOf(event: GatewayEvent): string | undefined {
  switch (event.type) {
    case 'queue.joined':
      return event.startsInMs > 0
        ? `joins the queue in place ${event.place} of ${event.waiting}, expected to start in ${seconds(event.startsInMs)}`
        : undefined;
    case 'queue.left':
      return 'leaves the queue';
    case 'queue.refused':
      return `is not taken: ${refusals[event.reason]}`;
    case 'lease.granted':
      return `runs on ${event.lease.backend} #${event.lease.slot}: ${event.lease.reason} (${plans[event.lease.plan]})`;
    case 'request.joined':
      return `hears the answer of ${event.leader}, which asks the same`;
    case 'request.deserted':
      return 'is read by nobody any more';
    case 'request.finished':
      return endOf(event);
    case 'attempt.failed':
      return `its attempt failed: ${event.code}`;
    case 'slot.held':
      return `${event.backend} #${event.index} is kept for ${event.lineage}, for at most ${seconds(event.forMs)}`;
    case 'session.turn':
      return event.lostTokens > 0 ? `lost ${event.lostTokens} tokens of its last prompt: ${event.cause}` : undefined;
    case 'session.shortfall':
      return `found ${event.cachedTokens} of ${event.promptTokens} tokens in the cache: ${event.cause}`;
    case 'toolCall.read':
      return event.outcome === 'ok' ? undefined : `a tool call was ${event.outcome}`;
    case 'backend.changed':
      return event.status === 'probing' || event.status === 'halfOpen'
        ? undefined
        : `${event.backend} is ${event.status}`;
    case 'backend.drained':
      return `${event.backend} ${event.drained ? 'takes nothing new' : 'takes work again'}, as its owner wants`;
    case 'owner.acted':
      return `${event.client}: ${event.text}`;
    case 'engine.restarted':
      return `${event.backend} is another process than before and has lost its cache`;
    case 'warmUp.started':
      return `${event.backend} has nothing to do and is warmed up`;
    case 'warmUp.ended':
      return `warming up ${event.backend}: ${warmUps[event.outcome]}`;
    case 'notice':
      return event.text;
    case 'actor.broke':
      return `${event.actor} broke; the log says how`;
    case 'slot.broke':
      return `slot ${event.id} broke; the log says how`;
    default:
      return undefined;
  }
}

const refusals = {
  queue_full: 'too many wait',
  no_backend: 'no engine takes work',
  shutting_down: 'the gateway shuts down',
} as const;

const plans = {
  restore: 'from the cache',
  snapshot: 'prefilled and kept',
  none: 'nothing is kept',
} as const;

const warmUps = { done: 'done', dropped: 'given up for real work', failed: 'failed' } as const;

/** An engine's own words may quote the prompt: the error's code has to do. */
function endOf({
  outcome,
  errorCode,
  cache,
  promptTokens,
  cachedTokens,
  outputTokens,
  totalMs,
}: RequestSummary): string {
  if (outcome === 'failed') return `failed after ${seconds(totalMs)}: ${errorCode}`;
  if (outcome === 'cancelled') return `was cancelled after ${seconds(totalMs)}`;
  if (cache === 'hit') return 'answered from the exact-response cache';
  return `done in ${seconds(totalMs)}: ${promptTokens} tokens read, ${cachedTokens} of them cached, ${outputTokens} written`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
