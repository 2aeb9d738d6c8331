import { expect, test } from 'vitest';
import { defaultRates } from '../../../machines/policies/cost.ts';
import { decide } from '../../../machines/policies/dispatch.ts';
import { assumed } from '../../../machines/policies/mean.ts';
import { placementOn } from '../../../machines/policies/placement.ts';
import type { BackendView, Intake, SlotView, Ticket } from '../../../machines/policies/types.ts';
import { backendView, floor, held, running, shape, slotView, ticket, waiting } from '../fixtures.ts';

const request = ticket('r1', { lineage: 'main', shape: shape('p', 'a', 'b') });
const anywhere = { ...request, candidates: ['mlx', 'spare'] };
const spare = backendView({ name: 'spare' });
const spareSlot = slotView(0, { backend: 'spare' });

function place(request: Ticket, backends: readonly BackendView[], slots: readonly SlotView[]) {
  const { next } = decide(floor({ queue: [waiting(request)], backends, slots }));
  return next && placementOn(next.spot, request);
}

test('an engine that caches nothing gives its least recently used slot', () => {
  const slots = [slotView(0, { usedAt: 7, lineage: 'x' }), slotView(1, { usedAt: 3, lineage: 'y' })];
  expect(place(request, [backendView({ slots: 2 })], slots)).toEqual({
    backend: 'mlx',
    slot: 1,
    plan: 'none',
    share: 0,
    restores: false,
    reason: 'the least recently used slot',
  });
});

test('the slot that holds most of the prompt wins, however recently it was used', () => {
  const backend = backendView({
    slots: 3,
    cacheKind: 'slots',
    held: [held(0, 'p', 'a'), held(1, 'p', 'a', 'b'), held(2, 'q', 'a', 'b')],
  });
  const slots = [slotView(0, { usedAt: 1 }), slotView(1, { usedAt: 9, lineage: 'main' }), slotView(2)];
  expect(place(request, [backend], slots)).toEqual({
    backend: 'mlx',
    slot: 1,
    plan: 'restore',
    share: 1,
    restores: false,
    reason: 'the slot is warm for this lineage',
  });
});

test('the lineage that was on a slot last breaks ties, but bytes come first', () => {
  const backend = backendView({ slots: 2, cacheKind: 'slots', held: [held(0, 'p', 'a')] });
  const own = [slotView(0, { usedAt: 1 }), slotView(1, { usedAt: 5, lineage: 'main' })];
  expect(place(request, [backend], own)).toMatchObject({ slot: 0, reason: 'the engine holds this prefix' });
  const shared = { ...backend, held: [held(0, 'p', 'a'), held(1, 'p', 'a')] };
  expect(place(request, [shared], own)).toMatchObject({ slot: 1, reason: 'the slot is warm for this lineage' });
});

test('a lineage whose state the engine lost is not called warm', () => {
  const slots = [slotView(0, { lineage: 'main', usedAt: 2 })];
  expect(place(request, [backendView({ cacheKind: 'slots' })], slots)).toMatchObject({
    plan: 'snapshot',
    reason: "the lineage's last slot",
  });
  expect(place(request, [backendView()], [slotView(0)])).toMatchObject({ reason: 'the slot is unused' });
});

test('only free slots that the engine still has are given', () => {
  const backend = backendView({ slots: 1 });
  expect(place(request, [backend], [slotView(0, { state: 'leased' }), slotView(1)])).toBeUndefined();
  expect(place(request, [backend], [slotView(0, { state: 'cancelling' })])).toBeUndefined();
  expect(place(request, [backend], [slotView(0, { state: 'quarantined' })])).toBeUndefined();
});

test.each<[Intake, string | undefined]>([
  ['full', 'mlx'],
  ['trial', 'mlx'],
  ['soon', undefined],
  ['none', 'spare'],
])('a preferred backend with intake %s sends the request to %s', (intake, expected) => {
  const backends = [spare, backendView({ intake })];
  expect(place(anywhere, backends, [spareSlot, slotView(0)])?.backend).toBe(expected);
});

test('a busy preferred backend is waited for', () => {
  const slots = [spareSlot, slotView(0, { state: 'leased' })];
  expect(place(anywhere, [spare, backendView()], slots)).toBeUndefined();
});

test('a circuit that is half open lets one request through', () => {
  const trial = backendView({ slots: 2, intake: 'trial' });
  expect(place(request, [trial], [slotView(0), slotView(1)])).toMatchObject({ slot: 0 });
  expect(place(request, [trial], [slotView(0, { state: 'leased' }), slotView(1)])).toBeUndefined();
});

test('an unknown candidate is passed over', () => {
  expect(place(request, [], [slotView(0)])).toBeUndefined();
  expect(place(anywhere, [spare], [spareSlot])?.backend).toBe('spare');
});

test('of equal engines the one that starts it soonest is taken, then the one with least to do', () => {
  const pooled = { ...anywhere, pool: ['mlx', 'spare'] };
  const warm = backendView({ name: 'spare', cacheKind: 'slots', held: [held(0, 'p', 'a')] });
  expect(place(pooled, [backendView(), warm], [slotView(0), spareSlot])?.backend).toBe('spare');
  const two = [backendView({ slots: 2 }), { ...spare, slots: 2 }];
  const busy = slotView(0, { state: 'leased', running: running(ticket('other', { shape: shape('q') })) });
  expect(place(pooled, two, [busy, slotView(1), spareSlot])?.backend).toBe('spare');
  expect(place(pooled, [backendView({ intake: 'soon' }), spare], [slotView(0), spareSlot])?.backend).toBe('spare');
});

test('an equal engine that has it warm is waited for, but no longer than a cold start takes', () => {
  const pooled = { ...anywhere, pool: ['mlx', 'spare'] };
  const warm = backendView({ name: 'spare', cacheKind: 'conversations', held: [held(0, 'p', 'a', 'b')] });
  const busy = { ...spareSlot, state: 'leased', running: running(pooled, { durationMs: 100 }) } as const;
  const cold = backendView({ rates: { ...defaultRates, prefillMsPerByte: assumed(1) } });
  const at = (now: number) =>
    floor({ now, queue: [waiting(pooled)], backends: [cold, warm], slots: [slotView(0), busy] });
  expect(decide(at(0))).toEqual({ next: undefined, wakeAt: 1_200 });
  expect(decide(at(1_200)).next?.spot.backend.name).toBe('mlx');
});
