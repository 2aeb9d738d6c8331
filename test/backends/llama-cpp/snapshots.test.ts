import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createDemoModel } from '../../../src/backends/llama-cpp/demo-model/index.ts';
import type { Prompt } from '../../../src/prompt/types.ts';
import { wireUsage } from '../../../src/reply/usage.ts';
import { complaints, namesIn, plenty, prefixed, usageOf } from './snapshot-support.ts';
import { type Demo, eventOf, startDemo, textOf, userPrompt } from './support.ts';

/** Without snapshots: what answers should be. */
let plain: Demo;
/** Shared by the tests that do not need one of their own; every test has prefixes of its own. */
let demo: Demo;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'warmslot-snapshots-'));
  [plain, demo] = [await startDemo(), await startDemo({ snapshots: { dir, maxBytes: plenty } })];
});
afterAll(async () => {
  await plain.stop();
  await demo.stop();
  expect(complaints(demo)).toEqual([]);
  await rm(dir, { recursive: true });
});

/** Removed after the test. */
async function snapshotDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'warmslot-snapshots-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return join(dir, 'snapshots');
}

/** Stopped after the test. */
async function demoWith(dir: string, maxBytes = plenty): Promise<Demo> {
  const demo = await startDemo({ snapshots: { dir, maxBytes } });
  onTestFinished(() => demo.stop());
  return demo;
}

/** How many files the work leaves behind. */
async function written(work: () => Promise<unknown>): Promise<number> {
  const before = await namesIn(dir, '.snapshot');
  await work();
  expect(await namesIn(dir, '.draft')).toEqual([]);
  return (await namesIn(dir, '.snapshot')).length - before.length;
}

/** Its slot holds nothing of the prompt. */
async function uncached(prompt: Prompt): Promise<string> {
  await plain.answer(userPrompt('something else'), { maxTokens: 1 });
  const run = await plain.answer(prompt, { maxTokens: 32 });
  expect(eventOf(run, 'started').cachedTokens).toBe(0);
  return textOf(run);
}

test('a prefix is written once and read back when its lineage returns; the figures are exact', async () => {
  const prompt = prefixed(10);
  const first = await demo.answer(prompt, { maxTokens: 32 });
  const { promptTokens = 0, cachedTokens = 0, createdTokens = 0 } = usageOf(first);
  expect(cachedTokens).toBe(0);
  // All but the user's text and what closes it.
  expect(promptTokens - createdTokens).toBeGreaterThan(4);
  expect(promptTokens - createdTokens).toBeLessThan(12);
  expect(wireUsage(usageOf(first))).toEqual({
    input_tokens: promptTokens - createdTokens,
    cache_creation_input_tokens: createdTokens,
    cache_read_input_tokens: 0,
    output_tokens: 32,
  });

  const other = await demo.answer(prefixed(11), { maxTokens: 1 });
  expect(usageOf(other).createdTokens).toBeGreaterThan(1_000);

  const back = await demo.answer(prompt, { maxTokens: 32 });
  expect(usageOf(back)).toEqual({ promptTokens, cachedTokens: createdTokens, outputTokens: 32 });
  expect(eventOf(back, 'started')).toEqual({ type: 'started', promptTokens, cachedTokens: createdTokens });
  expect(textOf(back)).toBe(textOf(first));
  expect(textOf(back)).toBe(await uncached(prompt));
});

test('what the slot still holds is used first', async () => {
  const prompt = prefixed(20, 'a long story, please');
  const first = usageOf(await demo.answer(prompt, { maxTokens: 1 }));
  const { promptTokens = 0, createdTokens = 0 } = first;
  const again = await demo.answer(prompt, { maxTokens: 1 });
  expect(usageOf(again)).toEqual({ promptTokens, cachedTokens: promptTokens - 1, outputTokens: 1 });
  const otherUser = await demo.answer(prefixed(20, 'b'), { maxTokens: 1 });
  // The line break as well: it may be part of another text's first token, and is no part of the prefix.
  expect(eventOf(otherUser, 'started').cachedTokens).toBe(createdTokens + 1);
});

test('whatever the prefixes and their order, answers are those of an engine without snapshots', async () => {
  const texts = new Map<string, string>();
  const prefixSizes = new Map<number, number>();
  const expected = async (prompt: Prompt, seed: number, user: string): Promise<string> => {
    const key = JSON.stringify([seed, user]);
    const text = texts.get(key) ?? (await uncached(prompt));
    texts.set(key, text);
    return text;
  };
  const steps = fc.array(
    fc.record({
      seed: fc.integer({ min: 0, max: 4 }),
      slot: fc.integer({ min: 0, max: 1 }),
      user: fc.oneof(
        fc.constantFrom('hello', '<system-reminder>as you know</system-reminder>', '\n\nx', ' x', '日本', '12'),
        fc.string({ maxLength: 300, unit: 'grapheme' }).map((text) => `${text}?`),
      ),
    }),
    { minLength: 8, maxLength: 8 },
  );
  const seen = { restored: 0, prefilled: 0 };
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      for (const { seed, slot, user } of sequence) {
        const prompt = prefixed(seed, user);
        const run = await demo.answer(prompt, { slot, maxTokens: 32 });
        const { cachedTokens = 0, createdTokens = 0 } = usageOf(run);
        const size = prefixSizes.get(seed) ?? createdTokens;
        prefixSizes.set(seed, size);
        // Reuse in place evaluates in other batches, which may round otherwise.
        if (cachedTokens > size) continue;
        expect(textOf(run)).toBe(await expected(prompt, seed, user));
        seen[cachedTokens > 0 ? 'restored' : 'prefilled']++;
      }
    }),
    { numRuns: 6, endOnFailure: true },
  );
  expect(seen.prefilled).toBe(prefixSizes.size);
  expect(seen.restored).toBeGreaterThan(20);
});

