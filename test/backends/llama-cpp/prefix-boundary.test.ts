import { Template } from '@huggingface/jinja';
import fc from 'fast-check';
import type { Token } from 'node-llama-cpp';
import { expect, test } from 'vitest';
import { createPrefixBoundary } from '../../../src/backends/llama-cpp/prefix-boundary.ts';
import { createRenderer } from '../../../src/backends/llama-cpp/render.ts';
import type { Prompt } from '../../../src/prompt/types.ts';
import { longText, promptOf } from './support.ts';

const render = createRenderer({ jinja: { Template } as never }, { template: undefined, bos: '', eos: '' });
/** A token for every character. */
const characters = (text: string): Token[] => Array.from(text, (one) => (one.codePointAt(0) ?? 0) as Token);
/** As tokenizers do that know no borders: a line break and what follows it are one token. */
const joining = (text: string): Token[] =>
  (text.match(/\n[^\n]?|./gsu) ?? []).map(
    (piece) => characters(piece).reduce((sum, one) => sum * 2_000_000 + one, 0) as Token,
  );

const system = longText(300);
const tools = [{ name: 'Read', description: 'reads', input_schema: { type: 'object' } }];
const say = (content: string): { role: string; content: string } => ({ role: 'user', content });

test.each([
  ['a token for every character', characters, '<|im_start|>user\n'],
  ['a tokenizer that joins', joining, '<|im_start|>user'],
])('everything before what the user says, with %s', (_, tokenize, last) => {
  const tokensOf = (prompt: Prompt): Token[] => tokenize(render(prompt));
  const boundary = createPrefixBoundary(tokensOf);
  const [before = ''] = render(promptOf({ system, tools, messages: [say('hello')] })).split(last);
  const prefix = tokenize(before + last);
  const texts = fc.string({ unit: 'grapheme' }).filter((one) => one.trim() !== '');
  fc.assert(
    fc.property(texts, fc.array(texts, { maxLength: 3 }), (start, more) => {
      const turns = more.flatMap((one) => [{ role: 'assistant', content: one }, say(one)]);
      const prompt = promptOf({ system, tools, messages: [say(start), ...turns] });
      expect(tokensOf(prompt).slice(0, boundary(prompt))).toEqual(prefix);
    }),
    { examples: ['hello', '\nx', '<a', 'Word', '\n#'].map((text) => [text, [text]]) },
  );
});

test('other tools or another system text are another prefix', () => {
  const tokensOf = (prompt: Prompt): Token[] => characters(render(prompt));
  const boundary = createPrefixBoundary(tokensOf);
  const prefixes = [
    promptOf({ system, tools, messages: [say('a')] }),
    promptOf({ system, tools: [], messages: [say('a')] }),
    promptOf({ system: `${system}.`, tools, messages: [say('a')] }),
  ].map((prompt) => tokensOf(prompt).slice(0, boundary(prompt)).join());
  expect(new Set(prefixes).size).toBe(3);
});

test('a template that puts the tools before the last user text: only what stays in front of it', () => {
  const write = ({ turns, tools: [tool] }: Prompt): string => {
    const written = turns.map(({ role, content: [block] }) => `<${role}>${block?.type === 'text' ? block.text : ''}`);
    return [system, ...written.slice(0, -1), `[${tool?.name}]`, written.at(-1)].join('');
  };
  const boundary = createPrefixBoundary((prompt) => characters(write(prompt)));
  const one = promptOf({ system, tools, messages: [say('a')] });
  const three = promptOf({ system, tools, messages: [say('a'), { role: 'assistant', content: 'b' }, say('c')] });
  expect(write(one).slice(0, boundary(one))).toBe(`${system}[Read]<user>`);
  expect(write(three).slice(0, boundary(three))).toBe(system);
});

test('a short one is none', () => {
  const boundary = createPrefixBoundary((prompt) => characters(render(prompt)));
  expect(boundary(promptOf({ system: 'Be brief.', messages: [say('x'.repeat(5_000))] }))).toBe(0);
  expect(boundary(promptOf({ messages: [say('Word')] }))).toBe(0);
});
