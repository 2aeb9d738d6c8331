import { expect, test } from 'vitest';
import { enabledBackends } from '../../src/config/backends.ts';
import { folder, load } from './support.ts';

const used = (given: Parameters<typeof load>[0]) => enabledBackends(load(given).config);
const brief = (given: Parameters<typeof load>[0]) =>
  used(given).map(({ name, type, baseUrl, model }) => ({ name, type, baseUrl, model }));
const inFile = (backends: unknown, rest = {}) => ({ files: { 'warmslot.json': { backends, ...rest } } });

test.each([
  [{ baseUrl: 'http://h:1' }, 'http://h:1/v1'],
  [{ baseUrl: 'http://h:1/' }, 'http://h:1/v1'],
  [{ baseUrl: 'http://h:1/v1' }, 'http://h:1/v1'],
  [{ baseUrl: 'http://h:1/v1/' }, 'http://h:1/v1'],
  [{ baseUrl: 'https://h/api' }, 'https://h/api/v1'],
  [{ port: 9000 }, 'http://127.0.0.1:9000/v1'],
  [{}, 'http://127.0.0.1:8000/v1'],
])('%o is the engine at %s', (entry, baseUrl) => {
  expect(used(inFile({ 'vllm-mlx': entry }))).toMatchObject([{ type: 'vllm-mlx', baseUrl }]);
});

test('disabled ones are left out, the rest stands by priority, equals as in the file', () => {
  const backends = {
    c: { type: 'openai', port: 1, priority: 2 },
    b: { type: 'openai', port: 2 },
    off: { type: 'openai', port: 3, enabled: false },
    a: { type: 'openai', port: 4 },
  };
  expect(used(inFile(backends)).map(({ name }) => name)).toEqual(['b', 'a', 'c']);
  expect(used(inFile(backends, { backend: 'off' })).map(({ name }) => name)).toEqual(['off']);
});

test('every engine may be asked again for a call, unless its entry says no', () => {
  const backends = { a: { type: 'openai', port: 1 }, b: { type: 'openai', port: 2, askAgain: false } };
  expect(used(inFile(backends)).map(({ askAgain }) => askAgain)).toEqual([true, false]);
});

test('VLLM_MLX_URL adds an engine, or moves the one of that name', () => {
  const env = { VLLM_MLX_URL: 'http://mac:8000', VLLM_MLX_MODEL: 'qwen', VLLM_MLX_API_KEY: 'k' };
  expect(used({ env })).toMatchObject([
    { name: 'vllm-mlx', type: 'vllm-mlx', baseUrl: 'http://mac:8000/v1', model: 'qwen', apiKey: 'k' },
  ]);
  const moved = used({ ...inFile({ 'vllm-mlx': { port: 1, slots: 4, enabled: false } }), env });
  expect(moved).toMatchObject([{ baseUrl: 'http://mac:8000/v1', slots: 4 }]);
});

test("the key in VLLM_MLX_API_KEY goes to no other engine than VLLM_MLX_URL's", () => {
  const given = inFile({ other: { type: 'vllm-mlx', baseUrl: 'http://elsewhere:1', apiKey: 'own' } });
  const keys = (env: Record<string, string>) => used({ ...given, env }).map(({ name, apiKey }) => [name, apiKey]);
  expect(keys({ VLLM_MLX_API_KEY: 'k', VLLM_MLX_URL: 'http://mac:8000' })).toEqual([
    ['other', 'own'],
    ['vllm-mlx', 'k'],
  ]);
  expect(keys({ VLLM_MLX_API_KEY: 'k' })).toEqual([['other', 'k']]);
});

test('VLLM_MLX_URL that the file leaves unused is said', () => {
  const given = inFile({ a: { type: 'openai', port: 1 } }, { backend: 'a' });
  expect(load({ ...given, env: { VLLM_MLX_URL: 'http://mac:8000' } }).notices).toEqual([
    'VLLM_MLX_URL is not used: the configuration chooses the backend "a"',
  ]);
});

test('a model file is for the embedded engine, and chooses it', () => {
  const remote = { mlx: { type: 'vllm-mlx' } };
  const embedded = [{ name: 'llama-cpp', type: 'llama-cpp', baseUrl: undefined, model: '/m/x.gguf' }];
  expect(brief({ flags: { model: '/m/x.gguf' } })).toEqual(embedded);
  expect(brief({ ...inFile(remote), flags: { model: '/m/x.gguf' } })).toEqual(embedded);
  const own = { ...remote, local: { type: 'llama-cpp', model: 'old.gguf', slots: 3 } };
  expect(used({ ...inFile(own), env: { WARMSLOT_MODEL: 'hf:user/repo:Q4_K_M' } })).toMatchObject([
    { name: 'local', model: 'hf:user/repo:Q4_K_M', slots: 3 },
  ]);
});

test('an existing file is a model file whatever its name, a folder is not', () => {
  const path = folder({ model: 'GGUF' });
  expect(brief({ flags: { model: `${path}/model` } })).toMatchObject([{ type: 'llama-cpp' }]);
  expect(brief({ ...inFile({ mlx: { type: 'vllm-mlx' } }), flags: { model: path } })).toMatchObject([
    { name: 'mlx', model: path },
  ]);
});

test('any other model name is told to the remote engines', () => {
  const backends = { mlx: { type: 'vllm-mlx' }, local: { type: 'llama-cpp', model: 'x.gguf' } };
  expect(brief({ ...inFile(backends), flags: { model: 'qwen' } })).toMatchObject([
    { model: 'qwen' },
    { model: 'x.gguf' },
  ]);
});

test('an engine that was found is used only when none is configured, under the names given for it', () => {
  const found = { name: 'lm-studio', type: 'openai', baseUrl: 'http://127.0.0.1:1234/v1' } as const;
  expect(brief({ found })).toMatchObject([{ name: 'lm-studio', type: 'openai', baseUrl: found.baseUrl }]);
  expect(brief({ found, env: { WARMSLOT_MODEL: 'qwen' } })).toMatchObject([{ name: 'lm-studio', model: 'qwen' }]);
  expect(brief({ found, ...inFile({ mlx: { type: 'vllm-mlx' } }) })).toMatchObject([{ name: 'mlx' }]);
});

test('a model nobody knows is left to the embedded engine to complain of, not replaced by noise', () => {
  expect(brief({ found: { name: 'llama-cpp', type: 'llama-cpp' }, flags: { model: 'qwen' } })).toMatchObject([
    { type: 'llama-cpp', model: 'qwen' },
  ]);
});
