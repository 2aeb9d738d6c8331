/** What is particular to families that write values as bare text between tags. */
import type { JsonObject } from '../../../src/protocol/json.ts';
import type { Sample } from './sample.ts';
import { type Call, samplesOf } from './samples-of.ts';

/** As templates write it: strings bare, all else as JSON. */
export const bare = (value: JsonObject[string]): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The common samples but the one that no such family can tell: its own whole markup, on lines of its own, as a value. */
export function taggedSamples(render: (calls: readonly Call[]) => string): readonly Sample[] {
  return samplesOf(render).filter(({ name }) => name !== 'markup in a value');
}
