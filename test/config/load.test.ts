import { join } from 'node:path';
import { expect, test } from 'vitest';
import { enabledBackends } from '../../src/config/backends.ts';
import { load, refusal } from './support.ts';

test('without anything said the gateway listens on loopback, keeps 32 answers and has no backend', () => {
  const { config, source, notices } = load();
  expect(config.server).toEqual({ host: '127.0.0.1', port: 8051, apiKeys: [], hostNames: [], drainSeconds: 20 });
  expect(config.cache.responses.max).toBe(32);
  expect(config.debug.level).toBe(0);
  expect(enabledBackends(config)).toEqual([]);
  expect(source).toBeUndefined();
  expect(notices).toEqual([]);
});

test('flags beat the environment, the environment beats the file, the file beats the defaults', () => {
  const files = { 'warmslot.json': { server: { host: '127.0.0.5', port: 1 }, log: { level: 'error' } } };
  const env = { WARMSLOT_PORT: '2', WARMSLOT_LOG_LEVEL: 'warn', WARMSLOT_HOST: '' };
  const flags = { port: '3' };
  expect(load({ files }).config.server.port).toBe(1);
  expect(load({ files, env }).config.server.port).toBe(2);
  const { config } = load({ files, env, flags });
  expect(config.server).toMatchObject({ host: '127.0.0.5', port: 3, drainSeconds: 20 });
  expect(config.log.level).toBe('warn');
});

test('the file is looked for in a fixed order', () => {
  const file = (port: number) => ({ server: { port } });
  const files = {
    'named.json': file(1),
    'variable.json': file(2),
    'warmslot.json': file(3),
    '.anyclauderc.json': { debug: { level: 2 } },
    '.config/warmslot/config.json': file(5),
    'xdg/warmslot/config.json': file(6),
  };
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(files).filter(([name]) => !names.includes(name)));
  const env = { WARMSLOT_CONFIG: 'variable.json' };
  expect(load({ files, env, flags: { config: 'named.json' } }).config.server.port).toBe(1);
  expect(load({ files, env }).config.server.port).toBe(2);
  const local = load({ files });
  expect(local.config.server.port).toBe(3);
  expect(local.source).toBe(join(local.cwd, 'warmslot.json'));
  expect(load({ files: without('warmslot.json') }).config.debug.level).toBe(2);
  expect(load({ files: without('warmslot.json', '.anyclauderc.json') }).config.server.port).toBe(5);
});

test('XDG_CONFIG_HOME moves the last place', () => {
  const { cwd } = load({ files: { 'xdg/warmslot/config.json': { server: { port: 6 } } } });
  expect(load({ env: { XDG_CONFIG_HOME: join(cwd, 'xdg') } }).config.server.port).toBe(6);
});

test('a file that is named must be there', () => {
  expect(refusal({ flags: { config: 'gone.json' } })).toBe(
    'gone.json: cannot be read (ENOENT); name another file with --config or WARMSLOT_CONFIG',
  );
});

test('comments and trailing commas are fine', () => {
  const text = '{\n  // the port\n  "server": { "port": 9, /* not "8" */ "hostNames": ["a//b,}",], },\n}\n';
  expect(load({ files: { 'warmslot.json': text } }).config.server).toMatchObject({ port: 9, hostNames: ['a//b,}'] });
});

test('all that the contract shows is accepted', () => {
  const { config } = load({
    files: {
      'warmslot.json': {
        $schema: './warmslot.schema.json',
        server: { host: '127.0.0.1', port: 8051, apiKeys: [{ name: 'ana', key: 'k' }], drainSeconds: 20 },
        backend: 'mlx',
        backends: {
          mlx: {
            type: 'vllm-mlx',
            enabled: true,
            priority: 1,
            baseUrl: 'http://studio.local:8000/v1',
            apiKey: 'secret',
            model: 'qwen',
            slots: 1,
            contextWindow: 131072,
            maxOutputTokens: 32768,
            toolGrammar: 'auto',
            sampling: { temperature: 0.7, topP: 0.8, topK: 20 },
          },
          local: { type: 'llama-cpp', priority: 2, model: 'hf:user/repo:Q4_K_M' },
          other: { type: 'openai', priority: 3, baseUrl: 'http://127.0.0.1:1234/v1' },
          cloud: { type: 'anthropic', enabled: false, priority: 9, baseUrl: 'https://api.anthropic.com' },
        },
        models: { 'claude-*': 'mlx', 'anthropic-local-qwen': 'mlx' },
        cache: { responses: { max: 32 }, snapshots: { dir: '/tmp/s', maxBytes: 8589934592 } },
        debug: { level: 0 },
      },
    },
  });
  expect(enabledBackends(config)).toEqual([
    {
      name: 'mlx',
      type: 'vllm-mlx',
      priority: 1,
      baseUrl: 'http://studio.local:8000/v1',
      apiKey: 'secret',
      model: 'qwen',
      slots: 1,
      contextWindow: 131072,
      maxOutputTokens: 32768,
      toolGrammar: 'auto',
      askAgain: true,
      use: 'all',
      sampling: { temperature: 0.7, topP: 0.8, topK: 20 },
      modelsDir: expect.stringMatching(/^\/.*\/\.cache\/warmslot\/models$/),
      snapshots: { dir: '/tmp/s', maxBytes: 8589934592 },
    },
  ]);
  const { backend: _, ...all } = config;
  expect(enabledBackends(all).map(({ name }) => name)).toEqual(['mlx', 'local', 'other']);
});

test('one key is as good as a list, and comes first', () => {
  const files = { 'warmslot.json': { server: { apiKey: 'one', apiKeys: [{ name: 'ana', key: 'two' }] } } };
  const names = (env = {}) => load({ files, env }).config.server.apiKeys;
  expect(names()).toEqual([
    { name: 'default', key: 'one' },
    { name: 'ana', key: 'two' },
  ]);
  expect(names({ WARMSLOT_API_KEY: 'three' })).toEqual([
    { name: 'default', key: 'three' },
    { name: 'ana', key: 'two' },
  ]);
});

test('a host that is a name is a name clients may use', () => {
  const server = { host: 'Studio.local', hostNames: ['Mac.Example'], apiKey: 'k' };
  expect(load({ files: { 'warmslot.json': { server } } }).config.server.hostNames).toEqual([
    'mac.example',
    'studio.local',
  ]);
});

test('so is one given for this run', () => {
  const env = { WARMSLOT_API_KEY: 'k' };
  expect(load({ flags: { host: 'mac.local' }, env }).config.server.hostNames).toEqual(['mac.local']);
});

test.each(['localhost', '127.0.0.1', '127.8.0.1', '::1'])('%s needs no key', (host) => {
  expect(load({ flags: { host } }).config.server.host).toBe(host);
});

test.each(['0.0.0.0', '::', '192.168.1.4', 'studio.local', '127.evil.example'])('%s needs a key', (host) => {
  expect(refusal({ flags: { host } })).toBe(
    `server.host: ${host} lets other machines in and no key is set; ` +
      'set WARMSLOT_API_KEY or server.apiKeys, or listen on 127.0.0.1',
  );
  expect(load({ flags: { host }, env: { WARMSLOT_API_KEY: 'k' } }).config.server.host).toBe(host);
});

test('the debug level comes from either variable, ours first', () => {
  expect(load({ env: { ANYCLAUDE_DEBUG: '3' } }).config.debug.level).toBe(3);
  expect(load({ env: { ANYCLAUDE_DEBUG: '3', WARMSLOT_DEBUG: '1' } }).config.debug.level).toBe(1);
});
