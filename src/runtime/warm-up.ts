/**
 * Binds each backend to its warm-up: tells it what goes on, remembers the prefixes that ran there, in memory alone, and has
 * them prefilled. After warmslot's own start there is nothing to remember; the embedded engine finds its prefixes on disk.
 *
 * A session that comes back after a pause asks at once, so that its first sign is too late. A client that starts shows itself
 * seconds before its first prompt is typed, by opening a connection: what its main agent will send is warmed up meanwhile.
 */
import { createActor, fromCallback, fromPromise } from 'xstate';
import { poolOf, slotsOf } from '../../machines/policies/pool.ts';
import type { PromptShape, Ticket } from '../../machines/policies/types.ts';
import type { SchedulerActor } from '../../machines/scheduler.ts';
import { type Choice, type PrefillInput, type WarmUpActor, warmUpMachine } from '../../machines/warm-up.ts';
import type { Prompt } from '../prompt/types.ts';
import type { BackendHandle } from './backend.ts';
import type { EventBus } from './events.ts';
import type { Inspection } from './inspection.ts';
import type { Job } from './job.ts';
import type { Timing } from './timing.ts';
import { startPrefill } from './warm-up-prefill.ts';
import { likeliest, prefixOf, type Remembered, remember } from './warm-up-prompts.ts';

export interface WarmUp {
  /** To be told of every request that is about to run. */
  runs(job: Pick<Job, 'identity' | 'prompt'>, backend: string): void;
  /** Prefixes that can be prefilled there without being asked for, the likeliest to be asked for first. */
  known(backend: string): readonly PromptShape[];
  warms(backend: string): boolean;
  /** Has one of them prefilled next, as soon as the engine has nothing to do. */
  want(backend: string, prefixKey: string): void;
  close(): void;
}

interface Deps {
  readonly scheduler: SchedulerActor;
  readonly backends: readonly BackendHandle[];
  readonly events: EventBus;
  readonly timing: Timing;
  readonly inspection: Inspection;
}

const idPrefix = 'warm-';

/** Whose account warm-ups are charged to. */
export const warmUpClient = 'warmslot';

/** Whether it is ours and nobody's request. */
export const isWarmUp = (requestId: string): boolean => requestId.startsWith(idPrefix);

export function startWarmUp({ backends, ...deps }: Deps): WarmUp {
  const { scheduler, events } = deps;
  const warmers = new Map(
    backends
      .filter(({ backend }) => ownEngines.has(backend.type))
      .map((handle) => [handle.backend.name, startWarmer(handle, deps)]),
  );
  const actors = () => [...warmers.values()].map(({ actor }) => actor);

  const stopListening = events.on((event) => {
    switch (event.type) {
      case 'queue.joined': {
        const { ticket } = event;
        if (isWarmUp(ticket.requestId)) return;
        const { prefixKey } = ticket.shape;
        for (const { name } of poolOf(ticket, scheduler.getSnapshot().context.backends)) {
          warmers.get(name)?.actor.send({ type: 'work.waits', prefixKey });
        }
        return;
      }
      case 'lease.granted':
        if (isWarmUp(event.ticket.requestId)) return;
        return warmers.get(event.lease.backend)?.actor.send({ type: 'work.runs' });
      case 'slot.changed':
        if (event.state === 'free') warmers.get(event.backend)?.actor.send({ type: 'engine.free' });
        return;
      case 'backend.changed':
        if (event.status === 'up') warmers.get(event.backend)?.actor.send({ type: 'engine.free' });
        return;
      case 'backend.drained':
        if (!event.drained) warmers.get(event.backend)?.actor.send({ type: 'engine.free' });
        return;
      case 'client.started':
        for (const actor of actors()) actor.send({ type: 'client.started' });
    }
  });

  return {
    runs({ identity: { lineage, band }, prompt }, backend) {
      if (prompt) warmers.get(backend)?.remember({ lineage, band, prompt: prefixOf(prompt) });
    },
    known: (backend) => warmers.get(backend)?.known() ?? [],
    warms: (backend) => warmers.has(backend),
    want: (backend, prefixKey) => warmers.get(backend)?.actor.send({ type: 'owner.wants', prefixKey }),
    close() {
      stopListening();
      for (const actor of actors()) actor.send({ type: 'gateway.closing' });
    },
  };
}

