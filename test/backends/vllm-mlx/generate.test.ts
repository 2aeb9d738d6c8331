import { expect, test } from 'vitest';
import { createVllmMlxBackend } from '../../../src/backends/vllm-mlx/index.ts';
import type { ErrorCode } from '../../../src/protocol/errors.ts';
import { promptOf } from '../../prompt/prompts.ts';
import { type Quirks, startFakeVllmMlx } from '../../support/fake-vllm-mlx.ts';
import { recordingSink, saidBy, usageBy } from '../../support/recording-sink.ts';
import { forever, optionsFor, withBackend } from './driver.ts';

test('text as it comes, however the bytes are cut, then usage and the end', () =>
  withBackend({ quirks: { splitBytes: 7 } }, async ({ say }) => {
    const sink = await say('SAY:Grüße 😀 <tool_call>');
    expect(saidBy(sink)).toBe('Grüße 😀 <tool_call>');
    expect(sink.events[0]).toEqual({ type: 'started' });
    expect(sink.events.at(-2)).toMatchObject({ type: 'usage', promptTokens: expect.any(Number) });
    expect(sink.events.at(-1)).toEqual({ type: 'ended', reason: 'end_turn' });
  }));

test('reasoning is thinking, a long answer ends with max_tokens', () =>
  withBackend({ quirks: { reasoningParser: true } }, async ({ say }) => {
    const { events } = await say('THINK:hm\nLONG:100', { max_tokens: 10 });
    expect(events.find((event) => event.type === 'thinking')).toBeDefined();
    expect(events.at(-1)).toEqual({ type: 'ended', reason: 'max_tokens' });
  }));

test('a missing [DONE] after the finish reason is no failure', () =>
  withBackend({ quirks: { noDone: true } }, async ({ say }) => {
    expect((await say('SAY:x')).events.at(-1)).toEqual({ type: 'ended', reason: 'end_turn' });
  }));

test.each<[string, Partial<Quirks>, ErrorCode, RegExp]>([
  ['a refused template', { templateRefusesLateSystem: true, busyStream: true }, 'engine_refused', /chat template/],
  ['[DONE] and nothing else', { silentBusyStream: true }, 'engine_refused', /chat template/],
  ['busy as a status', { busy503: true }, 'engine_busy', /busy/],
  ['no finish reason', { noFinishReason: true }, 'engine_failed', /stopped before/],
  ['finish_reason error', { finishError: true }, 'engine_failed', /ended with an error/],
  ['an error record inside the answer', { errorFrameAfter: 2 }, 'engine_failed', /Internal server error/],
  ['a stream that ends too soon', { endAfter: { chunks: 2 } }, 'engine_failed', /stopped before/],
  ['a stream that ends before any content', { endAfter: { bytes: 20 } }, 'engine_failed', /stopped before/],
  ['a closed connection', { cutAfter: { chunks: 2 } }, 'engine_failed', /broke off/],
  ['a reset', { resetAfter: { chunks: 2 } }, 'engine_failed', /broke off/],
  ['a reset before the head', { resetBeforeHeaders: true }, 'engine_unreachable', /cannot be reached/],
  ['a crash', { status500: true }, 'engine_failed', /Internal Server Error/],
  ['another model', { model: 'renamed' }, 'engine_refused', /Available model: `renamed`/],
  ['a limit of the server', { maxRequestTokens: 10 }, 'engine_refused', /server limit \(10\)/],
  ['a wrong key', { apiKey: 'other' }, 'engine_auth', /backends\.mlx\.apiKey/],
  ['a model that is not there yet', { loading: true }, 'model_loading', /loading/],
])('fails on %s', (_, quirks, code, message) =>
  withBackend({}, async ({ fake, say }) => {
    Object.assign(fake.quirks, quirks);
    const last = (await say('LONG:5')).events.at(-1);
    expect(last).toMatchObject({ type: 'failed', error: { code } });
    expect(last?.type === 'failed' && last.error.message).toMatch(message);
  }),
);

