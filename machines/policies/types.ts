/** What the scheduler's pure functions look at: plain data, no actors, no clocks. */

/** Interactive main turns, then subagents and workflows, then titles, summaries and probes. */
export type Band = 'interactive' | 'subagent' | 'auxiliary';

export interface Link {
  readonly key: string;
  /** Rendered size up to and including this link. */
  readonly bytes: number;
}

/** What of a prompt decides how much of a cached one can be reused. */
export interface PromptShape {
  readonly prefixKey: string;
  readonly prefixBytes: number;
  readonly chain: readonly Link[];
}

export interface Ticket {
  readonly requestId: string;
  readonly session: string;
  readonly lineage: string;
  readonly client: string;
  readonly band: Band;
  /** Milliseconds of the scheduler's clock. */
  readonly arrivedAt: number;
  readonly shape: PromptShape;
  /** Rendered size of the whole prompt, in the unit of its shape. */
  readonly bytes: number;
  /** Estimated; 0 while no engine has been reached. */
  readonly promptTokens: number;
  /** Milliseconds that the tools of the lineage's last turn took, where the client tells; undefined means nothing. */
  readonly toolMs: number | undefined;
  /** Backends that may serve it, the preferred first. */
  readonly candidates: readonly string[];
  /** Those of them that are as good as the first: it runs on whichever starts it soonest. */
  readonly pool: readonly string[];
}

/** How an answer ended, as far as it tells whether its lineage comes back by itself. */
export interface TurnEnd {
  readonly endedIn: 'tool_use' | 'answer';
}

/** What a lease was used for, once that is known. */
export interface Measured {
  /** Milliseconds from the grant to the first token; undefined when there was none. */
  readonly prefillMs: number | undefined;
  /** Milliseconds from the first token on. */
  readonly decodeMs: number;
  /** Share of the prompt that the engine says it did not have to prefill, 0 to 1; undefined when it says nothing. */
  readonly reused: number | undefined;
}

/** Which parts of the order are on: all of them, but for simulations and tests that ask what each is worth. */
export interface Policy {
  readonly order: 'fifo' | 'warm';
  readonly fairness: boolean;
  readonly hold: boolean;
  readonly aging: boolean;
}

export const fullPolicy: Policy = { order: 'warm', fairness: true, hold: true, aging: true };

export type SlotState = 'free' | 'leased' | 'cancelling' | 'quarantined';

export interface SlotView {
  readonly backend: string;
  readonly index: number;
  readonly state: SlotState;
  /** Lineage of its last generation. */
  readonly lineage: string | undefined;
  /** Grows with every lease of any slot: the smallest is the least recently used. */
  readonly usedAt: number;
}

/** `trial`: a circuit that is half open lets one request through. `soon`: loading, worth waiting for. */
export type Intake = 'full' | 'trial' | 'soon' | 'none';

/**
 * What an engine keeps between requests: nothing; system + tools snapshots; any earlier conversation's leading part; each
 * slot's last prompt.
 */
export type CacheKind = 'none' | 'prefixes' | 'conversations' | 'slots';

/** One prompt the engine is believed to hold. */
export interface HeldPrompt extends PromptShape {
  readonly slot: number;
}

export interface BackendView {
  readonly name: string;
  readonly intake: Intake;
  /** Slots it has now; an engine restarted with fewer leaves the higher indexes unused. */
  readonly slots: number;
  readonly cacheKind: CacheKind;
  /** Most recently used first. */
  readonly held: readonly HeldPrompt[];
}

export type CachePlan = 'restore' | 'snapshot' | 'none';
