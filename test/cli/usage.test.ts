import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { version } from '../../src/version.ts';
import { run } from './support.ts';

test.each<[string[], string]>([
  [['srve'], 'there is no command "srve" (did you mean "serve"?); see warmslot --help'],
  [
    ['zzzzzz'],
    'there is no command "zzzzzz" (known are serve, code, env, doctor, trace, top, pull); see warmslot --help',
  ],
  [
    ['constructor'],
    'there is no command "constructor" (known are serve, code, env, doctor, trace, top, pull); see warmslot --help',
  ],
  [['--prot', '1'], 'unknown option --prot (did you mean "port"?); see warmslot serve --help'],
  [['serve', '--port'], "option '--port <value>' argument missing; see warmslot serve --help"],
  [
    ['serve', '--inspect', 'x'],
    '--inspect: "x" is not known; the one viewer besides the gateway\'s own page is stately',
  ],
  [['serve', 'extra'], "unexpected argument 'extra'; see warmslot serve --help"],
  [['--port', 'x'], '--port: "x" is not a port; give a number from 0 to 65535'],
  [
    ['serve', '--host', '0.0.0.0'],
    'server.host: 0.0.0.0 lets other machines in and no key is set; set WARMSLOT_API_KEY or server.apiKeys, or listen on 127.0.0.1',
  ],
  [['env', '--shell', 'csh'], '--shell: "csh" is not known; write one of sh, fish, json (sh is for bash and zsh too)'],
  [
    ['env', '--port', '1', '--log-level', 'lots'],
    '--log-level: "lots" is not a log level; known are trace, debug, info, warn, error, fatal, silent',
  ],
  [['pull'], 'name one model, like hf:user/repo:Q4_K_M; see warmslot pull --help'],
  [['pull', 'qwen'], '"qwen" is nothing to download; write hf:user/repo:quant or the URL of a GGUF file'],
])('%j is wrong usage: one line, exit code 2', async (args, message) => {
  expect(await run(args)).toEqual({ exitCode: 2, stdout: '', stderr: `warmslot: ${message}\n` });
});

test.each(['serve', 'code', 'env', 'doctor', 'trace', 'top', 'pull'])('%s has help', async (name) => {
  const { exitCode, stdout, stderr } = await run([name, '--help']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(new RegExp(`^usage: warmslot \\[?${name}\\b`));
});

test('the overview names every command, the version is the package’s', async () => {
  const { exitCode, stdout } = await run(['--help']);
  expect(exitCode).toBe(0);
  for (const name of ['serve', 'code', 'env', 'doctor', 'trace', 'top', 'pull']) expect(stdout).toContain(`  ${name} `);
  expect(await run(['--version'])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
});

test('code without claude says how to install it', async () => {
  expect(await run(['code'], { PATH: '/nowhere' })).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'warmslot: claude is not on the PATH; install it with: npm install -g @anthropic-ai/claude-code\n',
  });
});

const environment = z.record(z.string(), z.string());
const json = async (env: Record<string, string>) =>
  environment.parse(JSON.parse((await run(['env', '--shell', 'json'], env)).stdout));

test('env without a gateway speaks of the configured engine', async () => {
  const variables = await json({
    WARMSLOT_PORT: '1',
    WARMSLOT_API_KEY: 'ana-key',
    VLLM_MLX_URL: 'http://mac:8000',
    VLLM_MLX_MODEL: '/models/Qwen3-Coder',
  });
  expect(variables).toMatchObject({
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:1',
    ANTHROPIC_AUTH_TOKEN: 'ana-key',
    ANTHROPIC_MODEL: 'anthropic-qwen3-coder',
    CLAUDE_CODE_MAX_CONTEXT_TOKENS: '131072',
  });
});

test('env asks a running gateway for its model, with the key', async () => {
  const health = { status: 'healthy', version: '1', uptime_s: 1, model: 'm', model_loaded: true, backends: [] };
  const entry = { id: 'anthropic-m', display_name: 'm', max_input_tokens: 65536, max_tokens: 4096 };
  const server = createServer(({ url, headers }, response) => {
    const allowed = url === '/health' || headers.authorization === 'Bearer k';
    response.statusCode = allowed ? 200 : 401;
    response.end(JSON.stringify(url === '/health' ? health : { data: [entry] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  expect(await json({ WARMSLOT_PORT: String(port), WARMSLOT_API_KEY: 'k' })).toMatchObject({
    ANTHROPIC_MODEL: 'anthropic-m',
    ANTHROPIC_DEFAULT_HAIKU_MODEL: 'anthropic-m',
    CLAUDE_CODE_MAX_CONTEXT_TOKENS: '65536',
    CLAUDE_CODE_AUTO_COMPACT_WINDOW: '100000',
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: '4096',
  });
  const refused = await run(['env'], { WARMSLOT_PORT: String(port), WARMSLOT_API_KEY: 'wrong' });
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toMatch(
    /^warmslot: the gateway at \S+ refuses this key; set WARMSLOT_API_KEY to one of its keys\n$/,
  );
});
