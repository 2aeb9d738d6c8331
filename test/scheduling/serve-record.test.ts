import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readRecorded } from '../../scripts/simulate/recorded.ts';
import { emptyFolder, run, start } from '../cli/support.ts';
import { startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';

test('serve --record writes a trace that is complete when the gateway has ended', async () => {
  const engine = await startFakeVllmMlx();
  onTestFinished(() => engine.close());
  const gateway = start(['serve', '--port', '0', '--record', 'trace.jsonl'], { VLLM_MLX_URL: engine.url });
  const [, url = ''] = await gateway.line(/listening on (\S+)\n/);
  for (const content of ['SAY:one', 'SAY:two']) {
    const body = JSON.stringify({ model: 'default', max_tokens: 100, messages: [{ role: 'user', content }] });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body });
    expect(response.status, await response.text()).toBe(200);
  }
  gateway.child.kill('SIGTERM');
  expect(await gateway.exit).toBe(0);
  const text = readFileSync(join(gateway.home, 'trace.jsonl'), 'utf8');
  expect(readRecorded(text)).toHaveLength(2);
});

test('a recording is never written over another file', async () => {
  const file = join(emptyFolder(), 'trace.jsonl');
  writeFileSync(file, 'precious');
  const { exitCode, stderr } = await run(['serve', '--record', file], { WARMSLOT_PORT: '0' });
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: expect.stringMatching(/trace\.jsonl exists already; name another file with --record\n$/),
  });
  expect(readFileSync(file, 'utf8')).toBe('precious');
});
