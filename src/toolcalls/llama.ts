/**
 * Llama 3: call objects, parted by `;`, behind `<|python_tag|>` or as the whole answer. Its `<function=NAME>` form is
 * Qwen's too and lives there.
 */
import { readCall } from './json-calls.ts';
import { createRecording } from './recorded.ts';
import { atEnd, createReader, type Input, oneOf, position, type Run, space } from './run.ts';
import type { Tools } from './tool-set.ts';
import type { CallSink, Grammar } from './types.ts';

const brace = '{';

export const llama: Grammar = {
  openers: ['<|python_tag|>'],
  firstOpeners: [brace],
  open: (opener, tools, calls) =>
    createReader((input) => (opener === brace ? readWhole(input, tools, calls) : readTagged(input, calls))),
};

function* readTagged(input: Input, calls: CallSink): Run<number> {
  yield* space(input);
  return (yield* oneOf(input, brace)) ? yield* readList(input, calls) : position(input);
}

/** Nothing may follow: it would not be the whole answer, and an answer may be any JSON. */
function* readWhole(input: Input, tools: Tools, calls: CallSink): Run<number> {
  const recording = createRecording();
  const end = yield* readList(input, recording, (name) => tools.find(name) !== undefined);
  yield* space(input);
  if (yield* atEnd(input)) recording.replay(calls);
  return end;
}

/** Reads calls from behind the first one's brace. */
function* readList(input: Input, calls: CallSink, isTool?: (name: string) => boolean): Run<number> {
  let end = position(input);
  for (;;) {
    const complete = yield* readCall(input, calls, isTool);
    if (complete === undefined) return end;
    complete();
    end = position(input);
    yield* space(input);
    if (!(yield* oneOf(input, ';'))) return end;
    yield* space(input);
    if (!(yield* oneOf(input, brace))) return end;
  }
}
