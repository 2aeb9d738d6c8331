import { expect, test } from 'vitest';
import { decide, forecast } from '../../../machines/policies/dispatch.ts';
import { outlook } from '../../../machines/policies/outlook.ts';
import type { Floor } from '../../../machines/policies/types.ts';
import { backendView, floor, held, running, shape, slotView, ticket, waiting } from '../fixtures.ts';

const busy = slotView(0, { state: 'leased', running: running(ticket('runs')) });

function told(patch: Partial<Floor>) {
  const all = outlook(floor({ backends: [backendView()], slots: [busy], ...patch }));
  return all.map(({ ticket: { requestId }, place, reason }) => `${place} ${requestId}: ${reason}`);
}

test('each is told what puts it behind the one before', () => {
  const backends = [backendView({ cacheKind: 'conversations', held: [held(0, 'p', 'warm')] })];
  const queue = [
    ticket('title', { band: 'auxiliary' }),
    ticket('cold', { shape: shape('q', 'cold'), bytes: 100_000 }),
    ticket('agent', { band: 'subagent' }),
    ticket('warm', { shape: shape('p', 'warm', 'more') }),
    ticket('later', { shape: shape('q', 'cold'), bytes: 100_000 }),
  ].map((each) => waiting(each));
  expect(told({ backends, queue })).toEqual([
    '1 warm: next: every slot is taken',
    '2 cold: has more to prefill than the one before: 30.0 s against 0.0 s',
    '3 later: came after the one before',
    '4 agent: behind interactive turns',
    '5 title: behind subagents',
  ]);
});

test('one whose client has had more than its share is told by how much', () => {
  const queue = [waiting(ticket('a')), waiting(ticket('b', { client: 'ben' }))];
  const accounts = { ana: { spentMs: 500_000, weight: 1 }, ben: { spentMs: 0, weight: 1 } };
  const [first, second] = told({ queue, accounts });
  expect(first).toBe('1 b: next: every slot is taken');
  expect(second).toMatch(/^2 a: its client is \d+ s beyond its share$/);
});

test('where somebody would wait too long the deadlines decide, and that is said', () => {
  const queue = [waiting(ticket('a')), waiting(ticket('b', { band: 'auxiliary' }), 1)];
  expect(told({ queue })).toEqual([
    '1 b: next: every slot is taken',
    '2 a: by deadline: in the usual order somebody would wait too long',
  ]);
});

test.each<[string, Partial<Floor>]>([
  ['next: its engine is not ready yet', { backends: [backendView({ intake: 'soon' })] }],
  ['none of its engines takes work', { backends: [backendView({ intake: 'none' })] }],
  ['none of its engines takes work', { backends: [backendView({ drained: true })] }],
  ['next: the engine has not let go of an abandoned request yet', { slots: [slotView(0, { state: 'cancelling' })] }],
])('the first of all is told: %s', (reason, patch) => {
  expect(told({ queue: [waiting(ticket('a'))], ...patch })).toEqual([`1 a: ${reason}`]);
});

test('one that waits although a slot is free is told for what', () => {
  const backends = [backendView({ slots: 2, cacheKind: 'prefixes' })];
  const leader = running(ticket('leads', { shape: shape('p', 'other') }));
  const slots = [slotView(0, { state: 'leased', running: leader }), slotView(1)];
  expect(told({ backends, slots, queue: [waiting(ticket('a'))] })).toEqual([
    '1 a: waits for the first request with its prefix, which prefills it now',
  ]);
});

test('places and starts are those that each would have been told alone', () => {
  const queue = ['a', 'b', 'c', 'd'].map((name, index) =>
    waiting(ticket(name, { band: index === 3 ? 'interactive' : 'subagent', bytes: 4_000 - 1_000 * index })),
  );
  const all = floor({ backends: [backendView({ cacheKind: 'slots' })], slots: [busy], queue });
  expect(decide(all).next).toBeUndefined();
  const alone = queue.map((each) => ({ id: each.ticket.requestId, ...forecast(each.ticket, all) }));
  const together = outlook(all).map((each) => ({
    id: each.ticket.requestId,
    place: each.place,
    startsInMs: Math.round(each.startsInMs),
  }));
  expect(together).toEqual(alone.toSorted((a, b) => a.place - b.place));
});