test("the same error record is busy while another request of ours runs, and while someone else's does", () =>
  withBackend({}, async ({ fake, start, say }) => {
    const first = start({ messages: [{ role: 'user', content: 'DELAY:20\nLONG:200' }] });
    await first.first('text');
    expect((await say('x')).events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'engine_busy' } });
    first.abort();
    await fake.waitFor(() => fake.running() === 0);

    const other = createVllmMlxBackend(optionsFor(`${fake.url}/v1`), { notice() {} });
    const info = await other.probe(forever);
    const theirs = recordingSink();
    const prompt = promptOf({ messages: [{ role: 'user', content: 'DELAY:20\nLONG:200' }] });
    other.generate({ requestId: 'r', prompt, maxTokens: 500, slot: 0, info }, theirs);
    await theirs.first('text');
    expect((await say('x')).events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'engine_busy' } });
    await other.close();
  }));

test('continuous batching is never busy: its error record is a refusal, whatever else runs', () =>
  withBackend({ quirks: { engine: 'batched' } }, async ({ fake, start, say }) => {
    const first = start({ messages: [{ role: 'user', content: 'DELAY:20\nLONG:200' }] });
    await first.first('text');
    fake.quirks.busyStream = true;
    expect((await say('x')).events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'engine_refused' } });
    first.abort();
  }));

test('an abort closes the socket and nothing is heard afterwards', () =>
  withBackend({}, async ({ fake, start }) => {
    const running = start({ messages: [{ role: 'user', content: 'DELAY:5\nLONG:2000' }] });
    await running.first('text');
    running.abort();
    running.abort();
    const heard = running.events.length;
    await fake.waitFor(() => fake.chats()[0]?.aborted === true);
    expect(running.events).toHaveLength(heard);
  }));

test('a slot is idle again only when the prefill of the aborted request is over', () =>
  withBackend({}, async ({ fake, backend, start }) => {
    const running = start({ messages: [{ role: 'user', content: 'HANG:300\nSAY:x' }] });
    await fake.waitFor(() => fake.running() === 1);
    running.abort();
    await backend.idle(0, forever);
    expect(fake.running()).toBe(0);
  }));

interface EngineCache {
  readonly engine_cache: { readonly system_kv_cache: unknown };
}

test('where requests wait in the engine, one that is only on its way there is not taken for the one that was aborted', () =>
  withBackend({ quirks: { admission: 'wait' } }, async ({ fake, backend, start }) => {
    const first = start({ system: 'Be brief.', messages: [{ role: 'user', content: 'HANG:1000\nSAY:x' }] });
    await fake.waitFor(() => fake.running() === 1);
    Object.assign(fake.quirks, { slowHeadersMs: 400 });
    const second = start({ messages: [{ role: 'user', content: 'HANG:3000\nSAY:y' }] });
    first.abort();
    await backend.idle(0, forever);
    const { engine_cache: cache } = (await (await fetch(`${fake.url}/v1/cache/stats`)).json()) as EngineCache;
    expect(cache.system_kv_cache).toMatchObject({ counters: { stores: 1 } });
    expect(fake.running()).toBe(1);
    second.abort();
  }));

test('nobody waits for an engine that is gone, nor after giving up', async () => {
  const fake = await startFakeVllmMlx();
  const backend = createVllmMlxBackend(optionsFor(`${fake.url}/v1`), { notice() {} });
  await backend.probe(forever);
  await backend.idle(0, AbortSignal.abort());
  await fake.kill();
  await backend.idle(0, forever);
  const sink = recordingSink();
  const info = { model: 'local' } as Parameters<typeof backend.generate>[0]['info'];
  backend.generate({ requestId: 'r', prompt: promptOf({}), maxTokens: 1, slot: 0, info }, sink);
  expect(await sink.over).toMatchObject({ type: 'failed', error: { code: 'engine_unreachable' } });
  await backend.close();
});

test('a prompt that was seen is counted exactly', () =>
  withBackend({}, async ({ backend, info, say }) => {
    const { promptTokens } = usageBy(await say('SAY:hello'));
    const same = promptOf({ messages: [{ role: 'user', content: 'SAY:hello' }] });
    expect(backend.countTokens(same, info)).toBe(promptTokens);
  }));
