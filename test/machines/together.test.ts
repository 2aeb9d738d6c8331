/** Requests, scheduler and slots with one another: real actors, a simulated clock, only the engines are played. */
import { expect, test } from 'vitest';
import type { SimulatedClock } from 'xstate';
import type { Ticket } from '../../machines/policies/types.ts';
import { ticket } from './fixtures.ts';
import { broken, busy, startRequest } from './request-harness.ts';
import { startScheduler } from './scheduler-harness.ts';

const candidates = ['mlx', 'spare'];

function startGateway({ backends = ['mlx'] as readonly string[] } = {}) {
  const scheduler = startScheduler({ backends });
  const clock: SimulatedClock = scheduler.clock;
  const request = (id: string, patch: Partial<Ticket> = {}) =>
    startRequest({ scheduler: scheduler.actor, clock, ticket: ticket(id, patch) });
  return { ...scheduler, request };
}

test('a request lives its whole life, and the next one runs while its client still reads', () => {
  const { request, slotStates, context } = startGateway();
  const first = request('r1');
  const second = request('r2');
  expect(second.value()).toBe('queued');
  first.report({ type: 'attempt.accepted' });
  first.report({ type: 'attempt.firstToken' });
  first.report({ type: 'attempt.done', stopped: false });
  expect(first.value()).toBe('settling');
  expect(second.value()).toEqual({ attempting: 'connecting' });
  first.read();
  second.report({ type: 'attempt.done', stopped: false });
  second.read();
  expect([first.value(), second.value()]).toEqual(['done', 'done']);
  expect(slotStates()).toEqual(['mlx#0 free']);
  expect(context().leases).toEqual({});
});

test('a broken backend hands its request to the next, and has its slot back once it is idle', async () => {
  const { request, slotStates, enginesIdle } = startGateway({ backends: candidates });
  const { report, attempts, value } = request('r1', { candidates });
  report({ type: 'attempt.failed', failure: broken });
  expect(attempts.map(({ lease }) => lease.backend)).toEqual(['mlx', 'spare']);
  expect(value()).toEqual({ attempting: 'connecting' });
  expect(slotStates()).toEqual(['mlx#0 cancelling', 'spare#0 leased']);
  await enginesIdle();
  expect(slotStates()).toEqual(['mlx#0 free', 'spare#0 leased']);
});

test('a busy engine is asked again after each pause, and lets others in between', async () => {
  const { request, enginesIdle, clock } = startGateway();
  const patient = request('r1');
  patient.report({ type: 'attempt.failed', failure: busy });
  await enginesIdle();
  clock.increment(249);
  expect(patient.attempts).toHaveLength(1);
  clock.increment(1);
  expect(patient.attempts).toHaveLength(2);
  patient.report({ type: 'attempt.failed', failure: busy });
  await enginesIdle();
  const other = request('r2');
  clock.increment(500);
  expect(patient.value()).toBe('queued');
  other.report({ type: 'attempt.done', stopped: false });
  expect(patient.attempts).toHaveLength(3);
});

test('a busy engine that is still busy when the pause is over keeps the request waiting for its slot', async () => {
  const { request, enginesIdle, clock } = startGateway();
  const patient = request('r1');
  patient.report({ type: 'attempt.failed', failure: busy });
  clock.increment(250);
  expect(patient.value()).toBe('queued');
  await enginesIdle();
  expect(patient.value()).toEqual({ attempting: 'connecting' });
});

test('a client that leaves the queue does not hold up those behind it', () => {
  const { request, context } = startGateway();
  const [first, second, third] = [request('r1'), request('r2'), request('r3')];
  second.leave();
  expect(context().queue.map((waiting) => waiting.ticket.requestId)).toEqual(['r3']);
  first.report({ type: 'attempt.done', stopped: false });
  expect([second.value(), third.value()]).toEqual(['cancelled', { attempting: 'connecting' }]);
});

test.each([
  ['connecting', []],
  ['prefilling', [{ type: 'attempt.accepted' }]],
  ['decoding', [{ type: 'attempt.accepted' }, { type: 'attempt.firstToken' }]],
  ['fallingBack', [{ type: 'attempt.failed', failure: busy }]],
] as const)('a client that leaves while %s frees the slot for the next', async (state, events) => {
  const { request, enginesIdle, slotStates, context } = startGateway();
  const leaving = request('r1');
  for (const event of events) leaving.report(event);
  expect(JSON.stringify(leaving.value())).toContain(state);
  const next = request('r2');
  leaving.leave();
  expect(slotStates()).toEqual(['mlx#0 cancelling']);
  await enginesIdle();
  expect(next.value()).toEqual({ attempting: 'connecting' });
  expect(Object.keys(context().leases)).toEqual(['r2']);
});

test('a request whose only backend goes down while it waits is answered at once', () => {
  const { request, backend } = startGateway();
  request('r1');
  const waiting = request('r2');
  backend('mlx', 'none');
  expect(waiting.told).toEqual(['no_backend']);
});

test('draining lets what waits finish and refuses what comes', () => {
  const { request, actor } = startGateway();
  const [first, second] = [request('r1'), request('r2')];
  actor.send({ type: 'drain' });
  expect(request('r3').told).toEqual(['shutting_down']);
  first.report({ type: 'attempt.done', stopped: false });
  expect(second.value()).toEqual({ attempting: 'connecting' });
});
