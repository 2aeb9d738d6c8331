/**
 * Mistral. After `[TOOL_CALLS]` an array of call objects (the older models), or `NAME{…}` or `NAME[ARGS]{…}`, several of them
 * one after the other with or without the opener between them. Tokenizers since v11 may put a `[CALL_ID]` behind the name.
 */
import { parseCalls } from './json-calls.ts';
import { namedCall } from './named-call.ts';
import { createReader, type Input, jsonText, name, oneOf, position, type Run, space } from './run.ts';
import type { Grammar, ToolCall } from './types.ts';

const opener = '[TOOL_CALLS]';

export const mistral: Grammar = { openers: [opener], open: () => createReader(readCalls) };

function* readCalls(input: Input, found: ToolCall[]): Run<number> {
  yield* space(input);
  const list = yield* jsonText(input, '[');
  if (list !== undefined) {
    found.push(...parseCalls(list));
    return position(input);
  }
  let end = position(input);
  for (let call = yield* readNamed(input); call; call = yield* readNamed(input)) {
    found.push(call);
    end = position(input);
    yield* space(input);
    yield* oneOf(input, opener);
    yield* space(input);
  }
  return end;
}

function* readNamed(input: Input): Run<ToolCall | undefined> {
  const called = yield* name(input);
  if (called === '') return undefined;
  yield* space(input);
  if (yield* oneOf(input, '[CALL_ID]')) yield* name(input);
  yield* oneOf(input, '[ARGS]');
  yield* space(input);
  return namedCall(called, yield* jsonText(input, '{'));
}
