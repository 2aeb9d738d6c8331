/** The queue and its slots: who is granted, refused, held for and told. */
import { expect, test } from 'vitest';
import { createActor } from 'xstate';
import { fullPolicy } from '../../machines/policies/types.ts';
import { type LeaseEvent, schedulerMachine } from '../../machines/scheduler.ts';
import { slotMachine } from '../../machines/slot.ts';
import { cover } from './coverage.ts';
import { held, listener, shape, ticket } from './fixtures.ts';
import { startScheduler } from './scheduler-harness.ts';

test('a free slot is granted at once, with the plan and the reason', () => {
  const scheduler = startScheduler();
  scheduler.enqueue('r1');
  expect(scheduler.heard('r1')).toEqual([
    {
      type: 'lease.granted',
      lease: {
        requestId: 'r1',
        backend: 'mlx',
        slot: 0,
        plan: 'none',
        share: 0,
        restores: false,
        reason: 'the slot is unused',
      },
    },
  ]);
  expect(scheduler.slotStates()).toEqual(['mlx#0 leased']);
  expect(scheduler.emitted.map(({ type }) => type)).toEqual(['slot.changed', 'queue.joined', 'lease.granted']);
});

test('who waits is served in order of arrival when the slot comes back', () => {
  const scheduler = startScheduler();
  for (const id of ['r1', 'r2', 'r3']) scheduler.enqueue(id);
  expect([scheduler.answer('r2'), scheduler.answer('r3')]).toEqual([undefined, undefined]);
  scheduler.release('r1');
  expect([scheduler.answer('r2'), scheduler.answer('r3')]).toEqual(['mlx#0', undefined]);
  scheduler.release('r2');
  expect(scheduler.answer('r3')).toBe('mlx#0');
  expect(scheduler.emitted.filter(({ type }) => type === 'lease.released')).toHaveLength(2);
});

test('main turns go before subagents, and those before titles', () => {
  const scheduler = startScheduler();
  scheduler.enqueue('running');
  scheduler.enqueue('title', { band: 'auxiliary' });
  scheduler.enqueue('agent', { band: 'subagent' });
  scheduler.enqueue('turn');
  const served = ['running', 'turn', 'agent', 'title'];
  for (const [index, id] of served.entries()) {
    expect(scheduler.answer(id)).toBe('mlx#0');
    for (const later of served.slice(index + 1)) expect(scheduler.answer(later)).toBeUndefined();
    scheduler.release(id);
  }
});

test('two that wait for one slot of an engine that comes up do not both get it', () => {
  const scheduler = startScheduler({ backends: [] });
  scheduler.backend('mlx', 'soon', 0);
  scheduler.enqueue('r1');
  scheduler.enqueue('r2');
  scheduler.backend('mlx', 'full', 1);
  expect([scheduler.answer('r1'), scheduler.answer('r2')]).toEqual(['mlx#0', undefined]);
  expect(scheduler.slotStates()).toEqual(['mlx#0 leased']);
});

test('what the cache holds decides between slots', () => {
  const scheduler = startScheduler({ slots: 2 });
  scheduler.actor.send({
    type: 'cache.changed',
    backend: 'mlx',
    kind: 'slots',
    capacity: 2,
    held: [held(1, 'p', 'a')],
    stored: [],
  });
  scheduler.enqueue('r1', { shape: shape('p', 'a', 'b') });
  expect(scheduler.heard('r1')[0]).toMatchObject({ lease: { slot: 1, plan: 'restore' } });
  scheduler.enqueue('r2', { shape: shape('q') });
  expect(scheduler.heard('r2')[0]).toMatchObject({ lease: { slot: 0, plan: 'snapshot' } });
});

test('the slot a lineage ran on last is its own again', () => {
  const scheduler = startScheduler({ slots: 2 });
  scheduler.enqueue('r1', { lineage: 'main' });
  scheduler.enqueue('r2', { lineage: 'agent' });
  scheduler.release('r1');
  scheduler.release('r2');
  scheduler.enqueue('r3', { lineage: 'agent' });
  scheduler.enqueue('r4', { lineage: 'main' });
  expect([scheduler.answer('r3'), scheduler.answer('r4')]).toEqual(['mlx#1', 'mlx#0']);
});

test('a request that cannot be placed does not hold up those behind it', () => {
  const scheduler = startScheduler({ backends: ['mlx', 'spare'] });
  scheduler.enqueue('r1');
  scheduler.enqueue('r2');
  scheduler.enqueue('r3', { band: 'auxiliary', candidates: ['spare'] });
  expect([scheduler.answer('r2'), scheduler.answer('r3')]).toEqual([undefined, 'spare#0']);
});

