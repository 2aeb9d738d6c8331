import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Backend } from '../../../src/backends/types.ts';
import { watchEpoch } from '../../../src/backends/vllm-mlx/epoch.ts';
import { createVllmMlxBackend } from '../../../src/backends/vllm-mlx/index.ts';
import { contextFromModelFiles } from '../../../src/backends/vllm-mlx/model-files.ts';
import { fromTable, type ScriptedServer, scriptedServer } from '../openai-compatible/scripted-server.ts';
import { forever, optionsFor, withBackend } from './driver.ts';

const health = { status: 'healthy', model_loaded: true, model_name: 'm', model_type: 'llm', engine_type: 'simple' };
const models = { data: [{ id: 'm' }] };

async function probing(
  table: object,
  body: (backend: Backend, server: ScriptedServer) => Promise<void>,
): Promise<void> {
  const server = await scriptedServer(fromTable({ '/health': health, '/v1/models': models, ...table }));
  const backend = createVllmMlxBackend(optionsFor(`${server.url}/v1`), { notice() {} });
  try {
    await body(backend, server);
  } finally {
    await backend.close();
    await server.close();
  }
}

test('SimpleEngine: one slot, the snapshots it says it has, a context that is assumed and told so', () =>
  withBackend({ quirks: { prefixSlots: 2 } }, async ({ info, notices }) => {
    expect(info).toMatchObject({
      model: 'local',
      loaded: true,
      slots: 1,
      contextWindow: 131_072,
      contextSource: 'default',
      maxOutputTokens: 32_768,
      images: false,
      toolCalls: 'auto',
      cache: { kind: 'prefixes', capacity: 2 },
    });
    expect(notices).toEqual([expect.stringContaining('backends.mlx.contextWindow')]);
  }));

test('continuous batching: slots and whole conversations', () =>
  withBackend({ quirks: { engine: 'batched' } }, async ({ info }) => {
    expect(info).toMatchObject({ slots: 4, cache: { kind: 'conversations' } });
  }));

test('the owner knows better', () =>
  withBackend(
    { options: { slots: 2, contextWindow: 9_000, maxOutputTokens: 100, model: 'current-model' } },
    async ({ info, notices }) => {
      expect(info).toMatchObject({
        slots: 2,
        contextWindow: 9_000,
        contextSource: 'config',
        maxOutputTokens: 100,
        model: 'local',
      });
      expect(notices).toEqual([]);
    },
  ));

test.each([
  [{ model_loaded: false }, false],
  [{ model_loaded: false, residency_state: 'loading' }, false],
  [{ model_loaded: false, residency_state: 'unloaded' }, true],
])('an engine whose health says %o takes work: %s', (said, takesWork) =>
  probing({ '/health': { ...health, ...said } }, async (backend) => {
    expect((await backend.probe(forever)).loaded).toBe(takesWork);
  }),
);

test('an engine without counters is an older one; one that counts nothing keeps nothing', async () => {
  await probing({}, async (backend, server) => {
    expect((await backend.probe(forever)).cache).toEqual({ kind: 'prefixes', capacity: 4 });
    expect(server.asked.map(({ path }) => path).sort()).toEqual([
      '/health',
      '/v1/cache/stats',
      '/v1/models',
      '/v1/status',
    ]);
  });
  await probing({ '/v1/cache/stats': { engine_cache: null } }, async (backend) => {
    expect((await backend.probe(forever)).cache).toEqual({ kind: 'none', capacity: 0 });
  });
});

test('a vision model takes images', () =>
  probing({ '/health': { ...health, model_type: 'mllm' } }, async (backend) => {
    expect((await backend.probe(forever)).images).toBe(true);
  }));

test('a model that loads is no model yet', () =>
  withBackend({ quirks: { loading: true } }, async ({ info }) => {
    expect(info.loaded).toBe(false);
  }));

test('a wrong key, another server and no server are told apart', async () => {
  await withBackend({}, async ({ fake, backend }) => {
    fake.quirks.apiKey = 'k';
    await expect(backend.probe(forever)).rejects.toMatchObject({ code: 'engine_auth' });
    await fake.kill();
    await expect(backend.probe(forever)).rejects.toMatchObject({ code: 'engine_unreachable' });
  });
  await probing({ '/health': { status: 'ok' } }, async (backend) => {
    await expect(backend.probe(forever)).rejects.toMatchObject({ code: 'engine_failed' });
  });
});

test('an engine that does not answer in time is not taken for one that is gone', async () => {
  const server = await scriptedServer(() => {});
  const backend = createVllmMlxBackend(optionsFor(`${server.url}/v1`), { notice() {} });
  await expect(backend.probe(AbortSignal.timeout(50))).rejects.toMatchObject({ code: 'engine_failed' });
  await backend.close();
  await server.close();
});

test('a restart shows as another epoch, more uptime does not', () => {
  const watch = watchEpoch();
  const first = watch.see(100, 1_000);
  expect(watch.see(115.2, 1_016)).toBe(first);
  expect(watch.see(undefined, 1_030)).toBe(first);
  expect(watch.see(140, 1_041)).toBe(first);
  const second = watch.see(3, 1_060);
  expect(second).not.toBe(first);
  expect(watch.see(500, 3_000)).not.toBe(second);
});

test("the context comes from the model's own files, in a folder or in the hub's cache", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'warmslot-'));
  const revision = join(folder, 'models--org--name-4bit', 'snapshots', 'abc');
  await mkdir(revision, { recursive: true });
  await writeFile(join(revision, 'config.json'), JSON.stringify({ text_config: { max_position_embeddings: 262_144 } }));
  await writeFile(join(folder, 'config.json'), JSON.stringify({ max_position_embeddings: 40_960 }));
  expect(await contextFromModelFiles('org/name-4bit', folder)).toBe(262_144);
  expect(await contextFromModelFiles(folder, folder)).toBe(40_960);
  expect(await contextFromModelFiles('org/other', folder)).toBeUndefined();
  expect(await contextFromModelFiles('../..', folder)).toBeUndefined();
  await rm(folder, { recursive: true });
});
