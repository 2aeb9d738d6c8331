/** What a client hears of an answer, event by event. */
import { expect, test } from 'vitest';
import type { StreamEvent } from '../../src/protocol/anthropic/events.ts';
import type { EndReason, EngineEvent } from '../../src/protocol/engine.ts';
import { errorEnvelope, GatewayError } from '../../src/protocol/errors.ts';
import { errorFrame } from '../../src/reply/frames.ts';
import { createSynthesizer, type SynthesizerOptions } from '../../src/runtime/synthesizer.ts';
import { lintSse } from '../support/sse-lint.ts';
import {
  callEnd,
  ended,
  failed,
  folded,
  invalid,
  json,
  name,
  run,
  type Step,
  short,
  synthesizer,
  text,
  think,
} from './synthesizer-harness.ts';

test('thinking, text and a call become blocks, what came in one read becomes one delta', () => {
  const { events, bytes } = run([
    { type: 'started', promptTokens: 120 },
    think('Hm'),
    think('.'),
    'flush',
    think('..'),
    text('I '),
    text('look.'),
    'flush',
    name('Read'),
    json('{"path":'),
    json('"a"}'),
    callEnd,
    { type: 'usage', promptTokens: 120, cachedTokens: 90, createdTokens: 20, outputTokens: 9 },
    ended('tool_use'),
    'flush',
  ]);
  expect(short(events)).toEqual([
    ...['message_start', 'thinking{', '(Hm.)', '(..)', 'signature', '}'],
    ...['text{', 'I look.', '}'],
    ...['tool_use{', '{"path":"a"}', '}', 'stop tool_use', 'message_stop'],
  ]);
  expect(lintSse(bytes()).problems).toEqual([]);
  expect(folded(events)).toMatchObject({
    model: 'claude-x',
    content: [
      { type: 'thinking', thinking: 'Hm...', signature: expect.stringMatching(/^warmslot\.[\w-]{22}$/) },
      { type: 'text', text: 'I look.' },
      { type: 'tool_use', id: expect.stringMatching(/^toolu_/), name: 'Read', input: { path: 'a' } },
    ],
    stop_reason: 'tool_use',
    usage: {
      input_tokens: 10,
      cache_creation_input_tokens: 20,
      cache_read_input_tokens: 90,
      output_tokens: 9,
    },
  });
});

test('message_start carries the estimate, the end what the engine counted', () => {
  const { events, synthesizer } = run([
    'start',
    'start',
    text('x'),
    { type: 'usage', promptTokens: 50, cachedTokens: 70 },
    ended(),
  ]);
  expect(events.filter(({ type }) => type === 'message_start')).toMatchObject([
    { message: { usage: { input_tokens: 40, cache_read_input_tokens: 60, output_tokens: 0 } } },
  ]);
  expect(synthesizer.usage).toEqual({
    input_tokens: 0,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 50,
    output_tokens: 1,
  });
  expect(folded(events).usage).toEqual(synthesizer.usage);
  expect(synthesizer.outcome).toEqual({ reason: 'end_turn' });
});

test('nothing is written to the client between flushes', () => {
  const made = run([text('a'), text('b')]);
  expect([short(made.events), made.flushes()]).toEqual([['message_start', 'text{'], 0]);
  made.synthesizer.flush();
  expect([short(made.events).at(-1), made.flushes()]).toEqual(['ab', 1]);
});

test('a surrogate pair is never split over two deltas', () => {
  const { events, bytes } = run([text('a\ud83d'), 'flush', text('\ude00b'), 'flush', text('\ud83d'), 'flush', ended()]);
  expect(short(events)).toEqual(['message_start', 'text{', 'a', '😀b', '\ufffd', '}', 'stop end_turn', 'message_stop']);
  expect(lintSse(bytes()).problems).toEqual([]);
});

test('white space alone opens no block', () => {
  const steps = [
    text('\n\n'),
    name('A'),
    json('{}'),
    callEnd,
    text('\n'),
    name('B'),
    json('{}'),
    callEnd,
    text(' '),
    ended(),
  ];
  expect(folded(run(steps).events).content.map(({ type }) => type)).toEqual(['tool_use', 'tool_use']);
  expect(folded(run([text(''), text('\n'), text(' x '), ended()]).events).content).toEqual([
    { type: 'text', text: '\n x ' },
  ]);
  expect(folded(run([ended()]).events)).toMatchObject({ content: [], stop_reason: 'end_turn' });
});

