/**
 * The folder of snapshots. It may be shared by several processes and any of them may die at any time, so the folder itself is
 * the only record: a snapshot is there once it has its name, and its `mtime` says when it was last used.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ifThere } from './if-there.ts';
import { isSound, sealSnapshot } from './snapshot-file.ts';

const ENDING = '.snapshot';
const SNAPSHOT = /^[0-9a-f]{64}\.snapshot$/;
const DRAFT = /^[0-9a-f]{64}\.[0-9a-f-]{36}\.draft$/;
/** Nobody writes at one for so long without a break: who began it is gone. */
const ABANDONED_MS = 600_000;

export type Found = { readonly path: string } | 'damaged' | undefined;

/** Everything here throws errors of the file system, except where a file is merely gone: another process may have removed it. */
export interface SnapshotStore {
  has(key: string): Promise<boolean>;
  /** Of all snapshots that are there. */
  keys(): Promise<readonly string[]>;
  /** Marks the snapshot as used, if it is there. */
  touch(key: string): Promise<void>;
  /** A snapshot that is whole, marked as used. A damaged one is removed. */
  find(key: string): Promise<Found>;
  drop(key: string): Promise<void>;
  /** An empty file to write a state into, to be kept or discarded. Nobody else may read it: it holds what people wrote. */
  draft(key: string): Promise<string>;
  /**
   * Makes a written draft the snapshot of its key. Those not used for the longest time give way.
   * @param stateBytes what was written
   * @returns false: it takes more than the folder may hold, and is gone
   */
  keep(draft: string, key: string, stateBytes: number): Promise<boolean>;
  discard(draft: string): Promise<void>;
}

/** @throws Error of the file system */
export async function openSnapshotStore(dir: string, maxBytes: number): Promise<SnapshotStore> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await removeAbandoned(dir);
  const pathOf = (key: string): string => join(dir, key + ENDING);
  const remove = (path: string): Promise<void> => rm(path, { force: true });

  return {
    has: async (key) => (await ifThere(stat(pathOf(key)))) !== undefined,
    keys: async () => (await namesLike(SNAPSHOT, dir)).map((name) => basename(name, ENDING)),
    touch: (key) => touch(pathOf(key)),
    async find(key) {
      const path = pathOf(key);
      const sound = await ifThere(isSound(path, key));
      if (sound === undefined) return undefined;
      if (!sound) {
        await remove(path);
        return 'damaged';
      }
      await touch(path);
      return { path };
    },
    drop: (key) => remove(pathOf(key)),
    async draft(key) {
      const path = join(dir, `${key}.${randomUUID()}.draft`);
      const file = await open(path, 'wx', 0o600);
      await file.close();
      return path;
    },
    async keep(draft, key, stateBytes) {
      const bytes = await sealSnapshot(draft, key, stateBytes);
      if (bytes > maxBytes) {
        await remove(draft);
        return false;
      }
      await removeAbandoned(dir);
      await makeRoom(dir, maxBytes);
      await rename(draft, pathOf(key));
      return true;
    },
    discard: remove,
  };
}

interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  readonly usedAt: number;
}

/** Removes snapshots until everything in the folder, drafts included, takes no more than `maxBytes`. */
async function makeRoom(dir: string, maxBytes: number): Promise<void> {
  const [snapshots, drafts] = await Promise.all([filesLike(SNAPSHOT, dir), filesLike(DRAFT, dir)]);
  let total = [...snapshots, ...drafts].reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { path, bytes } of snapshots.toSorted((a, b) => a.usedAt - b.usedAt)) {
    if (total <= maxBytes) return;
    await rm(path, { force: true });
    total -= bytes;
  }
}

async function removeAbandoned(dir: string): Promise<void> {
  const drafts = await filesLike(DRAFT, dir);
  const abandoned = drafts.filter(({ usedAt }) => Date.now() - usedAt > ABANDONED_MS);
  await Promise.all(abandoned.map(({ path }) => rm(path, { force: true })));
}

async function namesLike(name: RegExp, dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((file) => name.test(file));
}

async function filesLike(name: RegExp, dir: string): Promise<StoredFile[]> {
  const paths = (await namesLike(name, dir)).map((file) => join(dir, file));
  const files = await Promise.all(paths.map(storedFile));
  return files.filter((file) => file !== undefined);
}

async function storedFile(path: string): Promise<StoredFile | undefined> {
  const stats = await ifThere(stat(path));
  return stats && { path, bytes: stats.size, usedAt: stats.mtimeMs };
}

/** By hand, since most file systems are mounted so that reading leaves no trace. */
async function touch(path: string): Promise<void> {
  const now = new Date();
  await ifThere(utimes(path, now, now));
}
