import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EngineEvent } from '../../src/protocol/engine.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { stopAt } from '../../src/reply/stop-sequences.ts';
import { cutAt, cuts, joined, recorder } from '../support/engine-events.ts';

const ended: EngineEvent = { type: 'ended', reason: 'end_turn' };

function run(sequences: readonly string[], pushed: readonly (string | EngineEvent)[]) {
  const sink = recorder();
  let stops = 0;
  const stage = stopAt(sink, sequences, () => stops++);
  for (const event of pushed) stage.push(typeof event === 'string' ? { type: 'text', text: event } : event);
  return { events: joined(sink.events), raw: sink.events, stops };
}

test('text is cut at the first sequence and the engine is stopped once', () => {
  expect(run(['END', 'STOP'], ['one ST', 'OP two END', 'three', ended])).toMatchObject({
    events: [
      { type: 'text', text: 'one ' },
      { type: 'ended', reason: 'stop_sequence', stopSequence: 'STOP' },
    ],
    stops: 1,
  });
});

test('only what may be a start is held back', () => {
  expect(run(['END'], ['so E', 'N', 'x']).raw).toEqual([
    { type: 'text', text: 'so ' },
    { type: 'text', text: 'ENx' },
  ]);
});

test('a start that stays one is released before whatever is not text, counts excepted', () => {
  const usage: EngineEvent = { type: 'usage', outputTokens: 3 };
  const call: EngineEvent = { type: 'toolCallStart', name: 'Read' };
  expect(run(['END'], ['E', usage, 'N', call]).raw).toEqual([usage, { type: 'text', text: 'EN' }, call]);
  expect(run(['END'], ['EN', ended]).raw).toEqual([{ type: 'text', text: 'EN' }, ended]);
  expect(run(['END'], ['E', usage, 'ND', ended]).events.at(-1)).toMatchObject({ reason: 'stop_sequence' });
});

test('a failure passes at once', () => {
  const failed: EngineEvent = { type: 'failed', error: new GatewayError('engine_failed', 'x') };
  expect(run(['END'], ['a EN', failed]).raw).toEqual([{ type: 'text', text: 'a ' }, failed]);
});

test('thinking and arguments are not looked at', () => {
  const events: EngineEvent[] = [
    { type: 'thinking', text: 'END' },
    { type: 'toolCallStart', name: 'Read' },
    { type: 'toolCallArguments', json: '"END"' },
    { type: 'toolCallEnd' },
    ended,
  ];
  expect(run(['END'], events).raw).toEqual(events);
});

test('any cutting gives the same answer', () => {
  const letters = (minLength: number, maxLength: number) =>
    fc.string({ unit: fc.constantFrom('a', 'b', 'c', '😀'), minLength, maxLength });
  fc.assert(
    fc.property(letters(0, 60), fc.array(letters(0, 5), { maxLength: 4 }), cuts, (text, sequences, cuts) => {
      const whole = run(sequences, [text, ended]);
      const cut = run(sequences, [...cutAt(text, cuts), ended]);
      expect({ ...cut, raw: [] }).toEqual({ ...whole, raw: [] });
      const said = whole.events.map((event) => (event.type === 'text' ? event.text : '')).join('');
      for (const sequence of sequences) if (sequence !== '') expect(said).not.toContain(sequence);
      expect(text.startsWith(said)).toBe(true);
    }),
  );
});
