/** Six conversations at once on an engine that keeps four prefixes: what the order of service is worth. */
import { expect, test } from 'vitest';
import { fullPolicy, type Policy } from '../../machines/policies/types.ts';
import { fifo } from '../../scripts/simulate/policies.ts';
import { startGateway } from '../support/gateway.ts';
import type { RealEngine } from '../support/real-vllm-mlx.ts';
import { longPrefix, requestOf, type Said } from './long-prompt.ts';
import { ask, countersOf, emptyCache, inFrontOf, report, startEngine } from './support.ts';

const turns = 5;
const sessions = Array.from({ length: 6 }, (_, index) => ({
  name: `session-${index}`,
  prefix: longPrefix(2_000, index),
}));

test('six prefixes in turns on an engine that keeps four: the engine counts fewer misses than in order of arrival', async () => {
  const engine = await startEngine('simple', 'slow-prefill');
  const before = await run(engine, fifo);
  await emptyCache({ engine });
  const after = await run(engine, fullPolicy);

  report(`vllm-mlx, simple: ${sessions.length} conversations of ${turns} turns, room for four prefixes`, {
    'misses, in order of arrival': before.misses,
    'misses, warmslot': after.misses,
    'fewest there can be': sessions.length,
    'mean time to the first token, in order of arrival, ms': before.meanMs,
    'mean time to the first token, warmslot, ms': after.meanMs,
    'longest, in order of arrival, ms': before.longestMs,
    'longest, warmslot, ms': after.longestMs,
  });
  expect(before.hits + before.misses).toBe(sessions.length * turns);
  expect(after.hits + after.misses).toBe(sessions.length * turns);
  expect(after.misses).toBeLessThanOrEqual(before.misses / 2);
});

/** Each conversation sends its next turn as soon as it has its answer. */
async function run(engine: RealEngine, policy: Policy) {
  const gateway = await startGateway(inFrontOf(engine), { policy });
  const talk = async ({ name, prefix }: (typeof sessions)[number]) => {
    const times: number[] = [];
    const said: Said[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const user = `Turn ${turn}.`;
      const { text, ttftMs } = await ask(gateway, requestOf(prefix, [...said, { user }]), name);
      times.push(ttftMs);
      said.push({ user, assistant: text });
    }
    return times;
  };
  const times = (await Promise.all(sessions.map(talk))).flat();
  const meanMs = times.reduce((sum, ms) => sum + ms, 0) / times.length;
  return { ...(await countersOf({ engine })), meanMs, longestMs: Math.max(...times) };
}
