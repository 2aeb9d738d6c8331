/**
 * The request: one HTTP inference call, from arrival to its last byte. One root actor each, with its own actor system.
 *
 * It asks the scheduler for a lease, runs an attempt on the backend it got, and falls back to the next backend while nothing
 * was forwarded to the client. The stream itself never passes through here: the attempt actor reports milestones only. What
 * the machine decides is carried out by provided actions, which own the sockets.
 *
 * Requests that ask the same at the same time share one generation. The one that came first runs it, for as long as anybody
 * reads the answer or might come back for it; the others are `joined` to it.
 */
import {
  type ActorRefFrom,
  type AnyActorRef,
  assign,
  cancel,
  type EventObject,
  fromCallback,
  raise,
  sendTo,
  setup,
} from 'xstate';
import type { Ticket, TurnEnd } from './policies/types.ts';
import type { Lease, LeaseEvent } from './scheduler.ts';

export interface RequestInput {
  readonly ticket: Ticket;
  readonly scheduler: AnyActorRef;
  readonly source: Source;
}

/** Where the answer comes from: an engine, the exact-response cache, or the generation of a request that asked the same. */
export type Source = 'engine' | 'cache' | 'flight';

/** Why an attempt or a request failed: a stable code of the error table, and words for people. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  /** Another backend, or the same one later, may do better. */
  readonly retryable: boolean;
  /** The engine runs somebody else's generation: not its fault, try again in a moment. */
  readonly busy: boolean;
  /** Whole seconds, where it is known when to come back. */
  readonly retryAfter?: number | undefined;
  /** The error itself, for whoever answers the client; the machine does not look inside. */
  readonly error?: unknown;
}

/** Units of the prompt that are prefilled. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

export type AttemptEvent =
  /** The engine accepted the prompt. */
  | { type: 'attempt.accepted' }
  | ({ type: 'attempt.progress' } & Progress)
  /** Content reached the client: from here on the answer cannot be taken back. */
  | { type: 'attempt.firstToken' }
  /** The answer is there, but for calls no tool can take: the engine is asked once more for those, on the same lease. */
  | { type: 'attempt.correcting' }
  /** `stopped`: the answer ended before the engine did (a stop sequence), which may go on working for a moment. */
  | { type: 'attempt.done'; stopped: boolean; turn?: TurnEnd }
  | { type: 'attempt.failed'; failure: Failure }
  /** Nothing came from the engine for longer than a prefill or a token may take. */
  | { type: 'attempt.silent' };

export type RequestEvent =
  | LeaseEvent
  | AttemptEvent
  /** Nobody is there any more to read the answer. */
  | { type: 'client.closed' }
  /** Somebody who asks the same reads it. */
  | { type: 'client.joined' }
  /** Nobody came back in time, or somebody else needs what it keeps. */
  | { type: 'grace.over' }
  /** The generation it has joined is complete. */
  | { type: 'flight.ended' }
  | { type: 'flight.failed'; failure: Failure }
  /** The client has read the last byte. */
  | { type: 'reply.finished' }
  /** The queue was too long for too long. */
  | { type: 'queue.expired' }
  /** Somebody who may has ended it. */
  | { type: 'owner.cancelled'; by: string }
  /** The gateway's drain time is over. */
  | { type: 'gateway.closing' };

interface RequestContext extends RequestInput {
  readonly lease: Lease | undefined;
  readonly forwarded: boolean;
  /** Of the attempt that runs, as far as its engine says. */
  readonly progress: Progress | undefined;
  readonly failure: Failure | undefined;
  /** Attempts on an engine that was busy with work that is not ours. */
  readonly busyTries: number;
}

export interface AttemptInput {
  readonly lease: Lease;
}

