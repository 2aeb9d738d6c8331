/** A request whose attempts, replies and scheduler are played by the test. */
import {
  type AnyActorRef,
  createActor,
  type EventObject,
  fromCallback,
  SimulatedClock,
  type SnapshotFrom,
} from 'xstate';
import type { Ticket } from '../../machines/policies/types.ts';
import {
  type AttemptEvent,
  type AttemptInput,
  type Failure,
  requestMachine,
  type Source,
} from '../../machines/request.ts';
import type { Lease } from '../../machines/scheduler.ts';
import { ticket } from './fixtures.ts';

export const broken: Failure = { code: 'engine_failed', message: 'it broke', retryable: true, busy: false };
export const busy: Failure = { code: 'engine_busy', message: 'it is busy', retryable: true, busy: true };
export const hopeless: Failure = { code: 'engine_refused', message: 'never', retryable: false, busy: false };

export function leaseOn(backend: string, requestId = 'r1'): Lease {
  return { requestId, backend, slot: 0, plan: 'none', share: 0, restores: false, reason: 'the slot is unused' };
}

interface Options {
  readonly scheduler: AnyActorRef;
  readonly clock?: SimulatedClock;
  readonly source?: Source;
  /** Nobody reads the answer, and somebody waits for the slot. */
  readonly superfluous?: () => boolean;
  readonly ticket?: Ticket;
}

export function startRequest({
  scheduler,
  clock = new SimulatedClock(),
  source = 'engine',
  superfluous = () => false,
  ticket: of,
}: Options) {
  const attempts: { readonly lease: Lease; readonly report: (event: AttemptEvent) => void; stopped: boolean }[] = [];
  const told: string[] = [];
  const errors: unknown[] = [];
  const machine = requestMachine.provide({
    actors: {
      attempt: fromCallback<EventObject, AttemptInput>(({ input, sendBack }) => {
        const attempt = { lease: input.lease, report: sendBack, stopped: false };
        attempts.push(attempt);
        return () => {
          attempt.stopped = true;
        };
      }),
    },
    actions: {
      openReply: () => told.push('open'),
      replay: () => told.push('cached answer'),
      join: () => told.push('joined'),
      endReply: () => told.push('end'),
      sendFailure: (_, { failure }) => told.push(failure.code),
    },
    guards: { isSuperfluous: superfluous },
  });
  const actor = createActor(machine, { clock, input: { ticket: of ?? ticket('r1'), scheduler, source } });
  actor.subscribe({ error: (error) => errors.push(error) });
  actor.start();
  return {
    actor,
    clock,
    attempts,
    /** What the client was told: that it goes on (`open`), a cached answer, that another's is its own, the end of its answer, or the code of a failure. */
    told,
    errors,
    value: (): SnapshotFrom<typeof requestMachine>['value'] => actor.getSnapshot().value,
    /** The attempt that runs now speaks. */
    report: (event: AttemptEvent) => attempts.at(-1)?.report(event),
    /** The client has read the last byte. */
    read: () => actor.send({ type: 'reply.finished' }),
    closed: () => actor.send({ type: 'client.closed' }),
    /** Everybody has left, and is not waited for. */
    leave() {
      actor.send({ type: 'client.closed' });
      actor.send({ type: 'grace.over' });
    },
  };
}
