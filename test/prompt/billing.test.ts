import { expect, test } from 'vitest';
import { blocksOf, promptOf } from './prompts.ts';

const header = 'x-anthropic-billing-header: cc_version=2.1.197.a1b; cc_entrypoint=cli; cc_is_subagent=true;';

test.each([
  [
    'a block of its own',
    [
      { type: 'text', text: header },
      { type: 'text', text: 'Be brief.' },
    ],
  ],
  ['the first line of a block', [{ type: 'text', text: `${header}\nBe brief.` }]],
  ['a paragraph before the text', [{ type: 'text', text: `${header}\n\nBe brief.` }]],
  ['several lines', [{ type: 'text', text: `${header}\r\n${header}\nBe brief.` }]],
  [
    'the last line',
    [
      { type: 'text', text: `Be brief.` },
      { type: 'text', text: header },
    ],
  ],
  ['a system string', `${header}\nBe brief.`],
])('the billing header goes from the system prompt: %s', (_, system) => {
  expect(promptOf({ system }).system).toEqual(['Be brief.']);
});

test('a system prompt of nothing but the header is no system prompt', () => {
  expect(promptOf({ system: header }).prefixKey).toBe(promptOf({}).prefixKey);
});

test('the header goes from the middle of a system text', () => {
  expect(promptOf({ system: `One\n${header}\nTwo` }).system).toEqual(['One\nTwo']);
});

test('the header goes from system messages and from reminders in user messages', () => {
  expect(blocksOf('system', `${header}\nAgents: Explore`)).toEqual([{ type: 'text', text: 'Agents: Explore' }]);
  for (const before of ['<system-reminder>\n', '<system-reminder>']) {
    expect(blocksOf('user', `${before}${header}\nNow\n</system-reminder>`)).toEqual([
      { type: 'text', text: `${before}Now\n</system-reminder>` },
    ]);
  }
});

test('what a person, the model or a tool wrote about the header stays', () => {
  const question = `What is this?\n${header}`;
  expect(blocksOf('user', question)).toEqual([{ type: 'text', text: question }]);
  expect(blocksOf('assistant', header)).toEqual([{ type: 'text', text: header }]);
  expect(blocksOf('user', [{ type: 'tool_result', tool_use_id: 't', content: header }])).toMatchObject([
    { content: [{ text: header }] },
  ]);
  expect(promptOf({ system: `The line ${header} is stripped` }).system).toEqual([`The line ${header} is stripped`]);
});
