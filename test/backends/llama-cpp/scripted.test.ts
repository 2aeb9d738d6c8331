import { afterAll, beforeAll, expect, test } from 'vitest';
import { scriptedHooks } from '../../support/scripted-llama.ts';
import { type Demo, eventOf, promptOf, startDemo, textOf } from './support.ts';

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo({ contextWindow: 2048 }, scriptedHooks);
});
afterAll(() => demo.stop());

test('a scripted tool loop goes through real forward passes, each step reusing all of the one before', async () => {
  const call = { type: 'tool_use', id: 't1', name: 'Read', input: { file_path: '/a ü' } };
  const user = { role: 'user', content: 'TOOL:Read:{"file_path": "/a ü"}\nTHEN\nTHINK:it is there\nSAY:found 日本' };
  const step1 = await demo.answer(promptOf({ messages: [user] }));
  expect(textOf(step1)).toBe('<tool_call>\n{"name": "Read", "arguments": {"file_path": "/a ü"}}\n</tool_call>');
  expect(eventOf(step1, 'ended').reason).toBe('end_turn');

  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'the file' }] };
  const loop = [user, { role: 'assistant', content: [call] }, result];
  const step2 = await demo.answer(promptOf({ messages: loop }));
  expect(textOf(step2)).toBe('<think>\nit is there\n</think>\n\nfound 日本');

  const answer = [
    { type: 'thinking', thinking: 'it is there', signature: '' },
    { type: 'text', text: 'found 日本' },
  ];
  const more = [...loop, { role: 'assistant', content: answer }, { role: 'user', content: 'SAY:bye' }];
  const step3 = await demo.answer(promptOf({ messages: more }));
  expect(textOf(step3)).toBe('bye');

  // All that a step held is reused, its answer included.
  const held = [step1, step2].map((step) => {
    const { promptTokens = 0, outputTokens = 0 } = eventOf(step, 'usage');
    return promptTokens + outputTokens;
  });
  expect([step2, step3].map((step) => eventOf(step, 'started').cachedTokens)).toEqual(held);
});
