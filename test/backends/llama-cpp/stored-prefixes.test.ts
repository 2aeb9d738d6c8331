/** What the engine tells of its disk: the scheduler goes by it. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createStoredPrefixes } from '../../../src/backends/llama-cpp/stored-prefixes.ts';
import { namesIn, plenty, prefixed } from './snapshot-support.ts';
import { startDemo, userPrompt } from './support.ts';

async function snapshotDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'warmslot-stored-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Stopped after the test. */
async function watchedDemo(dir: string, maxBytes = plenty) {
  const demo = await startDemo({ snapshots: { dir, maxBytes } });
  onTestFinished(() => demo.stop());
  const told: (readonly string[])[] = [];
  demo.backend.watchSnapshots?.((prefixKeys) => told.push(prefixKeys));
  return { ...demo, told };
}

test('a prefix is on disk before the answer to its first prompt ends, and known again to the next process', async () => {
  const dir = await snapshotDir();
  const [one, two] = [prefixed(1), prefixed(2)];
  const demo = await watchedDemo(dir);
  await demo.answer(one, { maxTokens: 1 });
  expect(demo.told).toEqual([[one.prefixKey]]);
  await demo.answer(prefixed(1, 'another question'), { maxTokens: 1 });
  await demo.answer(userPrompt('too short to be kept'), { maxTokens: 1 });
  await demo.answer(two, { maxTokens: 1 });
  expect(demo.told).toEqual([[one.prefixKey], [two.prefixKey, one.prefixKey]]);

  const next = await watchedDemo(dir);
  expect(next.told).toEqual([]);
  next.backend.countTokens(two, next.info);
  expect(next.told).toEqual([[two.prefixKey]]);
  next.backend.countTokens(prefixed(3), next.info);
  expect(next.told).toHaveLength(1);
});

test('one that gave way to another, or that somebody removed, is told to be gone', async () => {
  const dir = await snapshotDir();
  const [one, two] = [prefixed(1), prefixed(2)];
  const measured = await watchedDemo(dir);
  await measured.answer(one, { maxTokens: 1 });
  const { size } = await stat(join(dir, (await namesIn(dir, '.snapshot'))[0] ?? ''));

  const demo = await watchedDemo(dir, size * 1.5);
  demo.backend.countTokens(one, demo.info);
  await demo.answer(two, { maxTokens: 1 });
  expect(demo.told).toEqual([[one.prefixKey], [two.prefixKey]]);

  for (const name of await namesIn(dir, '.snapshot')) await rm(join(dir, name));
  await demo.answer(userPrompt('something else'), { maxTokens: 1 });
  await demo.answer(two, { maxTokens: 1 });
  expect(demo.told.slice(2)).toEqual([[], [two.prefixKey]]);
});

test('nothing is told twice', () => {
  const stored = createStoredPrefixes();
  const told: (readonly string[])[] = [];
  stored.watch((prefixKeys) => told.push(prefixKeys));
  stored.meet('p', 'a');
  stored.meet('q', undefined);
  stored.found(new Set(['b']));
  expect(told).toEqual([]);
  stored.found(new Set(['a', 'b']));
  stored.found(new Set(['a']));
  stored.meet('p', 'a');
  expect(told).toEqual([['p']]);
  stored.meet('p', 'c');
  expect(told).toEqual([['p'], []]);
});
