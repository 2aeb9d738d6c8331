/** What the order is worth, on whole traces: against plain FIFO, and against who knows the future. */
import { expect, test } from 'vitest';
import { clairvoyant, patience } from '../../scripts/simulate/bounds.ts';
import { figuresOf, quantile, ttftOf } from '../../scripts/simulate/figures.ts';
import { policies } from '../../scripts/simulate/policies.ts';
import { simulate } from '../../scripts/simulate/run.ts';
import type { Scenario } from '../../scripts/simulate/trace.ts';
import * as flood from './traces/flood.ts';
import { scenarios } from './traces/index.ts';
import { threeUsers, scenario as threeUsersOnce } from './traces/three-users.ts';
import { scenario as twoUsers } from './traces/two-users.ts';

type PolicyName = keyof typeof policies;

const figures = (scenario: Scenario, policy: PolicyName) => figuresOf(simulate(scenario, policies[policy]));

/** How many times FIFO's each figure is; printed too. */
function againstFifo(scenario: Scenario) {
  const [fifo, ours] = [figures(scenario, 'FIFO'), figures(scenario, 'warmslot')];
  const ratios = {
    ttft: ours.meanTtft / fifo.meanTtft,
    tokens: ours.prefilledTokens / fifo.prefilledTokens,
    wait: ours.longestWait / fifo.longestWait,
  };
  const { ttft, tokens, wait } = ratios;
  const words = `mean TTFT ${ttft.toFixed(2)}, tokens ${tokens.toFixed(2)}, longest wait ${wait.toFixed(2)}`;
  console.log(`${scenario.name}, of FIFO's: ${words}`);
  return ratios;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

// A single trace is a game of chance: one grant that comes a moment later changes all that follow.
test('three users on one slot prefill a third of what FIFO does, and have their first tokens in half the time', () => {
  const six = [3, 4, 5, 6, 7, 8].map((seed) =>
    againstFifo({ ...threeUsersOnce, trace: threeUsers(['ana', 'ben', 'cem'], seed) }),
  );
  expect(mean(six.map(({ tokens }) => tokens))).toBeLessThanOrEqual(0.35);
  expect(mean(six.map(({ ttft }) => ttft))).toBeLessThanOrEqual(0.5);
});

const withoutFlood = scenarios.filter((scenario) => scenario !== flood.scenario);

test.each(withoutFlood)('$name: nobody waits longer than promised', (scenario) => {
  const fifo = simulate(scenario, policies.FIFO);
  const generation = Math.max(...fifo.map(({ startedAt, endedAt }) => endedAt - startedAt));
  const promised = patience * figuresOf(fifo).longestWait + generation;
  expect(figures(scenario, 'warmslot').longestWait).toBeLessThanOrEqual(promised);
});

// 1.1 is what one would like. It takes to know who comes back when, and for how long.
test.each([
  { scenario: twoUsers, most: 1.2 },
  { scenario: threeUsersOnce, most: 2.5 },
])('$scenario.name: prefill at most $most times the tokens of an order that knows the future', ({ scenario, most }) => {
  const longestWait = patience * figures(scenario, 'FIFO').longestWait;
  const best = clairvoyant(scenario, { least: 'tokens', longestWait })?.prefilledTokens ?? 0;
  const times = figures(scenario, 'warmslot').prefilledTokens / best;
  console.log(`${scenario.name}: ${times.toFixed(2)} times the tokens of the clairvoyant order`);
  expect(times).toBeLessThanOrEqual(most);
});

test.each(scenarios)('$name: first tokens come no later than with FIFO', (scenario) => {
  expect(againstFifo(scenario).ttft).toBeLessThanOrEqual(1.02);
});

test('somebody who floods the engine hardly touches the others', () => {
  const p99OfOthers = (scenario: Scenario, policy: PolicyName) => {
    const served = simulate(scenario, policies[policy]).filter(({ request }) => request.client !== 'mallory');
    const ttfts = served.map(ttftOf).toSorted((a, b) => a - b);
    return quantile(ttfts, 0.99) / 1000;
  };
  const alone = p99OfOthers(flood.quiet, 'warmslot');
  const flooded = p99OfOthers(flood.scenario, 'warmslot');
  const fifo = p99OfOthers(flood.scenario, 'FIFO');
  console.log(`p99 of the others: ${flooded.toFixed(0)} s, alone ${alone.toFixed(0)} s, FIFO ${fifo.toFixed(0)} s`);
  expect(flooded).toBeLessThanOrEqual(2 * alone);
});
