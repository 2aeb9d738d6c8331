import fc from 'fast-check';
import { expect, test } from 'vitest';
import { conversation, habits, writeRequests } from './claude-code.ts';
import { canonicalLines, promptOf } from './prompts.ts';

test('every request of a conversation extends the one before it byte for byte', () => {
  fc.assert(
    fc.property(conversation, habits, (steps, habits) => {
      const prompts = writeRequests(steps, habits, 'a1b').map(promptOf);
      for (const [index, later] of prompts.entries()) {
        const earlier = prompts[index - 1] ?? later;
        const lines = canonicalLines(earlier);
        expect(later.prefixKey).toBe(earlier.prefixKey);
        expect(canonicalLines(later).slice(0, lines.length)).toEqual(lines);
        expect(later.chain.slice(0, earlier.chain.length)).toEqual(earlier.chain);
      }
    }),
    { numRuns: 300 },
  );
});

test('conversations of one directory share their prefix, and nothing more once the first words differ', () => {
  fc.assert(
    fc.property(conversation, conversation, habits, (one, other, habits) => {
      const [a] = writeRequests(one, habits, 'a1b').map(promptOf);
      const [b] = writeRequests(other, habits, '9f0').map(promptOf);
      expect(a?.prefixKey).toBe(b?.prefixKey);
      expect(a?.prefixBytes).toBe(b?.prefixBytes);
      expect(a?.chain.at(-1)?.key === b?.chain.at(-1)?.key).toBe(JSON.stringify(a?.turns) === JSON.stringify(b?.turns));
    }),
  );
});

test('the habits of client versions leave no trace in the prompt', () => {
  fc.assert(
    fc.property(conversation, habits, habits, (steps, one, other) => {
      const a = writeRequests(steps, one, 'a1b').map(promptOf);
      const b = writeRequests(steps, other, '9f0').map(promptOf);
      expect(a.map(canonicalLines)).toEqual(b.map(canonicalLines));
    }),
  );
});

test('sizes grow with the chain and end at the whole prompt', () => {
  fc.assert(
    fc.property(conversation, habits, (steps, habits) => {
      for (const { prefixBytes, chain, bytes } of writeRequests(steps, habits, 'a1b').map(promptOf)) {
        const sizes = [prefixBytes, ...chain.map((link) => link.bytes)];
        expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
        expect(bytes).toBe(sizes.at(-1));
      }
    }),
  );
});
