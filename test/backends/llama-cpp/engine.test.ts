import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { demoModelFile } from '../../../src/backends/llama-cpp/demo-model/index.ts';
import { createTextStream } from '../../../src/backends/llama-cpp/detokenize.ts';
import { createLlamaEngine, type LlamaEngine } from '../../../src/backends/llama-cpp/engine.ts';
import { jsonGrammar } from '../../../src/backends/llama-cpp/grammar.ts';
import { pieceTexts } from '../../../src/backends/llama-cpp/prompt-tokens.ts';
import { createValve } from '../../../src/backends/llama-cpp/valve.ts';
import type { EngineEvent } from '../../../src/backends/types.ts';
import type { JsonObject } from '../../../src/protocol/json.ts';

const neverAborted = new AbortController().signal;
let directory: string;
let engine: LlamaEngine;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'warmslot-engine-'));
  const modelPath = await demoModelFile(directory);
  engine = await createLlamaEngine({
    modelPath,
    slots: 1,
    contextWindow: 2048,
    maxContext: 2048,
    notice: () => {},
    signal: neverAborted,
  });
});
afterAll(async () => {
  await engine.close();
  await rm(directory, { recursive: true });
});

/** Texts with special tokens, emoji and lone combining marks in any place. */
const texts = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('<|im_end|>', '<|im_start|>', '<tool_call>', '\n', ' the'),
    ),
  )
  .map((parts) => parts.join(''));

test('text streamed token by token is the text, no character ever broken', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const stream = createTextStream(engine.model);
      const pieces = engine.tokenizer.tokenize(text).map((token) => stream.add(token));
      expect([...pieces, stream.end()].join('')).toBe(text);
      for (const piece of pieces) expect(piece.includes('\uFFFD')).toBe(false);
    }),
    { examples: [['👩‍👩‍👧‍👦 naïve — 日本語\t\t\n']] },
  );
});

test('bytes that are no character come through as such and do not hold the stream up', () => {
  const stream = createTextStream(engine.model);
  const [half] = engine.tokenizer.tokenize('é').length === 2 ? engine.tokenizer.tokenize('é') : [];
  if (half === undefined) throw new Error('the demo vocabulary spells é with two tokens');
  const rest = engine.tokenizer.tokenize(' the file');
  expect([half, ...rest].map((token) => stream.add(token)).join('') + stream.end()).toBe('\uFFFD the file');
});

test('a prompt tokenized in pieces has the tokens of the whole', () => {
  const { tokenize, border } = engine.tokenizer;
  expect(border).toBe('<|im_end|>');
  fc.assert(
    fc.property(texts, (text) => {
      expect(pieceTexts(text, border).flatMap((piece) => tokenize(piece))).toEqual(tokenize(text));
    }),
  );
});

test('a context beyond what the model was trained for is not taken, and that is said', async () => {
  const notices: string[] = [];
  const other = await createLlamaEngine({
    modelPath: join(directory, basename(engine.model.filename ?? '')),
    slots: 1,
    contextWindow: 400_000_000,
    maxContext: 2048,
    notice: (text) => void notices.push(text),
    signal: neverAborted,
  });
  onTestFinished(() => other.close());
  expect(other.contextWindow).toBe(131_072);
  expect(notices).toEqual(['contextWindow 400000000 is more than the model was trained for; using 131072.']);
});

const schemas: Record<string, { schema: JsonObject; shape: unknown }> = {
  'required before optional': {
    schema: { type: 'object', properties: { note: { type: 'string' }, id: { type: 'integer' } }, required: ['id'] },
    shape: { id: expect.any(Number) },
  },
  'nested objects, references and lists': {
    schema: {
      type: 'object',
      properties: { steps: { type: 'array', items: { $ref: '#/$defs/step' }, minItems: 2, maxItems: 2 } },
      required: ['steps'],
      $defs: {
        step: { type: 'object', properties: { done: { type: 'boolean' }, why: { type: ['null', 'integer'] } } },
      },
    },
    shape: { steps: [{ done: expect.any(Boolean) }, { done: expect.any(Boolean) }] },
  },
  'awkward names and constants': {
    schema: {
      type: 'object',
      properties: { 'a "b"\n\\c': { const: 'x "y"\tz\\' }, ü: { anyOf: [{ const: 1 }, { enum: ['zwei', null] }] } },
    },
    shape: { 'a "b"\n\\c': 'x "y"\tz\\' },
  },
  'references to itself': {
    schema: {
      type: 'object',
      properties: { value: { type: 'integer' }, next: { anyOf: [{ type: 'null' }, { $ref: '#' }] } },
      required: ['value'],
    },
    shape: { value: expect.any(Number) },
  },
};

test.each(Object.entries(schemas))('a grammar makes noise conform to its schema: %s', async (_, { schema, shape }) => {
  for (const seed of [1, 2, 3]) {
    const { text, reason } = await say('noise', 1500, { grammar: await engine.grammar(jsonGrammar(schema)), seed });
    expect(reason).toBe('end_turn');
    expect(JSON.parse(text)).toMatchObject(shape as object);
  }
});

interface Said {
  readonly text: string;
  readonly reason: string | undefined;
}

async function say(
  prompt: string,
  maxTokens: number,
  { grammar, seed }: { grammar?: Awaited<ReturnType<LlamaEngine['grammar']>>; seed: number },
): Promise<Said> {
  const events: EngineEvent[] = [];
  const work = {
    tokens: engine.tokenizer.tokenize(prompt),
    prefixTokens: 0,
    snapshot: undefined,
    begun: '',
    maxTokens,
    sampling: { temperature: 0.9, topP: 0.95, topK: 40, seed },
    grammar,
    chooseToken: undefined,
  };
  await engine.run(0, work, createValve(), { push: (event) => void events.push(event), flush() {} });
  const text = events.flatMap((event) => (event.type === 'text' ? [event.text] : [])).join('');
  return { text, reason: events.flatMap((event) => (event.type === 'ended' ? [event.reason] : []))[0] };
}
