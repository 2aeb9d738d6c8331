/** The composition root: from a parsed configuration to a gateway that can listen and close. No module keeps state. */
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { createAnthropicBackend } from './backends/anthropic/index.ts';
import { createLlamaCppBackend } from './backends/llama-cpp/index.ts';
import { createOpenAiBackend } from './backends/openai-compatible/index.ts';
import type { Backend, BackendType, CreateBackend } from './backends/types.ts';
import { createVllmMlxBackend } from './backends/vllm-mlx/index.ts';
import { createResponseCache } from './cache/responses.ts';
import { type BackendConfig, type Config, enabledBackends } from './config/backends.ts';
import { createInspector, type Inspector } from './observe/inspect/inspector.ts';
import { logEvents } from './observe/log.ts';
import { createMetrics } from './observe/metrics/index.ts';
import { createOverview } from './observe/overview/overview.ts';
import { keepRecent } from './observe/story/recent.ts';
import { startTracing } from './observe/tracing/tracing.ts';
import { createAdmin } from './runtime/admin.ts';
import { type BackendHandle, startBackend } from './runtime/backend.ts';
import { createEventBus } from './runtime/events.ts';
import { createGateway, type Gateway } from './runtime/gateway.ts';
import { anthropicId, createModels } from './runtime/models.ts';
import { createRequests } from './runtime/requests.ts';
import { type Policy, startScheduler } from './runtime/scheduler.ts';
import { createSessions } from './runtime/sessions.ts';
import { defaultTiming, type Timing } from './runtime/timing.ts';
import { startWarmUp } from './runtime/warm-up.ts';
import { createServer } from './server/server.ts';

const factories: Readonly<Record<BackendType, CreateBackend>> = {
  'vllm-mlx': createVllmMlxBackend,
  'llama-cpp': createLlamaCppBackend,
  openai: createOpenAiBackend,
  anthropic: createAnthropicBackend,
};

export interface AppDeps {
  readonly log: Logger;
  readonly timing?: Partial<Timing>;
  /** Another maker for a type of backend, for tests that script an engine. */
  readonly backends?: Partial<Record<BackendType, CreateBackend>>;
  /** Another order of service, for tests that compare. */
  readonly policy?: Policy;
  /** Another one, for a benchmark without. */
  readonly inspector?: Inspector;
  /** Offers the bridge to Stately's hosted viewer. */
  readonly stately?: boolean;
}

export interface App {
  readonly gateway: Gateway;
  /** Resolves once every backend has been asked and the port is open. @throws when the port cannot be had */
  listen(): Promise<{ url: string; host: string; port: number }>;
  /** Stops accepting, lets what runs finish for `server.drainSeconds`, ends the rest with an error. */
  close(): Promise<void>;
  /** A line for people about each engine. */
  describe(): string[];
  /** What Claude Code should be told of the preferred engine. */
  model(): { id: string; contextWindow: number; maxOutputTokens: number } | undefined;
}

