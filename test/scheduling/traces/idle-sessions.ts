import type { Scenario, TraceRequest } from '../../../scripts/simulate/trace.ts';
import { createCoder } from './coding.ts';
import { oneSlot } from './engines.ts';
import { createRandom } from './random.ts';

export const scenario: Scenario = { name: 'one user, ten idle sessions', trace: tenSessions(), engines: [oneSlot] };

/** In each a prompt now and then. */
function tenSessions() {
  const trace: TraceRequest[] = [];
  const random = createRandom(10);
  for (let index = 1; index <= 10; index++) {
    const coder = createCoder(trace, random, 'ana', `session ${index}`);
    coder.ask(random.between(0, 300_000), 2);
    for (let prompt = 0; prompt < 3; prompt++) coder.ask(random.between(120_000, 900_000), random.between(1, 4));
  }
  return trace;
}
