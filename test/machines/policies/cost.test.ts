import { expect, test } from 'vitest';
import { defaultRates, durationMs, generationMs, learnRates, remainingMs } from '../../../machines/policies/cost.ts';
import { meanOf } from '../../../machines/policies/mean.ts';
import { running, ticket } from '../fixtures.ts';

const long = { ...ticket('r1'), bytes: 10_000 };

test('one measured lease says more than what was assumed', () => {
  const rates = learnRates(defaultRates, running(long), { prefillMs: 2_000, decodeMs: 700, reused: undefined });
  expect(meanOf(rates.prefillMsPerByte)).toBeCloseTo(0.2, 3);
  expect(durationMs(1_000, { rates })).toBeCloseTo(1_700, 0);
  expect(generationMs({ rates })).toBeCloseTo(2_700, 0);
});

test('what the engine had already costs nothing: as it says, or else as it was expected', () => {
  const told = learnRates(defaultRates, running(long), { prefillMs: 500, decodeMs: 0, reused: 0.5 });
  expect(meanOf(told.prefillMsPerByte)).toBeCloseTo(0.1, 3);
  const expected = running(long, { reuse: { bytes: 7_500, restored: 0 } });
  const guessed = learnRates(defaultRates, expected, { prefillMs: 500, decodeMs: 0, reused: undefined });
  expect(meanOf(guessed.prefillMsPerByte)).toBeCloseTo(0.2, 3);
});

test('what reading from disk costs is learned from prompts that are read from there, once the speed is known', () => {
  const restoring = running(long, { reuse: { bytes: 8_000, restored: 8_000 } });
  const figures = { prefillMs: 480, decodeMs: 0, reused: 0.8 };
  expect(learnRates(defaultRates, restoring, figures).restorePrice).toBe(defaultRates.restorePrice);
  const rates = learnRates(defaultRates, running(long), { prefillMs: 2_000, decodeMs: 0, reused: 0 });
  const learned = learnRates(rates, restoring, figures);
  expect(meanOf(learned.restorePrice)).toBeCloseTo(0.05, 3);
  expect(learned.prefillMsPerByte).toBe(rates.prefillMsPerByte);
  const missed = learnRates(rates, restoring, { ...figures, prefillMs: 2_000, reused: 0 });
  expect(missed.restorePrice).toBe(rates.restorePrice);
  expect(meanOf(missed.prefillMsPerByte)).toBeCloseTo(0.2, 3);
});

test('short prefills and leases without a token say nothing of the speed', () => {
  const warm = learnRates(defaultRates, running(long), { prefillMs: 300, decodeMs: 0, reused: 0.99 });
  expect(warm.prefillMsPerByte).toBe(defaultRates.prefillMsPerByte);
  expect(learnRates(defaultRates, running(long), { prefillMs: undefined, decodeMs: 0, reused: undefined })).toBe(
    defaultRates,
  );
});

test('rates follow an engine that becomes slower', () => {
  let rates = defaultRates;
  for (const prefillMs of [1_000, 1_000, 1_000, 3_000, 3_000, 3_000, 3_000, 3_000]) {
    rates = learnRates(rates, running(long), { prefillMs, decodeMs: 0, reused: 0 });
  }
  expect(meanOf(rates.prefillMsPerByte)).toBeGreaterThan(0.25);
});

test('one that is late may take as long again', () => {
  const late = running(long, { since: 1_000, durationMs: 500 });
  expect([1_000, 1_400, 1_500, 1_600, 2_500].map((now) => remainingMs(late, now))).toEqual([500, 100, 0, 100, 1_000]);
});