test('a call without arguments has an empty object', () => {
  const { events, bytes } = run([name('Now'), callEnd, name('Now'), json(' '), callEnd, ended()]);
  expect(short(events)).toEqual([
    ...['message_start', 'tool_use{', '{}', '}', 'tool_use{', '{}', '}', 'stop tool_use', 'message_stop'],
  ]);
  expect(lintSse(bytes()).problems).toEqual([]);
});

test('a call cut off by the token limit is reported as such', () => {
  const named = run([text('I write.'), name('Write'), ended('max_tokens')]);
  expect(short(named.events).slice(-4)).toEqual(['I write.', '}', 'stop max_tokens', 'message_stop']);
  const begun = run([name('Write'), json('{"te'), ended('max_tokens')]);
  expect(lintSse(begun.bytes()).problems).toEqual([]);
  expect(folded(begun.events)).toMatchObject({ content: [], stop_reason: 'max_tokens' });
});

test('a call that was cut off behind its first pieces never stops, and is no reason to run tools', () => {
  const whole = [name('Read'), json('{}'), callEnd];
  const cut = [name('Write'), json('{"text":"ha'), 'flush' as const, json('lf')];
  for (const reason of ['max_tokens', 'end_turn', 'tool_use'] as const) {
    const { events, bytes } = run([...whole, ...cut, ended(reason)]);
    expect(short(events).slice(-5)).toEqual(['tool_use{', '{"text":"ha', 'lf', 'stop max_tokens', 'message_stop']);
    expect(lintSse(bytes()).problems).toEqual([]);
    expect(folded(events).content).toMatchObject([{ type: 'tool_use', name: 'Read' }]);
  }
});

test('a call no tool can take reaches the client as it is, with arguments that parse', () => {
  const { events, bytes } = run([
    text('Look:'),
    invalid('Edit', '{"old":"a"}'),
    invalid('Foo', '{"a": rm -rf'),
    invalid('Foo', '[1]'),
    invalid('Foo', ''),
    ended(),
  ]);
  expect(lintSse(bytes()).problems).toEqual([]);
  expect(folded(events)).toMatchObject({
    content: [
      { type: 'text', text: 'Look:' },
      { type: 'tool_use', name: 'Edit', input: { old: 'a' } },
      { type: 'tool_use', name: 'Foo', input: { unparsed_arguments: '{"a": rm -rf' } },
      { type: 'tool_use', name: 'Foo', input: { unparsed_arguments: '[1]' } },
      { type: 'tool_use', name: 'Foo', input: { unparsed_arguments: '' } },
    ],
    stop_reason: 'tool_use',
  });
});

test('parallel calls are told one after the other, in many pieces or in one', () => {
  const pieces = [name('A'), json('{"a"'), 'flush' as const, json(': 1'), 'flush' as const, json('}'), callEnd];
  const { events, bytes } = run([...pieces, name('B'), callEnd, invalid('C', '{}'), ended('tool_use')]);
  expect(lintSse(bytes()).problems).toEqual([]);
  expect(folded(events).content).toMatchObject([
    { name: 'A', input: { a: 1 } },
    { name: 'B', input: {} },
    { name: 'C', input: {} },
  ]);
});

test.each<[EndReason, readonly EngineEvent[], string]>([
  ['end_turn', [name('A'), callEnd], 'tool_use'],
  ['stop_sequence', [name('A'), callEnd], 'tool_use'],
  ['max_tokens', [name('A'), callEnd], 'max_tokens'],
  ['tool_use', [text('x')], 'end_turn'],
  ['refusal', [text('x')], 'refusal'],
])('%s after its blocks is a true stop reason', (reason, events, expected) => {
  const made = run([...events, ended(reason)]);
  expect(folded(made.events).stop_reason).toBe(expected);
  expect(made.synthesizer.outcome).toEqual({ reason: expected });
});

test('the stop sequence is named', () => {
  const { events, bytes } = run([text('x'), { type: 'ended', reason: 'stop_sequence', stopSequence: 'END' }]);
  expect(folded(events)).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'END' });
  expect(lintSse(bytes()).problems).toEqual([]);
});

