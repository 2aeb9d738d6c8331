import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toChatMessages } from '../../../src/backends/openai-compatible/chat-messages.ts';
import { toConversation } from '../../../src/backends/openai-compatible/conversation.ts';
import { toolAlias } from '../../../src/prompt/tool-alias.ts';
import { promptOf } from '../../prompt/prompts.ts';

const messagesOf = (body: object) => toChatMessages(promptOf(body));
const png = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
const pngPart = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
const call = (id: string, input: object = {}) => ({ type: 'tool_use', id, name: 'Read', input });
const result = (id: string, content: unknown, more: object = {}) => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
  ...more,
});
const wireCall = (id: string, json: string) => ({ id, type: 'function', function: { name: 'Read', arguments: json } });

test('a tool loop: system first, reasoning, calls and results each in their place, contents as strings', () => {
  const messages = messagesOf({
    system: [
      { type: 'text', text: 'You are a coder.' },
      { type: 'text', text: 'Be brief.' },
    ],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'one' },
          { type: 'text', text: 'two' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 's' },
          { type: 'redacted_thinking', data: 'x' },
          { type: 'text', text: 'Looking.' },
          call('a', { file_path: '/a' }),
          call('b'),
        ],
      },
      {
        role: 'user',
        content: [result('a', 'A'), result('b', [{ type: 'text', text: 'B' }]), { type: 'text', text: 'go on' }],
      },
    ],
  });
  expect(messages).toEqual([
    { role: 'system', content: 'You are a coder.\n\nBe brief.' },
    { role: 'user', content: 'one\ntwo' },
    {
      role: 'assistant',
      content: 'Looking.',
      reasoning_content: 'hm',
      tool_calls: [wireCall('a', '{"file_path":"/a"}'), wireCall('b', '{}')],
    },
    { role: 'tool', tool_call_id: 'a', content: 'A' },
    { role: 'tool', tool_call_id: 'b', content: 'B' },
    { role: 'user', content: 'go on' },
  ]);
});

test('a later system turn closes the user turn before it, or stands in one of its own', () => {
  const messages = messagesOf({
    messages: [
      { role: 'user', content: 'one' },
      { role: 'system', content: 'late' },
      { role: 'assistant', content: [call('a')] },
      { role: 'user', content: [result('a', 'A')] },
      { role: 'system', content: 'later' },
    ],
  });
  expect(messages).toEqual([
    { role: 'user', content: 'one\n<system-reminder>\nlate\n</system-reminder>' },
    { role: 'assistant', content: '', tool_calls: [wireCall('a', '{}')] },
    { role: 'tool', tool_call_id: 'a', content: 'A' },
    { role: 'user', content: '<system-reminder>\nlater\n</system-reminder>' },
  ]);
});

test('images become parts; those of tool results follow the results', () => {
  const messages = messagesOf({
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'see' }, png] },
      { role: 'assistant', content: [call('a'), call('b')] },
      { role: 'user', content: [result('a', [png]), result('b', [{ type: 'text', text: 'B' }, png])] },
    ],
  });
  expect(messages).toEqual([
    { role: 'user', content: [{ type: 'text', text: 'see' }, pngPart] },
    { role: 'assistant', content: '', tool_calls: [wireCall('a', '{}'), wireCall('b', '{}')] },
    { role: 'tool', tool_call_id: 'a', content: '[image: see the next message]' },
    { role: 'tool', tool_call_id: 'b', content: 'B' },
    { role: 'user', content: [pngPart, pngPart] },
  ]);
});

test('failed results say so once', () => {
  const messages = messagesOf({
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: [call('a'), call('b')] },
      {
        role: 'user',
        content: [
          result('a', 'no such file', { is_error: true }),
          result('b', '<tool_use_error>gone</tool_use_error>', { is_error: true }),
        ],
      },
    ],
  });
  expect(messages.slice(2)).toEqual([
    { role: 'tool', tool_call_id: 'a', content: 'Error: no such file' },
    { role: 'tool', tool_call_id: 'b', content: '<tool_use_error>gone</tool_use_error>' },
  ]);
});

test('what templates choke on is not there: results without a call, messages without anything', () => {
  const messages = messagesOf({
    messages: [
      { role: 'user', content: [result('gone', 'left over')] },
      { role: 'assistant', content: [{ type: 'redacted_thinking', data: 'x' }] },
      { role: 'user', content: 'hi' },
    ],
  });
  expect(messages).toEqual([{ role: 'user', content: 'left over\nhi' }]);
});

