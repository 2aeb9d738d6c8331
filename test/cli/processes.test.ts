import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { type FakeEngine, startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';
import { emptyFolder, start } from './support.ts';

async function engine(): Promise<FakeEngine> {
  const fake = await startFakeVllmMlx();
  onTestFinished(() => fake.close());
  return fake;
}

/** A port somebody else answers on. */
async function takenPort(): Promise<string> {
  const server = createServer((_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return String((server.address() as AddressInfo).port);
}

/** A PATH on which `claude` is this module. */
function fakeClaude(module: string): string {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'claude'), `#!/bin/sh\nexec '${process.execPath}' '${folder}/claude.js' "$@"\n`);
  writeFileSync(join(folder, 'claude.js'), module);
  chmodSync(join(folder, 'claude'), 0o755);
  return `${folder}:${process.env.PATH}`;
}

/** Prints what it got and what its gateway says, and leaves with 7. */
const reporter = `
const health = await (await fetch(process.env.ANTHROPIC_BASE_URL + '/health')).json();
console.log(JSON.stringify({ args: process.argv.slice(2), env: process.env, health }));
process.exit(7);`;
const report = z.object({
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  health: z.looseObject({ status: z.string() }),
});

test('serve says where it listens and what to export, keeps keys to itself, and ends on SIGTERM with 0', async () => {
  const { url } = await engine();
  const env = {
    VLLM_MLX_URL: url,
    VLLM_MLX_API_KEY: 'engine-secret',
    WARMSLOT_API_KEY: 'client-secret',
    WARMSLOT_DEBUG: '3',
  };
  const gateway = start(['--port', '0'], env);
  const [, listening = ''] = await gateway.line(/^warmslot listening on (http:\/\/127\.0\.0\.1:\d+)\n/);
  await gateway.line(/CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC/);
  expect(gateway.stdout()).toContain(`vllm-mlx: vllm-mlx at ${url}`);
  expect(gateway.stdout()).toContain(
    `\nexport ANTHROPIC_BASE_URL='${listening}'\nexport ANTHROPIC_AUTH_TOKEN='<your key>'\n`,
  );
  expect((await fetch(`${listening}/v1/models`)).status).toBe(401);
  expect((await fetch(`${listening}/v1/models`, { headers: { 'x-api-key': 'client-secret' } })).status).toBe(200);
  gateway.child.kill('SIGTERM');
  expect(await gateway.exit).toBe(0);
  expect(gateway.stdout() + gateway.stderr()).not.toMatch(/engine-secret|client-secret/);
  for (const line of gateway.stderr().split('\n').slice(0, -1)) expect(JSON.parse(line)).toHaveProperty('msg');
});

test("serve --inspect=stately offers Stately's viewer, and says what that means", async () => {
  const { url } = await engine();
  const gateway = start(['--port', '0', '--inspect=stately'], { VLLM_MLX_URL: url });
  const [, page = ''] = await gateway.line(/\nStately's viewer: (http:\S+)\n {2}What it shows leaves this machine/);
  expect((await fetch(page)).status).toBe(200);
});

test('a taken port is an error in one line', async () => {
  const port = await takenPort();
  const { url } = await engine();
  const gateway = start(['--port', port, '--log-level', 'silent'], { VLLM_MLX_URL: url });
  expect(await gateway.exit).toBe(1);
  expect(gateway.stderr()).toBe(
    `warmslot: port ${port} on 127.0.0.1 is taken; stop what uses it, or choose another with --port\n`,
  );
});

/** A stream that lasts for minutes. */
function askLong(listening: string): Promise<Response> {
  return fetch(`${listening}/v1/messages`, {
    method: 'POST',
    body: JSON.stringify({
      model: 'default',
      max_tokens: 1000,
      stream: true,
      messages: [{ role: 'user', content: 'DELAY:1000\nLONG:1000' }],
    }),
  });
}

test('at a signal serve says what it waits for, and ends what takes longer with an error and itself with 0', async () => {
  const { url } = await engine();
  const gateway = start(
    ['--config', 'drain.json', '--port', '0'],
    { VLLM_MLX_URL: url },
    { 'drain.json': { server: { drainSeconds: 0.1 } } },
  );
  const [, listening = ''] = await gateway.line(/listening on (\S+)/);
  const answer = await askLong(listening);
  gateway.child.kill('SIGTERM');
  expect(await answer.text()).toMatch(/event: error\ndata: .*shutting down/);
  expect(await gateway.exit).toBe(0);
  expect(gateway.stderr()).toContain('ending; 1 answer may take 0.1 s more');
});

test('a second signal ends serve at once, whatever still runs', async () => {
  const { url } = await engine();
  const gateway = start(['--port', '0'], { VLLM_MLX_URL: url });
  const [, listening = ''] = await gateway.line(/listening on (\S+)/);
  const answer = await askLong(listening);
  expect(answer.status).toBe(200);
  const cut = expect(answer.text()).rejects.toThrow();
  gateway.child.kill('SIGTERM');
  gateway.child.kill('SIGINT');
  expect(await gateway.exit).toBe(1);
  await cut;
});

test('code starts a gateway beside a taken port, hands claude its arguments and environment, and leaves with its code', async () => {
  const { url } = await engine();
  const port = await takenPort();
  const code = start(['code', '-p', 'say --help', '--model', 'opus'], {
    PATH: fakeClaude(reporter),
    VLLM_MLX_URL: url,
    WARMSLOT_PORT: port,
    ANTHROPIC_API_KEY: 'of the cloud',
  });
  expect(await code.exit).toBe(7);
  expect(code.stderr()).toBe(`warmslot: started a gateway; its log is ${code.home}/.local/state/warmslot/code.log\n`);
  const { args, env, health } = report.parse(JSON.parse(code.stdout()));
  expect(args).toEqual(['-p', 'say --help', '--model', 'opus']);
  expect(env.ANTHROPIC_BASE_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(env.ANTHROPIC_BASE_URL).not.toContain(`:${port}`);
  expect(env.ANTHROPIC_MODEL).toMatch(/^anthropic-./);
  expect(env).not.toHaveProperty('ANTHROPIC_API_KEY');
  expect(health.status).toBe('healthy');
});

test('code hands on a signal and leaves as claude did', async () => {
  const { url } = await engine();
  const PATH = fakeClaude(`setInterval(() => {}, 1000); console.log('ready');`);
  const code = start(['code'], { PATH, VLLM_MLX_URL: url, WARMSLOT_PORT: '0' });
  await code.line(/ready/);
  code.child.kill('SIGTERM');
  expect(await code.exit).toBe(128 + 15);
});

test('PROXY_ONLY only serves; code and doctor use a gateway that runs', async () => {
  const { url } = await engine();
  const gateway = start(['code'], { VLLM_MLX_URL: url, WARMSLOT_PORT: '0', PROXY_ONLY: 'true' });
  const [, listening = ''] = await gateway.line(/listening on (\S+)/);
  const { port } = new URL(listening);
  const code = start(['code'], { PATH: fakeClaude(reporter), VLLM_MLX_URL: url, WARMSLOT_PORT: port });
  const doctor = start(['doctor', '--port', port], { VLLM_MLX_URL: url });
  expect([await code.exit, code.stderr()]).toEqual([7, '']);
  expect(report.parse(JSON.parse(code.stdout())).env.ANTHROPIC_BASE_URL).toBe(listening);
  expect(await doctor.exit).toBe(0);
  expect(doctor.stdout()).toContain(` at ${listening}\n`);
  expect(doctor.stdout()).toMatch(/✓ turn 2 reused \d+ of \d+ prompt tokens/);
});

test('doctor names an engine that is not there, and leaves with 1', async () => {
  const fake = await engine();
  await fake.close();
  const doctor = start(['doctor', '--port', '0'], { VLLM_MLX_URL: fake.url });
  expect(await doctor.exit).toBe(1);
  expect(doctor.stdout()).toMatch(/✗ vllm-mlx: vllm-mlx at .*\n {2}→ start the engine/);
});
