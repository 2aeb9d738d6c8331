/** `warmslot top` against a gateway, as a person and as a script use it. */
import { expect, onTestFinished, test } from 'vitest';
import { startApp } from '../../support/app.ts';
import { startFakeVllmMlx } from '../../support/fake-vllm-mlx.ts';
import type { ConfigInput } from '../../support/gateway.ts';
import { liveClient } from '../../support/live-client.ts';
import { playedEngine } from '../../support/played-engine.ts';
import { openTerminal } from '../../support/terminal.ts';
import { run, start } from '../support.ts';

async function startGateway(config: ConfigInput = {}) {
  const engine = playedEngine();
  const gateway = await startApp(
    { backends: { one: { type: 'openai', baseUrl: 'http://127.0.0.1:1' } }, ...config },
    { backends: { openai: engine.create } },
  );
  onTestFinished(() => gateway.close());
  const ask = (session: string) =>
    liveClient(
      gateway.url,
      { model: 'default', max_tokens: 900, stream: true, messages: [{ role: 'user', content: `I am ${session}` }] },
      { 'x-claude-code-session-id': session },
    );
  return { engine, url: gateway.url, ask };
}

/** Processes start slowly on a machine that is busy. */
const patience = { timeout: 60_000 };

const main = new URL('../../../src/main.ts', import.meta.url).pathname;
const top = (...args: readonly string[]) => openTerminal([process.execPath, main, 'top', ...args]);

test('in a terminal it follows what happens, and leaves it as it was', patience, async () => {
  const { engine, url, ask } = await startGateway();
  const terminal = top('--url', url);
  await terminal.shows(/warmslot \S+ healthy .* http:/);
  await terminal.shows('nothing runs');
  const first = ask('ana-1');
  const generation = await engine.generation(1);
  ask('ben-2');
  await terminal.shows(/local +main +ana-1 +interactive +one #0 +connecting/);
  await terminal.shows(/1 +local +main +ben-2 +interactive .* next: every slot is taken/);
  generation.say({ type: 'text', text: 'Once upon a time' });
  await terminal.shows(/ana-1 .* decoding +\d+ tokens/);
  generation.say({ type: 'ended', reason: 'end_turn' });
  await first.body;
  await terminal.shows(/ben-2 .* connecting/);
  await terminal.shows(/local +main +ana-1 +turn 1/);
  terminal.press('q');
  expect(await terminal.exit).toBe(0);
  expect(terminal.raw()).toContain('\x1b[?1049h');
  expect(terminal.raw().trimEnd().endsWith('\x1b[?25h\x1b[?1049l')).toBe(true);
});

test('it fits the terminal, also when that is resized', patience, async () => {
  const { url } = await startGateway();
  const terminal = top('--url', url);
  await terminal.shows('DECISIONS');
  terminal.resize(9, 40);
  await expect.poll(() => terminal.screen().length, { timeout: 10_000 }).toBeLessThanOrEqual(9);
  await expect.poll(() => Math.max(...terminal.screen().map(({ length }) => length))).toBeLessThanOrEqual(40);
  terminal.press('\x03');
  expect(await terminal.exit).toBe(0);
});

test('with NO_COLOR there are none', patience, async () => {
  const { url } = await startGateway();
  const shown = async (env: Record<string, string>) => {
    const terminal = openTerminal([process.execPath, main, 'top', '--url', url], env);
    await terminal.shows('ENGINES');
    terminal.press('q');
    await terminal.exit;
    return terminal.raw();
  };
  expect(await shown({})).toContain('\x1b[1m');
  expect(await shown({ NO_COLOR: '1' })).not.toContain('\x1b[1m');
});

test('a gateway that is started anew is shown again', patience, async () => {
  const engine = await startFakeVllmMlx();
  onTestFinished(() => engine.close());
  const files = { 'warmslot.json': { backends: { mlx: { type: 'vllm-mlx', baseUrl: engine.url } } } };
  const before = start(['serve', '--port', '0'], {}, files);
  const [, url = '', port = ''] = await before.line(/listening on (http:\S+:(\d+))/);
  const terminal = top('--url', url);
  await terminal.shows('healthy');
  before.child.kill('SIGTERM');
  await before.exit;
  await terminal.shows('the connection is lost, trying again');
  const after = start(['serve', '--port', port], {}, files);
  await after.line(/listening/);
  await expect.poll(() => terminal.screen().join('\n'), { timeout: 10_000 }).not.toContain('is lost');
  await terminal.shows('healthy');
  terminal.press('q');
  expect(await terminal.exit).toBe(0);
});

test('for a script it prints all of it as JSON, or a picture without colours', async () => {
  const { url } = await startGateway();
  const json = await run(['top', '--once', '--json', '--url', url]);
  expect(json).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(json.stdout)).toMatchObject({ gateway: { status: 'healthy' }, engines: [{ name: 'one' }] });
  const picture = await run(['top', '--url', `${url}/`]);
  expect(picture.exitCode).toBe(0);
  expect(picture.stdout).toMatch(/^warmslot \S+ healthy/);
  expect(picture.stdout).toContain('\nENGINES\none         up openai, played\n');
  expect(picture.stdout).not.toContain('\x1b');
});

test('the key is that of the option, else that of the environment', async () => {
  const { url } = await startGateway({ server: { apiKey: 'secret' } });
  expect((await run(['top', '--once', '--url', url, '--key', 'secret'])).exitCode).toBe(0);
  expect((await run(['top', '--once', '--url', url], { WARMSLOT_API_KEY: 'secret' })).exitCode).toBe(0);
  expect(await run(['top', '--once', '--url', url, '--key', 'wrong'])).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: `warmslot: the gateway at ${url} refuses this key; set WARMSLOT_API_KEY to one of its keys\n`,
  });
});

test('where no gateway answers it says so', async () => {
  expect(await run(['top', '--url', 'http://127.0.0.1:1'])).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'warmslot: no gateway answers at http://127.0.0.1:1; start one with warmslot, or name it with --url\n',
  });
});

test('what is no overview is not shown', async () => {
  const engine = await startFakeVllmMlx();
  onTestFinished(() => engine.close());
  expect(await run(['top', '--once', '--url', engine.url])).toMatchObject({
    exitCode: 1,
    stderr: `warmslot: what answers at ${engine.url} is no warmslot of this version\n`,
  });
});
