/** Prefixes on disk: when they are read and when they are written. */
import type { LlamaContextSequence, Token } from 'node-llama-cpp';
import { type StateOrigin, snapshotKey } from './snapshot-key.ts';
import { openSnapshotStore, type SnapshotStore } from './snapshot-store.ts';

/**
 * What restoring a token costs, in prefilled tokens; a restore reads the whole prefix. Measured: 0.007 (20 000 tokens) to 0.05
 * (1 000) on the demo model, 0.01 to 0.03 on one with a hundred times its state, 48 KiB a token. A busy disk costs more.
 */
const RESTORE_PRICE = 0.1;

/** What can be done with the disk for one prompt's prefix. */
export interface PrefixSnapshot {
  readonly key: string;
  /**
   * Puts the prefix into the slot, if a snapshot is there and costs less than prefilling what the slot lacks.
   * @returns false: the slot holds nobody knows what, and must not be used
   */
  restore(sequence: LlamaContextSequence): Promise<boolean>;
  /**
   * Writes what the slot holds, which must be exactly the prefix. Resolves as soon as the slot may change again.
   * @returns undefined: there is nothing to do
   */
  save(sequence: LlamaContextSequence): Promise<Saving | undefined>;
}

export interface Saving {
  /** Resolves once it is known whether there is a snapshot now. */
  readonly kept: Promise<boolean>;
}

export interface Snapshots {
  of(prefix: readonly Token[]): PrefixSnapshot;
  /** Resolves when nothing is being written. */
  settled(): Promise<void>;
}

export interface SnapshotsOptions {
  readonly dir: string;
  /** 0: none. */
  readonly maxBytes: number;
  /** Asked for once the folder is there. */
  origin(): Promise<StateOrigin>;
  notice(text: string): void;
  /** Hears the keys of the snapshots that are there: once they are open, and whenever that has changed. */
  changed(keys: ReadonlySet<string>): void;
  /** Gives up opening them. */
  readonly signal: AbortSignal;
}

/** @returns undefined: there are none, because the owner wants none, or the folder cannot be used, which the notice says */
export async function openSnapshots(options: SnapshotsOptions): Promise<Snapshots | undefined> {
  const { dir, maxBytes, origin, signal, notice } = options;
  if (maxBytes === 0) return undefined;
  try {
    const store = await openSnapshotStore(dir, maxBytes);
    const snapshots = createSnapshots(store, await origin(), options);
    await snapshots.list();
    return snapshots;
  } catch (error) {
    signal.throwIfAborted();
    notice(unwritableNotice(dir, error));
    return undefined;
  }
}

function createSnapshots(
  store: SnapshotStore,
  origin: StateOrigin,
  { dir, notice, changed }: SnapshotsOptions,
): Snapshots & { list(): Promise<void> } {
  const writing = new Set<Promise<boolean>>();
  /** Prefixes this long are not written: they take more than there may be, or, from 0 on, nothing can be written. */
  let tooLong = Number.POSITIVE_INFINITY;
  let listings = 0;
  let there: ReadonlySet<string> = new Set();

  return {
    list,
    of(prefix) {
      const key = snapshotKey(origin, prefix);
      return {
        key,
        restore: (sequence) => restore(sequence, key, prefix),
        save: (sequence) => save(sequence, key, prefix.length),
      };
    },
    async settled() {
      await Promise.all(writing);
    },
  };

  /** Looks into the folder, where others may have been at work as well. Of several looks at once the last one counts. */
  async function list(): Promise<void> {
    const listing = ++listings;
    try {
      const keys = new Set(await store.keys());
      if (listing !== listings) return;
      there = keys;
      changed(keys);
    } catch (error) {
      notice(unreadableNotice(dir, error));
    }
  }

  async function restore(sequence: LlamaContextSequence, key: string, prefix: readonly Token[]): Promise<boolean> {
    const held = sequence.compareContextTokens([...prefix]).firstDifferentIndex;
    const path = await pathFor(key, prefix.length - held > prefix.length * RESTORE_PRICE);
    if (path === undefined) return true;
    try {
      await sequence.loadStateFromFile(path, { acceptRisk: true });
      return true;
    } catch (error) {
      notice(`A prefix snapshot in ${dir} could not be loaded and is removed: ${reasonOf(error)}`);
      await store.drop(key).catch((again) => notice(unreadableNotice(dir, again)));
      await list();
      return false;
    }
  }

  /** The snapshot's file if it is wanted and whole. One that the slot still has is in use as well. */
  async function pathFor(key: string, wanted: boolean): Promise<string | undefined> {
    try {
      if (!wanted) {
        await store.touch(key);
        return undefined;
      }
      const found = await store.find(key);
      if (there.has(key) !== (found !== undefined && found !== 'damaged')) await list();
      if (found !== 'damaged') return found?.path;
      notice(`A prefix snapshot in ${dir} was damaged and has been removed.`);
    } catch (error) {
      notice(unreadableNotice(dir, error));
    }
    return undefined;
  }

  async function save(sequence: LlamaContextSequence, key: string, at: number): Promise<Saving | undefined> {
    if (at >= tooLong) return undefined;
    let draft: string | undefined;
    try {
      if (await store.has(key)) return undefined;
      draft = await store.draft(key);
      const { fileSize } = await sequence.saveStateToFile(draft);
      // The checksum of a large state takes seconds, which the prefill need not wait for.
      return { kept: track(keep(draft, key, at, fileSize)) };
    } catch (error) {
      await giveUp(error, draft);
      return undefined;
    }
  }

  async function keep(draft: string, key: string, at: number, stateBytes: number): Promise<boolean> {
    try {
      if (await store.keep(draft, key, stateBytes)) {
        await list();
        return true;
      }
      tooLong = Math.min(tooLong, at);
      notice(
        `A snapshot of ${at} tokens takes ${stateBytes} bytes, more than cache.snapshots.maxBytes: it is not kept.`,
      );
    } catch (error) {
      await giveUp(error, draft);
    }
    return false;
  }

  function track(kept: Promise<boolean>): Promise<boolean> {
    writing.add(kept);
    return kept.finally(() => writing.delete(kept));
  }

  /** Not again until the next start: every attempt would write gigabytes to a disk that is full. */
  async function giveUp(error: unknown, draft: string | undefined): Promise<void> {
    tooLong = 0;
    notice(unwritableNotice(dir, error));
    if (draft !== undefined) await store.discard(draft).catch((again) => notice(unwritableNotice(dir, again)));
  }
}

function unwritableNotice(dir: string, error: unknown): string {
  return `No prefix snapshots are written: ${dir} cannot be written to, or is full (${reasonOf(error)}). Make room, or set cache.snapshots.dir.`;
}

function unreadableNotice(dir: string, error: unknown): string {
  return `Prefix snapshots in ${dir} cannot be read: ${reasonOf(error)}`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
