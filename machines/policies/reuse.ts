/** How much of a prompt an engine need not prefill again, by what it is believed to hold. */
import { meanOf } from './mean.ts';
import type { BackendView, CacheKind, CachePlan, HeldPrompt, PromptShape, Reuse } from './types.ts';

/** Number of leading links two chains share. Links are rolling hashes: an equal link means everything before is equal. */
export function sharedLinks(a: PromptShape['chain'], b: PromptShape['chain']): number {
  let low = 0;
  let high = Math.min(a.length, b.length);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (a[middle - 1]?.key === b[middle - 1]?.key) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Rendered bytes of it all. */
export function wholeBytes({ chain, prefixBytes }: PromptShape): number {
  return chain.at(-1)?.bytes ?? prefixBytes;
}

/** Rendered bytes the prompt shares with a held one. */
export function sharedBytes(prompt: PromptShape, held: PromptShape): number {
  if (prompt.prefixKey !== held.prefixKey) return 0;
  const links = sharedLinks(prompt.chain, held.chain);
  return prompt.chain[links - 1]?.bytes ?? prompt.prefixBytes;
}

/** What needs no prefill when the prompt runs on this slot of this backend: in place first, from disk where nothing is. */
export function reuseOf(
  prompt: PromptShape,
  backend: Pick<BackendView, 'cacheKind' | 'held' | 'stored'>,
  slot: number,
): Reuse {
  const bytes = bytesInPlace(prompt, backend, slot);
  if (bytes > 0 || !backend.stored.includes(prompt.prefixKey)) return { bytes, restored: 0 };
  return { bytes: prompt.prefixBytes, restored: prompt.prefixBytes };
}

type Priced = Pick<BackendView, 'cacheKind' | 'held' | 'stored' | 'rates'>;

/** What that is worth, in bytes that need not be prefilled. */
export function sparedBytes(prompt: PromptShape, backend: Priced, slot: number): number {
  return worthOf(reuseOf(prompt, backend, slot), backend);
}

export function worthOf({ bytes, restored }: Reuse, { rates }: Pick<BackendView, 'rates'>): number {
  return restored === 0 ? bytes : bytes - restored * meanOf(rates.restorePrice);
}

function bytesInPlace(prompt: PromptShape, backend: Pick<BackendView, 'cacheKind' | 'held'>, slot: number): number {
  const shared = (held: HeldPrompt) => sharedBytes(prompt, held);
  switch (backend.cacheKind) {
    case 'none':
      return 0;
    case 'prefixes':
      return backend.held.some((held) => held.prefixKey === prompt.prefixKey) ? prompt.prefixBytes : 0;
    case 'conversations':
      return Math.max(0, ...backend.held.map(shared));
    case 'slots':
      return Math.max(0, ...backend.held.filter((held) => held.slot === slot).map(shared));
  }
}

/** Start from what is held, let the engine make a snapshot, or expect nothing of its cache. */
export function planFor(cacheKind: CacheKind, reusable: number): CachePlan {
  if (cacheKind === 'none') return 'none';
  return reusable > 0 ? 'restore' : 'snapshot';
}

/** What is held once this prompt has run, most recently used first. */
export function remember(
  { cacheKind, capacity, held }: Pick<BackendView, 'cacheKind' | 'capacity' | 'held'>,
  prompt: HeldPrompt,
): readonly HeldPrompt[] {
  const isReplaced = (other: HeldPrompt): boolean => {
    switch (cacheKind) {
      case 'slots':
        return other.slot === prompt.slot;
      case 'prefixes':
        return other.prefixKey === prompt.prefixKey;
      default:
        return sharedBytes(prompt, other) >= wholeBytes(other);
    }
  };
  return [prompt, ...held.filter((other) => !isReplaced(other))].slice(0, capacity);
}

/** What the engine holds before and after a prompt has run on this slot. */
export interface Eviction {
  readonly gone: readonly HeldPrompt[];
  readonly after: readonly HeldPrompt[];
}

export function evictionBy(prompt: PromptShape, backend: BackendView, slot: number): Eviction {
  const after = remember(backend, { ...prompt, slot });
  return { after, gone: backend.held.filter((held) => !after.includes(held)) };
}

/** Bytes of the prompt that would have to be prefilled again on this slot after that, or take as long to get back. */
export function bytesLost(kept: PromptShape, { gone, after }: Eviction, backend: BackendView, slot: number): number {
  const before = bytesInPlace(kept, { ...backend, held: gone }, slot);
  return before === 0 ? 0 : Math.max(0, before - sparedBytes(kept, { ...backend, held: after }, slot));
}
