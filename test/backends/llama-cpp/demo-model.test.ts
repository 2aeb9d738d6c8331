import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createDemoModel, demoModelFile } from '../../../src/backends/llama-cpp/demo-model/index.ts';

test('the demo model is the same bytes every time and everywhere; a change of them needs a new version', () => {
  const bytes = createDemoModel();
  expect(bytes.subarray(0, 4).toString()).toBe('GGUF');
  expect(bytes.length).toBeLessThan(6_000_000);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(
    'e2c88f81b06177dfefe48ca6a3a68cdb52bf542c5d167add9052be2b63de300d',
  );
});

test('it is made once, whole or not at all, also when two ask at the same time', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'warmslot-demo-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const models = join(directory, 'models');
  const [first, second] = await Promise.all([demoModelFile(models), demoModelFile(models)]);
  expect(second).toBe(first);
  expect(await readdir(models)).toEqual([basename(first)]);
  expect((await readFile(first)).equals(createDemoModel())).toBe(true);
});
