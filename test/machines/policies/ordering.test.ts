import fc from 'fast-check';
import { expect, test } from 'vitest';
import { serviceOrder } from '../../../machines/policies/ordering.ts';
import { ticket } from '../fixtures.ts';

const bands = ['interactive', 'subagent', 'auxiliary'] as const;

test('bands go in order, and inside a band whoever came first', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...bands)), (arriving) => {
      const queue = arriving.map((band, index) => ticket(`r${index}`, { band }));
      const expected = bands.flatMap((band) => queue.filter((waiting) => waiting.band === band));
      expect(serviceOrder(queue)).toEqual(expected);
    }),
  );
});
