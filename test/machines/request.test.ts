import { expect, test } from 'vitest';
import { createActor, fromCallback } from 'xstate';
import { type Failure, requestMachine, type Source } from '../../machines/request.ts';
import type { SchedulerEvent } from '../../machines/scheduler.ts';
import { errorTable } from '../../src/protocol/errors.ts';
import { cover } from './coverage.ts';
import { listener, ticket } from './fixtures.ts';
import { broken, busy, hopeless, leaseOn, startRequest } from './request-harness.ts';

const twoBackends = ticket('r1', { candidates: ['mlx', 'spare'] });

/** The request with a scheduler that only listens; `asked` is what it was asked, in short. */
function start(options: Omit<Parameters<typeof startRequest>[0], 'scheduler'> = {}) {
  const { ref, heard } = listener<SchedulerEvent>();
  const request = startRequest({ scheduler: ref, ...options });
  const asked = () => heard.map((event) => (event.type === 'lease.release' ? event.outcome : event.type.split('.')[1]));
  const grant = (backend = 'mlx') => request.actor.send({ type: 'lease.granted', lease: leaseOn(backend) });
  return { ...request, heard, asked, grant };
}

function startAttempting(options: Parameters<typeof start>[0] = {}) {
  const request = start(options);
  request.grant();
  return request;
}

function startDecoding() {
  const request = startAttempting({ ticket: twoBackends });
  request.report({ type: 'attempt.accepted' });
  request.report({ type: 'attempt.firstToken' });
  return request;
}

test('a request asks for a lease, connects, prefills, decodes, settles and is done', () => {
  const { actor, value, asked, heard, grant, report, read, attempts, told } = start();
  expect(value()).toBe('queued');
  expect(heard[0]).toMatchObject({ type: 'request.enqueue', ticket: { requestId: 'r1' }, requester: actor });
  grant();
  expect(value()).toEqual({ attempting: 'connecting' });
  expect(attempts[0]?.lease).toEqual(leaseOn('mlx'));
  report({ type: 'attempt.accepted' });
  expect(value()).toEqual({ attempting: 'prefilling' });
  report({ type: 'attempt.firstToken' });
  expect(value()).toEqual({ attempting: 'decoding' });
  report({ type: 'attempt.done', stopped: false });
  expect(value()).toBe('settling');
  read();
  expect(value()).toBe('done');
  expect(asked()).toEqual(['enqueue', 'finished']);
  expect(attempts[0]?.stopped).toBe(true);
  expect(told).toEqual(['end']);
});

test('an answer that ended before its engine did leaves the slot to be waited for', () => {
  const { report, asked, value } = startDecoding();
  report({ type: 'attempt.done', stopped: true });
  expect(value()).toBe('settling');
  expect(asked().at(-1)).toBe('abandoned');
});

test('an engine asked again keeps its lease, and what comes of it is the end of the same attempt', () => {
  const { report, value, asked, told, attempts } = startDecoding();
  report({ type: 'attempt.correcting' });
  expect(value()).toEqual({ attempting: 'correcting' });
  report({ type: 'attempt.accepted' });
  report({ type: 'attempt.progress', done: 1, total: 2 });
  expect(value()).toEqual({ attempting: 'correcting' });
  expect(asked()).toEqual(['enqueue']);
  report({ type: 'attempt.done', stopped: false });
  expect(value()).toBe('settling');
  expect([told, attempts.length, asked().at(-1)]).toEqual([['end'], 1, 'finished']);
});

test('an answer that began with the call in question reaches the client only then', () => {
  const { report, value } = startAttempting();
  report({ type: 'attempt.accepted' });
  report({ type: 'attempt.correcting' });
  report({ type: 'attempt.firstToken' });
  expect(value()).toEqual({ attempting: 'decoding' });
  report({ type: 'attempt.done', stopped: false });
  expect(value()).toBe('settling');
});

test('an attempt may still fail while the engine is asked again', () => {
  const fresh = startAttempting({ ticket: twoBackends });
  fresh.report({ type: 'attempt.correcting' });
  fresh.report({ type: 'attempt.failed', failure: broken });
  expect(fresh.value()).toBe('queued');
  const spoken = startDecoding();
  spoken.report({ type: 'attempt.correcting' });
  spoken.report({ type: 'attempt.failed', failure: broken });
  expect(spoken.told).toEqual(['engine_failed']);
});

test('an answer may end without any content', () => {
  const { report, value } = startAttempting();
  report({ type: 'attempt.done', stopped: false });
  expect(value()).toBe('settling');
});

test('a client that never reads its last bytes is given up on', () => {
  const { clock, report, value } = startDecoding();
  report({ type: 'attempt.done', stopped: false });
  clock.increment(60_000);
  expect(value()).toBe('done');
});

test('a cached answer is replayed without asking anybody', () => {
  const { value, asked, read, told, clock } = start({ source: 'cache' });
  expect(value()).toBe('replaying');
  clock.increment(5_000);
  read();
  expect(value()).toBe('done');
  expect(asked()).toEqual([]);
  expect(told).toEqual(['cached answer']);
});

