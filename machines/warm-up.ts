/**
 * The warm-up: prefills the prefix that is likeliest to be asked for next while its engine has nothing to do. One a backend.
 *
 * It asks the scheduler for a slot as a request does, of the lowest band, and does without when it is not given one at once:
 * the scheduler knows what it would push out. Real work ends it, but for work with the same prefix: that would only begin
 * again what is half done, and many engines lose a prefill that is cut short.
 */
import {
  type ActorRefFrom,
  type AnyActorRef,
  assign,
  type EventObject,
  emit,
  fromCallback,
  fromPromise,
  sendTo,
  setup,
} from 'xstate';
import type { Ticket } from './policies/types.ts';
import type { Lease, LeaseEvent } from './scheduler.ts';

export interface WarmUpInput {
  readonly backend: string;
  readonly scheduler: AnyActorRef;
}

export type PrefillEvent = { type: 'prefill.done' } | { type: 'prefill.failed'; error: unknown };

export type WarmUpEvent =
  | LeaseEvent
  | PrefillEvent
  /** A slot can be used again, or the engine is back. */
  | { type: 'engine.free' }
  /** A client has started: its first prompt follows as soon as somebody has typed it. */
  | { type: 'client.started' }
  /** The owner wants this prefix to be prefilled next, as soon as the engine has nothing to do. */
  | { type: 'owner.wants'; prefixKey: string }
  /** A request that would run here waits. */
  | { type: 'work.waits'; prefixKey: string }
  /** One runs here. */
  | { type: 'work.runs' }
  | { type: 'gateway.closing' };

export type WarmUpEmitted =
  | { type: 'warmUp.started'; backend: string; requestId: string; prefixKey: string }
  /** `reason`: why it failed. */
  | { type: 'warmUp.ended'; backend: string; requestId: string; outcome: Outcome; reason?: string };

type Outcome = 'done' | 'dropped' | 'failed';

export interface Choice {
  /** A client that has just started is expected to send its prompt. */
  readonly awaited: boolean;
  /** Key of the prefix that the owner has asked for. */
  readonly wanted: string | undefined;
}

export interface PrefillInput {
  readonly ticket: Ticket;
  readonly lease: Lease;
}

interface WarmUpContext extends WarmUpInput, Choice {
  readonly ticket: Ticket | undefined;
  readonly lease: Lease | undefined;
}