/** Any other may be paid for by the token. */
const ownEngines: ReadonlySet<string> = new Set(['vllm-mlx', 'llama-cpp']);

interface Warmer {
  readonly actor: WarmUpActor;
  remember(ran: Remembered): void;
  known(): readonly PromptShape[];
}

function startWarmer(handle: BackendHandle, deps: Omit<Deps, 'backends'>): Warmer {
  const { scheduler, events, timing, inspection } = deps;
  const { name } = handle.backend;
  let known: readonly Remembered[] = [];
  let tickets = 0;

  const choose = ({ awaited, wanted }: Choice) => {
    if (handle.status() !== 'up' || handle.drained() || !isIdle(scheduler, name)) return undefined;
    const asked = known.find(({ prompt }) => prompt.prefixKey === wanted);
    const chosen = asked ?? likeliest(known, handle.cache.getSnapshot().context, awaited);
    return chosen && ticketFor(chosen.prompt, name, `${idPrefix}${name}-${++tickets}`);
  };

  const promptOf = ({ shape }: Ticket) => {
    const found = known.find(({ prompt }) => prompt.prefixKey === shape.prefixKey);
    if (!found) throw new Error(`nothing is remembered of prefix ${shape.prefixKey}`);
    return found.prompt;
  };

  const machine = warmUpMachine.provide({
    actors: {
      choose: fromPromise(async ({ input }) => choose(input)),
      prefill: fromCallback(({ input, sendBack }) => {
        const { ticket, lease }: PrefillInput = input;
        return startPrefill(promptOf(ticket), handle, lease, sendBack);
      }),
    },
    actions: {
      forget: (_, { ticket }) => {
        known = known.filter(({ prompt }) => prompt.prefixKey !== ticket.shape.prefixKey);
      },
    },
    delays: {
      quiet: ({ context }) => (context.wanted ? timing.warmUp : quietFor(handle, context.awaited, timing)),
    },
  });
  const actor = createActor(machine, { id: name, input: { backend: name, scheduler }, ...inspection });
  actor.on('*', (event) => events.emit(event));
  actor.subscribe({ error: (error) => events.emit({ type: 'actor.broke', actor: `warm-up ${name}`, error }) });
  actor.start();
  return {
    actor,
    remember: (ran) => {
      known = remember(known, ran);
    },
    known: () => known.map(({ prompt }) => prompt),
  };
}

/**
 * SimpleEngine cannot be interrupted while it prefills (measured: 17 000 tokens whose client left after 1.5 s kept it for
 * another 6.5 s): whoever comes with another prefix meanwhile waits. So it is left alone until nobody has been active for a
 * while, or a client has started that is not of the kind that asks at once, as `claude -p` does.
 */
function quietFor(handle: BackendHandle, awaited: boolean, timing: Timing): number {
  const isInterruptible = handle.info()?.cache.kind !== 'prefixes';
  if (isInterruptible) return timing.warmUp;
  return awaited ? timing.warmUpAwaited : timing.warmUpStubborn;
}

/** Nothing runs or waits there, nor is a slot kept for somebody. */
function isIdle(scheduler: SchedulerActor, name: string): boolean {
  const { backends, slots, queue } = scheduler.getSnapshot().context;
  const backend = backends.find((each) => each.name === name);
  if (!backend || slotsOf(backend, slots).some(({ state }) => state !== 'free')) return false;
  return !queue.some(({ ticket }) => poolOf(ticket, backends).includes(backend));
}

/** As a client of its own: what it takes is charged to nobody. */
function ticketFor({ prefixKey, prefixBytes, chain, bytes }: Prompt, backend: string, requestId: string): Ticket {
  return {
    requestId,
    session: 'warm-up',
    lineage: `warm-up/${prefixKey}`,
    client: warmUpClient,
    band: 'auxiliary',
    arrivedAt: performance.now(),
    shape: { prefixKey, prefixBytes, chain },
    bytes,
    promptTokens: 0,
    toolMs: undefined,
    candidates: [backend],
    pool: [backend],
  };
}
