/** The registry of requests: starts one root actor each, carries out what it decides, and cleans up whatever became of it. */
import { createActor, fromCallback } from 'xstate';
import type { Ticket } from '../../machines/policies/types.ts';
import { type AttemptInput, type RequestEvent, requestMachine } from '../../machines/request.ts';
import type { SchedulerActor } from '../../machines/scheduler.ts';
import { type ResponseCache, responseKey } from '../cache/responses.ts';
import { GatewayError, toGatewayError } from '../protocol/errors.ts';
import { replay } from '../reply/replay.ts';
import { flightKey, follow, lead, type NewRequest } from './arrival.ts';
import { startAttempt } from './attempt.ts';
import type { BackendHandle } from './backend.ts';
import { createCancelled } from './cancelled.ts';
import type { EventBus } from './events.ts';
import { errorOf, failureOf, isEnginesFault, toldOf } from './failure.ts';
import { isWanted } from './grace.ts';
import type { Inspection } from './inspection.ts';
import type { Job } from './job.ts';
import { startLeaseMeter } from './lease-meter.ts';
import { describeLive, type Live, type LiveRequest, lookAt } from './live.ts';
import { milestoneOf } from './milestones.ts';
import type { Models } from './models.ts';
import type { Sessions } from './sessions.ts';
import { summarize, turnOf } from './summary.ts';
import type { Timing } from './timing.ts';
import type { WarmUp } from './warm-up.ts';

export interface Requests {
  /**
   * Starts the request; the answer goes to its reply port. The returned function tells that the client has gone.
   * @throws GatewayError when the request cannot be served by any backend, or is one again that was cancelled; nothing was sent
   */
  start(request: NewRequest): () => void;
  running(): number;
  waiting(): number;
  /** In order of arrival. */
  list(): readonly LiveRequest[];
  find(id: string): LiveRequest | undefined;
  /** Ends one with an error that names who did it. Returns whether there was one. */
  cancel(id: string, by: string): boolean;
  /** Resolves when no request is left. */
  idle(): Promise<void>;
  /** Ends whatever still runs with an error. */
  failAll(): void;
  close(): void;
}

type FlightEnd = Extract<RequestEvent, { type: 'flight.ended' | 'flight.failed' }>;

interface Deps {
  readonly scheduler: SchedulerActor;
  readonly backends: ReadonlyMap<string, BackendHandle>;
  readonly models: Models;
  readonly sessions: Sessions;
  readonly cache: ResponseCache;
  readonly events: EventBus;
  readonly timing: Timing;
  readonly warmUp: Pick<WarmUp, 'runs'> | undefined;
  readonly inspection: Inspection;
}