test('a restart keeps them, and they serve every slot', async () => {
  const dir = await snapshotDir();
  const before = await startDemo({ snapshots: { dir, maxBytes: plenty } });
  const { createdTokens = 0 } = usageOf(await before.answer(prefixed(7), { maxTokens: 1 }));
  await before.stop();
  const after = await demoWith(dir);
  for (const slot of [1, 0]) {
    const run = await after.answer(prefixed(7), { slot, maxTokens: 32 });
    expect(eventOf(run, 'started').cachedTokens).toBe(createdTokens);
    expect(textOf(run)).toBe(await uncached(prefixed(7)));
  }
});

test('the same prefix on both slots at once is one snapshot', async () => {
  const both = () => Promise.all([0, 1].map((slot) => demo.answer(prefixed(30), { slot, maxTokens: 1 })));
  expect(await written(both)).toBe(1);
});

test('an abort before the end of the prefix writes nothing, one behind it keeps what was written', async () => {
  const abortAt = async (tokens: number): Promise<void> => {
    const stopped = Promise.withResolvers<void>();
    demo.start(prefixed(40, 'word '.repeat(600)), {
      onEvent(event, generation) {
        if (event.type !== 'prefill' || event.done < tokens) return;
        generation().abort();
        stopped.resolve();
      },
    });
    await stopped.promise;
    await demo.backend.idle(0, AbortSignal.timeout(10_000));
  };
  expect(await written(() => abortAt(500))).toBe(0);
  const before = await namesIn(dir, '.snapshot');
  await abortAt(1_000);
  await expect.poll(() => namesIn(dir, '.snapshot')).toHaveLength(before.length + 1);
  expect(await namesIn(dir, '.draft')).toEqual([]);
});

test('a short prefix is not worth a file', async () => {
  const short = prefixed(50, 'word '.repeat(1_500), 500);
  expect(await written(() => demo.answer(short, { maxTokens: 1 }))).toBe(0);
});

test('no bytes, no folder', async () => {
  const dir = await snapshotDir();
  const demo = await demoWith(dir, 0);
  expect(usageOf(await demo.answer(prefixed(1), { maxTokens: 1 })).createdTokens).toBeUndefined();
  await expect(stat(dir)).rejects.toThrow('ENOENT');
});

test('those not used for the longest time give way; use in a slot counts', async () => {
  const dir = await snapshotDir();
  const one = await demoWith(dir);
  await one.answer(prefixed(0), { maxTokens: 1 });
  const [name = ''] = await namesIn(dir, '.snapshot');
  const { size } = await stat(join(dir, name));

  const demo = await demoWith(dir, 3 * size + 100);
  const created = async (seed: number): Promise<boolean> => {
    const run = await demo.answer(prefixed(seed), { maxTokens: 1 });
    return usageOf(run).createdTokens !== undefined;
  };
  expect([await created(1), await created(2)]).toEqual([true, true]);
  expect([await created(0), await created(0)]).toEqual([false, false]);
  // The first is now the latest: the second has to go.
  expect(await created(3)).toBe(true);
  expect([await created(0), await created(2), await created(3)]).toEqual([false, false, false]);
  expect(await created(1)).toBe(true);
  expect(await namesIn(dir, '.snapshot')).toHaveLength(3);
});

test('a prefix that takes more than all may is said once and not written again', async () => {
  const dir = await snapshotDir();
  const demo = await demoWith(dir, 100_000);
  const runs = [
    await demo.answer(prefixed(1), { maxTokens: 1 }),
    await demo.answer(prefixed(2, 'x', 1_400), { maxTokens: 1 }),
  ];
  expect(runs.map((run) => usageOf(run).createdTokens)).toEqual([undefined, undefined]);
  expect(complaints(demo)).toEqual([
    expect.stringMatching(/^A snapshot of 12\d\d tokens takes \d{6} bytes, more than/),
  ]);
  expect([...(await namesIn(dir, '.snapshot')), ...(await namesIn(dir, '.draft'))]).toEqual([]);
});

test('a folder that cannot be made means no snapshots, one notice and the same answers', async () => {
  const dir = await snapshotDir();
  await writeFile(dir, 'a file');
  const demo = await demoWith(dir);
  const runs = [await demo.answer(prefixed(1), { maxTokens: 32 }), await demo.answer(prefixed(2), { maxTokens: 1 })];
  expect(runs.map((run) => usageOf(run).createdTokens)).toEqual([undefined, undefined]);
  expect(textOf(runs[0] ?? expect.fail())).toBe(await uncached(prefixed(1)));
  expect(complaints(demo)).toEqual([
    expect.stringMatching(/^No prefix snapshots are written: .*EEXIST.*cache\.snapshots\.dir/),
  ]);
});

test("another model of the same shape never gets this one's state", async () => {
  const dir = await snapshotDir();
  const demo = await demoWith(dir);
  await demo.answer(prefixed(1), { maxTokens: 1 });
  const bytes = createDemoModel();
  // The weights are behind the vocabulary.
  for (let at = bytes.length - 2_000_000; at < bytes.length; at += 997) bytes[at] = (bytes[at] ?? 0) ^ 1;
  const model = join(dirname(dir), 'other.gguf');
  await mkdir(dirname(model), { recursive: true });
  await writeFile(model, bytes);
  const other = await startDemo({ model, slots: 2, snapshots: { dir, maxBytes: plenty } });
  onTestFinished(() => other.stop());
  const run = await other.answer(prefixed(1), { maxTokens: 1 });
  expect(usageOf(run)).toMatchObject({ cachedTokens: 0, createdTokens: expect.any(Number) });
  expect(await namesIn(dir, '.snapshot')).toHaveLength(2);
});
