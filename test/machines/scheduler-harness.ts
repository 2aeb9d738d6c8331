/** A scheduler with its real slots, engines that are idle when the test says so, and requests that only listen. */
import { createActor, fromPromise, SimulatedClock } from 'xstate';
import type { Limits } from '../../machines/policies/admission.ts';
import {
  type CacheKind,
  fullPolicy,
  type HeldPrompt,
  type Intake,
  type Ticket,
  type TurnEnd,
} from '../../machines/policies/types.ts';
import { type LeaseEvent, type SchedulerEmitted, schedulerMachine } from '../../machines/scheduler.ts';
import { slotMachine } from '../../machines/slot.ts';
import { listener, ticket } from './fixtures.ts';

export function startScheduler({
  maxWaiting = 10,
  backends = ['mlx'] as readonly string[],
  slots = 1,
  policy = fullPolicy,
  weights = {} as Readonly<Record<string, number>>,
  limits = {} as Partial<Limits>,
} = {}) {
  const clock = new SimulatedClock();
  const emitted: SchedulerEmitted[] = [];
  const idle: (() => void)[] = [];
  const slot = slotMachine.provide({
    actors: { engineIdle: fromPromise(() => new Promise<void>((resolve) => idle.push(resolve))) },
  });
  const actor = createActor(schedulerMachine.provide({ actors: { slot } }), {
    clock,
    input: { maxWaiting, ...limits, now: () => clock.now(), policy, weights },
  });
  actor.on('*', (event) => emitted.push(event));
  actor.start();
  const requests = new Map<string, LeaseEvent[]>();
  const backend = (name: string, intake: Intake = 'full', count = slots) =>
    actor.send({ type: 'backend.changed', backend: name, intake, slots: count });
  for (const name of backends) backend(name);

  return {
    actor,
    clock,
    emitted,
    backend,
    context: () => actor.getSnapshot().context,
    enqueue(requestId: string, patch: Partial<Ticket> = {}) {
      const { ref, heard } = listener<LeaseEvent>();
      requests.set(requestId, heard);
      actor.send({
        type: 'request.enqueue',
        ticket: ticket(requestId, { arrivedAt: clock.now(), ...patch }),
        requester: ref,
      });
    },
    leave: (requestId: string) => actor.send({ type: 'request.leave', requestId }),
    release: (requestId: string, outcome: 'finished' | 'abandoned' = 'finished', endedIn?: TurnEnd['endedIn']) =>
      actor.send({ type: 'lease.release', requestId, outcome, ...(endedIn ? { turn: { endedIn } } : {}) }),
    cache: (backend: string, kind: CacheKind, held: readonly HeldPrompt[], capacity = held.length) =>
      actor.send({ type: 'cache.changed', backend, kind, capacity, held, stored: [] }),
    /** Everything a request heard. */
    heard: (requestId: string) => requests.get(requestId) ?? [],
    /** `mlx#0` where it was granted a lease, why it was refused, or undefined while it waits. */
    answer(requestId: string) {
      const event = requests.get(requestId)?.at(-1);
      if (event?.type === 'lease.granted') return `${event.lease.backend}#${event.lease.slot}`;
      return event?.reason;
    },
    slotStates: () =>
      actor.getSnapshot().context.slots.map(({ backend, index, state }) => `${backend}#${index} ${state}`),
    async enginesIdle() {
      for (const resolve of idle.splice(0)) resolve();
      await new Promise(setImmediate);
    },
  };
}
