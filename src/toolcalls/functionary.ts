/** Functionary: `<|recipient|>NAME\n<|content|>{…}`, each call a message of its own. Messages to `all` are text: see channels.ts. */
import { namedCall } from './named-call.ts';
import { createReader, type Input, jsonText, name, oneOf, position, type Run, space } from './run.ts';
import type { Grammar, ToolCall } from './types.ts';

const opener = '<|recipient|>';

export const functionary: Grammar = {
  openers: [opener, `<|from|>assistant\n${opener}`],
  open: () => createReader(readCall),
};

function* readCall(input: Input, found: ToolCall[]): Run<number> {
  const called = yield* name(input);
  yield* space(input);
  if (!(yield* oneOf(input, '<|content|>'))) return position(input);
  yield* space(input);
  const call = namedCall(called, yield* jsonText(input, '{'));
  if (call) found.push(call);
  return position(input);
}
