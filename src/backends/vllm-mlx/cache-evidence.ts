/**
 * What the engine's own counters say about a request's prefix: vllm-mlx never puts cached tokens into its answers. Asked when
 * the first content has come, since only then the engine has looked its prefix up; the stream does not wait for the answer.
 */
import type { EngineHttp } from '../openai-compatible/http.ts';
import { askCacheStats, askStatus, type CacheStats, type Counters, type Status } from './server-status.ts';

export interface PromptSize {
  /** Estimated tokens of the whole prompt and of its system + tools. */
  readonly promptTokens: number;
  readonly prefixTokens: number;
  readonly maxTokens: number;
}

export interface CacheEvidence {
  /** Another look at the counters while nothing runs: what the next request moves is measured from here. */
  seed(stats: CacheStats | undefined): void;
  /** A request that ended before its look was taken: nobody knows what it moved. */
  forget(): void;
  /** Cached prompt tokens of the request that now starts to decode; undefined when nothing can be concluded. */
  look(size: PromptSize, signal: AbortSignal): Promise<number | undefined>;
}

/** SimpleEngine looks each request up once, one after the other: what moved since the last look is this request's doing. */
export function counterEvidence(http: EngineHttp): CacheEvidence {
  let before: Counters | undefined;
  let looks = 0;
  return {
    seed(stats) {
      before ??= countersOf(stats);
    },
    forget() {
      looks++;
      before = undefined;
    },
    async look({ prefixTokens }, signal) {
      const look = ++looks;
      const after = countersOf(await askCacheStats(http, signal));
      const known = look === looks ? before : undefined;
      before = look === looks ? after : undefined;
      return known && after ? cachedByCounters(known, after, prefixTokens) : undefined;
    },
  };
}

function cachedByCounters(before: Counters, after: Counters, prefixTokens: number): number | undefined {
  // Somebody cleared the cache: its counters began anew.
  const since = after.hits < before.hits || after.misses < before.misses ? { hits: 0, misses: 0 } : before;
  const hits = after.hits - since.hits;
  const misses = after.misses - since.misses;
  if (hits === 1 && misses === 0) return prefixTokens;
  // Neither moved: the request went around the cache.
  if (hits === 0 && (misses === 0 || misses === 1)) return 0;
  return undefined;
}

function countersOf(stats: CacheStats | undefined): Counters | undefined {
  return stats?.engine_cache?.system_kv_cache?.counters;
}

/** The batched engine lists what runs, with the tokens each request found in its cache. */
export function runningEvidence(http: EngineHttp): CacheEvidence {
  return {
    seed() {},
    forget() {},
    async look(size, signal) {
      return cachedOfRunning(await askStatus(http, signal), size);
    },
  };
}

/** Ids do not correlate with ours: the request with our limit and about our size is ours. */
function cachedOfRunning(status: Status | undefined, size: PromptSize): number | undefined {
  const distance = ({ prompt_tokens = 0 }) => Math.abs(prompt_tokens - size.promptTokens);
  const candidates = (status?.requests ?? [])
    .filter((request) => request.status === 'running' && request.max_tokens === size.maxTokens)
    .sort((a, b) => distance(a) - distance(b));
  const [nearest, second] = candidates;
  if (!nearest || (second && distance(second) === distance(nearest))) return undefined;
  return nearest.cached_tokens;
}