test('parallel results stand in the order of their calls, whatever finished first, and before what else was said', () => {
  const messages = messagesOf({
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: [call('slow'), call('quick'), call('third')] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'by the way' },
          result('third', '3'),
          result('quick', '2'),
          result('gone', 'of no call'),
          result('slow', '1'),
        ],
      },
    ],
  });
  expect(messages.slice(2)).toEqual([
    { role: 'tool', tool_call_id: 'slow', content: '1' },
    { role: 'tool', tool_call_id: 'quick', content: '2' },
    { role: 'tool', tool_call_id: 'third', content: '3' },
    { role: 'user', content: 'by the way\nof no call' },
  ]);
});

test.each([
  [['a', 'a'], 2, 0],
  [['a'], 1, 1],
])('calls %j with one id get %i results; %i more is text', (ids, tools, texts) => {
  const messages = messagesOf({
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: ids.map((id) => call(id)) },
      { role: 'user', content: [result('a', 'first'), result('a', 'second')] },
    ],
  });
  const answers = messages.slice(2);
  expect(answers.filter(({ role }) => role === 'tool')).toHaveLength(tools);
  expect(answers.filter(({ role }) => role === 'user')).toHaveLength(texts);
  expect(answers.map(({ content }) => content)).toEqual(['first', 'second']);
});

test.each([
  ['null', '{"__unparsedToolInput":"null"}'],
  ['"ls"', '{"__unparsedToolInput":"\\"ls\\""}'],
  ['{"command":"l', '{"__unparsedToolInput":"{\\"command\\":\\"l"}'],
  ['{"command":"ls"}', '{"command":"ls"}'],
])('arguments that the client could not use (%s) are an object all the same', (raw, json) => {
  const input = { __unparsedToolInput: { raw, len: raw.length } };
  const [, spoken] = messagesOf({
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: [call('a', input)] },
    ],
  });
  expect(spoken).toMatchObject({ tool_calls: [wireCall('a', json)] });
});

test('a name that servers refuse has its alias in definitions, calls and wishes alike', () => {
  const name = 'mcp__files.server/read';
  const prompt = promptOf({
    tools: [{ name, input_schema: { type: 'object' } }],
    tool_choice: { type: 'tool', name },
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: [{ ...call('a'), name }] },
      { role: 'user', content: [result('a', 'A')] },
    ],
  });
  const { messages, tools } = toConversation(prompt, false);
  const alias = toolAlias(name);
  expect(tools[0]?.function.name).toBe(alias);
  expect(messages[1]).toMatchObject({ tool_calls: [{ function: { name: alias } }] });
  expect(messages.at(-1)?.content).toContain(`call the tool ${alias}.`);
  expect(JSON.stringify([messages, tools])).not.toContain(name);
});

test('plain text documents are text', () => {
  const document = {
    type: 'document',
    title: 'notes.txt',
    source: { type: 'text', media_type: 'text/plain', data: 'abc' },
  };
  expect(messagesOf({ messages: [{ role: 'user', content: [document] }] })).toEqual([
    { role: 'user', content: 'notes.txt\nabc' },
  ]);
});

test('closing sentences stand behind everything else', () => {
  const prompt = promptOf({
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: [call('a')] },
      { role: 'user', content: [result('a', 'A')] },
    ],
  });
  expect(toChatMessages(prompt, ['Now.', 'Please.']).at(-1)).toEqual({
    role: 'user',
    content: 'Now.\nPlease.',
  });
});

const word = fc.constantFrom('a', 'b c', 'd\ne', '<x>');
const textBlock = word.map((text) => ({ type: 'text', text }));
/** One step of a conversation: the model says something, perhaps calls tools, and the user's side answers. */
const step = fc.record({
  said: fc.array(textBlock, { maxLength: 2 }),
  thought: fc.option(word),
  calls: fc.integer({ min: 0, max: 2 }),
  images: fc.boolean(),
  texts: fc.array(textBlock, { minLength: 1, maxLength: 2 }),
  late: fc.option(word),
});

test('a longer conversation only adds messages', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), (steps) => {
      let before: unknown[] = [];
      const messages: object[] = [{ role: 'user', content: 'start' }];
      for (const [turn, { said, thought, calls, images, texts, late }] of steps.entries()) {
        const ids = Array.from({ length: calls }, (_, i) => `t${turn}_${i}`);
        const thinking = thought === null ? [] : [{ type: 'thinking', thinking: thought, signature: '' }];
        messages.push(
          {
            role: 'assistant',
            content: [...thinking, { type: 'text', text: 'so' }, ...said, ...ids.map((id) => call(id))],
          },
          { role: 'user', content: [...ids.map((id) => result(id, images ? [png] : 'done')), ...texts] },
          ...(late === null ? [] : [{ role: 'system', content: late }]),
        );
        const now = messagesOf({ system: 'S', messages });
        expect(now.slice(0, before.length)).toEqual(before);
        before = now;
      }
    }),
    { numRuns: 60 },
  );
});
