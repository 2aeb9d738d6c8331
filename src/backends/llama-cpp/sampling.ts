/** How the next token is chosen. */
import { randomInt } from 'node:crypto';
import type { SequenceEvaluateOptions } from 'node-llama-cpp';
import type { Settings } from '../../prompt/types.ts';
import type { Sampling } from '../types.ts';

const DEFAULT_TEMPERATURE = 0.7;
const DEFAULT_TOP_P = 0.95;
const DEFAULT_TOP_K = 40;

/** The client's wish, else the owner's, else a coding agent's usual. Temperature 0 always takes the likeliest token. */
export function samplingOf(
  settings: Pick<Settings, 'temperature' | 'topP' | 'topK'>,
  owners: Sampling,
): Pick<SequenceEvaluateOptions, 'temperature' | 'topP' | 'topK' | 'seed'> {
  return {
    temperature: settings.temperature ?? owners.temperature ?? DEFAULT_TEMPERATURE,
    topP: settings.topP ?? owners.topP ?? DEFAULT_TOP_P,
    topK: settings.topK ?? owners.topK ?? DEFAULT_TOP_K,
    // One for the whole answer: the library's default is the clock, anew for every token.
    seed: randomInt(0xffff_ffff),
  };
}
