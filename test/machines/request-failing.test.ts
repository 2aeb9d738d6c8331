/** Refusals, failures, the next backend, and the ends that others put to a request. */
import { expect, test } from 'vitest';
import { createActor, fromCallback } from 'xstate';
import { type Failure, requestMachine } from '../../machines/request.ts';
import type { SchedulerEvent } from '../../machines/scheduler.ts';
import { listener, ticket } from './fixtures.ts';
import { broken, busy, hopeless, leaseOn } from './request-harness.ts';
import { atState, start, startAttempting, startDecoding, twoBackends } from './request-states.ts';

test.each(['queue_full', 'no_backend', 'shutting_down'] as const)('a refusal (%s) is the answer', (reason) => {
  const { actor, told, value } = start();
  actor.send({ type: 'lease.refused', reason });
  expect(value()).toBe('failed');
  expect(told).toEqual([reason]);
});

test('waiting for a slot ends when the queue has taken too long', () => {
  const { actor, told, asked } = start();
  actor.send({ type: 'queue.expired' });
  expect(told).toEqual(['queue_timeout']);
  expect(asked()).toEqual(['enqueue', 'leave', 'abandoned']);
});

test.each(['connecting', 'prefilling', 'decoding', 'correcting'])(
  'an engine that falls silent while %s is given up on',
  (state) => {
    const request = atState[state]?.();
    request?.actor.send({ type: 'attempt.silent' });
    expect(request?.value()).toBe('failed');
    expect(request?.told).toEqual(['engine_timeout']);
    expect(request?.attempts[0]?.stopped).toBe(true);
  },
);

test('a failure before anything was forwarded goes on to the next backend', () => {
  const { report, value, asked, heard, attempts, grant, told } = startAttempting({ ticket: twoBackends });
  report({ type: 'attempt.failed', failure: broken });
  expect(value()).toBe('queued');
  expect(attempts[0]?.stopped).toBe(true);
  expect(asked()).toEqual(['enqueue', 'abandoned', 'enqueue']);
  expect(heard.at(-1)).toMatchObject({ ticket: { candidates: ['spare'] } });
  grant('spare');
  report({ type: 'attempt.failed', failure: broken });
  expect(value()).toBe('failed');
  expect(told).toEqual(['engine_failed']);
});

test('a refusal after a failure tells the failure', () => {
  const { actor, report, told } = startAttempting({ ticket: twoBackends });
  report({ type: 'attempt.failed', failure: broken });
  actor.send({ type: 'lease.refused', reason: 'no_backend' });
  expect(told).toEqual(['engine_failed']);
});

test('a failure that no other backend would do better at is told at once, and so is one after content', () => {
  const refused = startAttempting({ ticket: twoBackends });
  refused.report({ type: 'attempt.failed', failure: hopeless });
  expect(refused.told).toEqual(['engine_refused']);
  const forwarded = startDecoding();
  forwarded.report({ type: 'attempt.failed', failure: broken });
  expect(forwarded.told).toEqual(['engine_failed']);
  const busyLate = startDecoding();
  busyLate.report({ type: 'attempt.failed', failure: busy });
  expect(busyLate.told).toEqual(['engine_busy']);
});

test('a busy engine is asked again, after pauses that grow from a quarter of a second to five', () => {
  const { clock, report, value, grant, heard } = startAttempting({ ticket: twoBackends });
  const pauses: number[] = [];
  for (let tries = 0; tries < 20; tries++) {
    report({ type: 'attempt.failed', failure: busy });
    expect(value()).toBe('fallingBack');
    const from = clock.now();
    while (value() === 'fallingBack') clock.increment(250);
    pauses.push(clock.now() - from);
    expect(heard.at(-1)).toMatchObject({ type: 'request.enqueue', ticket: { candidates: ['mlx', 'spare'] } });
    grant();
  }
  expect(pauses.slice(0, 7)).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  report({ type: 'attempt.failed', failure: busy });
  expect(value()).toBe('failed');
});

test('an attempt that throws fails the request and frees its slot', () => {
  const { ref, heard } = listener<SchedulerEvent>();
  const told: Failure[] = [];
  const machine = requestMachine.provide({
    actors: {
      attempt: fromCallback(() => {
        throw new Error('no such backend');
      }),
    },
    actions: { sendFailure: (_, { failure }) => told.push(failure) },
  });
  const actor = createActor(machine, { input: { ticket: ticket('r1'), scheduler: ref, source: 'engine' } }).start();
  actor.send({ type: 'lease.granted', lease: leaseOn('mlx') });
  expect(actor.getSnapshot().value).toBe('failed');
  expect(told).toMatchObject([{ code: 'internal', message: 'no such backend' }]);
  expect(heard.at(-1)).toMatchObject({ type: 'lease.release', outcome: 'abandoned' });
});

test('an action that throws is seen by the owner of the root, who has to stop the attempt', () => {
  const { ref } = listener();
  let stopped = false;
  const errors: unknown[] = [];
  const machine = requestMachine.provide({
    actors: {
      attempt: fromCallback(() => () => {
        stopped = true;
      }),
    },
    actions: {
      openReply: () => {
        throw new Error('the socket is gone');
      },
    },
  });
  const actor = createActor(machine, { input: { ticket: ticket('r1'), scheduler: ref, source: 'engine' } });
  actor.subscribe({ error: (error) => errors.push(error) });
  actor.start();
  actor.send({ type: 'lease.granted', lease: leaseOn('mlx') });
  actor.send({ type: 'attempt.accepted' });
  actor.send({ type: 'attempt.progress', done: 1, total: 2 });
  expect(errors).toEqual([new Error('the socket is gone')]);
  expect(stopped).toBe(false);
});

test.each(Object.keys(atState))(
  'a gateway that closes while %s tells the client, unless it has its answer',
  (state) => {
    const request = atState[state]?.();
    request?.actor.send({ type: 'gateway.closing' });
    expect(request?.told.at(-1)).toBe(state === 'settling' ? 'end' : 'shutting_down');
    expect(request?.value()).toBe(state === 'settling' ? 'done' : 'failed');
    expect(request?.attempts.every(({ stopped }) => stopped)).toBe(true);
  },
);

test.each(Object.keys(atState))(
  'one that is cancelled while %s tells its client by whom, unless it has its answer',
  (state) => {
    const request = atState[state]?.();
    request?.actor.send({ type: 'owner.cancelled', by: 'ana' });
    if (state === 'settling' || state === 'replaying') {
      expect(request?.value()).toBe('done');
      expect(request?.told.at(-1)).not.toBe('request_cancelled');
      return;
    }
    expect(request?.value()).toBe('failed');
    expect(request?.told.at(-1)).toBe('request_cancelled');
    expect(request?.attempts.every(({ stopped }) => stopped)).toBe(true);
    expect(request?.actor.getSnapshot().context.failure?.message).toBe('ana cancelled this request at the gateway.');
    expect(request?.asked().slice(-2)).toEqual(['leave', 'abandoned']);
  },
);
