/** What a cache holds, by index into a trace: the prefix cache's rules on one slot, in a form that is fast to search with. */
import { sharedBytes } from '../../machines/policies/reuse.ts';
import type { EngineModel } from './engine-model.ts';
import { promptTokens, type Trace } from './trace.ts';

/** Most recently used first. */
export type Held = readonly number[];

export interface HeldPrompts {
  /** Tokens to prefill when this request runs next. */
  toPrefill(index: number, held: Held): number;
  /** What is held when it has run. */
  after(index: number, held: Held): Held;
}

export function createHeldPrompts(trace: Trace, { cache: { kind, capacity } }: EngineModel): HeldPrompts {
  const totals = trace.map(promptTokens);
  const sizeOf = (index: number) => totals[index] ?? 0;
  const shared = trace.map(({ shape }) =>
    trace.map((other) => {
      const tokens = sharedBytes(shape, other.shape);
      return kind === 'prefixes' ? Math.min(tokens, shape.prefixBytes) : tokens;
    }),
  );
  const sharedBy = (index: number, other: number) => (kind === 'none' ? 0 : (shared[index]?.[other] ?? 0));

  const replaces = (index: number, other: number) => {
    if (kind === 'prefixes') return trace[index]?.shape.prefixKey === trace[other]?.shape.prefixKey;
    return kind === 'slots' || sharedBy(index, other) >= sizeOf(other);
  };

  return {
    toPrefill(index, held) {
      const reused = Math.max(0, ...held.map((other) => sharedBy(index, other)));
      return sizeOf(index) - Math.min(reused, sizeOf(index) - 1);
    },
    after: (index, held) => [index, ...held.filter((other) => !replaces(index, other))].slice(0, capacity),
  };
}
