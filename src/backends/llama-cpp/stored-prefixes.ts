/** Which prompts' prefixes are on disk, for those who know prompts and no tokens. */
import { LRUCache } from 'lru-cache';

export interface StoredPrefixes {
  isKnown(prefixKey: string): boolean;
  /** @param snapshotKey that the prefix is, or would be, kept under; undefined: it is kept nowhere */
  meet(prefixKey: string, snapshotKey: string | undefined): void;
  /** What is on disk now, by snapshot key. */
  found(snapshotKeys: ReadonlySet<string>): void;
  watch(listener: (prefixKeys: readonly string[]) => void): void;
}

/** Prefixes remembered; a disk holds fewer. */
const most = 256;

export function createStoredPrefixes(): StoredPrefixes {
  const snapshotKeys = new LRUCache<string, { readonly key: string | undefined }>({ max: most });
  let there: ReadonlySet<string> = new Set();
  let told: ReadonlySet<string> = new Set();
  let listener: (prefixKeys: readonly string[]) => void = () => {};

  const tell = () => {
    const stored = [...snapshotKeys].filter(([, { key }]) => key !== undefined && there.has(key));
    const now = new Set(stored.map(([prefixKey]) => prefixKey));
    if (now.size === told.size && now.isSubsetOf(told)) return;
    told = now;
    listener([...now]);
  };

  return {
    isKnown: (prefixKey) => snapshotKeys.has(prefixKey),
    meet(prefixKey, key) {
      snapshotKeys.set(prefixKey, { key });
      tell();
    },
    found(keys) {
      there = keys;
      tell();
    },
    watch(to) {
      listener = to;
    },
  };
}
