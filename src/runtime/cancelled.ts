/**
 * Requests that their owner has cancelled in the middle of their answer. Claude Code takes an error there for the stream's fault
 * and asks the same again without a stream: that repetition is refused, with a status that it does not try again on.
 */
import { LRUCache } from 'lru-cache';

export interface Cancelled {
  /**
   * @param repetition says which request is the same one again
   * @param times as many clients read the answer
   */
  add(repetition: string, by: string, times: number): void;
  /** Who has cancelled it; forgotten when everybody has been told. */
  take(repetition: string): string | undefined;
}

/** A repetition comes at once; what comes later is meant. */
const memoryMs = 10_000;

export function createCancelled(): Cancelled {
  const cancelled = new LRUCache<string, { readonly by: string; readonly times: number }>({ max: 100, ttl: memoryMs });
  return {
    add(repetition, by, times) {
      if (times > 0) cancelled.set(repetition, { by, times });
    },
    take(repetition) {
      const known = cancelled.get(repetition);
      if (!known) return undefined;
      const { by, times } = known;
      if (times > 1) cancelled.set(repetition, { by, times: times - 1 });
      else cancelled.delete(repetition);
      return by;
    },
  };
}
