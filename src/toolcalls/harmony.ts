/**
 * Harmony, which gpt-oss writes: a message to a recipient, as `<|channel|>commentary to=functions.NAME <|constrain|>json
 * <|message|>{…}<|call|>`. The recipient may stand before the channel, and the channel be analysis. For messages to nobody
 * see channels.ts.
 */
import { namedCall } from './named-call.ts';
import { ahead, closing, createReader, type Input, name, oneOf, position, type Run, space } from './run.ts';
import type { CallSink, Grammar } from './types.ts';

const recipient = 'to=functions.';
const start = '<|start|>assistant';
const channels = ['<|channel|>commentary', '<|channel|>analysis'];

const headers = [start, ...channels, ...channels.map((channel) => start + channel)];

export const harmony: Grammar = {
  openers: [recipient, ...headers.map((header) => `${header} ${recipient}`)],
  open: (_, __, calls) => createReader((input) => readCall(input, calls)),
};

function* readCall(input: Input, calls: CallSink): Run<number> {
  const called = yield* name(input);
  yield* space(input);
  if (yield* oneOf(input, ...channels)) yield* space(input);
  yield* oneOf(input, '<|constrain|>');
  yield* name(input);
  yield* space(input);
  // Engines may take the tokens out.
  if (!(yield* oneOf(input, '<|message|>')) && !(yield* ahead(input, '{'))) return position(input);
  yield* space(input);
  if (!(yield* namedCall(input, called, calls))) return position(input);
  calls.end();
  const end = position(input);
  yield* space(input);
  return (yield* closing(input, '<|call|>', '<|end|>')) ? position(input) : end;
}
