/** Tells the scheduler what a lease is used for: its costs are learned from that. */
import type { SchedulerActor } from '../../machines/scheduler.ts';

export interface LeaseMeter {
  /** The engine is through with the prompt. */
  prefilled(): void;
  /** @param share of the prompt that the engine says it had already, 0 to 1 */
  reused(share: number): void;
  end(): void;
}

/**
 * To be started with the attempt.
 * @param onPrefilled called once, when the engine is through with the prompt
 */
export function startLeaseMeter(scheduler: SchedulerActor, requestId: string, onPrefilled: () => void): LeaseMeter {
  const startedAt = performance.now();
  let prefilledAt: number | undefined;
  let reused: number | undefined;
  return {
    prefilled() {
      if (prefilledAt !== undefined) return;
      prefilledAt = performance.now();
      scheduler.send({ type: 'lease.progress', requestId });
      onPrefilled();
    },
    reused(share) {
      reused = share;
    },
    end() {
      const prefillMs = prefilledAt === undefined ? undefined : prefilledAt - startedAt;
      const decodeMs = prefilledAt === undefined ? 0 : performance.now() - prefilledAt;
      scheduler.send({ type: 'lease.measured', requestId, prefillMs, decodeMs, reused });
    },
  };
}
