import fc from 'fast-check';
import { expect, test } from 'vitest';
import { originalNames } from '../../../src/backends/openai-compatible/tool-names.ts';
import { toolAlias } from '../../../src/prompt/tool-alias.ts';
import { promptOf } from '../../prompt/prompts.ts';

test('every name gets through a server that checks it, and back', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1, maxLength: 120, unit: 'grapheme' }), { minLength: 1 }),
      (all) => {
        const { tools } = promptOf({ tools: all.map((name) => ({ name })) });
        const wire = all.map(toolAlias);
        expect(wire.every((name) => /^[A-Za-z0-9_-]{1,64}$/.test(name))).toBe(true);
        expect(wire.map(originalNames(tools))).toEqual(all);
      },
    ),
  );
});
