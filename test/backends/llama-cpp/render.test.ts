import * as jinja from '@huggingface/jinja';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toollessNotice } from '../../../src/backends/llama-cpp/notices.ts';
import { begunAnswer, createRenderer } from '../../../src/backends/llama-cpp/render.ts';
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

test('calls and results share an id that the strictest templates take, and results name their tool', () => {
  const template =
    "{% for m in messages %}{% for c in m.tool_calls or [] %}{{ c.id }} {% endfor %}{% if m.role == 'tool' %}{{ m.tool_call_id }} {{ m.name }}{% endif %}{% endfor %}";
  const text = createRenderer(
    { jinja },
    { ...source, template },
  )(
    promptOf({
      messages: [
        { role: 'user', content: 'go' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_01AbC', name: 'Read', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_01AbC', content: 'A' }] },
      ],
    }),
  );
  expect(text).toMatch(/^([a-zA-Z0-9]{9}) \1 Read$/);
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
