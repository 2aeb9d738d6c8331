import { expect, test } from 'vitest';
import { toConversation } from '../../../src/backends/openai-compatible/conversation.ts';
import { toolAlias } from '../../../src/prompt/tool-alias.ts';
import { promptOf } from '../../prompt/prompts.ts';

const name = 'mcp__files.server/read';
const alias = toolAlias(name);
const odd = { path: '/a ü', note: 'a ")]" and a \n' };
const loop = {
  system: 'Be brief.',
  tools: [
    { name: 'Read', description: 'Reads.', input_schema: { type: 'object' } },
    { name, description: 'Reads elsewhere.', input_schema: { type: 'object' } },
  ],
  messages: [
    { role: 'user', content: 'both' },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'Reading.' },
        { type: 'tool_use', id: 'a', name: 'Read', input: odd },
        { type: 'tool_use', id: 'b', name, input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'b', content: 'B' },
        { type: 'tool_result', tool_use_id: 'a', content: 'A' },
        { type: 'text', text: 'go on' },
      ],
    },
  ],
};

test('definitions in the system text, calls and results as text, roles in turn', () => {
  const { messages, tools } = toConversation(promptOf(loop), true);
  const [system, ...turns] = messages;
  expect(tools).toEqual([]);
  expect(system?.role).toBe('system');
  expect(system?.content).toMatch(/^Be brief\.\n\n# Tools\n/);
  expect(system?.content).toContain('{"name":"Read","description":"Reads.","parameters":{"type":"object"}}');
  expect(system?.content).toContain('[Calling tool: NAME({');
  expect(turns).toEqual([
    { role: 'user', content: 'both' },
    {
      role: 'assistant',
      content: `Reading.\n[Calling tool: Read(${JSON.stringify(odd)})]\n[Calling tool: ${alias}({})]`,
    },
    {
      role: 'user',
      content: `[Tool Result (Read)]: A\n[Tool Result (${alias})]: B\ngo on`,
    },
  ]);
});

test('without tools nothing is said of them', () => {
  const prompt = promptOf({ messages: [{ role: 'user', content: 'hi' }] });
  expect(toConversation(prompt, true)).toEqual(toConversation(prompt, false));
});
