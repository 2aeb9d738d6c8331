/**
 * Mistral. After `[TOOL_CALLS]` an array of call objects (the older models), or `NAME{…}` or `NAME[ARGS]{…}`, several of them
 * one after the other with or without the opener between them. Tokenizers since v11 may put a `[CALL_ID]` behind the name.
 */
import { readCalls as readArray } from './json-calls.ts';
import { namedCall } from './named-call.ts';
import { createReader, type Input, name, oneOf, position, type Run, space } from './run.ts';
import type { Tools } from './tool-set.ts';
import type { CallSink, Grammar } from './types.ts';

const opener = '[TOOL_CALLS]';

export const mistral: Grammar = {
  openers: [opener],
  open: (_, tools, calls) => createReader((input) => readCalls(input, tools, calls)),
};

function* readCalls(input: Input, tools: Tools, calls: CallSink): Run<number> {
  yield* space(input);
  if (yield* oneOf(input, '[')) {
    const complete = yield* readArray(input, calls);
    complete?.();
    return position(input);
  }
  let end = position(input);
  // Without the opener what follows may as well be text.
  for (let opened = true; yield* readNamed(input, opened ? undefined : tools, calls); ) {
    calls.end();
    end = position(input);
    yield* space(input);
    opened = Boolean(yield* oneOf(input, opener));
    yield* space(input);
  }
  return end;
}

function* readNamed(input: Input, tools: Tools | undefined, calls: CallSink): Run<boolean> {
  const called = yield* name(input);
  if (tools && !tools.find(called)) return false;
  yield* space(input);
  if (yield* oneOf(input, '[CALL_ID]')) yield* name(input);
  yield* oneOf(input, '[ARGS]');
  yield* space(input);
  return yield* namedCall(input, called, calls);
}
