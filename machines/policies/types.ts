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
  readonly lineage: string;
  readonly client: string;
  readonly band: Band;
  readonly shape: PromptShape;
  /** Backends that may serve it, the preferred first. */
  readonly candidates: readonly string[];
}

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
