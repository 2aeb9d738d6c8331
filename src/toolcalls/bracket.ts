/**
 * `[Calling tool: NAME({…})]` and `[NAME({…})]`: how engines write calls of the past into the prompt when the model's template
 * has no place for them, and so what models imitate.
 */
import { namedCall } from './named-call.ts';
import { createRecording } from './recorded.ts';
import { atEnd, createReader, type Input, name, oneOf, position, type Run, space } from './run.ts';
import type { Tools } from './tool-set.ts';
import type { CallSink, Grammar } from './types.ts';

const bare = '[';

export const bracket: Grammar = {
  openers: ['[Calling tool:', bare],
  open: (opener, tools, calls) => createReader((input) => readCall(input, opener, tools, calls)),
};

function* readCall(input: Input, opener: string, tools: Tools, calls: CallSink): Run<number> {
  if (opener !== bare) yield* space(input);
  const called = yield* name(input);
  // Brackets are everywhere in text and code.
  if (!tools.find(called) || !(yield* oneOf(input, '('))) return position(input);
  const recording = createRecording();
  if (!(yield* namedCall(input, called, recording))) return position(input);
  const closed = (yield* oneOf(input, ')]')) ?? (yield* oneOf(input, ')'));
  if (closed !== ')]' && !(yield* atEnd(input))) return position(input);
  recording.end();
  recording.replay(calls);
  return position(input);
}
