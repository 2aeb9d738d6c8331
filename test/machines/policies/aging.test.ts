import { expect, test } from 'vitest';
import { dueOf, generationOf } from '../../../machines/policies/aging.ts';
import { defaultRates } from '../../../machines/policies/cost.ts';
import { assumed } from '../../../machines/policies/mean.ts';
import { waitMs } from '../../../machines/policies/queue-time.ts';
import { slackMs } from '../../../machines/policies/slack.ts';
import { type Floor, fullPolicy, type Ticket } from '../../../machines/policies/types.ts';
import { backendView, floor, running, shape, slotView, ticket, waiting } from '../fixtures.ts';

const deadlineOf = (ticket: Ticket, on: Floor) => dueOf(ticket, on).deadline;

/** A millisecond a byte, a second an answer, 1,000 bytes a prompt: a generation takes two seconds. */
const rates = { ...defaultRates, prefillMsPerByte: assumed(1), decodeMs: assumed(1_000), promptBytes: assumed(1_000) };
const backend = backendView({ rates, cacheKind: 'slots' });
const first = ticket('first', { shape: shape('p') });
const second = ticket('second', { shape: shape('q') });
const third = ticket('third', { shape: shape('r') });

test('those before it run one after the other, each at what it costs then', () => {
  const on = floor({ backends: [backend], slots: [slotView(0)] });
  expect(waitMs(third, [], on)).toBe(0);
  expect(waitMs(third, [first, second], on)).toBeCloseTo(4_000);
  expect(waitMs(third, [first, { ...second, shape: first.shape }], on)).toBeCloseTo(3_000);
});

test('what runs counts with what is left of it, and every slot serves', () => {
  const busy = slotView(0, { state: 'leased', running: running(first, { durationMs: 2_000 }) });
  const on = floor({ now: 500, backends: [{ ...backend, slots: 2 }], slots: [busy, slotView(1)] });
  expect(waitMs(third, [], on)).toBe(0);
  expect(waitMs(third, [second], on)).toBe(1_500);
});

test('one that waits for another engine is not in the way', () => {
  const on = floor({ backends: [backend], slots: [slotView(0)] });
  expect(waitMs(third, [{ ...first, candidates: ['other'] }], on)).toBe(0);
  expect(waitMs({ ...third, candidates: ['other'] }, [first], on)).toBe(0);
});

test('nobody has to wait more than 1.2 times what arrival would have given, and a generation', () => {
  const on = floor({ now: 100, queue: [waiting(first), waiting(second)], backends: [backend], slots: [slotView(0)] });
  expect(generationOf(third, on)).toBeCloseTo(2_000);
  expect(deadlineOf(third, on)).toBeCloseTo(100 + 1.2 * 4_000 + 2_000);
  expect(deadlineOf(third, { ...on, policy: { ...fullPolicy, aging: false } })).toBe(Number.POSITIVE_INFINITY);
});

test('nor more than the longest that arrival would have given to anybody who waits or runs there', () => {
  const patient = { ...waiting(first), fifoMs: 9_000 };
  const on = floor({ queue: [patient], backends: [backend], slots: [slotView(0)] });
  expect(dueOf(third, on)).toEqual({ fifoMs: expect.closeTo(2_000), deadline: expect.closeTo(1.2 * 9_000 + 2_000) });
  const busy = slotView(0, { running: running(second, { fifoMs: 12_000, durationMs: 500 }) });
  expect(dueOf(third, { ...on, slots: [busy] }).deadline).toBeCloseTo(1.2 * 12_000 + 2_000);
  const elsewhere = { ...patient, ticket: { ...first, candidates: ['other'], pool: ['other'] } };
  expect(dueOf(third, { ...on, queue: [elsewhere] })).toMatchObject({ fifoMs: 0, deadline: expect.closeTo(2_000) });
});

test('a client that floods the queue is owed its share', () => {
  const mine = (index: number) => ticket(`m${index}`, { client: 'mallory', shape: shape(`m${index}`) });
  const queue = [0, 1, 2, 3, 4].map((index) => waiting(mine(index)));
  const running2 = slotView(0, { state: 'leased', running: running(first, { durationMs: 0 }) });
  const on = floor({
    queue: [...queue, waiting({ ...second, client: 'ben' })],
    backends: [backend],
    slots: [running2],
  });
  expect(deadlineOf(mine(5), on)).toBeCloseTo(1.2 * 30_000 + 2_000);
  expect(deadlineOf({ ...third, client: 'ben' }, on)).toBeCloseTo(1.2 * 12_000 + 2_000);
  const accounts = { mallory: { spentMs: 0, weight: 2 } };
  expect(deadlineOf(mine(5), { ...on, accounts })).toBeCloseTo(1.2 * 12_000 + 2_000);
});

test('what is left before deadlines have to decide is the least that any of them has', () => {
  const on = floor({ now: 100, backends: [backend], slots: [slotView(0)] });
  expect(slackMs(on)).toBe(Number.POSITIVE_INFINITY);
  const queue = [waiting(second, 9_000), waiting(first, 5_000)];
  expect(slackMs({ ...on, queue })).toBeCloseTo(4_900);
  expect(slackMs({ ...on, queue: [waiting(second, 6_000), waiting(first, 5_000)] })).toBeCloseTo(3_900);
  expect(slackMs({ ...on, queue }, first)).toBeCloseTo(8_900);
});

test('with no engine known a generation takes what is assumed', () => {
  expect(generationOf(third, floor())).toBeCloseTo(
    generationOf(third, floor({ backends: [backendView({ rates: defaultRates })] })),
  );
});
