/** Engines that come, go, are drained, half open or still busy: who is served where then. */
import { expect, test } from 'vitest';
import { startScheduler } from './scheduler-harness.ts';

const cancelTimeout = 600_000;

test('an abandoned lease frees the slot only when the engine is idle', async () => {
  const scheduler = startScheduler();
  scheduler.enqueue('r1');
  scheduler.enqueue('r2');
  scheduler.release('r1', 'abandoned');
  expect(scheduler.slotStates()).toEqual(['mlx#0 cancelling']);
  expect(scheduler.answer('r2')).toBeUndefined();
  await scheduler.enginesIdle();
  expect(scheduler.answer('r2')).toBe('mlx#0');
});

test('an engine that is never idle again costs its slot a quarantine', () => {
  const scheduler = startScheduler();
  scheduler.enqueue('r1');
  scheduler.enqueue('r2');
  scheduler.release('r1', 'abandoned');
  scheduler.clock.increment(cancelTimeout);
  expect(scheduler.slotStates()).toEqual(['mlx#0 quarantined']);
  scheduler.clock.increment(30_000);
  expect(scheduler.answer('r2')).toBe('mlx#0');
});

test.each([
  ['none', 'cancelling', 0],
  ['none', 'quarantined', cancelTimeout],
  ['soon', 'quarantined', cancelTimeout],
] as const)('an engine that was away (%s) and is back frees its %s slots', (intake, state, wait) => {
  const scheduler = startScheduler({ slots: 2 });
  scheduler.enqueue('r1');
  scheduler.enqueue('r2');
  scheduler.release('r1', 'abandoned');
  scheduler.clock.increment(wait);
  scheduler.backend('mlx', intake, 2);
  expect(scheduler.slotStates()).toEqual([`mlx#0 ${state}`, 'mlx#1 leased']);
  scheduler.backend('mlx', 'full', 2);
  expect(scheduler.slotStates()).toEqual(['mlx#0 free', 'mlx#1 leased']);
});

test('one that was there all along does not', () => {
  const scheduler = startScheduler();
  scheduler.enqueue('r1');
  scheduler.release('r1', 'abandoned');
  scheduler.backend('mlx', 'full');
  scheduler.backend('mlx', 'trial');
  scheduler.backend('mlx', 'full');
  expect(scheduler.slotStates()).toEqual(['mlx#0 cancelling']);
});

test('when a backend is lost, who waited for it alone is told at once, others move on', () => {
  const scheduler = startScheduler({ backends: ['mlx', 'spare'] });
  scheduler.enqueue('r1');
  scheduler.enqueue('alone');
  scheduler.enqueue('flexible', { candidates: ['mlx', 'spare'] });
  scheduler.backend('mlx', 'none');
  expect(scheduler.answer('alone')).toBe('no_backend');
  expect(scheduler.answer('flexible')).toBe('spare#0');
  expect(scheduler.context().queue).toEqual([]);
});

test('a drained backend keeps what it runs; who waits for it alone is told, others move on, until it is resumed', () => {
  const { actor, enqueue, release, answer, heard, slotStates } = startScheduler({ backends: ['mlx', 'spare'] });
  const drain = (drained: boolean) => actor.send({ type: 'backend.drained', backend: 'mlx', drained });
  enqueue('runs');
  enqueue('alone');
  enqueue('moves', { candidates: ['mlx', 'spare'] });
  drain(true);
  expect(answer('alone')).toBe('no_backend');
  expect(answer('moves')).toBe('spare#0');
  expect(slotStates()).toContain('mlx#0 leased');
  enqueue('late');
  expect(answer('late')).toBe('no_backend');
  release('runs');
  drain(false);
  enqueue('back');
  expect(answer('back')).toBe('mlx#0');
  expect(heard('runs')).toHaveLength(1);
});

test('to be drained and resumed does not free a slot whose engine still works', () => {
  const { actor, enqueue, release, slotStates } = startScheduler();
  enqueue('r1');
  release('r1', 'abandoned');
  for (const drained of [true, false]) actor.send({ type: 'backend.drained', backend: 'mlx', drained });
  expect(slotStates()).toEqual(['mlx#0 cancelling']);
});

test('the next backend in the cascade serves only while the one before takes no work', () => {
  const scheduler = startScheduler({ backends: ['mlx', 'spare'] });
  const candidates = ['mlx', 'spare'];
  scheduler.backend('mlx', 'none');
  scheduler.enqueue('r1', { candidates });
  expect(scheduler.answer('r1')).toBe('spare#0');
  scheduler.backend('mlx', 'soon');
  scheduler.release('r1');
  scheduler.enqueue('r2', { candidates });
  expect(scheduler.answer('r2')).toBeUndefined();
  scheduler.backend('mlx', 'full');
  expect(scheduler.answer('r2')).toBe('mlx#0');
});

test('a half-open circuit lets one request through, and the next when that one is over', () => {
  const scheduler = startScheduler({ slots: 2 });
  scheduler.backend('mlx', 'trial');
  scheduler.enqueue('r1');
  scheduler.enqueue('r2');
  expect([scheduler.answer('r1'), scheduler.answer('r2')]).toEqual(['mlx#0', undefined]);
  scheduler.release('r1');
  expect(scheduler.answer('r2')).toBeDefined();
});

test('an engine with more slots than before serves more, one with fewer less', () => {
  const scheduler = startScheduler();
  scheduler.enqueue('r1');
  scheduler.enqueue('r2');
  scheduler.backend('mlx', 'full', 2);
  expect(scheduler.answer('r2')).toBe('mlx#1');
  scheduler.backend('mlx', 'full', 1);
  scheduler.enqueue('r3');
  scheduler.release('r2');
  expect(scheduler.answer('r3')).toBeUndefined();
  scheduler.release('r1');
  expect(scheduler.answer('r3')).toBe('mlx#0');
  scheduler.backend('mlx', 'full', 2);
  scheduler.enqueue('r4');
  expect(scheduler.answer('r4')).toBe('mlx#1');
  expect(scheduler.context().slots).toHaveLength(2);
});
