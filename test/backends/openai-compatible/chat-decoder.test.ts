import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ChatEnd, createChatDecoder } from '../../../src/backends/openai-compatible/chat-decoder.ts';
import type { EngineEvent } from '../../../src/protocol/engine.ts';

const head = { object: 'chat.completion.chunk' };
const chunk = (delta: object, finish: string | null = null, more: object = {}): object => ({
  ...head,
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
});
const calls = (...deltas: object[]): object => chunk({ tool_calls: deltas });
const call = (index: number, id: string, name: string, json: string): object => ({
  index,
  id,
  type: 'function',
  function: { name, arguments: json },
});

/** Decodes records to the end; a string stands for itself. */
function decode(records: readonly (object | string)[], maxTokens = 1_000): { events: EngineEvent[]; end: ChatEnd } {
  const events: EngineEvent[] = [];
  const decoder = createChatDecoder((event) => add(events, event), maxTokens);
  for (const record of records) {
    const end = decoder.read(typeof record === 'string' ? record : JSON.stringify(record));
    if (end) return { events, end };
  }
  const end = decoder.close();
  return { events, end };
}

/** Pieces of one text, thought or argument are one event here. */
function add(events: EngineEvent[], event: EngineEvent): void {
  const last = events.at(-1);
  if (event.type === 'toolCallArguments' && last?.type === event.type) {
    events[events.length - 1] = { ...last, json: last.json + event.json };
  } else if ((event.type === 'text' || event.type === 'thinking') && last?.type === event.type) {
    events[events.length - 1] = { ...last, text: last.text + event.text };
  } else events.push(event);
}

const told = (name: string, json: string): EngineEvent[] => [
  { type: 'toolCallStart', name },
  { type: 'toolCallArguments', json },
  { type: 'toolCallEnd' },
];

test('reasoning, text, usage and the reason of the end', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 8 } };
  const { events, end } = decode([
    chunk({ role: 'assistant', content: '' }),
    chunk({ reasoning_content: 'hm', content: null }),
    chunk({ reasoning: 'm' }),
    chunk({ content: 'he' }),
    chunk({ content: 'llo' }),
    chunk({}),
    chunk({}, 'stop', { usage }),
    { ...head, choices: [], usage },
    '[DONE]',
  ]);
  expect(events).toEqual([
    { type: 'thinking', text: 'hmm' },
    { type: 'text', text: 'hello' },
  ]);
  expect(end).toEqual({
    type: 'ended',
    reason: 'end_turn',
    usage: { promptTokens: 10, outputTokens: 3, cachedTokens: 8 },
  });
});

test.each([
  ['stop', 'end_turn'],
  ['length', 'max_tokens'],
  ['content_filter', 'refusal'],
  ['something_new', 'end_turn'],
])('finish_reason %s is %s', (finish, reason) => {
  expect(decode([chunk({ content: 'x' }, finish), '[DONE]']).end).toMatchObject({ type: 'ended', reason });
});

test('the last of two finish reasons counts, and [DONE] may be missing after one', () => {
  const late = chunk({ tool_calls: [call(0, 'a', 'Read', '{}')] }, 'tool_calls');
  expect(decode([chunk({}, 'length'), chunk({}, 'stop'), late]).end).toMatchObject({
    type: 'ended',
    reason: 'tool_use',
  });
});

test.each([
  ['complete', [calls(call(0, 'a', 'Read', '{"p":1}')), chunk({ content: '\n' }), calls(call(1, 'b', 'Edit', '{}'))]],
  ['all in one delta', [calls(call(0, 'a', 'Read', '{"p":1}'), call(1, 'b', 'Edit', '{}'))]],
  [
    'repeated with new ids',
    [
      calls(call(0, 'a', 'Read', '{"p":1}')),
      calls(call(0, 'c', 'Read', '{"p":1}'), call(1, 'b', 'Edit', '{}')),
      calls(call(0, 'd', 'Read', '{"p":1}')),
    ],
  ],
  [
    'in fragments, the id in each',
    [
      calls(call(0, 'a', 'Read', '')),
      calls({ index: 0, id: 'a', function: { arguments: '{"p"' } }),
      calls({ index: 0, id: 'a', function: { arguments: '' } }),
      calls({ index: 0, function: { arguments: ':1}' } }),
      calls(call(1, 'b', 'Edit', '{}')),
      calls({ index: 0, function: { arguments: '' } }),
    ],
  ],
  ['all at index 0', [calls(call(0, 'a', 'Read', '{"p":1}')), calls(call(0, 'b', 'Edit', '{}'))]],
  [
    'without indexes, arguments as objects',
    [
      calls({ id: 'a', function: { name: 'Read', arguments: { p: 1 } } }),
      calls({ id: 'b', function: { name: 'Edit', arguments: {} } }),
    ],
  ],
  [
    'in turns',
    [
      calls(call(0, 'a', 'Read', ''), call(1, 'b', 'Edit', '')),
      calls({ index: 1, function: { arguments: '{' } }, { index: 0, function: { arguments: '{"p"' } }),
      calls({ index: 1, function: { arguments: '}' } }, { index: 0, function: { arguments: ':1}' } }),
    ],
  ],
  [
    'with names in pieces, or again with each piece',
    [
      calls(call(0, 'a', 'Re', '')),
      calls({ index: 0, function: { name: 'ad' } }),
      calls({ index: 0, function: { arguments: '{"p":1}' } }),
      calls(call(1, 'b', 'Edit', '')),
      calls(call(1, 'b', 'Edit', '{')),
      calls(call(1, 'b', 'Edit', '}')),
    ],
  ],
  [
    'beside what a parser could not read',
    [
      calls({ index: -1, type: 'function', function: { arguments: '{"limit": ' } }),
      calls(call(0, 'a', 'Read', '{"p":1}')),
      calls(call(1, 'b', 'Edit', '{}')),
    ],
  ],
])('tool calls %s', (_, records) => {
  const { events, end } = decode([...records, chunk({}, 'tool_calls'), '[DONE]']);
  expect(events.filter((event) => event.type !== 'text')).toEqual([...told('Read', '{"p":1}'), ...told('Edit', '{}')]);
  expect(end).toMatchObject({ type: 'ended', reason: 'tool_use' });
});

