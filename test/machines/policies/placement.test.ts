import { expect, test } from 'vitest';
import { place } from '../../../machines/policies/placement.ts';
import type { Intake } from '../../../machines/policies/types.ts';
import { backendView, held, shape, slotView, ticket } from '../fixtures.ts';

const request = ticket('r1', { lineage: 'main', shape: shape('p', 'a', 'b') });
const anywhere = { ...request, candidates: ['mlx', 'spare'] };
const spare = backendView({ name: 'spare' });
const spareSlot = slotView(0, { backend: 'spare' });

test('an engine that caches nothing gives its least recently used slot', () => {
  const slots = [slotView(0, { usedAt: 7, lineage: 'x' }), slotView(1, { usedAt: 3, lineage: 'y' })];
  expect(place(request, [backendView({ slots: 2 })], slots)).toEqual({
    backend: 'mlx',
    slot: 1,
    plan: 'none',
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
