import type { Scenario, TraceRequest } from '../../../scripts/simulate/trace.ts';
import { addTitle, createCoder } from './coding.ts';
import { oneSlot } from './engines.ts';
import { createRandom } from './random.ts';

export const scenario: Scenario = { name: 'one user, main + 4 agents', trace: oneUser(), engines: [oneSlot] };

function oneUser() {
  const trace: TraceRequest[] = [];
  const random = createRandom(1);
  const ana = createCoder(trace, random, 'ana');
  addTitle(trace, 'ana', 'ana', 30);
  ana.ask(0, 8);
  ana.delegate(40_000, 4, 12);
  ana.ask(60_000, 10);
  ana.delegate(30_000, 4, 10);
  return trace;
}
