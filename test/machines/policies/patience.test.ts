import { expect, test } from 'vitest';
import { defaultRates } from '../../../machines/policies/cost.ts';
import { decide } from '../../../machines/policies/dispatch.ts';
import { assumed } from '../../../machines/policies/mean.ts';
import {
  type BackendView,
  type Floor,
  fullPolicy,
  type SlotView,
  type Waiting,
} from '../../../machines/policies/types.ts';
import { backendView, floor, held, running, shape, slotView, ticket, waiting } from '../fixtures.ts';

/** A millisecond a byte, a second an answer. */
const rates = { ...defaultRates, prefillMsPerByte: assumed(1), decodeMs: assumed(1_000), promptBytes: assumed(1_000) };
const main = ticket('main', { lineage: 'main', shape: shape('p', 'a') });
const title = ticket('title', { lineage: 'title', band: 'auxiliary', shape: shape('titles') });
const warmForMain = backendView({ rates, cacheKind: 'slots', held: [held(0, 'p', 'a')] });
const ranMain = slotView(0, { lineage: 'main', last: { ticket: main, endedAt: 0 } });

function decideFor(
  queue: readonly Waiting[],
  backend: BackendView,
  slots: readonly SlotView[],
  patch: Partial<Floor> = {},
) {
  const { next, wakeAt } = decide(floor({ queue, backends: [backend], slots, ...patch }));
  return next ? `${next.waiting.ticket.requestId} on ${next.spot.slot.index}` : wakeAt;
}

test('a side request waits for twenty seconds rather than push out what a lineage needs', () => {
  expect(decideFor([waiting(title)], warmForMain, [ranMain])).toBe(20_000);
  expect(decideFor([waiting(title)], warmForMain, [ranMain], { now: 20_000 })).toBe('title on 0');
  expect(decideFor([waiting(title, 3_000)], warmForMain, [ranMain])).toBe(3_000);
});

test('it does not wait where nothing is lost', () => {
  expect(decideFor([waiting(title)], { ...warmForMain, cacheKind: 'prefixes' }, [ranMain])).toBe('title on 0');
  expect(decideFor([waiting(title)], { ...warmForMain, held: [] }, [ranMain])).toBe('title on 0');
  expect(decideFor([waiting(title)], warmForMain, [ranMain], { now: 400_000 })).toBe('title on 0');
  expect(decideFor([waiting(title)], { ...warmForMain, slots: 2 }, [ranMain, slotView(1)])).toBe('title on 1');
});

test('it goes before one that pushes the same out anyway, and not before one that needs it', () => {
  const stranger = { ...ticket('stranger', { shape: shape('q') }), bytes: 5_000 };
  expect(decideFor([waiting(stranger), waiting(title)], warmForMain, [ranMain])).toBe('title on 0');
  expect(decideFor([waiting({ ...stranger, bytes: 1_500 }), waiting(title)], warmForMain, [ranMain])).toBe(
    'stranger on 0',
  );
  expect(decideFor([waiting(stranger, 3_000), waiting(title)], warmForMain, [ranMain])).toBe('title on 0');
  expect(decideFor([waiting(stranger, 1_500), waiting(title)], warmForMain, [ranMain])).toBe('stranger on 0');
  const next = ticket('next', { lineage: 'main', shape: shape('p', 'a', 'b') });
  expect(decideFor([waiting(next), waiting(title)], warmForMain, [ranMain])).toBe('next on 0');
});

const batched = backendView({ rates, slots: 2, cacheKind: 'prefixes', held: [] });
const leads = (patch = {}) => slotView(0, { state: 'leased', running: running(main, patch) });
const follows = ticket('follower', { shape: shape('p', 'b') });

test('the second of a cold prefix waits until the first is through with it', () => {
  expect(decideFor([waiting(follows)], batched, [leads(), slotView(1)])).toBe(Number.POSITIVE_INFINITY);
  expect(decideFor([waiting(follows, 5_000)], batched, [leads(), slotView(1)])).toBe(5_000);
  expect(decideFor([waiting(follows)], batched, [leads({ prefilled: true }), slotView(1)])).toBe('follower on 1');
});

test('a prefix that is prefilled in no time is nothing to wait for', () => {
  const short = { ...shape('p', 'b'), prefixBytes: 200 };
  const brief = ticket('brief', { shape: short });
  expect(decideFor([waiting(brief)], batched, [leads(), slotView(1)])).toBe('brief on 1');
});

test('an engine that keeps conversations has it only when the answer is there', () => {
  const keeps = { ...batched, cacheKind: 'conversations' } as const;
  const answering = leads({ prefilled: true, durationMs: 900 });
  expect(decideFor([waiting(follows)], keeps, [answering, slotView(1)])).toBe(900);
  const longAnswer = leads({ prefilled: true, durationMs: 1_100 });
  expect(decideFor([waiting(follows)], keeps, [longAnswer, slotView(1)])).toBe('follower on 1');
});

test('others do not wait, nor does anybody where each slot keeps its own, or in order of arrival', () => {
  const other = ticket('other', { shape: shape('q') });
  expect(decideFor([waiting(follows), waiting(other)], batched, [leads(), slotView(1)])).toBe('other on 1');
  expect(decideFor([waiting(follows)], { ...batched, cacheKind: 'slots' }, [leads(), slotView(1)])).toBe(
    'follower on 1',
  );
  const policy = { ...fullPolicy, order: 'fifo' } as const;
  expect(decideFor([waiting(follows)], batched, [leads(), slotView(1)], { policy })).toBe('follower on 1');
});
