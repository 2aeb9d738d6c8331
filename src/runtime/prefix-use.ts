/** What an attempt expects of its engine's prefix cache, and what it tells the model of that cache. */
import type { Lease } from '../../machines/scheduler.ts';
import type { BackendHandle } from './backend.ts';
import { expectedTokens } from './expected-prefix.ts';
import type { Job } from './job.ts';

export interface PrefixUse {
  /** Tokens that are expected to be there already, of so many. */
  expected(promptTokens: number): number;
  /** @param reused whether some of it was, as the engine says */
  prefilled(reused: boolean): void;
  /** The engine decodes, whether it has said that it is through with the prompt or not. */
  spoke(): void;
  /** `abandoned`: nobody wants the answer any more; `failed`: the engine would not or could not give it. */
  end(outcome: 'finished' | 'abandoned' | 'failed'): void;
}

export function usePrefix(job: Pick<Job, 'id' | 'shape'>, { cache }: BackendHandle, lease: Lease): PrefixUse {
  const { kind } = cache.getSnapshot().context;
  let prefilled = false;
  cache.send({ type: 'cache.used', requestId: job.id, prompt: { ...job.shape, slot: lease.slot } });
  return {
    expected: (promptTokens) => expectedTokens(promptTokens, lease.share),
    prefilled(reused) {
      prefilled = true;
      cache.send({ type: 'cache.prefilled', requestId: job.id, reused });
    },
    spoke() {
      if (prefilled) return;
      prefilled = true;
      cache.send({ type: 'cache.prefilled', requestId: job.id, reused: undefined });
    },
    end(outcome) {
      if (outcome === 'finished') return cache.send({ type: 'cache.finished', requestId: job.id });
      // Engines that snapshot prefixes go through with a prefill, whoever has gone.
      const kept = kind === 'prefixes' && (prefilled || outcome === 'abandoned');
      cache.send({ type: 'cache.abandoned', requestId: job.id, prefilled: kept });
    },
  };
}
