import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EndReason, EngineEvent, EngineSink } from '../../src/protocol/engine.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { type Ask, askAgain } from '../../src/toolcalls/ask-again.ts';
import { recorder } from '../support/engine-events.ts';

const text = (text: string): EngineEvent => ({ type: 'text', text });
const think = (text: string): EngineEvent => ({ type: 'thinking', text });
const call = (name: string, ...pieces: string[]): EngineEvent[] => [
  { type: 'toolCallStart', name },
  ...pieces.map((json): EngineEvent => ({ type: 'toolCallArguments', json })),
  { type: 'toolCallEnd' },
];
const invalid = (name: string, written: string, problem = 'file_path is missing'): EngineEvent => ({
  type: 'toolCallInvalid',
  name,
  arguments: written,
  problem,
});
const usage = (outputTokens?: number): EngineEvent => ({
  type: 'usage',
  promptTokens: 100,
  cachedTokens: 40,
  ...(outputTokens === undefined ? {} : { outputTokens }),
});
const ended = (reason: EndReason = 'tool_use'): EngineEvent => ({ type: 'ended', reason });
const failed: EngineEvent = { type: 'failed', error: new GatewayError('engine_failed', 'It broke.') };
const bad = invalid('Read', '{"limit": 5}');
const good = call('Read', '{"file_path":', '"/a"}');

/** The stage in front of an engine that gives `second` when it is asked again; undefined: it cannot be asked. */
function run(first: readonly EngineEvent[], second?: readonly EngineEvent[]) {
  const next = recorder();
  const questions: { names: string[]; said: string }[] = [];
  const counted: string[] = [];
  let flushes = 0;
  let answer: EngineSink | undefined;
  const ask: Ask = (invalid, said, sink) => {
    questions.push({ names: invalid.map(({ name }) => name), said });
    answer = sink;
    return second !== undefined;
  };
  const stage = askAgain(
    { push: next.push, flush: () => flushes++ },
    { ask, count: (outcome, tool, changes) => counted.push(`${outcome} ${tool}: ${changes}`) },
  );
  for (const event of first) stage.push(event);
  const before = [...next.events];
  if (questions.length > 0) for (const event of second ?? []) answer?.push(event);
  answer?.flush();
  return { events: next.events, before, questions, counted, flushes };
}

test('an answer without an invalid call passes as it comes', () => {
  const answer = [think('hm'), text('a'), ...good, text('b'), usage(5), ended()];
  const { events, questions, counted } = run(answer, []);
  expect(events).toEqual(answer);
  expect([questions, counted]).toEqual([[], []]);
});

test('the second call takes the place of the first, and what stood behind that follows', () => {
  const { events, before, questions, counted } = run(
    [text('Look: '), bad, text('then'), ...call('Bash', '{}'), ended()],
    [think('oh'), text('Sorry.'), ...good, ended()],
  );
  expect(before).toEqual([text('Look: ')]);
  expect(events).toEqual([text('Look: '), ...good, text('then'), ...call('Bash', '{}'), ended()]);
  expect(questions).toEqual([
    {
      names: ['Read'],
      said: `Look: 
<tool_call>
{"name": "Read", "arguments": {"limit": 5}}
</tool_call>then
<tool_call>
{"name": "Bash", "arguments": {}}
</tool_call>`,
    },
  ]);
  expect(counted).toEqual(['reasked Read: file_path is missing']);
});

test('asides are not held', () => {
  const { before } = run([{ type: 'started', promptTokens: 3 }, bad, usage(), text('x')], []);
  expect(before).toEqual([{ type: 'started', promptTokens: 3 }, usage()]);
});

test('several invalid calls are one question, and as many answers take their places', () => {
  const first = [bad, ...call('Bash', '{}'), invalid('Raed', '{}'), ended()];
  const other = call('Grep', '{}');
  const { events, questions, counted } = run(first, [...good, ...other, ended()]);
  expect(questions.map(({ names }) => names)).toEqual([['Read', 'Raed']]);
  expect(events).toEqual([...good, ...call('Bash', '{}'), ...other, ended()]);
  expect(counted).toHaveLength(2);
  expect(run(first, [...good, ended()]).events).toEqual([...good, ...call('Bash', '{}'), ended()]);
  expect(run([bad, text('x'), ended()], [...good, ...other, ended()]).events).toEqual([
    ...[...good, ...other],
    ...[text('x'), ended()],
  ]);
});

