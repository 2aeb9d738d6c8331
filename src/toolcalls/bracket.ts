/**
 * `[Calling tool: NAME({…})]` and `[NAME({…})]`: how engines write calls of the past into the prompt when the model's template
 * has no place for them, and so what models imitate.
 */
import { namedCall } from './named-call.ts';
import { createReader, type Input, jsonText, name, oneOf, position, type Run, space } from './run.ts';
import type { Grammar, ToolCall, Tools } from './types.ts';

const bare = '[';

export const bracket: Grammar = {
  openers: ['[Calling tool:', bare],
  open: (opener, tools) => createReader((input, found) => readCall(input, found, opener, tools)),
};

function* readCall(input: Input, found: ToolCall[], opener: string, tools: Tools): Run<number> {
  if (opener !== bare) yield* space(input);
  const called = yield* name(input);
  // Brackets are everywhere in text and code.
  if (!tools.has(called) || !(yield* oneOf(input, '('))) return position(input);
  const call = namedCall(called, yield* jsonText(input, '{'));
  if (call === undefined) return position(input);
  found.push(call);
  if (!(yield* oneOf(input, ')]'))) found.length = 0;
  return position(input);
}
