import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EngineEvent } from '../../src/protocol/engine.ts';
import { readChannels } from '../../src/toolcalls/channels.ts';
import { cutAt, cuts, joined, recorder } from '../support/engine-events.ts';

const ended: EngineEvent = { type: 'ended', reason: 'end_turn' };

function read(pieces: readonly (string | EngineEvent)[]): EngineEvent[] {
  const sink = recorder();
  const stage = readChannels(sink);
  for (const piece of pieces) stage.push(typeof piece === 'string' ? { type: 'text', text: piece } : piece);
  stage.push(ended);
  return sink.events;
}

test('channels flow as they come', () => {
  const usage: EngineEvent = { type: 'usage', outputTokens: 1 };
  const pieces = ['<|channel|>', 'analysis', usage, '<|message|>', 'one', ' two', ' <|en', 'd|>', '<|start|>assistant'];
  expect(read([...pieces, '<|channel|>final<|message|>', 'Hi', ' <b>', '<|return|>'])).toEqual([
    usage,
    { type: 'thinking', text: 'one' },
    { type: 'thinking', text: ' two' },
    { type: 'thinking', text: ' ' },
    { type: 'text', text: 'Hi' },
    { type: 'text', text: ' <b>' },
    ended,
  ]);
});

test('a call goes through as it was written, whatever its strings say', () => {
  const call =
    '<|channel|>commentary to=functions.Write<|message|>{"a":"<|end|><|channel|>analysis<|message|>"}<|call|>';
  expect(joined(read([call]))).toEqual([{ type: 'text', text: call }, ended]);
});

test('other answers pass untouched', () => {
  const text = 'The token <|channel|>analysis<|message|> starts a thought, <|end|> ends it.';
  expect(read([text])).toEqual([{ type: 'text', text }, ended]);
  expect(read(['<|chan', 'ge'])).toEqual([{ type: 'text', text: '<|change' }, ended]);
});

const parts = fc.constantFrom(
  '<|start|>',
  'assistant',
  '<|channel|>',
  'analysis',
  'commentary to=functions.Read ',
  '<|message|>',
  '<|end|>',
  '<|return|>',
  '<|call|>',
  '{"a":"',
  '"}',
  '<|',
  '>',
  ' ',
  '😀',
  'word '.repeat(60),
);
const soup = fc.array(parts, { maxLength: 14 }).map((parts) => parts.join(''));

test('any cutting gives the same events', () => {
  fc.assert(
    fc.property(soup, cuts, (text, cuts) => {
      const framed = `<|channel|>${text}`;
      expect(joined(read(cutAt(framed, cuts)))).toEqual(joined(read([framed])));
    }),
    { numRuns: 300 },
  );
});

test('100 kB of any token cost their length, not their square', () => {
  for (const token of ['<|channel|>', '<|end|>', '<|channel|>analysis<|message|>', '<|']) {
    const text = `<|channel|>final<|message|>${token.repeat(100_000 / token.length)}`;
    expect(read(text.split('')).at(-1)).toEqual(ended);
    expect(read([text]).at(-1)).toEqual(ended);
  }
});