test('who leaves the queue is never granted a lease', () => {
  const scheduler = startScheduler();
  for (const id of ['r1', 'r2', 'r3']) scheduler.enqueue(id);
  scheduler.leave('r2');
  expect(scheduler.emitted.at(-1)).toEqual({ type: 'queue.left', requestId: 'r2', waiting: 1 });
  scheduler.release('r1');
  expect([scheduler.answer('r2'), scheduler.answer('r3')]).toEqual([undefined, 'mlx#0']);
});

test('a full queue, no backend and a shutdown are refused with the reason', () => {
  const scheduler = startScheduler({ maxWaiting: 1 });
  for (const id of ['r1', 'r2', 'r3']) scheduler.enqueue(id);
  expect(scheduler.answer('r3')).toBe('queue_full');
  scheduler.enqueue('r4', { candidates: ['other'] });
  expect(scheduler.answer('r4')).toBe('no_backend');
  scheduler.actor.send({ type: 'drain' });
  scheduler.enqueue('r5');
  expect(scheduler.answer('r5')).toBe('shutting_down');
  expect(scheduler.emitted.filter(({ type }) => type === 'queue.refused')).toMatchObject([
    { reason: 'queue_full' },
    { reason: 'no_backend' },
    { reason: 'shutting_down' },
  ]);
});

test('what waits when the gateway shuts down is still served', () => {
  const scheduler = startScheduler();
  scheduler.enqueue('r1');
  scheduler.enqueue('r2');
  scheduler.actor.send({ type: 'drain' });
  scheduler.release('r1');
  expect(scheduler.answer('r2')).toBe('mlx#0');
});

test('a gateway that shuts down keeps no slot and lets nobody wait for a better moment', () => {
  const scheduler = startScheduler();
  const shapeOf = (lineage: string) => ({ prefixKey: lineage, prefixBytes: 50_000, chain: [] });
  scheduler.enqueue('r1', { lineage: 'a', shape: shapeOf('a') });
  scheduler.cache('mlx', 'slots', [{ ...shapeOf('a'), slot: 0 }], 1);
  scheduler.release('r1', 'finished', 'tool_use');
  scheduler.enqueue('other', { lineage: 'b', shape: shapeOf('b') });
  scheduler.enqueue('title', { lineage: 'c', shape: shapeOf('c'), band: 'auxiliary' });
  expect(scheduler.answer('other')).toBe(undefined);
  scheduler.actor.send({ type: 'drain' });
  expect(scheduler.answer('other')).toBe('mlx#0');
  scheduler.release('other', 'finished', 'tool_use');
  expect(scheduler.answer('title')).toBe('mlx#0');
});

test('events that come twice or name nobody change nothing', () => {
  const scheduler = startScheduler({ slots: 2 });
  scheduler.enqueue('r1');
  scheduler.enqueue('r1');
  expect(scheduler.heard('r1')).toEqual([]);
  expect(scheduler.slotStates()).toEqual(['mlx#0 leased', 'mlx#1 free']);
  scheduler.release('r1');
  scheduler.release('r1', 'abandoned');
  scheduler.release('stranger');
  scheduler.leave('stranger');
  expect(scheduler.slotStates()).toEqual(['mlx#0 free', 'mlx#1 free']);
  scheduler.actor.send({ type: 'slot.changed', backend: 'stranger', index: 0, state: 'free' });
  scheduler.actor.send({ type: 'drain' });
  scheduler.actor.send({ type: 'drain' });
  expect(scheduler.actor.getSnapshot().status).toBe('active');
});

test('a broken slot is told of and does not take the others with it', () => {
  const slot = slotMachine.provide({
    actions: {
      announce: ({ context: { scheduler, backend, index } }, { state }) => {
        if (state === 'cancelling' && index === 0) throw new Error('it broke');
        scheduler.send({ type: 'slot.changed', backend, index, state });
      },
    },
  });
  const broke: unknown[] = [];
  const actor = createActor(schedulerMachine.provide({ actors: { slot } }), {
    input: { maxWaiting: 9, now: () => 0, policy: fullPolicy },
  });
  actor.on('slot.broke', (event) => broke.push(event));
  actor.start();
  actor.send({ type: 'backend.changed', backend: 'mlx', intake: 'full', slots: 2 });
  const { ref, heard } = listener<LeaseEvent>();
  actor.send({ type: 'request.enqueue', ticket: ticket('r1'), requester: ref });
  actor.send({ type: 'lease.release', requestId: 'r1', outcome: 'abandoned' });
  actor.send({ type: 'request.enqueue', ticket: ticket('r2'), requester: ref });
  expect(broke).toEqual([{ type: 'slot.broke', id: 'mlx#0', error: new Error('it broke') }]);
  expect(heard.at(-1)).toMatchObject({ type: 'lease.granted', lease: { requestId: 'r2', slot: 1 } });
  expect(actor.getSnapshot().status).toBe('active');
});

