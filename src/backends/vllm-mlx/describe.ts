/** What a probe of vllm-mlx saw, as the engine's description. */
import { defaultContextWindow, defaultMaxOutputTokens } from '../openai-compatible/defaults.ts';
import { chosenModel } from '../openai-compatible/models.ts';
import type { BackendOptions, EngineInfo } from '../types.ts';
import type { CacheStats, Health } from './server-status.ts';

export interface Seen {
  readonly health: Health;
  readonly models: readonly string[];
  readonly stats: CacheStats | undefined;
  /** Tokens, from the model's files. */
  readonly context: number | undefined;
  readonly epoch: string | undefined;
}

/** Continuous batching's default would be more, but a Mac's decode slows down with each. */
const batchedSlots = 4;
/** Snapshots SimpleEngine keeps, where it does not say. */
const simpleSnapshots = 4;
/** The batched cache is bounded by memory only; this many long conversations are a safe guess. */
const batchedConversations = 16;

export function modelOf(options: BackendOptions, { health, models }: Pick<Seen, 'health' | 'models'>): string {
  return chosenModel(options.model) ?? models[0] ?? health.model_name ?? 'unknown';
}

export function describe(options: BackendOptions, seen: Seen): EngineInfo {
  const { health, context, epoch } = seen;
  const batched = health.engine_type === 'batched';
  return {
    model: modelOf(options, seen),
    // A model that was put to sleep is loaded by the next request: to wait for it would be to wait for ever.
    loaded: health.model_loaded || health.residency_state === 'unloaded',
    slots: options.slots ?? (batched ? batchedSlots : 1),
    contextWindow: options.contextWindow ?? context ?? defaultContextWindow,
    contextSource: options.contextWindow ? 'config' : context ? 'model files' : 'default',
    maxOutputTokens: options.maxOutputTokens ?? defaultMaxOutputTokens,
    images: health.model_type === 'mllm',
    documents: false,
    toolCalls: options.toolGrammar === 'hermes' ? 'hermes' : 'auto',
    cache: batched ? { kind: 'conversations', capacity: batchedConversations } : simpleCache(seen.stats),
    exactTokens: false,
    demo: false,
    ...(epoch === undefined ? {} : { epoch }),
  };
}

/** An engine that counts, but not this, has a model it cannot snapshot; one that does not count is an older one. */
function simpleCache(stats: CacheStats | undefined): EngineInfo['cache'] {
  if (!stats) return { kind: 'prefixes', capacity: simpleSnapshots };
  const cache = stats.engine_cache?.system_kv_cache;
  return cache ? { kind: 'prefixes', capacity: cache.capacity ?? simpleSnapshots } : { kind: 'none', capacity: 0 };
}
