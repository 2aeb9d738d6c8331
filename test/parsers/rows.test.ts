/**
 * What a client gets of what vllm-mlx's tool-call parsers make of their models' calls: right calls, once, in order, of the
 * right types, whatever the parser loses, repeats or leaks. The parsers' streams are recorded of the real ones.
 */
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/protocol/json.ts';
import { ask, type StreamReply, stream } from '../e2e/client.ts';
import { startGatewayOnFake } from '../support/gateway.ts';
import { type ParserCase, parserCases, parserTools, sayOf } from '../support/vllm-mlx/parser-cases.ts';

const tools = parserTools.map(({ function: { name, description, parameters } }) => ({
  name,
  description,
  input_schema: parameters,
}));

const read = ['Read', { file_path: '/a', limit: 5 }];
const bash = ['Bash', { command: 'ls -l' }];

interface Heard {
  readonly text?: string;
  readonly calls: readonly unknown[];
  readonly stop: string;
}

async function hear(said: ParserCase, toolGrammar: 'engine' | 'auto'): Promise<Heard> {
  const { gateway } = await startGatewayOnFake({
    quirks: { parser: said.parser },
    // What comes of asking again is another matter.
    backend: { toolGrammar, askAgain: false },
  });
  const body = ask(sayOf(said.text), { tools, max_tokens: said.maxTokens ?? 2_000 });
  return heard(await stream(gateway.url, body));
}

/** A call that the token limit cut off is left open: clients forget it. */
function heard({ text, calls, stopReason = 'none' }: StreamReply): Heard {
  const told = calls.map(({ name, json }) => [name, json.endsWith('}') ? JSON.parse(json) : 'left open']);
  return { ...(text.trim() === '' ? {} : { text: text.trim() }), calls: told, stop: stopReason };
}

/** What the model meant. */
function meant({ name, text }: ParserCase): Heard {
  const spoken = /^(?:I look\.|Hm\.)/.exec(text)?.[0];
  const said = spoken === undefined ? {} : { text: spoken };
  if (name === 'cut off') return { ...said, calls: spoken ? [] : [['Read', 'left open']], stop: 'max_tokens' };
  if (name === 'nothing but text') return { text, calls: [], stop: 'end_turn' };
  if (name === 'parameters for arguments') return { calls: [bash], stop: 'tool_use' };
  const single = ['a call', 'a call in open thinking', 'bare JSON', 'not closed'].includes(name);
  return { ...said, calls: single ? [read] : [read, bash], stop: 'tool_use' };
}

const titleOf = ({ parser, name }: ParserCase): string => `${parser}: ${name}`;

/** What an engine's parser loses for good, or leaks as text that could be anything. */
const lost: Readonly<Record<string, Heard>> = {
  'hermes: parameters for arguments': { calls: [['Bash', {}]], stop: 'tool_use' },
  'qwen: parameters for arguments': { calls: [['Bash', {}]], stop: 'tool_use' },
  'qwen: not closed': { text: 'Hm.', calls: [], stop: 'end_turn' },
  'qwen3_coder: JSON': { calls: [], stop: 'end_turn' },
  'qwen3_xml: JSON': { calls: [], stop: 'end_turn' },
  'step3p5: two calls': { calls: [read], stop: 'tool_use' },
  'poolside_v1: two calls': { calls: [['Read', { file_path: '/a' }], bash], stop: 'tool_use' },
  'llama: functions': { text: '<function<function', calls: [read, bash], stop: 'tool_use' },
  'gemma4: two calls': { calls: [read], stop: 'tool_use' },
  'harmony+gpt_oss: a call': { text: 'Hm.', calls: [], stop: 'end_turn' },
  'granite: two calls after text': {
    text: 'I look. [{"name": "Read", "arguments": {"file_path": "/a", "limit": 5}}, {"name": "Bash", "arguments": {"command": "ls -l"}}]',
    calls: [],
    stop: 'end_turn',
  },
};

/** The same without a parser: gpt-oss's reasoning parser takes all but thoughts out of the text. */
const lostRaw: Readonly<Record<string, Heard>> = {
  'harmony+gpt_oss: a call': { text: 'Hm.', calls: [], stop: 'end_turn' },
};

const cases = parserCases.filter(({ raw }) => !raw);
const spoiled = cases.filter((said) => titleOf(said) in lost);
const whole = cases.filter((said) => !(titleOf(said) in lost));

describe("the engine's own parser gives what the model meant", () => {
  test.each(whole.map((said) => [titleOf(said), said] as const))('%s', async (_, said) => {
    expect(await hear(said, 'engine')).toEqual(meant(said));
  });
});

describe("the engine's own parser loses or leaks something, and the client gets an answer all the same", () => {
  test.each(spoiled.map((said) => [titleOf(said), said] as const))('%s', async (title, said) => {
    expect(await hear(said, 'engine')).toEqual(lost[title]);
  });
});

describe('past the parser, as warmslot asks unless told otherwise', () => {
  test.each(cases.map((said) => [titleOf(said), said] as const))('%s', async (title, said) => {
    expect(await hear(said, 'auto')).toEqual(lostRaw[title] ?? meant(said));
  });
});

describe('what other releases and engines stream is healed as well', () => {
  const call = (index: number, id: string, name: string, json: string): JsonObject => ({
    index,
    id,
    type: 'function',
    function: { name, arguments: json },
  });
  const [readJson, bashJson] = ['{"file_path": "/a", "limit": 5}', '{"command": "ls -l"}'];
  const both = { calls: [read, bash], stop: 'tool_use' };

  test.each<[string, JsonObject[][]]>([
    [
      'earlier calls again with new ids, as vllm-mlx 0.4 has it',
      [[call(0, 'a', 'Read', readJson)], [call(0, 'b', 'Read', readJson), call(1, 'c', 'Bash', bashJson)]],
    ],
    [
      'arguments as objects',
      [
        [{ index: 0, id: 'a', function: { name: 'Read', arguments: { file_path: '/a', limit: 5 } } }],
        [call(1, 'b', 'Bash', bashJson)],
      ],
    ],
    [
      'several calls in one delta, all values strings',
      [[call(0, 'a', 'Read', '{"file_path": "/a", "limit": "5"}'), call(1, 'b', 'Bash', bashJson)]],
    ],
    [
      'pieces of two calls in turns',
      [
        [call(0, 'a', 'Read', ''), call(1, 'b', 'Bash', '')],
        [
          { index: 0, function: { arguments: '{"file_path": "/a",' } },
          { index: 1, function: { arguments: '{"comm' } },
        ],
        [
          { index: 0, function: { arguments: ' "limit": 5}' } },
          { index: 1, function: { arguments: 'and": "ls -l"}' } },
        ],
      ],
    ],
  ])('%s', async (_, deltas) => {
    const { gateway, engine } = await startGatewayOnFake({ backend: { toolGrammar: 'engine', askAgain: false } });
    engine.script = () => ({ segments: deltas.map((calls) => ({ type: 'delta', delta: { tool_calls: calls } })) });
    expect(heard(await stream(gateway.url, ask('go on', { tools })))).toEqual(both);
  });

  test('[DONE] without a finish reason is a failure and no end', async () => {
    const { gateway } = await startGatewayOnFake({ quirks: { noFinishReason: true } });
    const { stopReason, raw } = await stream(gateway.url, ask('SAY:half of', { tools }));
    expect([stopReason, raw]).toEqual([undefined, expect.stringContaining('event: error')]);
  });
});
