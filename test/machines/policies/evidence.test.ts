import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultRates, learnRates, prefillMs } from '../../../machines/policies/cost.ts';
import { runsAlone, shareByTime } from '../../../machines/policies/evidence.ts';
import { meanOf, observe } from '../../../machines/policies/mean.ts';
import { worthOf } from '../../../machines/policies/reuse.ts';
import { backendView, running, slotView, ticket } from '../fixtures.ts';

const rates = { ...defaultRates, prefillMsPerByte: observe(defaultRates.prefillMsPerByte, 40_000, 40_000) };
const backend = backendView({ cacheKind: 'conversations', rates });

/** Ten seconds of prefill, of which so many bytes are believed to be there. */
const expecting = (bytes: number, restored = 0) =>
  running({ ...ticket('r1'), bytes: 10_000 }, { reuse: { bytes, restored } });

test.each([
  ['a warm prompt that took like a cold one was not there', 9_500, 10_000, 0],
  ['nor one that was a little faster than cold', 9_500, 7_000, 0],
  ['one that took a second longer may have met anything', 9_500, 1_600, undefined],
  ['nor is it the cache when it took half of a whole prefill', 9_500, 5_000, undefined],
  ['or three times a whole prefill: the engine did something else', 9_500, 30_000, undefined],
  ['half warm and cold differ too little', 5_000, 10_000, undefined],
  ['as expected', 9_500, 500, undefined],
  ['a cold prompt that took no time was there', 0, 100, 0.99],
  ['one that took a third of the time may have had a faster engine', 0, 3_300, undefined],
])('%s: of 10 s, %i ms expected to be there, %i ms taken', (_, bytes, measuredMs, share) => {
  const found = shareByTime(expecting(bytes), measuredMs, backend);
  expect(found && Math.round(found * 100) / 100).toBe(share);
});

test('nothing is concluded before the speed is known, nor of an engine that keeps nothing', () => {
  expect(shareByTime(expecting(9_500), 10_000, { ...backend, rates: defaultRates })).toBeUndefined();
  expect(shareByTime(expecting(0), 100, { ...backend, cacheKind: 'none' })).toBeUndefined();
});

const size = fc.integer({ min: 0, max: 200_000 });
const lease = fc
  .record({ bytes: size, share: fc.double({ min: 0, max: 1, noNaN: true }), isRestored: fc.boolean() })
  .map(({ bytes, share, isRestored }) => {
    const reused = Math.floor(bytes * share);
    return running({ ...ticket('r1'), bytes }, { reuse: { bytes: reused, restored: isRestored ? reused : 0 } });
  });

test('twice or half of what was expected, or two seconds more or less, is noise', () => {
  const noise = fc.oneof(
    fc.double({ min: 0.5, max: 2, noNaN: true }).map((factor) => (ms: number) => ms * factor),
    fc.integer({ min: -1_999, max: 1_999 }).map((more) => (ms: number) => Math.max(0, ms + more)),
  );
  fc.assert(
    fc.property(lease, noise, (each, disturb) => {
      const expectedMs = prefillMs(each.ticket.bytes - worthOf(each.reuse, backend), backend);
      expect(shareByTime(each, disturb(expectedMs), backend)).toBeUndefined();
    }),
  );
});

test('whatever is concluded, the speed learned from it stays near the one it was concluded by', () => {
  fc.assert(
    fc.property(lease, fc.integer({ min: 0, max: 500_000 }), (each, measuredMs) => {
      const reused = shareByTime(each, measuredMs, backend);
      if (reused === undefined) return;
      expect(reused).toBeGreaterThanOrEqual(0);
      expect(reused).toBeLessThanOrEqual(1);
      const learned = learnRates(rates, each, { prefillMs: measuredMs, decodeMs: 0, reused });
      const change = meanOf(learned.prefillMsPerByte) / meanOf(rates.prefillMsPerByte);
      expect(Math.abs(Math.log(change))).toBeLessThanOrEqual(Math.log(1.5) + 1e-9);
    }),
  );
});

test('time tells only of an engine that has done nothing else meanwhile', () => {
  const own = slotView(0, { running: running(ticket('r1'), { since: 1_000 }) });
  const ended = (endedAt: number) => slotView(1, { last: { ticket: ticket('r2'), endedAt } });
  expect(runsAlone(own, [own, ended(900)])).toBe(true);
  expect(runsAlone(own, [own, ended(1_100)])).toBe(false);
  expect(runsAlone(own, [own, slotView(1, { running: running(ticket('r2')) })])).toBe(false);
  expect(runsAlone(own, [own, { ...slotView(1, { running: running(ticket('r2')) }), backend: 'other' }])).toBe(true);
  expect(runsAlone(slotView(0), [])).toBe(false);
});
