/** Clients that leave, come back within the grace, or have joined the request of another. */
import { expect, test } from 'vitest';
import { errorTable } from '../../src/protocol/errors.ts';
import { broken } from './request-harness.ts';
import { atState, start, startDecoding } from './request-states.ts';

/** Nothing is at stake any more, or never was. */
const inPassing = ['replaying', 'joined', 'settling'];
const atStake = Object.keys(atState).filter((state) => !inPassing.includes(state));

function expectCancelled(request: ReturnType<typeof start> | undefined) {
  expect(request?.value()).toBe('cancelled');
  expect(request?.told.filter((what) => what in errorTable)).toEqual([]);
  expect(request?.errors).toEqual([]);
  expect(request?.asked().at(-1)).toBe('abandoned');
  expect(request?.attempts.every(({ stopped }) => stopped)).toBe(true);
}

test.each(inPassing)('a client that leaves while %s cancels everything at once and is told nothing', (state) => {
  const request = atState[state]?.();
  expect(JSON.stringify(request?.value())).toContain(state);
  request?.closed();
  expectCancelled(request);
});

test.each(atStake)('when everybody leaves while %s, it goes on for a grace of five seconds', (state) => {
  const request = atState[state]?.();
  const before = JSON.stringify(request?.value());
  expect(before).toContain(state);
  request?.closed();
  expect(JSON.stringify(request?.value())).toBe(before);
  request?.clock.increment(4_999);
  expect(request?.value()).not.toBe('cancelled');
  request?.clock.increment(1);
  expectCancelled(request);
});

test.each(atStake)('whoever joins within the grace while %s keeps it alive, until they too have left', (state) => {
  const request = atState[state]?.();
  request?.closed();
  request?.clock.increment(4_000);
  request?.actor.send({ type: 'client.joined' });
  request?.clock.increment(10_000);
  expect(request?.value()).not.toBe('cancelled');
  request?.closed();
  request?.clock.increment(5_000);
  expectCancelled(request);
});

test.each(atStake)('the grace is over early while %s when somebody else needs what it keeps', (state) => {
  const request = atState[state]?.();
  request?.closed();
  request?.actor.send({ type: 'grace.over' });
  expectCancelled(request);
});

test('an answer that is complete within the grace is kept as any other', () => {
  const request = startDecoding();
  request.closed();
  request.report({ type: 'attempt.done', stopped: false });
  expect(request.value()).toBe('settling');
  request.read();
  expect(request.value()).toBe('done');
  expect([request.told, request.asked().at(-1)]).toEqual([['end'], 'finished']);
});

test('a slot that nobody needs the answer of goes on to the next before an engine has heard of it', () => {
  let superfluous = false;
  const kept = start({ superfluous: () => superfluous });
  kept.closed();
  kept.grant();
  expect(kept.value()).toEqual({ attempting: 'connecting' });
  superfluous = true;
  const passed = start({ superfluous: () => superfluous });
  passed.closed();
  passed.grant();
  expect(passed.value()).toBe('cancelled');
  expect(passed.attempts).toEqual([]);
  expect(passed.asked()).toEqual(['enqueue', 'finished', 'leave', 'abandoned']);
});

test('one that has joined another asks nobody, and settles when that one’s answer is complete', () => {
  const { actor, value, asked, told, read, clock } = start({ source: 'flight' });
  expect(value()).toBe('joined');
  clock.increment(3_000);
  actor.send({ type: 'flight.ended' });
  expect(value()).toBe('settling');
  read();
  expect(value()).toBe('done');
  expect(told).toEqual(['joined', 'open', 'end']);
  expect(asked()).toEqual([]);
});

test('one that has joined another fails as that one does', () => {
  const { actor, value, told } = start({ source: 'flight' });
  actor.send({ type: 'flight.failed', failure: broken });
  expect(value()).toBe('failed');
  expect(told).toEqual(['joined', 'engine_failed']);
});
