import { assert, integer, nat, property } from 'fast-check';
import { expect, test } from 'vitest';
import { createRing } from '../../src/observe/ring.ts';

test('a ring keeps the newest, under their numbers', () => {
  assert(
    property(integer({ min: 1, max: 20 }), nat(60), nat(70), (size, count, after) => {
      const ring = createRing<number>(size);
      for (let number = 1; number <= count; number++) ring.push(number);
      const all = Array.from({ length: count }, (_, index) => index + 1);
      expect(ring.last).toBe(count);
      expect(ring.first).toBe(Math.max(0, count - size) + 1);
      expect(ring.after(after)).toEqual(all.slice(-size).filter((number) => number > after));
    }),
  );
});
