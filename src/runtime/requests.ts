/** The registry of requests: starts one root actor each, carries out what it decides, and cleans up whatever became of it. */
import { createActor, fromCallback } from 'xstate';
import { type AttemptInput, type RequestActor, requestMachine } from '../../machines/request.ts';
import type { SchedulerActor } from '../../machines/scheduler.ts';
import { asCached, type ResponseCache, responseKey } from '../cache/responses.ts';
import type { Identity } from '../prompt/lineage.ts';
import type { Prompt } from '../prompt/types.ts';
import type { Message } from '../protocol/anthropic/events.ts';
import { toGatewayError } from '../protocol/errors.ts';
import { replay } from '../reply/replay.ts';
import { type Attempt, startAttempt } from './attempt.ts';
import type { BackendHandle } from './backend.ts';
import { eligible } from './eligible.ts';
import type { EventBus } from './events.ts';
import { errorOf, isEnginesFault } from './failure.ts';
import { createJob, type Job } from './job.ts';
import { startLeaseMeter } from './lease-meter.ts';
import type { Models } from './models.ts';
import type { ReplyPort } from './reply-port.ts';
import type { Sessions } from './sessions.ts';
import { summarize, turnOf } from './summary.ts';
import { ticketOf } from './ticket.ts';
import type { Timing } from './timing.ts';

export interface NewRequest {
  readonly id: string;
  readonly identity: Identity;
  /** Name of the key that was used. */
  readonly client: string;
  readonly prompt: Prompt;
  readonly reply: ReplyPort;
  /** The client asked for a fresh answer. */
  readonly skipCache: boolean;
}

export interface Requests {
  /**
   * Starts the request; the answer goes to its reply port. The returned function tells that the client has gone.
   * @throws GatewayError when the request cannot be served by any backend, before anything was sent
   */
  start(request: NewRequest): () => void;
  running(): number;
  waiting(): number;
  /** Resolves when no request is left. */
  idle(): Promise<void>;
  /** Ends whatever still runs with an error. */
  failAll(): void;
  close(): void;
}

interface Deps {
  readonly scheduler: SchedulerActor;
  readonly backends: ReadonlyMap<string, BackendHandle>;
  readonly models: Models;
  readonly sessions: Sessions;
  readonly cache: ResponseCache;
  readonly events: EventBus;
  readonly timing: Timing;
}

interface Live {
  readonly job: Job;
  readonly actor: RequestActor;
  attempt: Attempt | undefined;
  /** Under which the answer is kept. */
  readonly key: string | undefined;
  /** The answer, when the exact-response cache has it. */
  readonly answer: Message | undefined;
}

