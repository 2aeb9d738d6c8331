import { expect, test } from 'vitest';
import { lintSse } from './sse-lint.ts';

type Data = Record<string, unknown>;

const usage = {
  input_tokens: 3,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 1,
  output_tokens: 2,
};
const start: Data = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  },
};
const block = (index: number, content_block: Data): Data => ({ type: 'content_block_start', index, content_block });
const delta = (index: number, delta: Data): Data => ({ type: 'content_block_delta', index, delta });
const stop = (index: number): Data => ({ type: 'content_block_stop', index });
const text = (index = 0) => block(index, { type: 'text', text: '' });
const textDelta = (index = 0) => delta(index, { type: 'text_delta', text: 'hi' });
const tool = (index = 0) => block(index, { type: 'tool_use', id: 'toolu_1', name: 'Read', input: {} });
const json = (partial_json: string, index = 0) => delta(index, { type: 'input_json_delta', partial_json });
const thinking = block(0, { type: 'thinking', thinking: '', signature: '' });
const final = (stop_reason: string | null, stop_sequence: string | null = null): Data => ({
  type: 'message_delta',
  delta: { stop_reason, stop_sequence },
  usage,
});
const end: Data = { type: 'message_stop' };
const error: Data = { type: 'error', error: { type: 'api_error', message: 'broken' }, request_id: 'req_1' };
const hello = [text(), textDelta(), stop(0)];

