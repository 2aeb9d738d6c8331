/** The exact-response cache: the same question asked again gets the answer it got, without touching an engine. */
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Prompt } from '../prompt/types.ts';
import type { Message } from '../protocol/anthropic/events.ts';

export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  readonly total_requests: number;
  /** Percent with one decimal, as `84.0%`. */
  readonly hit_rate: string;
  readonly cached_items: number;
}

export interface ResponseCache {
  /** Counts a hit or a miss. */
  get(key: string): Message | undefined;
  /** Keeps a complete answer; one that says nothing is not worth repeating and is left out. */
  set(key: string, message: Message): void;
  clear(): void;
  stats(): CacheStats;
}

/** Key of a prompt: everything that shapes the answer, nothing of who asks or how it is delivered. */
export function responseKey(prompt: Prompt): string {
  const tip = prompt.chain.at(-1)?.key ?? prompt.prefixKey;
  return hash('sha256', JSON.stringify([prompt.model, prompt.prefixKey, tip, prompt.settings]));
}

/** @param max number of answers kept; 0 switches the cache off */
export function createResponseCache(max: number): ResponseCache {
  const messages = max > 0 ? new LRUCache<string, Message>({ max }) : undefined;
  let hits = 0;
  let misses = 0;
  return {
    get(key) {
      const message = messages?.get(key);
      if (message) hits++;
      else misses++;
      return message;
    },
    set(key, message) {
      if (message.content.length > 0) messages?.set(key, message);
    },
    clear: () => messages?.clear(),
    stats() {
      const total = hits + misses;
      return {
        hits,
        misses,
        total_requests: total,
        hit_rate: `${(total === 0 ? 0 : (100 * hits) / total).toFixed(1)}%`,
        cached_items: messages?.size ?? 0,
      };
    },
  };
}

/** A cached answer cost no prefill: all of its prompt was read from a cache. */
export function asCached(message: Message): Message {
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens } = message.usage;
  const cache_read = input_tokens + cache_creation_input_tokens + cache_read_input_tokens;
  const usage = { input_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: cache_read, output_tokens };
  return { ...message, usage };
}
