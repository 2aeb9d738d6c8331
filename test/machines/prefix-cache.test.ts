import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createActor } from 'xstate';
import type { CacheKind, HeldPrompt } from '../../machines/policies/types.ts';
import { type PrefixCacheEmitted, type PrefixCacheEvent, prefixCacheMachine } from '../../machines/prefix-cache.ts';
import { cover } from './coverage.ts';
import { held } from './fixtures.ts';

function startCache(kind: CacheKind, capacity: number) {
  const changes: PrefixCacheEmitted[] = [];
  const actor = createActor(prefixCacheMachine, { input: { backend: 'mlx' } });
  actor.on('cache.changed', (change) => changes.push(change));
  actor.start();
  actor.send({ type: 'cache.described', kind, capacity });
  const used = (requestId: string, prompt: HeldPrompt) => actor.send({ type: 'cache.used', requestId, prompt });
  const finished = (requestId: string) => actor.send({ type: 'cache.finished', requestId });
  return {
    actor,
    changes,
    value: () => actor.getSnapshot().value,
    corrections: () => actor.getSnapshot().context.corrections,
    /** Prefixes and turns held, most recent first. */
    keys: () => actor.getSnapshot().context.held.map(({ prefixKey, chain }) => chain.at(-1)?.key ?? prefixKey),
    used,
    finished,
    prefilled: (requestId: string, reused?: boolean) => actor.send({ type: 'cache.prefilled', requestId, reused }),
    abandoned: (requestId: string, prefilled: boolean) => actor.send({ type: 'cache.abandoned', requestId, prefilled }),
    run(requestId: string, prompt: HeldPrompt) {
      used(requestId, prompt);
      finished(requestId);
    },
  };
}

test('a prompt is snapshotted, kept, and restored by the next one', () => {
  const cache = startCache('conversations', 1);
  expect(cache.value()).toBe('empty');
  cache.used('r1', held(0, 'p', 'a'));
  expect(cache.value()).toBe('snapshotting');
  cache.finished('r1');
  expect(cache.value()).toBe('warm');
  cache.used('r2', held(0, 'p', 'a', 'b'));
  expect(cache.value()).toBe('restoring');
  cache.prefilled('r2', true);
  cache.finished('r2');
  expect(cache.value()).toBe('warm');
  expect(cache.keys()).toEqual(['p/a/b']);
  expect(cache.changes.at(-1)).toEqual({
    type: 'cache.changed',
    backend: 'mlx',
    kind: 'conversations',
    capacity: 1,
    held: [held(0, 'p', 'a', 'b')],
    stored: [],
  });
});

test('an engine that keeps nothing is bypassed, and stays empty', () => {
  const cache = startCache('none', 0);
  cache.used('r1', held(0, 'p'));
  expect(cache.value()).toBe('bypassed');
  cache.prefilled('r1', false);
  cache.finished('r1');
  expect(cache.value()).toBe('empty');
});

test('a generation that ran uncached after all is not kept', () => {
  const cache = startCache('conversations', 4);
  cache.run('r1', held(0, 'p', 'a'));
  cache.used('r2', held(0, 'q', 'a'));
  cache.actor.send({ type: 'cache.bypassed', requestId: 'r2' });
  expect(cache.value()).toBe('bypassed');
  cache.finished('r2');
  expect(cache.value()).toBe('warm');
  expect(cache.keys()).toEqual(['p/a']);
});

test('a restarted engine has lost everything, and knows nothing of what ran', () => {
  const cache = startCache('conversations', 4);
  cache.run('r1', held(0, 'p'));
  cache.used('r2', held(0, 'p'));
  cache.actor.send({ type: 'engine.restarted' });
  expect(cache.value()).toBe('lost');
  expect(cache.changes.at(-1)?.held).toEqual([]);
  cache.finished('r2');
  cache.prefilled('r2', false);
  cache.abandoned('r2', true);
  expect(cache.value()).toBe('lost');
  cache.used('r3', held(0, 'p'));
  expect(cache.value()).toBe('snapshotting');
});

