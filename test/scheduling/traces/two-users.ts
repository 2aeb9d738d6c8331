import type { Scenario, TraceRequest } from '../../../scripts/simulate/trace.ts';
import { createCoder } from './coding.ts';
import { oneSlot } from './engines.ts';
import { createRandom } from './random.ts';

/** Small enough for a picture. */
export const scenario: Scenario = { name: 'two users, one with 2 agents', trace: twoUsers(), engines: [oneSlot] };

function twoUsers() {
  const trace: TraceRequest[] = [];
  const random = createRandom(2);
  createCoder(trace, random, 'ana').delegate(0, 2, 4);
  const ben = createCoder(trace, random, 'ben');
  ben.ask(3_000, 5);
  ben.ask(20_000, 3);
  return trace;
}
