import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningApp, startApp } from '../support/app.ts';
import { type FakeEngine, startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';

let engine: FakeEngine;
let gateway: RunningApp;

beforeAll(async () => {
  engine = await startFakeVllmMlx();
  gateway = await startApp({
    server: {
      apiKeys: [
        { name: 'ana', key: 'ana-key' },
        { name: 'ben', key: 'ben-key' },
      ],
    },
    backends: { mlx: { type: 'vllm-mlx', baseUrl: engine.url } },
  });
});
afterAll(async () => {
  await gateway.close();
  await engine.close();
});

const ask = (headers: Record<string, string>) =>
  fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'default', max_tokens: 9, messages: [{ role: 'user', content: 'SAY:hi' }] }),
  });

test.each([{ authorization: 'Bearer ana-key' }, { 'x-api-key': 'ben-key' }])('%o is let in', async (headers) => {
  expect((await ask(headers)).status).toBe(200);
});

test.each([{}, { authorization: 'Bearer nope' }, { 'x-api-key': '' }, { authorization: 'Basic ana-key' }])(
  '%o is a 401 that tells the client not to retry, and nothing reaches the engine',
  async (headers) => {
    const before = engine.chats().length;
    const response = await ask(headers);
    expect(response.status).toBe(401);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await response.json()).toMatchObject({ error: { type: 'authentication_error' } });
    expect(engine.chats()).toHaveLength(before);
  },
);

test('the models list needs a key, health does not', async () => {
  expect((await fetch(`${gateway.url}/v1/models`)).status).toBe(401);
  expect((await fetch(`${gateway.url}/v1/models/opus`, { method: 'HEAD' })).status).toBe(401);
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  expect((await fetch(`${gateway.url}/any/base`, { method: 'HEAD' })).status).toBe(200);
});
