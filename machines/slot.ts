/**
 * The slot: the right to run one generation on a backend.
 *
 * A client that leaves does not free its slot at once: an engine that is prefilling cannot be interrupted (vllm-mlx's
 * SimpleEngine runs the whole prompt to its end), and a request sent meanwhile would be refused. So the slot stays
 * `cancelling` until the engine is idle again, or is `quarantined` when it never is.
 */
import { type ActorRefFrom, type AnyActorRef, assign, fromPromise, sendTo, setup } from 'xstate';
import type { SlotState } from './policies/types.ts';

export interface SlotInput {
  readonly backend: string;
  readonly index: number;
  /** Told `slot.changed` on every change of state but the one it asks for itself, a lease. */
  readonly scheduler: AnyActorRef;
}

export type SlotEvent =
  | { type: 'slot.lease'; requestId: string }
  | { type: 'slot.release' }
  /** The generation is over, but its lineage is expected back: the slot is kept so long. */
  | { type: 'slot.hold'; forMs: number }
  | { type: 'slot.cancel' }
  /** The backend is another process than before, or was found idle: whatever ran is gone. */
  | { type: 'slot.reset' };

/** What the scheduler hears. */
export type SlotChange = { type: 'slot.changed'; backend: string; index: number; state: SlotState };

interface SlotContext extends SlotInput {
  readonly requestId: string | undefined;
  /** Milliseconds of the hold that goes on. */
  readonly holdMs: number;
}

export const slotMachine = setup({
  types: {
    input: {} as SlotInput,
    context: {} as SlotContext,
    events: {} as SlotEvent,
    tags: {} as 'busy',
  },
  actions: {
    announce: sendTo(
      ({ context }) => context.scheduler,
      ({ context }, params: { state: SlotState }): SlotChange => ({
        type: 'slot.changed',
        backend: context.backend,
        index: context.index,
        state: params.state,
      }),
    ),
  },
  actors: {
    /** Resolves when the engine no longer works on the abandoned generation. Provided. */
    engineIdle: fromPromise<void, SlotInput>(async () => {}),
  },
  delays: {
    hold: ({ context }) => context.holdMs,
    /** How long an abandoned prefill may run before the slot is given up on. */
    cancelTimeout: 600_000,
    /** How long a slot that did not come back is kept away from requests. */
    quarantine: 30_000,
  },
}).createMachine({
  id: 'slot',
  initial: 'free',
  context: ({ input }) => ({ ...input, requestId: undefined, holdMs: 0 }),
  states: {
    free: {
      entry: [assign({ requestId: undefined }), { type: 'announce', params: { state: 'free' } }],
      on: { 'slot.lease': { target: 'leased', actions: assign({ requestId: ({ event }) => event.requestId }) } },
    },
    leased: {
      tags: 'busy',
      on: {
        'slot.release': 'free',
        'slot.hold': { target: 'held', actions: assign({ holdMs: ({ event }) => event.forMs }) },
        'slot.cancel': 'cancelling',
      },
    },
    /** Idle, and whoever the scheduler thinks worth it may have it. */
    held: {
      entry: [assign({ requestId: undefined }), { type: 'announce', params: { state: 'held' } }],
      on: {
        'slot.lease': { target: 'leased', actions: assign({ requestId: ({ event }) => event.requestId }) },
        'slot.reset': 'free',
      },
      after: { hold: 'free' },
    },
    cancelling: {
      tags: 'busy',
      entry: { type: 'announce', params: { state: 'cancelling' } },
      invoke: { src: 'engineIdle', input: ({ context }) => context, onDone: 'free', onError: 'quarantined' },
      on: { 'slot.reset': 'free' },
      after: { cancelTimeout: 'quarantined' },
    },
    quarantined: {
      tags: 'busy',
      entry: [assign({ requestId: undefined }), { type: 'announce', params: { state: 'quarantined' } }],
      on: { 'slot.reset': 'free' },
      after: { quarantine: 'free' },
    },
  },
});

export type SlotActor = ActorRefFrom<typeof slotMachine>;
