import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bestOrder } from '../../scripts/simulate/clairvoyant.ts';
import { createHeldPrompts, type Held } from '../../scripts/simulate/held-prompts.ts';
import type { Trace, TraceRequest } from '../../scripts/simulate/trace.ts';
import { createAgent } from './traces/agent.ts';
import { oneSlot } from './traces/engines.ts';

const turn = fc.record({
  gapMs: fc.nat(20_000),
  tokens: fc.integer({ min: 100, max: 5_000 }),
  outputTokens: fc.integer({ min: 1, max: 200 }),
  callsTool: fc.boolean(),
});

/** Two or three agents of a few turns each. */
const trace = fc.array(fc.array(turn, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 3 }).map((agents) => {
  const requests: TraceRequest[] = [];
  for (const [index, turns] of agents.entries()) {
    const prefix = { key: `${index % 2}`, tokens: 10_000 };
    const agent = createAgent(requests, {
      client: 'ana',
      session: 's',
      name: `${index}`,
      band: 'interactive',
      prefix,
    });
    for (const each of turns) agent.turn(each);
  }
  return requests;
});

/** Every order there is, served one by one. */
function tryAll(requests: Trace): { tokens: number; ttft: number } {
  const prompts = createHeldPrompts(requests, oneSlot);
  const least = { tokens: Number.POSITIVE_INFINITY, ttft: Number.POSITIVE_INFINITY };
  const go = (ended: ReadonlyMap<string, number>, freeAt: number, held: Held, tokens: number, ttft: number) => {
    if (ended.size === requests.length) {
      least.tokens = Math.min(least.tokens, tokens);
      least.ttft = Math.min(least.ttft, ttft);
    }
    for (const [index, { id, after, gapMs, outputTokens }] of requests.entries()) {
      if (ended.has(id) || !after.every((need) => ended.has(need))) continue;
      const arrival = Math.max(0, ...after.map((need) => ended.get(need) ?? 0)) + gapMs;
      const prefill = prompts.toPrefill(index, held);
      const firstToken = Math.max(freeAt, arrival) + prefill * oneSlot.prefillMsPerToken;
      const end = firstToken + outputTokens * oneSlot.decodeMsPerToken;
      const after_ = prompts.after(index, held);
      go(new Map([...ended, [id, end]]), end, after_, tokens + prefill, ttft + firstToken - arrival);
    }
  };
  go(new Map(), 0, [], 0, 0);
  return least;
}

test('on a small trace it finds what trying every order finds', () => {
  fc.assert(
    fc.property(trace, (requests) => {
      const all = tryAll(requests);
      const goal = { longestWait: 1e9, width: 100_000 };
      const fewest = bestOrder(requests, oneSlot, { ...goal, least: 'tokens' });
      const fastest = bestOrder(requests, oneSlot, { ...goal, least: 'ttft' });
      expect(fewest).toMatchObject({ prefilledTokens: all.tokens, isOptimal: true });
      expect(fastest?.meanTtft).toBeCloseTo(all.ttft / requests.length, 3);
    }),
    { numRuns: 40 },
  );
});

test('no order that makes somebody wait too long is considered', () => {
  const requests: TraceRequest[] = [];
  for (const name of ['a', 'b']) {
    const agent = createAgent(requests, {
      client: name,
      session: name,
      name,
      band: 'interactive',
      prefix: { key: name, tokens: 10_000 },
    });
    for (let turns = 0; turns < 4; turns++) agent.turn({ gapMs: 10, tokens: 100, outputTokens: 50, callsTool: true });
  }
  const within = (longestWait: number) => bestOrder(requests, oneSlot, { least: 'tokens', width: 10_000, longestWait });
  expect(within(60_000)?.prefilledTokens).toBe(2 * 10_400 + 6 * 50);
  expect(within(11_500)?.prefilledTokens).toBeGreaterThan(3 * 10_000);
  expect(within(11_500)?.longestWait).toBeLessThanOrEqual(11_500);
  expect(within(100)).toBeUndefined();
});
