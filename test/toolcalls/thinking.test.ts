import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EngineEvent } from '../../src/protocol/engine.ts';
import { readThinking } from '../../src/toolcalls/thinking.ts';
import { cutAt, cuts, joined, recorder } from '../support/engine-events.ts';

const ended: EngineEvent = { type: 'ended', reason: 'end_turn' };

function raw(pieces: readonly (string | EngineEvent)[], opened = false): EngineEvent[] {
  const sink = recorder();
  const stage = readThinking(sink, opened);
  for (const piece of pieces) stage.push(typeof piece === 'string' ? { type: 'text', text: piece } : piece);
  stage.push(ended);
  return sink.events;
}

const read = (text: string, opened = false) =>
  joined(raw([text], opened))
    .slice(0, -1)
    .map((event) =>
      event.type === 'thinking' ? { thinking: event.text } : event.type === 'text' ? event.text : event,
    );

test.each<[string, string, ReturnType<typeof read>]>([
  ['thinking and text', '<think>\nLet me\n\nsee.\n</think>\n\nHi. ', [{ thinking: 'Let me\n\nsee.' }, 'Hi. ']],
  ['white space first', '\n <think>a</think>b', [{ thinking: 'a' }, 'b']],
  ['no thinking', ' Hi <think>', [' Hi <think>']],
  ['an empty thought', '<think>\n\n</think>\n\nHi', ['Hi']],
  ['no close', '<think>\nall of it </thi', [{ thinking: 'all of it </thi' }]],
  ['a second thought', '<think>a</think>b<think>c</think>', [{ thinking: 'a' }, 'b<think>c</think>']],
  ['half an opener', '<thin', ['<thin']],
  ["Mistral's tags", '[THINK]a </think>[/THINK]b', [{ thinking: 'a </think>' }, 'b']],
  ["Gemma's tags", '<|channel>thought\nhm\n<channel|>Hi', [{ thinking: 'hm' }, 'Hi']],
  ["Gemma's tags without a thought", '<|channel>thought\n<channel|>Hi', ['Hi']],
  ['nothing but white space', ' \n', [' \n']],
])('%s', (_, text, expected) => {
  expect(read(text)).toEqual(expected);
});

test('the opening tag may stand in the prompt', () => {
  expect(read('\nhm\n</think>\n\nHi', true)).toEqual([{ thinking: 'hm' }, 'Hi']);
});

test('thinking flows as it comes', () => {
  expect(raw(['<think>', 'one', ' two', '</', 'b', '</think>', 'x'])).toEqual([
    { type: 'thinking', text: 'one' },
    { type: 'thinking', text: ' two' },
    { type: 'thinking', text: '</b' },
    { type: 'text', text: 'x' },
    ended,
  ]);
});

test("an engine's own thinking ends the start; counts do not", () => {
  const usage: EngineEvent = { type: 'usage', outputTokens: 1 };
  const thought: EngineEvent = { type: 'thinking', text: 'hm' };
  expect(raw(['<thi', usage, 'nk>a</think>b'])).toEqual([
    usage,
    { type: 'thinking', text: 'a' },
    { type: 'text', text: 'b' },
    ended,
  ]);
  expect(raw([thought, '<think>'])).toEqual([thought, { type: 'text', text: '<think>' }, ended]);
});

test('any cutting gives the same events', () => {
  const parts = fc.constantFrom(
    '<think>',
    '</think>',
    '[THINK]',
    '[/THINK]',
    '<|channel>thought',
    '<channel|>',
    '<th',
    '</th',
    'ink>',
    ' ',
    '\n',
    'word',
    '<',
    '😀',
    '\u00a0',
  );
  const text = fc.array(parts, { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, cuts, fc.boolean(), (text, cuts, opened) => {
      expect(joined(raw(cutAt(text, cuts), opened))).toEqual(joined(raw([text], opened)));
    }),
  );
});
