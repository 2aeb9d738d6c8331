/** The whole gateway between a client and fake engines: what reaches the client, and what the engines were asked. */
import { expect, onTestFinished, test } from 'vitest';
import type { Timing } from '../../src/runtime/timing.ts';
import { type RunningApp, startApp } from '../support/app.ts';
import { type FakeEngine, type Quirks, startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';
import { lintSse } from '../support/sse-lint.ts';

async function startEngine(quirks: Partial<Quirks> = {}): Promise<FakeEngine> {
  const engine = await startFakeVllmMlx(quirks);
  onTestFinished(() => engine.close());
  return engine;
}

async function startGateway(engines: readonly FakeEngine[], timing: Partial<Timing> = {}): Promise<RunningApp> {
  const entries = engines.map((engine, i) => [
    `engine${i + 1}`,
    { type: 'vllm-mlx' as const, baseUrl: engine.url, priority: i + 1 },
  ]);
  const gateway = await startApp({ backends: Object.fromEntries(entries) }, { timing });
  onTestFinished(() => gateway.close());
  return gateway;
}

const ask = (gateway: RunningApp, prompt: string, more: object = {}, signal?: AbortSignal) =>
  fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'default', max_tokens: 500, messages: [{ role: 'user', content: prompt }], ...more }),
    ...(signal ? { signal } : {}),
  });

async function askStream(gateway: RunningApp, prompt: string, more: object = {}) {
  const response = await ask(gateway, prompt, { stream: true, ...more });
  const bytes = await response.text();
  const { problems, events } = lintSse(bytes);
  expect(problems).toEqual([]);
  const text = [...bytes.matchAll(/"text_delta","text":("(?:[^"\\]|\\.)*")/g)].map(([, json]) =>
    JSON.parse(json ?? '""'),
  );
  return { response, bytes, events, text: text.join('') };
}

test('a backend that fails before a byte was sent hands over to the next', async () => {
  const [broken, spare] = [await startEngine({ status500: true }), await startEngine()];
  const gateway = await startGateway([broken, spare]);
  const { response, text } = await askStream(gateway, 'SAY:from the spare');
  expect(response.headers.get('x-warmslot-backend')).toBe('engine2');
  expect(text).toBe('from the spare');
  expect([broken.chats().length, spare.chats().length]).toEqual([1, 1]);
});

test('after a byte was forwarded the stream ends with an error and nobody takes over', async () => {
  const [broken, spare] = [await startEngine({ resetAfter: { chunks: 3 } }), await startEngine()];
  const gateway = await startGateway([broken, spare]);
  const { bytes } = await askStream(gateway, 'LONG:20');
  expect(bytes).toMatch(/event: error\ndata: .*"api_error".*\n\n$/);
  expect(spare.chats()).toHaveLength(0);
});

test('an engine that dies is skipped until it is back', async () => {
  const [first, second] = [await startEngine(), await startEngine()];
  const gateway = await startGateway([first, second], { healthInterval: 50 });
  await first.kill();
  expect((await askStream(gateway, 'SAY:one')).response.headers.get('x-warmslot-backend')).toBe('engine2');
});

