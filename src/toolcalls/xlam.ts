/** xLAM: an array of call objects as the whole answer, bare or in a fence. */
import { callStart } from './call-start.ts';
import { parseCalls } from './json-calls.ts';
import { createReader, type Input, oneOf, position, type Run, restOfJson, space } from './run.ts';
import type { Grammar, ToolCall, Tools } from './types.ts';

const bracket = '[';
const fence = '```json';

export const xlam: Grammar = {
  openers: [],
  firstOpeners: [bracket, fence],
  open: (opener, tools) => createReader((input, found) => readWhole(input, found, opener, tools)),
};

function* readWhole(input: Input, found: ToolCall[], opener: string, tools: Tools): Run<number> {
  if (opener === fence) {
    yield* space(input);
    if (!(yield* oneOf(input, bracket))) return position(input);
  }
  yield* space(input);
  if (!(yield* oneOf(input, '{'))) return position(input);
  const start = yield* callStart(input, tools);
  if (start === undefined) return position(input);
  const list = yield* restOfJson(input, `${bracket}{${start}`);
  if (list === undefined) return position(input);
  found.push(...parseCalls(list));
  yield* space(input);
  if (opener === fence && (yield* oneOf(input, '```'))) yield* space(input);
  // Something follows: it was not the whole answer.
  found.length = 0;
  return position(input);
}
