/** Binds a backend to its two machines, health and prefix cache, and keeps what the engine said of itself. */
import { createActor, fromPromise } from 'xstate';
import { type BackendActor, type BackendStatus, backendMachine, type ProbeReport } from '../../machines/backend.ts';
import type { Intake } from '../../machines/policies/types.ts';
import { type PrefixCacheActor, prefixCacheMachine } from '../../machines/prefix-cache.ts';
import type { SchedulerActor } from '../../machines/scheduler.ts';
import type { Backend, EngineInfo } from '../backends/types.ts';
import { toGatewayError } from '../protocol/errors.ts';
import type { EventBus } from './events.ts';
import type { Inspection } from './inspection.ts';
import type { Timing } from './timing.ts';

export interface BackendHandle {
  readonly backend: Backend;
  readonly actor: BackendActor;
  readonly cache: PrefixCacheActor;
  /** Whether it is asked once more for a tool call that no tool can take. */
  readonly askAgain: boolean;
  /** `auxiliary`: for side requests alone. */
  readonly use: 'all' | 'auxiliary';
  /** Undefined until the first probe that succeeded. */
  info(): EngineInfo | undefined;
  status(): BackendStatus;
  /** By its owner: it is given nothing new. */
  drained(): boolean;
  /** Whether it would be given a request now. */
  takesWork(): boolean;
  /** Why it is not up, in words; empty when it is. */
  reason(): string;
  /** Generations running on it right now. */
  running: number;
  /** Resolves after the first probe, whatever it said. */
  readonly firstProbe: Promise<void>;
  close(): Promise<void>;
}

interface Deps {
  readonly askAgain: boolean;
  readonly use: BackendHandle['use'];
  readonly scheduler: SchedulerActor;
  readonly events: EventBus;
  readonly timing: Timing;
  readonly inspection: Inspection;
}

export function startBackend(backend: Backend, deps: Deps): BackendHandle {
  const { scheduler, events, timing, askAgain, use, inspection } = deps;
  const { name } = backend;
  let info: EngineInfo | undefined;
  let status: BackendStatus = 'probing';
  let intake: Intake = 'soon';
  let reason = 'not asked yet';
  let drained = false;
  const firstProbe = Promise.withResolvers<void>();
  const shutdown = new AbortController();

  const probe = async (): Promise<ProbeReport> => {
    try {
      info = await backend.probe(AbortSignal.any([shutdown.signal, AbortSignal.timeout(timing.probe)]));
      cache.send({ type: 'cache.described', kind: info.cache.kind, capacity: info.cache.capacity });
    } catch (error) {
      // An engine that prefills on its event loop answers nobody for minutes: silence while it works is no failure.
      const busy = handle.running > 0 && toGatewayError(error).code !== 'engine_unreachable';
      if (!busy || !info) throw error;
    } finally {
      firstProbe.resolve();
    }
    return { loaded: info.loaded, slots: info.slots, epoch: info.epoch };
  };

  const cache = createActor(prefixCacheMachine, { id: name, input: { backend: name }, ...inspection });
  cache.on('cache.changed', (event) => {
    scheduler.send(event);
    events.emit(event);
  });
  backend.watchSnapshots?.((prefixKeys) => cache.send({ type: 'cache.stored', prefixKeys }));
  const actor = createActor(
    backendMachine.provide({
      actors: { probe: fromPromise(probe) },
      delays: { healthInterval: timing.healthInterval },
    }),
    { id: name, input: { name }, ...inspection },
  );
  actor.on('backend.changed', (event) => {
    status = event.status;
    intake = event.intake;
    reason = event.reason;
    scheduler.send({ type: 'backend.changed', backend: event.backend, intake: event.intake, slots: event.slots });
    events.emit(event);
  });
  actor.on('backend.drained', (event) => {
    drained = event.drained;
    scheduler.send(event);
    events.emit(event);
  });
  actor.on('engine.restarted', (event) => {
    cache.send({ type: 'engine.restarted' });
    events.emit(event);
  });
  const broke = (what: string) => (error: unknown) =>
    events.emit({ type: 'actor.broke', actor: `${what} ${name}`, error });
  actor.subscribe({ error: broke('backend') });
  cache.subscribe({ error: broke('prefix cache') });

  const handle: BackendHandle = {
    backend,
    actor,
    cache,
    askAgain,
    use,
    info: () => info,
    status: () => status,
    drained: () => drained,
    takesWork: () => !drained && (intake === 'full' || intake === 'trial'),
    reason: () => reason,
    running: 0,
    firstProbe: firstProbe.promise,
    async close() {
      shutdown.abort();
      actor.stop();
      cache.stop();
      await backend.close();
    },
  };
  cache.start();
  actor.start();
  return handle;
}
