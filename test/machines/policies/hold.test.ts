import { expect, test } from 'vitest';
import { decide } from '../../../machines/policies/dispatch.ts';
import { holdAfter } from '../../../machines/policies/hold.ts';
import { learnReturn } from '../../../machines/policies/returns.ts';
import { type Floor, fullPolicy, type Hold, type Waiting } from '../../../machines/policies/types.ts';
import { backendView, floor, held, shape, slotView, ticket, waiting } from '../fixtures.ts';

const lineage = 's1/main';
const kept = { ...ticket('r1', { lineage, session: 's1', shape: shape('p', 'a') }), bytes: 1_100 };
const backend = backendView({ cacheKind: 'slots', held: [held(0, 'p', 'a')] });
const hold: Hold = { ticket: kept, since: 0, expectedAt: 1_000, until: 2_500 };
const slot = slotView(0, { state: 'held', lineage, hold });
/** Of another lineage, with nothing in common: it would cost the kept one 330 ms. */
const other = ticket('r2', { shape: shape('q') });
const returned = learnReturn(new Map(), other, 100);

/** Who gets the slot that is kept. */
function winner(queue: readonly Waiting[], patch: Partial<Floor> = {}) {
  const { next } = decide(floor({ queue, backends: [backend], slots: [slot], returns: returned, ...patch }));
  return next?.waiting.ticket.requestId;
}

test('a slot is kept for a lineage that is expected back soon, for a few seconds at most', () => {
  const after = (gapMs: number | undefined) => {
    const returns = gapMs === undefined ? new Map() : learnReturn(new Map(), kept, gapMs);
    return holdAfter(kept, backend, floor({ now: 100, returns }));
  };
  expect(after(undefined)).toEqual({ ticket: kept, since: 100, expectedAt: 1_100, until: 5_100 });
  expect(after(300)?.expectedAt).toBeCloseTo(400, 0);
  expect(after(4_000)?.until).toBe(5_100);
  expect(after(6_000)).toBeUndefined();
});

test('nothing is kept where nothing can be lost, or when holds are off', () => {
  const on = floor();
  const kinds = [
    backendView({ cacheKind: 'none' }),
    backendView({ cacheKind: 'prefixes', capacity: 4 }),
    backendView({ cacheKind: 'conversations', capacity: 9, slots: 4 }),
  ];
  expect(kinds.map((view) => holdAfter(kept, view, on))).toEqual([undefined, undefined, undefined]);
  expect(holdAfter(kept, backendView({ cacheKind: 'prefixes', capacity: 1 }), on)).toBeDefined();
  expect(holdAfter(kept, backend, floor({ policy: { ...fullPolicy, hold: false } }))).toBeUndefined();
});

test("the lineage's next request has the slot at once, others wait", () => {
  const next = ticket('next', { lineage, session: 's1', shape: shape('p', 'a', 'b') });
  expect(winner([waiting(other)], { now: 0, backends: [slow] })).toBeUndefined();
  expect(winner([waiting(other), waiting(next)], { backends: [slow] })).toBe('next');
  const forged = { ...next, client: 'mallory', shape: shape('m') };
  expect(winner([waiting(other), waiting(forged)], { backends: [slow] })).toBeUndefined();
});

/** There a switch costs 33 s. */
const slow = backendView({ ...backend, rates: { ...backend.rates, prefillMsPerByte: { sum: 30, weight: 1 } } });

test('it is given away where the switch costs less than the wait, or the lineage is late', () => {
  expect(winner([waiting(other)])).toBe('r2');
  const same = ticket('r3', { shape: shape('p', 'a') });
  expect(winner([waiting(same)], { backends: [slow] })).toBe('r3');
  expect(winner([waiting(other)], { backends: [slow], now: 32_999 })).toBeUndefined();
  expect(winner([waiting(other)], { backends: [slow], now: 33_001 })).toBe('r2');
});

test('a higher band has it at once', () => {
  const agents = { ...slot, hold: { ...hold, ticket: { ...kept, band: 'subagent' as const } } };
  expect(winner([waiting(other)], { backends: [slow], slots: [agents] })).toBe('r2');
  expect(winner([waiting({ ...other, band: 'subagent' })], { backends: [slow], slots: [agents] })).toBeUndefined();
});

test('one whose time would be up has it at once', () => {
  const urgent = waiting({ ...other, client: 'ben' }, 3_000);
  expect(winner([urgent], { backends: [slow] })).toBe('r2');
  expect(winner([{ ...urgent, deadline: 7_000 }], { backends: [slow] })).toBeUndefined();
});

test('a client that is beyond its share keeps no slot from others', () => {
  const accounts = { ana: { spentMs: 1e9, weight: 1 } };
  expect(winner([waiting({ ...other, client: 'ben' })], { backends: [slow], accounts })).toBe('r2');
  expect(winner([waiting(other)], { backends: [slow], accounts })).toBeUndefined();
});

test('an agent the turn has called has it at once: its lineage waits for the agent', () => {
  const agent = { ...other, session: 's1', lineage: 's1/agent', band: 'subagent' as const };
  expect(winner([waiting(agent)], { backends: [slow] })).toBe('r2');
  expect(winner([waiting({ ...agent, band: 'auxiliary' })], { backends: [slow] })).toBeUndefined();
  const known = learnReturn(returned, agent, 100);
  expect(winner([waiting(agent)], { backends: [slow], returns: known })).toBeUndefined();
});