test('an engine that prefilled what it was believed to hold corrects the belief', () => {
  const cache = startCache('conversations', 4);
  cache.run('r1', held(0, 'p', 'a'));
  cache.run('r2', held(0, 'q', 'a'));
  cache.used('r3', held(0, 'p', 'a', 'b'));
  cache.prefilled('r3', false);
  expect(cache.value()).toBe('snapshotting');
  expect(cache.keys()).toEqual(['q/a']);
  expect(cache.corrections()).toBe(1);
  cache.prefilled('r3', false);
  expect(cache.corrections()).toBe(1);
  cache.finished('r3');
  expect(cache.keys()).toEqual(['p/a/b', 'q/a']);
});

test('only the corrected slot is forgotten where each slot has a cache of its own', () => {
  const cache = startCache('slots', 2);
  cache.run('r1', held(0, 'p', 'a'));
  cache.run('r2', held(1, 'p', 'b'));
  cache.used('r3', held(0, 'p', 'a', 'c'));
  cache.prefilled('r3', false);
  expect(cache.keys()).toEqual(['p/b']);
});

test('silence about reuse, or a confirmed one, corrects nothing', () => {
  const cache = startCache('conversations', 4);
  cache.run('r1', held(0, 'p', 'a'));
  cache.used('r2', held(0, 'p', 'a'));
  cache.prefilled('r2');
  cache.prefilled('r2', true);
  expect(cache.value()).toBe('restoring');
  expect(cache.corrections()).toBe(0);
});

test('an engine that snapshots prefixes has one as soon as it prefilled; others only at the end', () => {
  const prefixes = startCache('prefixes', 2);
  prefixes.used('r1', held(0, 'p', 'a'));
  prefixes.prefilled('r1');
  expect(prefixes.changes.at(-1)?.held).toHaveLength(1);
  prefixes.abandoned('r1', true);
  expect(prefixes.keys()).toEqual(['p/a']);
  const conversations = startCache('conversations', 2);
  conversations.used('r1', held(0, 'p', 'a'));
  conversations.prefilled('r1');
  expect(conversations.keys()).toEqual([]);
  conversations.abandoned('r1', false);
  expect(conversations.value()).toBe('empty');
});

test('one prefix is held once, whatever follows it', () => {
  const cache = startCache('prefixes', 4);
  cache.run('r1', held(0, 'p', 'a'));
  cache.run('r2', held(0, 'p', 'b'));
  cache.run('r3', held(0, 'q', 'b'));
  expect(cache.keys()).toEqual(['q/b', 'p/b']);
});

test('a conversation replaces its own beginning, not its branches', () => {
  const cache = startCache('conversations', 4);
  cache.run('r1', held(0, 'p', 'a'));
  cache.run('r2', held(0, 'p', 'a', 'b'));
  cache.run('r3', held(0, 'p', 'a', 'c'));
  expect(cache.keys()).toEqual(['p/a/c', 'p/a/b']);
});

test('a slot holds its last prompt alone', () => {
  const cache = startCache('slots', 2);
  cache.run('r1', held(0, 'p', 'a'));
  cache.run('r2', held(1, 'p', 'a'));
  cache.run('r3', held(0, 'q', 'b'));
  expect(cache.keys()).toEqual(['q/b', 'p/a']);
});

test('a prefix that the engine has on disk is restored where no slot holds it, until the engine says it is gone', () => {
  const cache = startCache('slots', 2);
  cache.run('r1', held(0, 'p', 'a'));
  cache.actor.send({ type: 'cache.stored', prefixKeys: ['p'] });
  expect(cache.changes.at(-1)).toMatchObject({ held: [held(0, 'p', 'a')], stored: ['p'] });
  cache.used('r2', held(1, 'p', 'b'));
  expect(cache.value()).toBe('restoring');
  cache.finished('r2');
  cache.actor.send({ type: 'engine.restarted' });
  cache.used('r3', held(0, 'p', 'c'));
  expect(cache.value()).toBe('restoring');
  cache.finished('r3');
  cache.actor.send({ type: 'cache.stored', prefixKeys: [] });
  cache.used('r4', held(1, 'p', 'd'));
  expect(cache.value()).toBe('snapshotting');
});

