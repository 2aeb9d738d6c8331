/** Starts the scheduler and tells its slots how to find out that an engine is idle again. */
import { createActor, fromPromise } from 'xstate';
import { fullPolicy, type Policy } from '../../machines/policies/types.ts';
import { type SchedulerActor, type SchedulerInput, schedulerMachine } from '../../machines/scheduler.ts';
import { slotMachine } from '../../machines/slot.ts';
import type { Backend } from '../backends/types.ts';
import type { EventBus } from './events.ts';
import type { Inspection } from './inspection.ts';

export type { Policy };

export interface SchedulerOptions extends Omit<SchedulerInput, 'now' | 'policy'> {
  readonly policy?: Policy | undefined;
}

export function startScheduler(
  backends: ReadonlyMap<string, Backend>,
  events: EventBus,
  inspection: Inspection,
  { policy = fullPolicy, ...input }: SchedulerOptions,
): SchedulerActor {
  const slot = slotMachine.provide({
    actors: {
      engineIdle: fromPromise(async ({ input, signal }) => {
        await backends.get(input.backend)?.idle(input.index, signal);
      }),
    },
  });
  const scheduler = createActor(schedulerMachine.provide({ actors: { slot } }), {
    id: 'scheduler',
    input: { ...input, policy, now: () => performance.now() },
    ...inspection,
  });
  scheduler.on('*', (event) => events.emit(event));
  scheduler.subscribe({ error: (error) => events.emit({ type: 'actor.broke', actor: 'scheduler', error }) });
  return scheduler.start();
}
