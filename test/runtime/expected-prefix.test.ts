import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Continuation } from '../../machines/session.ts';
import { type Expectation, prefixHeader, shortfallOf } from '../../src/runtime/expected-prefix.ts';
import { goesOn } from '../../src/runtime/sessions.ts';

const on: Continuation = { sharedBytes: 900, ofBytes: 1_000, lostTokens: 0, cause: goesOn };
const expected = (cachedTokens: number, kind: Expectation['kind'] = 'slots', restores = false): Expectation => ({
  kind,
  promptTokens: 200,
  cachedTokens,
  restores,
});

const edited: Continuation = { ...on, sharedBytes: 700, lostTokens: 40, cause: 'history rewritten' };
const other: Continuation = { ...on, sharedBytes: 300, lostTokens: 120, cause: 'tools changed' };

test.each<[Expectation, Continuation, string]>([
  [expected(180), on, `180/200; ${goesOn}`],
  [expected(0), on, '0/200; the engine does not hold the last turn'],
  [expected(120, 'prefixes'), on, '120/200; the engine keeps system text and tools alone'],
  [expected(0, 'none'), on, '0/200; the engine keeps nothing'],
  [expected(140), edited, '140/200; history rewritten'],
  [expected(0), edited, '0/200; history rewritten; the engine does not hold the last turn'],
  [expected(0), other, '0/200; tools changed'],
  [expected(100, 'slots', true), on, '100/200; the engine restores system text and tools from disk'],
  [expected(100, 'slots', true), other, '100/200; tools changed; the engine restores system text and tools from disk'],
])('%j of a prompt with 500 bytes of system text and tools, %j: %s', (expectation, continuation, header) => {
  expect(prefixHeader(expectation, continuation, 500)).toBe(header);
});

test('whatever clients call their tools and models, the header is one', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (cause) => {
      const value = prefixHeader(expected(0), { ...on, cause }, 500);
      expect(() => new Headers({ 'x-warmslot-prefix': value })).not.toThrow();
    }),
  );
});

test('less than expected is a shortfall; with thinking in the history the template is the likely cause', () => {
  expect(shortfallOf(expected(180), 150, true)).toBeUndefined();
  expect(shortfallOf(expected(180), 100, true)).toContain('thinking');
  expect(shortfallOf(expected(180), 100, false)).toContain('less of it');
  expect(shortfallOf(expected(180), 0, true)).toContain('less of it');
  expect(shortfallOf(expected(180, 'prefixes'), 100, true)).toContain('less of it');
});
