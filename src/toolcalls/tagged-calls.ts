/** Calls as a tag a function with a tag a parameter in it, values as bare text: the form of Qwen's coders and MiniMax. */
import { ahead, completed } from './completed.ts';
import { namedCall } from './named-call.ts';
import { charactersOf, createReader, type Input, jsonText, name, oneOf, position, type Run, space } from './run.ts';
import { valueReader } from './tagged-value.ts';
import { type RawArguments, typedCall } from './typed-call.ts';
import type { Grammar, ToolCall, Tools } from './types.ts';

export interface Tags {
  readonly wrapper: string;
  readonly wrapperEnd: string;
  /** Up to the name. */
  readonly call: string;
  readonly callEnd: string;
  readonly parameter: string;
  readonly parameterEnd: string;
  /** What follows a name. */
  readonly nameEnd: string;
  /** Whether a value is written on lines of its own, so that one line break at either end is not part of it. */
  readonly ownLines: boolean;
}

/** The wrapper may be missing, and so may the closing tag of anything when the next tag or the answer's end comes. */
export function taggedGrammar(tags: Tags): Grammar {
  const { wrapper, wrapperEnd, call, callEnd, parameter, parameterEnd, nameEnd, ownLines } = tags;
  const value = valueReader(parameterEnd, [parameter, call, callEnd, wrapperEnd]);
  const isKey = (character: string) => character !== '<' && !nameEnd.startsWith(character);

  /** The arguments, or undefined where a tag is broken. */
  function* parameters(input: Input): Run<RawArguments | undefined> {
    const raw: [key: string, text: string][] = [];
    while (yield* oneOf(input, parameter)) {
      const key = yield* charactersOf(input, isKey);
      if (!(yield* oneOf(input, nameEnd))) return undefined;
      const text = yield* value(input);
      raw.push([key, ownLines ? withoutEdges(text) : text]);
    }
    return raw;
  }

  /** Reads on behind the start of a call's tag. */
  function* oneCall(input: Input, tools: Tools): Run<ToolCall | undefined> {
    const called = yield* name(input);
    if (!tools.has(called) || !(yield* oneOf(input, nameEnd))) return undefined;
    yield* space(input);
    const next = yield* ahead(input, parameter, parameterEnd, callEnd, wrapperEnd, '{');
    if (next === undefined) return undefined;
    if (next === '{') return namedCall(called, yield* jsonText(input, '{'));
    const raw = yield* parameters(input);
    return raw && typedCall(called, raw, tools);
  }

  function* calls(input: Input, found: ToolCall[], tools: Tools): Run<number> {
    let end = 0;
    do {
      const one = yield* oneCall(input, tools);
      if (one === undefined) return end;
      found.push(one);
      yield* space(input);
      // Either may stand alone where the other was forgotten.
      if (yield* oneOf(input, parameterEnd)) yield* space(input);
      if (yield* oneOf(input, callEnd)) yield* space(input);
      end = position(input);
    } while (yield* oneOf(input, call));
    yield* oneOf(input, wrapperEnd);
    return position(input);
  }

  return {
    openers: [wrapper, call],
    open: (opener, tools) =>
      completed(
        createReader(function* (input, found) {
          if (opener === wrapper) {
            yield* space(input);
            if (!(yield* oneOf(input, call))) return position(input);
          }
          return yield* calls(input, found, tools);
        }),
        parameterEnd + callEnd + wrapperEnd,
      ),
  };
}

function withoutEdges(text: string): string {
  return text.slice(text.startsWith('\n') ? 1 : 0, text.length > 1 && text.endsWith('\n') ? -1 : undefined);
}
