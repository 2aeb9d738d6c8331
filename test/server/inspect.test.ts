import { request as httpRequest } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { type RunningApp, startApp } from '../support/app.ts';
import { startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';
import type { ConfigInput } from '../support/gateway.ts';
import { watchActors } from '../support/inspect-viewer.ts';

async function start(config: ConfigInput = {}): Promise<RunningApp> {
  const engine = await startFakeVllmMlx();
  const gateway = await startApp({ backends: { mlx: { type: 'vllm-mlx', baseUrl: engine.url } }, ...config });
  onTestFinished(async () => {
    await gateway.close();
    await engine.close();
  });
  return gateway;
}

const keys = { server: { apiKeys: [{ name: 'ana', key: 'ana-key' }] } };
const withKey = { authorization: 'Bearer ana-key' };

/** @returns the request's id */
async function ask({ url }: RunningApp, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cache-control': 'no-cache', ...headers },
    body: JSON.stringify({ model: 'default', max_tokens: 9, messages: [{ role: 'user', content: 'SAY:hello' }] }),
  });
  expect(response.status).toBe(200);
  await response.text();
  return response.headers.get('request-id') ?? '';
}

/** How opening it as a WebSocket ends: its status where it is refused. */
function openSocket({ url }: RunningApp, path: string, headers: Record<string, string> = {}): Promise<number | 'open'> {
  const { hostname, port } = new URL(url);
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: hostname, port, path, headers: { ...upgrade, ...headers } });
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      resolve('open');
    });
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject);
    request.end();
  });
}

test('a viewer is told which actors are alive, then what they do', async () => {
  const gateway = await start();
  const viewer = await watchActors(gateway.url);
  await expect.poll(() => viewer.told.length).toBe(1);
  expect(viewer.told[0]).toMatchObject({
    name: 'actors',
    data: [
      { machine: 'scheduler', label: 'scheduler', state: 'running', snapshot: { context: { slots: 1 } } },
      { machine: 'prefixCache', label: 'mlx', state: 'empty' },
      { machine: 'backend', label: 'mlx', state: 'up.resting' },
      { machine: 'slot', label: 'mlx#0', state: 'free' },
    ],
  });
  expect(JSON.stringify(viewer.told)).not.toContain('definition');

  const id = await ask(gateway);
  await viewer.sees(({ machine, label, type }) => machine === 'request' && label === id && type === '@xstate.snapshot');
  await viewer.sees(
    (record) => record.machine === 'session' && record.type === '@xstate.snapshot' && record.state === 'idle',
  );
  const states = viewer.records().flatMap((record) => {
    const isState = record.label === id && record.machine === 'request' && record.type === '@xstate.snapshot';
    return isState ? [`${record.event.type} ${record.state}`] : [];
  });
  expect(states).toEqual([
    'xstate.init queued',
    'lease.granted attempting.connecting',
    'attempt.accepted attempting.prefilling',
    'attempt.firstToken attempting.decoding',
    'attempt.done settling',
    'reply.finished done',
  ]);
});

test('a viewer may ask for one actor', async () => {
  const gateway = await start();
  const viewer = await watchActors(gateway.url, { query: 'of=slot%20mlx%230' });
  await ask(gateway);
  await viewer.sees((record) => record.type === '@xstate.event' && record.event.type === 'slot.release');
  expect(new Set(viewer.records().map(({ name }) => name))).toEqual(new Set(['slot mlx#0']));
});

test('a viewer may leave the events out, and nothing else', async () => {
  const gateway = await start();
  const viewer = await watchActors(gateway.url, { query: 'only=states' });
  const id = await ask(gateway);
  await viewer.sees(({ label, machine }) => label === id && machine === 'request');
  await viewer.sees((record) => record.type === '@xstate.snapshot' && record.state === 'done');
  expect(viewer.records().some(({ type }) => type === '@xstate.event')).toBe(false);
  const wrong = await fetch(`${gateway.url}/inspect/events?only=events`);
  expect(wrong.status).toBe(400);
});

test('GET /inspect/actors lists those that are alive', async () => {
  const gateway = await start();
  await ask(gateway);
  const { actors } = (await (await fetch(`${gateway.url}/inspect/actors`)).json()) as { actors: { name: string }[] };
  expect(actors.map(({ name }) => name)).toEqual([
    'scheduler scheduler',
    'prefixCache mlx',
    'backend mlx',
    'slot mlx#0',
    expect.stringMatching(/^session /),
  ]);
});

