/** vllm-mlx through /v1/chat/completions. Its own /v1/messages hides what a gateway needs (usage, failures, history order). */
import { createTokenEstimator } from '../../prompt/token-estimate.ts';
import type { Prompt } from '../../prompt/types.ts';
import type { EngineSink } from '../../protocol/engine.ts';
import { GatewayError } from '../../protocol/errors.ts';
import type { ChatRequest } from '../../protocol/openai/chat.ts';
import { runChat } from '../openai-compatible/chat-run.ts';
import { label } from '../openai-compatible/engine-errors.ts';
import { bearer, type EngineHttp, getJson, openHttp } from '../openai-compatible/http.ts';
import { servedModels } from '../openai-compatible/models.ts';
import { createPlainFallback, type Start } from '../openai-compatible/plain-fallback.ts';
import { refusesContent } from '../openai-compatible/refuses.ts';
import type { BackendDeps, BackendOptions, CreateBackend, EngineInfo, Generation } from '../types.ts';
import { type CacheEvidence, counterEvidence, runningEvidence } from './cache-evidence.ts';
import { describe, modelOf } from './describe.ts';
import { watchEpoch } from './epoch.ts';
import { explain } from './failure.ts';
import { engineIdle } from './idle.ts';
import { contextFromModelFiles } from './model-files.ts';
import { createRepeats } from './repeats.ts';
import { vllmMlxRequest } from './request.ts';
import { askCacheStats, askStatus, type CacheStats, type Health, readHealth } from './server-status.ts';

export const createVllmMlxBackend: CreateBackend = (options, { notice }) => {
  const http = openHttp(options, bearer(options.apiKey));
  const tokens = createTokenEstimator();
  const epoch = watchEpoch();
  const closing = new AbortController();
  const plainFallback = createPlainFallback();
  const repeats = createRepeats();
  const contexts = new Map<string, Promise<number | undefined>>();
  const raw = options.toolGrammar !== 'engine';
  let evidence: CacheEvidence | undefined;
  let batched = false;
  let running = 0;
  /** Of them, those that the engine has said to have taken. */
  let taken = 0;

  const contextOf = (model: string): Promise<number | undefined> => {
    const known = contexts.get(model) ?? contextFromModelFiles(model);
    contexts.set(model, known);
    return known;
  };

  /** What the engine can say about its cache is learned once; a mode that changed comes with another process. */
  const learn = (health: Health, stats: CacheStats | undefined, hasStatus: boolean) => {
    const was = batched;
    batched = health.engine_type === 'batched';
    if (was !== batched) evidence = undefined;
    if (batched && hasStatus) evidence ??= runningEvidence(http);
    if (!batched && stats?.engine_cache?.system_kv_cache) evidence ??= counterEvidence(http);
    if (running === 0) evidence?.seed(stats);
  };

  const run = (prompt: Prompt, request: ChatRequest, sink: EngineSink): Generation => {
    const { prefixKey, prefixBytes, chain, bytes } = prompt;
    const promptTokens = tokens.estimate(prompt);
    const prefixTokens = Math.round((promptTokens * prefixBytes) / Math.max(1, bytes));
    let over = false;
    let isTaken = false;
    running++;
    return runChat(
      request,
      {
        http,
        onOpened() {
          if (over) return;
          isTaken = true;
          taken++;
        },
        async onContent() {
          const size = { promptTokens, prefixTokens, maxTokens: request.max_tokens };
          const cachedTokens = await evidence?.look(size, closing.signal);
          if (cachedTokens !== undefined && !over) sink.push({ type: 'usage', cachedTokens });
        },
        onUsage(usage) {
          if (usage.promptTokens === undefined) return;
          tokens.learn({ prefixKey, prefixBytes, chain, bytes }, usage.promptTokens);
        },
        onOver(spoke) {
          running--;
          if (isTaken) taken--;
          over = true;
          if (!spoke) evidence?.forget();
        },
        explain: (failure) => explain(http, failure, batched ? 'waits' : running),
      },
      sink,
    );
  };

  return {
    name: options.name,
    type: 'vllm-mlx',
    priority: options.priority,
    location: http.location,

    async probe(signal) {
      const health = await askHealth(http, signal);
      const [models, status, stats] = await Promise.all([
        servedModels(http, signal),
        askStatus(http, signal),
        askCacheStats(http, signal),
      ]);
      learn(health, stats, status !== undefined);
      const seen = { health, models, stats, epoch: epoch.see(status?.uptime_s, Date.now() / 1000) };
      const info = describe(options, { ...seen, context: await contextOf(modelOf(options, seen)) });
      tellAssumptions(options, info, notice);
      return info;
    },

    refuses: refusesContent,
    countTokens: (prompt) => tokens.estimate(prompt),

    generate({ prompt, maxTokens, info }, sink) {
      tellLeftOut(prompt, options, notice);
      const limits = { model: info.model, maxTokens, sampling: options.sampling, raw };
      // SimpleEngine starts from the end of the prefix, whatever comes behind it; at temperature 0 an answer is to be had again.
      const exact = (prompt.settings.temperature ?? options.sampling.temperature) === 0;
      const ending = batched && !exact ? repeats.ending(prompt) : '';
      const start: Start = (plain, sink) => run(prompt, vllmMlxRequest(prompt, { ...limits, plain, ending }), sink);
      return plainFallback(
        info.model,
        prompt,
        start,
        telling(sink, () => repeats.answered(prompt)),
      );
    },

    async idle(_, signal) {
      if (!batched) await engineIdle(http, () => taken, AbortSignal.any([signal, closing.signal]));
    },

    async close() {
      closing.abort();
      await http.agent.destroy();
    },
  };
};

/** @param answered called before the answer ends well */
function telling(sink: EngineSink, answered: () => void): EngineSink {
  return {
    push(event) {
      if (event.type === 'ended') answered();
      sink.push(event);
    },
    flush: () => sink.flush(),
  };
}

async function askHealth(http: EngineHttp, signal: AbortSignal): Promise<Health> {
  const { status, body } = await getJson(http, `${http.rootUrl}/health`, signal);
  const health = readHealth(body);
  if (health) return health;
  throw new GatewayError('engine_failed', `${label(http)} does not answer /health as vllm-mlx does (HTTP ${status})`);
}

function tellAssumptions(options: BackendOptions, info: EngineInfo, notice: BackendDeps['notice']): void {
  if (info.contextSource !== 'default') return;
  notice(
    `${options.name}: vllm-mlx does not say how long its context is and the model's files are not on this machine; ${info.contextWindow} tokens are assumed. Set backends.${options.name}.contextWindow.`,
  );
}

function tellLeftOut({ settings }: Prompt, { name, sampling }: BackendOptions, notice: BackendDeps['notice']): void {
  if ((settings.topK ?? sampling.topK) === undefined) return;
  notice(`${name}: top_k is not sent to vllm-mlx, because its prefix cache is off for requests that have one.`);
}
