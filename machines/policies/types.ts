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
  /** `fifo`: by arrival, whatever the band. */
  readonly order: 'fifo' | 'warm';
  readonly fairness: boolean;
  readonly hold: boolean;
  readonly aging: boolean;
}

export const fullPolicy: Policy = { order: 'warm', fairness: true, hold: true, aging: true };

/** For a gateway that shuts down: nothing is waited for that will not come, or is of no use any more. */
export const lastPolicy: Policy = { order: 'fifo', fairness: false, hold: false, aging: false };

/** `held`: free, but kept for a lineage that is expected back. */
export type SlotState = 'free' | 'held' | 'leased' | 'cancelling' | 'quarantined';

export interface SlotView {
  readonly backend: string;
  readonly index: number;
  readonly state: SlotState;
  /** Lineage of its last generation. */
  readonly lineage: string | undefined;
  /** Grows with every lease of any slot: the smallest is the least recently used. */
  readonly usedAt: number;
  /** From the grant until the slot can be used again. */
  readonly running: Running | undefined;
  /** The last that ran to its end. */
  readonly last: Last | undefined;
  readonly hold: Hold | undefined;
}

export interface Running {
  readonly ticket: Ticket;
  /** As when it waited. */
  readonly fifoMs: number;
  /** Milliseconds of the scheduler's clock. */
  readonly since: number;
  /** What was expected to be there already. */
  readonly reuse: Reuse;
  /** Predicted, in milliseconds. */
  readonly durationMs: number;
  /** Its first token is there. */
  readonly prefilled: boolean;
}

export interface Last {
  readonly ticket: Ticket;
  readonly endedAt: number;
}

/** A slot kept for the lineage whose turn has ended in a tool call. */
export interface Hold {
  /** Of that turn. */
  readonly ticket: Ticket;
  readonly since: number;
  readonly expectedAt: number;
  readonly until: number;
}

/** `trial`: a circuit that is half open lets one request through. `soon`: loading, worth waiting for. */
export type Intake = 'full' | 'trial' | 'soon' | 'none';

/**
 * What an engine keeps between requests: nothing; system + tools snapshots; any earlier conversation's leading part; each
 * slot's last prompt.
 */
export type CacheKind = 'none' | 'prefixes' | 'conversations' | 'slots';

/** What of a prompt an engine is believed to have already, in rendered bytes. */
export interface Reuse {
  /** That need no prefill. */
  readonly bytes: number;
  /** Of them, to be read from disk first. */
  readonly restored: number;
}

/** One prompt the engine is believed to hold. */
export interface HeldPrompt extends PromptShape {
  readonly slot: number;
}

export interface BackendView {
  readonly name: string;
  readonly intake: Intake;
  /** By its owner: it is given nothing new. */
  readonly drained: boolean;
  /** Slots it has now; an engine restarted with fewer leaves the higher indexes unused. */
  readonly slots: number;
  readonly cacheKind: CacheKind;
  /** Prompts it can hold. */
  readonly capacity: number;
  /** Most recently used first. */
  readonly held: readonly HeldPrompt[];
  /** Keys of the prefixes that it has on disk. */
  readonly stored: readonly string[];
  readonly rates: Rates;
}

/** How fast a backend is, learned from what it did. */
export interface Rates {
  readonly prefillMsPerByte: Mean;
  /** What reading a byte's state from disk costs, in prefilled bytes. */
  readonly restorePrice: Mean;
  /** Of one answer. */
  readonly decodeMs: Mean;
  /** Of one prompt, weighted by themselves: the long ones take the time. */
  readonly promptBytes: Mean;
}

/** A mean that forgets: the newest observations weigh most. */
export interface Mean {
  readonly sum: number;
  readonly weight: number;
}

/** One that waits. */
export interface Waiting {
  readonly ticket: Ticket;
  /** How long first come, first served would have let it wait, predicted at its arrival. */
  readonly fifoMs: number;
  /** When it has to run so that it waits no longer than it may, see aging. */
  readonly deadline: number;
}

/** Everything the order of service is decided by. */
export interface Floor {
  readonly now: number;
  readonly policy: Policy;
  /** In order of arrival. */
  readonly queue: readonly Waiting[];
  readonly backends: readonly BackendView[];
  readonly slots: readonly SlotView[];
  readonly accounts: Accounts;
  readonly returns: Returns;
}

/** By client: milliseconds of slots used, divided by the client's weight. */
export type Accounts = Readonly<Record<string, Account>>;

export interface Account {
  readonly spentMs: number;
  readonly weight: number;
}

/** By lineage and by session, the most recently used last: how soon a turn follows one that ended in a tool call. */
export type Returns = ReadonlyMap<string, Mean>;

export type CachePlan = 'restore' | 'snapshot' | 'none';
