/** What the owner does to a running gateway through `POST /admin/…`, and what clients see of it. */
import { expect, onTestFinished, test } from 'vitest';
import type { EngineInfo } from '../../src/backends/types.ts';
import type { Overview } from '../../src/observe/overview/types.ts';
import type { GatewayEvent } from '../../src/runtime/events.ts';
import { startApp } from '../support/app.ts';
import type { ConfigInput } from '../support/gateway.ts';
import { liveClient } from '../support/live-client.ts';
import { answer, playedEngine } from '../support/played-engine.ts';

const said = (...texts: readonly string[]) =>
  texts.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content }));
const address = { type: 'vllm-mlx' as const, baseUrl: 'http://127.0.0.1:1' };

async function start(config: ConfigInput = {}, patch: Partial<EngineInfo> = {}) {
  const engines = { one: playedEngine(patch), two: playedEngine(patch) };
  const gateway = await startApp(
    { backends: { one: address }, ...config },
    {
      backends: { 'vllm-mlx': (options, deps) => engines[options.name as 'one' | 'two'].create(options, deps) },
      timing: { warmUp: 10 },
    },
  );
  onTestFinished(() => gateway.close());
  const events: GatewayEvent[] = [];
  gateway.app.gateway.events.on((event) => events.push(event));
  const overview = async () => (await (await fetch(`${gateway.url}/overview`)).json()) as Overview;
  return {
    ...engines,
    gateway,
    events,
    overview,
    shows: (holds: (overview: Overview) => boolean) =>
      expect.poll(async () => holds(await overview()), { interval: 10, timeout: 5_000 }).toBe(true),
    ask: (session: string, more: object = {}) =>
      liveClient(
        gateway.url,
        { model: 'default', max_tokens: 900, stream: true, messages: said(`Hello from ${session}`), ...more },
        { 'x-claude-code-session-id': session },
      ),
    async act(action: string, body: unknown, headers: Record<string, string> = {}) {
      const response = await fetch(`${gateway.url}/admin/${action}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
  };
}

test('a request that is cancelled in its answer ends with an error that says so, and the slot is free again', async () => {
  const { one, ask, act, overview, shows, events } = await start();
  const client = ask('s1');
  const generation = await one.generation(1);
  generation.say({ type: 'text', text: 'Once upon' });
  await client.sees('Once upon');
  const [running] = (await overview()).running;
  const requestId = running?.requestId ?? '';
  const done = { status: 200, body: { done: `cancelled ${requestId}` } };
  expect(await act('cancel-request', { requestId })).toEqual(done);
  const body = await client.body;
  expect(body).toContain('event: error');
  expect(body).toContain('local cancelled this request at the gateway.');
  expect(generation.aborted).toBe(true);
  await shows(({ engines, running }) => running.length === 0 && engines[0]?.slots[0]?.state === 'free');
  expect(events).toContainEqual(expect.objectContaining({ type: 'owner.acted', client: 'local', requestId }));
  expect((await overview()).log.map(({ text }) => text)).toContain(`local: cancelled ${requestId}`);
});

test('the repetition that Claude Code makes of it without a stream is refused once, and for good', async () => {
  const { one, ask, act, overview } = await start();
  const client = ask('s1');
  (await one.generation(1)).say({ type: 'text', text: 'Once upon' });
  await client.sees('Once upon');
  await act('cancel-request', { requestId: (await overview()).running[0]?.requestId });
  await client.body;
  const repeated = ask('s1', { stream: false });
  const repetition = await repeated.response;
  expect(repetition.status).toBe(409);
  expect(repetition.headers.get('x-should-retry')).toBe('false');
  expect(await repeated.body).toContain('local cancelled this request.');
  expect(one.generations).toHaveLength(1);
  const meant = ask('s1', { stream: false });
  (await one.generation(2)).say(...answer);
  expect((await meant.response).status).toBe(200);
});

test('everybody who reads the answer is refused their own repetition', async () => {
  const { one, ask, act, overview } = await start();
  const readers = [ask('s1'), ask('s1')];
  (await one.generation(1)).say({ type: 'text', text: 'Once upon' });
  for (const reader of readers) await reader.sees('Once upon');
  const leader = (await overview()).running.find(({ cache }) => cache !== 'joined');
  await act('cancel-request', { requestId: leader?.requestId });
  for (const reader of readers) expect(await reader.body).toContain('local cancelled this request');
  for (const _ of readers) expect((await ask('s1', { stream: false }).response).status).toBe(409);
  const meant = ask('s1');
  await one.generation(2);
  meant.leave();
});

test('one that waits is answered with a status that is not tried again, and whoever joined it too', async () => {
  const { one, ask, act, overview, shows } = await start();
  ask('s1');
  await one.generation(1);
  const waiting = [ask('s2'), ask('s2')];
  await shows(({ queue, running }) => queue.length === 1 && running.some(({ cache }) => cache === 'joined'));
  await act('cancel-request', { requestId: (await overview()).queue[0]?.requestId });
  for (const client of waiting) {
    const response = await client.response;
    expect(response.status).toBe(409);
    expect(response.headers.get('x-should-retry')).toBe('false');
  }
  const again = ask('s2');
  await shows(({ queue }) => queue.length === 1);
  again.leave();
});

test('a drained backend finishes what it runs, and others take what comes', async () => {
  const backends = { one: address, two: { ...address, priority: 2 } };
  const { one, two, gateway, ask, act, overview } = await start({ backends });
  const before = ask('s1');
  const running = await one.generation(1);
  const waiting = ask('s2');
  await expect.poll(async () => (await overview()).queue.length).toBe(1);
  expect((await act('drain-backend', { backend: 'one' })).status).toBe(200);
  (await two.generation(1)).say(...answer);
  expect((await waiting.response).headers.get('x-warmslot-backend')).toBe('two');
  running.say(...answer);
  expect(await before.body).toContain('message_stop');
  expect((await overview()).engines).toMatchObject([{ drained: true, status: 'up' }, { drained: false }]);
  const health = await (await fetch(`${gateway.url}/health`)).json();
  expect(health).toMatchObject({ status: 'degraded', backends: [{ name: 'one', drained: true }, { drained: false }] });
  expect((await act('resume-backend', { backend: 'one' })).status).toBe(200);
  const after = ask('s3');
  (await one.generation(2)).say(...answer);
  await after.body;
});

test('with its only backend drained the gateway refuses for the moment, and those that wait are told', async () => {
  const { one, gateway, ask, act, overview } = await start();
  ask('s1');
  const running = await one.generation(1);
  const waiting = ask('s2');
  await expect.poll(async () => (await overview()).queue.length).toBe(1);
  await act('drain-backend', { backend: 'one' });
  expect((await waiting.response).status).toBe(503);
  expect((await ask('s3').response).status).toBe(503);
  expect((await fetch(`${gateway.url}/health`)).status).toBe(503);
  running.say(...answer);
});

const long = { system: 'Be brief. '.repeat(700) };

test('what is dropped from a cache is not counted on any more', async () => {
  const { one, ask, act, overview, events } = await start();
  const first = ask('s1', long);
  (await one.generation(1)).say(...answer);
  await first.body;
  const [held] = (await overview()).engines[0]?.warm ?? [];
  const prefixKey = held?.prefixKey ?? '';
  expect((await act('drop-cache', { backend: 'one', prefixKey: 'another' })).body).toMatchObject({
    error: { type: 'not_found_error' },
  });
  expect((await act('drop-cache', { backend: 'one', prefixKey })).status).toBe(200);
  expect((await overview()).engines[0]).toMatchObject({ warm: [] });
  expect((await act('drop-cache', { backend: 'one', prefixKey })).status).toBe(404);
  const exact = await ask('s1', long).response;
  expect(exact.headers.get('x-warmslot-cache')).toBe('hit');
  expect((await act('drop-cache', { backend: 'one' })).status).toBe(200);
  const fresh = ask('s1', long);
  (await one.generation(2)).say(...answer);
  expect((await fresh.response).headers.get('x-warmslot-cache')).toBe('miss');
  expect(events.filter((event) => event.type === 'owner.acted')).toHaveLength(2);
});

test('a prefix is warmed as soon as its engine has nothing to do', async () => {
  const { one, ask, act, overview, shows } = await start({ scheduling: { warmUp: true } });
  const ana = ask('s1', long);
  (await one.generation(1)).say(...answer);
  await ana.body;
  const ben = ask('s2', { system: 'Another prompt. '.repeat(700) });
  (await one.generation(2)).say(...answer);
  await ben.body;
  const [cold] = (await overview()).engines[0]?.cold ?? [];
  expect(cold).toMatchObject({ name: 'local: main' });
  const prefixKey = cold?.prefixKey ?? '';
  const busy = ask('s3', { system: 'A third prompt. '.repeat(700) });
  const third = await one.generation(3);
  expect((await act('warm-prefix', { backend: 'one', prefixKey })).status).toBe(200);
  third.say(...answer);
  await busy.body;
  const warming = await one.generation(4);
  expect(warming.prompt.prefixKey).toBe(prefixKey);
  warming.say(...answer);
  await shows(({ engines }) => engines[0]?.warm[0]?.prefixKey === prefixKey);
  expect((await act('warm-prefix', { backend: 'one', prefixKey: 'unheard of' })).status).toBe(404);
});

test('without warm-ups nothing is warmed', async () => {
  const { act } = await start();
  expect(await act('warm-prefix', { backend: 'one', prefixKey: 'p' })).toMatchObject({
    status: 409,
    body: { error: { message: 'scheduling.warmUp is off.' } },
  });
});

test.each([
  ['cancel-request', { requestId: 'req_unheard' }, 404],
  ['drain-backend', { backend: 'nobody' }, 404],
  ['drain-backend', {}, 400],
  ['drain-backend', { backend: 'one', force: true }, 400],
  ['drain-backend', undefined, 400],
])('%s with %o changes nothing', async (action, body, status) => {
  const { act, overview } = await start();
  expect((await act(action, body)).status).toBe(status);
  expect((await overview()).engines[0]?.drained).toBe(false);
});

test.each([
  [{ origin: 'http://elsewhere.example' }, 403],
  [{ 'sec-fetch-site': 'cross-site' }, 403],
  [{ 'sec-fetch-site': 'same-site' }, 403],
  [{ 'content-type': 'text/plain' }, 400],
  [{ 'sec-fetch-site': 'same-origin' }, 200],
])('a page of another site does nothing: %o', async (headers, status) => {
  const { act } = await start();
  expect((await act('drain-backend', { backend: 'one' }, headers)).status).toBe(status);
});

test('with a key configured only those who have it do anything, and the log says who', async () => {
  const { act, events } = await start({ server: { apiKeys: [{ name: 'ana', key: 'ana-key' }] } });
  expect((await act('drain-backend', { backend: 'one' })).status).toBe(401);
  expect((await act('drain-backend', { backend: 'one' }, { 'x-api-key': 'ana-key' })).status).toBe(200);
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'owner.acted', action: 'drain-backend', client: 'ana' }),
  );
});
