/** Starts the scheduler and tells its slots how to find out that an engine is idle again. */
import { createActor, fromPromise } from 'xstate';
import { fullPolicy, type Policy } from '../../machines/policies/types.ts';
import { type SchedulerActor, schedulerMachine } from '../../machines/scheduler.ts';
import { slotMachine } from '../../machines/slot.ts';
import type { Backend } from '../backends/types.ts';
import type { EventBus } from './events.ts';

/** A coding agent never has more than a few requests waiting, so this only stops a runaway. */
const limits = { maxWaiting: 256, maxWaitingPerClient: 128, maxWaitMs: 1_800_000 };

export function startScheduler(
  backends: ReadonlyMap<string, Backend>,
  events: EventBus,
  policy: Policy = fullPolicy,
): SchedulerActor {
  const slot = slotMachine.provide({
    actors: {
      engineIdle: fromPromise(async ({ input, signal }) => {
        await backends.get(input.backend)?.idle(input.index, signal);
      }),
    },
  });
  const scheduler = createActor(schedulerMachine.provide({ actors: { slot } }), {
    input: { ...limits, now: () => performance.now(), policy, weights: {} },
  });
  scheduler.on('*', (event) => events.emit(event));
  scheduler.subscribe({ error: (error) => events.emit({ type: 'actor.broke', actor: 'scheduler', error }) });
  return scheduler.start();
}
