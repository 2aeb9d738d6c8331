/** One engine in the hands of the contract's tests. */
import { afterAll, beforeAll } from 'vitest';
import { type ChatOptions, type ChatResult, chat, getJson, type StreamRecord } from '../../support/chat-client.ts';
import { eventually } from '../../support/eventually.ts';
import type { EngineMode } from '../../support/real-vllm-mlx.ts';

export interface EngineUnderTest {
  /** Without `/v1`. */
  readonly url: string;
  /** Silence after which it sends a heartbeat. */
  readonly heartbeatMs: number;
  stop(): Promise<void>;
}

export interface EngineStart {
  /** The template refuses a system message that is not the first. */
  readonly strict?: boolean;
  readonly apiKey?: string;
}

export type StartEngine = (options?: EngineStart) => Promise<EngineUnderTest>;

export interface Handle {
  readonly mode: EngineMode;
  readonly simple: boolean;
  readonly url: string;
  readonly heartbeatMs: number;
  /** One request with these messages, to its end. */
  talk(messages: readonly object[], extra?: object, options?: ChatOptions): Promise<ChatResult>;
  /** The same with one user message. */
  ask(text: string, extra?: object, options?: ChatOptions): Promise<ChatResult>;
  /** Starts a generation and comes back once its first content is there. */
  begin(messages: string | readonly object[], extra?: object): Promise<{ done: Promise<ChatResult>; abort(): void }>;
  status(): Promise<Status>;
  idle(): Promise<void>;
  /** SimpleEngine's, of its prefix snapshots. */
  counters(): Promise<Counters>;
}

export interface Status {
  readonly num_running: number;
  readonly num_waiting: number;
  /** The batched engine's. */
  readonly cache: { readonly hits: number } | null;
  readonly requests: readonly { readonly cached_tokens?: number; readonly cache_hit_type?: string }[];
}

export interface Counters {
  readonly hits: number;
  readonly misses: number;
  readonly stores: number;
}

interface SimpleStats {
  readonly engine_cache: { readonly system_kv_cache: { readonly counters: Counters } };
}

export const readTool = {
  type: 'function',
  function: {
    name: 'Read',
    description: 'Reads a file.',
    parameters: {
      type: 'object',
      properties: { file_path: { type: 'string' }, limit: { type: 'integer' } },
      required: ['file_path'],
    },
  },
};

/** What a busy engine says inside a 200, and one whose template refuses the messages as well. */
export const busyFrame = {
  error: { message: 'Internal server error', type: 'InternalServerError', param: null, code: 500 },
};

/** Over the 128 tokens from which the batched engine caches. */
export const longSystem = (name: string): object => ({
  role: 'system',
  content: `You are ${name}. ${'Answer with care and keep it short. '.repeat(60)}`,
});

export function requestOf(messages: readonly object[], extra: object = {}): object {
  return { model: 'local', stream: true, max_tokens: 2000, messages, ...extra };
}

/** Starts an engine for the tests of the enclosing `describe`. */
export function useEngine(mode: EngineMode, start: StartEngine, options?: EngineStart): Handle {
  let engine: EngineUnderTest | undefined;
  const started = (): EngineUnderTest => {
    if (!engine) throw new Error('The engine did not start');
    return engine;
  };
  beforeAll(async () => {
    engine = await start(options);
  });
  afterAll(() => engine?.stop());

  const key = options?.apiKey;
  const handle: Handle = {
    mode,
    simple: mode !== 'batched',
    get url() {
      return started().url;
    },
    get heartbeatMs() {
      return started().heartbeatMs;
    },
    talk: (messages, extra, chatOptions) =>
      chat(handle.url, requestOf(messages, extra), { ...(key ? { key } : {}), ...chatOptions }),
    ask: (text, extra, chatOptions) => handle.talk([{ role: 'user', content: text }], extra, chatOptions),
    async begin(messages, extra) {
      const controller = new AbortController();
      const content = Promise.withResolvers<void>();
      const onRecord = (record: StreamRecord): void => {
        if (record.type === 'chunk' && record.chunk.choices[0]?.delta.content) content.resolve();
      };
      const turns = typeof messages === 'string' ? [{ role: 'user', content: messages }] : messages;
      const done = handle.talk(turns, extra, { signal: controller.signal, onRecord });
      await Promise.race([content.promise, done]);
      return { done, abort: () => controller.abort() };
    },
    status: async () => (await getJson(`${handle.url}/v1/status`, key)).body as Status,
    idle: () => eventually(async () => (await handle.status()).num_running === 0),
    async counters() {
      const stats = (await getJson(`${handle.url}/v1/cache/stats`, key)).body as SimpleStats;
      return stats.engine_cache.system_kv_cache.counters;
    },
  };
  return handle;
}
