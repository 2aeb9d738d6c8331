/** GLM 4.5 and later, Poolside: `<tool_call>NAME\n<arg_key>KEY</arg_key>\n<arg_value>VALUE</arg_value>\n</tool_call>`. */
import { createMarkers } from '../protocol/markers.ts';
import { ahead, completed } from './completed.ts';
import { createReader, type Input, name, oneOf, position, type Run, space, until } from './run.ts';
import { type RawArguments, typedCall } from './typed-call.ts';
import type { CallReader, Grammar, Tools } from './types.ts';

const closer = '</tool_call>';
const key = '<arg_key>';
const keyEnd = createMarkers(['</arg_key>']);
const value = '<arg_value>';
const valueEnd = '</arg_value>';
const valueEnds = createMarkers([valueEnd]);

export const glm: Grammar = { openers: ['<tool_call>'], open: (_, tools) => readGlm(tools) };

function readGlm(tools: Tools): CallReader {
  /** What would complete the call. */
  let missing = '';

  /** Reads to the closing tag that another tag follows: before it the value itself speaks of the tag. */
  function* readValue(input: Input): Run<string> {
    let text = '';
    for (;;) {
      text += yield* until(input, valueEnds);
      missing = closer;
      const gap = yield* space(input);
      if (yield* ahead(input, key, closer)) return text;
      missing = '';
      text += valueEnd + gap;
    }
  }

  /** The arguments, or undefined where something else stands among them. */
  function* readArguments(input: Input): Run<RawArguments | undefined> {
    const raw: [string, string][] = [];
    while (yield* oneOf(input, key)) {
      missing = '';
      const named = yield* until(input, keyEnd);
      yield* space(input);
      if (!(yield* oneOf(input, value))) return undefined;
      raw.push([named.trim(), yield* readValue(input)]);
    }
    return (yield* oneOf(input, closer)) && raw;
  }

  const reader = createReader(function* (input, found) {
    yield* space(input);
    const called = yield* name(input);
    if (!tools.has(called)) return position(input);
    yield* space(input);
    const raw = yield* readArguments(input);
    const call = raw && typedCall(called, raw, tools);
    if (call) found.push(call);
    return position(input);
  });
  return completed(reader, () => missing);
}
