import { expect, test } from 'vitest';
import { createActor, fromPromise, SimulatedClock, waitFor } from 'xstate';
import { type SlotChange, slotMachine } from '../../machines/slot.ts';
import { cover } from './coverage.ts';
import { listener } from './fixtures.ts';

function startSlot() {
  const clock = new SimulatedClock();
  const { ref, heard } = listener<SlotChange>();
  const engine = Promise.withResolvers<void>();
  const asked: number[] = [];
  let aborted = false;
  const machine = slotMachine.provide({
    actors: {
      engineIdle: fromPromise(({ input, signal }) => {
        asked.push(input.index);
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        return engine.promise;
      }),
    },
  });
  const actor = createActor(machine, { clock, input: { backend: 'mlx', index: 3, scheduler: ref } }).start();
  const states = () => heard.map(({ state }) => state);
  return { actor, clock, engine, asked, states, heard, aborted: () => aborted };
}

function startCancelling() {
  const slot = startSlot();
  slot.actor.send({ type: 'slot.lease', requestId: 'r1' });
  slot.actor.send({ type: 'slot.cancel' });
  return slot;
}

test('a finished generation frees the slot at once, and the scheduler hears every change', () => {
  const { actor, heard, states, asked } = startSlot();
  actor.send({ type: 'slot.lease', requestId: 'r1' });
  expect(actor.getSnapshot().context.requestId).toBe('r1');
  expect(actor.getSnapshot().hasTag('busy')).toBe(true);
  actor.send({ type: 'slot.release' });
  expect(actor.getSnapshot().context.requestId).toBeUndefined();
  expect(states()).toEqual(['free', 'free']);
  expect(heard[1]).toEqual({ type: 'slot.changed', backend: 'mlx', index: 3, state: 'free' });
  expect(asked).toEqual([]);
});

test('an abandoned one keeps it busy until the engine is idle', async () => {
  const { actor, clock, engine, asked, states } = startCancelling();
  clock.increment(599_999);
  expect(actor.getSnapshot().value).toBe('cancelling');
  expect(asked).toEqual([3]);
  engine.resolve();
  await waitFor(actor, (snapshot) => snapshot.matches('free'));
  expect(states()).toEqual(['free', 'cancelling', 'free']);
});

test('an engine that never comes back is kept away from requests for a while', () => {
  const { actor, clock, states, aborted } = startCancelling();
  clock.increment(600_000);
  expect(actor.getSnapshot().value).toBe('quarantined');
  expect(actor.getSnapshot().context.requestId).toBeUndefined();
  expect(aborted()).toBe(true);
  clock.increment(29_999);
  expect(actor.getSnapshot().hasTag('busy')).toBe(true);
  clock.increment(1);
  expect(states()).toEqual(['free', 'cancelling', 'quarantined', 'free']);
});

test('so is one that cannot say whether it is idle', async () => {
  const { actor, engine } = startCancelling();
  engine.reject(new Error('connection refused'));
  await waitFor(actor, (snapshot) => snapshot.matches('quarantined'));
});

test('a restarted engine frees the slot, waiting or quarantined', () => {
  const { actor, clock } = startCancelling();
  actor.send({ type: 'slot.reset' });
  expect(actor.getSnapshot().value).toBe('free');
  actor.send({ type: 'slot.lease', requestId: 'r2' });
  actor.send({ type: 'slot.cancel' });
  clock.increment(600_000);
  actor.send({ type: 'slot.reset' });
  expect(actor.getSnapshot().value).toBe('free');
});

test('a slot that is kept is free after a while, or leased before that', () => {
  const { actor, clock, states } = startSlot();
  actor.send({ type: 'slot.lease', requestId: 'r1' });
  actor.send({ type: 'slot.hold', forMs: 1_500 });
  expect(actor.getSnapshot()).toMatchObject({ value: 'held', context: { requestId: undefined } });
  clock.increment(1_499);
  expect(actor.getSnapshot().value).toBe('held');
  clock.increment(1);
  expect(actor.getSnapshot().value).toBe('free');
  actor.send({ type: 'slot.lease', requestId: 'r2' });
  actor.send({ type: 'slot.hold', forMs: 1_500 });
  actor.send({ type: 'slot.lease', requestId: 'r3' });
  clock.increment(1_500);
  expect(actor.getSnapshot()).toMatchObject({ value: 'leased', context: { requestId: 'r3' } });
  expect(states()).toEqual(['free', 'held', 'free', 'held']);
});

test('a restarted engine frees a slot that is kept', () => {
  const { actor } = startSlot();
  actor.send({ type: 'slot.lease', requestId: 'r1' });
  actor.send({ type: 'slot.hold', forMs: 1_500 });
  actor.send({ type: 'slot.reset' });
  expect(actor.getSnapshot().value).toBe('free');
});

test('events that come twice or too late change nothing', () => {
  const { actor, states } = startSlot();
  actor.send({ type: 'slot.release' });
  actor.send({ type: 'slot.cancel' });
  actor.send({ type: 'slot.reset' });
  expect(actor.getSnapshot().value).toBe('free');
  actor.send({ type: 'slot.lease', requestId: 'r1' });
  actor.send({ type: 'slot.lease', requestId: 'r2' });
  actor.send({ type: 'slot.reset' });
  expect(actor.getSnapshot().context.requestId).toBe('r1');
  actor.send({ type: 'slot.cancel' });
  actor.send({ type: 'slot.cancel' });
  actor.send({ type: 'slot.release' });
  actor.send({ type: 'slot.lease', requestId: 'r2' });
  expect(states()).toEqual(['free', 'cancelling']);
});

test('a broken action stops the actor with an error its owner can see', () => {
  const machine = slotMachine.provide({
    actions: {
      announce: () => {
        throw new Error('no scheduler');
      },
    },
  });
  const { ref } = listener();
  const errors: unknown[] = [];
  const actor = createActor(machine, { input: { backend: 'mlx', index: 0, scheduler: ref } });
  actor.subscribe({ error: (error) => errors.push(error) });
  actor.start();
  expect(actor.getSnapshot().status).toBe('error');
  expect(errors).toEqual([new Error('no scheduler')]);
});

test('every state can be reached and left', () => {
  const { ref } = listener();
  const coverage = cover(slotMachine, {
    input: { backend: 'mlx', index: 0, scheduler: ref },
    events: [
      { type: 'slot.lease', requestId: 'r1' },
      { type: 'slot.release' },
      { type: 'slot.hold', forMs: 1_000 },
      { type: 'slot.cancel' },
      { type: 'slot.reset' },
    ],
  });
  expect(coverage).toEqual({ unreached: [], deadEnds: [] });
});