export function createApp(config: Config, deps: AppDeps): App {
  const { maxWaiting, maxWaitingPerClient, maxWaitSeconds, graceSeconds } = config.scheduling;
  const waits = { grace: graceSeconds * 1_000, queueTimeout: maxWaitSeconds * 1_000 };
  const timing = { ...defaultTiming, ...waits, ...deps.timing };
  const events = createEventBus();
  logEvents(events, deps.log, config.debug.level);
  const broke = (error: unknown) => events.emit({ type: 'actor.broke', actor: 'inspector', error });
  const inspector = deps.inspector ?? createInspector({ broke });
  const { inspection } = inspector;

  const enabled = enabledBackends(config);
  const backends = enabled.map((options) => build(options));
  const byName = new Map(backends.map((backend) => [backend.name, backend]));
  const weights = Object.fromEntries(config.server.apiKeys.map(({ name, weight = 1 }) => [name, weight]));
  const limits = { maxWaiting, maxWaitingPerClient, maxWaitMs: timing.queueTimeout };
  const scheduler = startScheduler(byName, events, inspection, { policy: deps.policy, weights, ...limits });
  const handles = enabled.map((options, index) => {
    const backend = backends[index] ?? build(options);
    const { askAgain, use } = options;
    return startBackend(backend, { scheduler, events, timing, inspection, askAgain, use });
  });
  const sessions = createSessions(events, inspection);
  const cache = createResponseCache(config.cache.responses.max);
  const models = createModels(handles, config.models);
  const handleByName = new Map(handles.map((handle) => [handle.backend.name, handle]));
  const warmUp = config.scheduling.warmUp
    ? startWarmUp({ scheduler, backends: handles, events, timing, inspection })
    : undefined;
  const requests = createRequests({
    scheduler,
    backends: handleByName,
    models,
    sessions,
    cache,
    events,
    timing,
    warmUp,
    inspection,
  });
  const admin = createAdmin({ backends: handleByName, requests, cache, warmUp, events });
  const gateway = createGateway({
    scheduler,
    timing,
    events,
    backends: handles,
    models,
    requests,
    sessions,
    cache,
    admin,
  });
  const tracing = startTracing(process.env, (text) => deps.log.warn(text));
  const recent = keepRecent(events, tracing?.record);
  const observers = { overview: createOverview(gateway, warmUp), metrics: createMetrics(gateway), recent, inspector };
  const { stately = false } = deps;
  const server = createServer(gateway, observers, { access: config.server, prompt: config.prompt, stately });

  function build(options: BackendConfig): Backend {
    const create = deps.backends?.[options.type] ?? factories[options.type];
    const said = new Set<string>();
    return create(options, {
      notice: (text) => {
        if (said.has(text)) return;
        said.add(text);
        events.emit({ type: 'notice', backend: options.name, text });
      },
    });
  }

  return {
    gateway,
    async listen() {
      await Promise.all(handles.map((handle) => handle.firstProbe));
      const { host, port } = config.server;
      await server.listen({ host, port });
      const address = server.server.address() as AddressInfo;
      const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      return { url: `http://${shown}:${address.port}`, host, port: address.port };
    },
    async close() {
      gateway.drain();
      warmUp?.close();
      // Fastify's own close would answer 503 in its own words on the connections that are still open.
      server.server.close();
      const idleSockets = setInterval(() => server.server.closeIdleConnections(), 100);
      const drained = await Promise.race([
        requests.idle().then(() => true),
        new Promise<false>((resolve) => setTimeout(resolve, config.server.drainSeconds * 1000, false).unref()),
      ]);
      if (!drained) requests.failAll();
      inspector.close();
      const closed = server.close();
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
      server.server.closeAllConnections();
      await closed;
      clearInterval(idleSockets);
      requests.close();
      sessions.close();
      scheduler.stop();
      await Promise.all(handles.map((handle) => handle.close()));
      await tracing?.close();
    },
    describe: () => handles.map(describeEngine),
    model() {
      const info = handles.find((handle) => handle.info()?.loaded)?.info() ?? handles[0]?.info();
      const id = anthropicId(info?.model);
      return info && id ? { id, contextWindow: info.contextWindow, maxOutputTokens: info.maxOutputTokens } : undefined;
    },
  };
}

function describeEngine(handle: BackendHandle): string {
  const { name, type, location } = handle.backend;
  const info = handle.info();
  const at = `${name}: ${type} at ${location}`;
  if (!info) return `${at}, ${handle.status()} (${handle.reason()})`;
  const slots = info.slots === 1 ? '1 slot' : `${info.slots} slots`;
  const demo = info.demo ? ', RANDOM WEIGHTS: its answers are noise' : '';
  return `${at}, model ${info.model}, context ${info.contextWindow} tokens (${info.contextSource}), ${slots}${demo}`;
}
