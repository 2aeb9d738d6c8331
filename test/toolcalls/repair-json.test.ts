import fc from 'fast-check';
import { expect, test } from 'vitest';
import { repairJson } from '../../src/toolcalls/repair-json.ts';

/** What models write, and what they mean. */
const repairable: readonly (readonly [what: string, text: string, value: unknown])[] = [
  ['a trailing comma', '{"a": [1, 2, ], }', { a: [1, 2] }],
  ['single quotes', "{'a': 'it\\'s \"b\"', 'c': ['d']}", { a: 'it\'s "b"', c: ['d'] }],
  ['single quotes around an apostrophe', "{'a': 'it's'}", { a: "it's" }],
  ['an apostrophe and more damage', "{'a': 'it's', b: 1}", { a: "it's", b: 1 }],
  ['raw newlines and tabs', '{"a": "x\ny\tz\r\n"}', { a: 'x\ny\tz\r\n' }],
  ['other control characters', '{"a": "x\u0001\u001by"}', { a: 'x\u0001\u001by' }],
  ["Python's literals", '{"a": True, "b": False, "c": None}', { a: true, b: false, c: null }],
  ['no numbers', '{"a": NaN, "b": undefined, "c": [Infinity, -Infinity]}', { a: null, b: null, c: [null, null] }],
  ['literals in strings', '{"a": "NaN, True, None", }', { a: 'NaN, True, None' }],
  ['comments', '{/* one */ "a": 1 // two\n}', { a: 1 }],
  [
    'comments before a string that begins with a bracket',
    '{"a": /* one */["["], "b": // two\n"{"}',
    { a: ['['], b: '{' },
  ],
  ['comments in strings', '{"a": "http://x/*", }', { a: 'http://x/*' }],
  ['missing closers', '{"a": [1, {"b": "c"', { a: [1, { b: 'c' }] }],
  ['a missing quote', '{"a": "x}', { a: 'x' }],
  ['surplus closers', '{"a": 1}}]', { a: 1 }],
  ['a fence', '```json\n{"a": 1}\n```', { a: 1 }],
  ['a fence around damage', '```\n{"a": 1,}\n```', { a: 1 }],
  ['concatenated strings', '{"a": "x" + "y"}', { a: 'xy' }],
  ['unquoted keys', '{a: 1, b_c: "d"}', { a: 1, b_c: 'd' }],
  ['a missing comma', '{"a": 1 "b": 2}', { a: 1, b: 2 }],
  ['a missing colon', '{"a" 1}', { a: 1 }],
  ['a missing value', '{"a": 1, "b":', { a: 1, b: null }],
  ['typographic quotes', '{“a”: “b”}', { a: 'b' }],
  ['quotes in a string', '{"a": "say "hi" now"}', { a: 'say "hi" now' }],
  ['duplicate keys', '{"a": 1, "a": 2,}', { a: 2 }],
  ['a pattern', '{"pattern": "\\d+\\.\\w*\\\\n"}', { pattern: '\\d+\\.\\w*\\n' }],
  ['a pattern in single quotes', "{'pattern': '\\d+'}", { pattern: '\\d+' }],
  ['a path', '{"path": "C:\\users\\x"}', { path: 'C:\\users\\x' }],
  [
    'a shell line that goes on',
    '{"command": "make \\\n  all && echo \\$HOME"}',
    { command: 'make \\\n  all && echo \\$HOME' },
  ],
  ['an apostrophe escaped', '{"a": "it\\\'s"}', { a: "it's" }],
  ['a lost outer string', '{\\"a\\": \\"x\\\\ny\\"}', { a: 'x\ny' }],
  ['a lost outer string of lines', '{\\n  \\"a\\": [\\"b\\"]\\n}', { a: ['b'] }],
  ['an array', "['a', None]", ['a', null]],
  ['a string', "'a b'", 'a b'],
];

test.each(repairable)('%s', (_what, text, value) => {
  const repaired = repairJson(text);
  expect(repaired).toMatchObject({ ok: true, value, repaired: true });
  expect(repaired.ok && JSON.parse(repaired.text)).toEqual(value);
});

test.each([
  'hello',
  'hello {"a": 1}',
  '',
  ' ',
  '5 apples',
  "'tis the season",
  '"quoted" words',
  '{hello world}',
  '{"a": 1} and so on',
  '{"a": 1}\n{"b": 2}',
  '{"a": 1}{"b": 2}',
  '{"a": "{"b": 1}"}',
  'True',
  '// comment',
])('%j is refused', (text) => {
  expect(repairJson(text)).toEqual({ ok: false, reason: expect.stringMatching(/./) });
});

test('JSON is what it was', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value);
      expect(repairJson(text)).toEqual({ ok: true, value: JSON.parse(text), text, repaired: false });
    }),
  );
});

test('raw newlines, a trailing comma and a missing closer are mended whatever the strings hold', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string(), { minKeys: 1 }), (value) => {
      const raw = JSON.stringify(value).slice(0, -1).replaceAll('\\n', '\n').replaceAll('\\\n', '\\\\n');
      expect(repairJson(`${raw},`)).toMatchObject({
        ok: true,
        value: JSON.parse(JSON.stringify(value)),
        repaired: true,
      });
    }),
  );
});

test('no text throws', () => {
  const text = fc.array(
    fc.constantFrom('{', '}', '[', ']', '"', "'", ':', ',', '\\', '\n', 'a', '1', 'NaN', '+', '(', '`'),
  );
  fc.assert(
    fc.property(text, (parts) => {
      const repaired = repairJson(`{${parts.join('')}`);
      if (repaired.ok) expect(JSON.parse(JSON.stringify(repaired.value))).toEqual(repaired.value);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['whole', '['.repeat(91) + ']'.repeat(91)],
  ['open', '{"a":'.repeat(100_000)],
  ['open arrays', '['.repeat(100_000)],
  ['calls', `{"a": ${'f('.repeat(20_000)}`],
])('a value nested too deep is refused: %s', (_what, text) => {
  expect(repairJson(text).ok).toBe(false);
});

test('90 levels are fine', () => {
  expect(repairJson(`${'['.repeat(90)}1,${']'.repeat(90)}`).ok).toBe(true);
});

// Measured: 20 to 90 ms each. What jsonrepair alone makes of the commas takes 10 s.
test.each([
  ['raw newlines', `{"a": "${'a line of text\n'.repeat(70_000)}"}`, true],
  ['trailing commas', `[${'{"a":1,},'.repeat(110_000)}]`, true],
  ['single quotes', `[${"'a', ".repeat(200_000)}]`, true],
  ['missing commas', `[${'1 '.repeat(500_000)}]`, false],
  ['quotes in a string', `{"a": "${'<a href="x">'.repeat(80_000)}"}`, false],
])('a megabyte is quick: %s', { timeout: 5_000 }, (_what, text, ok) => {
  expect(repairJson(text).ok).toBe(ok);
});
