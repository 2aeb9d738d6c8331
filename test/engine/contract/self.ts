/** What the engine says of itself: the shapes that probes and doctors read. */
import { describe, expect, test } from 'vitest';
import { getJson } from '../../support/chat-client.ts';
import type { Handle } from './handle.ts';

export function describeSelf(engine: Handle): void {
  describe('says of itself', () => {
    test('its health and its model', async () => {
      expect((await getJson(`${engine.url}/health`)).body).toEqual({
        status: 'healthy',
        model_loaded: true,
        model_name: 'local',
        available_models: ['local'],
        model_type: 'llm',
        engine_type: engine.simple ? 'simple' : 'batched',
        mcp: null,
      });
      expect((await getJson(`${engine.url}/v1/models`)).body).toEqual({
        object: 'list',
        data: [{ id: 'local', object: 'model', created: expect.any(Number), owned_by: 'vllm-mlx' }],
      });
    });

    test('what it does at the moment', async () => {
      expect(await engine.status()).toEqual({
        status: 'running',
        model: 'local',
        residency: null,
        embedding: null,
        uptime_s: expect.any(Number),
        steps_executed: expect.any(Number),
        num_running: 0,
        num_waiting: 0,
        total_requests_processed: expect.any(Number),
        total_prompt_tokens: expect.any(Number),
        total_completion_tokens: expect.any(Number),
        generation_tps: expect.any(Number),
        prompt_tps: expect.any(Number),
        metal: { active_memory_gb: null, peak_memory_gb: null, cache_memory_gb: null },
        cache: engine.simple
          ? null
          : expect.objectContaining({ hits: expect.any(Number), entry_count: expect.any(Number) }),
        mtp: { enabled: false },
        requests: [],
      });
    });

    test('which generations run', async () => {
      const running = await engine.begin('DELAY:40\nLONG:200', { max_tokens: 500 });
      const { num_running, requests } = await engine.status();
      expect(num_running).toBe(1);
      expect(requests[0]).toMatchObject({
        request_id: expect.any(String),
        status: 'running',
        phase: 'generation',
        prompt_tokens: expect.any(Number),
        max_tokens: 500,
        cached_tokens: 0,
      });
      // SimpleEngine lists it twice.
      expect(requests).toHaveLength(engine.simple ? 2 : 1);
      running.abort();
      await running.done;
      await engine.idle();
    });

    test('its counters', async () => {
      const { body } = await getJson(`${engine.url}/v1/cache/stats`);
      const engineCache = engine.simple
        ? { system_kv_cache: { capacity: 4, in_use: expect.any(Number), counters: expect.any(Object) } }
        : expect.objectContaining({ hits: expect.any(Number), tokens_saved: expect.any(Number) });
      // The error is always there on a text server and means nothing.
      expect(body).toEqual({ engine_cache: engineCache, error: expect.stringContaining('not available') });
      const text = await (await fetch(`${engine.url}/metrics`)).text();
      expect(text).toMatch(/^vllm_mlx_scheduler_running_requests 0/m);
    });
  });
}