test('a model that thought better of it is heard', () => {
  const { events, counted } = run([bad, ended()], [think('hm'), text('No '), text('need.'), ended('end_turn')]);
  expect(events).toEqual([text('No need.'), ended()]);
  expect(counted).toEqual(['reasked Read: file_path is missing']);
});

test.each<[string, EngineEvent[]]>([
  ['is invalid too', [invalid('Read', '{}'), ended()]],
  ['is half right', [...good, invalid('Read', '{}'), ended()]],
  ['fails', [text('hm'), failed]],
  ['fails behind a call', [...good, failed]],
  ['says nothing', [text(' \n'), ended('end_turn')]],
  ['only thinks', [think('hm'), ended('end_turn')]],
  ['is cut off', [...good.slice(0, 2), ended('max_tokens')]],
  ['is cut off behind a call', [...good, ended('max_tokens')]],
  ['is a refusal', [text('No.'), ended('refusal')]],
])('the call goes on as it is when the second answer %s', (_, second) => {
  const { events, counted } = run([text('a'), bad, text('b'), ended()], second);
  expect(events).toEqual([text('a'), bad, text('b'), ended()]);
  expect(counted).toEqual(['failed Read: file_path is missing']);
});

test.each<EndReason>(['max_tokens', 'refusal', 'stop_sequence'])('nobody is asked after %s', (reason) => {
  const { events, questions, counted } = run([bad, ended(reason)], [...good, ended()]);
  expect([events, questions]).toEqual([[bad, ended(reason)], []]);
  expect(counted).toEqual(['failed Read: file_path is missing']);
});

test('an engine that cannot be asked leaves the call as it is', () => {
  const { events, questions, counted } = run([bad, text('x'), ended()]);
  expect([events, questions.length]).toEqual([[bad, text('x'), ended()], 1]);
  expect(counted).toEqual(['failed Read: file_path is missing']);
});

test('where nobody is to be asked nothing is held', () => {
  const next = recorder();
  const counted: string[] = [];
  const stage = askAgain(next, { ask: undefined, count: (outcome) => counted.push(outcome) });
  for (const event of [bad, text('x')]) stage.push(event);
  expect([next.events, counted]).toEqual([[bad, text('x')], ['failed']]);
});

test('an answer that fails behind an invalid call fails', () => {
  const { events, questions } = run([bad, text('x'), failed], [...good, ended()]);
  expect([events, questions]).toEqual([[failed], []]);
});

test('tokens of both answers are counted, the prompt is the first one’s', () => {
  const known = run([bad, usage(20), ended()], [...good, usage(7), ended()]);
  expect(known.events).toEqual([usage(20), { type: 'usage', outputTokens: 27 }, ...good, ended()]);
  const unknown = run([bad, usage(), ended()], [...good, usage(7), ended()]);
  expect(unknown.events).toEqual([usage(), ...good, ended()]);
  expect(run([bad, usage(20), ended()], [bad, usage(7), ended()]).events).toContainEqual({
    type: 'usage',
    outputTokens: 27,
  });
});

test('reads of the second answer are written as they come', () => {
  expect(run([bad, ended()], [...good, ended()]).flushes).toBe(1);
});

const part = fc.constantFrom<EngineEvent[][]>([text('a')], [think('b')], good, [bad], call('Bash', '{}'), [usage(3)]);
const whole = fc
  .tuple(fc.array(part, { maxLength: 6 }), fc.constantFrom(ended(), ended('end_turn'), ended('max_tokens'), failed))
  .map(([parts, end]) => [...parts.flat(), end]);

test('whatever comes, the answer ends once, its other parts stand in order, and each invalid call is counted', () => {
  fc.assert(
    fc.property(whole, whole, (first, again) => {
      const second = again.map((event) => (event.type === 'text' ? text('z') : event));
      const { events, counted } = run(first, second);
      const isEnd = ({ type }: EngineEvent) => type === 'ended' || type === 'failed';
      expect(events.filter(isEnd)).toEqual([first.at(-1)]);
      expect(events.at(-1)).toEqual(first.at(-1));
      if (first.at(-1) === failed) return;
      expect(counted).toHaveLength(first.filter(({ type }) => type === 'toolCallInvalid').length);
      const others = first.filter(
        (event) => event.type === 'thinking' || (event.type === 'text' && event.text === 'a'),
      );
      const kept = events.filter((event) => event.type === 'thinking' || (event.type === 'text' && event.text === 'a'));
      expect(kept).toEqual(others);
    }),
  );
});
