import { expect, test } from 'vitest';
import { deadlineOf, generationOf } from '../../../machines/policies/aging.ts';
import { defaultRates } from '../../../machines/policies/cost.ts';
import { assumed } from '../../../machines/policies/mean.ts';
import { waitMs } from '../../../machines/policies/queue-time.ts';
import { fullPolicy } from '../../../machines/policies/types.ts';
import { backendView, floor, running, shape, slotView, ticket, waiting } from '../fixtures.ts';

/** A millisecond a byte, a second an answer, 1,000 bytes a prompt: a generation takes two seconds. */
const rates = { prefillMsPerByte: assumed(1), decodeMs: assumed(1_000), promptBytes: assumed(1_000) };
const backend = backendView({ rates, cacheKind: 'slots' });
const first = ticket('first', { shape: shape('p') });
const second = ticket('second', { shape: shape('q') });
const third = ticket('third', { shape: shape('r') });

test('those before it run one after the other, each at what it costs then', () => {
  const on = floor({ backends: [backend], slots: [slotView(0)] });
  expect(waitMs(third, [], on)).toBe(0);
  expect(waitMs(third, [first, second], on)).toBeCloseTo(4_000);
  expect(waitMs(third, [first, { ...second, shape: first.shape }], on)).toBeCloseTo(3_000);
});

test('what runs counts with what is left of it, and every slot serves', () => {
  const busy = slotView(0, { state: 'leased', running: running(first, { durationMs: 2_000 }) });
  const on = floor({ now: 500, backends: [{ ...backend, slots: 2 }], slots: [busy, slotView(1)] });
  expect(waitMs(third, [], on)).toBe(0);
  expect(waitMs(third, [second], on)).toBe(1_500);
});

test('one that waits for another engine is not in the way', () => {
  const on = floor({ backends: [backend], slots: [slotView(0)] });
  expect(waitMs(third, [{ ...first, candidates: ['other'] }], on)).toBe(0);
  expect(waitMs({ ...third, candidates: ['other'] }, [first], on)).toBe(0);
});

test('nobody has to wait more than 1.2 times what arrival would have given, and a generation', () => {
  const on = floor({ now: 100, queue: [waiting(first), waiting(second)], backends: [backend], slots: [slotView(0)] });
  expect(generationOf(third, on)).toBeCloseTo(2_000);
  expect(deadlineOf(third, on)).toBeCloseTo(100 + 1.2 * 4_000 + 2_000);
  expect(deadlineOf(third, { ...on, policy: { ...fullPolicy, aging: false } })).toBe(Number.POSITIVE_INFINITY);
});

test('with no engine known a generation takes what is assumed', () => {
  expect(generationOf(third, floor())).toBeCloseTo(
    generationOf(third, floor({ backends: [backendView({ rates: defaultRates })] })),
  );
});