const record = (data: Data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const body = (...events: Data[]) => events.map(record).join('');
const without = (data: Data, key: string): Data =>
  Object.fromEntries(Object.entries(data).filter(([name]) => name !== key));

const good: Record<string, string> = {
  text: body(start, ...hello, final('end_turn'), end),
  'nothing said': body(start, final('end_turn'), end),
  'a stop sequence': body(start, ...hello, final('stop_sequence', 'END'), end),
  'text and a call': body(start, ...hello, tool(1), json('{"a":', 1), json('1}', 1), stop(1), final('tool_use'), end),
  'a call cut short by the token limit': body(start, tool(), json('{"a":'), final('max_tokens'), end),
  'a call cut short behind a whole one': body(start, tool(), json('{}'), stop(0), tool(1), final('max_tokens'), end),
  'a whole call before the token limit': body(start, tool(), json('{}'), stop(0), final('max_tokens'), end),
  'signs of life': body(
    start,
    final(null),
    { type: 'ping' },
    text(),
    delta(0, { type: 'text_delta', text: '' }),
    { type: 'ping' },
    stop(0),
    final('end_turn'),
    end,
  ),
  'an error at once': body(error),
  'an error inside of a block': body(start, text(), textDelta(), error),
};

test.each(Object.entries(good))('accepts %s', (_, stream) => {
  expect(lintSse(stream).problems).toEqual([]);
  expect(lintSse(Buffer.from(stream)).problems).toEqual([]);
});

const bad: Record<string, [problem: string, stream: string | Buffer]> = {
  'no event line': ['event line', `data: ${JSON.stringify(start)}\n\n${body(final('end_turn'), end)}`],
  'another event name': [
    'event line ping',
    body(start, final('end_turn'), end).replace('event: message_stop', 'event: ping'),
  ],
  'no last blank line': ['no blank line', body(start, final('end_turn'), end).trimEnd()],
  comments: ['event line', `: hello\n\n${body(start, final('end_turn'), end)}`],
  CRLF: ['line end', body(start, final('end_turn'), end).replaceAll('\n', '\r\n')],
  'U+2028': [
    'line end',
    body(start, text(), delta(0, { type: 'text_delta', text: '\u2028' }), stop(0), final('end_turn'), end),
  ],
  'invalid JSON': ['invalid JSON', `event: ping\ndata: {\n\n${body(start, final('end_turn'), end)}`],
  'invalid UTF-8': [
    'not UTF-8',
    Buffer.concat([Buffer.from(body(start)), Buffer.from([0xff]), Buffer.from(body(error))]),
  ],
  'unknown events': ['type:', body(start, { type: 'keepalive' }, final('end_turn'), end)],
  'no message_start': ['before message_start', body(...hello, final('end_turn'), end)],
  'a ping before message_start': ['before message_start', body({ type: 'ping' }, start, final('end_turn'), end)],
  'two message_start': ['second message_start', body(start, start, final('end_turn'), end)],
  'message_start with content': [
    'message.content',
    body(
      { ...start, message: { ...(start.message as Data), content: [{ type: 'text', text: 'x' }] } },
      final('end_turn'),
      end,
    ),
  ],
  'message_start without all of the usage': [
    'message.usage',
    body(
      { ...start, message: { ...(start.message as Data), usage: { input_tokens: 1, output_tokens: 0 } } },
      final('end_turn'),
      end,
    ),
  ],
  'usage that is no integer': [
    'usage',
    body(start, { ...final('end_turn'), usage: { ...usage, output_tokens: 1.5 } }, end),
  ],
  'message_delta without usage': ['usage', body(start, without(final('end_turn'), 'usage'), end)],
  'an index gap': ['block index 1', body(start, text(1), textDelta(1), stop(1), final('end_turn'), end)],
  'an index used twice': ['block index 0', body(start, ...hello, ...hello, final('end_turn'), end)],
  'overlapping blocks': [
    'before block 0 stopped',
    body(start, text(), text(1), stop(1), stop(0), final('end_turn'), end),
  ],
  'text in the block start': [
    'content_block.text',
    body(start, block(0, { type: 'text', text: 'x' }), stop(0), final('end_turn'), end),
  ],
  'input in the block start': [
    'content_block.input',
    body(
      start,
      block(0, { type: 'tool_use', id: 't', name: 'n', input: { a: 1 } }),
      json('{}'),
      stop(0),
      final('tool_use'),
      end,
    ),
  ],
  'a delta outside of blocks': ['outside of any block', body(start, textDelta(), final('end_turn'), end)],
  'a delta of another block': ['inside of block 0', body(start, text(), textDelta(1), stop(0), final('end_turn'), end)],
  'a delta of another kind': [
    'input_json_delta in a text block',
    body(start, text(), json('{}'), stop(0), final('end_turn'), end),
  ],
  'half a surrogate pair': [
    'surrogate',
    body(start, text(), delta(0, { type: 'text_delta', text: '\ud83d' }), stop(0), final('end_turn'), end),
  ],
  'a block stop outside of blocks': ['outside of any block', body(start, stop(0), final('end_turn'), end)],
  'the stop of another block': ['content_block_stop 1', body(start, text(), stop(1), final('end_turn'), end)],
  'a block that never stops': ['inside of a block', body(start, text(), textDelta(), final('end_turn'), end)],
  'thinking without signature': [
    'without signature',
    body(start, thinking, delta(0, { type: 'thinking_delta', thinking: 'x' }), stop(0), final('end_turn'), end),
  ],
  'thinking after its signature': [
    'after the signature',
    body(
      start,
      thinking,
      delta(0, { type: 'signature_delta', signature: 's' }),
      delta(0, { type: 'thinking_delta', thinking: 'x' }),
      stop(0),
      final('end_turn'),
      end,
    ),
  ],
  'half a tool input': ['no JSON object', body(start, tool(), json('{"a":'), stop(0), final('tool_use'), end)],
  'no tool input': ['no JSON object', body(start, tool(), stop(0), final('tool_use'), end)],
  'half a tool input that stops': [
    'no JSON object',
    body(start, tool(), json('{"a":'), stop(0), final('max_tokens'), end),
  ],
  'half a call that is to be run': ['inside of a block', body(start, tool(), json('{"a":'), final('tool_use'), end)],
  'a text that never stops': ['inside of a block', body(start, text(), textDelta(), final('max_tokens'), end)],
  'half a tool input before other blocks': [
    'no JSON object',
    body(start, tool(), json('['), stop(0), text(1), stop(1), final('max_tokens'), end),
  ],
  'no final message_delta': ['without a final message_delta', body(start, ...hello, end)],
  'only a null message_delta': ['without a final message_delta', body(start, ...hello, final(null), end)],
  'two final message_delta': ['second final', body(start, final('end_turn'), final('end_turn'), end)],
  'an unknown stop reason': ['stop_reason', body(start, final('length'), end)],
  'a stop sequence that is not named': ['contradict', body(start, final('stop_sequence'), end)],
  'a stop sequence that was not the reason': ['contradict', body(start, final('end_turn', 'END'), end)],
  'tool_use without a call': ['without a tool_use block', body(start, ...hello, final('tool_use'), end)],
  'a call that is not the stop reason': [
    'after a tool_use block',
    body(start, tool(), json('{}'), stop(0), final('end_turn'), end),
  ],
  'a block after the final message_delta': [
    'after the final message_delta',
    body(start, final('end_turn'), text(), stop(0), end),
  ],
  'no message_stop': ['without message_stop', body(start, ...hello, final('end_turn'))],
  'nothing at all': ['without message_stop', ''],
  'events after message_stop': ['after message_stop', body(start, final('end_turn'), end, { type: 'ping' })],
  'an error after message_stop': ['after message_stop', body(start, final('end_turn'), end, error)],
  'events after an error': ['after error', body(start, error, final('end_turn'), end)],
  'an unknown error type': ['error.type', body(start, { ...error, error: { type: 'oops', message: 'x' } })],
};

test.each(Object.entries(bad))('rejects %s', (_, [problem, stream]) => {
  expect(lintSse(stream).problems.join('\n')).toContain(problem);
});
