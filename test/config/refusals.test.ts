import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJsonc } from '../../src/config/jsonc.ts';
import { refusal } from './support.ts';

const inFile = (value: unknown) => refusal({ files: { 'warmslot.json': value } });
const backend = (entry: unknown, name = 'mlx') => inFile({ backends: { [name]: entry } });

test.each<[string, unknown, string]>([
  ['an unknown key', { sever: {} }, 'sever: unknown key; did you mean "server"?'],
  ['one deep inside', { server: { prot: 1 } }, 'server.prot: unknown key; did you mean "port"?'],
  [
    'one of a backend',
    { backends: { a: { type: 'openai', baseUrl: 'http://x', apikey: 'k' } } },
    'backends.a.apikey: unknown key; did you mean "apiKey"?',
  ],
  ['one like no other', { cache: { responses: { size: 1 } } }, 'cache.responses.size: unknown key; known are max'],
  [
    'one in a list',
    { server: { apiKeys: [{ name: 'a', key: 'b', kye: 1 }] } },
    'server.apiKeys[0].kye: unknown key; did you mean "key"?',
  ],
  [
    'a wrong type',
    { server: { port: '8051' } },
    'server.port: expected number, received string; it is the port to listen on, 0 for any free one',
  ],
  [
    'a number out of range',
    { debug: { level: 4 } },
    'debug.level: too big: expected number to be <=3; it is 0 quiet, 1 requests, 2 decisions, 3 bodies',
  ],
  ['no object at all', [], 'the file: expected object, received array'],
  [
    'an empty key',
    { server: { apiKey: '' } },
    'server.apiKey: empty; write a key of at least one character, or remove it',
  ],
  [
    'a key twice',
    {
      server: {
        apiKeys: [
          { name: 'a', key: 'sec' },
          { name: 'b', key: 'sec' },
        ],
      },
    },
    'server.apiKeys[1].key: the same key as in [0]; give everybody their own',
  ],
  [
    'a name twice',
    {
      server: {
        apiKeys: [
          { name: 'a', key: 'x' },
          { name: 'a', key: 'y' },
        ],
      },
    },
    'server.apiKeys[1].name: the same name as in [0]; give everybody their own',
  ],
  [
    'a client without a key',
    { server: { apiKeys: [{ name: 'a' }] } },
    'server.apiKeys[0].key: missing, expected string; it is what the client sends',
  ],
  [
    'a backend that is not there',
    { backend: 'mxl', backends: { mlx: { type: 'vllm-mlx' } } },
    'backend: there is no backend "mxl"; did you mean "mlx"?',
  ],
  ['a backend when there is none', { backend: 'mlx' }, 'backend: there is no backend "mlx"; add it to backends'],
  [
    'an alias to nowhere',
    { backends: { mlx: { type: 'vllm-mlx' } }, models: { 'claude-*': 'x' } },
    'models["claude-*"]: there is no backend "x"; known are mlx',
  ],
  [
    'several things at once',
    { server: { port: 'a', host: 1 } },
    'server.host: expected string, received number; it is the address to listen on (and 1 more)',
  ],
])('%s is named with its path', (_, value, message) => {
  expect(inFile(value)).toBe(`warmslot.json: ${message}`);
});

test.each<[string, unknown, string]>([
  [
    'no type',
    {},
    'backends.mlx.type: missing; "mlx" is not a type itself, write one of vllm-mlx, llama-cpp, openai, anthropic',
  ],
  [
    'an unknown type',
    { type: 'vllm' },
    `backends.mlx.type: expected one of "vllm-mlx"|"llama-cpp"|"openai"|"anthropic"; it is the kind of engine; needless where the backend's name is one`,
  ],
  [
    'no http URL',
    { type: 'openai', baseUrl: 'localhost:8000' },
    'backends.mlx.baseUrl: not an http(s) URL; write it like http://127.0.0.1:8000/v1',
  ],
  [
    'no URL',
    { type: 'openai' },
    'backends.mlx.baseUrl: missing; say where the engine listens, like http://127.0.0.1:1234/v1',
  ],
  [
    'two addresses',
    { type: 'openai', baseUrl: 'http://x', port: 1 },
    'backends.mlx.port: baseUrl is given too; remove one of them',
  ],
  [
    'an address of the embedded engine',
    { type: 'llama-cpp', port: 1 },
    'backends.mlx.port: the embedded engine has no address; remove it, or use the type openai for a llama-server',
  ],
])('a backend with %s is refused', (_, entry, message) => {
  expect(backend(entry)).toBe(`warmslot.json: ${message}`);
});

test.each<[Record<string, string>, string]>([
  [{ WARMSLOT_PORT: 'http' }, 'WARMSLOT_PORT: "http" is not a port; give a number from 0 to 65535'],
  [{ WARMSLOT_PORT: '65536' }, 'WARMSLOT_PORT: "65536" is not a port; give a number from 0 to 65535'],
  [
    { WARMSLOT_DEBUG: 'yes' },
    'WARMSLOT_DEBUG: "yes" is not a level; give 0 (quiet), 1 (requests), 2 (decisions) or 3 (bodies)',
  ],
  [{ WARMSLOT_LOG_LEVEL: 'inof' }, 'WARMSLOT_LOG_LEVEL: "inof" is not a log level; did you mean "info"?'],
  [{ VLLM_MLX_URL: 'studio:8000' }, 'VLLM_MLX_URL: not an http(s) URL; write it like http://127.0.0.1:8000/v1'],
])('%o is refused', (env, message) => {
  expect(refusal({ env })).toBe(message);
});

test('a flag is named as a flag', () => {
  const env = { WARMSLOT_PORT: '1' };
  expect(refusal({ env, flags: { port: 'x' } })).toBe('--port: "x" is not a port; give a number from 0 to 65535');
});

test.each([
  ['{ "a": 1\n  "b": 2 }', '2:3'],
  ['{ "a": x }', '1:8'],
  ['{ // { \n "key": "secret" secret }', '2:18'],
  ['{ "a": ', '1:8'],
  ['', '1:1'],
  ['{} }', '1:4'],
])('broken JSON is named by line and column: %s', (text, place) => {
  expect(inFile(text)).toBe(`warmslot.json:${place}: not valid JSON here; mend the file or name another with --config`);
});

test('any JSON is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(undefined, 1, 2), (text, indent) => {
      const value: unknown = JSON.parse(text);
      expect(parseJsonc(JSON.stringify(value, null, indent))).toEqual({ ok: true, value });
    }),
  );
});

test('a character that cannot stand where it is put is found there', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: 10, max: 99 }), fc.string()), { minLength: 1 }),
      fc.nat(),
      (list, at) => {
        const index = at % list.length;
        const before = `[${list
          .slice(0, index)
          .map((item) => `${JSON.stringify(item)},`)
          .join('')}`;
        const text = `${before}%${list
          .slice(index)
          .map((item) => JSON.stringify(item))
          .join()}]`;
        expect(parseJsonc(text)).toMatchObject({ ok: false, reason: `1:${before.length + 1}: not valid JSON here` });
      },
    ),
  );
});
