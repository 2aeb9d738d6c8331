import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkedNames } from '../../../src/backends/openai-compatible/tool-names.ts';
import { promptOf } from '../../prompt/prompts.ts';

const namesOf = (names: readonly string[]) => checkedNames(promptOf({ tools: names.map((name) => ({ name })) }).tools);

test('every name gets through a server that checks it, and back', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1, maxLength: 120, unit: 'grapheme' }), { minLength: 1 }),
      (all) => {
        const names = namesOf(all);
        const wire = all.map(names.toWire);
        expect(wire.every((name) => /^[A-Za-z0-9_-]{1,64}$/.test(name))).toBe(true);
        expect(wire.map(names.fromWire)).toEqual(all);
      },
    ),
  );
});

test('legal names stay, others get the same alias every time', () => {
  expect(namesOf(['Read']).toWire('mcp__github__create_issue')).toBe('mcp__github__create_issue');
  const long = `mcp__server__${'x'.repeat(80)}`;
  expect(namesOf([]).toWire(long)).toBe(namesOf(['Read', long]).toWire(long));
});
