import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { openSnapshotStore, type SnapshotStore } from '../../../src/backends/llama-cpp/snapshot-store.ts';

const sealBytes = 44;
const keyOf = (n: number): string => n.toString(16).padStart(64, '0');
const nameOf = (n: number): string => `${keyOf(n)}.snapshot`;

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'warmslot-store-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

async function keep(store: SnapshotStore, n: number, bytes: number): Promise<boolean> {
  const draft = await store.draft(keyOf(n));
  await writeFile(draft, 'x'.repeat(bytes));
  return store.keep(draft, keyOf(n), bytes);
}

async function age(path: string, minutes: number): Promise<void> {
  const then = new Date(Date.now() - minutes * 60_000);
  await utimes(path, then, then);
}

test('only its owner may read what was kept', async () => {
  const dir = join(await folder(), 'made', 'here');
  const store = await openSnapshotStore(dir, 1_000);
  await keep(store, 1, 10);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  expect((await stat(join(dir, nameOf(1)))).mode & 0o777).toBe(0o600);
});

test('the one not used for the longest time goes first, and no more than must', async () => {
  const dir = await folder();
  const store = await openSnapshotStore(dir, 3 * (100 + sealBytes));
  for (const n of [1, 2, 3]) {
    await keep(store, n, 100);
    await age(join(dir, nameOf(n)), 10 - n);
  }
  await store.touch(keyOf(1));
  expect(await store.find(keyOf(2))).toEqual({ path: join(dir, nameOf(2)) });
  expect(await keep(store, 4, 100)).toBe(true);
  expect((await readdir(dir)).sort()).toEqual([1, 2, 4].map(nameOf));
});

test('what is larger than all may be drives nothing out', async () => {
  const dir = await folder();
  const store = await openSnapshotStore(dir, 1_000);
  await keep(store, 1, 500);
  expect(await keep(store, 2, 1_000)).toBe(false);
  expect(await readdir(dir)).toEqual([nameOf(1)]);
});

test('whatever is kept and used, by however many at once: the bound holds, and what is found is whole', async () => {
  const step = fc.record({ n: fc.nat(9), bytes: fc.nat(400), use: fc.boolean(), by: fc.nat(1) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.boolean(), async (steps, together) => {
      const dir = await mkdtemp(join(tmpdir(), 'warmslot-store-'));
      const stores = await Promise.all([1_000, 1_000].map((maxBytes) => openSnapshotStore(dir, maxBytes)));
      const run = async ({ n, bytes, use, by }: (typeof steps)[number]): Promise<void> => {
        const store = stores[by] ?? expect.fail();
        if (!use) await keep(store, n, bytes);
        else expect(await store.find(keyOf(n))).not.toBe('damaged');
      };
      if (together) await Promise.all(steps.map(run));
      else for (const one of steps) await run(one);
      // Those who write at the same moment do not see each other's; the next one does.
      await keep(stores[0] ?? expect.fail(), 99, 1);
      const names = await readdir(dir);
      const sizes = await Promise.all(names.map(async (name) => (await stat(join(dir, name))).size));
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(1_000);
      expect(names.every((name) => name.endsWith('.snapshot'))).toBe(true);
      await rm(dir, { recursive: true });
    }),
    { numRuns: 40 },
  );
});

test('drafts of the dead are cleared away once they are old, and count until then', async () => {
  const dir = await folder();
  const before = await openSnapshotStore(dir, 1_000);
  const [old, young] = [await before.draft(keyOf(1)), await before.draft(keyOf(2))];
  await Promise.all([old, young].map((path) => writeFile(path, 'x'.repeat(600))));
  await age(old, 60);
  const store = await openSnapshotStore(dir, 1_000);
  expect((await readdir(dir)).map((name) => join(dir, name))).toEqual([young]);
  await keep(store, 3, 300);
  await keep(store, 4, 300);
  expect((await readdir(dir)).filter((name) => name.endsWith('.snapshot'))).toEqual([nameOf(4)]);
});

test("a stranger's files are left alone and do not count", async () => {
  const dir = await folder();
  const strangers = ['notes.txt', 'a.snapshot', `${keyOf(1)}.snapshot.bak`];
  for (const name of strangers) {
    await writeFile(join(dir, name), 'x'.repeat(5_000));
    await age(join(dir, name), 100_000);
  }
  const store = await openSnapshotStore(dir, 1_000);
  expect(await keep(store, 2, 900)).toBe(true);
  expect(await keep(store, 3, 900)).toBe(true);
  expect((await readdir(dir)).sort()).toEqual([...strangers, nameOf(3)].sort());
});

test('what is gone is not there, and that is no error', async () => {
  const store = await openSnapshotStore(await folder(), 1_000);
  expect([await store.has(keyOf(1)), await store.find(keyOf(1))]).toEqual([false, undefined]);
  await store.touch(keyOf(1));
  await store.drop(keyOf(1));
});
