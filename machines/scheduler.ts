/**
 * The scheduler: owns the queue and every slot, and decides who runs next, where, and from which cached state.
 *
 * The decisions are the pure functions in policies/; this machine keeps what they look at up to date and carries out what
 * they say. Requests are actors of their own systems: they enqueue a ticket and are told `lease.granted` or `lease.refused`.
 */
import { type ActorRefFrom, type AnyActorRef, assign, type ErrorActorEvent, emit, enqueueActions, setup } from 'xstate';
import { type Refusal, refusal } from './policies/admission.ts';
import { serviceOrder } from './policies/ordering.ts';
import { type Placement, place } from './policies/placement.ts';
import type {
  BackendView,
  CacheKind,
  HeldPrompt,
  Intake,
  Measured,
  Policy,
  SlotState,
  SlotView,
  Ticket,
  TurnEnd,
} from './policies/types.ts';
import { type SlotActor, slotMachine } from './slot.ts';

export interface SchedulerInput {
  /** Requests that may wait; more are refused. */
  readonly maxWaiting: number;
  /** The clock of `arrivedAt`, in milliseconds. */
  readonly now: () => number;
  readonly policy: Policy;
}

export interface Lease extends Placement {
  readonly requestId: string;
}

export type SchedulerEvent =
  | { type: 'request.enqueue'; ticket: Ticket; requester: AnyActorRef }
  | { type: 'request.leave'; requestId: string }
  /** Its first token is there: the engine is through with the prompt. */
  | { type: 'lease.progress'; requestId: string }
  /** Comes before its release. */
  | ({ type: 'lease.measured'; requestId: string } & Measured)
  /** `abandoned`: the engine may still be working on it. `turn`: the answer is complete. */
  | { type: 'lease.release'; requestId: string; outcome: 'finished' | 'abandoned'; turn?: TurnEnd }
  | { type: 'backend.changed'; backend: string; intake: Intake; slots: number }
  | { type: 'cache.changed'; backend: string; kind: CacheKind; held: readonly HeldPrompt[] }
  | { type: 'slot.changed'; backend: string; index: number; state: SlotState }
  | { type: 'drain' }
  | ErrorActorEvent<unknown, string>;

/** What a waiting or running request hears from the scheduler. */
export type LeaseEvent = { type: 'lease.granted'; lease: Lease } | { type: 'lease.refused'; reason: Refusal };

export type SchedulerEmitted =
  | { type: 'queue.joined'; ticket: Ticket; waiting: number }
  | { type: 'queue.left'; requestId: string; waiting: number }
  | { type: 'queue.refused'; ticket: Ticket; reason: Refusal }
  | { type: 'lease.granted'; ticket: Ticket; lease: Lease; waiting: number }
  | { type: 'lease.released'; requestId: string; outcome: 'finished' | 'abandoned' }
  | { type: 'slot.changed'; backend: string; index: number; state: SlotState }
  | { type: 'slot.broke'; id: string; error: unknown };

interface Waiting {
  readonly ticket: Ticket;
  readonly requester: AnyActorRef;
}

interface SchedulerContext extends SchedulerInput {
  /** In order of arrival. */
  readonly queue: readonly Waiting[];
  readonly backends: readonly BackendView[];
  readonly slots: readonly SlotView[];
  readonly slotActors: Readonly<Record<string, SlotActor>>;
  readonly leases: Readonly<Record<string, Lease>>;
  /** Leases granted so far; the clock of "least recently used". */
  readonly granted: number;
}

export const slotId = (backend: string, index: number): string => `${backend}#${index}`;

