import type { Scenario, TraceRequest } from '../../../scripts/simulate/trace.ts';
import { createAgent } from './agent.ts';
import { createCoder } from './coding.ts';
import { oneSlot } from './engines.ts';
import { createRandom } from './random.ts';

/** What the others do; also alone, to compare with. */
export const quiet: Scenario = { name: 'two users alone', trace: twoUsers(), engines: [oneSlot] };

export const scenario: Scenario = {
  name: 'the same two and one who floods',
  trace: [...twoUsers(), ...flood(12, 8)],
  engines: [oneSlot],
};

function twoUsers() {
  const trace: TraceRequest[] = [];
  const random = createRandom(5);
  for (const [index, name] of ['ana', 'ben'].entries()) {
    const coder = createCoder(trace, random, name);
    coder.ask(2_000 + 7_000 * index, 12);
    coder.ask(random.between(10_000, 40_000), 15);
    coder.ask(random.between(10_000, 40_000), 15);
  }
  return trace;
}

/** So many agents at once, each with a prompt of its own, that hardly pause and pass for a person's main agent. */
function flood(conversations: number, turns: number) {
  const trace: TraceRequest[] = [];
  for (let index = 1; index <= conversations; index++) {
    const agent = createAgent(trace, {
      client: 'mallory',
      session: `flood ${index}`,
      name: 'main',
      band: 'interactive',
      prefix: { key: `flood ${index}`, tokens: 15_000 },
    });
    for (let turn = 0; turn < turns; turn++) {
      agent.turn({ gapMs: 50, tokens: 2_000, outputTokens: 100, callsTool: turn + 1 < turns });
    }
  }
  return trace;
}
