import * as jinja from '@huggingface/jinja';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toolCallGrammar } from '../../../src/backends/llama-cpp/grammar.ts';
import { toollessNotice } from '../../../src/backends/llama-cpp/notices.ts';
import { begunAnswer, createRenderer } from '../../../src/backends/llama-cpp/render.ts';
import { toolAlias } from '../../../src/prompt/tool-alias.ts';
import { promptOf, userPrompt } from './support.ts';

const source = { template: undefined, bos: '', eos: '' };
const render = createRenderer({ jinja }, source);

const tools = [
  {
    name: 'Read',
    description: 'Reads a file',
    input_schema: { type: 'object', properties: { path: { type: 'string' } } },
  },
  { type: 'web_search_20250305', name: 'web_search' },
];

test('a whole tool loop as ChatML with Hermes calls', () => {
  const text = render(
    promptOf({
      system: [{ type: 'text', text: 'Be brief.' }],
      tools,
      messages: [
        { role: 'user', content: 'Read both' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'two calls', signature: 's' },
            { type: 'text', text: 'Reading.' },
            { type: 'tool_use', id: 't1', name: 'Read', input: { path: '/a' } },
            { type: 'tool_use', id: 't2', name: 'Read', input: { path: '/b', n: [1, { x: null }] } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't1', content: 'A' },
            {
              type: 'tool_result',
              tool_use_id: 't2',
              content: [
                { type: 'text', text: 'B1' },
                { type: 'text', text: 'B2' },
              ],
            },
            { type: 'text', text: 'go on' },
          ],
        },
        { role: 'system', content: 'mind the time' },
      ],
    }),
  );
  const [head = '', ...turns] = text.split('<|im_end|>\n');
  expect(head).toContain('<|im_start|>system\nBe brief.\n\n# Tools');
  expect(head).toContain(
    '<tools>\n{"type": "function", "function": {"name": "Read", "description": "Reads a file", "parameters": {"type": "object", "properties": {"path": {"type": "string"}}}}}\n</tools>',
  );
  expect(head).not.toContain('web_search');
  expect(turns).toEqual([
    '<|im_start|>user\nRead both',
    '<|im_start|>assistant\n<think>\ntwo calls\n</think>\n\nReading.\n' +
      '<tool_call>\n{"name": "Read", "arguments": {"path": "/a"}}\n</tool_call>\n' +
      '<tool_call>\n{"name": "Read", "arguments": {"path": "/b", "n": [1, {"x": null}]}}\n</tool_call>',
    '<|im_start|>user\n<tool_response>\nA\n</tool_response>\n<tool_response>\nB1\nB2\n</tool_response>',
    '<|im_start|>user\ngo on\n<system-reminder>\nmind the time\n</system-reminder>',
    '<|im_start|>assistant\n',
  ]);
});

test('with no system text and no tools there is no system turn', () => {
  expect(render(userPrompt('hi'))).toBe('<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n');
});

test('what the answer must be is said at the end: the beginning stays as it is, and warm', () => {
  const free = render(userPrompt('hi', { tools }));
  const bare = render(userPrompt('hi', { tools, tool_choice: { type: 'none' } }));
  const user = free.indexOf('hi<|im_end|>');
  expect(bare.slice(0, user)).toBe(free.slice(0, user));
  expect(bare.slice(user)).toMatch(/^hi\n.*without calling any tool\.<\|im_end\|>\n<\|im_start\|>assistant\n$/);
});

test('each turn extends the text of the one before', () => {
  const text = fc.string({ minLength: 1, unit: 'grapheme' }).filter((value) => value.trim() !== '');
  const turn = fc.record({ user: text, assistant: text });
  fc.assert(
    fc.property(fc.array(turn, { minLength: 1, maxLength: 5 }), text, (turns, last) => {
      const messages = turns.flatMap(({ user, assistant }) => [
        { role: 'user', content: user },
        { role: 'assistant', content: assistant },
      ]);
      const before = render(promptOf({ tools, messages: messages.slice(0, -1) }));
      const after = render(promptOf({ tools, messages: [...messages, { role: 'user', content: last }] }));
      expect(after.startsWith(before)).toBe(true);
    }),
  );
});

test('the model is asked to think or not only through its own template', () => {
  const switched = createRenderer(
    { jinja },
    { ...source, template: '{{ bos_token }}{{ enable_thinking | default("unset") }}', bos: '<s>' },
  );
  expect(switched(userPrompt('hi'))).toBe('<s>unset');
  expect(switched(userPrompt('hi', { thinking: { type: 'disabled' } }))).toBe('<s>false');
  expect(switched(userPrompt('hi', { thinking: { type: 'adaptive' } }))).toBe('<s>true');
  const format = { type: 'json_schema', schema: { type: 'object' } };
  expect(switched(userPrompt('hi', { thinking: { type: 'adaptive' }, output_config: { format } }))).toBe('<s>false');
});

