import { expect, test } from 'vitest';
import { keepDigits } from '../../src/toolcalls/keep-digits.ts';

test.each([
  ['one', '[1152921504606846976]', '[1152921504606846976]'],
  [
    'neighbours',
    '{"a": -9007199254740993, "b": [-9007199254740992, 5]}',
    '{"a":-9007199254740993,"b":[-9007199254740992,5]}',
  ],
  [
    'beside the same digits as text',
    '["1152921504606846976", 1152921504606846977]',
    '["1152921504606846976",1152921504606846977]',
  ],
  ['more than any number has', `{"a": ${'9'.repeat(30)}}`, `{"a":${'9'.repeat(30)}}`],
  [
    'fractions and exponents',
    '[1234567890123456.5, 1e+30, 12345678901234567e3]',
    '[1234567890123456.5,1e+30,12345678901234567000]',
  ],
])('keeps the digits of integers that no number holds: %s', (_, source, expected) => {
  expect(keepDigits(JSON.stringify(JSON.parse(source)), source)).toBe(expected);
});