export function createRequests(deps: Deps): Requests {
  const { scheduler, backends, cache, events, timing, warmUp, inspection } = deps;
  const live = new Map<string, Live>();
  /** Requests whose answer others may still join. */
  const flights = new Map<string, Live>();
  const cancelled = createCancelled();
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
        job.slot = lease.slot;
        job.reason = lease.reason;
        job.flight.describe({ 'x-warmslot-backend': lease.backend });
        job.expectOf(handle, lease);
        warmUp?.runs(job, lease.backend);
        const attempt = startAttempt(job, handle, lease, {
          report(event) {
            if (event.type === 'attempt.done' && handle.status() !== 'up')
              handle.actor.send({ type: 'attempt.succeeded' });
            if (event.type === 'attempt.failed' && isEnginesFault(event.failure)) {
              handle.actor.send({ type: 'attempt.broke', reason: toldOf(event.failure) });
            }
            const milestone = milestoneOf(job.id, event);
            if (milestone) events.emit(milestone);
            sendBack(event);
          },
          count: (outcome, tool, changes) =>
            events.emit({ type: 'toolCall.read', requestId: job.id, tool, outcome, changes }),
          meter: startLeaseMeter(scheduler, job.id, () =>
            events.emit({ type: 'attempt.prefilled', requestId: job.id }),
          ),
        });
        entry.attempt = attempt;
        return attempt.stop;
      }),
    },
    actions: {
      openReply: ({ context }) => {
        const { job } = liveOf(context.ticket.requestId);
        if (!job.flight.streamed) return;
        job.startEarly();
        job.flight.flush();
      },
      replay: ({ context }) => {
        const entry = liveOf(context.ticket.requestId);
        const { reply, answer } = entry;
        if (!answer) throw new Error('there is no cached answer');
        reply.open();
        replay(answer, (event) => reply.event(event));
        endReply(entry);
      },
      join: ({ context }) => {
        const { job, leader, reply } = liveOf(context.ticket.requestId);
        job.flight.attach(reply);
        leader?.actor.send({ type: 'client.joined' });
      },
      endReply: ({ context }) => {
        const entry = liveOf(context.ticket.requestId);
        if (!entry.leader) {
          if (entry.key) keepAnswer(entry.job, entry.key);
          closeFlight(entry, { type: 'flight.ended' });
        }
        endReply(entry);
      },
      sendFailure: ({ context }, { failure }) => {
        liveOf(context.ticket.requestId).reply.fail(errorOf(failure));
      },
    },
    guards: {
      isSuperfluous: ({ context }, { lease }) =>
        liveOf(context.ticket.requestId).job.flight.deserted && isNeeded(context.ticket, lease.backend),
    },
    delays: { openAfter: timing.openAfter, grace: timing.grace },
  });

  const isOpen = (entry: Live) => entry.flightKey !== undefined && flights.get(entry.flightKey) === entry;

  /** Nobody can join it any more; those who have are told how it ended. */
  const closeFlight = (entry: Live, end: FlightEnd) => {
    if (!entry.flightKey || !isOpen(entry)) return;
    flights.delete(entry.flightKey);
    for (const { leader, actor } of live.values()) if (leader === entry) actor.send(end);
  };

  const keepAnswer = ({ message, turn, askedAgain }: Job, key: string) => {
    const answer = message();
    cache.set(key, answer);
    // What the engine wrote is another answer than the client got then.
    if (!askedAgain) turn.answered(answer);
  };

  const endReply = ({ id, reply, actor }: Live) => {
    reply.end();
    void reply.finished.then(() => {
      if (live.has(id)) actor.send({ type: 'reply.finished' });
    });
  };

  const isNeeded = (ticket: Ticket, backend: string | undefined) =>
    isWanted(scheduler.getSnapshot(), ticket, backend, (id) => live.get(id)?.job.flight.deserted === true);

  /** Gives up what nobody reads where somebody else needs the slot. */
  const endGraces = () => {
    for (const { actor, job } of live.values()) {
      if (!job.flight.deserted) continue;
      const snapshot = actor.getSnapshot();
      if (snapshot.matches('settling')) continue;
      const { ticket, lease } = snapshot.context;
      if (isNeeded(ticket, lease?.backend)) actor.send({ type: 'grace.over' });
    }
  };
  scheduler.subscribe(endGraces);

  /** Its client has gone; others may still read the answer. */
  const leave = ({ id, job, leader, reply, actor }: Live) => {
    job.flight.detach(reply);
    if (!leader && !job.flight.deserted) return;
    if (!leader) events.emit({ type: 'request.deserted', requestId: id });
    actor.send({ type: 'client.closed' });
    endGraces();
  };

  const finished = (id: string, thrown?: unknown) => {
    const entry = live.get(id);
    if (!entry) return;
    live.delete(id);
    const { leader, job, reply, actor } = entry;
    // An action that throws leaves invoked actors running (xstate #5153): the engine is stopped from out here.
    entry.attempt?.stop();
    if (thrown !== undefined) {
      scheduler.send({ type: 'request.leave', requestId: id });
      scheduler.send({ type: 'lease.release', requestId: id, outcome: 'abandoned' });
      reply.fail(toGatewayError(thrown));
      events.emit({ type: 'actor.broke', actor: `request ${id}`, error: thrown });
    }
    const snapshot = actor.getSnapshot();
    job.flight.detach(reply);
    if (leader) {
      events.emit(
        summarize({ ...job, id, cache: 'joined', arrivedAt: entry.arrivedAt, askedAgain: undefined }, snapshot),
      );
      if (isOpen(leader) && job.flight.deserted) leave(leader);
    } else {
      const failure = thrown === undefined ? snapshot.context.failure : undefined;
      // Errors cost a stack trace: only for those whose flight has not ended in an answer.
      if (isOpen(entry))
        closeFlight(entry, { type: 'flight.failed', failure: failure ?? failureOf(toGatewayError(thrown)) });
      const summary = summarize(job, snapshot);
      job.turn.ended(turnOf(summary, job));
      events.emit(summary);
      job.dispose();
    }
    if (live.size > 0) return;
    for (const resolve of idleWaiters) resolve();
    idleWaiters.clear();
  };

  const keepAlive = setInterval(() => {
    for (const entry of live.values()) lookAt(entry, timing);
  }, timing.keepAlive);
  keepAlive.unref();

  return {
    start(request) {
      const { id, prompt, reply, skipCache } = request;
      const key = skipCache ? undefined : responseKey(prompt);
      const same = key === undefined ? undefined : flightKey(request, key);
      const cancelledBy = same && cancelled.take(same);
      if (cancelledBy) throw new GatewayError('request_cancelled', `${cancelledBy} cancelled this request.`);
      const leader = same && flights.get(same);
      const { ticket, source, ...arrival } = leader ? follow(request, leader, events) : lead(request, key, deps);
      const actor = createActor(machine, { id, input: { ticket, scheduler, source }, ...inspection });
      const entry: Live = { id, actor, reply, attempt: undefined, ...arrival };
      live.set(id, entry);
      if (entry.flightKey) flights.set(entry.flightKey, entry);
      actor.subscribe({ complete: () => finished(id), error: (error) => finished(id, error) });
      actor.start();
      return () => leave(entry);
    },
    running: () => [...live.values()].filter(({ actor }) => actor.getSnapshot().hasTag('generating')).length,
    waiting: () => [...live.values()].filter(({ actor }) => actor.getSnapshot().hasTag('waiting')).length,
    list: () => [...live.values()].map(describeLive),
    find(id) {
      const entry = live.get(id);
      return entry && describeLive(entry);
    },
    cancel(id, by) {
      const entry = live.get(id);
      if (!entry) return false;
      const { actor, leader, flightKey = leader?.flightKey } = entry;
      const readers = [...live.values()].filter((each) => each === entry || each.leader === entry);
      const inStream = readers.filter(({ reply }) => reply.opened).length;
      actor.send({ type: 'owner.cancelled', by });
      if (flightKey && actor.getSnapshot().matches('failed')) cancelled.add(flightKey, by, inStream);
      return true;
    },
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
