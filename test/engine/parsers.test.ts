/** What the real tool-call parsers stream is what was recorded of them, and what the fake says in their place. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chat } from '../support/chat-client.ts';
import { startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';
import { prepareRealVllmMlx, type RealEngine, startRealVllmMlx } from '../support/real-vllm-mlx.ts';
import { parserCases, requestOfCase } from '../support/vllm-mlx/parser-cases.ts';
import { readRecordings, wireRecords } from '../support/vllm-mlx/recordings.ts';

const unavailable = await prepareRealVllmMlx();
const recordings = readRecordings();

/** Those that differ most: each costs a start of the server. */
const compared = ['hermes', 'qwen', 'qwen3_coder', 'mistral', 'gemma4', 'deepseek', 'harmony+gpt_oss'];

test('everything that is said was recorded', () => {
  expect(recordings.map(({ records, ...said }) => said)).toEqual(parserCases);
});

test('the fake says what was recorded', async () => {
  const fake = await startFakeVllmMlx();
  for (const { records, ...said } of recordings) {
    fake.quirks.parser = said.parser;
    expect(wireRecords((await chat(fake.url, requestOfCase(said))).raw), said.text).toEqual(records);
  }
  await fake.close();
});

describe.skipIf(unavailable !== undefined).each(compared)('%s', (parser) => {
  let engine: RealEngine | undefined;
  beforeAll(async () => {
    engine = await startRealVllmMlx('simple-wait', { parser });
  });
  afterAll(() => engine?.stop());

  test.each(recordings.filter((each) => each.parser === parser))('$name', async ({ records, ...said }) => {
    const { raw } = await chat(engine?.url ?? '', requestOfCase(said));
    expect(wireRecords(raw)).toEqual(records);
  });
});
