/** A request as it arrives: whose answer it gets, and what it begins with. */

import type { Ticket } from '../../machines/policies/types.ts';
import type { Source } from '../../machines/request.ts';

import { asCached, type ResponseCache } from '../cache/responses.ts';
import type { Identity } from '../prompt/lineage.ts';
import type { Prompt } from '../prompt/types.ts';
import type { Message } from '../protocol/anthropic/events.ts';
import { eligible } from './eligible.ts';
import type { CacheUse, EventBus } from './events.ts';
import type { Inspection } from './inspection.ts';
import { createJob } from './job.ts';
import type { Live } from './live.ts';
import type { Models } from './models.ts';
import { isProbe, probeAnswer } from './probe.ts';
import type { ReplyPort } from './reply-port.ts';
import type { Sessions } from './sessions.ts';
import { ticketOf } from './ticket.ts';

export interface NewRequest {
  readonly id: string;
  readonly identity: Identity;
  /** Name of the key that was used. */
  readonly client: string;
  readonly prompt: Prompt;
  readonly reply: ReplyPort;
  /** The client asked for a fresh answer. */
  readonly skipCache: boolean;
  /** The client's W3C trace context, checked. */
  readonly traceparent?: string | undefined;
}

export interface Arrival extends Pick<Live, 'job' | 'leader' | 'arrivedAt' | 'key' | 'flightKey' | 'answer'> {
  readonly ticket: Ticket;
  readonly source: Source;
}

interface Deps {
  readonly models: Models;
  readonly sessions: Sessions;
  readonly cache: ResponseCache;
  readonly events: EventBus;
  readonly inspection: Inspection;
}

/**
 * With a generation, or a cached answer, of its own.
 * @param key of its answer; undefined when the answer is nobody else's business
 * @throws GatewayError when no backend can serve it
 */
export function lead(request: NewRequest, key: string | undefined, deps: Deps): Arrival {
  const { id, identity, client, prompt, reply, skipCache } = request;
  const { models, sessions, cache, events, inspection } = deps;
  const route = eligible(prompt, models.candidates(prompt.model), identity.band);
  const { candidates, promptTokens } = route;
  const answer = answerAtHand(request, promptTokens, key, cache);
  const arrivedAt = performance.now();
  const use = answer ? 'hit' : skipCache ? 'bypass' : 'miss';
  tellStart(request, use, events);
  const job = createJob({
    id,
    identity,
    client,
    prompt,
    turn: sessions.begin({ requestId: id, identity, client, prompt, promptTokens }),
    arrivedAt,
    cache: use,
    keep: key !== undefined && !answer,
    promptTokens,
    inspection,
  });
  const [first] = candidates;
  const preferred = first?.backend.name ?? '';
  reply.describe({ 'x-warmslot-cache': job.cache });
  job.flight.describe({ 'x-warmslot-backend': preferred });
  job.flight.attach(reply);
  if (answer) job.backend = preferred;
  else if (first) job.expectOf(first);
  return {
    job,
    leader: undefined,
    arrivedAt,
    key,
    flightKey: key && !answer ? flightKey(request, key) : undefined,
    answer,
    ticket: ticketOf(job, prompt.bytes, route),
    source: answer ? 'cache' : 'engine',
  };
}

/** What is answered without an engine. */
function answerAtHand(
  { prompt, reply }: NewRequest,
  promptTokens: number,
  key: string | undefined,
  cache: ResponseCache,
): Message | undefined {
  if (isProbe(prompt, reply.stream)) return probeAnswer(prompt, promptTokens);
  const cached = key ? cache.get(key) : undefined;
  return cached && asCached(cached);
}

/** With the answer that is on its way to another. */
export function follow(request: NewRequest, leader: Live, events: EventBus): Arrival {
  const { id, reply } = request;
  const arrivedAt = performance.now();
  tellStart(request, 'joined', events);
  events.emit({ type: 'request.joined', requestId: id, leader: leader.id });
  reply.describe({ 'x-warmslot-cache': 'joined' });
  const { ticket } = leader.actor.getSnapshot().context;
  return {
    job: leader.job,
    leader,
    arrivedAt,
    key: undefined,
    flightKey: undefined,
    answer: undefined,
    ticket: { ...ticket, requestId: id, arrivedAt },
    source: 'flight',
  };
}

/** Answers are shared within a client's lineage alone: elsewhere the same question is a coincidence. */
export function flightKey({ client, identity }: NewRequest, key: string): string {
  return JSON.stringify([client, identity.lineage, key]);
}

function tellStart(request: NewRequest, cache: CacheUse, events: EventBus): void {
  const { id: requestId, identity, client, prompt, traceparent } = request;
  const { sessionId: session, lineage, band } = identity;
  const { model } = prompt;
  events.emit({ type: 'request.started', requestId, session, lineage, client, band, model, cache, traceparent });
}
