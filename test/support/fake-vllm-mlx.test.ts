/** The fake's own powers: what no engine does on demand. Its likeness to the real one is fake-contract.test.ts. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type ChatOptions,
  type ChatResult,
  chat,
  chunksOf,
  finishOf,
  getJson,
  textOf,
  usageOf,
} from './chat-client.ts';
import { type FakeEngine, type Quirks, startFakeVllmMlx } from './fake-vllm-mlx.ts';
import { countTokens, tokenize } from './vllm-mlx/tokens.ts';

let fake: FakeEngine;
beforeEach(async () => {
  fake = await startFakeVllmMlx();
});
afterEach(() => fake.close());

const body = (text: string, extra: object = {}): object => ({
  model: 'local',
  stream: true,
  max_tokens: 2000,
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: text },
  ],
  ...extra,
});

const ask = (text: string, extra: object = {}, options: ChatOptions = {}): Promise<ChatResult> =>
  chat(fake.url, body(text, extra), options);

const set = (quirks: Partial<Quirks>): void => {
  Object.assign(fake.quirks, quirks);
};

const kinds = (result: ChatResult): string[] => result.records.map((record) => record.type);

/** The error code of a broken connection, as undici hangs it under its own error. */
const causeOf = (result: ChatResult): unknown => {
  const { cause } = result.error as { cause?: { code?: string } };
  return cause?.code;
};

const long = 'LONG:20';
const words = Array.from({ length: 20 }, (_, i) => `w${i}`).join(' ');

describe('before the stream', () => {
  test('loading', async () => {
    set({ loading: true });
    expect((await getJson(`${fake.url}/health`)).body).toMatchObject({ model_loaded: false });
    expect(await ask('SAY:x')).toMatchObject({ status: 503, raw: '{"detail":"Model not loaded"}' });
  });

  test('500 and 503', async () => {
    set({ status500: true });
    expect(await ask('SAY:x')).toMatchObject({ status: 500, raw: 'Internal Server Error' });
    set({ status500: false, busy503: true });
    expect(await ask('SAY:x')).toMatchObject({ status: 503, raw: expect.stringContaining('text_generation_busy') });
  });

  test('a reset before the headers', async () => {
    set({ resetBeforeHeaders: true });
    await expect(ask('SAY:x')).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
  });

  test('headers that take their time', async () => {
    set({ slowHeadersMs: 60 });
    const start = performance.now();
    expect(textOf(await ask('SAY:x'))).toBe('x');
    expect(performance.now() - start).toBeGreaterThan(50);
  });
});

describe('streams that fail', () => {
  test('busy at once, with words or in silence', async () => {
    set({ busyStream: true });
    expect(kinds(await ask('SAY:x'))).toEqual(['chunk', 'other', 'done']);
    set({ busyStream: false, silentBusyStream: true });
    expect(kinds(await ask('SAY:x'))).toEqual(['chunk', 'done']);
  });

  test('without a finish reason, without [DONE], with a finish of error, without usage', async () => {
    set({ noFinishReason: true });
    const open = await ask('SAY:x');
    expect([textOf(open), finishOf(open), kinds(open).at(-1)]).toEqual(['x', undefined, 'done']);
    set({ noFinishReason: false, noDone: true });
    const endless = await ask('SAY:x');
    expect([finishOf(endless), kinds(endless).at(-1), endless.error]).toEqual(['stop', 'chunk', undefined]);
    set({ noDone: false, finishError: true });
    expect(finishOf(await ask('SAY:x'))).toBe('error');
    set({ finishError: false, noUsage: true });
    const free = await ask('SAY:x', { stream_options: { include_usage: true } });
    expect([finishOf(free), usageOf(free)]).toEqual(['stop', undefined]);
  });

  test('with an error frame after some content', async () => {
    set({ errorFrameAfter: 3 });
    expect(kinds(await ask(long))).toEqual(['chunk', 'chunk', 'chunk', 'chunk', 'other', 'done']);
  });

  test('with nothing to say', async () => {
    set({ emptyAnswer: true });
    const result = await ask('SAY:x');
    expect([textOf(result), finishOf(result)]).toEqual(['', 'stop']);
  });
});

