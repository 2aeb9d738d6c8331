import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { version } from '../../src/version.ts';

const scripts = new URL('../../scripts/', import.meta.url).pathname;
/** Makes any Node say it is 20, as far as JavaScript can see. */
const older = `data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })",
)}`;

function start(script: string, args: readonly string[], nodeArgs: readonly string[] = ['--import', older]) {
  const home = mkdtempSync(join(tmpdir(), 'warmslot-node24-'));
  const child = spawn(process.execPath, [...nodeArgs, script, ...args], {
    cwd: home,
    // An engine that is not there: serve comes up without looking for one.
    env: { PATH: process.env.PATH ?? '', HOME: home, VLLM_MLX_URL: 'http://127.0.0.1:9' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });
  return { child, stdout: text(child.stdout), stderr: text(child.stderr), exit: once(child, 'close') };
}

test('an older Node hands over to the installed one, with arguments and exit code', async () => {
  const said = start(join(scripts, 'warmslot.mjs'), ['--version']);
  expect(await said.exit).toEqual([0, null]);
  expect(await said.stdout).toBe(`${version}\n`);
  const wrong = start(join(scripts, 'warmslot.mjs'), ['srve']);
  expect(await wrong.exit).toEqual([2, null]);
});

test('Node 24 runs warmslot itself', async () => {
  const said = start(join(scripts, 'warmslot.mjs'), ['--version'], []);
  expect(await said.exit).toEqual([0, null]);
  expect(await said.stdout).toBe(`${version}\n`);
});

test('a signal for the older Node ends the gateway, and both leave with 0', async () => {
  const gateway = start(join(scripts, 'warmslot.mjs'), ['--port', '0']);
  const { child } = gateway;
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  expect(await gateway.exit).toEqual([0, null]);
});

test.each(['warmslot.mjs', 'need-node24.mjs'])('%s without the installed Node says what to do', async (script) => {
  const folder = mkdtempSync(join(tmpdir(), 'warmslot-checkout-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const file of [script, 'node24.mjs']) cpSync(join(scripts, file), join(folder, 'scripts', file));
  const said = start(join(folder, 'scripts', script), ['--help']);
  expect(await said.exit).toEqual([1, null]);
  expect(await said.stderr).toMatch(
    /^warmslot: needs Node 24 or newer, .* missing\.\n.*\nMend it with one of: {2}npm ci /,
  );
});
