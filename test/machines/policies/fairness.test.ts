import fc from 'fast-check';
import { expect, test } from 'vitest';
import { charge, excessOf, lift, sharesOf } from '../../../machines/policies/fairness.ts';
import { fullPolicy } from '../../../machines/policies/types.ts';
import { floor, running, slotView, ticket, waiting } from '../fixtures.ts';

const account = (spentMs: number, weight = 1) => ({ spentMs, weight });
const ofAna = ticket('a', { client: 'ana' });
const ofBen = ticket('b', { client: 'ben' });
/** What clients may differ by: three generations of the default rates. */
const apart = 60_000;

test('time is charged by weight, also what still runs', () => {
  const accounts = charge({ ana: account(0, 2) }, 'ana', 1_000);
  expect(accounts).toEqual({ ana: account(500, 2) });
  const slots = [slotView(0, { running: running(ofAna, { since: 400 }) })];
  expect(sharesOf(floor({ now: 1_400, accounts, slots })).spentMs.get('ana')).toBe(1_000);
});

test('who comes back starts level with the least of those that are there', () => {
  const accounts = { ana: account(900), ben: account(700), cem: account(100) };
  expect(lift(accounts, 'cem', new Set(['ana', 'ben'])).cem).toEqual(account(700));
  expect(lift(accounts, 'ana', new Set(['ben'])).ana).toEqual(account(900));
  expect(lift(accounts, 'new', new Set(['ben'])).new).toEqual(account(700));
  expect(lift(accounts, 'ana', new Set(['ana']))).toBe(accounts);
  expect(lift({ ana: account(900, 3) }, 'ben', new Set())).toEqual({ ana: account(0, 3) });
});

test('a client is beyond its share when it would be more than three generations ahead', () => {
  const queue = [waiting(ofAna), waiting(ofBen)];
  const excess = (spent: number, costMs: number) => {
    const on = floor({ queue, accounts: { ana: account(spent), ben: account(0) } });
    return excessOf(ofAna, costMs, { floor: on, shares: sharesOf(on) });
  };
  expect(excess(apart - 5_000, 5_000)).toBe(0);
  expect(excess(apart - 5_000, 6_000)).toBeCloseTo(1_000);
  expect(excess(0, 10 * apart)).toBe(0);
});

test('with fairness off, or nobody to compare with, nobody is beyond anything', () => {
  const accounts = { ana: account(10 * apart), ben: account(0) };
  const off = floor({ policy: { ...fullPolicy, fairness: false }, queue: [waiting(ofAna), waiting(ofBen)], accounts });
  expect(excessOf(ofAna, 1, { floor: off, shares: sharesOf(off) })).toBe(0);
  const alone = floor({ queue: [waiting(ofAna)], accounts });
  expect(excessOf(ofAna, 1, { floor: alone, shares: sharesOf(alone) })).toBe(0);
});

test('a client that a slot is kept for is there to compare with', () => {
  const hold = { ticket: ofBen, since: 0, expectedAt: 1_000, until: 2_500 };
  const accounts = { ana: account(2 * apart), ben: account(0) };
  const on = floor({ queue: [waiting(ofAna)], slots: [slotView(0, { state: 'held', hold })], accounts });
  expect(excessOf(ofAna, 1, { floor: on, shares: sharesOf(on) })).toBeGreaterThan(0);
});

test('two that always want more stay within three generations and one cost of each other, by weight', () => {
  const cost = fc.integer({ min: 1, max: 20_000 });
  fc.assert(
    fc.property(fc.array(cost, { maxLength: 100 }), fc.integer({ min: 1, max: 4 }), (costs, weight) => {
      let accounts = { ana: account(0, weight), ben: account(0) } as Parameters<typeof charge>[0];
      for (const costMs of costs) {
        const on = floor({ queue: [waiting(ofAna), waiting(ofBen)], accounts });
        const excess = excessOf(ofAna, costMs, { floor: on, shares: sharesOf(on) });
        // Ana is the one a slot is warm for: she is passed over only for being beyond her share.
        accounts = charge(accounts, excess > 0 ? 'ben' : 'ana', costMs);
        const ahead = (accounts.ana?.spentMs ?? 0) - (accounts.ben?.spentMs ?? 0);
        expect(ahead).toBeLessThanOrEqual(apart + 1e-6);
        expect(ahead).toBeGreaterThanOrEqual(-20_000);
      }
    }),
  );
});
