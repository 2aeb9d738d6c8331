/**
 * The prefix cache: the model of what one engine holds in its KV cache, and what a generation does to it.
 *
 * Engines do not say what they hold, so the model is kept from outside: a generation that starts from a held prompt is
 * `restoring`, one that makes the engine prefill and keep a new one is `snapshotting`; what the engine then reports (usage,
 * counters) confirms or corrects it. `bypassed`: the engine ran uncached, whatever we believed. `lost`: it is a new process.
 */
import { type ActorRefFrom, assign, emit, setup } from 'xstate';
import { planFor, sharedBytes } from './policies/reuse.ts';
import type { CacheKind, HeldPrompt } from './policies/types.ts';

export interface PrefixCacheInput {
  readonly backend: string;
}

export type PrefixCacheEvent =
  /** The engine was asked what it keeps: capacity in prompts. */
  | { type: 'cache.described'; kind: CacheKind; capacity: number }
  | { type: 'cache.used'; requestId: string; prompt: HeldPrompt }
  /** The prompt was prefilled; `reused` is what the engine says of it, undefined when it says nothing. */
  | { type: 'cache.prefilled'; requestId: string; reused: boolean | undefined }
  /** The generation ended; engines that store at completion hold the prompt only now. */
  | { type: 'cache.finished'; requestId: string }
  /** The generation failed or was abandoned. */
  | { type: 'cache.abandoned'; requestId: string; prefilled: boolean }
  | { type: 'cache.bypassed'; requestId: string }
  | { type: 'engine.restarted' };

export type PrefixCacheEmitted = {
  type: 'cache.changed';
  backend: string;
  kind: CacheKind;
  held: readonly HeldPrompt[];
};

interface PrefixCacheContext extends PrefixCacheInput {
  readonly kind: CacheKind;
  readonly capacity: number;
  /** Most recently used first. */
  readonly held: readonly HeldPrompt[];
  readonly running: Readonly<Record<string, HeldPrompt>>;
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
      held: context.held,
    })),
  },
  guards: {
    isHeld: ({ context, event }) =>
      event.type === 'cache.used' &&
      planFor(event.prompt, { cacheKind: context.kind, held: context.held }, event.prompt.slot) === 'restore',
    keepsNothing: ({ context }) => context.kind === 'none',
    holdsSomething: ({ context }) => context.held.length > 0,
    /** We planned to restore, the engine prefilled everything. */
    contradicts: ({ event }) => event.type === 'cache.prefilled' && event.reused === false,
    isRunning: ({ context, event }) => 'requestId' in event && event.requestId in context.running,
  },
}).createMachine({
  id: 'prefixCache',
  initial: 'empty',
  context: ({ input }) => ({ ...input, kind: 'none', capacity: 1, held: [], running: {}, corrections: 0 }),
  on: {
    'cache.described': {
      actions: [
        assign(({ context, event }) => ({
          kind: event.kind,
          capacity: event.capacity,
          held: context.held.slice(0, event.capacity),
        })),
        'publish',
      ],
    },
    'cache.used': [
      { guard: 'keepsNothing', target: '.bypassed', actions: assign(({ context, event }) => start(context, event)) },
      { guard: 'isHeld', target: '.restoring', actions: assign(({ context, event }) => start(context, event)) },
      { target: '.snapshotting', actions: assign(({ context, event }) => start(context, event)) },
    ],
    'cache.bypassed': {
      guard: 'isRunning',
      target: '.bypassed',
      actions: assign(({ context, event }) => ({ running: without(context.running, event.requestId) })),
    },
    'cache.finished': {
      guard: 'isRunning',
      target: '.settled',
      actions: [assign(({ context, event }) => keep(context, event.requestId, true)), 'publish'],
    },
    'cache.abandoned': {
      guard: 'isRunning',
      target: '.settled',
      actions: [assign(({ context, event }) => keep(context, event.requestId, event.prefilled)), 'publish'],
    },
    'engine.restarted': { target: '.lost', actions: [assign({ held: [], running: {} }), 'publish'] },
  },
  states: {
    empty: {},
    snapshotting: {
      on: {
        'cache.prefilled': { guard: 'isRunning', actions: assign(({ context, event }) => snapshot(context, event)) },
      },
    },
    restoring: {
      on: {
        'cache.prefilled': {
          guard: 'contradicts',
          target: 'snapshotting',
          actions: [assign(({ context, event }) => correct(context, event.requestId)), 'publish'],
        },
      },
    },
    warm: {},
    bypassed: {},
    lost: {},
    /** Decides what is left when a generation is over. */
    settled: { always: [{ guard: 'holdsSomething', target: 'warm' }, { target: 'empty' }] },
  },
});

type Patch = Partial<PrefixCacheContext>;

function start(context: PrefixCacheContext, event: { requestId: string; prompt: HeldPrompt }): Patch {
  return { running: { ...context.running, [event.requestId]: event.prompt } };
}

/** Engines that snapshot prefixes do it right after the prefill, before decoding: an abort later does not lose it. */
function snapshot(context: PrefixCacheContext, event: { requestId: string }): Patch {
  const prompt = context.running[event.requestId];
  return prompt && context.kind === 'prefixes' ? { held: remember(context, prompt) } : {};
}

/** The engine did not have what we believed: forget every prompt that made us believe it. */
function correct(context: PrefixCacheContext, requestId: string): Patch {
  const prompt = context.running[requestId];
  if (!prompt) return {};
  return {
    held: context.held.filter((held) => sharedBytes(prompt, held) === 0),
    corrections: context.corrections + 1,
  };
}

function keep(context: PrefixCacheContext, requestId: string, stored: boolean): Patch {
  const prompt = context.running[requestId];
  const running = without(context.running, requestId);
  return prompt && stored && context.kind !== 'none' ? { running, held: remember(context, prompt) } : { running };
}

function remember(context: PrefixCacheContext, prompt: HeldPrompt): readonly HeldPrompt[] {
  const replaced = (held: HeldPrompt): boolean => {
    switch (context.kind) {
      case 'slots':
        return held.slot === prompt.slot;
      case 'prefixes':
        return held.prefixKey === prompt.prefixKey;
      default:
        return sharedBytes(prompt, held) >= (held.chain.at(-1)?.bytes ?? held.prefixBytes);
    }
  };
  return [prompt, ...context.held.filter((held) => !replaced(held))].slice(0, context.capacity);
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  const { [key]: _, ...rest } = record;
  return rest;
}

export type PrefixCacheActor = ActorRefFrom<typeof prefixCacheMachine>;
