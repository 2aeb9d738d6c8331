import { expect, test } from 'vitest';
import { enabledBackends } from '../../src/config/backends.ts';
import { load, refusal } from './support.ts';

const read = (value: unknown) => load({ files: { '.anyclauderc.json': value } });

test('a file of the other tool works unchanged, and what means nothing here is named', () => {
  const { config, notices } = read({
    '// COMMENT': 'how that tool writes comments',
    backend: 'vllm-mlx',
    debug: { level: 1, enableTraces: false, enableStreamLogging: true },
    webSearch: { provider: 'x' },
    backends: {
      'vllm-mlx': {
        enabled: true,
        port: 8081,
        baseUrl: 'http://localhost:8081/v1',
        apiKey: 'vllm-mlx',
        model: 'current-model',
        modelPath: '/models/qwen',
        serverScript: 'scripts/server.py',
        autoStartServer: true,
        startupTimeout: 120,
        pythonVenv: '~/venv',
        description: 'words',
      },
      lmstudio: { enabled: false, baseUrl: 'http://localhost:1234/v1', apiKey: 'lm-studio', compatibility: 'legacy' },
      'mlx-cluster': { enabled: true, discovery: {} },
    },
  });
  expect(enabledBackends(config)).toMatchObject([
    { name: 'vllm-mlx', type: 'vllm-mlx', baseUrl: 'http://localhost:8081/v1', apiKey: 'vllm-mlx' },
  ]);
  expect(enabledBackends(config)[0]).not.toHaveProperty('model');
  expect(config.debug.level).toBe(1);
  expect(notices).toHaveLength(1);
  expect(notices[0]).toMatch(
    /\.anyclauderc\.json: means nothing to warmslot and is ignored: webSearch, debug\.enableTraces, debug\.enableStreamLogging, backends\.vllm-mlx\.modelPath, .*backends\.lmstudio\.compatibility, backends\.mlx-cluster$/,
  );
});

test('its names mean our types', () => {
  const names = ['mlx', 'mlx-lm', 'mlx-textgen', 'vllm-mlx', 'lmstudio', 'local', 'openrouter', 'claude'];
  const backends = Object.fromEntries(names.map((name) => [name, { enabled: true, port: 1 }]));
  expect(enabledBackends(read({ backends }).config).map(({ name, type }) => [name, type])).toEqual([
    ['mlx', 'vllm-mlx'],
    ['mlx-lm', 'vllm-mlx'],
    ['mlx-textgen', 'vllm-mlx'],
    ['vllm-mlx', 'vllm-mlx'],
    ['lmstudio', 'openai'],
    ['local', 'openai'],
    ['openrouter', 'openai'],
    ['claude', 'anthropic'],
  ]);
});

test('the cloud is used only when the file says so', () => {
  const backends = { claude: { apiKey: 'k' }, openrouter: { apiKey: 'k', model: 'z-ai/glm' }, mlx: { port: 8080 } };
  const names = (value: unknown) => enabledBackends(read(value).config).map(({ name, baseUrl }) => [name, baseUrl]);
  expect(names({ backends })).toEqual([['mlx', 'http://127.0.0.1:8080/v1']]);
  expect(names({ backends, backend: 'openrouter' })).toEqual([['openrouter', 'https://openrouter.ai/api/v1']]);
  expect(names({ backends: { ...backends, claude: { enabled: true } } })).toEqual([
    ['claude', 'https://api.anthropic.com/v1'],
    ['mlx', 'http://127.0.0.1:8080/v1'],
  ]);
});

test('a backend that is only named has the address that tool knows for it', () => {
  expect(enabledBackends(read({ backend: 'lmstudio' }).config)).toMatchObject([
    { name: 'lmstudio', type: 'openai', baseUrl: 'http://127.0.0.1:1234/v1' },
  ]);
});

test('a cluster as the chosen backend leaves the others', () => {
  const { config, notices } = read({ backend: 'mlx-cluster', backends: { mlx: {} } });
  expect(enabledBackends(config)).toMatchObject([{ name: 'mlx' }]);
  expect(notices[0]).toContain('backend "mlx-cluster"');
});

test('wrong values are refused with their path', () => {
  const file = (value: unknown) => refusal({ files: { '.anyclauderc.json': value } });
  expect(file({ debug: { level: 'high' } })).toMatch(
    /^\.anyclauderc\.json: debug\.level: expected number, received string/,
  );
  expect(file({ backends: { mlx: { baseUrl: 'nowhere' } } })).toMatch(
    /^\.anyclauderc\.json: backends\.mlx\.baseUrl: not an http/,
  );
  expect(file({ backends: [] })).toMatch(/^\.anyclauderc\.json: backends: expected record, received array/);
});
