/** xLAM: an array of call objects as the whole answer, bare or in a fence. */
import { readCalls } from './json-calls.ts';
import { createRecording } from './recorded.ts';
import { atEnd, createReader, type Input, oneOf, position, type Run, space } from './run.ts';
import type { Tools } from './tool-set.ts';
import type { CallSink, Grammar } from './types.ts';

const bracket = '[';
const fence = '```json';

export const xlam: Grammar = {
  openers: [],
  firstOpeners: [bracket, fence],
  open: (opener, tools, calls) => createReader((input) => readWhole(input, opener, tools, calls)),
};

/** Nothing may follow: it would not be the whole answer, and an answer may be any JSON. */
function* readWhole(input: Input, opener: string, tools: Tools, calls: CallSink): Run<number> {
  if (opener === fence) {
    yield* space(input);
    if (!(yield* oneOf(input, bracket))) return position(input);
  }
  const recording = createRecording();
  const complete = yield* readCalls(input, recording, (name) => tools.find(name) !== undefined);
  complete?.();
  yield* space(input);
  if (opener === fence && (yield* oneOf(input, '```'))) yield* space(input);
  if (yield* atEnd(input)) recording.replay(calls);
  return position(input);
}
