/**
 * The prefix cache: the model of what one engine holds in its KV cache, and what a generation does to it.
 *
 * Engines do not say what they hold, so the model is kept from outside: a generation that starts from a held prompt is
 * `restoring`, one that makes the engine prefill and keep a new one is `snapshotting`; what the engine then reports (usage,
 * counters), or else the time it took, confirms or corrects it. What an engine has on disk it tells itself. `bypassed`: the
 * engine runs uncached, whatever we believed. `lost`: it is a new process.
 * Where several generations run at once, the state names the first of these that any of them is in.
 */
import { type ActorRefFrom, assign, emit, setup } from 'xstate';
import { remember as heldAfter, planFor, reuseOf, sharedLinks } from './policies/reuse.ts';
import type { CacheKind, CachePlan, HeldPrompt } from './policies/types.ts';

export interface PrefixCacheInput {
  readonly backend: string;
}

export type PrefixCacheEvent =
  /** The engine was asked what it keeps: capacity in prompts. */
  | { type: 'cache.described'; kind: CacheKind; capacity: number }
  /** Keys of all the prefixes that the engine has on disk. */
  | { type: 'cache.stored'; prefixKeys: readonly string[] }
  | { type: 'cache.used'; requestId: string; prompt: HeldPrompt }
  /** The prompt was prefilled; `reused` is what the engine says of it, undefined when it says nothing. */
  | { type: 'cache.prefilled'; requestId: string; reused: boolean | undefined }
  /** The generation ended; engines that store at completion hold the prompt only now. */
  | { type: 'cache.finished'; requestId: string }
  /** The generation failed or was abandoned. */
  | { type: 'cache.abandoned'; requestId: string; prefilled: boolean }
  | { type: 'cache.bypassed'; requestId: string }
  /** The owner does not want it to be counted on: one prefix, or whatever there is. */
  | { type: 'owner.dropped'; prefixKey: string | undefined }
  | { type: 'engine.restarted' };

export type PrefixCacheEmitted = {
  type: 'cache.changed';
  backend: string;
  kind: CacheKind;
  capacity: number;
  held: readonly HeldPrompt[];
  stored: readonly string[];
};

interface Running {
  readonly prompt: HeldPrompt;
  readonly plan: CachePlan;
}

interface PrefixCacheContext extends PrefixCacheInput {
  readonly kind: CacheKind;
  readonly capacity: number;
  /** Most recently used first. */
  readonly held: readonly HeldPrompt[];
  /** As the engine says; a restart does not lose them. */
  readonly stored: readonly string[];
  readonly running: Readonly<Record<string, Running>>;
  /** Plans that the engine's own report contradicted. */
  readonly corrections: number;
}

export const prefixCacheMachine = setup({
  types: {
    input: {} as PrefixCacheInput,
    context: {} as PrefixCacheContext,
    events: {} as PrefixCacheEvent,
    emitted: {} as PrefixCacheEmitted,
  },
  actions: {
    publish: emit(({ context }) => ({
      type: 'cache.changed',
      backend: context.backend,
      kind: context.kind,
      capacity: context.capacity,
      held: context.held,
      stored: context.stored,
    })),
  },
  guards: {
    isNews: ({ context, event }) =>
      event.type === 'cache.described' && (event.kind !== context.kind || event.capacity !== context.capacity),
    isRunning: ({ context, event }) => 'requestId' in event && event.requestId in context.running,
    /** We planned to restore, the engine prefilled everything. */
    isContradicted: ({ context, event }) =>
      event.type === 'cache.prefilled' &&
      event.reused === false &&
      context.running[event.requestId]?.plan === 'restore',
    /** Engines that snapshot prefixes do it right after the prefill, before decoding: an abort later does not lose it. */
    isSnapshot: ({ context, event }) =>
      event.type === 'cache.prefilled' &&
      context.kind === 'prefixes' &&
      context.running[event.requestId]?.plan === 'snapshot',
    anyRestores: ({ context }) => runs(context, 'restore'),
    anySnapshots: ({ context }) => runs(context, 'snapshot'),
    anyBypasses: ({ context }) => runs(context, 'none'),
    holdsSomething: ({ context }) => context.held.length > 0,
  },
}).createMachine({
  id: 'prefixCache',
  initial: 'empty',
  context: ({ input }) => ({ ...input, kind: 'none', capacity: 1, held: [], stored: [], running: {}, corrections: 0 }),
  on: {
    'cache.described': {
      guard: 'isNews',
      actions: [
        assign(({ context, event }) => ({
          kind: event.kind,
          capacity: event.capacity,
          held: context.held.slice(0, event.capacity),
        })),
        'publish',
      ],
    },
    'cache.stored': { actions: [assign({ stored: ({ event }) => event.prefixKeys }), 'publish'] },
    'cache.used': { target: '.deciding', actions: assign(({ context, event }) => start(context, event)) },
    'cache.prefilled': [
      {
        guard: 'isContradicted',
        target: '.deciding',
        actions: [assign(({ context, event }) => correct(context, event.requestId)), 'publish'],
      },
      { guard: 'isSnapshot', actions: [assign(({ context, event }) => snapshot(context, event.requestId)), 'publish'] },
    ],
    'cache.bypassed': {
      guard: 'isRunning',
      target: '.deciding',
      actions: assign(({ context, event }) => replan(context, event.requestId, 'none')),
    },
    'cache.finished': {
      guard: 'isRunning',
      target: '.deciding',
      actions: [assign(({ context, event }) => keep(context, event.requestId)), 'publish'],
    },
    'cache.abandoned': {
      guard: 'isRunning',
      target: '.deciding',
      actions: [assign(({ context, event }) => (event.prefilled ? keep : drop)(context, event.requestId)), 'publish'],
    },
    'owner.dropped': {
      target: '.deciding',
      actions: [assign(({ context, event }) => ({ held: without(context.held, event.prefixKey) })), 'publish'],
    },
    'engine.restarted': { target: '.lost', actions: [assign({ held: [], running: {} }), 'publish'] },
  },
  states: {
    empty: {},
    restoring: {},
    snapshotting: {},
    bypassed: {},
    warm: {},
    lost: {},
    deciding: {
      always: [
        { guard: 'anyRestores', target: 'restoring' },
        { guard: 'anySnapshots', target: 'snapshotting' },
        { guard: 'anyBypasses', target: 'bypassed' },
        { guard: 'holdsSomething', target: 'warm' },
        { target: 'empty' },
      ],
    },
  },
});