test('an engine that signs its thinking closes the block with it', () => {
  const signed: EngineEvent = { type: 'thinking', text: '', signature: 'sig' };
  const { events, bytes } = run([think('a'), signed, think('b'), signed, signed, text('x'), ended()]);
  expect(lintSse(bytes()).problems).toEqual([]);
  expect(folded(events).content).toEqual([
    { type: 'thinking', thinking: 'a', signature: 'sig' },
    { type: 'thinking', thinking: 'b', signature: 'sig' },
    { type: 'thinking', thinking: '', signature: 'sig' },
    { type: 'text', text: 'x' },
  ]);
});

test('thinking that nothing followed is repeated as text', () => {
  const answer = (steps: Step[], thinking?: SynthesizerOptions['thinking']) =>
    folded(run(steps, thinking).events).content.map((block) => (block.type === 'thinking' ? '(thinking)' : block));
  const said = { type: 'text', text: 'All of it.' };
  const all = think('All of it.');
  expect(answer([all, ended()])).toEqual(['(thinking)', said]);
  expect(answer([all, text('\n'), ended()], 'enabled')).toEqual(['(thinking)', { ...said, text: '\nAll of it.' }]);
  expect(answer([all, ended('max_tokens')], 'enabled')).toEqual(['(thinking)']);
  expect(answer([all, text('x'), ended()])).toEqual(['(thinking)', { type: 'text', text: 'x' }]);
});

test('thinking that was not wanted is shown only if there is nothing else', () => {
  const answer = (...steps: Step[]) => folded(run(steps, 'disabled').events).content;
  expect(answer(think('a'), text('x'), ended())).toEqual([{ type: 'text', text: 'x' }]);
  expect(answer(think('a'), name('A'), callEnd, ended())).toMatchObject([{ type: 'tool_use' }]);
  expect(answer(think('a'), think('b'), ended('max_tokens'))).toEqual([{ type: 'text', text: 'ab' }]);
});

test('after a failure nothing more is said, and open blocks stay open', () => {
  const made = run([
    text('half'),
    'flush',
    text(' an'),
    failed,
    'flush',
    'keepAlive',
    'start',
    text('x'),
    ended(),
    'flush',
  ]);
  expect(short(made.events)).toEqual(['message_start', 'text{', 'half']);
  expect(made.synthesizer.outcome).toBeUndefined();
  const error = errorFrame(errorEnvelope(new GatewayError('engine_failed', 'The engine broke.'), 'req_1'));
  expect(lintSse(made.bytes() + error).problems).toEqual([]);
});

test('after the end nothing more is said', () => {
  const made = run([text('x'), ended()]);
  const before = made.bytes();
  for (const event of [text('y'), ended(), failed]) made.synthesizer.push(event);
  made.synthesizer.keepAlive();
  expect(made.bytes()).toBe(before);
});

test('a failure before anything was said says nothing', () => {
  const made = run([{ type: 'started' }, failed, 'flush']);
  expect([made.events, made.synthesizer.forwarded]).toEqual([[], false]);
});

test('signs of life are real events that leave no trace', () => {
  const { events, bytes } = run([
    ...['keepAlive' as const, think('a'), 'keepAlive' as const, text('b'), 'keepAlive' as const],
    ...[
      name('A'),
      'keepAlive' as const,
      json('{'),
      'keepAlive' as const,
      json('}'),
      callEnd,
      'keepAlive' as const,
      ended(),
    ],
  ]);
  expect(lintSse(bytes()).problems).toEqual([]);
  expect(events.filter(({ type }) => type === 'ping')).toHaveLength(6);
  expect(short(events.slice(0, 3))).toEqual(['message_start', 'stop null', 'ping']);
  const quiet = run([think('a'), text('b'), name('A'), json('{}'), callEnd, ended()]);
  const content = (events: readonly StreamEvent[]) =>
    folded(events).content.map((block) => (block.type === 'tool_use' ? { ...block, id: '' } : block));
  expect(content(events)).toEqual(content(quiet.events));
});

test('forwarded from the first block on', () => {
  const { synthesizer: made } = synthesizer();
  made.start();
  made.keepAlive();
  made.push(text('\n'));
  made.push(name('A'));
  expect(made.forwarded).toBe(false);
  made.push(json('{'));
  expect(made.forwarded).toBe(true);
});

test('what the consumer throws reaches the engine side', () => {
  const made = createSynthesizer({
    model: 'm',
    estimate: { promptTokens: 1, cachedTokens: 0 },
    thinking: 'default',
    consume() {
      throw new Error('socket gone');
    },
    flush() {},
  });
  expect(() => made.push(text('x'))).toThrow('socket gone');
});
