/**
 * What the page and `warmslot top` show: one picture of the gateway at a moment. Plain JSON, and never a word of a prompt, an
 * answer or a key. Times are milliseconds since 1970, durations milliseconds.
 */
import type { Band, SlotState } from '../../../machines/policies/types.ts';
import type { AdminActions } from '../../runtime/admin.ts';
import type { CacheUse, RequestSummary } from '../../runtime/events.ts';
import type { Health } from '../../runtime/gateway.ts';

/** How far back the timeline goes, and how many decisions are told. */
export const timelineMs = 900_000;
export const mostDecisions = 200;

export interface Overview {
  readonly at: number;
  readonly gateway: GatewayView;
  readonly engines: readonly EngineView[];
  /** In the order of service: the first is served next. */
  readonly queue: readonly WaitingView[];
  readonly running: readonly RunningView[];
  /** The most recently active first. */
  readonly sessions: readonly SessionView[];
  readonly clients: readonly ClientView[];
  /** The last quarter of an hour, by slot, in order of time. */
  readonly timeline: readonly Span[];
  /** The newest last. */
  readonly log: readonly Decision[];
}

export interface GatewayView extends Pick<Health, 'status' | 'version' | 'cache' | 'prefix_cache' | 'tool_calls'> {
  readonly startedAt: number;
  readonly draining: boolean;
}

export interface EngineView {
  readonly name: string;
  /** `vllm-mlx`, `llama-cpp`, … */
  readonly type: string;
  readonly model: string | undefined;
  /** Its weights are random. */
  readonly demo: boolean;
  /** `up`, `open` (its circuit), `probing`, … */
  readonly status: string;
  /** Why it is not up, in words; empty when it is. */
  readonly reason: string;
  /** The owner has it finish what it runs and take nothing new. */
  readonly drained: boolean;
  readonly slots: readonly SlotView[];
  /** Prompts it holds, the most recently used first, of `capacity`. */
  readonly warm: readonly WarmPrefix[];
  readonly capacity: number;
  /** Prefixes that it does not hold and could be warmed with: what is rendered into them is still known. */
  readonly cold: readonly ColdPrefix[];
  /** Learned; undefined before the first request. */
  readonly prefillTokensPerSecond: number | undefined;
}

export interface SlotView {
  readonly index: number;
  readonly state: SlotState;
  readonly requestId: string | undefined;
  /** Of what runs, else of its last generation. */
  readonly lineage: string | undefined;
  /** Until when it is kept, while it is `held`. */
  readonly heldUntil: number | undefined;
}

export interface WarmPrefix {
  readonly prefixKey: string;
  /** Whose prompt it was last, in words: `ana: main`. */
  readonly name: string;
  /** Estimated. */
  readonly tokens: number;
  readonly usedAt: number;
  readonly slot: number;
}

export type ColdPrefix = Pick<WarmPrefix, 'prefixKey' | 'name' | 'tokens'>;

/** What is told of every request, wherever it is. */
export interface RequestView {
  readonly requestId: string;
  readonly session: string;
  readonly lineage: string;
  /** `main`, `auxiliary` or the agent's id. */
  readonly agent: string;
  readonly client: string;
  readonly band: Band;
  readonly promptTokens: number;
  readonly arrivedAt: number;
}

export interface WaitingView extends RequestView {
  /** 1 is next. */
  readonly place: number;
  readonly startsAt: number;
  /** Why in this place, in words. */
  readonly reason: string;
}

export interface RunningView extends RequestView {
  /** Of its machine, dotted: `attempting.prefilling`. */
  readonly state: string;
  /** Undefined for one that has joined another's generation or is answered from the exact-response cache. */
  readonly backend: string | undefined;
  readonly slot: number | undefined;
  /** Why this slot, in words. */
  readonly reason: string;
  readonly grantedAt: number | undefined;
  readonly firstTokenAt: number | undefined;
  /** Tokens of the prompt that are done, of `promptTokens`; undefined where the engine does not say. */
  readonly prefilled: number | undefined;
  /** Predicted, of the first token. */
  readonly firstTokenDue: number | undefined;
  /** So far, an estimate while it runs. */
  readonly outputTokens: number;
  readonly cachedTokens: number | undefined;
  readonly cache: CacheUse;
  /** Nobody reads its answer any more. */
  readonly deserted: boolean;
}

export interface SessionView {
  readonly id: string;
  readonly client: string;
  readonly activeAt: number;
  readonly inFlight: number;
  /** The most recently active first, and no more than a dozen. */
  readonly lineages: readonly LineageView[];
}

export interface LineageView {
  readonly lineage: string;
  readonly agent: string;
  readonly turns: number;
  readonly prefixKey: string;
  /** The last ones, the newest last. */
  readonly recent: readonly TurnView[];
}

type Figures = 'promptTokens' | 'cachedTokens' | 'outputTokens' | 'queuedMs' | 'ttftMs' | 'totalMs';

export interface TurnView extends Pick<RequestSummary, 'requestId' | 'outcome' | 'backend' | Figures> {
  readonly at: number;
  /** Where its prompt left the lineage's last one and why, in the doctor's words. */
  readonly cause: string;
  readonly lostTokens: number;
  /** Why the engine had less of it than it was believed to hold. */
  readonly shortfall: string | undefined;
  readonly toolCalls: number;
  readonly repaired: number;
  readonly reasked: number;
}

export interface ClientView {
  readonly client: string;
  readonly weight: number;
  /** Milliseconds of slots used, divided by its weight: what fairness goes by. */
  readonly spentMs: number;
  /** Of all slot time since the start, 0 to 1. */
  readonly share: number;
  readonly requests: number;
  readonly waiting: number;
  readonly running: number;
  /** Mean milliseconds in the queue. */
  readonly meanWaitMs: number;
}

/** `restore`: a prefill of which the engine had most already. `switch`: the slot waits for an engine to let go of a request. */
export type SpanKind = 'prefill' | 'restore' | 'decode' | 'hold' | 'switch' | 'warmUp';

export interface Span {
  /** Stays the same while it changes. */
  readonly id: number;
  readonly backend: string;
  readonly slot: number;
  readonly kind: SpanKind;
  readonly from: number;
  /** Undefined while it lasts. */
  readonly to: number | undefined;
  readonly requestId: string | undefined;
  readonly lineage: string | undefined;
  readonly client: string | undefined;
  /** When the request began to wait for it. */
  readonly queuedFrom: number | undefined;
  /** Share of the prompt that was there already, 0 to 1; undefined where it means nothing. */
  readonly warm: number | undefined;
  /** The decision's reason, in words. */
  readonly reason: string;
}

export interface Decision {
  /** Grows by one. */
  readonly number: number;
  readonly at: number;
  readonly type: string;
  readonly requestId: string | undefined;
  /** In words. */
  readonly text: string;
}

/**
 * `GET /overview/events` sends `event: overview` with the whole first, then `event: change` at most five times a second, and
 * only with what has changed. A list is sent whole, but for `log` and `timeline`: those are additions, to be merged by number
 * and by id, the oldest to be dropped. Of `sessions` only those that changed are sent; `gone` names those to be dropped.
 */
export interface Change extends Partial<Overview> {
  readonly at: number;
  readonly gone?: readonly string[];
}

/** What the owner can do. */
export type { AdminActions };
