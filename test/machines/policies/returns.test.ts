import { expect, test } from 'vitest';
import { expectedReturn, hasReturned, learnReturn } from '../../../machines/policies/returns.ts';
import type { Returns } from '../../../machines/policies/types.ts';
import { ticket } from '../fixtures.ts';

const main = ticket('r1', { lineage: 's1/main', session: 's1' });
const agent = ticket('r2', { lineage: 's1/agent', session: 's1' });
const stranger = ticket('r3');

test('a lineage is expected back as before, a new one as its session, a new session after a second', () => {
  const returns = learnReturn(new Map(), main, 200);
  expect([main, agent, stranger].map((each) => Math.round(expectedReturn(each, returns)))).toEqual([200, 200, 1_000]);
  expect([main, agent].map((each) => hasReturned(each, returns))).toEqual([true, false]);
});

test('what came last counts most', () => {
  const returns = [2_000, 2_000, 100, 100].reduce((all, gap) => learnReturn(all, main, gap), new Map() as Returns);
  expect(expectedReturn(main, returns)).toBeLessThan(1_000);
  expect(expectedReturn(main, returns)).toBeGreaterThan(100);
});

test('a person who had to allow a tool is not waited for the next time', () => {
  expect(expectedReturn(main, learnReturn(new Map(), { ...main, toolMs: 31 }, 60_000))).toBeCloseTo(1_031, 0);
  expect(expectedReturn(main, learnReturn(new Map(), main, 60_000))).toBeCloseTo(10_000, 0);
});

test('those that come no more are forgotten', () => {
  let returns = learnReturn(new Map(), main, 200);
  for (let index = 0; index < 600; index++) returns = learnReturn(returns, ticket(`r${index}`), 300);
  expect(returns.size).toBe(512);
  expect(hasReturned(main, returns)).toBe(false);
});
