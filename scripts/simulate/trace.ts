/** A trace: who asked for what, how large it was, and what it waited for. Sizes in tokens, times in milliseconds; no text. */
import { wholeBytes } from '../../machines/policies/reuse.ts';
import type { Band, PromptShape } from '../../machines/policies/types.ts';
import type { EngineModel } from './engine-model.ts';

export interface TraceRequest {
  readonly id: string;
  /**
   * Requests whose answers it needs: its lineage's last turn, the agents it waits for. It arrives `gapMs` after the last of
   * them has ended; without any, after the trace's start. So a faster answer brings the next request sooner, as in life.
   */
  readonly after: readonly string[];
  /** The tool's or the person's time. */
  readonly gapMs: number;
  readonly lineage: string;
  readonly session: string;
  readonly client: string;
  readonly band: Band;
  /** Its `bytes` are tokens. */
  readonly shape: PromptShape;
  readonly outputTokens: number;
  /** The answer asks for a tool: the lineage comes back by itself. */
  readonly callsTool: boolean;
}

/** In an order in which each request stands behind those it needs. */
export type Trace = readonly TraceRequest[];

export interface Scenario {
  /** In a few words. */
  readonly name: string;
  readonly trace: Trace;
  /** Equal in priority. */
  readonly engines: readonly EngineModel[];
}

export function promptTokens({ shape }: TraceRequest): number {
  return wholeBytes(shape);
}