test('a stream is opened after three seconds of waiting, wherever they were spent', () => {
  const { clock, grant, report, told } = start();
  clock.increment(1_000);
  grant();
  clock.increment(1_000);
  report({ type: 'attempt.accepted' });
  clock.increment(999);
  expect(told).toEqual([]);
  clock.increment(1);
  expect(told).toEqual(['open']);
});

test('it is opened as soon as an engine tells how far its prefill is, and not again once it speaks', () => {
  const { report, told, clock } = startAttempting();
  report({ type: 'attempt.accepted' });
  report({ type: 'attempt.progress', done: 1, total: 9 });
  expect(told).toEqual(['open']);
  report({ type: 'attempt.firstToken' });
  report({ type: 'attempt.progress', done: 0, total: 0 });
  clock.increment(3_000);
  expect(told).toEqual(['open']);
});

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

const atState: Readonly<Record<string, () => ReturnType<typeof start>>> = {
  replaying: () => start({ source: 'cache' }),
  joined: () => start({ source: 'flight' }),
  queued: () => start(),
  connecting: () => startAttempting(),
  prefilling: () => {
    const request = startAttempting();
    request.report({ type: 'attempt.accepted' });
    return request;
  },
  decoding: startDecoding,
  correcting: () => {
    const request = startDecoding();
    request.report({ type: 'attempt.correcting' });
    return request;
  },
  fallingBack: () => {
    const request = startAttempting();
    request.report({ type: 'attempt.failed', failure: busy });
    return request;
  },
  settling: () => {
    const request = startDecoding();
    request.report({ type: 'attempt.done', stopped: false });
    return request;
  },
};

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

test('how far a prefill is begins anew with the next attempt', () => {
  const request = startAttempting({ ticket: twoBackends });
  const progress = () => request.actor.getSnapshot().context.progress;
  request.report({ type: 'attempt.accepted' });
  request.report({ type: 'attempt.progress', done: 5, total: 10 });
  expect(progress()).toEqual({ done: 5, total: 10 });
  request.report({ type: 'attempt.failed', failure: broken });
  expect(progress()).toBeUndefined();
});

test('an attempt that was left is not heard any more', () => {
  const request = startAttempting({ ticket: twoBackends });
  request.report({ type: 'attempt.failed', failure: broken });
  request.grant('spare');
  request.attempts[0]?.report({ type: 'attempt.firstToken' });
  request.attempts[0]?.report({ type: 'attempt.failed', failure: hopeless });
  expect(request.value()).toEqual({ attempting: 'connecting' });
  request.grant('mlx');
  expect(request.attempts).toHaveLength(2);
});

test('milestones that come twice change nothing', () => {
  const request = startDecoding();
  request.report({ type: 'attempt.accepted' });
  request.report({ type: 'attempt.firstToken' });
  expect(request.value()).toEqual({ attempting: 'decoding' });
  request.report({ type: 'attempt.done', stopped: false });
  request.report({ type: 'attempt.done', stopped: false });
  request.report({ type: 'attempt.failed', failure: broken });
  expect(request.value()).toBe('settling');
  expect(request.told).toEqual(['end']);
});

test('every failure the machine makes itself has its row in the error table', () => {
  const codes = ['queue_full', 'no_backend', 'shutting_down', 'queue_timeout', 'engine_timeout', 'internal'];
  expect(Object.keys(errorTable)).toEqual(expect.arrayContaining(codes));
});

test('every state can be reached and left', () => {
  const { ref } = listener();
  const walk = (source: Source) =>
    cover(requestMachine, {
      input: { ticket: twoBackends, scheduler: ref, source },
      events: [
        { type: 'lease.granted', lease: leaseOn('mlx') },
        { type: 'lease.refused', reason: 'no_backend' },
        { type: 'attempt.accepted' },
        { type: 'attempt.progress', done: 1, total: 2 },
        { type: 'attempt.firstToken' },
        { type: 'attempt.correcting' },
        { type: 'attempt.done', stopped: false },
        { type: 'attempt.failed', failure: busy },
        { type: 'attempt.failed', failure: broken },
        { type: 'attempt.silent' },
        { type: 'queue.expired' },
        { type: 'reply.finished' },
        { type: 'client.closed' },
        { type: 'client.joined' },
        { type: 'grace.over' },
        { type: 'flight.ended' },
        { type: 'flight.failed', failure: broken },
        { type: 'gateway.closing' },
      ],
      relevant: ({ forwarded, busyTries, ticket }) => [forwarded, Math.min(busyTries, 1), ticket.candidates.length],
    });
  const [fresh, ...others] = [walk('engine'), walk('cache'), walk('flight')] as const;
  // Passed through, never rested in.
  const unreached = fresh.unreached.filter((id) => others.every((walked) => walked.unreached.includes(id)));
  const deadEnds = fresh.deadEnds.filter((id) => others.every((walked) => walked.deadEnds.includes(id)));
  expect({ unreached, deadEnds }).toEqual({ unreached: ['request.admitting'], deadEnds: ['request.admitting'] });
});
