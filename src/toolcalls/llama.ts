/**
 * Llama 3: call objects, parted by `;`, behind `<|python_tag|>` or as the whole answer. Its `<function=NAME>` form is
 * Qwen's too and lives there.
 */
import { callStart } from './call-start.ts';
import { parseCalls } from './json-calls.ts';
import { createReader, type Input, jsonText, oneOf, position, type Run, restOfJson, space } from './run.ts';
import type { Grammar, ToolCall, Tools } from './types.ts';

const brace = '{';

export const llama: Grammar = {
  openers: ['<|python_tag|>'],
  firstOpeners: [brace],
  open: (opener, tools) =>
    createReader(opener === brace ? (input, found) => readWhole(input, found, tools) : readTagged),
};

function* readTagged(input: Input, found: ToolCall[]): Run<number> {
  yield* space(input);
  return yield* readList(input, found, yield* jsonText(input, brace));
}

function* readWhole(input: Input, found: ToolCall[], tools: Tools): Run<number> {
  const start = yield* callStart(input, tools);
  if (start === undefined) return position(input);
  const end = yield* readList(input, found, yield* restOfJson(input, brace + start));
  yield* space(input);
  // Something follows: it was not the whole answer.
  found.length = 0;
  return end;
}

function* readList(input: Input, found: ToolCall[], first: string | undefined): Run<number> {
  let end = position(input);
  for (let object = first; object !== undefined; ) {
    const calls = parseCalls(object);
    if (calls.length === 0) return end;
    found.push(...calls);
    end = position(input);
    yield* space(input);
    if (!(yield* oneOf(input, ';'))) return end;
    yield* space(input);
    object = yield* jsonText(input, brace);
  }
  return end;
}
