/** The way of a request from arrival to its last byte, and what the machine as a whole is held to. */
import { expect, test } from 'vitest';
import { requestMachine, type Source } from '../../machines/request.ts';
import { errorTable } from '../../src/protocol/errors.ts';
import { cover } from './coverage.ts';
import { listener } from './fixtures.ts';
import { broken, busy, hopeless, leaseOn } from './request-harness.ts';
import { start, startAttempting, startDecoding, twoBackends } from './request-states.ts';

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
