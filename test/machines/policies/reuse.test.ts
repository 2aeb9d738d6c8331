import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bytesLost,
  evictionBy,
  planFor,
  reuseOf,
  sharedBytes,
  sharedLinks,
  sparedBytes,
} from '../../../machines/policies/reuse.ts';
import { backendView, held, shape } from '../fixtures.ts';

const turns = fc.array(fc.constantFrom('a', 'b'), { maxLength: 12 });

test('shared links are the leading turns two prompts have in common', () => {
  fc.assert(
    fc.property(turns, turns, (left, right) => {
      const differs = left.findIndex((turn, index) => turn !== right[index]);
      const expected = differs < 0 ? left.length : differs;
      expect(sharedLinks(shape('p', ...left).chain, shape('p', ...right).chain)).toBe(expected);
    }),
  );
});

test('shared bytes are those of the last common link, of the prefix alone, or none', () => {
  expect(sharedBytes(shape('p', 'a', 'b', 'c'), shape('p', 'a', 'b', 'x'))).toBe(1_200);
  expect(sharedBytes(shape('p', 'a'), shape('p', 'b'))).toBe(1_000);
  expect(sharedBytes(shape('p'), shape('p', 'b'))).toBe(1_000);
  expect(sharedBytes(shape('p', 'a'), shape('q', 'a'))).toBe(0);
});

const prompt = shape('p', 'a', 'b', 'c');
const inSlots = [held(0, 'p', 'a'), held(1, 'p', 'a', 'b'), held(2, 'q')];

test.each([
  ['none', 0, 0],
  ['prefixes', 0, 1_000],
  ['conversations', 0, 1_200],
  ['slots', 0, 1_100],
  ['slots', 1, 1_200],
  ['slots', 2, 0],
  ['slots', 9, 0],
] as const)('an engine that keeps %s spares slot %i %i bytes', (cacheKind, slot, bytes) => {
  const backend = backendView({ cacheKind, held: inSlots });
  expect(reuseOf(prompt, backend, slot)).toEqual({ bytes, restored: 0 });
  expect(planFor(cacheKind, bytes)).toBe(cacheKind === 'none' ? 'none' : bytes > 0 ? 'restore' : 'snapshot');
});

test.each(['prefixes', 'conversations', 'slots'] as const)('an empty %s cache spares nothing', (cacheKind) => {
  expect(reuseOf(prompt, backendView({ cacheKind }), 0).bytes).toBe(0);
});

test('a prefix on disk is read where no slot holds it, which is worth a little less', () => {
  const backend = backendView({ cacheKind: 'slots', slots: 2, held: [held(0, 'p', 'a')], stored: ['p', 'q'] });
  expect(reuseOf(prompt, backend, 0)).toEqual({ bytes: 1_100, restored: 0 });
  expect(reuseOf(prompt, backend, 1)).toEqual({ bytes: 1_000, restored: 1_000 });
  expect(reuseOf(shape('r'), backend, 1)).toEqual({ bytes: 0, restored: 0 });
  expect(sparedBytes(prompt, backend, 0)).toBe(1_100);
  expect(sparedBytes(prompt, backend, 1)).toBeCloseTo(900);
});

test('who is pushed out of a slot loses no more than the history and the reading, if its prefix is on disk', () => {
  const backend = backendView({ cacheKind: 'slots', held: [held(0, 'p', 'a', 'b', 'c')] });
  const loss = (stored: readonly string[]) =>
    bytesLost(prompt, evictionBy(shape('q'), backend, 0), { ...backend, stored }, 0);
  expect(loss([])).toBe(1_300);
  expect(loss(['p'])).toBeCloseTo(400);
});
