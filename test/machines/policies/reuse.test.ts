import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planFor, reusableBytes, sharedBytes, sharedLinks } from '../../../machines/policies/reuse.ts';
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
  expect(reusableBytes(prompt, backend, slot)).toBe(bytes);
  expect(planFor(cacheKind, bytes)).toBe(cacheKind === 'none' ? 'none' : bytes > 0 ? 'restore' : 'snapshot');
});

test.each(['prefixes', 'conversations', 'slots'] as const)('an empty %s cache spares nothing', (cacheKind) => {
  expect(reusableBytes(prompt, backendView({ cacheKind }), 0)).toBe(0);
});
