import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EngineModel } from '../../scripts/simulate/engine-model.ts';
import { policies } from '../../scripts/simulate/policies.ts';
import { type Served, simulate } from '../../scripts/simulate/run.ts';
import { promptTokens, type TraceRequest } from '../../scripts/simulate/trace.ts';
import { createAgent } from './traces/agent.ts';
import { batched, fourPrefixes, oneSlot } from './traces/engines.ts';
import { createRandom } from './traces/random.ts';
import { threeUsers } from './traces/three-users.ts';

const fifo = policies.FIFO;
const slotOf = ({ engine, slot }: Served) => `${engine} ${slot}`;

function oneAgent() {
  const trace: TraceRequest[] = [];
  const prefix = { key: 'p', tokens: 10_000 };
  const agent = createAgent(trace, { client: 'ana', session: 's', name: 'main', band: 'interactive', prefix });
  agent.turn({ gapMs: 500, tokens: 100, outputTokens: 20, callsTool: true });
  agent.turn({ gapMs: 300, tokens: 200, outputTokens: 10, callsTool: false });
  return trace;
}

test.each([
  [oneSlot, 10_100, 220],
  [batched, 10_100, 220],
  [fourPrefixes, 10_100, 320],
])('an agent alone on %j prefills its prompt, then what is new or not kept', (engine, first, second) => {
  const served = simulate({ name: 'alone', trace: oneAgent(), engines: [engine] }, fifo);
  const firstEnd = 500 + first + 20 * 15;
  const secondToken = firstEnd + 300 + second;
  expect(served).toMatchObject([
    { arrivedAt: 500, startedAt: 500, firstTokenAt: 500 + first, endedAt: firstEnd, prefilledTokens: first },
    { arrivedAt: firstEnd + 300, firstTokenAt: secondToken, endedAt: secondToken + 10 * 15, prefilledTokens: second },
  ]);
});

const engines: readonly EngineModel[][] = [
  [oneSlot],
  [batched],
  [fourPrefixes],
  [
    { ...oneSlot, name: 'a' },
    { ...batched, name: 'b' },
  ],
];

const situation = fc.record({
  seed: fc.nat(1_000),
  engines: fc.constantFrom(...engines),
  policy: fc.constantFrom(...Object.values(policies)),
  agents: fc.integer({ min: 1, max: 6 }),
});

test('every request is served once, after those it needs, and no slot serves two at a time', () => {
  fc.assert(
    fc.property(situation, ({ seed, engines, policy, agents }) => {
      const trace = someAgents(seed, agents);
      const served = simulate({ name: 'any', trace, engines }, policy);
      const byId = new Map(served.map((each) => [each.request.id, each]));
      expect(served.length).toBe(trace.length);
      expect(byId.size).toBe(trace.length);
      for (const { request, arrivedAt, startedAt, firstTokenAt, prefilledTokens, reusedTokens } of served) {
        const needed = request.after.map((id) => byId.get(id)?.endedAt ?? Number.POSITIVE_INFINITY);
        expect(arrivedAt).toBe(Math.max(0, ...needed) + request.gapMs);
        expect(startedAt).toBeGreaterThanOrEqual(arrivedAt);
        expect(firstTokenAt).toBeGreaterThan(startedAt);
        expect(prefilledTokens + reusedTokens).toBe(promptTokens(request));
      }
      for (const runs of Map.groupBy(served, slotOf).values()) {
        const inOrder = runs.toSorted((a, b) => a.startedAt - b.startedAt);
        for (const [index, run] of inOrder.entries()) {
          expect(run.startedAt).toBeGreaterThanOrEqual(inOrder[index - 1]?.endedAt ?? 0);
        }
      }
    }),
    { numRuns: 60 },
  );
});

function someAgents(seed: number, agents: number) {
  const trace: TraceRequest[] = [];
  const random = createRandom(seed);
  for (let index = 0; index < agents; index++) {
    const agent = createAgent(trace, {
      client: `client ${index % 2}`,
      session: `session ${index % 3}`,
      name: `${index}`,
      band: index % 3 === 0 ? 'interactive' : 'subagent',
      prefix: { key: `${index % 4}`, tokens: random.between(500, 20_000) },
    });
    for (let turns = random.between(1, 5); turns > 0; turns--) {
      const [gapMs, tokens] = [random.between(0, 5_000), random.between(50, 3_000)];
      agent.turn({ gapMs, tokens, outputTokens: random.between(1, 200), callsTool: random.chance(0.7) });
    }
  }
  return trace;
}

test('a run is the same every time', () => {
  const scenario = { name: 'three', trace: threeUsers(['ana', 'ben', 'cem']), engines: [oneSlot] };
  expect(simulate(scenario, policies.warmslot)).toEqual(simulate(scenario, policies.warmslot));
});
