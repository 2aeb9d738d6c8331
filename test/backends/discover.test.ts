import { afterEach, expect, test } from 'vitest';
import { discover } from '../../src/backends/discover.ts';
import { startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';
import { fromTable, scriptedServer } from './openai-compatible/scripted-server.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(table: Readonly<Record<string, unknown>>): Promise<number> {
  const server = await scriptedServer(fromTable(table));
  closing.push(server.close);
  return server.port;
}

/** A port nobody listens on. */
async function freePort(): Promise<number> {
  const server = await scriptedServer(() => {});
  await server.close();
  return server.port;
}

async function nobody() {
  const port = await freePort();
  return { 'vllm-mlx': port, 'llama-server': port, 'LM Studio': port, Ollama: port };
}

test('finds vllm-mlx, also one that asks for a key, before all others', async () => {
  const fake = await startFakeVllmMlx({ apiKey: 'k' });
  closing.push(fake.close);
  const ollama = await serve({ '/api/version': { version: '1' } });
  expect(await discover({ ...(await nobody()), 'vllm-mlx': fake.port, Ollama: ollama })).toEqual({
    name: 'vllm-mlx',
    type: 'vllm-mlx',
    baseUrl: `http://127.0.0.1:${fake.port}/v1`,
    what: 'vllm-mlx',
  });
});

test.each([
  ['llama-server', 'llama-server', { '/props': { default_generation_settings: { n_ctx: 4096 }, total_slots: 1 } }],
  ['LM Studio', 'lmstudio', { '/api/v0/models': { data: [] } }],
  ['Ollama', 'ollama', { '/api/version': { version: '0.9.1' } }],
] as const)('finds %s', async (what, name, table) => {
  const port = await serve(table);
  expect(await discover({ ...(await nobody()), [what]: port })).toEqual({
    name,
    type: 'openai',
    baseUrl: `http://127.0.0.1:${port}/v1`,
    what,
  });
});

test('other software on those ports is not taken for an engine', async () => {
  const port = await serve({
    '/health': { status: 'ok' },
    '/props': {},
    '/api/v0/models': [],
    '/api/version': 'nginx',
  });
  expect(await discover({ 'vllm-mlx': port, 'llama-server': port, 'LM Studio': port, Ollama: port })).toBeUndefined();
});

test('nobody there, or nobody who answers', async () => {
  const silent = await scriptedServer(() => {});
  closing.push(silent.close);
  expect(await discover({ ...(await nobody()), Ollama: silent.port })).toBeUndefined();
});
