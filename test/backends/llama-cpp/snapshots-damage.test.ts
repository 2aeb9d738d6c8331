/** Files that are not what was written are never read: a damaged state is a wrong answer, or the end of the process. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isSound, sealSnapshot } from '../../../src/backends/llama-cpp/snapshot-file.ts';
import { complaints, namesIn, plenty, prefixed, usageOf } from './snapshot-support.ts';
import { type Demo, startDemo, textOf } from './support.ts';

let demo: Demo;
let dir: string;
/** Of prefix 1. */
let path: string;
let otherPath: string;
let whole: Buffer;
let answer: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'warmslot-snapshots-'));
  demo = await startDemo({ snapshots: { dir, maxBytes: plenty } });
  answer = textOf(await demo.answer(prefixed(1), { maxTokens: 16 }));
  const [name = ''] = await namesIn(dir, '.snapshot');
  path = join(dir, name);
  whole = await readFile(path);
  await demo.answer(prefixed(2), { maxTokens: 1 });
  const [other = ''] = (await namesIn(dir, '.snapshot')).filter((one) => one !== name);
  otherPath = join(dir, other);
});
afterAll(async () => {
  await demo.stop();
  await rm(dir, { recursive: true });
});

/** What becomes of prefix 1 when its lineage returns. */
async function comeBack(): Promise<{ text: string; cached: number | undefined }> {
  await demo.answer(prefixed(2), { maxTokens: 1 });
  const run = await demo.answer(prefixed(1), { maxTokens: 16 });
  return { text: textOf(run), cached: usageOf(run).cachedTokens };
}

async function expectDropped(damaged: Buffer): Promise<void> {
  await writeFile(path, damaged);
  expect(await comeBack()).toEqual({ text: answer, cached: 0 });
  // It was prefilled, and so there is a snapshot again: byte for byte the one from before.
  expect((await readFile(path)).equals(whole)).toBe(true);
  expect((await comeBack()).cached).toBeGreaterThan(1_000);
}

const positions = fc.nat().map((at) => at % whole.length);

test('flipped bits', async () => {
  const flips = fc.array(fc.record({ at: positions, bit: fc.nat(7) }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(flips, async (all) => {
      const damaged = Buffer.from(whole);
      for (const { at, bit } of all) damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
      fc.pre(!damaged.equals(whole));
      await expectDropped(damaged);
    }),
    { numRuns: 12, endOnFailure: true, examples: [[[{ at: 0, bit: 0 }]], [[{ at: whole.length - 1, bit: 7 }]]] },
  );
  expect(complaints(demo)).toContain(`A prefix snapshot in ${dir} was damaged and has been removed.`);
});

test('cut off, or too long', async () => {
  const lengths = positions.map((length) => whole.subarray(0, length));
  const longer = fc.uint8Array({ minLength: 1, maxLength: 100 }).map((more) => Buffer.concat([whole, more]));
  await fc.assert(fc.asyncProperty(fc.oneof(lengths, longer), expectDropped), {
    numRuns: 8,
    endOnFailure: true,
    examples: [[Buffer.alloc(0)], [whole.subarray(0, -1)]],
  });
});

test("another prefix's, or of another program", async () => {
  await expectDropped(await readFile(otherPath));
  await expectDropped(Buffer.from('{"hello": "world"}\n'.repeat(1_000)));
});

test('what the seal says is fine and llama.cpp does not take', async () => {
  await writeFile(path, whole.subarray(0, 2_000));
  await sealSnapshot(path, path.slice(-73, -9), 2_000);
  expect(await isSound(path, path.slice(-73, -9))).toBe(true);
  expect(await comeBack()).toEqual({ text: answer, cached: 0 });
  expect(complaints(demo).at(-1)).toMatch(/could not be loaded and is removed/);
  expect((await comeBack()).cached).toBeGreaterThan(1_000);
});

test('what cannot be read at all is said, and left to the owner', async () => {
  await rm(path);
  await mkdir(path);
  expect(await comeBack()).toEqual({ text: answer, cached: 0 });
  expect(complaints(demo).at(-1)).toMatch(/^Prefix snapshots in .* cannot be read: EISDIR/);
});

test('a write that fell short is never sealed', async () => {
  const draft = join(dir, 'draft');
  await writeFile(draft, 'short');
  await expect(sealSnapshot(draft, 'ab'.repeat(32), 6)).rejects.toThrow('5 bytes of 6 were written');
  expect(await readFile(draft, 'utf8')).toBe('short');
});
