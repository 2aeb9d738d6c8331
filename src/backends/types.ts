/** The contract of every engine: embedded, remote and fake ones look the same to the runtime. */
import type { Prompt } from '../prompt/types.ts';
import type { EngineEvent, EngineSink, EngineUsage } from '../protocol/engine.ts';
import type { GatewayError } from '../protocol/errors.ts';

export type { EngineEvent, EngineSink, EngineUsage };

export type BackendType = 'vllm-mlx' | 'llama-cpp' | 'openai' | 'anthropic';

/**
 * What an engine keeps between requests. `none`: nothing that can be counted on. `prefixes`: system + tools snapshots, the
 * history is prefilled again (SimpleEngine). `conversations`: any earlier prompt's leading part. `slots`: each slot its last prompt.
 */
export type CacheKind = 'none' | 'prefixes' | 'conversations' | 'slots';

/** What the engine said of itself at the last probe. */
export interface EngineInfo {
  /** The name the engine serves its model under. */
  readonly model: string;
  /** False while it still loads: up, but no work yet. */
  readonly loaded: boolean;
  readonly slots: number;
  /** Tokens of prompt and answer together. */
  readonly contextWindow: number;
  /** Where the figure comes from; said at start. */
  readonly contextSource: 'config' | 'engine' | 'model files' | 'default';
  readonly maxOutputTokens: number;
  readonly images: boolean;
  readonly documents: boolean;
  /**
   * What of tool calls src/toolcalls reads: the markup of all families, or of Hermes alone, besides what the engine's own
   * parser gives; or nothing, since calls come as they are meant and text is text.
   */
  readonly toolCalls: 'auto' | 'hermes' | 'exact';
  readonly cache: { readonly kind: CacheKind; readonly capacity: number };
  /** Whether `countTokens` is exact. */
  readonly exactTokens: boolean;
  /** Random weights: the answers are noise. */
  readonly demo: boolean;
  /** Says when the engine process is another one than before (start time, pid), so that its cache is known to be lost. */
  readonly epoch?: string;
}

export interface GenerateJob {
  readonly requestId: string;
  readonly prompt: Prompt;
  /** Already clamped to what fits. */
  readonly maxTokens: number;
  /** Index of the leased slot, 0-based. */
  readonly slot: number;
  readonly info: EngineInfo;
}

/** A running generation. It ends with exactly one `ended` or `failed` on its sink, unless aborted. */
export interface Generation {
  /** Stops the engine's work: a remote one by destroying the socket. Nothing is pushed afterwards. Idempotent. */
  abort(): void;
  /** Stops reading from the engine while the client's socket is full. */
  pause(): void;
  resume(): void;
}

export interface Backend {
  readonly name: string;
  readonly type: BackendType;
  /** 1 is tried first. */
  readonly priority: number;
  /** Where it is, for people: a URL without credentials, or a model path. */
  readonly location: string;
  /** Asks the engine what it is. @throws GatewayError engine_unreachable | engine_auth | engine_failed */
  probe(signal: AbortSignal): Promise<EngineInfo>;
  /** Why this prompt cannot run here (images, documents, …), or undefined. Not for its length. */
  refuses(prompt: Prompt, info: EngineInfo): GatewayError | undefined;
  /** Prompt tokens, exact or estimated: see EngineInfo.exactTokens. Cheap enough to be called for every request. */
  countTokens(prompt: Prompt, info: EngineInfo): number;
  generate(job: GenerateJob, sink: EngineSink): Generation;
  /** Resolves once the engine no longer works on an aborted generation, so that its slot can be used again. */
  idle(slot: number, signal: AbortSignal): Promise<void>;
  /**
   * For engines that keep the state of prefixes on disk: hears the keys of all that are there, whenever they change. Of those
   * that nobody has asked for since the start nothing is known.
   */
  watchSnapshots?(listener: (prefixKeys: readonly string[]) => void): void;
  close(): Promise<void>;
}

export interface Sampling {
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
}

/** A backend's part of the configuration, defaults filled in. */
export interface BackendOptions {
  readonly name: string;
  readonly type: BackendType;
  readonly priority: number;
  /** Ends in `/v1`; undefined for embedded engines. */
  readonly baseUrl?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly model?: string | undefined;
  readonly slots?: number | undefined;
  readonly contextWindow?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
  /** `auto` and `hermes`: warmslot reads the model's own markup; `engine`: the engine's parser is trusted. */
  readonly toolGrammar: 'auto' | 'hermes' | 'engine';
  /** Used where the client says nothing. */
  readonly sampling: Sampling;
  /** Where embedded engines keep models they download or make. */
  readonly modelsDir: string;
  /** Where embedded engines keep the state of prefixes, and how many bytes of it; 0 or absent: none. */
  readonly snapshots?: { readonly dir: string; readonly maxBytes: number } | undefined;
}

export interface BackendDeps {
  /** Tells the owner something once, in words: a setting that could not be honoured, a figure that was assumed. */
  notice(text: string): void;
}

export type CreateBackend = (options: BackendOptions, deps: BackendDeps) => Backend;
