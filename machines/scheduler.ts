/**
 * The scheduler: owns the queue and every slot, and decides who runs next, where, and from which cached state.
 *
 * The decisions are the pure functions in policies/; this machine keeps what they look at up to date and carries out what
 * they say. Requests are actors of their own systems: they enqueue a ticket and are told `lease.granted` or `lease.refused`.
 */
import { type ActorRefFrom, type AnyActorRef, assign, type ErrorActorEvent, emit, enqueueActions, setup } from 'xstate';
import { isHopeless, type Limits, type Refusal, refusal, retryAfter } from './policies/admission.ts';
import { dueOf } from './policies/aging.ts';
import * as books from './policies/books.ts';
import { decide, type Forecast, forecast } from './policies/dispatch.ts';
import { holdAfter } from './policies/hold.ts';
import { type Placement, placementOn } from './policies/placement.ts';
import {
  type Floor,
  type Intake,
  lastPolicy,
  type Measured,
  type Policy,
  type SlotState,
  type Ticket,
  type TurnEnd,
  type Waiting,
} from './policies/types.ts';
import type { PrefixCacheEmitted } from './prefix-cache.ts';
import { type SlotActor, slotMachine } from './slot.ts';

export interface SchedulerInput extends Limits {
  /** The clock of `arrivedAt`, in milliseconds. */
  readonly now: () => number;
  readonly policy: Policy;
  /** By client; those that are not named weigh 1. */
  readonly weights?: Readonly<Record<string, number>>;
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
  | { type: 'backend.drained'; backend: string; drained: boolean }
  | PrefixCacheEmitted
  | { type: 'slot.changed'; backend: string; index: number; state: SlotState }
  /** Somebody has waited long enough for something better than what is free. */
  | { type: 'wake' }
  | { type: 'drain' }
  | ErrorActorEvent<unknown, string>;

/** What a waiting or running request hears from the scheduler. */
export type LeaseEvent =
  | { type: 'lease.granted'; lease: Lease }
  /** `retryAfter`: whole seconds, where it is worth coming back. */
  | { type: 'lease.refused'; reason: Refusal; retryAfter?: number };

export type SchedulerEmitted =
  | ({ type: 'queue.joined'; ticket: Ticket; waiting: number } & Forecast)
  | { type: 'queue.left'; requestId: string; waiting: number }
  | { type: 'queue.refused'; ticket: Ticket; reason: Refusal; retryAfter?: number }
  | { type: 'lease.granted'; ticket: Ticket; lease: Lease; waiting: number }
  | { type: 'lease.released'; requestId: string; outcome: 'finished' | 'abandoned' }
  | { type: 'slot.changed'; backend: string; index: number; state: SlotState }
  | { type: 'slot.held'; backend: string; index: number; lineage: string; forMs: number }
  | { type: 'slot.broke'; id: string; error: unknown };

interface Entry extends Waiting {
  readonly requester: AnyActorRef;
}

interface SchedulerContext extends books.Books, Omit<SchedulerInput, 'weights'> {
  /** In order of arrival. */
  readonly queue: readonly Entry[];
  readonly slotActors: Readonly<Record<string, SlotActor>>;
  readonly leases: Readonly<Record<string, Lease>>;
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
      const patch = books.arrived(context, ticket, context.now());
      const before = floorOf({ ...context, ...patch });
      const queue = [...context.queue, { ticket, requester, ...dueOf(ticket, before) }];
      const expected = forecast(ticket, { ...before, queue });
      const waiting = context.queue.map((entry) => entry.ticket);
      const reason = refusal(ticket, { ...context, ...params, waiting, predictedMs: expected.startsInMs });
      if (reason) {
        const refused = { reason, ...(reason === 'queue_full' ? { retryAfter: retryAfter(expected.startsInMs) } : {}) };
        enqueue.sendTo(requester, { type: 'lease.refused', ...refused });
        enqueue.emit({ type: 'queue.refused', ticket, ...refused });
        return;
      }
      enqueue.assign({ ...patch, queue });
      enqueue.emit({ type: 'queue.joined', ticket, waiting: queue.length, ...expected });
    }),
    /** A backend went down: whoever waited for it alone is told now and not after the queue's timeout. */
    refuseHopeless: enqueueActions(({ context, enqueue }) => {
      const hopeless = ({ ticket }: Entry) => isHopeless(ticket, context.backends);
      for (const { ticket, requester } of context.queue.filter(hopeless)) {
        enqueue.sendTo(requester, { type: 'lease.refused', reason: 'no_backend' });
        enqueue.emit({ type: 'queue.refused', ticket, reason: 'no_backend' });
      }
      enqueue.assign({ queue: context.queue.filter((entry) => !hopeless(entry)) });
    }),
    /** Grants leases, in order of service, to everybody who can be placed now. */
    dispatch: enqueueActions(({ context, enqueue }) => {
      let state = context;
      let { next, wakeAt } = decide(floorOf(state));
      while (next) {
        const { ticket } = next.waiting;
        const lease: Lease = { requestId: ticket.requestId, ...placementOn(next.spot, ticket) };
        const entry = state.queue.find((each) => each.ticket === ticket);
        const slot = state.slotActors[slotId(lease.backend, lease.slot)];
        if (!entry || !slot) throw new Error(`no slot ${slotId(lease.backend, lease.slot)} for ${ticket.requestId}`);
        const queue = state.queue.filter((each) => each !== entry);
        const leases = { ...state.leases, [ticket.requestId]: lease };
        state = { ...state, ...books.leased(state, next.waiting, next.spot, state.now()), queue, leases };
        enqueue.sendTo(slot, { type: 'slot.lease', requestId: ticket.requestId });
        enqueue.sendTo(entry.requester, { type: 'lease.granted', lease });
        enqueue.emit({ type: 'lease.granted', ticket, lease, waiting: queue.length });
        ({ next, wakeAt } = decide(floorOf(state)));
      }
      const { queue, slots, leases, granted } = state;
      if (state !== context) enqueue.assign({ queue, slots, leases, granted });
      enqueue.cancel('wake');
      if (wakeAt < Number.POSITIVE_INFINITY) {
        enqueue.raise({ type: 'wake' }, { id: 'wake', delay: Math.max(1, Math.ceil(wakeAt - context.now())) });
      }
    }),
    endLease: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'lease.release') return;
      const { requestId, outcome, turn } = event;
      const { [requestId]: lease, ...leases } = context.leases;
      const slot = lease && context.slotActors[slotId(lease.backend, lease.slot)];
      if (!slot) return;
      enqueue.emit({ type: 'lease.released', requestId, outcome });
      const { patch, hold } = closing(context, lease, { outcome, turn });
      enqueue.assign({ ...patch, leases });
      if (hold) {
        const forMs = hold.until - hold.since;
        enqueue.sendTo(slot, { type: 'slot.hold', forMs });
        const { lineage } = hold.ticket;
        enqueue.emit({ type: 'slot.held', backend: lease.backend, index: lease.slot, lineage, forMs });
      } else enqueue.sendTo(slot, { type: outcome === 'finished' ? 'slot.release' : 'slot.cancel' });
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
  context: ({ input: { weights = {}, ...input } }) => ({
    ...input,
    queue: [],
    backends: [],
    slots: [],
    accounts: books.accountsOf(weights),
    returns: new Map(),
    away: new Map(),
    granted: 0,
    slotActors: {},
    leases: {},
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
        'dispatch',
      ],
    },
    'lease.progress': {
      actions: [assign(({ context, event }) => books.prefilled(context, leasedSlot(context, event))), 'dispatch'],
    },
    'lease.measured': {
      actions: assign(({ context, event }) => books.measured(context, leasedSlot(context, event), event)),
    },
    'lease.release': { actions: 'endLease' },
    'cache.changed': {
      actions: [
        assign({
          backends: ({ context, event: { backend, kind, capacity, held, stored } }) =>
            books.withBackend(context.backends, backend, { cacheKind: kind, capacity, held, stored }),
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
          const { intake, slots } = event;
          return {
            backends: books.withBackend(context.backends, event.backend, { intake, slots }),
            slotActors: { ...context.slotActors, ...Object.fromEntries(actors) },
            slots: [...context.slots, ...added.map((index) => books.unusedSlot(event.backend, index))],
          };
        }),
        'refuseHopeless',
        'dispatch',
      ],
    },
    'backend.drained': {
      actions: [
        assign(({ context, event: { backend, drained } }) => ({
          backends: books.withBackend(context.backends, backend, { drained }),
        })),
        'refuseHopeless',
        'dispatch',
      ],
    },
    'slot.changed': {
      actions: [
        assign(({ context, event }) => books.slotChanged(context, event, event.state, context.now())),
        emit(({ event }) => event),
        'dispatch',
      ],
    },
    wake: { actions: 'dispatch' },
    'xstate.error.actor.*': {
      actions: emit(({ event }) => ({ type: 'slot.broke', id: event.actorId, error: event.error })),
    },
  },
  states: {
    running: {
      on: {
        'request.enqueue': { actions: [{ type: 'enqueueOrRefuse', params: { draining: false } }, 'dispatch'] },
        drain: { target: 'draining', actions: [assign({ policy: lastPolicy }), 'dispatch'] },
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

function floorOf({ now, ...context }: SchedulerContext): Floor {
  return { ...context, now: now() };
}

/** The slot of the lease an event speaks of; of one that is over there is none. */
function leasedSlot({ leases }: SchedulerContext, { requestId }: { requestId: string }): books.SlotName {
  const lease = leases[requestId];
  return { backend: lease?.backend ?? '', index: lease?.slot ?? -1 };
}

/** What becomes of the slot when its lease is over. */
function closing(context: SchedulerContext, lease: Lease, end: { outcome: string; turn: TurnEnd | undefined }) {
  const floor = floorOf(context);
  const slot = books.slotAt(context.slots, leasedSlot(context, lease));
  const backend = context.backends.find(({ name }) => name === lease.backend);
  const ticket = slot?.running?.ticket;
  if (!slot || !backend || !ticket) return { patch: {}, hold: undefined };
  const isKept = end.outcome === 'finished' && end.turn?.endedIn === 'tool_use';
  const hold = isKept ? holdAfter(ticket, backend, floor) : undefined;
  return { patch: books.ended(context, { slot, turn: end.turn, hold, now: floor.now }), hold };
}

export type SchedulerActor = ActorRefFrom<typeof schedulerMachine>;