test('with no engine left the answer is a 503 the client retries', async () => {
  const engine = await startEngine();
  const gateway = await startGateway([engine], { healthInterval: 50 });
  await engine.kill();
  const response = await ask(gateway, 'SAY:anyone');
  expect(response.status).toBe(503);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('a stop sequence ends the answer and the engine’s work', async () => {
  const engine = await startEngine({ decodeMs: 5 });
  const gateway = await startGateway([engine]);
  const { text, bytes } = await askStream(gateway, 'LONG:1000', { stop_sequences: ['w9 w10'] });
  expect(text).toBe('w0 w1 w2 w3 w4 w5 w6 w7 w8 ');
  expect(bytes).toContain('"stop_reason":"stop_sequence","stop_sequence":"w9 w10"');
  await engine.waitFor(() => engine.running() === 0);
  expect(engine.chats()[0]).toMatchObject({
    aborted: true,
    body: expect.not.objectContaining({ stop: expect.anything() }),
  });
  expect((await askStream(gateway, 'SAY:next')).text).toBe('next');
});

test('while a prompt is prefilled the stream is open and shows life in events that count', async () => {
  const engine = await startEngine();
  const gateway = await startGateway([engine], { openAfter: 50, keepAlive: 100 });
  const { bytes, events } = await askStream(gateway, 'HANG:1000\nSAY:at last');
  const beforeText = bytes.slice(0, bytes.indexOf('content_block_start'));
  expect(beforeText.match(/event: message_delta/g)?.length ?? 0).toBeGreaterThanOrEqual(2);
  expect(beforeText).toContain('"stop_reason":null');
  expect(events.length).toBeGreaterThan(5);
});

test('requests wait for the one slot in their order, and one that leaves is not prefilled', async () => {
  const engine = await startEngine({ decodeMs: 10 });
  const gateway = await startGateway([engine]);
  const first = ask(gateway, 'LONG:40', { stream: true }).then((response) => response.text());
  await engine.waitFor(() => engine.running() === 1);
  const leaving = new AbortController();
  const second = ask(gateway, 'SAY:never', { stream: true }, leaving.signal).catch(() => 'left');
  await expect.poll(() => gateway.app.gateway.health().queue.waiting).toBe(1);
  const third = askStream(gateway, 'SAY:third');
  await expect.poll(() => gateway.app.gateway.health().queue.waiting).toBe(2);
  leaving.abort();
  expect(await second).toBe('left');
  await first;
  expect((await third).text).toBe('third');
  const prompts = engine.chats().map(({ body }) => JSON.stringify(body.messages));
  expect(prompts).toHaveLength(2);
  expect(prompts.join()).not.toContain('never');
});

test('a stream’s answer is replayed to whoever asks the same, as a stream or not, with ids of its own', async () => {
  const engine = await startEngine();
  const gateway = await startGateway([engine]);
  const tools = [{ name: 'Read', input_schema: { type: 'object' } }];
  const prompt = 'THINK:hm\nSAY:look\nTOOL:Read:{"file_path": "/a"}';
  const first = await askStream(gateway, prompt, { tools });
  const again = await askStream(gateway, prompt, { tools });
  const folded = await ask(gateway, prompt, { tools });
  expect(engine.chats()).toHaveLength(1);
  expect([again.response, folded].map(({ headers }) => headers.get('x-warmslot-cache'))).toEqual(['hit', 'hit']);
  const ids = (text: string) => text.match(/(?:msg|toolu)_\w+/g) ?? [];
  expect(ids(again.bytes)).toHaveLength(2);
  expect(ids(again.bytes).some((id) => first.bytes.includes(id))).toBe(false);
  const message = await folded.json();
  expect(message).toMatchObject({
    content: [
      { type: 'thinking', thinking: 'hm' },
      { type: 'text', text: 'look' },
      { type: 'tool_use', name: 'Read', input: { file_path: '/a' } },
    ],
    stop_reason: 'tool_use',
    usage: { input_tokens: 0, cache_creation_input_tokens: 0 },
  });
});

test('usage adds up to the prompt’s length, and the second turn reads its prefix from the cache', async () => {
  const engine = await startEngine({ engine: 'batched' });
  const gateway = await startGateway([engine]);
  const system = 'You are careful. '.repeat(400);
  const opening = [{ role: 'user', content: 'SAY:one' }];
  const turn = async (messages: object[]) =>
    (await (await ask(gateway, '', { system, messages })).json()) as { usage: Record<string, number> };
  const first = await turn(opening);
  const turn2 = [...opening, { role: 'assistant', content: 'one' }, { role: 'user', content: 'DELAY:30\nLONG:10' }];
  const second = await turn(turn2);
  const length = (usage: Record<string, number>) =>
    (usage.input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
  expect(engine.chats().map(({ promptTokens }) => promptTokens)).toEqual([length(first.usage), length(second.usage)]);
  expect(second.usage.cache_read_input_tokens).toBe(engine.chats()[1]?.cachedTokens);
  expect(second.usage.cache_read_input_tokens).toBeGreaterThan(0.9 * length(first.usage));
});

test('an answer in one piece that takes long is begun with white space, so that the client stays', async () => {
  const engine = await startEngine();
  const gateway = await startGateway([engine], { beginJson: 50, keepAlive: 50 });
  const response = await ask(gateway, 'HANG:600\nSAY:patience');
  const text = await response.text();
  expect(text).toMatch(/^ +\{/);
  expect(JSON.parse(text)).toMatchObject({ content: [{ type: 'text', text: 'patience' }] });
});

test('an engine that falls silent is given up on', async () => {
  const engine = await startEngine();
  const gateway = await startGateway([engine], { keepAlive: 50, firstTokenTimeout: 200 });
  const response = await ask(gateway, 'HANG:5000\nSAY:too late');
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({ error: { type: 'timeout_error' } });
});

test('a prompt too long for the preferred backend is refused, whoever else could take it', async () => {
  const [small, large] = [await startEngine(), await startEngine()];
  const gateway = await startApp({
    backends: {
      small: { type: 'vllm-mlx', baseUrl: small.url, priority: 1, contextWindow: 2_000 },
      large: { type: 'vllm-mlx', baseUrl: large.url, priority: 2 },
    },
  });
  onTestFinished(() => gateway.close());
  const response = await ask(gateway, `SAY:hi\n${'word '.repeat(5_000)}`, { stream: true });
  expect(response.status).toBe(400);
  expect(await response.text()).toMatch(/prompt is too long: \d+ tokens > 2000 maximum/);
  expect([...small.chats(), ...large.chats()]).toEqual([]);
});

test('closing lets a running answer finish', async () => {
  const engine = await startEngine({ decodeMs: 10 });
  const gateway = await startApp({
    server: { drainSeconds: 20 },
    backends: { mlx: { type: 'vllm-mlx', baseUrl: engine.url } },
  });
  const answer = askStream(gateway, 'LONG:30');
  await engine.waitFor(() => engine.running() === 1);
  const closed = gateway.close();
  expect(gateway.app.gateway.health().status).toBe('unhealthy');
  await expect(fetch(`${gateway.url}/health`, { headers: { connection: 'close' } })).rejects.toThrow();
  await closed;
  expect((await answer).text).toMatch(/w29$/);
});

test('closing ends an answer that takes too long with an error', async () => {
  const engine = await startEngine({ decodeMs: 20 });
  const gateway = await startApp({
    server: { drainSeconds: 0.2 },
    backends: { mlx: { type: 'vllm-mlx', baseUrl: engine.url } },
  });
  const answer = askStream(gateway, 'LONG:10000');
  await engine.waitFor(() => engine.running() === 1);
  await gateway.close();
  expect((await answer).bytes).toMatch(/event: error\ndata: .*shutting down.*\n\n$/);
  await engine.waitFor(() => engine.running() === 0);
});