export const requestMachine = setup({
  types: {
    input: {} as RequestInput,
    context: {} as RequestContext,
    events: {} as RequestEvent,
    tags: {} as 'waiting' | 'generating' | 'terminal',
  },
  actors: {
    /** Gets one answer and reports milestones; stopping it aborts the engine's work. Provided. */
    attempt: fromCallback<EventObject, AttemptInput>(() => {}),
  },
  actions: {
    /** Sends status and headers of a stream that has waited long enough to be shown alive. Provided. */
    openReply: () => {},
    /** Sends the cached answer, and `reply.finished` when the client has it. Provided. */
    replay: () => {},
    /** Has another request's generation answer this one too, and tells that request. Provided. */
    join: () => {},
    /** Ends the reply, and sends `reply.finished` when the client has it. Provided. */
    endReply: () => {},
    /** Answers with the failure: a status before the first byte, `event: error` after it. Provided. */
    sendFailure: (_, _params: { failure: Failure }) => {},
    enqueue: sendTo(
      ({ context }) => context.scheduler,
      ({ context, self }) => ({ type: 'request.enqueue', ticket: context.ticket, requester: self }),
    ),
    leaveQueue: sendTo(
      ({ context }) => context.scheduler,
      ({ context }) => ({ type: 'request.leave', requestId: context.ticket.requestId }),
    ),
    releaseLease: sendTo(
      ({ context }) => context.scheduler,
      ({ context }, params: { outcome: 'finished' | 'abandoned'; turn?: TurnEnd }) => ({
        type: 'lease.release',
        requestId: context.ticket.requestId,
        ...params,
      }),
    ),
    startGrace: raise({ type: 'grace.over' }, { id: 'grace', delay: 'grace' }),
    endGrace: cancel('grace'),
    noteProgress: assign(({ event }) =>
      event.type === 'attempt.progress' ? { progress: { done: event.done, total: event.total } } : {},
    ),
    fail: assign((_, params: { failure: Failure }) => ({ failure: params.failure })),
    /** The failed backend is no candidate any more; a busy one is asked again. */
    dropBackend: assign(({ context: { failure, busyTries, ticket, lease } }) => ({
      ...(failure?.busy ? { busyTries: busyTries + 1 } : { ticket: withoutCandidate(ticket, lease?.backend) }),
      lease: undefined,
      progress: undefined,
    })),
  },
  guards: {
    isCached: ({ context }) => context.source === 'cache',
    isJoining: ({ context }) => context.source === 'flight',
    /** Nothing was forwarded, and there is somewhere to go. */
    canTryAgain: ({ context }, { failure }: { failure: Failure }) => {
      if (context.forwarded || !failure.retryable) return false;
      return failure.busy ? context.busyTries < 20 : context.ticket.candidates.length > 1;
    },
    isNotBusy: ({ context }) => context.failure?.busy !== true,
    /** Neither content nor a cached answer is on its way to the client. */
    isSilent: ({ context }) => context.source !== 'cache' && !context.forwarded,
    /** Nobody is there to read the answer, and somebody no less urgent waits for the same slot. Provided. */
    isSuperfluous: (_, _params: { lease: Lease }) => false,
  },
  delays: {
    /** A client that hears nothing for longer counts the connection as dead sooner or later; see the reply's keep-alive. */
    openAfter: 3_000,
    /** Grows from a quarter of a second to five. */
    busyPause: ({ context }) => Math.min(5_000, 250 * 2 ** (context.busyTries - 1)),
    /** A client whose connection broke asks again within a second or two. */
    grace: 5_000,
    /** A client that does not read the end of its answer. */
    settleTimeout: 60_000,
  },
}).createMachine({
  id: 'request',
  initial: 'admitting',
  context: ({ input }) => ({
    ...input,
    lease: undefined,
    forwarded: false,
    progress: undefined,
    failure: undefined,
    busyTries: 0,
  }),
  on: {
    'client.closed': '.cancelled',
    'client.joined': { actions: 'endGrace' },
    'grace.over': '.cancelled',
    'owner.cancelled': {
      target: '.failed',
      actions: { type: 'fail', params: ({ event }) => ({ failure: cancelledBy(event.by) }) },
    },
    'gateway.closing': { target: '.failed', actions: { type: 'fail', params: { failure: closing() } } },
  },
  after: { openAfter: { guard: 'isSilent', actions: 'openReply' } },
  states: {
    admitting: {
      always: [
        { guard: 'isCached', target: 'replaying' },
        { guard: 'isJoining', target: 'joined' },
        { target: 'queued' },
      ],
    },
    replaying: { entry: 'replay', on: { 'reply.finished': 'done', 'owner.cancelled': 'done' } },
    /** The other request hears everything there is to hear of the engine. */
    joined: {
      entry: 'join',
      on: {
        'flight.ended': 'settling',
        'flight.failed': {
          target: 'failed',
          actions: { type: 'fail', params: ({ event }) => ({ failure: event.failure }) },
        },
      },
    },
    queued: {
      tags: 'waiting',
      entry: 'enqueue',
      on: {
        'client.closed': { actions: 'startGrace' },
        'lease.granted': [
          {
            guard: { type: 'isSuperfluous', params: ({ event }) => ({ lease: event.lease }) },
            target: 'cancelled',
            // No engine has heard of it.
            actions: { type: 'releaseLease', params: { outcome: 'finished' } },
          },
          { target: 'attempting', actions: assign({ lease: ({ event }) => event.lease }) },
        ],
        'lease.refused': {
          target: 'failed',
          actions: {
            type: 'fail',
            params: ({ context, event }) => ({ failure: context.failure ?? refused(event.reason, event.retryAfter) }),
          },
        },
        'queue.expired': { target: 'failed', actions: { type: 'fail', params: { failure: refused('queue_timeout') } } },
      },
    },
    attempting: {
      tags: 'generating',
      invoke: {
        src: 'attempt',
        input: ({ context }) => ({ lease: leaseOf(context) }),
        onError: {
          target: 'failed',
          actions: { type: 'fail', params: ({ event }) => ({ failure: bug(event.error) }) },
        },
      },
      on: {
        'client.closed': { actions: 'startGrace' },
        'attempt.done': {
          target: 'settling',
          actions: {
            type: 'releaseLease',
            params: ({ event }) => ({
              outcome: event.stopped ? 'abandoned' : 'finished',
              ...(event.turn ? { turn: event.turn } : {}),
            }),
          },
        },
        'attempt.failed': [
          {
            guard: { type: 'canTryAgain', params: ({ event }) => ({ failure: event.failure }) },
            target: 'fallingBack',
            actions: { type: 'fail', params: ({ event }) => ({ failure: event.failure }) },
          },
          { target: 'failed', actions: { type: 'fail', params: ({ event }) => ({ failure: event.failure }) } },
        ],
        'attempt.firstToken': { target: '.decoding', actions: assign({ forwarded: true }) },
        'attempt.correcting': '.correcting',
        'attempt.silent': { target: 'failed', actions: { type: 'fail', params: { failure: silent() } } },
      },
      initial: 'connecting',
      states: {
        connecting: { on: { 'attempt.accepted': 'prefilling' } },
        prefilling: { on: { 'attempt.progress': { actions: ['openReply', 'noteProgress'] } } },
        decoding: {},
        /** Left with the attempt: what comes of it goes to the client in one piece. */
        correcting: {},
      },
    },
    fallingBack: {
      tags: 'waiting',
      entry: [{ type: 'releaseLease', params: { outcome: 'abandoned' } }, 'dropBackend'],
      on: { 'client.closed': { actions: 'startGrace' } },
      always: { guard: 'isNotBusy', target: 'queued' },
      after: { busyPause: 'queued' },
    },
    settling: {
      entry: 'endReply',
      on: {
        'reply.finished': 'done',
        // The answer is complete: it must not be followed by an error.
        'owner.cancelled': 'done',
        'gateway.closing': 'done',
      },
      after: { settleTimeout: 'done' },
    },
    done: { type: 'final', tags: 'terminal' },
    failed: {
      type: 'final',
      tags: 'terminal',
      entry: [
        'leaveQueue',
        { type: 'releaseLease', params: { outcome: 'abandoned' } },
        { type: 'sendFailure', params: ({ context }) => ({ failure: context.failure ?? bug(undefined) }) },
      ],
    },
    cancelled: {
      type: 'final',
      tags: 'terminal',
      entry: ['leaveQueue', { type: 'releaseLease', params: { outcome: 'abandoned' } }],
    },
  },
});

