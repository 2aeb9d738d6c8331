import { expect, test } from 'vitest';
import { toPrompt } from '../../src/prompt/canonical.ts';
import { likeliest, prefixOf, type Remembered, remember } from '../../src/runtime/warm-up-prompts.ts';

const tools = [{ name: 'Bash', description: 'Runs it.', input_schema: { type: 'object' } }];

function promptOf(system: string, text = 'Look around.') {
  const messages = [
    { role: 'user' as const, content: text },
    { role: 'assistant' as const, content: 'I did.' },
    { role: 'user' as const, content: 'Go on.' },
  ];
  const thinking = { type: 'enabled' as const, budget_tokens: 2_000 };
  return toPrompt({ model: 'm', max_tokens: 4_000, stop_sequences: ['STOP'], thinking, system, tools, messages });
}

const long = (name: string) => `You are ${name}. `.repeat(400);

const ran = (lineage: string, band: Remembered['band'] = 'interactive', system = long(lineage)): Remembered => ({
  lineage,
  band,
  prompt: prefixOf(promptOf(system)),
});

const afterAll = (...entries: readonly Remembered[]) => entries.reduce(remember, [] as readonly Remembered[]);
const names = (known: readonly Remembered[]) => known.map(({ lineage }) => lineage);

test('of a prompt everything is kept that its prefix is rendered from, and nothing else', () => {
  const prompt = promptOf(long('main'));
  const prefix = prefixOf(prompt);
  const { prefixKey, prefixBytes, system, tools, model } = prompt;
  expect(prefix).toMatchObject({ prefixKey, prefixBytes, system, tools, model });
  expect(prefix.settings).toEqual({ ...prompt.settings, maxTokens: 1, stopSequences: [] });
  expect(JSON.stringify(prefix)).not.toContain('Look around.');
  expect(prefix.chain[0]?.key).toBe(prefixOf(promptOf(long('main'), 'Something else.')).chain[0]?.key);
  expect(prefix.bytes).toBeGreaterThan(prefix.prefixBytes);
});

test('main agents stand before subagents, the newest first, and three are enough', () => {
  const known = afterAll(ran('a'), ran('x', 'subagent'), ran('b'), ran('y', 'subagent'));
  expect(names(known)).toEqual(['b', 'a', 'y']);
  expect(names(remember(known, ran('a')))).toEqual(['a', 'b', 'y']);
});

test('side requests are not remembered, nor prefixes that cost nothing', () => {
  expect(afterAll(ran('title', 'auxiliary'), ran('short', 'interactive', 'Short.'))).toEqual([]);
});

test('a prefix is remembered once, and of a lineage its newest', () => {
  const same = long('everybody');
  expect(names(afterAll(ran('a', 'interactive', same), ran('b', 'interactive', same)))).toEqual(['b']);
  const moved = afterAll(ran('a', 'interactive', long('old')), ran('a', 'interactive', long('new')));
  expect(moved.map(({ prompt }) => prompt.system)).toEqual([[long('new')]]);
});

const known = afterAll(ran('x', 'subagent'), ran('a'), ran('b'));

const cache = (capacity: number, ...held: readonly Remembered[]) => ({
  kind: 'prefixes' as const,
  capacity,
  held: held.map(({ prompt }) => ({ ...prompt, slot: 0 })),
});

test('the first that the engine does not hold is likeliest', () => {
  expect(likeliest(known, cache(4), false)?.lineage).toBe('b');
  expect(likeliest(known, cache(4, ran('b')), false)?.lineage).toBe('a');
  expect(likeliest(known, cache(4, ran('a'), ran('b')), false)?.lineage).toBe('x');
  expect(likeliest(known, cache(4, ran('a'), ran('b'), ran('x')), false)).toBeUndefined();
});

test('a guess pushes nothing out; for a client that has started the newest main agent may', () => {
  const full = cache(1, ran('x'));
  expect(likeliest(known, full, false)).toBeUndefined();
  expect(likeliest(known, full, true)?.lineage).toBe('b');
  expect(likeliest(known, cache(4, ran('b')), true)).toBeUndefined();
  expect(likeliest(afterAll(ran('x', 'subagent')), cache(4), true)).toBeUndefined();
});

test('an engine that keeps nothing has no use for it', () => {
  expect(likeliest(known, { kind: 'none', capacity: 4, held: [] }, false)).toBeUndefined();
});
