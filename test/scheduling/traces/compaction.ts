import type { Scenario, TraceRequest } from '../../../scripts/simulate/trace.ts';
import { createCoder, toolReturns } from './coding.ts';
import { oneSlot } from './engines.ts';
import { createRandom } from './random.ts';

const window = 48_000;

export const scenario: Scenario = { name: 'compaction storms', trace: storms(), engines: [oneSlot] };

/** Four sessions read long files until their window is full, and all compact at about the same time. */
function storms() {
  const trace: TraceRequest[] = [];
  const random = createRandom(7);
  for (const [index, name] of ['ana', 'ben', 'cem', 'dan'].entries()) {
    const { main } = createCoder(trace, random, name);
    main.turn({ gapMs: 1_000 * index, tokens: 200, outputTokens: 100, callsTool: true });
    for (let compactions = 0; compactions < 2; ) {
      main.turn({ ...toolReturns(random), tokens: random.between(3_000, 6_000), callsTool: true });
      if (main.tokens() < window - 8_000) continue;
      // The whole conversation once more, with the request for a summary behind it.
      main.turn({ gapMs: 100, tokens: 900, outputTokens: 1_200, callsTool: true });
      main.compact(1_500);
      compactions += 1;
    }
    main.turn({ gapMs: 200, tokens: 100, outputTokens: 150, callsTool: false });
  }
  return trace;
}
