/** What the engine says of itself: /health, /v1/models, /v1/status, /v1/cache/stats, /metrics. */
import type { Engine, Job } from './engine.ts';
import type { Quirks } from './quirks.ts';

export function health({ model, engine, loading }: Quirks): unknown {
  return {
    status: 'healthy',
    model_loaded: !loading,
    model_name: model,
    available_models: [model],
    model_type: 'llm',
    engine_type: loading ? 'unknown' : engine,
    mcp: null,
  };
}

export function models({ model }: Quirks): unknown {
  const created = Math.floor(Date.now() / 1000);
  return { object: 'list', data: [{ id: model, object: 'model', created, owned_by: 'vllm-mlx' }] };
}

export function cacheStats(engine: Engine, quirks: Quirks): unknown {
  return {
    engine_cache: engine.caches[quirks.engine].stats(quirks.prefixSlots),
    error: 'Cache stats not available (mlx_vlm not loaded)',
  };
}

export function status(engine: Engine, quirks: Quirks): unknown {
  const { running, waiting } = engine.admission;
  const simple = quirks.engine === 'simple';
  const jobs = [...engine.jobs];
  return {
    status: quirks.loading ? 'not_loaded' : 'running',
    model: quirks.model,
    residency: null,
    embedding: null,
    uptime_s: Math.round((Date.now() - engine.startedAt) / 100) / 10,
    steps_executed: simple ? 0 : engine.totals.completionTokens,
    // SimpleEngine counts those that wait for its lock as running, too.
    num_running: simple ? running + waiting : running,
    num_waiting: waiting,
    total_requests_processed: engine.totals.requests,
    total_prompt_tokens: engine.totals.promptTokens,
    total_completion_tokens: engine.totals.completionTokens,
    generation_tps: 0,
    prompt_tps: 0,
    metal: { active_memory_gb: null, peak_memory_gb: null, cache_memory_gb: null },
    cache: simple ? null : engine.caches.batched.stats(quirks.prefixSlots),
    mtp: { enabled: false },
    requests: simple ? jobs.flatMap(simpleEntries) : jobs.map(entry),
  };
}

export function metrics(engine: Engine, quirks: Quirks): string {
  const { running, waiting } = engine.admission;
  const gauges: Record<string, number> = {
    model_loaded: quirks.loading ? 0 : 1,
    'engine_type{engine_type="simple"}': quirks.engine === 'simple' ? 1 : 0,
    'engine_type{engine_type="batched"}': quirks.engine === 'batched' ? 1 : 0,
    scheduler_waiting_requests: waiting,
    scheduler_running_requests: running,
    engine_uptime_seconds: (Date.now() - engine.startedAt) / 1000,
  };
  return Object.entries(gauges)
    .map(([name, value]) => `vllm_mlx_${name} ${value}\n`)
    .join('');
}

/** SimpleEngine lists a running request twice: tracked, and as holder of its lock. Of a prefill it knows nothing. */
function simpleEntries(job: Job): unknown[] {
  const known =
    job.phase === 'generation' ? entry(job) : { ...entry(job), prompt_tokens: 0, elapsed_s: 0, ttft_s: null };
  const tracked = { ...known, status: 'running', phase: job.phase === 'generation' ? 'generation' : 'prefill' };
  if (job.phase === 'queued') return [tracked];
  const holder = {
    request_id: `simple-${job.id.slice(0, 12)}`,
    status: 'running',
    kind: 'blocking_serialized',
    prompt_tokens: 0,
    completion_tokens: 0,
    elapsed_s: 0,
    started_at: job.startedAt / 1000,
  };
  return [tracked, holder];
}

function entry(job: Job): Record<string, unknown> {
  const elapsed = (Date.now() - job.arrivedAt) / 1000;
  const decoding = job.firstTokenAt === undefined ? 0 : (Date.now() - job.firstTokenAt) / 1000;
  return {
    request_id: job.id,
    status: job.phase === 'queued' ? 'waiting' : 'running',
    phase: job.phase,
    elapsed_s: elapsed,
    prompt_tokens: job.promptTokens,
    completion_tokens: job.completionTokens,
    max_tokens: job.maxTokens,
    progress: job.completionTokens / job.maxTokens,
    tokens_per_second: decoding > 0 ? job.completionTokens / decoding : 0,
    ttft_s: job.firstTokenAt === undefined ? null : (job.firstTokenAt - job.arrivedAt) / 1000,
    cache_hit_type: job.found.hitType,
    cached_tokens: job.found.cachedTokens,
  };
}