describe('broken connections', () => {
  test.each([0, 1, 5])('end, are cut or are reset after %d content chunks', async (chunks) => {
    const expected = (words.match(/ ?w|\d+/g) ?? []).slice(0, chunks).join('');
    set({ endAfter: { chunks } });
    const ended = await ask(long);
    expect([textOf(ended), finishOf(ended), ended.error]).toEqual([expected, undefined, undefined]);
    set({ endAfter: undefined, cutAfter: { chunks } });
    const cut = await ask(long);
    expect([textOf(cut), causeOf(cut)]).toEqual([expected, 'UND_ERR_SOCKET']);
    set({ cutAfter: undefined, resetAfter: { chunks } });
    const reset = await ask(long);
    expect([textOf(reset), causeOf(reset)]).toEqual([expected, 'ECONNRESET']);
  });

  test('at any byte, and the engine is free afterwards', async () => {
    const { raw } = await ask(long);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: raw.length - 1 }), async (bytes) => {
        set({ cutAfter: { bytes } });
        const result = await ask(long);
        expect(Buffer.byteLength(result.raw)).toBe(bytes);
        expect(result.error).toBeInstanceOf(Error);
        await fake.waitFor(() => fake.running() === 0);
      }),
      { numRuns: 20 },
    );
  });

  test('pieces of any size carry the same stream', async () => {
    const text = 'SAY:Grüße, 世界! 👋🏽 done';
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async (splitBytes) => {
        set({ splitBytes });
        expect(textOf(await ask(text))).toBe('Grüße, 世界! 👋🏽 done');
      }),
      { numRuns: 10 },
    );
  });

  test('a killed engine is gone, and comes back empty on the same port', async () => {
    const first = await ask('SAY:x');
    expect(first.status).toBe(200);
    const started = Promise.withResolvers<void>();
    const running = ask('DELAY:50\nLONG:500', {}, { onRecord: () => started.resolve() });
    await started.promise;
    await fake.kill();
    expect((await running).error).toBeInstanceOf(Error);
    await expect(ask('SAY:x')).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await fake.restart();
    expect(textOf(await ask('SAY:back'))).toBe('back');
    expect(fake.chats().at(-1)?.cachedTokens).toBe(0);
  });
});

describe('records', () => {
  test('what came, and who left', async () => {
    await chat(fake.url, body('SAY:x'), { key: 'secret' });
    const controller = new AbortController();
    const left = ask('DELAY:20\nLONG:500', {}, { signal: controller.signal, onRecord: () => controller.abort() });
    await left;
    await fake.waitFor(() => fake.running() === 0 && fake.chats().length === 2);
    await fake.waitFor(() => fake.chats()[1]?.closedAt !== undefined);
    expect(fake.chats()).toMatchObject([
      { method: 'POST', headers: { authorization: 'Bearer secret' }, body: body('SAY:x'), aborted: false },
      { aborted: true },
    ]);
  });

  test('how much of each prompt was cached', async () => {
    await ask('one');
    await ask('two');
    const [first, second] = fake.chats();
    expect(first?.cachedTokens).toBe(0);
    expect(second?.cachedTokens).toBe(countTokens('<|im_start|>system\nBe brief.<|im_end|>\n'));
    expect(second?.promptTokens).toBe(first?.promptTokens);
  });
});