type Patch = Partial<PrefixCacheContext>;

function runs(context: PrefixCacheContext, plan: CachePlan): boolean {
  return Object.values(context.running).some((running) => running.plan === plan);
}

function start(context: PrefixCacheContext, event: { requestId: string; prompt: HeldPrompt }): Patch {
  const { prompt, requestId } = event;
  const { kind: cacheKind, held, stored } = context;
  const plan = planFor(cacheKind, reuseOf(prompt, { cacheKind, held, stored }, prompt.slot).bytes);
  return { running: { ...context.running, [requestId]: { prompt, plan } } };
}

function replan(context: PrefixCacheContext, requestId: string, plan: CachePlan): Patch {
  const running = context.running[requestId];
  return running ? { running: { ...context.running, [requestId]: { ...running, plan } } } : {};
}

function snapshot(context: PrefixCacheContext, requestId: string): Patch {
  const running = context.running[requestId];
  return running ? { held: remember(context, running.prompt) } : {};
}

/** The engine did not have what we believed: forget every prompt that made us believe it. */
function correct(context: PrefixCacheContext, requestId: string): Patch {
  const running = context.running[requestId];
  if (!running) return {};
  const { prompt } = running;
  const cache = { cacheKind: context.kind, stored: [] };
  const misled = (held: HeldPrompt) => reuseOf(prompt, { ...cache, held: [held] }, prompt.slot).bytes > 0;
  return {
    ...replan(context, requestId, 'snapshot'),
    held: context.held.filter((held) => !misled(held)),
    corrections: context.corrections + 1,
  };
}

/** The generation is over and the engine holds its prompt, unless it ran uncached. */
function keep(context: PrefixCacheContext, requestId: string): Patch {
  const { [requestId]: ended, ...running } = context.running;
  return ended && ended.plan !== 'none' ? { running, held: remember(context, ended.prompt) } : { running };
}

/** The generation was cut short: of what its slot held before, only what both have in common is certain to be there. */
function drop(context: PrefixCacheContext, requestId: string): Patch {
  const { [requestId]: ended, ...running } = context.running;
  if (!ended || context.kind !== 'slots') return { running };
  const { prompt } = ended;
  const left = (held: HeldPrompt) => (held.slot === prompt.slot ? commonPart(held, prompt) : [held]);
  return { running, held: context.held.flatMap(left) };
}

function without(held: readonly HeldPrompt[], prefixKey: string | undefined): readonly HeldPrompt[] {
  return prefixKey === undefined ? [] : held.filter((prompt) => prompt.prefixKey !== prefixKey);
}

function commonPart(held: HeldPrompt, prompt: HeldPrompt): readonly HeldPrompt[] {
  if (held.prefixKey !== prompt.prefixKey) return [];
  return [{ ...held, chain: held.chain.slice(0, sharedLinks(held.chain, prompt.chain)) }];
}

function remember({ kind, capacity, held }: PrefixCacheContext, prompt: HeldPrompt): readonly HeldPrompt[] {
  return heldAfter({ cacheKind: kind, capacity, held }, prompt);
}

export type PrefixCacheActor = ActorRefFrom<typeof prefixCacheMachine>;
