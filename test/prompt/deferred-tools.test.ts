import { expect, test } from 'vitest';
import { toolAlias } from '../../src/prompt/tool-alias.ts';
import { canonicalLines, promptOf } from './prompts.ts';

const tool = (name: string) => ({ name, description: `Does ${name}.`, input_schema: { type: 'object' } });
const later = (name: string) => ({ ...tool(name), defer_loading: true });
const reference = (name: string) => ({ type: 'tool_reference', tool_name: name });
const long = `mcp__notes__${'x'.repeat(80)}`;

const asked = [{ role: 'user', content: 'go' }];
const found = (...names: string[]) => [
  ...asked,
  { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'ToolSearch', input: { query: 'x' } }] },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: names.map(reference) }] },
];
/** As Claude Code 2.1.330 sends them: definitions move, and those that were found come with the rest. */
const before = { tools: [tool('ToolSearch'), later('Placeholder'), tool('Write')], messages: asked };
const after = {
  tools: [tool('ToolSearch'), tool('Write'), later('Placeholder'), later(long), later('Fetch')],
  messages: found(long, 'Fetch'),
};

test('a tool that was found leaves the prefix as it was; its definition stands where it was found', () => {
  const [first, second] = [promptOf(before), promptOf(after)];
  expect(first.tools.map(({ name }) => name)).toEqual(['ToolSearch', 'Write']);
  expect(second.prefixKey).toBe(first.prefixKey);
  const lines = canonicalLines(first);
  expect(canonicalLines(second).slice(0, lines.length)).toEqual(lines);
  expect(second.loadedTools.map(({ name }) => name)).toEqual([long, 'Fetch']);
  expect(second.turns.at(-1)?.content).toEqual([
    {
      type: 'tool_result',
      toolUseId: 'a',
      isError: false,
      content: [
        {
          type: 'text',
          text:
            '<functions>\n' +
            `<function>{"description":"Does ${long}.","name":"${toolAlias(long)}","parameters":{"type":"object"}}</function>\n` +
            '<function>{"description":"Does Fetch.","name":"Fetch","parameters":{"type":"object"}}</function>\n' +
            '</functions>',
        },
      ],
    },
  ]);
});

test('a reference to a tool that is not there stays what it is', () => {
  const { turns, loadedTools } = promptOf({ ...after, messages: found('Gone') });
  expect(loadedTools).toEqual([]);
  expect(turns.at(-1)?.content).toMatchObject([{ content: [{ type: 'other', value: reference('Gone') }] }]);
});

test('where the search itself would run at Anthropic, the model is shown every tool', () => {
  const search = { type: 'tool_search_tool_regex_20251119', name: 'tool_search_tool_regex' };
  expect(promptOf({ tools: [search, later('Fetch')] }).tools).toHaveLength(2);
});

test('a tool added between messages is defined where it was added', () => {
  const addition = { type: 'tool_addition', tool: { type: 'tool_definition', definition: tool('Late') } };
  const named = { type: 'tool_addition', tool: { type: 'tool_reference', name: 'Placeholder' } };
  const first = promptOf(before);
  const second = promptOf({ ...before, messages: [...asked, { role: 'system', content: [addition, named] }] });
  expect(second.prefixKey).toBe(first.prefixKey);
  expect(second.loadedTools).toMatchObject([
    { name: 'Late', description: 'Does Late.', inputSchema: { type: 'object' } },
    { name: 'Placeholder' },
  ]);
  expect(second.turns.at(-1)).toMatchObject({
    role: 'system',
    content: [
      {
        text: 'Can be called from now on:\n<functions>\n<function>{"description":"Does Late.","name":"Late","parameters":{"type":"object"}}</function>\n</functions>',
      },
      { text: expect.stringContaining('"name":"Placeholder"') },
    ],
  });
});

test('a tool that the prompt begins with is not brought in once more, and what defines none stays what it is', () => {
  const odd = [{ type: 'tool_addition', tool: { type: 'tool_definition', definition: 7 } }, { type: 'tool_addition' }];
  const { loadedTools, turns } = promptOf({
    tools: [tool('Write')],
    messages: [...found('Write'), { role: 'system', content: odd }],
  });
  expect(loadedTools).toEqual([]);
  expect(turns.at(-1)?.content).toEqual(odd.map((value) => ({ type: 'other', value })));
});