export function createRequests(deps: Deps): Requests {
  const { scheduler, backends, models, sessions, cache, events, timing } = deps;
  const live = new Map<string, Live>();
  const idleWaiters = new Set<() => void>();

  const liveOf = (id: string): Live => {
    const found = live.get(id);
    if (!found) throw new Error(`request ${id} is not live`);
    return found;
  };

  const machine = requestMachine.provide({
    actors: {
      attempt: fromCallback(({ input, sendBack }) => {
        const { lease }: AttemptInput = input;
        const entry = liveOf(lease.requestId);
        const { job } = entry;
        const handle = backends.get(lease.backend);
        if (!handle) throw new Error(`no backend ${lease.backend}`);
        job.grantedAt ??= performance.now();
        job.backend = lease.backend;
        job.reply.describe({ 'x-warmslot-backend': lease.backend });
        job.expectOf(handle, lease.slot);
        const attempt = startAttempt(job, handle, lease, {
          report(event) {
            if (event.type === 'attempt.done' && handle.status() !== 'up')
              handle.actor.send({ type: 'attempt.succeeded' });
            if (event.type === 'attempt.failed' && isEnginesFault(event.failure)) {
              handle.actor.send({ type: 'attempt.broke', reason: event.failure.message });
            }
            sendBack(event);
          },
          count: (outcome, tool, changes) =>
            events.emit({ type: 'toolCall.read', requestId: job.id, tool, outcome, changes }),
          meter: startLeaseMeter(scheduler, job.id),
        });
        entry.attempt = attempt;
        return attempt.stop;
      }),
    },
    actions: {
      openReply: ({ context }) => {
        const { job } = liveOf(context.ticket.requestId);
        if (!job.reply.stream) return;
        job.startEarly();
        job.reply.flush();
      },
      replay: ({ context }) => {
        const entry = liveOf(context.ticket.requestId);
        const { reply } = entry.job;
        if (!entry.answer) throw new Error('there is no cached answer');
        reply.open();
        replay(entry.answer, (event) => reply.event(event));
        endReply(entry);
      },
      endReply: ({ context }) => {
        const entry = liveOf(context.ticket.requestId);
        if (entry.key) keepAnswer(entry.job, entry.key);
        endReply(entry);
      },
      sendFailure: ({ context }, { failure }) => {
        const { job } = liveOf(context.ticket.requestId);
        job.reply.fail(errorOf(failure));
      },
    },
    delays: { openAfter: timing.openAfter },
  });

  const keepAnswer = ({ message, turn, askedAgain }: Job, key: string) => {
    const answer = message();
    cache.set(key, answer);
    // What the engine wrote is another answer than the client got then.
    if (!askedAgain) turn.answered(answer);
  };

  const endReply = ({ job, actor }: Live) => {
    job.reply.end();
    void job.reply.finished.then(() => {
      if (live.has(job.id)) actor.send({ type: 'reply.finished' });
    });
  };

  const finished = (id: string, thrown?: unknown) => {
    const entry = live.get(id);
    if (!entry) return;
    live.delete(id);
    // An action that throws leaves invoked actors running (xstate #5153): the engine is stopped from out here.
    entry.attempt?.stop();
    if (thrown !== undefined) {
      scheduler.send({ type: 'request.leave', requestId: id });
      scheduler.send({ type: 'lease.release', requestId: id, outcome: 'abandoned' });
      entry.job.reply.fail(toGatewayError(thrown));
      events.emit({ type: 'actor.broke', actor: `request ${id}`, error: thrown });
    }
    const summary = summarize(entry.job, entry.actor.getSnapshot());
    entry.job.turn.ended(turnOf(summary, entry.job));
    events.emit(summary);
    entry.job.dispose();
    if (live.size > 0) return;
    for (const resolve of idleWaiters) resolve();
    idleWaiters.clear();
  };

  /** Everything about a request that only matters after many seconds, so that no request needs timers for it. */
  const lookAt = ({ job, actor, attempt }: Live) => {
    const snapshot = actor.getSnapshot();
    if (snapshot.hasTag('terminal')) return;
    if (job.reply.silentFor() >= timing.keepAlive) job.keepAlive();
    if (snapshot.hasTag('waiting') && performance.now() - job.arrivedAt > timing.queueTimeout) {
      actor.send({ type: 'queue.expired' });
    }
    if (snapshot.hasTag('generating') && attempt) {
      const { firstTokenTimeout, silenceTimeout } = timing;
      const limit = snapshot.context.forwarded ? silenceTimeout : firstTokenTimeout;
      if (attempt.silentFor() > limit && !attempt.giveUpAsking()) actor.send({ type: 'attempt.silent' });
    }
  };

  const keepAlive = setInterval(() => {
    for (const entry of live.values()) lookAt(entry);
  }, timing.keepAlive);
  keepAlive.unref();

  return {
    start({ id, identity, client, prompt, reply, skipCache }) {
      const { candidates, pool, promptTokens } = eligible(prompt, models.candidates(prompt.model));
      const key = skipCache ? undefined : responseKey(prompt);
      const answer = key ? cache.get(key) : undefined;
      const keep = key !== undefined && !answer;
      const arrivedAt = performance.now();
      events.emit({ type: 'request.started', requestId: id, session: identity.sessionId, model: prompt.model });
      const turn = sessions.begin({ requestId: id, identity, client, prompt, promptTokens });
      const job = createJob({ id, identity, client, prompt, turn, reply, arrivedAt, keep, promptTokens });
      job.cache = answer ? 'hit' : skipCache ? 'bypass' : 'miss';
      const [first] = candidates;
      const preferred = first?.backend.name ?? '';
      reply.describe({ 'x-warmslot-cache': job.cache, 'x-warmslot-backend': preferred });
      if (answer) job.backend = preferred;
      else if (first) job.expectOf(first);
      const actor = createActor(machine, {
        input: {
          ticket: ticketOf(job, prompt.bytes, { candidates, pool, promptTokens }),
          scheduler,
          cached: answer !== undefined,
        },
      });
      live.set(id, { job, actor, attempt: undefined, key, answer: answer && asCached(answer) });
      actor.subscribe({ complete: () => finished(id), error: (error) => finished(id, error) });
      actor.start();
      return () => actor.send({ type: 'client.closed' });
    },
    running: () => [...live.values()].filter(({ actor }) => actor.getSnapshot().hasTag('generating')).length,
    waiting: () => [...live.values()].filter(({ actor }) => actor.getSnapshot().hasTag('waiting')).length,
    idle: () => new Promise((resolve) => (live.size === 0 ? resolve() : idleWaiters.add(resolve))),
    failAll() {
      for (const { actor } of live.values()) actor.send({ type: 'gateway.closing' });
    },
    close() {
      clearInterval(keepAlive);
      for (const { actor } of live.values()) actor.stop();
    },
  };
}
