import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Message, ReplyBlock, StreamEvent } from '../../src/protocol/anthropic/events.ts';
import { createFold } from '../../src/reply/fold.ts';
import { frame } from '../../src/reply/frames.ts';
import { replay } from '../../src/reply/replay.ts';
import { lintSse } from '../support/sse-lint.ts';

const usage = {
  input_tokens: 3,
  cache_creation_input_tokens: 1,
  cache_read_input_tokens: 40,
  output_tokens: 7,
};

const word = fc.string({ minLength: 1, unit: 'grapheme' });
const block: fc.Arbitrary<ReplyBlock> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text: word }),
  fc.record({ type: fc.constant('thinking' as const), thinking: word, signature: word }),
  fc.record({
    type: fc.constant('tool_use' as const),
    id: fc.stringMatching(/^toolu_\w{8}$/),
    name: word,
    input: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.oneof(word, fc.integer(), fc.boolean())),
  }),
);
const message: fc.Arbitrary<Message> = fc.array(block, { maxLength: 5 }).map((content) => ({
  id: 'msg_kept',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content,
  stop_reason: content.some(({ type }) => type === 'tool_use') ? 'tool_use' : 'end_turn',
  stop_sequence: null,
  usage,
}));

function replayed(message: Message): StreamEvent[] {
  const events: StreamEvent[] = [];
  replay(message, (event) => events.push(event));
  return events;
}

function folded(events: readonly StreamEvent[]): Message {
  const fold = createFold();
  for (const event of events) fold.consume(event);
  return fold.message();
}

const withoutIds = ({ id: _, ...message }: Message) => ({
  ...message,
  content: message.content.map((block) => (block.type === 'tool_use' ? { ...block, id: '' } : block)),
});

test('a kept message is told again as a clean stream that folds to the same message under new ids', () => {
  fc.assert(
    fc.property(message, (message) => {
      const events = replayed(message);
      expect(lintSse(events.map(frame).join('')).problems).toEqual([]);
      const again = folded(events);
      expect(withoutIds(again)).toEqual(withoutIds(message));
      const ids = (of: Message) => [
        of.id,
        ...of.content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : [])),
      ];
      for (const id of ids(again)) expect(ids(message)).not.toContain(id);
    }),
  );
});

const start: StreamEvent = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...usage, output_tokens: 0 },
  },
};
const end: StreamEvent[] = [
  { type: 'message_delta', delta: { stop_reason: 'max_tokens', stop_sequence: null }, usage },
  { type: 'message_stop' },
];

test('half a stream is no message', () => {
  const fold = createFold();
  for (const event of [start, ...end.slice(0, 1)]) {
    fold.consume(event);
    expect(() => fold.message()).toThrow('not complete');
  }
});

test('signs of life leave no trace, and the last usage counts', () => {
  const life: StreamEvent[] = [
    { type: 'ping' },
    { type: 'message_delta', delta: { stop_reason: null, stop_sequence: null }, usage: { ...usage, output_tokens: 1 } },
  ];
  expect(folded([start, ...life, ...end])).toEqual(folded([start, ...end]));
  expect(folded([start, ...life, ...end])).toMatchObject({ content: [], usage, stop_reason: 'max_tokens' });
});

test('a call that was cut short is left out, whatever its input looks like', () => {
  const message = folded([
    start,
    { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 't', name: 'Write', input: {} } },
    { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"text":"ha"}' } },
    ...end,
  ]);
  expect(message.content).toEqual([]);
});

test('whoever comes late is told what was said, with the same ids, and can go on from there', () => {
  fc.assert(
    fc.property(message, fc.nat(40), (message, split) => {
      const events = replayed(message);
      const fold = createFold();
      for (const event of events.slice(0, split)) fold.consume(event);
      const heard = [...fold.events(), ...events.slice(split)];
      expect(lintSse(heard.map(frame).join('')).problems).toEqual([]);
      expect(folded(heard)).toEqual(folded(events));
    }),
  );
});

test('what came in pieces is told in one, and signs of life not at all', () => {
  const delta = (text: string): StreamEvent => ({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text },
  });
  const fold = createFold();
  expect(fold.events()).toEqual([]);
  const block: StreamEvent = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } };
  for (const event of [start, { type: 'ping' } as const, block]) fold.consume(event);
  expect(fold.events()).toEqual([start, block]);
  for (const event of [delta('one '), delta(''), delta('two')]) fold.consume(event);
  expect(fold.events()).toEqual([start, block, delta('one two')]);
});