describe('time', () => {
  const system = (name: string): object => ({
    messages: [
      { role: 'system', content: `${name} ${'word '.repeat(2000)}` },
      { role: 'user', content: 'SAY:x' },
    ],
  });

  async function ttft(name: string): Promise<number> {
    const start = performance.now();
    await ask('', system(name));
    return performance.now() - start;
  }

  test('a cold prefix costs its prefill, a warm one does not; a single slot forgets', async () => {
    set({ prefillMsPerKiloToken: 100, prefixSlots: 1 });
    const [coldA, warmA, coldB, againA] = [await ttft('A'), await ttft('A'), await ttft('B'), await ttft('A')];
    expect(Math.min(coldA, coldB, againA)).toBeGreaterThan(190);
    expect(warmA).toBeLessThan(coldA / 2);
  });

  test('the batched engine stops between two steps of a prefill, and keeps nothing of it', async () => {
    set({ engine: 'batched', prefillMsPerKiloToken: 100 });
    const controller = new AbortController();
    const left = ask('', system(`A ${'more '.repeat(20_000)}`), {
      signal: controller.signal,
      onRecord: () => controller.abort(),
    });
    await left;
    const start = performance.now();
    await fake.waitFor(() => fake.running() === 0);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect((await getJson(`${fake.url}/v1/cache/stats`)).body).toMatchObject({ engine_cache: { entry_count: 0 } });
  });

  test('paced tokens come one a time', async () => {
    set({ decodeMs: 5 });
    const arrivals: number[] = [];
    await ask('LONG:10', {}, { onRecord: () => arrivals.push(performance.now()) });
    expect((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)).toBeGreaterThan(80);
  });

  test('the batched engine takes as many at once as it has slots', async () => {
    set({ engine: 'batched', slots: 2, decodeMs: 5 });
    const all = [ask('LONG:20'), ask('LONG:20'), ask('LONG:20')];
    await fake.waitFor(() => fake.running() === 2 && fake.waiting() === 1);
    for (const result of await Promise.all(all)) expect(textOf(result)).toBe(words);
  });
});

describe('the batched cache', () => {
  const turns = (...texts: string[]): object => ({
    messages: [
      { role: 'system', content: 'Be kind. '.repeat(100) },
      ...texts.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content })),
    ],
  });

  test('continues a conversation, and prefills a repeated one in full', async () => {
    set({ engine: 'batched' });
    await ask('', turns('one'));
    await ask('', turns('one', 'OK.', 'two'));
    await ask('', turns('one'));
    await ask('', turns('other'));
    const [cold, next, rewound, branch] = fake.chats();
    expect(cold?.cachedTokens).toBe(0);
    expect(next?.cachedTokens).toBeGreaterThanOrEqual(cold?.promptTokens ?? Number.NaN);
    expect(rewound?.cachedTokens).toBe(0);
    expect(branch?.cachedTokens).toBeGreaterThan(200);
    const { body: stats } = await getJson(`${fake.url}/v1/cache/stats`);
    expect(stats).toMatchObject({ engine_cache: { hits: 3, misses: 1 } });
  });
});

test('a script answers instead of the directives, with quirks of its own', async () => {
  fake.script = (request) =>
    request.max_tokens === 7
      ? { segments: [{ type: 'delta', delta: { tool_calls: [{ index: -1 }] } }], quirks: { noDone: true } }
      : undefined;
  expect(textOf(await ask('SAY:directive'))).toBe('directive');
  const scripted = await ask('SAY:directive', { max_tokens: 7 });
  expect(scripted.raw).toContain('"delta":{"tool_calls":[{"index":-1}]}');
  expect(scripted.raw).not.toContain('[DONE]');
});

test('thinking goes its own way with a reasoning parser', async () => {
  set({ reasoningParser: true });
  const result = await ask('THINK:hm\nSAY:yes');
  const thinking = chunksOf(result).map((chunk) => chunk.choices[0]?.delta.reasoning_content ?? '');
  expect([thinking.join(''), textOf(result)]).toEqual(['hm\n', 'yes']);
});

test('tokens lose nothing of a text, and a turn more never changes those before it', () => {
  const piece = fc.constantFrom(
    'word',
    'internationalization',
    ' ',
    '   ',
    '\n',
    '1234',
    '<',
    '<think>',
    '"}',
    '界',
    '👋🏽',
    '\ud83d',
  );
  const text = fc.array(fc.oneof(piece, fc.string())).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(text, text, (first, second) => {
      expect(tokenize(first).join('')).toBe(first);
      const turn = `${first}<|im_end|>\n`;
      const next = `<|im_start|>${second}`;
      expect(countTokens(turn + next)).toBe(countTokens(turn) + countTokens(next));
    }),
  );
});
