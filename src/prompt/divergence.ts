/** Where two prompts part. */
import type { ChainLink, Prompt } from './types.ts';

/** Number of leading links two chains share. Links are rolling hashes, so an equal one proves all before it equal. */
export function sharedLinks(a: readonly ChainLink[], b: readonly ChainLink[]): number {
  let low = 0;
  let high = Math.min(a.length, b.length);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (a[middle - 1]?.key === b[middle - 1]?.key) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Rendered bytes two prompts have in common from the start; 0 when system or tools differ. */
export function sharedBytes(
  a: Pick<Prompt, 'prefixKey' | 'prefixBytes' | 'chain'>,
  b: Pick<Prompt, 'prefixKey' | 'chain'>,
): number {
  if (a.prefixKey !== b.prefixKey) return 0;
  return a.chain[sharedLinks(a.chain, b.chain) - 1]?.bytes ?? a.prefixBytes;
}
