/** One agent's growing prompt, turn by turn. */
import type { Band, Link } from '../../../machines/policies/types.ts';
import type { TraceRequest } from '../../../scripts/simulate/trace.ts';

export interface AgentInput {
  readonly client: string;
  readonly session: string;
  /** Within its session. */
  readonly name: string;
  readonly band: Band;
  /** System text and tools; agents with equal names share them. */
  readonly prefix: { readonly key: string; readonly tokens: number };
}

export interface TurnInput {
  readonly gapMs: number;
  /** What it needs besides the agent's own last turn. */
  readonly after?: readonly string[];
  /** Tokens of the person's words or of the tool's result. */
  readonly tokens: number;
  readonly outputTokens: number;
  readonly callsTool: boolean;
}

export interface Agent {
  /** Adds a turn to the trace and returns its id. */
  turn(input: TurnInput): string;
  /** The next turn begins from a summary of so many tokens. */
  compact(summaryTokens: number): void;
  /** Of the conversation so far, its last answer included. */
  tokens(): number;
}

/** @param into the trace that its turns are added to */
export function createAgent(into: TraceRequest[], { client, session, name, band, prefix }: AgentInput): Agent {
  const lineage = `${session}/${name}`;
  let chain: readonly Link[] = [];
  let tokens = prefix.tokens;
  let last: string | undefined;
  let turns = 0;
  return {
    turn({ gapMs, after = [], tokens: added, outputTokens, callsTool }) {
      turns += 1;
      const id = `${lineage}#${turns}`;
      tokens += added;
      chain = [...chain, { key: id, bytes: tokens }];
      const shape = { prefixKey: prefix.key, prefixBytes: prefix.tokens, chain };
      const needs = last === undefined ? after : [last, ...after];
      into.push({ id, after: needs, gapMs, lineage, session, client, band, shape, outputTokens, callsTool });
      tokens += outputTokens;
      last = id;
      return id;
    },
    compact(summaryTokens) {
      chain = [];
      tokens = prefix.tokens + summaryTokens;
    },
    tokens: () => tokens,
  };
}
