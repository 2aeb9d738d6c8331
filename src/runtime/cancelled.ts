/**
 * Requests that their owner has cancelled in the middle of their answer. Claude Code takes an error there for the stream's fault
 * and asks the same again without a stream: that repetition is refused once, with a status that it does not try again on.
 */
import { LRUCache } from 'lru-cache';

export interface Cancelled {
  /** @param repetition says which request is the same one again */
  add(repetition: string, by: string): void;
  /** Who has cancelled it; forgotten then. */
  take(repetition: string): string | undefined;
}

/** A repetition comes at once; what comes later is meant. */
const memoryMs = 10_000;

export function createCancelled(): Cancelled {
  const cancelled = new LRUCache<string, string>({ max: 100, ttl: memoryMs });
  return {
    add: (repetition, by) => void cancelled.set(repetition, by),
    take(repetition) {
      const by = cancelled.get(repetition);
      cancelled.delete(repetition);
      return by;
    },
  };
}