export const schedulerMachine = setup({
  types: {
    input: {} as SchedulerInput,
    context: {} as SchedulerContext,
    events: {} as SchedulerEvent,
    emitted: {} as SchedulerEmitted,
  },
  actors: { slot: slotMachine },
  actions: {
    enqueueOrRefuse: enqueueActions(({ context, event, enqueue }, params: { draining: boolean }) => {
      if (event.type !== 'request.enqueue') return;
      const { ticket, requester } = event;
      if (ticket.requestId in context.leases || waits(context, ticket.requestId)) return;
      const reason = refusal(ticket, { ...context, waiting: context.queue.length, draining: params.draining });
      if (reason) {
        enqueue.sendTo(requester, { type: 'lease.refused', reason });
        enqueue.emit({ type: 'queue.refused', ticket, reason });
        return;
      }
      enqueue.assign({ queue: [...context.queue, { ticket, requester }] });
      enqueue.emit({ type: 'queue.joined', ticket, waiting: context.queue.length + 1 });
    }),
    /** A backend went down: whoever waited for it alone is told now and not after the queue's timeout. */
    refuseHopeless: enqueueActions(({ context, enqueue }) => {
      const hopeless = ({ ticket }: Waiting) =>
        refusal(ticket, { ...context, waiting: 0, draining: false }) === 'no_backend';
      for (const { ticket, requester } of context.queue.filter(hopeless)) {
        enqueue.sendTo(requester, { type: 'lease.refused', reason: 'no_backend' });
        enqueue.emit({ type: 'queue.refused', ticket, reason: 'no_backend' });
      }
      enqueue.assign({ queue: context.queue.filter((waiting) => !hopeless(waiting)) });
    }),
    /** Grants leases, in order of service, to everybody who can be placed now. */
    dispatch: enqueueActions(({ context, enqueue }) => {
      let { queue, slots, leases, granted } = context;
      if (queue.length === 0 || !slots.some((slot) => slot.state === 'free')) return;
      for (const ticket of serviceOrder(queue.map((waiting) => waiting.ticket))) {
        const placement = place(ticket, context.backends, slots);
        const requester = queue.find((waiting) => waiting.ticket === ticket)?.requester;
        const slot = placement && context.slotActors[slotId(placement.backend, placement.slot)];
        if (!placement || !requester || !slot) continue;
        const lease: Lease = { requestId: ticket.requestId, ...placement };
        granted += 1;
        queue = queue.filter((waiting) => waiting.ticket !== ticket);
        leases = { ...leases, [ticket.requestId]: lease };
        slots = slots.map((view) => (isAt(view, lease) ? leased(view, ticket, granted) : view));
        enqueue.sendTo(slot, { type: 'slot.lease', requestId: ticket.requestId });
        enqueue.sendTo(requester, { type: 'lease.granted', lease });
        enqueue.emit({ type: 'lease.granted', ticket, lease, waiting: queue.length });
      }
      enqueue.assign({ queue, slots, leases, granted });
    }),
    endLease: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'lease.release') return;
      const { [event.requestId]: lease, ...leases } = context.leases;
      const slot = lease && context.slotActors[slotId(lease.backend, lease.slot)];
      if (!slot) return;
      enqueue.assign({ leases });
      enqueue.sendTo(slot, { type: event.outcome === 'finished' ? 'slot.release' : 'slot.cancel' });
      enqueue.emit({ type: 'lease.released', requestId: event.requestId, outcome: event.outcome });
    }),
    /** An engine that was away and is back no longer works on what its slots were waiting for. */
    resetSlots: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'backend.changed' || event.intake !== 'full') return;
      const before = context.backends.find(({ name }) => name === event.backend);
      if (before?.intake !== 'none' && before?.intake !== 'soon') return;
      for (const view of context.slots.filter(({ backend }) => backend === event.backend)) {
        const slot = context.slotActors[slotId(view.backend, view.index)];
        if (slot) enqueue.sendTo(slot, { type: 'slot.reset' });
      }
    }),
  },
  guards: {
    isWaiting: ({ context, event }) => event.type === 'request.leave' && waits(context, event.requestId),
  },
}).createMachine({
  id: 'scheduler',
  initial: 'running',
  context: ({ input }) => ({
    ...input,
    queue: [],
    backends: [],
    slots: [],
    slotActors: {},
    leases: {},
    granted: 0,
  }),
  on: {
    'request.leave': {
      guard: 'isWaiting',
      actions: [
        assign({
          queue: ({ context, event }) => context.queue.filter(({ ticket }) => ticket.requestId !== event.requestId),
        }),
        emit(({ context, event }) => ({
          type: 'queue.left',
          requestId: event.requestId,
          waiting: context.queue.length,
        })),
      ],
    },
    'lease.release': { actions: 'endLease' },
    'cache.changed': {
      actions: [
        assign({
          backends: ({ context, event }) =>
            withBackend(context.backends, event.backend, { cacheKind: event.kind, held: event.held }),
        }),
        'dispatch',
      ],
    },
    'backend.changed': {
      actions: [
        'resetSlots',
        assign(({ context, event, spawn, self }) => {
          const known = context.slots.filter((slot) => slot.backend === event.backend).length;
          const added = Array.from({ length: Math.max(0, event.slots - known) }, (_, step) => known + step);
          const actors = added.map((index) => {
            const id = slotId(event.backend, index);
            return [id, spawn('slot', { id, input: { backend: event.backend, index, scheduler: self } })];
          });
          return {
            backends: withBackend(context.backends, event.backend, { intake: event.intake, slots: event.slots }),
            slotActors: { ...context.slotActors, ...Object.fromEntries(actors) },
            slots: [...context.slots, ...added.map((index) => unusedSlot(event.backend, index))],
          };
        }),
        'refuseHopeless',
        'dispatch',
      ],
    },
    'slot.changed': {
      actions: [
        assign({
          slots: ({ context, event }) =>
            context.slots.map((view) =>
              view.backend === event.backend && view.index === event.index ? { ...view, state: event.state } : view,
            ),
        }),
        emit(({ event }) => event),
        'dispatch',
      ],
    },
    'xstate.error.actor.*': {
      actions: emit(({ event }) => ({ type: 'slot.broke', id: event.actorId, error: event.error })),
    },
  },
  states: {
    running: {
      on: {
        'request.enqueue': { actions: [{ type: 'enqueueOrRefuse', params: { draining: false } }, 'dispatch'] },
        drain: 'draining',
      },
    },
    /** Shutting down: what waits or runs may finish, nothing new comes in. */
    draining: {
      on: { 'request.enqueue': { actions: { type: 'enqueueOrRefuse', params: { draining: true } } } },
    },
  },
});

function waits({ queue }: SchedulerContext, requestId: string): boolean {
  return queue.some(({ ticket }) => ticket.requestId === requestId);
}

function isAt(view: SlotView, lease: Lease): boolean {
  return view.backend === lease.backend && view.index === lease.slot;
}

function leased(view: SlotView, ticket: Ticket, usedAt: number): SlotView {
  return { ...view, state: 'leased', lineage: ticket.lineage, usedAt };
}

/** Not free before its actor says so: else that first word, still on its way, would undo a lease granted meanwhile. */
function unusedSlot(backend: string, index: number): SlotView {
  return { backend, index, state: 'quarantined', lineage: undefined, usedAt: 0 };
}

function withBackend(
  backends: readonly BackendView[],
  name: string,
  patch: Partial<BackendView>,
): readonly BackendView[] {
  const unknown: BackendView = { name, intake: 'none', slots: 0, cacheKind: 'none', held: [] };
  const before = backends.find((backend) => backend.name === name);
  return [...backends.filter((backend) => backend.name !== name), { ...(before ?? unknown), ...patch }];
}

export type SchedulerActor = ActorRefFrom<typeof schedulerMachine>;
