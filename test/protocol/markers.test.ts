import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMarkers } from '../../src/protocol/markers.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'b', '<'), maxLength: 12 });
const some = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '<'), minLength: 1, maxLength: 4 }), {
  maxLength: 5,
});

test('what is complete first is found, and the longer of two that end together', () => {
  const { scan } = createMarkers(['<a>', '<a', 'b<a', '[b]']);
  expect(scan('x<a>')).toEqual({ cut: 1, marker: '<a' });
  expect(scan('xb<a>')).toEqual({ cut: 1, marker: 'b<a' });
  expect(scan('[b<a')).toEqual({ cut: 1, marker: 'b<a' });
  expect(scan('[b]')).toEqual({ cut: 0, marker: '[b]' });
  expect(scan('a[b')).toEqual({ cut: 1, marker: undefined });
  expect(scan('')).toEqual({ cut: 0, marker: undefined });
});

test('it agrees with looking for each marker at each place', () => {
  fc.assert(
    fc.property(text, some, (text, markers) => {
      const ends = Array.from({ length: text.length + 1 }, (_, end) => text.slice(0, end));
      const longest = (all: readonly string[]) => all.toSorted((a, b) => b.length - a.length)[0];
      const upTo = ends.find((start) => markers.some((marker) => start.endsWith(marker)));
      const marker = upTo && longest(markers.filter((marker) => upTo.endsWith(marker)));
      const starts = markers.flatMap((marker) => ends.map((_, length) => marker.slice(0, length)));
      const half = longest(starts.filter((start) => text.endsWith(start))) ?? '';
      const cut = marker ? upTo.length - marker.length : text.length - half.length;
      expect(createMarkers(markers).scan(text)).toEqual({ cut, marker });
    }),
    { numRuns: 500 },
  );
});
