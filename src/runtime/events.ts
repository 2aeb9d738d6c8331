/** What happens in the gateway, for whoever wants to know: logs now, metrics and the page later. Nobody else logs. */
import type { BackendEmitted } from '../../machines/backend.ts';
import type { Band } from '../../machines/policies/types.ts';
import type { PrefixCacheEmitted } from '../../machines/prefix-cache.ts';
import type { SchedulerEmitted } from '../../machines/scheduler.ts';
import type { SessionEmitted } from '../../machines/session.ts';
import type { WarmUpEmitted } from '../../machines/warm-up.ts';
import type { EngineUsage } from '../protocol/engine.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { CallOutcome } from '../toolcalls/count-call.ts';
import type { AdminAction } from './admin.ts';

/** What the exact-response cache had to do with an answer; `joined`: it is that of another request's generation. */
export type CacheUse = 'hit' | 'miss' | 'joined' | 'bypass';

export interface AskedAgain extends EngineUsage {
  /** Why there was no second answer. */
  readonly problem?: string;
}

export interface RequestSummary {
  readonly type: 'request.finished';
  readonly requestId: string;
  readonly session: string;
  readonly lineage: string;
  readonly client: string;
  readonly band: Band;
  readonly outcome: 'done' | 'failed' | 'cancelled';
  readonly errorCode: ErrorCode | undefined;
  /** Without what an engine may have quoted of the prompt. */
  readonly errorMessage: string | undefined;
  /** The error itself, which may; for debug level 3 alone. */
  readonly error: unknown;
  readonly backend: string | undefined;
  /** Of its last attempt, and why it was that one, in words. */
  readonly slot: number | undefined;
  readonly reason: string | undefined;
  readonly cache: CacheUse;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly queuedMs: number | undefined;
  readonly ttftMs: number | undefined;
  readonly totalMs: number;
  /** What asking the engine again cost, and why it came to nothing if it did; undefined when there was no need. */
  readonly askedAgain: AskedAgain | undefined;
}

export interface RequestStarted {
  readonly type: 'request.started';
  readonly requestId: string;
  readonly session: string;
  readonly lineage: string;
  readonly client: string;
  readonly band: Band;
  readonly model: string;
  readonly cache: CacheUse;
  /** The client's W3C trace context, if it sent one. */
  readonly traceparent: string | undefined;
}

/** How far an attempt has come; it began when its lease was granted. */
export type AttemptMilestone = { readonly requestId: string } & (
  | { readonly type: 'attempt.accepted' }
  /** The engine is through with the prompt. */
  | { readonly type: 'attempt.prefilled' }
  /** Content is on its way to the client. */
  | { readonly type: 'attempt.firstToken' }
  | { readonly type: 'attempt.correcting' }
  | { readonly type: 'attempt.done' }
  | { readonly type: 'attempt.failed'; readonly code: string; readonly message: string }
);

export type GatewayEvent =
  | RequestSummary
  | RequestStarted
  /** Answered with an error before it became a request of ours. */
  | { readonly type: 'request.refused'; readonly requestId: string; readonly client: string; readonly code: ErrorCode }
  /** Another's generation answers it too. */
  | { readonly type: 'request.joined'; readonly requestId: string; readonly leader: string }
  /** Nobody reads its answer any more. */
  | { readonly type: 'request.deserted'; readonly requestId: string }
  | AttemptMilestone
  /** What the client sent, for debug level 3 alone. */
  | { readonly type: 'request.body'; readonly requestId: string; readonly body: unknown }
  /** A tool call has reached its end: exactly one of each. */
  | {
      readonly type: 'toolCall.read';
      readonly requestId: string;
      /** As the model wrote it, where no tool could take the call. */
      readonly tool: string;
      readonly outcome: CallOutcome;
      /** What was changed, or what was wrong; may hold values of arguments. */
      readonly changes: readonly string[];
    }
  /** Somebody with a key has done something to the gateway. */
  | {
      readonly type: 'owner.acted';
      readonly action: AdminAction;
      readonly client: string;
      readonly requestId: string | undefined;
      /** What was done, in words. */
      readonly text: string;
    }
  /** It has opened a connection, or asked which models there are. */
  | { readonly type: 'client.started' }
  | { readonly type: 'notice'; readonly backend: string; readonly text: string }
  | { readonly type: 'actor.broke'; readonly actor: string; readonly error: unknown }
  | SchedulerEmitted
  | BackendEmitted
  | PrefixCacheEmitted
  | WarmUpEmitted
  | SessionEmitted;

export interface EventBus {
  emit(event: GatewayEvent): void;
  /** Listeners must not throw: they run inside the gateway's decisions. Returns the way to stop listening. */
  on(listener: (event: GatewayEvent) => void): () => void;
}

export function createEventBus(): EventBus {
  const listeners = new Set<(event: GatewayEvent) => void>();
  return {
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
    on: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