function silent(): Failure {
  const message = 'The engine has said nothing for too long.';
  return { code: 'engine_timeout', message, retryable: false, busy: false };
}

type Refused = 'queue_full' | 'no_backend' | 'shutting_down' | 'queue_timeout';

function refused(code: Refused, retryAfter?: number): Failure {
  const words = {
    queue_full: 'The queue is full.',
    no_backend: 'No engine can take work right now.',
    shutting_down: 'The gateway is shutting down.',
    queue_timeout: 'Waited too long for a free slot.',
  };
  return { code, message: words[code], retryable: false, busy: false, retryAfter };
}

function cancelledBy(by: string): Failure {
  const message = `${by} cancelled this request at the gateway.`;
  return { code: 'request_cancelled', message, retryable: false, busy: false };
}

function closing(): Failure {
  return refused('shutting_down');
}

function bug(error: unknown): Failure {
  const message = error instanceof Error ? error.message : 'unknown error';
  return { code: 'internal', message, retryable: false, busy: false, error };
}

function leaseOf(context: RequestContext): Lease {
  if (!context.lease) throw new Error('an attempt needs a lease');
  return context.lease;
}

function withoutCandidate(ticket: Ticket, backend: string | undefined): Ticket {
  return { ...ticket, candidates: ticket.candidates.filter((name) => name !== backend) };
}

export type RequestActor = ActorRefFrom<typeof requestMachine>;
