import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sharedBytes, sharedLinks } from '../../src/prompt/divergence.ts';
import { promptOf } from './prompts.ts';

const conversation = (texts: readonly string[], system = 'Be brief.') =>
  promptOf({ system, messages: texts.map((content, index) => ({ role: index % 2 ? 'assistant' : 'user', content })) });

test('prompts share their links up to the first different block', () => {
  const texts = fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(texts, texts, (one, other) => {
      const [a, b] = [conversation(one), conversation(other)];
      const parting = one.findIndex((text, index) => text !== other[index]);
      const shared = parting < 0 ? one.length : parting;
      expect(sharedLinks(a.chain, b.chain)).toBe(shared);
      expect(sharedBytes(a, b)).toBe(a.chain[shared - 1]?.bytes ?? a.prefixBytes);
      expect(sharedBytes(a, b)).toBe(sharedBytes(b, a));
    }),
  );
});

test('with another system prompt nothing is shared', () => {
  const [a, b] = [conversation(['a']), conversation(['a'], 'Be long.')];
  expect(sharedLinks(a.chain, b.chain)).toBe(0);
  expect(sharedBytes(a, b)).toBe(0);
});
