/**
 * A trace on simulated engines in simulated time: the real scheduler, slots and prefix caches decide. What an engine holds is
 * what its prefix cache's machine believes, so the model is never wrong here; how it is corrected is not what is simulated.
 */
import { createActor, fromCallback } from 'xstate';
import { reuseOf } from '../../machines/policies/reuse.ts';
import type { Policy, PromptShape, Ticket } from '../../machines/policies/types.ts';
import { type PrefixCacheActor, prefixCacheMachine } from '../../machines/prefix-cache.ts';
import { type Lease, type LeaseEvent, type SchedulerActor, schedulerMachine } from '../../machines/scheduler.ts';
import { createSteppingClock, type SteppingClock } from './clock.ts';
import { type EngineModel, startEngine } from './engine-model.ts';
import { promptTokens, type Scenario, type Trace, type TraceRequest } from './trace.ts';

/** A request that was answered; times in milliseconds since the start. */
export interface Served {
  readonly request: TraceRequest;
  readonly engine: string;
  readonly slot: number;
  readonly arrivedAt: number;
  readonly startedAt: number;
  readonly firstTokenAt: number;
  readonly endedAt: number;
  readonly prefilledTokens: number;
  readonly reusedTokens: number;
}

/** @throws Error when the trace comes to a standstill: a request waits for one that never ends, or is never let in */
export function simulate({ name, trace, engines }: Scenario, policy: Policy): readonly Served[] {
  const clock = createSteppingClock();
  const scheduler = createActor(schedulerMachine, {
    clock,
    input: { maxWaiting: trace.length, now: clock.now, policy },
  });
  scheduler.start();
  const byName = new Map(engines.map((model) => [model.name, startBackend(model, scheduler, clock)]));
  const served: Served[] = [];

  const arrive = (request: TraceRequest, ended: () => void) => {
    const arrivedAt = clock.now();
    const run = (lease: Lease) => {
      byName.get(lease.backend)?.(request, lease, (figures) => {
        served.push({ request, engine: lease.backend, slot: lease.slot, arrivedAt, ...figures });
        ended();
      });
    };
    const requester = createActor(
      fromCallback<LeaseEvent>(({ receive }) => {
        receive((event) => {
          if (event.type === 'lease.refused') throw new Error(`${name}: ${request.id} is refused: ${event.reason}`);
          run(event.lease);
        });
      }),
    );
    const ticket = ticketOf(request, arrivedAt, [...byName.keys()]);
    scheduler.send({ type: 'request.enqueue', ticket, requester: requester.start() });
  };

  playTrace(trace, clock, arrive);
  while (served.length < trace.length && clock.step());
  scheduler.stop();
  if (served.length < trace.length) throw new Error(`${name}: ${trace.length - served.length} requests never ran`);
  return served;
}

type Arrive = (request: TraceRequest, ended: () => void) => void;

/** Lets every request arrive its gap after those it needs. */
function playTrace(trace: Trace, clock: SteppingClock, arrive: Arrive): void {
  const missing = new Map(trace.map(({ id, after }) => [id, new Set(after)]));
  const isReady = ({ id }: TraceRequest) => missing.get(id)?.size === 0;
  const schedule = (request: TraceRequest) => {
    missing.delete(request.id);
    clock.setTimeout(() => arrive(request, () => end(request)), request.gapMs);
  };
  const end = ({ id }: TraceRequest) => {
    for (const needs of missing.values()) needs.delete(id);
    trace.filter(isReady).forEach(schedule);
  };
  trace.filter(isReady).forEach(schedule);
}

type Figures = Pick<Served, 'startedAt' | 'firstTokenAt' | 'endedAt' | 'prefilledTokens' | 'reusedTokens'>;

/** An engine with the model of its cache, as the scheduler sees them. */
function startBackend(model: EngineModel, scheduler: SchedulerActor, clock: SteppingClock) {
  const { name: backend, slots, cache: kept } = model;
  const engine = startEngine(model, clock);
  const cache = createActor(prefixCacheMachine, { clock, input: { backend } });
  cache.on('cache.changed', (event) => scheduler.send(event));
  cache.start();
  cache.send({ type: 'cache.described', ...kept });
  scheduler.send({ type: 'backend.changed', backend, intake: 'full', slots });

  return (request: TraceRequest, { slot }: Lease, done: (figures: Figures) => void) => {
    const { id: requestId, outputTokens, callsTool } = request;
    const shape = inBytes(request);
    const startedAt = clock.now();
    const total = promptTokens(request);
    const { kind, held, stored } = cache.getSnapshot().context;
    const { bytes, restored } = reuseOf(shape, { cacheKind: kind, held, stored }, slot);
    // Engines prefill at least the last token, to have something to go on from.
    const reusedTokens = Math.min(total - 1, bytes / bytesPerToken);
    const prefilledTokens = total - reusedTokens;
    let firstTokenAt = startedAt;
    cache.send({ type: 'cache.used', requestId, prompt: { ...shape, slot } });
    engine.generate({
      prefillTokens: prefilledTokens,
      restoredTokens: restored / bytesPerToken,
      outputTokens,
      firstToken() {
        firstTokenAt = clock.now();
        cache.send({ type: 'cache.prefilled', requestId, reused: reusedTokens > 0 });
        if (model.restorePrice !== undefined) storePrefix(cache, shape.prefixKey);
        scheduler.send({ type: 'lease.progress', requestId });
      },
      ended() {
        const endedAt = clock.now();
        cache.send({ type: 'cache.finished', requestId });
        scheduler.send({
          type: 'lease.measured',
          requestId,
          prefillMs: firstTokenAt - startedAt,
          decodeMs: endedAt - firstTokenAt,
          reused: reusedTokens / total,
        });
        done({ startedAt, firstTokenAt, endedAt, prefilledTokens, reusedTokens });
        const endedIn = callsTool ? 'tool_use' : 'answer';
        scheduler.send({ type: 'lease.release', requestId, outcome: 'finished', turn: { endedIn } });
      },
    });
  };
}

function storePrefix(cache: PrefixCacheActor, prefixKey: string): void {
  const { stored } = cache.getSnapshot().context;
  if (!stored.includes(prefixKey)) cache.send({ type: 'cache.stored', prefixKeys: [...stored, prefixKey] });
}

/** As a tokenizer does it to code and English; schedulers know bytes. */
const bytesPerToken = 4;

function inBytes({ shape: { prefixKey, prefixBytes, chain } }: TraceRequest): PromptShape {
  return {
    prefixKey,
    prefixBytes: prefixBytes * bytesPerToken,
    chain: chain.map(({ key, bytes }) => ({ key, bytes: bytes * bytesPerToken })),
  };
}

function ticketOf(request: TraceRequest, arrivedAt: number, backends: readonly string[]): Ticket {
  const { id, session, lineage, client, band } = request;
  const tokens = promptTokens(request);
  const shape = inBytes(request);
  return {
    requestId: id,
    session,
    lineage,
    client,
    band,
    arrivedAt,
    shape,
    bytes: tokens * bytesPerToken,
    promptTokens: tokens,
    // The header names tools' times only after the fact, and older clients send none.
    toolMs: undefined,
    candidates: backends,
    pool: backends,
  };
}