test('of what a slot held before a generation that was cut short, the common part is left', () => {
  const cache = startCache('slots', 2);
  cache.run('r1', held(0, 'p', 'a', 'b'));
  cache.run('r2', held(1, 'p', 'x'));
  cache.used('r3', held(0, 'p', 'a', 'c'));
  cache.abandoned('r3', false);
  expect(cache.keys()).toEqual(['p/x', 'p/a']);
  cache.used('r4', held(0, 'q', 'a'));
  cache.abandoned('r4', false);
  expect(cache.keys()).toEqual(['p/x']);
});

test.each([1, 3])('a cache of %i forgets the least recently used', (capacity) => {
  const cache = startCache('conversations', capacity);
  for (const prefix of ['a', 'b', 'c', 'd']) cache.run(prefix, held(0, prefix));
  expect(cache.keys()).toEqual(['d', 'c', 'b'].slice(0, capacity));
});

test('using a held prompt again makes it recent', () => {
  const cache = startCache('conversations', 2);
  cache.run('r1', held(0, 'a'));
  cache.run('r2', held(0, 'b'));
  cache.run('r3', held(0, 'a'));
  cache.run('r4', held(0, 'c'));
  expect(cache.keys()).toEqual(['c', 'a']);
});

test('a smaller engine keeps the most recent, and saying the same again is no news', () => {
  const cache = startCache('conversations', 3);
  for (const prefix of ['a', 'b', 'c']) cache.run(prefix, held(0, prefix));
  const before = cache.changes.length;
  cache.actor.send({ type: 'cache.described', kind: 'conversations', capacity: 3 });
  expect(cache.changes).toHaveLength(before);
  cache.actor.send({ type: 'cache.described', kind: 'conversations', capacity: 1 });
  expect(cache.changes.at(-1)?.held).toHaveLength(1);
  expect(cache.keys()).toEqual(['c']);
});

test('of several generations each is followed on its own', () => {
  const cache = startCache('conversations', 4);
  cache.run('r1', held(0, 'p', 'a'));
  cache.used('cold', held(0, 'q', 'a'));
  cache.used('warm', held(1, 'p', 'a', 'b'));
  expect(cache.value()).toBe('restoring');
  cache.prefilled('cold', false);
  expect(cache.corrections()).toBe(0);
  cache.finished('warm');
  expect(cache.value()).toBe('snapshotting');
  cache.finished('cold');
  expect(cache.value()).toBe('warm');
});

test('events of unknown or ended generations change nothing', () => {
  const cache = startCache('conversations', 4);
  cache.run('r1', held(0, 'p'));
  const before = cache.changes.length;
  cache.finished('r1');
  cache.abandoned('r1', true);
  cache.prefilled('stranger', false);
  cache.actor.send({ type: 'cache.bypassed', requestId: 'stranger' });
  expect(cache.value()).toBe('warm');
  expect(cache.changes).toHaveLength(before);
});

const event = fc.oneof(
  fc.record({
    type: fc.constant('cache.used' as const),
    requestId: fc.constantFrom('r1', 'r2', 'r3'),
    prompt: fc
      .tuple(fc.nat(2), fc.constantFrom('p', 'q'), fc.array(fc.constantFrom('a', 'b'), { maxLength: 3 }))
      .map(([slot, prefix, turns]) => held(slot, prefix, ...turns)),
  }),
  fc.record({
    type: fc.constant('cache.prefilled' as const),
    requestId: fc.constantFrom('r1', 'r2', 'r3'),
    reused: fc.constantFrom(true, false, undefined),
  }),
  fc.record({ type: fc.constant('cache.finished' as const), requestId: fc.constantFrom('r1', 'r2', 'r3') }),
  fc.record({
    type: fc.constant('cache.abandoned' as const),
    requestId: fc.constantFrom('r1', 'r2', 'r3'),
    prefilled: fc.boolean(),
  }),
  fc.record({ type: fc.constant('cache.bypassed' as const), requestId: fc.constantFrom('r1', 'r2', 'r3') }),
  fc.record({
    type: fc.constant('cache.stored' as const),
    prefixKeys: fc.subarray(['p', 'q']),
  }),
  fc.constant({ type: 'engine.restarted' as const }),
);

