import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { modelDigest, modelParts } from '../../../src/backends/llama-cpp/model-digest.ts';

const signal = new AbortController().signal;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'warmslot-digest-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

test('it is that of the content, wherever it lies', async () => {
  const [dir, memos] = [await folder(), await folder()];
  await writeFile(join(dir, 'a.gguf'), 'weights');
  await writeFile(join(dir, 'b.gguf'), 'weights');
  const digests = ['a.gguf', 'b.gguf'].map((name) => modelDigest(join(dir, name), memos, signal));
  expect(await Promise.all(digests)).toEqual([sha256('weights'), sha256('weights')]);
});

test('other content of the same size and time is noticed', async () => {
  const [dir, memos] = [await folder(), await folder()];
  const path = join(dir, 'a.gguf');
  await writeFile(path, 'weights');
  const { atime, mtime } = await stat(path);
  await modelDigest(path, memos, signal);
  await writeFile(path, 'WEIGHTS');
  await utimes(path, atime, mtime);
  expect(await modelDigest(path, memos, signal)).toBe(sha256('WEIGHTS'));
});

test('an unchanged file is hashed once; a damaged memo is none', async () => {
  const [dir, memos] = [await folder(), await folder()];
  const path = join(dir, 'a.gguf');
  await writeFile(path, 'weights');
  await modelDigest(path, memos, signal);
  const [memo = ''] = await readdir(memos);
  await writeFile(join(memos, memo), 'f'.repeat(64));
  expect(await modelDigest(path, memos, signal)).toBe('f'.repeat(64));
  await writeFile(join(memos, memo), 'f'.repeat(63));
  expect(await modelDigest(path, memos, signal)).toBe(sha256('weights'));
});

test('a split model is all of its parts', async () => {
  const [dir, memos] = [await folder(), await folder()];
  const parts = modelParts(join(dir, 'big-00001-of-00003.gguf'));
  expect(parts.map((path) => path.slice(dir.length + 1))).toEqual([
    'big-00001-of-00003.gguf',
    'big-00002-of-00003.gguf',
    'big-00003-of-00003.gguf',
  ]);
  for (const [i, path] of parts.entries()) await writeFile(path, `part ${i}`);
  expect(await modelDigest(parts[0] ?? '', memos, signal)).toBe(sha256('part 0part 1part 2'));
  expect(modelParts('/models/one.gguf')).toEqual(['/models/one.gguf']);
});
