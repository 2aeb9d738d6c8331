/** What is shown of contexts and events, machine by machine. What is not named here is not shown. */
import type { AnyEventObject, AnyStateMachine, ContextFrom, EventFrom, MachineContext } from 'xstate';
import { backendMachine } from '../../../machines/backend.ts';
import { prefixCacheMachine } from '../../../machines/prefix-cache.ts';
import { requestMachine } from '../../../machines/request.ts';
import { schedulerMachine } from '../../../machines/scheduler.ts';
import { sessionMachine } from '../../../machines/session.ts';
import { slotMachine } from '../../../machines/slot.ts';
import { synthesizerMachine } from '../../../machines/synthesizer.ts';
import { warmUpMachine } from '../../../machines/warm-up.ts';
import type { Facts } from './types.ts';

/** Of one machine. */
export interface Shown {
  context(context: MachineContext): Facts;
  /** Undefined: nothing but its type. */
  event(event: AnyEventObject): Facts | undefined;
}

interface Rules<M extends AnyStateMachine> {
  context(context: ContextFrom<M>): Facts;
  readonly events: { readonly [E in EventFrom<M> as E['type']]?: (event: E) => Facts };
}

function show<M extends AnyStateMachine>({ id }: M, { context, events }: NoInfer<Rules<M>>): [string, Shown] {
  const byType: Readonly<Record<string, ((event: never) => Facts) | undefined>> = events;
  return [
    id,
    {
      context: (all) => context(all as ContextFrom<M>),
      event: (event) => byType[event.type]?.(event as never),
    },
  ];
}

const requestId = (event: { readonly requestId: string }) => ({ requestId: event.requestId });
const leaseOf = ({
  lease: { backend, slot, reason },
}: {
  lease: { backend: string; slot: number; reason: string };
}) => ({
  backend,
  slot,
  reason,
});
const codeOf = ({
  failure: { code, retryable, busy },
}: {
  failure: { code: string; retryable: boolean; busy: boolean };
}) => ({
  code,
  retryable,
  busy,
});

/** By the id of the machine's definition. */
export const shownOf: ReadonlyMap<string, Shown> = new Map([
  show(requestMachine, {
    context: ({ ticket, source, lease, forwarded, failure, busyTries }) => ({
      requestId: ticket.requestId,
      session: ticket.session,
      lineage: ticket.lineage,
      client: ticket.client,
      band: ticket.band,
      promptTokens: ticket.promptTokens,
      source,
      backend: lease?.backend,
      slot: lease?.slot,
      forwarded,
      failure: failure?.code,
      busyTries,
    }),
    events: {
      'lease.granted': leaseOf,
      'lease.refused': ({ reason, retryAfter }) => ({ reason, retryAfter }),
      'attempt.progress': ({ done, total }) => ({ done, total }),
      'attempt.done': ({ stopped, turn }) => ({ stopped, endedIn: turn?.endedIn }),
      'attempt.failed': codeOf,
      'flight.failed': codeOf,
      'owner.cancelled': ({ by }) => ({ by }),
    },
  }),
  show(sessionMachine, {
    context: ({ client, inFlight, lineages }) => ({ client, inFlight, lineages: Object.keys(lineages).length }),
    events: {
      'turn.started': ({ requestId, lineage, prefixKey }) => ({ requestId, lineage, prefixKey }),
      'turn.scheduled': ({ lineage, service }) => ({
        lineage,
        ...('place' in service ? { place: service.place, startsInMs: service.startsInMs } : service),
      }),
      'turn.ended': ({ requestId, lineage }) => ({ requestId, lineage }),
    },
  }),
  show(schedulerMachine, {
    context: ({ queue, leases, slots, backends }) => ({
      waiting: queue.length,
      leases: Object.keys(leases).length,
      slots: slots.length,
      backends: backends.length,
    }),
    events: {
      'request.enqueue': ({ ticket: { requestId, lineage, band } }) => ({ requestId, lineage, band }),
      'request.leave': requestId,
      'lease.progress': requestId,
      'lease.measured': requestId,
      'lease.release': ({ requestId, outcome }) => ({ requestId, outcome }),
      'backend.changed': ({ backend, intake, slots }) => ({ backend, intake, slots }),
      'backend.drained': ({ backend, drained }) => ({ backend, drained }),
      'cache.changed': ({ backend, kind, capacity, held }) => ({ backend, kind, capacity, held: held.length }),
      'slot.changed': ({ backend, index, state }) => ({ backend, index, state }),
    },
  }),
  show(slotMachine, {
    context: ({ backend, index, requestId, holdMs }) => ({ backend, index, requestId, holdMs }),
    events: { 'slot.lease': requestId, 'slot.hold': ({ forMs }) => ({ forMs }) },
  }),
  show(prefixCacheMachine, {
    context: ({ kind, capacity, held, running, corrections }) => ({
      kind,
      capacity,
      held: held.length,
      running: Object.keys(running).length,
      corrections,
    }),
    events: {
      'cache.described': ({ kind, capacity }) => ({ kind, capacity }),
      'cache.used': ({ requestId, prompt }) => ({ requestId, prefixKey: prompt.prefixKey, slot: prompt.slot }),
      'cache.prefilled': ({ requestId, reused }) => ({ requestId, reused }),
      'cache.finished': requestId,
      'cache.abandoned': ({ requestId, prefilled }) => ({ requestId, prefilled }),
      'cache.bypassed': requestId,
      'owner.dropped': ({ prefixKey }) => ({ prefixKey }),
    },
  }),
  show(backendMachine, {
    // What an engine says of a failure may quote the prompt.
    context: ({ failures, report, drained }) => ({ failures, drained, loaded: report?.loaded, slots: report?.slots }),
    events: {},
  }),
  show(warmUpMachine, {
    context: ({ awaited, ticket, lease }) => ({ awaited, requestId: ticket?.requestId, slot: lease?.slot }),
    events: {
      'work.waits': ({ prefixKey }) => ({ prefixKey }),
      'owner.wants': ({ prefixKey }) => ({ prefixKey }),
      'lease.granted': leaseOf,
      'lease.refused': ({ reason }) => ({ reason }),
    },
  }),
  show(synthesizerMachine, { context: () => ({}), events: {} }),
]);
