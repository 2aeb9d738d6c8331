/** Every family's samples through the reader that watches for all families, however the text arrives. */
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { type Json, type JsonObject, parseJson } from '../../src/protocol/json.ts';
import { readToolCalls } from '../../src/toolcalls/read-tool-calls.ts';
import { cutAt, recorder } from '../support/engine-events.ts';
import { corpus } from './corpus/index.ts';
import { type Sample, tools } from './corpus/sample.ts';

interface Seen {
  calls: readonly { name: string; input: unknown }[];
  rest: string;
  thinking: string;
  invalid: string[];
  half: string | undefined;
  ended: string;
}

function read(pieces: readonly string[], cutOff = false): Seen {
  const sink = recorder();
  const stage = readToolCalls(sink, { tools, grammar: 'auto' });
  for (const text of pieces) stage.push({ type: 'text', text });
  stage.push({ type: 'ended', reason: cutOff ? 'max_tokens' : 'end_turn' });

  const calls: { name: string; json: string }[] = [];
  const seen: Seen = { calls: [], rest: '', thinking: '', invalid: [], half: undefined, ended: '' };
  let open: { name: string; json: string } | undefined;
  for (const event of sink.events) {
    if (event.type === 'text') seen.rest += event.text;
    else if (event.type === 'thinking') seen.thinking += event.text;
    else if (event.type === 'toolCallStart') open = { name: event.name, json: '' };
    else if (event.type === 'toolCallArguments') {
      if (open) open.json += event.json;
    } else if (event.type === 'toolCallEnd') {
      if (open) calls.push(open);
      open = undefined;
    } else if (event.type === 'toolCallInvalid') seen.invalid.push(event.name);
    else if (event.type === 'ended') seen.ended = event.reason;
  }
  seen.half = open?.name;
  seen.calls = calls.map(({ name, json }) => ({ name, input: inputOf(json) }));
  return seen;
}

function inputOf(json: string): unknown {
  const parsed = parseJson(json);
  return parsed.ok ? parsed.value : json;
}

const ending = ({ calls, cutOff, invalid }: Sample) =>
  cutOff ? 'max_tokens' : calls || invalid ? 'tool_use' : 'end_turn';

const expected = (sample: Sample): Seen => ({
  calls: sample.calls?.map(({ name, input }: { name: string; input: Json | JsonObject }) => ({ name, input })) ?? [],
  rest: sample.rest ?? '',
  thinking: sample.thinking ?? '',
  invalid: [...(sample.invalid ?? [])],
  half: sample.half,
  ended: ending(sample),
});

const passed = new Map<string, string[]>();

const samples = Object.entries(corpus).flatMap(([family, samples]) =>
  samples.map((sample): [string, string, Sample] => [family, sample.name, sample]),
);

test.each(samples)('%s: %s', (family, name, sample) => {
  const { text, cutOff } = sample;
  const wanted = expected(sample);
  expect(read([text], cutOff)).toEqual(wanted);
  if (text.length < 2_000) {
    expect(read(text.split(''), cutOff)).toEqual(wanted);
    for (let cut = 1; cut < text.length; cut++) expect(read(cutAt(text, [cut]), cutOff)).toEqual(wanted);
  }
  const cuts = fc.array(fc.nat(text.length), { maxLength: 40 });
  fc.assert(
    fc.property(cuts, (cuts) => {
      expect(read(cutAt(text, cuts), cutOff)).toEqual(wanted);
    }),
    { numRuns: text.length < 2_000 ? 50 : 5 },
  );
  passed.set(family, [...(passed.get(family) ?? []), name]);
});

test.each(Object.entries(corpus))('%s has at least 12 samples', (_, samples) => {
  expect(samples.length).toBeGreaterThanOrEqual(12);
});

afterAll(() => {
  const rows = Object.entries(corpus).map(([family, samples]) => {
    const names = samples.map(({ name }) => (passed.get(family)?.includes(name) ? name : `FAILED ${name}`));
    return `${family.padEnd(12)} ${String(passed.get(family)?.length ?? 0).padStart(2)}/${samples.length}  ${names.join(' · ')}`;
  });
  process.stdout.write(`\n${rows.join('\n')}\n`);
});