test('after a tool call the slot is held for its lineage, and free when nobody comes', () => {
  const scheduler = startScheduler();
  const main = { lineage: 'main', shape: shape('p', 'a'), bytes: 100_000 };
  scheduler.cache('mlx', 'slots', [held(0, 'p', 'a')]);
  scheduler.enqueue('r1', main);
  scheduler.release('r1', 'finished', 'tool_use');
  expect(scheduler.slotStates()).toEqual(['mlx#0 held']);
  expect(scheduler.emitted).toContainEqual({
    type: 'slot.held',
    backend: 'mlx',
    index: 0,
    lineage: 'main',
    forMs: 5_000,
  });
  scheduler.clock.increment(5_000);
  expect(scheduler.slotStates()).toEqual(['mlx#0 free']);
  scheduler.enqueue('r2', main);
  scheduler.release('r2', 'finished', 'tool_use');
  scheduler.enqueue('r3', main);
  expect(scheduler.heard('r3')).toMatchObject([{ lease: { slot: 0, reason: 'the slot was kept for it' } }]);
});

test('a turn that ended otherwise, or not at all, keeps no slot', () => {
  const scheduler = startScheduler({ slots: 2 });
  scheduler.cache('mlx', 'slots', [], 2);
  scheduler.enqueue('r1');
  scheduler.enqueue('r2');
  scheduler.release('r1', 'finished', 'answer');
  scheduler.release('r2', 'abandoned', 'tool_use');
  expect(scheduler.slotStates()).toEqual(['mlx#0 free', 'mlx#1 cancelling']);
});

test('a side request that waits for a better moment is woken when its time is up', () => {
  const scheduler = startScheduler();
  scheduler.cache('mlx', 'slots', [held(0, 'p', 'a')]);
  scheduler.enqueue('r1', { lineage: 'main', shape: shape('p', 'a') });
  scheduler.release('r1', 'finished', 'answer');
  scheduler.enqueue('title', { lineage: 'title', band: 'auxiliary', shape: shape('t') });
  expect(scheduler.answer('title')).toBeUndefined();
  scheduler.clock.increment(19_999);
  expect(scheduler.answer('title')).toBeUndefined();
  scheduler.clock.increment(1);
  expect(scheduler.answer('title')).toBe('mlx#0');
});

test('the second of a cold prefix goes when the first has its first token', () => {
  const scheduler = startScheduler({ slots: 2 });
  scheduler.cache('mlx', 'prefixes', [], 4);
  scheduler.enqueue('r1', { shape: shape('p', 'a') });
  scheduler.enqueue('r2', { shape: shape('p', 'b') });
  expect(scheduler.answer('r2')).toBeUndefined();
  scheduler.actor.send({ type: 'lease.progress', requestId: 'r1' });
  expect(scheduler.answer('r2')).toBe('mlx#1');
});

test('what leases cost tells when those that wait will start, and when it is worth coming back', () => {
  const scheduler = startScheduler({ maxWaiting: 1 });
  const of = { bytes: 10_000 };
  scheduler.enqueue('r1', of);
  scheduler.actor.send({
    type: 'lease.measured',
    requestId: 'r1',
    prefillMs: 9_000,
    decodeMs: 1_000,
    reused: undefined,
  });
  scheduler.release('r1');
  scheduler.enqueue('r2', of);
  scheduler.enqueue('r3', of);
  const joined = scheduler.emitted.filter((event) => event.type === 'queue.joined').at(-1);
  expect(joined).toMatchObject({ place: 1, waiting: 1 });
  expect(joined?.startsInMs).toBeCloseTo(10_000, -1);
  scheduler.enqueue('r4', of);
  expect(scheduler.heard('r4')).toEqual([{ type: 'lease.refused', reason: 'queue_full', retryAfter: 20 }]);
});

test('both states can be reached; draining is left with the gateway', () => {
  const coverage = cover(schedulerMachine, {
    input: { maxWaiting: 1, now: () => 0, policy: fullPolicy },
    events: [{ type: 'drain' }],
  });
  expect(coverage).toEqual({ unreached: [], deadEnds: ['scheduler.draining'] });
});
