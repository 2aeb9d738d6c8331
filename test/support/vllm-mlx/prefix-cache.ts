/** What the two engines keep of earlier prompts, with the rules measured on vllm-mlx 0.6.0. */
import { type ChatRequest, templateTools } from './request.ts';
import type { RenderedPrompt } from './template.ts';
import { commonLength, countTokens } from './tokens.ts';

export interface Lookup {
  readonly cachedTokens: number;
  /** As /v1/status names it; null on SimpleEngine. */
  readonly hitType: string | null;
}

export interface PrefixCache {
  lookup(prompt: RenderedPrompt, request: ChatRequest): Lookup;
  /** After the prefill: SimpleEngine stores now, so an aborted request leaves its snapshot. */
  prefilled(prompt: RenderedPrompt, request: ChatRequest, slots: number): void;
  /** After the last token: the batched engine stores now, prompt and answer. */
  completed(prompt: RenderedPrompt, answer: string): void;
  clear(): void;
  /** `engine_cache` of /v1/cache/stats. */
  stats(slots: number): Readonly<Record<string, unknown>>;
}

/** Snapshots of system + tools, least recently used first. */
export function createSystemPrefixCache(): PrefixCache {
  const snapshots = new Map<string, number>();
  const zero = { hits: 0, misses: 0, stores: 0, evictions: 0 };
  const counters = { ...zero };
  return {
    lookup(prompt, request) {
      if (bypasses(prompt, request)) return { cachedTokens: 0, hitType: null };
      const cachedTokens = snapshots.get(prompt.prefix);
      if (cachedTokens === undefined) counters.misses++;
      else counters.hits++;
      return { cachedTokens: cachedTokens ?? 0, hitType: null };
    },
    prefilled(prompt, request, slots) {
      if (bypasses(prompt, request)) return;
      if (!snapshots.delete(prompt.prefix)) counters.stores++;
      snapshots.set(prompt.prefix, prompt.prefixTokens);
      for (const oldest of snapshots.keys()) {
        if (snapshots.size <= slots) break;
        snapshots.delete(oldest);
        counters.evictions++;
      }
    },
    completed() {},
    clear() {
      snapshots.clear();
      Object.assign(counters, zero);
    },
    stats(slots) {
      const looked = counters.hits + counters.misses;
      const ratio = looked > 0 ? counters.hits / looked : null;
      return {
        system_kv_cache: { capacity: slots, in_use: snapshots.size, counters: { ...counters, hit_ratio: ratio } },
      };
    },
  };
}

/** Such a request is prefilled in full, and neither a hit nor a miss is counted. */
function bypasses(prompt: RenderedPrompt, request: ChatRequest): boolean {
  const sampled =
    (request.top_k ?? 0) > 0 ||
    (request.min_p ?? 0) > 0 ||
    (request.presence_penalty ?? 0) !== 0 ||
    (request.repetition_penalty ?? 1) !== 1;
  const direct = !request.stream && templateTools(request).length === 0;
  return !prompt.hasSystem || prompt.lateSystem || sampled || direct || (request.stop ?? []).length > 0;
}

/** The batched engine neither stores nor reuses less. */
const fewestTokens = 128;
/** The real one is bounded by memory; this bound keeps long benchmarks flat. */
const mostEntries = 64;

/** Whole conversations, stored when they end. */
export function createConversationCache(): PrefixCache {
  const entries = new Set<string>();
  const zero = { hits: 0, misses: 0, evictions: 0, tokens_saved: 0 };
  const counters = { ...zero };

  const count = (saved: number, lookup: Lookup): Lookup => {
    if (saved > 0) counters.hits++;
    else counters.misses++;
    counters.tokens_saved += saved;
    return lookup;
  };

  const found = (text: string, hitType: string): Lookup => {
    const cachedTokens = countTokens(text);
    return count(cachedTokens, { cachedTokens, hitType });
  };

  return {
    lookup({ text, tokens }) {
      // A repeat or a rewind counts as a hit, is thrown away, and everything is prefilled.
      if ([...entries].some((entry) => entry.startsWith(text)))
        return count(tokens, { cachedTokens: 0, hitType: 'supersequence' });
      // A shorter strict prefix beats a longer common one.
      const prefix = Math.max(0, ...[...entries].map((entry) => (text.startsWith(entry) ? entry.length : 0)));
      if (prefix > 0) return found(text.slice(0, prefix), 'prefix');
      const common = Math.max(0, ...[...entries].map((entry) => commonLength(entry, text)));
      const shared = text.slice(0, common);
      if (countTokens(shared) >= fewestTokens) return found(shared, 'lcp');
      return count(0, { cachedTokens: 0, hitType: common > 0 ? 'miss_short_lcp' : 'miss' });
    },
    prefilled() {},
    completed(prompt, answer) {
      if (prompt.tokens < fewestTokens) return;
      entries.add(prompt.text + answer);
      for (const oldest of entries) {
        if (entries.size <= mostEntries) break;
        entries.delete(oldest);
        counters.evictions++;
      }
    },
    clear() {
      entries.clear();
      Object.assign(counters, zero);
    },
    stats() {
      const looked = counters.hits + counters.misses;
      return {
        ...counters,
        hit_rate: looked > 0 ? counters.hits / looked : 0,
        current_memory_mb: 0,
        max_memory_mb: 4096,
        memory_utilization: 0,
        entry_count: entries.size,
        store_rejections: 0,
      };
    },
  };
}
