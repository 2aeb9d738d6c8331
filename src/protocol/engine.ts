/** What any engine says while it generates. The one vocabulary between engines and replies, whatever the engine speaks. */
import type { GatewayError } from './errors.ts';

export type EndReason = 'end_turn' | 'tool_use' | 'max_tokens' | 'stop_sequence' | 'refusal';

export interface EngineUsage {
  /** Tokens of the whole prompt, cached ones included. */
  readonly promptTokens?: number;
  /** Prompt tokens that were not prefilled because the engine still had them. */
  readonly cachedTokens?: number;
  /** Prompt tokens written to a snapshot by this request. */
  readonly createdTokens?: number;
  readonly outputTokens?: number;
}

export type EngineEvent =
  | { readonly type: 'started'; readonly promptTokens?: number; readonly cachedTokens?: number }
  | { readonly type: 'prefill'; readonly done: number; readonly total: number }
  | { readonly type: 'text'; readonly text: string }
  /** `signature` only from engines that sign their thinking; it closes the block. */
  | { readonly type: 'thinking'; readonly text: string; readonly signature?: string }
  /** `from`: whether the call stood as markup in the text, or came from the engine's own parser. */
  | { readonly type: 'toolCallStart'; readonly name: string; readonly from?: 'text' | 'engine' }
  /** A piece of the arguments: concatenated they are one JSON object. */
  | { readonly type: 'toolCallArguments'; readonly json: string }
  | { readonly type: 'toolCallEnd' }
  /**
   * A whole call that no tool of the request can take, however it is read. Nothing of it was passed on before. `arguments`
   * is what the model wrote, `problem` says in words for the model what is wrong with it.
   */
  | { readonly type: 'toolCallInvalid'; readonly name: string; readonly arguments: string; readonly problem: string }
  | ({ readonly type: 'usage' } & EngineUsage)
  | { readonly type: 'ended'; readonly reason: EndReason; readonly stopSequence?: string }
  | { readonly type: 'failed'; readonly error: GatewayError };

/**
 * Takes engine events synchronously. Every stage of the stream's path is one: it wraps the next. `flush` marks the end of
 * one upstream read, and the last stage writes to the client then. After `ended` or `failed` nothing follows.
 */
export interface EngineSink {
  push(event: EngineEvent): void;
  flush(): void;
}

/** Events about the generation and not part of the answer: stages that hold text back let them overtake it. */
export function isAside({ type }: EngineEvent): boolean {
  return type === 'started' || type === 'prefill' || type === 'usage';
}
