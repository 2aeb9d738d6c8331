/** The running gateway: every registry in one place, and what can be asked of the whole. */

import type { SchedulerActor } from '../../machines/scheduler.ts';
import type { CacheStats, ResponseCache } from '../cache/responses.ts';
import type { Prompt } from '../prompt/types.ts';
import type { CallOutcome } from '../toolcalls/count-call.ts';
import { version } from '../version.ts';
import type { Admin } from './admin.ts';
import type { BackendHandle } from './backend.ts';
import type { EventBus } from './events.ts';
import type { Models } from './models.ts';
import type { Requests } from './requests.ts';
import type { Sessions } from './sessions.ts';
import type { Timing } from './timing.ts';

export interface Health {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly version: string;
  readonly uptime_s: number;
  readonly model: string | null;
  readonly model_loaded: boolean;
  readonly cache: CacheStats;
  readonly prefix_cache: PrefixCacheStats;
  readonly tool_calls: Readonly<Record<CallOutcome, number>>;
  readonly queue: { readonly waiting: number; readonly running: number };
  readonly sessions: number;
  readonly backends: readonly BackendHealth[];
}

interface PrefixCacheStats {
  readonly hits: number;
  readonly misses: number;
  readonly tokens_reused: number;
  readonly tokens_prefilled: number;
}

interface BackendHealth {
  readonly name: string;
  readonly type: string;
  readonly status: string;
  readonly model: string | null;
  readonly slots: { readonly total: number; readonly busy: number };
  readonly demo: boolean;
  /** The owner has it take nothing new. */
  readonly drained: boolean;
}

export interface Gateway {
  readonly startedAt: number;
  readonly timing: Timing;
  readonly events: EventBus;
  readonly backends: readonly BackendHandle[];
  readonly models: Models;
  readonly requests: Requests;
  readonly sessions: Sessions;
  readonly admin: Admin;
  readonly scheduler: SchedulerActor;
  /** It takes nothing new any more. */
  readonly draining: boolean;
  /** Prompt tokens on the backend that would serve it. @throws GatewayError unknown_model | no_backend */
  countTokens(prompt: Prompt): number;
  health(): Health;
  /** From now on nothing new is taken. */
  drain(): void;
}

interface Parts {
  readonly scheduler: SchedulerActor;
  readonly timing: Timing;
  readonly events: EventBus;
  /** By priority. */
  readonly backends: readonly BackendHandle[];
  readonly models: Models;
  readonly requests: Requests;
  readonly sessions: Sessions;
  readonly cache: ResponseCache;
  readonly admin: Admin;
}

export function createGateway({
  scheduler,
  timing,
  events,
  backends,
  models,
  requests,
  sessions,
  cache,
  admin,
}: Parts): Gateway {
  const startedAt = Date.now();
  let draining = false;
  const prefix = { hits: 0, misses: 0, tokens_reused: 0, tokens_prefilled: 0 };
  const toolCalls = { ok: 0, repaired: 0, retyped: 0, reasked: 0, failed: 0 };
  events.on((event) => {
    if (event.type === 'toolCall.read') toolCalls[event.outcome]++;
    if (event.type !== 'request.finished' || event.outcome !== 'done') return;
    if (event.cache === 'hit' || event.cache === 'joined') return;
    if (event.cachedTokens > 0) prefix.hits++;
    else prefix.misses++;
    prefix.tokens_reused += event.cachedTokens;
    prefix.tokens_prefilled += event.promptTokens - event.cachedTokens;
  });

  return {
    startedAt,
    timing,
    events,
    backends,
    models,
    requests,
    sessions,
    admin,
    scheduler,
    get draining() {
      return draining;
    },
    countTokens(prompt) {
      const candidates = models.candidates(prompt.model);
      const known = candidates.find((handle) => handle.info() !== undefined);
      const info = known?.info();
      // No engine has been reached yet: three and a half bytes a token is the usual mean of code and prose.
      return known && info ? known.backend.countTokens(prompt, info) : Math.ceil(prompt.bytes / 3.5);
    },
    health() {
      const first = backends.find((handle) => handle.takesWork()) ?? backends[0];
      const info = first?.info();
      return {
        status: draining ? 'unhealthy' : statusOf(backends),
        version,
        uptime_s: Math.round((Date.now() - startedAt) / 1000),
        model: info?.model ?? null,
        model_loaded: info?.loaded ?? false,
        cache: cache.stats(),
        prefix_cache: { ...prefix },
        tool_calls: { ...toolCalls },
        queue: { waiting: requests.waiting(), running: requests.running() },
        sessions: sessions.count(),
        backends: backends.map(describe),
      };
    },
    drain() {
      draining = true;
      scheduler.send({ type: 'drain' });
    },
  };
}

function describe(handle: BackendHandle): BackendHealth {
  const info = handle.info();
  return {
    name: handle.backend.name,
    type: handle.backend.type,
    status: handle.status(),
    model: info?.model ?? null,
    slots: { total: info?.slots ?? 0, busy: handle.running },
    demo: info?.demo ?? false,
    drained: handle.drained(),
  };
}

/** Healthy: the preferred backend works. Degraded: another one does. */
function statusOf(backends: readonly BackendHandle[]): Health['status'] {
  if (!backends.some((handle) => handle.takesWork())) return 'unhealthy';
  return backends.every((handle) => handle.status() === 'up' && !handle.drained()) ? 'healthy' : 'degraded';
}
