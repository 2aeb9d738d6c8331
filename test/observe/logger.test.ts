import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '../../src/observe/logger.ts';

function logged(debugLevel: number, facts: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'warmslot-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'deep', 'x.log');
  createLogger({ level: 'info', debugLevel, pretty: false, file }).info(facts, 'said');
  return readFileSync(file, 'utf8');
}

const facts = {
  authorization: 'Bearer SECRET',
  headers: { 'x-api-key': 'SECRET', 'user-agent': 'cli' },
  upstream: { request: { authorization: 'SECRET' } },
  config: { apiKey: 'SECRET', apiKeys: [{ name: 'ana', key: 'SECRET' }] },
  body: { messages: [{ content: 'PRIVATE' }] },
  request: { prompt: 'PRIVATE', model: 'default' },
};

test('keys are never logged, prompt text only at debug level 3', () => {
  const quiet = logged(2, facts);
  expect(quiet).not.toMatch(/SECRET|PRIVATE/);
  expect(JSON.parse(quiet)).toMatchObject({
    level: 30,
    msg: 'said',
    headers: { 'user-agent': 'cli' },
    request: { model: 'default' },
  });
  const loud = logged(3, facts);
  expect(loud).not.toContain('SECRET');
  expect(loud).toContain('PRIVATE');
});

test('a process whose log nobody reads any more still ends', async () => {
  const logger = new URL('../../src/observe/logger.ts', import.meta.url).href;
  const program = `
    const { createLogger } = await import(${JSON.stringify(logger)});
    const log = createLogger({ level: 'info', debugLevel: 0, pretty: false });
    for await (const _ of process.stdin);
    log.info('late');
    log.info('later');
    process.exit(0);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stderr.destroy();
  child.stdin.end();
  expect(await once(child, 'exit')).toEqual([0, null]);
});