test('the same call twice at two indexes is two calls', () => {
  const { events } = decode([calls(call(0, 'a', 'Read', '{}'), call(1, 'b', 'Read', '{}')), chunk({}, 'tool_calls')]);
  expect(events).toEqual([...told('Read', '{}'), ...told('Read', '{}')]);
});

test('any pieces of any calls, however they are mixed, are the same calls in order', () => {
  const args = fc
    .dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 })
    .map((value) => JSON.stringify(value));
  const piece = fc.record({ of: fc.nat(), size: fc.nat(6), withId: fc.boolean(), withName: fc.boolean() });
  fc.assert(
    fc.property(fc.array(args, { minLength: 1, maxLength: 4 }), fc.array(piece), (all, pieces) => {
      const records = [calls(...all.map((_, index) => call(index, `id${index}`, `Tool${index}`, '')))];
      const rest = [...all];
      const take = (index: number, size: number, more: object = {}, named: object = {}): void => {
        const text = rest[index] ?? '';
        rest[index] = text.slice(size);
        records.push(calls({ index, ...more, function: { ...named, arguments: text.slice(0, size) } }));
      };
      for (const { of, size, withId, withName } of pieces) {
        const index = of % all.length;
        const name = withName && rest[index] !== '' ? { name: `Tool${index}` } : {};
        take(index, size, withId || withName ? { id: `id${index}` } : {}, name);
      }
      for (const [index, text] of rest.entries()) take(index, text.length);
      const { events, end } = decode([...records, chunk({}, 'tool_calls')]);
      expect(events).toEqual(all.flatMap((json, index) => told(`Tool${index}`, json)));
      expect(end).toMatchObject({ reason: 'tool_use' });
    }),
  );
});

test('markup that was taken for a call is text again', () => {
  const coder = [
    chunk({ content: '<function=Read>\n' }),
    calls({ index: -1, type: 'function', function: { arguments: '{"file_path": ' } }),
    chunk({ content: '\n/a\n</parameter>\n' }),
    calls({ index: -1, type: 'function', function: { arguments: '"<parameter=limit>' } }),
    chunk({ content: '\n5\n</parameter>\n</function>' }),
    calls({ index: -1, type: 'function', function: { arguments: '"' } }),
  ];
  const mistral = [
    calls(call(0, 'a', '[', '{"name": ')),
    calls({ index: 0, type: 'function', function: { arguments: '"Read"}]' } }),
  ];
  const texts = [coder, mistral].map((records) => decode([...records, chunk({}, 'tool_calls')]).events);
  expect(texts).toEqual([
    [
      {
        type: 'text',
        text: '<function=Read>\n<parameter=file_path>\n/a\n</parameter>\n<parameter=limit>\n5\n</parameter>\n</function>',
      },
    ],
    [{ type: 'text', text: '[TOOL_CALLS][{"name": "Read"}]' }],
  ]);
});

test('a call that max_tokens cut off does not end, those before it do', () => {
  const usage = { prompt_tokens: 1, completion_tokens: 7 };
  const records = [
    calls(call(0, 'a', 'Read', '{"p":1}')),
    calls(call(1, 'b', 'Edit', '{"q')),
    chunk({}, 'tool_calls', { usage }),
  ];
  expect(decode(records, 7).events).toEqual([...told('Read', '{"p":1}'), ...told('Edit', '{"q').slice(0, -1)]);
  expect(decode(records, 8).events).toEqual([...told('Read', '{"p":1}'), ...told('Edit', '{"q')]);
});

test('a call that max_tokens cut off is no complete one, whatever the finish reason says', () => {
  const records = [
    calls(call(0, 'a', 'Read', '{"p')),
    chunk({}, 'tool_calls', { usage: { prompt_tokens: 1, completion_tokens: 7 } }),
  ];
  expect(decode(records, 7).end).toMatchObject({ reason: 'max_tokens' });
  expect(decode(records, 8).end).toMatchObject({ reason: 'tool_use' });
});

test.each<[string, (object | string)[], object]>([
  ['[DONE] after the role', [chunk({ role: 'assistant' }), '[DONE]'], { turnedDown: true, problem: undefined }],
  [
    'an error record first',
    [{ error: { message: 'no', code: 500 } }],
    { turnedDown: true, problem: { message: 'no', status: 500 } },
  ],
  ['an error as text', [{ error: 'boom' }], { turnedDown: true, problem: { message: 'boom' } }],
  ['[DONE] inside the answer', [chunk({ content: 'x' }), '[DONE]'], { turnedDown: false }],
  ['an error record inside', [chunk({ content: 'x' }), { error: { message: 'no' } }], { turnedDown: false }],
  ['nothing at all', [], { turnedDown: false }],
  ['finish_reason error', [chunk({}, 'error'), '[DONE]'], { turnedDown: false }],
  ['text that is no JSON', ['<html>'], { turnedDown: false }],
  [
    'a piece of a call that is over',
    [calls(call(0, 'a', 'Read', '{}'), call(1, 'b', 'Read', '{}')), calls({ index: 0, function: { arguments: '1' } })],
    { turnedDown: false },
  ],
])('a failure: %s', (_, records, expected) => {
  expect(decode(records).end).toMatchObject({ type: 'failed', ...expected });
});
