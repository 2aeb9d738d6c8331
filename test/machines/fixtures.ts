/** Small prompts, tickets and listeners for the tests of the machines. */
import { createActor, type EventObject, fromCallback } from 'xstate';
import type { BackendView, HeldPrompt, PromptShape, SlotView, Ticket } from '../../machines/policies/types.ts';

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
  return { name: 'mlx', intake: 'full', slots: 1, cacheKind: 'none', held: [], ...patch };
}

export function slotView(index: number, patch: Partial<SlotView> = {}): SlotView {
  return { backend: 'mlx', index, state: 'free', lineage: undefined, usedAt: 0, ...patch };
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
