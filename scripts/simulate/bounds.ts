/** What no order can beat, and the best orders that can be found by who knows the future. */
import { type BestOrder, bestOrder, type Goal } from './clairvoyant.ts';
import type { EngineModel } from './engine-model.ts';
import { createHeldPrompts } from './held-prompts.ts';
import type { Scenario } from './trace.ts';

/** The allowance of the scheduler's own promise: nobody waits longer than this many times FIFO's longest wait. */
export const patience = 1.2;

const width = 300;

/** Undefined where several slots make the search too wide, the disk remembers as well, or no order was found that keeps to the longest wait. */
export function clairvoyant(
  { trace, engines: [engine, ...others] }: Scenario,
  goal: Pick<Goal, 'least' | 'longestWait'>,
): BestOrder | undefined {
  if (!engine || others.length > 0 || engine.slots > 1 || engine.restorePrice !== undefined) return undefined;
  return bestOrder(trace, engine, { ...goal, width });
}

export interface Floor {
  readonly prefilledTokens: number;
  readonly meanTtft: number;
}

/** Everybody has the fastest engine for himself, and it never forgets anything anybody sent before. */
export function floorOf({ trace, engines }: Scenario): Floor {
  const [first] = engines;
  if (!first) return { prefilledTokens: 0, meanTtft: 0 };
  const rate = Math.min(...engines.map(({ prefillMsPerToken }) => prefillMsPerToken));
  const prompts = createHeldPrompts(trace, unforgetting(first));
  const before: number[] = [];
  const prefilled = trace.map((_, index) => {
    const tokens = prompts.toPrefill(index, before);
    before.push(index);
    return tokens;
  });
  const prefilledTokens = prefilled.reduce((sum, tokens) => sum + tokens, 0);
  return { prefilledTokens, meanTtft: (prefilledTokens * rate) / trace.length };
}

/** Engines of any kind keep at most what was sent. */
function unforgetting(engine: EngineModel): EngineModel {
  const { kind } = engine.cache;
  const keeps = kind === 'prefixes' || kind === 'none' ? kind : 'conversations';
  return { ...engine, cache: { kind: keeps, capacity: Number.POSITIVE_INFINITY } };
}
