/** Functionary: `<|recipient|>NAME\n<|content|>{…}`, each call a message of its own. Messages to `all` are text: see channels.ts. */
import { namedCall } from './named-call.ts';
import { createReader, type Input, name, oneOf, position, type Run, space } from './run.ts';
import type { CallSink, Grammar } from './types.ts';

const opener = '<|recipient|>';

export const functionary: Grammar = {
  openers: [opener, `<|from|>assistant\n${opener}`],
  open: (_, __, calls) => createReader((input) => readCall(input, calls)),
};

function* readCall(input: Input, calls: CallSink): Run<number> {
  const called = yield* name(input);
  yield* space(input);
  if (!(yield* oneOf(input, '<|content|>'))) return position(input);
  yield* space(input);
  if (yield* namedCall(input, called, calls)) calls.end();
  return position(input);
}