test('a viewer whose connection broke goes on from where it was', async () => {
  const gateway = await start();
  const first = await watchActors(gateway.url);
  const before = await ask(gateway);
  await first.sees((record) => record.type === '@xstate.snapshot' && record.state === 'done');
  const place = first.told.at(-1)?.id ?? '';
  first.leave();
  const after = await ask(gateway);
  for (const how of [{ query: `since=${place}` }, { query: 'since=0', headers: { 'last-event-id': place } }]) {
    const again = await watchActors(gateway.url, how);
    await again.sees(({ label }) => label === after);
    expect(again.told.map(({ name }) => name)).not.toContain('actors');
    expect(again.records().some(({ label }) => label === before)).toBe(false);
  }
  const all = await watchActors(gateway.url, { query: 'since=0' });
  await all.sees(({ label }) => label === after);
  expect(all.told.map(({ name }) => name)).toEqual(['actors', 'records']);
  expect(all.records().some(({ label }) => label === before)).toBe(true);
});

test('one that comes back to another gateway is told so, and what there is', async () => {
  const gateway = await start();
  const viewer = await watchActors(gateway.url, { query: 'since=lzz0000-17' });
  await expect.poll(() => viewer.told.length).toBe(2);
  expect(viewer.told[0]).toMatchObject({ name: 'missed', data: { records: null } });
  expect(viewer.told[1]).toMatchObject({ name: 'actors' });
});

test('a gateway that ends says so', async () => {
  const gateway = await startApp({ backends: { mlx: { type: 'openai', baseUrl: 'http://127.0.0.1:9' } } });
  const viewer = await watchActors(gateway.url);
  await gateway.close();
  await viewer.ended;
  expect(viewer.told.at(-1)).toMatchObject({ name: 'dropped', data: { reason: 'the gateway ends' } });
});

test('a key is needed where one is configured; for the socket it may stand in the address, and nowhere else', async () => {
  const gateway = await start(keys);
  for (const path of ['/inspect/events', '/inspect/actors', '/inspect/ws']) {
    expect((await fetch(`${gateway.url}${path}`)).status, path).toBe(401);
    if (path !== '/inspect/ws') expect((await fetch(`${gateway.url}${path}?key=ana-key`)).status, path).toBe(401);
  }
  expect(await openSocket(gateway, '/inspect/ws')).toBe(401);
  expect(await openSocket(gateway, '/inspect/ws?key=nope')).toBe(401);
  expect(await openSocket(gateway, '/inspect/ws?key=ana-key')).toBe('open');
  expect(await openSocket(gateway, '/inspect/ws', withKey)).toBe('open');
  expect((await fetch(`${gateway.url}/inspect/actors`, { headers: withKey })).status).toBe(200);
  await watchActors(gateway.url, { headers: withKey });
});

test('a page of another origin is refused', async () => {
  const gateway = await start();
  const { host } = new URL(gateway.url);
  expect(await openSocket(gateway, '/inspect/ws', { origin: 'https://stately.ai' })).toBe(403);
  expect(await openSocket(gateway, '/inspect/ws', { host: 'evil.example' })).toBe(403);
  expect(await openSocket(gateway, '/inspect/ws', { origin: `http://${host}` })).toBe('open');
  expect((await fetch(`${gateway.url}/inspect/events`, { headers: { origin: 'https://stately.ai' } })).status).toBe(
    403,
  );
});

test('what cannot be answered is said, and HEAD opens no stream', async () => {
  const gateway = await start();
  const plain = await fetch(`${gateway.url}/inspect/ws`);
  expect(plain.status).toBe(400);
  expect(await plain.json()).toMatchObject({ error: { message: expect.stringContaining('WebSocket') } });
  // A client that offers another protocol is answered in this one.
  expect(await openSocket(gateway, '/v1/nothing')).toBe(404);
  expect(await openSocket(gateway, '/health', { upgrade: 'h2c' })).toBe(200);
  for (const path of ['/inspect/events', '/inspect/ws', '/overview/events']) {
    const head = await fetch(`${gateway.url}${path}`, { method: 'HEAD' });
    expect(head.headers.get('content-type'), path).toBe(null);
  }
});