const toolLoop = {
  tools,
  messages: [
    { role: 'user', content: 'go' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_01AbC', name: 'Read', input: { path: '/a' } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_01AbC', content: 'A' }] },
  ],
};

test('calls and results share an id that the strictest templates take, and results name their tool', () => {
  const template =
    '{{ tools | tojson }}\n{% for m in messages %}{% for c in m.tool_calls or [] %}{{ c.id }} {{ c.function.arguments | tojson }} {% endfor %}' +
    "{% if m.role == 'tool' %}{{ m.tool_call_id }} {{ m.name }} {{ m.content }}{% endif %}{% endfor %}";
  const [, text] = createRenderer({ jinja }, { ...source, template })(promptOf(toolLoop)).split('\n');
  expect(text).toMatch(/^([a-zA-Z0-9]{9}) \{"path": "\/a"\} \1 Read A$/);
});

/** As of models that were not made for tools: it knows two roles, and insists on them. */
const chatOnly =
  "{% for m in messages %}{% if m.role not in ['system', 'user', 'assistant'] %}{{ raise_exception('no such role') }}{% endif %}" +
  '<{{ m.role }}>{{ m.content }}{% endfor %}';

test.each([
  ['refuses', chatOnly],
  ['leaves out', '{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}'],
])('a template that %s what it does not know gets tools in plain words', (_, template) => {
  const text = createRenderer({ jinja }, { ...source, template })(promptOf(toolLoop));
  expect(text).toMatch(/^<system># Tools\n.*"name":"Read".*<user>go<assistant>/s);
  expect(text).toContain('<assistant>[Calling tool: Read({"path":"/a"})]<user>[Tool Result (Read)]: A');
});

test('a template that takes one call at a time gets two in plain words', () => {
  const template =
    '{{ tools | tojson }}{% for m in messages %}{% if (m.tool_calls or []) | length > 1 %}{{ raise_exception("one call") }}{% endif %}' +
    '<{{ m.role }}>{{ m.content }}{{ m.tool_calls | tojson if m.tool_calls }}{% endfor %}';
  const strict = createRenderer({ jinja }, { ...source, template });
  expect(strict(promptOf(toolLoop))).toContain('"function": {"name": "Read", "arguments": {"path": "/a"}}');
  const calls = ['a', 'b'].map((id) => ({ type: 'tool_use', id, name: 'Read', input: {} }));
  const two = promptOf({ tools, messages: [toolLoop.messages[0], { role: 'assistant', content: calls }] });
  expect(strict(two)).toContain('[Calling tool: Read({})]\n[Calling tool: Read({})]');
});

test('a name that models cannot be trusted with is written as its alias everywhere, the forced call included', () => {
  const name = 'mcp__files.server/read it';
  const alias = toolAlias(name);
  const prompt = promptOf({
    tools: [{ name, input_schema: { type: 'object' } }],
    tool_choice: { type: 'tool', name },
    messages: [
      { role: 'user', content: 'go' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name, input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'A' }] },
    ],
  });
  const text = render(prompt);
  expect(text.split(alias)).toHaveLength(4);
  expect(text).not.toContain(name);
  expect(toolCallGrammar(prompt.settings, prompt.tools)).toContain(alias);
});

test('a template without tools is told of', () => {
  expect(toollessNotice('{% for m in messages %}{{ m.content }}{% endfor %}')).toMatch(/knows no tools/);
  expect(toollessNotice('{% if tools %}{% endif %}')).toBeUndefined();
  expect(toollessNotice(undefined)).toBeUndefined();
});

test('thinking that the template opens belongs to the answer', () => {
  expect(begunAnswer('<|im_start|>assistant\n<think>\n')).toBe('<think>\n');
  expect(begunAnswer('<|im_start|>assistant\n<think>\n\n</think>\n\n')).toBe('');
});

test('a template that refuses or cannot be read is an error with its words', () => {
  const refusing = createRenderer({ jinja }, { ...source, template: '{{ raise_exception("Roles must alternate") }}' });
  expect(() => refusing(userPrompt('hi'))).toThrow(
    expect.objectContaining({ code: 'engine_refused', message: expect.stringContaining('Roles must alternate') }),
  );
  expect(() => createRenderer({ jinja }, { ...source, template: '{% if %}' })).toThrow(
    expect.objectContaining({ code: 'engine_failed' }),
  );
});
