import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';
import { emptyFolder, run, start } from './support.ts';

async function serve() {
  const engine = await startFakeVllmMlx();
  onTestFinished(() => engine.close());
  const log = join(emptyFolder(), 'logs', 'warmslot.log');
  const running = start(
    ['serve', '--port', '0'],
    { WARMSLOT_DEBUG: '2', WARMSLOT_API_KEY: 'k-1' },
    { 'warmslot.json': { backends: { mlx: { type: 'vllm-mlx', baseUrl: engine.url } }, log: { file: log } } },
  );
  const [, url = ''] = await running.line(/listening on (\S+)/);
  const ask = async (content: string) => {
    const response = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer k-1' },
      body: JSON.stringify({ model: 'default', max_tokens: 900, messages: [{ role: 'user', content }] }),
    });
    await response.text();
    return response.headers.get('request-id') ?? '';
  };
  return { running, url, log, ask };
}

const key = { WARMSLOT_API_KEY: 'k-1' };
const told = (text: string) => text.split('\n').flatMap((line) => /^ +\+\d+\.\d{3} s {2}(\S+)/.exec(line)?.[1] ?? []);

test('a request can be asked after by its id: of the gateway, and of the log when that is gone', async () => {
  const { running, url, log, ask } = await serve();
  const id = await ask('SAY:hello');
  const other = await ask('SAY:other');

  const byId = await run(['trace', id, '--url', url], key);
  expect(byId.stderr).toBe('');
  expect(byId.stdout.split('\n')[0]).toMatch(
    new RegExp(`^${id}, .* UTC: an interactive turn of default, .* done after`),
  );
  expect(told(byId.stdout).filter((state) => state !== '-')).toEqual([
    ...['admitting', 'queued', 'connecting', 'prefilling', 'decoding', 'settling', 'done'],
  ]);
  expect((await run(['trace', '--last', '--url', url, '--key', 'k-1'])).stdout).toContain(other);

  running.child.kill('SIGTERM');
  expect(await running.exit).toBe(0);
  const fromLog = await run(['trace', id, '--log', log]);
  expect(told(fromLog.stdout)).toEqual(told(byId.stdout));
  expect((await run(['trace', '--last', '--log', log])).stdout).toContain(other);
  const config = join(emptyFolder(), 'warmslot.json');
  writeFileSync(config, JSON.stringify({ server: { port: 1 }, log: { file: log } }));
  expect(told((await run(['trace', id, '--config', config])).stdout)).toEqual(told(byId.stdout));
  const json = await run(['trace', id, '--log', log, '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    requestId: id,
    moments: expect.arrayContaining([expect.objectContaining({ type: 'lease.granted', backend: 'mlx' })]),
  });
  for (const line of readFileSync(log, 'utf8').trim().split('\n'))
    expect(JSON.parse(line)).toMatchObject({ time: expect.any(Number), type: expect.any(String) });
});

test('what cannot be told says why', async () => {
  const { url, log } = await serve();
  const failure = async (...args: string[]) => (await run(['trace', ...args], key)).stderr;
  expect(await failure('req_x', '--url', url)).toMatch(/knows nothing of req_x; .*--log FILE/);
  expect(await failure('--last', '--url', url)).toMatch(/knows nothing of any request/);
  expect(await failure('req_x', '--log', log)).toMatch(/tells nothing of req_x; .*debug\.level 2/);
  expect(await failure('req_x', '--log', '/nowhere/x.log')).toMatch(/x\.log cannot be read \(ENOENT\)/);
  expect(await failure('req_x', '--url', 'http://127.0.0.1:1')).toMatch(/no gateway answers at .*--url/);
  const wrongKey = await run(['trace', 'req_x', '--url', url], { WARMSLOT_API_KEY: 'nope' });
  expect(wrongKey.stderr).toMatch(/refuses this key/);
  for (const args of [[], ['a', 'b'], ['a', '--last']]) {
    expect((await run(['trace', ...args])).exitCode).toBe(2);
  }
});
