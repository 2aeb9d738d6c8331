import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLlamaCppBackend } from '../../../src/backends/llama-cpp/index.ts';
import { explainLoadError } from '../../../src/backends/llama-cpp/library.ts';
import { isDownload, modelName } from '../../../src/backends/llama-cpp/model-file.ts';
import type { BackendOptions, EngineInfo } from '../../../src/backends/types.ts';
import { eventOf, startRun, userPrompt } from './support.ts';

const options: BackendOptions = {
  name: 'local',
  type: 'llama-cpp',
  priority: 1,
  toolGrammar: 'auto',
  sampling: {},
  modelsDir: '/nowhere',
};
const create = (more: Partial<BackendOptions>) => createLlamaCppBackend({ ...options, ...more }, { notice: () => {} });
const soon = () => AbortSignal.timeout(10_000);

test('without the optional package it says how to get it', () => {
  // A process in which the package cannot be found, as after `npm ci --omit=optional`.
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) => next(name === 'node-llama-cpp' ? 'not-installed-here' : name, context) });
    const { loadLibrary } = await import(${JSON.stringify(new URL('../../../src/backends/llama-cpp/library.ts', import.meta.url).href)});
    await loadLibrary().catch((error) => console.log(error.code + ': ' + error.message));
  `;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(stdout).toMatch(/^engine_unreachable: .*node-llama-cpp is not installed; run `npm install node-llama-cpp@/);
});

test('where there is no binary for the machine it says what it needs', async () => {
  const { NoBinaryFoundError } = await import('node-llama-cpp');
  // The constructor is not public.
  const error = explainLoadError(Reflect.construct(NoBinaryFoundError, []));
  expect(error.code).toBe('engine_unreachable');
  expect(error.message).toMatch(/no prebuilt llama.cpp for this machine \(\w+-\w+\).*glibc 2\.34.*not Alpine/);
});

test('a model that is not there, or is none, is named; until it is loaded nothing is promised', async () => {
  const missing = create({ model: '/nowhere/model.gguf' });
  await expect(missing.probe(soon())).rejects.toMatchObject({
    code: 'engine_unreachable',
    message: expect.stringContaining('no model at /nowhere/model.gguf'),
  });

  const directory = await mkdtemp(join(tmpdir(), 'warmslot-bad-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const model = join(directory, 'bad.gguf');
  await writeFile(model, 'this is no model');
  const bad = create({ model });
  await expect(bad.probe(soon())).rejects.toMatchObject({
    code: 'engine_failed',
    message: expect.stringContaining(model),
  });
  await bad.close();
});

test('before it is loaded a generation fails as loading, and counts are estimates', async () => {
  const backend = create({ model: 'hf:user/repo:Q4_K_M' });
  const prompt = userPrompt('hi');
  const info = notLoaded('repo-Q4_K_M');
  const run = startRun(backend, info, prompt, {});
  await run.finished;
  expect(eventOf(run, 'failed').error.code).toBe('model_loading');
  expect(backend.countTokens(prompt, info)).toBeGreaterThan(0);
  await backend.close();
});

function notLoaded(model: string): EngineInfo {
  return {
    model,
    loaded: false,
    slots: 1,
    contextWindow: 4096,
    contextSource: 'default',
    maxOutputTokens: 4096,
    images: false,
    documents: false,
    toolCalls: 'auto',
    cache: { kind: 'slots', capacity: 1 },
    exactTokens: false,
    demo: false,
  };
}

test('closing gives up a load under way', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'warmslot-close-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const backend = create({ model: undefined, modelsDir: directory });
  const probing = backend.probe(soon()).catch((error: unknown) => error);
  await backend.close();
  await probing;
  const run = startRun(backend, notLoaded('demo'), userPrompt('hi'), {});
  await run.finished;
  expect(eventOf(run, 'failed').error.code).toBe('model_loading');
});

test('models are served under the name of their file', () => {
  expect(modelName(undefined)).toEqual({ name: 'demo-random-weights', demo: true });
  expect(modelName('/models/Qwen3-4B-Q4_K_M.gguf').name).toBe('Qwen3-4B-Q4_K_M');
  expect(modelName('hf:user/repo-GGUF:Q4_K_M').name).toBe('repo-GGUF-Q4_K_M');
  expect(['hf:u/r:q', 'https://host/m.gguf', '/a.gguf', 'a.gguf'].map(isDownload)).toEqual([true, true, false, false]);
});
