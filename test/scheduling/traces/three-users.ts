import type { Scenario, TraceRequest } from '../../../scripts/simulate/trace.ts';
import { addTitle, createCoder } from './coding.ts';
import { oneSlot } from './engines.ts';
import { createRandom } from './random.ts';

export const scenario: Scenario = {
  name: 'three users, each main + 2 agents',
  trace: threeUsers(['ana', 'ben', 'cem']),
  engines: [oneSlot],
};

/** Each asks, then delegates to two agents, and asks again. */
export function threeUsers(names: readonly string[], seed = 3): TraceRequest[] {
  const trace: TraceRequest[] = [];
  const random = createRandom(seed);
  for (const [index, name] of names.entries()) {
    const coder = createCoder(trace, random, name);
    const startMs = 4_000 * index;
    addTitle(trace, name, name, startMs + 20);
    coder.ask(startMs, 12);
    coder.delegate(random.between(15_000, 40_000), 2, 18);
    coder.ask(random.between(15_000, 60_000), 15);
  }
  return trace;
}