test('whatever happens, the model fits the engine, and warm means that something is held', () => {
  const kinds = fc.constantFrom<CacheKind>('none', 'prefixes', 'conversations', 'slots');
  fc.assert(
    fc.property(kinds, fc.integer({ min: 1, max: 3 }), fc.array(event), (kind, capacity, events) => {
      const { actor } = startCache(kind, capacity);
      for (const each of events) actor.send(each satisfies PrefixCacheEvent);
      const { value, context } = actor.getSnapshot();
      expect(context.held.length).toBeLessThanOrEqual(kind === 'none' ? 0 : capacity);
      expect(value === 'warm').toBe(Object.keys(context.running).length === 0 && context.held.length > 0);
      if (kind === 'slots') expect(new Set(context.held.map(({ slot }) => slot)).size).toBe(context.held.length);
    }),
  );
});

test('a broken action stops the actor with an error its owner can see', () => {
  const machine = prefixCacheMachine.provide({
    actions: {
      publish: () => {
        throw new Error('nobody listens');
      },
    },
  });
  const errors: unknown[] = [];
  const actor = createActor(machine, { input: { backend: 'mlx' } });
  actor.subscribe({ error: (error) => errors.push(error) });
  actor.start();
  actor.send({ type: 'engine.restarted' });
  expect(errors).toEqual([new Error('nobody listens')]);
});

test('what its owner drops is held no more: one prefix, or everything', () => {
  const cache = startCache('conversations', 3);
  for (const name of ['p', 'q', 'r']) cache.run(name, held(0, name, 'a'));
  cache.actor.send({ type: 'owner.dropped', prefixKey: 'q' });
  expect(cache.keys()).toEqual(['r/a', 'p/a']);
  expect(cache.value()).toBe('warm');
  expect(cache.changes.at(-1)?.held).toHaveLength(2);
  cache.actor.send({ type: 'owner.dropped', prefixKey: undefined });
  expect(cache.value()).toBe('empty');
  expect(cache.changes.at(-1)?.held).toEqual([]);
});

test('what runs while its prefix is dropped is held when it is through', () => {
  const cache = startCache('conversations', 3);
  cache.run('r1', held(0, 'p', 'a'));
  cache.used('r2', held(0, 'p', 'a', 'b'));
  cache.actor.send({ type: 'owner.dropped', prefixKey: undefined });
  expect(cache.value()).toBe('restoring');
  cache.finished('r2');
  expect(cache.keys()).toEqual(['p/a/b']);
});

test('every state can be reached and left', () => {
  const coverage = cover(prefixCacheMachine, {
    input: { backend: 'mlx' },
    events: [
      { type: 'cache.described', kind: 'conversations', capacity: 2 },
      { type: 'cache.used', requestId: 'r1', prompt: held(0, 'p', 'a') },
      { type: 'cache.prefilled', requestId: 'r1', reused: false },
      { type: 'cache.bypassed', requestId: 'r1' },
      { type: 'cache.finished', requestId: 'r1' },
      { type: 'cache.abandoned', requestId: 'r1', prefilled: true },
      { type: 'engine.restarted' },
    ],
    relevant: ({ kind, held, running }) => [kind, held.length, Object.values(running)],
  });
  // Passed through, never rested in.
  expect(coverage).toEqual({ unreached: ['prefixCache.deciding'], deadEnds: ['prefixCache.deciding'] });
});
