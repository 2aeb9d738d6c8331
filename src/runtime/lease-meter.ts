/** Tells the scheduler what a lease is used for: its costs are learned from that. */
import { slotAt } from '../../machines/policies/books.ts';
import { runsAlone, shareByTime } from '../../machines/policies/evidence.ts';
import type { SchedulerActor } from '../../machines/scheduler.ts';

export interface LeaseMeter {
  /**
   * The engine is through with the prompt.
   * @param heldBack what tells so is a tool call, which many engines do not pass on before it is complete
   */
  prefilled(heldBack?: boolean): void;
  /** @param share of the prompt that the engine says it had already, 0 to 1 */
  reused(share: number): void;
  /** The same, by the time the prompt has taken, where the engine says nothing; undefined: what was expected. */
  reusedByTime(): number | undefined;
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
  let isSharp = false;
  return {
    prefilled(heldBack = false) {
      if (prefilledAt !== undefined) return;
      prefilledAt = performance.now();
      isSharp = !heldBack;
      scheduler.send({ type: 'lease.progress', requestId });
      onPrefilled();
    },
    reused(share) {
      reused = share;
    },
    reusedByTime() {
      const { leases, slots, backends } = scheduler.getSnapshot().context;
      const lease = leases[requestId];
      const slot = lease && slotAt(slots, { backend: lease.backend, index: lease.slot });
      const backend = backends.find(({ name }) => name === lease?.backend);
      if (!slot?.running || !backend || !isSharp || prefilledAt === undefined || !runsAlone(slot, slots))
        return undefined;
      return shareByTime(slot.running, prefilledAt - startedAt, backend);
    },
    end() {
      const prefillMs = prefilledAt === undefined ? undefined : prefilledAt - startedAt;
      const decodeMs = prefilledAt === undefined ? 0 : performance.now() - prefilledAt;
      scheduler.send({ type: 'lease.measured', requestId, prefillMs, decodeMs, reused });
    },
  };
}