export const warmUpMachine = setup({
  types: {
    input: {} as WarmUpInput,
    context: {} as WarmUpContext,
    events: {} as WarmUpEvent,
    emitted: {} as WarmUpEmitted,
  },
  actors: {
    /** What to prefill now; undefined: nothing, or the engine has work. Provided. */
    choose: fromPromise<Ticket | undefined, Choice>(async () => undefined),
    /** Has the prefix prefilled and reports the end; stopping it aborts the engine's work. Provided. */
    prefill: fromCallback<EventObject, PrefillInput>(() => {}),
  },
  actions: {
    ask: sendTo(
      ({ context }) => context.scheduler,
      ({ context, self }) => ({ type: 'request.enqueue', ticket: context.ticket, requester: self }),
    ),
    /** Means nothing once it has a lease. */
    leaveQueue: sendTo(
      ({ context }) => context.scheduler,
      ({ context }) => ({ type: 'request.leave', requestId: context.ticket?.requestId }),
    ),
    release: sendTo(
      ({ context }) => context.scheduler,
      ({ context }, params: { outcome: 'finished' | 'abandoned' }) => ({
        type: 'lease.release',
        requestId: context.ticket?.requestId,
        ...params,
      }),
    ),
    reportStart: emit(({ context: { backend, ticket } }) => ({
      type: 'warmUp.started',
      backend,
      requestId: ticket?.requestId ?? '',
      prefixKey: ticket?.shape.prefixKey ?? '',
    })),
    report: emit(({ context: { backend, ticket } }, params: { outcome: Outcome; reason?: string }) => ({
      type: 'warmUp.ended',
      backend,
      requestId: ticket?.requestId ?? '',
      ...params,
    })),
    /** What failed here once may be what breaks the engine. Provided. */
    forget: (_, _params: { ticket: Ticket }) => {},
    expect: assign({ awaited: true }),
    want: assign(({ event }) => (event.type === 'owner.wants' ? { wanted: event.prefixKey } : {})),
    /** Done or impossible; one that real work has ended is tried again. */
    settleWish: assign(({ context: { wanted, ticket } }) =>
      wanted === ticket?.shape.prefixKey ? { wanted: undefined } : {},
    ),
    expectNobody: assign({ awaited: false }),
  },
  guards: {
    isSame: ({ context }, params: { prefixKey: string }) => context.ticket?.shape.prefixKey === params.prefixKey,
    isChosen: (_, params: { ticket: Ticket | undefined }) => params.ticket !== undefined,
  },
  delays: {
    /** How long nobody must have wanted anything of the engine. Provided. */
    quiet: 300,
    /** A slot that is free and not needed by anybody is had at once. */
    patience: 1_000,
  },
}).createMachine({
  id: 'warmUp',
  initial: 'resting',
  context: ({ input }) => ({ ...input, awaited: false, wanted: undefined, ticket: undefined, lease: undefined }),
  on: {
    // Granted while it was leaving the queue: no engine has heard of it.
    'lease.granted': { actions: { type: 'release', params: { outcome: 'finished' } } },
    'owner.wants': { actions: 'want' },
    'gateway.closing': '.closed',
  },
  states: {
    resting: {
      entry: 'expectNobody',
      on: {
        'engine.free': 'quiet',
        'client.started': { target: 'quiet', actions: 'expect' },
        'owner.wants': { target: 'quiet', actions: 'want' },
      },
    },
    quiet: {
      on: {
        'work.waits': 'resting',
        'work.runs': 'resting',
        'engine.free': { target: 'quiet', reenter: true },
        'client.started': { target: 'quiet', reenter: true, actions: 'expect' },
      },
      after: { quiet: 'choosing' },
    },
    choosing: {
      invoke: {
        src: 'choose',
        input: ({ context: { awaited, wanted } }) => ({ awaited, wanted }),
        onDone: [
          {
            guard: { type: 'isChosen', params: ({ event }) => ({ ticket: event.output }) },
            target: 'asking',
            actions: assign({ ticket: ({ event }) => event.output }),
          },
          { target: 'resting' },
        ],
      },
      on: { 'work.waits': 'resting', 'work.runs': 'resting' },
    },
    asking: {
      entry: 'ask',
      exit: 'leaveQueue',
      on: {
        'lease.granted': { target: 'warming', actions: assign({ lease: ({ event }) => event.lease }) },
        'lease.refused': 'resting',
        'work.waits': 'resting',
      },
      after: { patience: 'resting' },
    },
    warming: {
      entry: 'reportStart',
      invoke: {
        src: 'prefill',
        input: ({ context }) => grantOf(context),
        onError: { target: 'resting', actions: fail() },
      },
      on: {
        'prefill.done': {
          target: 'resting',
          actions: [
            'settleWish',
            { type: 'release', params: { outcome: 'finished' } },
            { type: 'report', params: { outcome: 'done' } },
          ],
        },
        'prefill.failed': { target: 'resting', actions: fail() },
        // It runs beside this: on engines whose slots keep a prompt each it prefills the prefix itself.
        'work.runs': { target: 'resting', actions: drop() },
        'gateway.closing': { target: 'closed', actions: drop() },
      },
      initial: 'optional',
      states: {
        optional: {
          on: {
            'work.waits': [
              { guard: { type: 'isSame', params: ({ event }) => event }, target: 'needed' },
              { target: '#warmUp.resting', actions: drop() },
            ],
          },
        },
        /** Somebody waits for what it does: to begin again would take longer, whoever else comes meanwhile. */
        needed: {},
      },
    },
    closed: { type: 'final' },
  },
});

function drop() {
  return [
    { type: 'release', params: { outcome: 'abandoned' } },
    { type: 'report', params: { outcome: 'dropped' } },
  ] as const;
}

function fail() {
  return [
    { type: 'settleWish' },
    { type: 'forget', params: ({ context }: { context: WarmUpContext }) => grantOf(context) },
    { type: 'release', params: { outcome: 'abandoned' } },
    {
      type: 'report',
      params: ({ event }: { event: { error: unknown } }) =>
        ({ outcome: 'failed', reason: wordsOf(event.error) }) as const,
    },
  ] as const;
}

function grantOf({ ticket, lease }: WarmUpContext): PrefillInput {
  if (!ticket || !lease) throw new Error('a warm-up needs a lease');
  return { ticket, lease };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export type WarmUpActor = ActorRefFrom<typeof warmUpMachine>;
