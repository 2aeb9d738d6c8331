/** Small prompts, tickets and listeners for the tests of the machines. */
import { createActor, type EventObject, fromCallback } from 'xstate';
import { unusedSlot } from '../../machines/policies/books.ts';
import { defaultRates } from '../../machines/policies/cost.ts';
import {
  type BackendView,
  type Floor,
  fullPolicy,
  type HeldPrompt,
  type PromptShape,
  type Running,
  type SlotView,
  type Ticket,
  type Waiting,
} from '../../machines/policies/types.ts';

/** A prompt of 1,000 prefix bytes and 100 more a turn; equal leading turns give equal links. */
export function shape(prefix: string, ...turns: readonly string[]): PromptShape {
  return {
    prefixKey: prefix,
    prefixBytes: 1_000,
    chain: turns.map((_, index) => ({
      key: [prefix, ...turns.slice(0, index + 1)].join('/'),
      bytes: 1_100 + 100 * index,
    })),
  };
}

export function held(slot: number, prefix: string, ...turns: readonly string[]): HeldPrompt {
  return { ...shape(prefix, ...turns), slot };
}

export function ticket(requestId: string, patch: Partial<Ticket> = {}): Ticket {
  const { shape: prompt = shape('p', requestId), candidates = ['mlx'] } = patch;
  return {
    requestId,
    session: `session of ${requestId}`,
    lineage: `lineage of ${requestId}`,
    client: 'ana',
    band: 'interactive',
    arrivedAt: 0,
    shape: prompt,
    bytes: prompt.chain.at(-1)?.bytes ?? prompt.prefixBytes,
    promptTokens: 0,
    toolMs: undefined,
    candidates,
    pool: candidates.slice(0, 1),
    ...patch,
  };
}

export function backendView(patch: Partial<BackendView> = {}): BackendView {
  return {
    name: 'mlx',
    intake: 'full',
    drained: false,
    slots: 1,
    cacheKind: 'none',
    capacity: 4,
    held: [],
    stored: [],
    rates: defaultRates,
    ...patch,
  };
}

export function slotView(index: number, patch: Partial<SlotView> = {}): SlotView {
  return { ...unusedSlot('mlx', index), state: 'free', ...patch };
}

/** What has been running on a slot since time 0. */
export function running(ticket: Ticket, patch: Partial<Running> = {}): Running {
  return {
    ticket,
    fifoMs: 0,
    since: 0,
    reuse: { bytes: 0, restored: 0 },
    durationMs: 10_000,
    prefilled: false,
    ...patch,
  };
}

/** One that may wait as long as it takes. */
export function waiting(ticket: Ticket, deadline = Number.POSITIVE_INFINITY): Waiting {
  return { ticket, fifoMs: 0, deadline };
}

export function floor(patch: Partial<Floor> = {}): Floor {
  const nobody = { queue: [], backends: [], slots: [], accounts: {}, returns: new Map() };
  return { now: 0, policy: fullPolicy, ...nobody, ...patch };
}

/** An actor that only listens, standing in for whoever a machine reports to. */
export function listener<TEvent extends EventObject>() {
  const heard: TEvent[] = [];
  const ref = createActor(
    fromCallback<TEvent>(({ receive }) => {
      receive((event) => heard.push(event));
    }),
  ).start();
  return { ref, heard };
}
