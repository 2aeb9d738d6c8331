/** GLM 4.5 and later, Poolside: `<tool_call>NAME\n<arg_key>KEY</arg_key>\n<arg_value>VALUE</arg_value>\n</tool_call>`. */
import { createMarkers } from '../protocol/markers.ts';
import { completed } from './completed.ts';
import { createReader, type Input, name, oneOf, position, type Run, space, until } from './run.ts';
import { valueReader } from './tagged-value.ts';
import { type RawArguments, typedCall } from './typed-call.ts';
import type { Grammar } from './types.ts';

const opener = '<tool_call>';
const closer = '</tool_call>';
const keyOpener = '<arg_key>';
const keyEnds = createMarkers(['</arg_key>']);
const valueCloser = '</arg_value>';
const readValue = valueReader(valueCloser, [keyOpener, closer]);

export const glm: Grammar = {
  openers: [opener],
  open: (_, tools) =>
    completed(
      createReader(function* (input, found) {
        yield* space(input);
        const called = yield* name(input);
        if (!tools.has(called)) return position(input);
        const raw = yield* readArguments(input);
        const call = raw && typedCall(called, raw, tools);
        if (call) found.push(call);
        return position(input);
      }),
      valueCloser + closer,
    ),
};

/** Reads the closing tag too; undefined where something else stands among the arguments. */
function* readArguments(input: Input): Run<RawArguments | undefined> {
  const raw: [key: string, text: string][] = [];
  yield* space(input);
  while (yield* oneOf(input, keyOpener)) {
    const key = yield* until(input, keyEnds);
    yield* space(input);
    if (!(yield* oneOf(input, '<arg_value>'))) return undefined;
    raw.push([key.trim(), yield* readValue(input)]);
  }
  yield* oneOf(input, valueCloser);
  return (yield* oneOf(input, closer)) && raw;
}
