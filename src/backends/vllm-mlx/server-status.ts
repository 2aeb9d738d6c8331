/** What vllm-mlx says of itself, as far as warmslot reads it. Every version has more of it; registry mode has less. */
import { z } from 'zod';
import { askJson, type EngineHttp } from '../openai-compatible/http.ts';

const health = z.looseObject({
  status: z.string(),
  model_loaded: z.boolean(),
  model_name: z.string().nullish(),
  model_type: z.string().nullish(),
  engine_type: z.string().nullish(),
  /** Only with `--lazy-load-model` or `--auto-unload-idle-seconds`. */
  residency_state: z.string().nullish(),
});
export type Health = z.infer<typeof health>;

/** `/health` of another kind of server gives undefined. */
export function readHealth(body: unknown): Health | undefined {
  const parsed = health.safeParse(body);
  const known = parsed.success && (parsed.data.engine_type ?? parsed.data.model_type) !== undefined;
  return known ? parsed.data : undefined;
}

const runningRequest = z.looseObject({
  status: z.string().optional(),
  prompt_tokens: z.number().optional(),
  max_tokens: z.number().optional(),
  cached_tokens: z.number().optional(),
});

const status = z.looseObject({
  uptime_s: z.number().optional(),
  num_running: z.number().optional(),
  requests: z.array(runningRequest).optional().catch(undefined),
});
export type Status = z.infer<typeof status>;

export function readStatus(body: unknown): Status | undefined {
  const parsed = status.safeParse(body);
  return parsed.success ? parsed.data : undefined;
}

/** Undefined when the engine does not answer in time or has no such endpoint. */
export async function askStatus(http: EngineHttp, signal: AbortSignal): Promise<Status | undefined> {
  return readStatus(await askJson(http, `${http.baseUrl}/status`, signal));
}

const counters = z.looseObject({ hits: z.number(), misses: z.number() });
export type Counters = z.infer<typeof counters>;

const cacheStats = z.looseObject({
  engine_cache: z
    .looseObject({
      system_kv_cache: z.looseObject({ capacity: z.number().optional(), counters }).optional().catch(undefined),
    })
    .nullable(),
});
export type CacheStats = z.infer<typeof cacheStats>;

/** `engine_cache` is null where the model's layers allow no prefix cache. */
export async function askCacheStats(http: EngineHttp, signal: AbortSignal): Promise<CacheStats | undefined> {
  const parsed = cacheStats.safeParse(await askJson(http, `${http.baseUrl}/cache/stats`, signal));
  return parsed.success ? parsed.data : undefined;
}
