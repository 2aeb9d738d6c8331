import { expect, test } from 'vitest';
import { createTokenEstimator } from '../../src/prompt/token-estimate.ts';
import type { Prompt } from '../../src/prompt/types.ts';
import { canonicalLines, promptOf } from './prompts.ts';

/** Stands in for an engine's tokenizer: words, and each other character alone, so that JSON is dearer than prose. */
function tokensOf(prompt: Prompt): number {
  const words =
    canonicalLines(prompt)
      .join('')
      .match(/\p{L}+|\\n|[^\p{L}\s]/gu) ?? [];
  return words.length + 5 * prompt.turns.length;
}

const prose = (words: number, seed = 0) =>
  Array.from({ length: words }, (_, i) => ['when', 'the "path"', 'reads', 'a file,', 'then'][(i * 7 + seed) % 5]).join(
    ' ',
  );

/** Tool results: more tokens a byte than prose. */
const code = (lines: number) =>
  Array.from({ length: lines }, (_, i) => `if (found[${i % 10}]) total = add(total, found.size);`).join('\n');

const tools = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    name: `Tool${index}`,
    description: prose(300, index),
    input_schema: {
      type: 'object',
      properties: { path: { type: 'string', description: prose(40) }, limit: { type: 'number' } },
    },
  }));

const agent = (messages: readonly object[], count = 40) =>
  promptOf({ system: prose(1000), tools: tools(count), messages });
const user = (text: string) => ({ role: 'user', content: text });
const assistant = (text: string) => ({ role: 'assistant', content: text });

function expectClose(estimated: number, prompt: Prompt, share = 0.01) {
  expect(Math.abs(estimated - tokensOf(prompt)) / tokensOf(prompt)).toBeLessThan(share);
}

test('before anything was learned bytes decide', () => {
  const prompt = agent([user('hi')]);
  expect(createTokenEstimator().estimate(prompt)).toBe(Math.round(prompt.bytes / 3.5));
});

test('a prompt that was learned is counted exactly', () => {
  const estimator = createTokenEstimator();
  const [first, second] = [agent([user('hi')]), agent([user('ho'), assistant(prose(900)), user('ha')])];
  estimator.learn(first, 20_123);
  estimator.learn(second, 21_987);
  expect(estimator.estimate(first)).toBe(20_123);
  expect(estimator.estimate(second)).toBe(21_987);
});

test('one request tells the size of others with the same tools to 1 %', () => {
  const estimator = createTokenEstimator();
  const learned = agent([user('hi'), { role: 'system', content: prose(1000) }]);
  expect(learned.prefixBytes).toBeGreaterThan(70_000);
  estimator.learn(learned, tokensOf(learned));
  for (const messages of [[user('x')], [user(prose(100))], [user(prose(300)), assistant(prose(50)), user('go on')]]) {
    const prompt = agent(messages);
    expectClose(estimator.estimate(prompt), prompt);
  }
});

test('the turns of a learned conversation are followed to 1 %', () => {
  const estimator = createTokenEstimator();
  const messages = [user('hi')];
  for (let turn = 0; turn < 20; turn++) {
    const prompt = agent(messages);
    if (turn > 0) expectClose(estimator.estimate(prompt), prompt);
    estimator.learn(prompt, tokensOf(prompt));
    messages.push(assistant(prose(60, turn)), user(code(40)));
  }
});

test('a large tool result is known to 1 % once smaller ones told what code costs', () => {
  const estimator = createTokenEstimator();
  const small = [user('hi'), assistant('look'), user(code(200))];
  for (const prompt of [agent([user('hi')]), agent(small)]) estimator.learn(prompt, tokensOf(prompt));
  const large = agent([...small, assistant('look'), user(code(2000))]);
  expect(large.bytes).toBeGreaterThan(1.3 * agent(small).bytes);
  expectClose(estimator.estimate(large), large);
});

test('after long conversations of all kinds a short one with the same tools is still known to 1 %', () => {
  const estimator = createTokenEstimator();
  for (const text of [code(6000), prose(20_000)]) {
    for (const messages of [[user('hi')], [user('hi'), assistant('yes'), user(text)]]) {
      estimator.learn(agent(messages), tokensOf(agent(messages)));
    }
  }
  const compacted = agent([user(prose(200, 3))]);
  expectClose(estimator.estimate(compacted), compacted);
});

test('a part of a learned request is counted by its rate', () => {
  const estimator = createTokenEstimator();
  const learned = agent([user(prose(200))]);
  estimator.learn(learned, tokensOf(learned));
  const part = promptOf({ tools: tools(5), messages: [user('foo')] });
  expectClose(estimator.estimate(part), part, 0.1);
});

test('engines whose counts make no sense do not spoil the rate', () => {
  const estimator = createTokenEstimator();
  const learned = agent([user('hi')]);
  estimator.learn(learned, tokensOf(learned));
  estimator.learn(agent([user(prose(2000))]), 1);
  const other = agent([user(prose(100))]);
  expect(estimator.estimate(other)).toBeGreaterThan(0);
  expectClose(estimator.estimate(promptOf({ tools: tools(40), messages: [user('x')] })), learned, 0.2);
});
